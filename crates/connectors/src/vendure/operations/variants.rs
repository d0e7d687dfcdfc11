//! Variants, page by page.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, RowPage};

/// Asks for the channel's variants in the order of their ids, those not on sale
/// included.
///
/// Not for `price` and `currencyCode`, which Vendure works out for a customer
/// (without tax, by the time of day, by whatever the shop has programmed) and
/// which fail for a variant without a price, but for `prices`: what the staff
/// entered, and what `updateProductVariants` sets. Not for the product with
/// each variant, which takes Vendure ten times as long as all else here.
#[derive(Debug, Clone)]
pub(in crate::vendure) struct Variants {
    /// Only those changed after this moment.
    pub(in crate::vendure) changed_after: Option<DateTime<Utc>>,
    /// How many rows to leave out first.
    pub(in crate::vendure) skip: u64,
    /// How many rows to give.
    pub(in crate::vendure) take: u32,
}

impl Operation for Variants {
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

    fn variables(&self) -> Value {
        json!({ "options": list_options(self.changed_after, self.skip, self.take) })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::vendure) struct VariantsData {
    pub(in crate::vendure) product_variants: RowPage,
}

/// A page of a list in the order of ids.
pub(super) fn list_options(changed_after: Option<DateTime<Utc>>, skip: u64, take: u32) -> Value {
    let mut options = json!({ "skip": skip, "take": take, "sort": { "id": "ASC" } });
    if let Some(moment) = changed_after {
        options["filter"] = json!({ "updatedAt": { "after": moment } });
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_variants_are_asked_for_without_a_filter() {
        let operation = Variants {
            changed_after: None,
            skip: 99,
            take: 100,
        };
        insta::assert_json_snapshot!(operation.variables(), @r#"
        {
          "options": {
            "skip": 99,
            "sort": {
              "id": "ASC"
            },
            "take": 100
          }
        }
        "#);
    }

    #[test]
    fn changed_variants_are_asked_for_by_time() {
        let moment = DateTime::parse_from_rfc3339("2026-07-01T12:00:00.999+02:00").unwrap();
        let operation = Variants {
            changed_after: Some(moment.to_utc()),
            skip: 0,
            take: 100,
        };
        insta::assert_json_snapshot!(operation.variables()["options"]["filter"], @r#"
        {
          "updatedAt": {
            "after": "2026-07-01T10:00:00.999Z"
          }
        }
        "#);
    }
}
