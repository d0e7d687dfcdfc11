//! Variants.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::list::{List, RowPage, at_or_after};

/// The channel's variants, those not on sale included.
///
/// Not `price` and `currencyCode` are asked for, which Vendure works out for a
/// customer (without tax, by the time of day, by whatever the shop has
/// programmed) and which fail for a variant without a price, but `prices`: what
/// the staff entered, and what `updateProductVariants` sets. Nor is the product
/// with each variant, which takes Vendure ten times as long as all else here.
#[derive(Debug, Clone)]
pub(in crate::vendure) struct Variants {
    /// Only those changed at or after this moment.
    pub(in crate::vendure) changed_since: Option<DateTime<Utc>>,
}

impl List for Variants {
    const DOCUMENT: &'static str = "query CalibrVariants($options: ProductVariantListOptions!) {
  productVariants(options: $options) {
    totalItems
    items {
      id productId sku name enabled updatedAt trackInventory
      prices { currencyCode price }
      stockLevels { stockOnHand stockAllocated }
      options { groupId name }
    }
  }
}";
    type Data = VariantsData;

    fn filter(&self) -> Value {
        match self.changed_since {
            Some(moment) => json!({ "updatedAt": at_or_after(moment) }),
            None => Value::Null,
        }
    }

    fn rows(data: VariantsData) -> RowPage {
        data.product_variants
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::vendure) struct VariantsData {
    pub(super) product_variants: RowPage,
}
