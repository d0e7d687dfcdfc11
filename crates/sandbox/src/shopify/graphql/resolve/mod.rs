//! Where the values of fields come from, a file for each kind of object.

mod bulk_operation;
mod inventory_item;
mod listing;
mod order;
mod product;
mod query;
mod shop;
mod variant;
mod webhook_subscription;

pub(crate) use self::bulk_operation::bulk_operation;
pub(crate) use self::listing::{product_matches, variant_matches};
pub(crate) use self::variant::title as variant_title;
pub(crate) use self::webhook_subscription::webhook_subscription;
use super::context::Context;
use super::mutate;
use super::object::{Object, Resolution, Resolved};
use super::plan::PlannedField;

/// The value of a field of an object.
pub(crate) fn resolve(context: &Context, object: &Object, field: &PlannedField) -> Resolution {
    if field.name == "__typename" {
        return Ok(Resolved::leaf(object.type_name()));
    }
    match object {
        Object::Query => query::resolve(context, field),
        Object::Mutation => mutate::resolve(context, field),
        Object::Product(product) => product::resolve(context, product, field),
        Object::Variant(product, place) => variant::resolve(context, product, *place, field),
        Object::InventoryItem(product, place) => {
            Ok(inventory_item::resolve(context, product, *place, field))
        }
        Object::Order(found) => order::resolve(context, found, field),
        Object::Refund(found, place) => order::refund(context, found, *place, field),
        Object::Connection(connection) => Ok(connection.field(&field.name)),
        Object::Record(record) => Ok(record.field(&field.name)),
    }
}
