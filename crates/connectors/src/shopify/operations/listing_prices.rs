//! The prices that variants have, and the currency of all prices.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Currency, Operation};

/// Asks for prices of variants by their ids, at most 250.
pub(in crate::shopify) struct ListingPrices<'a> {
    /// The variants' ids.
    pub(in crate::shopify) ids: &'a [&'a str],
}

impl ListingPrices<'_> {
    pub(super) fn example() -> Value {
        ListingPrices {
            ids: &["gid://shopify/ProductVariant/1"],
        }
        .variables()
    }
}

impl Operation for ListingPrices<'_> {
    const NAME: &'static str = "CalibrListingPrices";
    const DOCUMENT: &'static str = "query CalibrListingPrices($ids: [ID!]!) {
  shop { currencyCode }
  nodes(ids: $ids) { ... on ProductVariant { id price compareAtPrice } }
}";
    const COST: u32 = 255;
    type Data = ListingPricesData;

    fn variables(&self) -> Value {
        json!({ "ids": self.ids })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct ListingPricesData {
    pub(in crate::shopify) shop: Currency,
    /// In the order of the ids; `None` for one that is gone.
    pub(in crate::shopify) nodes: Vec<Option<NodeData>>,
}

/// A variant; of anything else all is `None`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct NodeData {
    pub(in crate::shopify) id: Option<String>,
    pub(in crate::shopify) price: Option<String>,
    pub(in crate::shopify) compare_at_price: Option<String>,
}

/// Asks for the currency of all prices.
pub(in crate::shopify) struct ShopCurrency;

impl Operation for ShopCurrency {
    const NAME: &'static str = "CalibrShopCurrency";
    const DOCUMENT: &'static str = "query CalibrShopCurrency {
  shop { currencyCode }
}";
    const COST: u32 = 2;
    type Data = ShopCurrencyData;

    fn variables(&self) -> Value {
        json!({})
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct ShopCurrencyData {
    pub(in crate::shopify) shop: Currency,
}
