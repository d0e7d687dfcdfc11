//! `products` and `productVariants`: ordered, searched, paged, and counted.

use std::sync::Arc;

use serde_json::Value;

use super::query::search;
use crate::catalogue::{Order, Place, Rank};
use crate::generator::{Product, Status};
use crate::shopify::graphql::connection::{Cursor, PageRequest, count};
use crate::shopify::graphql::context::Context;
use crate::shopify::graphql::error::Error;
use crate::shopify::graphql::object::{Object, Resolution, Resolved};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::graphql::search::{Search, Term};
use crate::shopify::ids::{Gid, product_number, variant_number};

const PRODUCT_FIELDS: &[&str] = &[
    "barcode",
    "created_at",
    "handle",
    "id",
    "product_type",
    "published_at",
    "sku",
    "status",
    "tag",
    "title",
    "updated_at",
    "vendor",
];

const VARIANT_FIELDS: &[&str] = &[
    "barcode",
    "id",
    "product_id",
    "product_status",
    "product_type",
    "sku",
    "tag",
    "title",
    "updated_at",
    "vendor",
];

pub(super) fn products(context: &Context, field: &PlannedField) -> Resolution {
    let request = PageRequest::read(context, field)?;
    let search = search(context, field, PRODUCT_FIELDS);
    let order = match field.text("sortKey") {
        Some("UPDATED_AT") => Order::Updated,
        Some("CREATED_AT") => Order::Created,
        Some("TITLE") => Order::Title,
        _ => Order::Key,
    };
    let mut lower = request
        .lower()
        .map(|cursor| place(cursor, order))
        .transpose()?;
    let upper = request
        .upper()
        .map(|cursor| place(cursor, order))
        .transpose()?;
    if let (Order::Updated, Some(time)) = (order, search.after("updated_at")) {
        let bound = Place {
            rank: Rank::Time(time),
            key: u32::MAX,
        };
        lower = Some(lower.map_or(bound.clone(), |lower| lower.max(bound)));
    }
    let catalogue = &context.catalogue;
    let found = catalogue
        .places(order, lower.as_ref(), upper.as_ref(), request.backwards())
        .filter_map(|place| Some((cursor(&place), catalogue.product(place.key)?)))
        .filter(|(_, product)| product_matches(&search, product))
        .map(|(cursor, product)| (cursor, Object::Product(product)));
    Ok(request
        .cut(found)
        .connection("ProductConnection", "ProductEdge"))
}

pub(super) fn products_count(context: &Context, field: &PlannedField) -> Resolved {
    let search = search(context, field, PRODUCT_FIELDS);
    let all = if search.is_everything() {
        context.catalogue.products_count() as usize
    } else {
        all_products(context)
            .filter(|product| product_matches(&search, product))
            .count()
    };
    count(field, all)
}

pub(super) fn variants(context: &Context, field: &PlannedField) -> Resolution {
    let request = PageRequest::read(context, field)?;
    let search = search(context, field, VARIANT_FIELDS);
    let key = |cursor: &Cursor| {
        Gid {
            kind: "ProductVariant",
            number: cursor.last_id,
        }
        .variant()
        .ok_or_else(invalid_cursor)
    };
    let lower = request.lower().map(key).transpose()?;
    let upper = request.upper().map(key).transpose()?;
    let catalogue = &context.catalogue;
    // A product's variants follow each other, so the products at both ends are looked at again.
    let product_of = |variant| catalogue.variant(variant).map(|(product, _)| product.key);
    let first = lower.and_then(product_of).unwrap_or(0);
    let last = upper.and_then(product_of);
    let backwards = request.backwards();
    let keys = catalogue
        .keys_from(first)
        .take_while(|key| last.is_none_or(|last| *key <= last));
    let keys: Box<dyn Iterator<Item = u32> + '_> = if backwards {
        Box::new(
            catalogue
                .keys_from(first)
                .rev()
                .skip_while(move |key| last.is_some_and(|last| *key > last)),
        )
    } else {
        Box::new(keys)
    };
    let found = keys
        .filter_map(|key| catalogue.product(key))
        .flat_map(|product| {
            let count = product.variants.len();
            let places = (0..count).map(move |n| if backwards { count - 1 - n } else { n });
            places.map(move |place| (Arc::clone(&product), place))
        })
        .filter(|(product, place)| {
            let key = product.variants[*place].key;
            lower.is_none_or(|lower| key > lower) && upper.is_none_or(|upper| key < upper)
        })
        .filter(|(product, place)| variant_matches(&search, product, *place))
        .map(|(product, place)| {
            let cursor = Cursor::of(variant_number(product.variants[place].key));
            (cursor, Object::Variant(product, place))
        });
    Ok(request
        .cut(found)
        .connection("ProductVariantConnection", "ProductVariantEdge"))
}

pub(super) fn variants_count(context: &Context, field: &PlannedField) -> Resolved {
    let search = search(context, field, VARIANT_FIELDS);
    let all = if search.is_everything() {
        context.catalogue.variants_count() as usize
    } else {
        let matching = |product: Arc<Product>| {
            let places = 0..product.variants.len();
            places
                .filter(|place| variant_matches(&search, &product, *place))
                .count()
        };
        all_products(context).map(matching).sum()
    };
    count(field, all)
}

/// Whether the product is in the result of a search.
pub(crate) fn product_matches(search: &Search, product: &Product) -> bool {
    search.matches(|term| {
        let Some(field) = term.field.as_deref() else {
            return Some(term.within(&format!(
                "{} {} {}",
                product.title, product.vendor, product.product_type
            )));
        };
        let mut variants = product.variants.iter();
        Some(match field {
            "barcode" => variants.any(|v| v.barcode.as_deref().is_some_and(|code| term.text(code))),
            "created_at" => term.time(product.created_at),
            "handle" => term.text(&product.handle),
            "id" => term.number(product_number(product.key)),
            "published_at" => product.published_at.is_some_and(|at| term.time(at)),
            "sku" => variants.any(|v| v.sku.as_deref().is_some_and(|sku| term.text(sku))),
            "status" => term.text(status(product.status)),
            "updated_at" => term.time(product.updated_at),
            _ => return words(term, field, product),
        })
    })
}

/// Whether the variant is in the result of a search.
pub(crate) fn variant_matches(search: &Search, product: &Product, place: usize) -> bool {
    let variant = &product.variants[place];
    search.matches(|term| {
        let Some(field) = term.field.as_deref() else {
            let sku = variant.sku.as_deref().unwrap_or_default();
            return Some(term.within(&format!("{} {sku}", product.title)));
        };
        Some(match field {
            "barcode" => variant
                .barcode
                .as_deref()
                .is_some_and(|code| term.text(code)),
            "id" => term.number(variant_number(variant.key)),
            "product_id" => term.number(product_number(product.key)),
            "product_status" => term.text(status(product.status)),
            "sku" => variant.sku.as_deref().is_some_and(|sku| term.text(sku)),
            "updated_at" => term.time(variant.updated_at),
            _ => return words(term, field, product),
        })
    })
}

fn words(term: &Term, field: &str, product: &Product) -> Option<bool> {
    Some(match field {
        "product_type" => term.text(&product.product_type),
        "tag" => product.tags.iter().any(|tag| term.text(tag)),
        "title" => term.within(&product.title),
        "vendor" => term.text(&product.vendor),
        _ => return None,
    })
}

/// The name of a status in the API.
pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "ACTIVE",
        Status::Archived => "ARCHIVED",
        Status::Draft => "DRAFT",
    }
}

fn all_products(context: &Context) -> impl Iterator<Item = Arc<Product>> + '_ {
    context
        .catalogue
        .keys_from(0)
        .filter_map(|key| context.catalogue.product(key))
}

fn cursor(place: &Place) -> Cursor {
    let id = product_number(place.key);
    let last_value = match &place.rank {
        Rank::None => return Cursor::of(id),
        Rank::Time(time) => Value::from(*time),
        Rank::Text(text) => Value::from(text.as_str()),
    };
    Cursor {
        last_id: id,
        last_value,
    }
}

fn place(cursor: &Cursor, order: Order) -> Result<Place, Error> {
    let id = Gid {
        kind: "Product",
        number: cursor.last_id,
    };
    let key = id.product().ok_or_else(invalid_cursor)?;
    let rank = match (order, &cursor.last_value) {
        (Order::Key, Value::String(_)) => Rank::None,
        (Order::Updated | Order::Created, Value::Number(time)) => {
            Rank::Time(time.as_i64().ok_or_else(invalid_cursor)?)
        }
        (Order::Title, Value::String(text)) => Rank::Text(text.clone()),
        _ => return Err(invalid_cursor()),
    };
    Ok(Place { rank, key })
}

fn invalid_cursor() -> Error {
    Error::bad_request("Invalid cursor for current pagination sort.")
}
