//! `inventoryItemUpdate`.

use serde_json::Value;

use super::variants::ItemUpdate;
use super::{UserError, payload};
use crate::shopify::graphql::context::Context;
use crate::shopify::graphql::object::{Object, Resolution, Resolved};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::ids::Gid;

pub(super) fn update(context: &Context, field: &PlannedField) -> Resolution {
    let key = field
        .text("id")
        .and_then(Gid::parse)
        .and_then(Gid::inventory_item);
    let update = match field.arguments.get("input").and_then(Value::as_object) {
        Some(input) => ItemUpdate::read(context, input)?,
        None => ItemUpdate::default(),
    };
    let item = key.and_then(|key| {
        context.shop.change_catalogue(|catalogue| {
            catalogue.change_variant(key, context.now.timestamp(), |variant| {
                update.apply(variant)
            })?;
            catalogue.variant(key)
        })
    });
    if let Some((product, _)) = &item {
        context.shop.tell_of_product(product.key, context.now);
    }
    let errors = match item {
        Some(_) => Vec::new(),
        None => vec![UserError::new(
            &["id"],
            "The inventory item couldn't be found.",
        )],
    };
    let item = item.map(|(product, place)| Object::InventoryItem(product, place));
    let made = vec![("inventoryItem", Resolved::maybe(item))];
    Ok(payload(
        "InventoryItemUpdatePayload",
        made,
        "UserError",
        errors,
    ))
}
