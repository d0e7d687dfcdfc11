//! Whether something may be read at all.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, Permission};

/// Asks for as little of the catalogue as can be asked for.
pub(in crate::vendure) struct CataloguePeek;

impl Operation for CataloguePeek {
    const DOCUMENT: &'static str =
        "query CalibrCataloguePeek { productVariants(options: { take: 1 }) { totalItems } }";
    type Data = CataloguePeekData;

    fn variables(&self) -> Value {
        json!({})
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::vendure) struct CataloguePeekData {
    #[serde(rename = "productVariants")]
    _product_variants: serde::de::IgnoredAny,
}

/// Asks for as little of the orders as can be asked for.
pub(in crate::vendure) struct OrdersPeek;

impl Operation for OrdersPeek {
    const DOCUMENT: &'static str =
        "query CalibrOrdersPeek { orders(options: { take: 1 }) { totalItems } }";
    const NEEDS: Permission = Permission::ReadOrders;
    type Data = OrdersPeekData;

    fn variables(&self) -> Value {
        json!({})
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::vendure) struct OrdersPeekData {
    #[serde(rename = "orders")]
    _orders: serde::de::IgnoredAny,
}
