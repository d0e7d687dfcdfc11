//! The fields of a variant's inventory item.

use std::sync::Arc;

use super::variant::money;
use crate::generator::Product;
use crate::shopify::graphql::context::{Context, date_time};
use crate::shopify::graphql::object::{Object, Resolved, variant_at};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::ids::{gid, inventory_item_number};

pub(super) fn resolve(
    context: &Context,
    product: &Arc<Product>,
    place: usize,
    field: &PlannedField,
) -> Resolved {
    let variant = variant_at(product, place);
    match field.name.as_str() {
        "id" => Resolved::leaf(gid("InventoryItem", inventory_item_number(variant.key))),
        "legacyResourceId" => Resolved::leaf(inventory_item_number(variant.key).to_string()),
        "sku" => Resolved::leaf(variant.sku.as_deref()),
        "tracked" => Resolved::leaf(variant.tracked),
        "requiresShipping" => Resolved::leaf(true),
        "unitCost" => variant
            .unit_cost
            .map_or(Resolved::Null, |cost| money(context, cost)),
        "createdAt" => Resolved::leaf(date_time(variant.created_at)),
        "updatedAt" => Resolved::leaf(date_time(variant.updated_at)),
        "variant" => Object::Variant(Arc::clone(product), place).resolved(),
        _ => Resolved::Null,
    }
}
