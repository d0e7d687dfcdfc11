//! The access scopes that types and fields need, as Shopify's schema documents them.

use super::object::Object;
use super::plan::{Plan, PlannedField, Selection};
use crate::shopify::access::Scopes;

/// Scopes of which one is needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequiredAccess {
    any_of: &'static [&'static str],
    /// As error messages put it.
    pub(crate) described: &'static str,
}

impl RequiredAccess {
    pub(crate) fn granted_to(&self, scopes: &Scopes) -> bool {
        self.any_of.iter().any(|scope| scopes.contains(scope))
    }
}

/// For products and variants.
pub(crate) const PRODUCTS: RequiredAccess = RequiredAccess {
    any_of: &["read_products"],
    described: "`read_products` access scope.",
};

const INVENTORY: RequiredAccess = RequiredAccess {
    any_of: &["read_inventory", "read_products"],
    described: "`read_inventory` access scope or `read_products` access scope.",
};

const LOCATIONS: RequiredAccess = RequiredAccess {
    any_of: &["read_locations", "read_inventory", "read_markets_home"],
    described: "`read_locations` access scope, `read_inventory` access scope or \
                `read_markets_home` access scope.",
};

/// For orders, their lines and refunds.
pub(crate) const ORDERS: RequiredAccess = RequiredAccess {
    any_of: &["read_orders", "read_marketplace_orders"],
    described: "`read_orders` access scope or `read_marketplace_orders` access scope.",
};

const WRITE_PRODUCTS: RequiredAccess = RequiredAccess {
    any_of: &["write_products"],
    described: "`write_products` access scope. Also: The user must have a permission to update \
                product variants.",
};

const WRITE_INVENTORY: RequiredAccess = RequiredAccess {
    any_of: &["write_inventory"],
    described: "`write_inventory` access scope. Also: The user must have a permission to update \
                an inventory item.",
};

/// What a field needs when it is asked of an object.
pub(crate) fn required_access(field: &PlannedField, of: &Object) -> Option<RequiredAccess> {
    match (of, field.name.as_str()) {
        (Object::Mutation, "productVariantsBulkUpdate") => return Some(WRITE_PRODUCTS),
        (Object::Mutation, "inventoryItemUpdate") => return Some(WRITE_INVENTORY),
        (Object::Query, "productsCount" | "productVariantsCount") => return Some(PRODUCTS),
        _ => {}
    }
    of_type(field.type_name())
}

/// What an object of that type needs, however it was reached.
pub(crate) fn of_type(name: &str) -> Option<RequiredAccess> {
    match name {
        "Product" | "ProductConnection" | "ProductVariant" | "ProductVariantConnection" => {
            Some(PRODUCTS)
        }
        "InventoryItem" => Some(INVENTORY),
        "LineItem"
        | "LineItemConnection"
        | "Order"
        | "OrderConnection"
        | "Refund"
        | "RefundLineItem"
        | "RefundLineItemConnection" => Some(ORDERS),
        "Location" | "LocationConnection" => Some(LOCATIONS),
        _ => None,
    }
}

/// Whether every field of a query is open to the scopes.
pub(crate) fn open_to(plan: &Plan, scopes: &Scopes) -> bool {
    fn open(selection: &Selection, scopes: &Scopes) -> bool {
        selection
            .by_type
            .iter()
            .flat_map(|(_, fields)| fields)
            .all(|field| {
                of_type(field.type_name()).is_none_or(|access| access.granted_to(scopes))
                    && open(&field.selection, scopes)
            })
    }
    open(&plan.root, scopes)
}
