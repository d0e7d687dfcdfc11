//! Whether the catalogue may be read.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Operation;

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
