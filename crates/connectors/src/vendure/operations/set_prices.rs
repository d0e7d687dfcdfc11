//! Setting the prices of variants.

use calibr_model::Currency;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, Permission};

/// Sets prices in one currency, all of them or, where one cannot be set, none:
/// Vendure runs a mutation in one transaction.
///
/// `prices` names the currency, where the older `price` would set whichever is
/// the channel's default by now.
#[derive(Debug, Clone)]
pub(in crate::vendure) struct SetPrices<'a> {
    pub(in crate::vendure) currency: Currency,
    pub(in crate::vendure) prices: &'a [NewPrice<'a>],
}

/// A price that a variant is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::vendure) struct NewPrice<'a> {
    /// Vendure's id of the variant.
    pub(in crate::vendure) variant: &'a str,
    /// In the server's own unit.
    pub(in crate::vendure) amount: i64,
}

impl NewPrice<'_> {
    /// What is sent of it.
    pub(in crate::vendure) fn input(&self, currency: Currency) -> Value {
        json!({
            "id": self.variant,
            "prices": [{ "currencyCode": currency.code(), "price": self.amount }],
        })
    }
}

impl Operation for SetPrices<'_> {
    const DOCUMENT: &'static str =
        "mutation CalibrSetPrices($input: [UpdateProductVariantInput!]!) {
  updateProductVariants(input: $input) { id }
}";
    type Data = SetPricesData;
    const NEEDS: Permission = Permission::SetPrices;

    fn variables(&self) -> Value {
        let input: Value = self
            .prices
            .iter()
            .map(|new| new.input(self.currency))
            .collect();
        json!({ "input": input })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::vendure) struct SetPricesData {
    update_product_variants: Vec<Option<UpdatedVariant>>,
}

#[derive(Debug, Clone, Deserialize)]
struct UpdatedVariant {
    id: String,
}

impl SetPricesData {
    /// Whether the answer names a variant among those that were changed.
    pub(in crate::vendure) fn names(&self, variant: &str) -> bool {
        self.update_product_variants
            .iter()
            .flatten()
            .any(|updated| updated.id == variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_go_out_with_their_currency() {
        let operation = SetPrices {
            currency: "USD".parse().unwrap(),
            prices: &[NewPrice {
                variant: "3",
                amount: 1_999,
            }],
        };
        insta::assert_json_snapshot!(operation.variables(), @r#"
        {
          "input": [
            {
              "id": "3",
              "prices": [
                {
                  "currencyCode": "USD",
                  "price": 1999
                }
              ]
            }
          ]
        }
        "#);
    }
}
