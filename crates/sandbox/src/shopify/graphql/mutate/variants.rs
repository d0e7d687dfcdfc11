//! `productVariantsBulkUpdate`.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{UserError, payload};
use crate::generator::{Product, Variant};
use crate::lock::lock;
use crate::money;
use crate::shopify::graphql::context::Context;
use crate::shopify::graphql::error::{Error, Step};
use crate::shopify::graphql::object::{Object, Resolution, Resolved};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::ids::Gid;

const LARGEST_INPUT: usize = 250;

/// What is to become of one variant; `None` leaves a value as it is.
#[derive(Default)]
struct Update {
    key: u32,
    price: Option<i64>,
    compare_at_price: Option<Option<i64>>,
    barcode: Option<Option<String>>,
    taxable: Option<bool>,
    item: ItemUpdate,
}

/// What is to become of a variant's inventory item.
#[derive(Default)]
pub(super) struct ItemUpdate {
    sku: Option<Option<String>>,
    unit_cost: Option<Option<i64>>,
    tracked: Option<bool>,
}

impl ItemUpdate {
    /// Reads an `InventoryItemInput`.
    pub(super) fn read(context: &Context, input: &Map<String, Value>) -> Result<Self, Error> {
        Ok(Self {
            sku: text(input, "sku"),
            unit_cost: amount(context, input, "cost", "Decimal")?,
            tracked: input.get("tracked").and_then(Value::as_bool),
        })
    }

    pub(super) fn apply(self, variant: &mut Variant) {
        set(&mut variant.sku, self.sku);
        set(&mut variant.unit_cost, self.unit_cost);
        set(&mut variant.tracked, self.tracked);
    }
}

impl Update {
    fn apply(self, variant: &mut Variant, now: i64) {
        set(&mut variant.price, self.price);
        set(&mut variant.compare_at_price, self.compare_at_price);
        set(&mut variant.barcode, self.barcode);
        set(&mut variant.taxable, self.taxable);
        self.item.apply(variant);
        variant.updated_at = now;
    }
}

pub(super) fn update(context: &Context, field: &PlannedField) -> Resolution {
    let inputs = field.arguments.get("variants").and_then(Value::as_array);
    let inputs = inputs.map(Vec::as_slice).unwrap_or_default();
    if inputs.len() > LARGEST_INPUT {
        let path = vec![
            Step::Key(Arc::clone(&field.key)),
            Step::Key("variants".into()),
        ];
        return Err(Error::too_many_items(inputs.len(), LARGEST_INPUT).path(path));
    }
    let product = field
        .text("productId")
        .and_then(Gid::parse)
        .and_then(Gid::product);
    let Some(product) = product.and_then(|key| context.shop.catalogue().product(key)) else {
        let error = UserError::new(&["productId"], "Product does not exist");
        return Ok(answer(
            None,
            None,
            vec![error.code("PRODUCT_DOES_NOT_EXIST")],
        ));
    };
    let (mut updates, mut errors) = (Vec::new(), Vec::new());
    for (place, input) in inputs.iter().enumerate() {
        match read(context, &product, place, input)? {
            Ok(update) => updates.push(update),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() && !field.flag("allowPartialUpdates") {
        return Ok(answer(Some(product), None, errors));
    }
    let changed: Vec<u32> = updates.iter().map(|update| update.key).collect();
    let now = context.now.timestamp();
    let product = if updates.is_empty() {
        Some(product)
    } else {
        context.shop.change_catalogue(|catalogue| {
            catalogue.change_product(product.key, now, |product| {
                for update in updates {
                    let mut variants = product.variants.iter_mut();
                    if let Some(variant) = variants.find(|variant| variant.key == update.key) {
                        update.apply(variant, now);
                    }
                }
            });
            catalogue.product(product.key)
        })
    };
    if let Some(product) = product.as_ref().filter(|_| !changed.is_empty()) {
        context.shop.tell_of_product(product.key, context.now);
    }
    Ok(answer(product, Some(changed), errors))
}

fn answer(
    product: Option<Arc<Product>>,
    changed: Option<Vec<u32>>,
    errors: Vec<UserError>,
) -> Resolved {
    let variants = match (&product, changed) {
        (Some(product), Some(changed)) => {
            Resolved::objects(changed.into_iter().filter_map(|key| {
                let place = product
                    .variants
                    .iter()
                    .position(|variant| variant.key == key)?;
                Some(Object::Variant(Arc::clone(product), place))
            }))
        }
        _ => Resolved::Null,
    };
    let made = vec![
        ("product", Resolved::maybe(product.map(Object::Product))),
        ("productVariants", variants),
    ];
    let error_type = "ProductVariantsBulkUpdateUserError";
    payload("ProductVariantsBulkUpdatePayload", made, error_type, errors)
}

/// Reads one input: a fault of the request as a whole, or of this input alone, or an update.
fn read(
    context: &Context,
    product: &Product,
    place: usize,
    input: &Value,
) -> Result<Result<Update, UserError>, Error> {
    let index = place.to_string();
    let wrong = |field: &str, message: &str, code| {
        UserError::new(&["variants", &index, field], message).code(code)
    };
    let Some(input) = input.as_object() else {
        return Ok(Err(wrong(
            "id",
            "Product variant is missing ID attribute",
            "PRODUCT_VARIANT_ID_MISSING",
        )));
    };
    let Some(id) = input.get("id").and_then(Value::as_str) else {
        return Ok(Err(wrong(
            "id",
            "Product variant is missing ID attribute",
            "PRODUCT_VARIANT_ID_MISSING",
        )));
    };
    let key = Gid::parse(id).and_then(Gid::variant);
    let known = key.filter(|key| product.variants.iter().any(|variant| variant.key == *key));
    let Some(key) = known else {
        return Ok(Err(wrong(
            "id",
            "Product variant does not exist",
            "PRODUCT_VARIANT_DOES_NOT_EXIST",
        )));
    };
    let price = amount(context, input, "price", "Money")?;
    let compare_at_price = amount(context, input, "compareAtPrice", "Money")?;
    if price.is_some() && lock(&context.shop.locked).contains(&key) {
        let message = "The price is part of a subscription and can't be changed";
        return Ok(Err(wrong("price", message, "SUBSCRIPTION_VIOLATION")));
    }
    if price == Some(None) {
        return Ok(Err(wrong("price", "Price can't be blank", "INVALID_INPUT")));
    }
    for (field, amount) in [("price", price), ("compareAtPrice", compare_at_price)] {
        if amount.flatten().is_some_and(|amount| amount < 0) {
            let message = match field {
                "price" => "Price must be greater than or equal to 0",
                _ => "Compare at price must be greater than or equal to 0",
            };
            return Ok(Err(wrong(field, message, "GREATER_THAN_OR_EQUAL_TO")));
        }
    }
    let item = match input.get("inventoryItem").and_then(Value::as_object) {
        Some(item) => ItemUpdate::read(context, item)?,
        None => ItemUpdate::default(),
    };
    Ok(Ok(Update {
        key,
        price: price.flatten(),
        compare_at_price,
        barcode: text(input, "barcode"),
        taxable: input.get("taxable").and_then(Value::as_bool),
        item,
    }))
}

fn set<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}

/// A text that may be given, and may be given as null.
fn text(input: &Map<String, Value>, field: &str) -> Option<Option<String>> {
    input
        .get(field)
        .map(|value| value.as_str().map(str::to_owned))
}

/// An amount in minor units that may be given, and may be given as null.
fn amount(
    context: &Context,
    input: &Map<String, Value>,
    field: &str,
    ty: &str,
) -> Result<Option<Option<i64>>, Error> {
    let written = match input.get(field) {
        None => return Ok(None),
        Some(Value::Null) => return Ok(Some(None)),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    match money::read(&written, &context.shop.settings.currency) {
        Some(amount) => Ok(Some(Some(amount))),
        None => Err(Error::invalid_variable(
            field,
            ty,
            &Value::from(written.as_str()),
            &format!("invalid decimal '{written}'"),
        )),
    }
}
