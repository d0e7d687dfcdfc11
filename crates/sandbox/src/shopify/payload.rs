//! What stands in a webhook's body: records as the REST API wrote them, buyers made up.

use serde_json::{Map, Value, json};

use super::graphql::context::date_time;
use super::graphql::resolve::variant_title;
use super::ids::{gid, product_number, variant_number};
use super::orders::{Order, Refund};
use super::shop::Shop;
use crate::generator::Product;
use crate::money;

/// A product.
pub(super) fn product(shop: &Shop, product: &Product) -> Value {
    let number = product_number(product.key);
    let variants: Vec<Value> = product
        .variants
        .iter()
        .map(|variant| {
            json!({
                "id": variant_number(variant.key),
                "product_id": number,
                "title": variant_title(&variant.values),
                "sku": variant.sku,
                "price": money::write(variant.price, &shop.settings.currency),
                "inventory_quantity": variant.stock,
                "updated_at": date_time(variant.updated_at),
            })
        })
        .collect();
    json!({
        "id": number,
        "admin_graphql_api_id": gid("Product", number),
        "title": product.title,
        "vendor": product.vendor,
        "handle": product.handle,
        "updated_at": date_time(product.updated_at),
        "variants": variants,
    })
}

/// All that is told of a product that is gone.
pub(super) fn deleted(product: u32) -> Value {
    json!({ "id": product_number(product) })
}

/// An order.
pub(super) fn order(shop: &Shop, order: &Order) -> Value {
    let write = |minor| money::write(minor, &shop.settings.currency);
    let lines: Vec<Value> = order
        .lines
        .iter()
        .map(|line| {
            json!({
                "id": line.number,
                "variant_id": variant_number(line.variant),
                "title": line.title,
                "sku": line.sku,
                "quantity": line.quantity,
                "current_quantity": line.current_quantity(),
                "price": write(line.unit),
            })
        })
        .collect();
    json!({
        "id": order.number,
        "admin_graphql_api_id": order.id(),
        "email": "jane@doe.example",
        "customer": { "first_name": "Jane", "last_name": "Doe" },
        "created_at": date_time(order.placed_at),
        "updated_at": date_time(order.updated_at),
        "cancelled_at": order.cancelled_at.map(date_time),
        "currency": shop.settings.currency,
        "total_price": write(order.total()),
        "line_items": lines,
    })
}

/// A refund.
pub(super) fn refund(order: &Order, refund: &Refund) -> Value {
    json!({
        "id": refund.number,
        "order_id": order.number,
        "created_at": date_time(refund.placed_at),
        "note": "Jane Doe changed her mind",
    })
}

/// The shop itself.
pub(super) fn shop(shop: &Shop) -> Value {
    json!({
        "id": shop.number,
        "name": shop.settings.name,
        "email": shop.settings.email(),
        "domain": shop.settings.domain,
        "myshopify_domain": shop.settings.domain,
    })
}

/// A body with only those of its fields that were asked for; all where none were.
pub(super) fn only(body: Value, fields: &[String]) -> Value {
    match body {
        Value::Object(whole) if !fields.is_empty() => whole
            .into_iter()
            .filter(|(name, _)| {
                fields
                    .iter()
                    .any(|field| field.split('.').next() == Some(name))
            })
            .collect::<Map<_, _>>()
            .into(),
        body => body,
    }
}
