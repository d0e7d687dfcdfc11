//! What has to be known before a catalogue is read.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Operation;

/// Asks for the currency of all prices, and how many variants there are.
pub(in crate::shopify) struct CatalogueStart;

impl Operation for CatalogueStart {
    const NAME: &'static str = "CalibrCatalogueStart";
    const DOCUMENT: &'static str = "query CalibrCatalogueStart {
  shop { currencyCode }
  productVariantsCount(limit: null) { count precision }
}";
    const COST: u32 = 5;
    type Data = CatalogueStartData;

    fn variables(&self) -> Value {
        json!({})
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct CatalogueStartData {
    pub(in crate::shopify) shop: Currency,
    product_variants_count: Option<Count>,
}

impl CatalogueStartData {
    /// How many variants there are, where Shopify knows exactly.
    pub(in crate::shopify) fn variants(&self) -> Option<u64> {
        self.product_variants_count
            .as_ref()
            .filter(|count| count.precision == "EXACT")
            .and_then(|count| u64::try_from(count.count).ok())
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct Currency {
    pub(in crate::shopify) currency_code: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Count {
    count: i64,
    precision: String,
}
