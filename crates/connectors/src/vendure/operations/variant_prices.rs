//! The prices that variants have now.

use serde_json::{Value, json};

use super::{
    list::{List, RowPage},
    variants::VariantsData,
};

/// The prices of variants, as the staff entered them.
#[derive(Debug, Clone)]
pub(in crate::vendure) struct VariantPrices {
    /// Their ids.
    pub(in crate::vendure) ids: Vec<String>,
}

impl List for VariantPrices {
    const DOCUMENT: &'static str =
        "query CalibrVariantPrices($options: ProductVariantListOptions!) {
  productVariants(options: $options) {
    totalItems
    items { id prices { currencyCode price } }
  }
}";
    type Data = VariantsData;

    fn filter(&self) -> Value {
        json!({ "id": { "in": self.ids } })
    }

    fn rows(data: VariantsData) -> RowPage {
        data.product_variants
    }
}
