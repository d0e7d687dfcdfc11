//! Products that were changed, page by page.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, RecordPage, product_fields, updated_since, variant_fields};

/// Products a page, and variants of each. The cost of a query grows with both:
/// this one stays at about half of the 1,000 points that Shopify admits, even
/// counted item by item.
const PRODUCTS: u32 = 10;
const VARIANTS: u32 = 25;

/// Asks for products that were changed at or after a moment, oldest change
/// first.
pub(in crate::shopify) struct ChangedProducts<'a> {
    /// The moment.
    pub(in crate::shopify) since: DateTime<Utc>,
    /// Where the page before ended.
    pub(in crate::shopify) after: Option<&'a str>,
}

impl ChangedProducts<'_> {
    pub(super) fn example() -> Self {
        Self {
            since: DateTime::UNIX_EPOCH,
            after: None,
        }
    }
}

impl Operation for ChangedProducts<'_> {
    const NAME: &'static str = "CalibrChangedProducts";
    const DOCUMENT: &'static str = concat!(
        "query CalibrChangedProducts($filter: String!, $products: Int!, $variants: Int!, $after: String) {
  products(first: $products, after: $after, query: $filter, sortKey: UPDATED_AT) {
    nodes { ",
        product_fields!(),
        "
      variants(first: $variants) {
        nodes { ",
        variant_fields!(),
        " }
        pageInfo { hasNextPage endCursor }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}"
    );
    const COST: u32 = 600;
    type Data = ChangedProductsData;

    fn variables(&self) -> Value {
        let since = updated_since(self.since);
        json!({
            "filter": format!("{since} AND status:active,draft,archived,unlisted"),
            "products": PRODUCTS,
            "variants": VARIANTS,
            "after": self.after,
        })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct ChangedProductsData {
    pub(in crate::shopify) products: RecordPage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_changes_since_a_moment() {
        let operation = ChangedProducts {
            since: DateTime::parse_from_rfc3339("2026-07-01T12:00:00.75+02:00")
                .unwrap()
                .to_utc(),
            after: Some("eyJ9"),
        };
        insta::assert_json_snapshot!(operation.variables(), @r#"
        {
          "after": "eyJ9",
          "filter": "updated_at:>='2026-07-01T10:00:00Z' AND status:active,draft,archived,unlisted",
          "products": 10,
          "variants": 25
        }
        "#);
    }
}
