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
pub(in crate::vendure) enum Variants {
    /// All of them.
    All,
    /// Those changed at or after this moment.
    ChangedSince(DateTime<Utc>),
    /// Those with these ids.
    Ids(Vec<String>),
    /// Those of these products.
    OfProducts(Vec<String>),
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
        match self {
            Self::All => Value::Null,
            Self::ChangedSince(moment) => json!({ "updatedAt": at_or_after(*moment) }),
            Self::Ids(ids) => json!({ "id": { "in": ids } }),
            Self::OfProducts(ids) => json!({ "productId": { "in": ids } }),
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
