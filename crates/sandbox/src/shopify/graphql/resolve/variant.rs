//! The fields of a product variant.

use std::sync::Arc;

use super::product::{listed_options, media, option_value};
use crate::generator::Product;
use crate::shopify::graphql::context::{Context, date_time};
use crate::shopify::graphql::error::Error;
use crate::shopify::graphql::object::{Object, Resolution, Resolved, record, variant_at};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::ids::{gid, variant_number};
use crate::shopify::pictures;

pub(super) fn resolve(
    context: &Context,
    product: &Arc<Product>,
    place: usize,
    field: &PlannedField,
) -> Resolution {
    let variant = variant_at(product, place);
    Ok(match field.name.as_str() {
        "id" => Resolved::leaf(gid("ProductVariant", variant_number(variant.key))),
        "legacyResourceId" => Resolved::leaf(variant_number(variant.key).to_string()),
        "title" => Resolved::leaf(title(&variant.values)),
        "displayName" => Resolved::leaf(format!("{} - {}", product.title, title(&variant.values))),
        "sku" => Resolved::leaf(variant.sku.as_deref()),
        "barcode" => Resolved::leaf(variant.barcode.as_deref()),
        "price" => Resolved::leaf(context.money(variant.price)),
        "compareAtPrice" => {
            Resolved::leaf(variant.compare_at_price.map(|price| context.money(price)))
        }
        "inventoryQuantity" | "sellableOnlineQuantity" => Resolved::leaf(variant.stock),
        "inventoryPolicy" => Resolved::leaf("DENY"),
        "availableForSale" => Resolved::leaf(!variant.tracked || variant.stock > 0),
        "taxable" => Resolved::leaf(variant.taxable),
        "position" => Resolved::leaf(place + 1),
        "createdAt" => Resolved::leaf(date_time(variant.created_at)),
        "updatedAt" => Resolved::leaf(date_time(variant.updated_at)),
        "selectedOptions" => Resolved::objects(selected_options(product, place)),
        "product" => Object::Product(Arc::clone(product)).resolved(),
        "inventoryItem" => Object::InventoryItem(Arc::clone(product), place).resolved(),
        "image" if product.pictured => pictures::image(context, product).resolved(),
        "image" => Resolved::Null,
        "media" => media(context, product, field)?,
        other => return Err(Error::new(format!("Field '{other}' is not available"))),
    })
}

/// An amount of minor units as `MoneyV2`, whose decimals are written as short as they can be.
pub(super) fn money(context: &Context, amount: i64) -> Resolved {
    let mut written = context.money(amount);
    if written.contains('.') {
        let shorter = written.trim_end_matches('0').trim_end_matches('.').len();
        written.truncate(shorter);
        if !written.contains('.') {
            written.push_str(".0");
        }
    } else {
        written.push_str(".0");
    }
    let currency = context.shop.settings.currency.as_str();
    let fields = vec![
        ("amount", Resolved::leaf(written)),
        ("currencyCode", Resolved::leaf(currency)),
    ];
    record("MoneyV2", fields).resolved()
}

/// A variant's title in Shopify: its option values.
pub(crate) fn title(values: &[String]) -> String {
    if values.is_empty() {
        "Default Title".to_owned()
    } else {
        values.join(" / ")
    }
}

fn selected_options(product: &Product, place: usize) -> Vec<Object> {
    let selected = &variant_at(product, place).values;
    let listed = listed_options(product);
    let options = listed.iter().enumerate().map(|(number, option)| {
        let value = selected
            .get(number)
            .or(option.values.first())
            .map(String::as_str)
            .unwrap_or_default();
        let among = option
            .values
            .iter()
            .position(|known| known == value)
            .unwrap_or(0);
        let option_value = option_value(product, number, among, value);
        record(
            "SelectedOption",
            vec![
                ("name", Resolved::leaf(option.name.as_str())),
                ("value", Resolved::leaf(value)),
                ("optionValue", option_value.resolved()),
            ],
        )
    });
    options.collect()
}
