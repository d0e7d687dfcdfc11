//! Setting prices of one product's variants.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Operation, UserError};

/// A variant's new prices, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shopify) struct VariantPrices {
    /// The variant's id.
    pub(in crate::shopify) id: String,
    /// A decimal.
    pub(in crate::shopify) price: String,
    /// A decimal; `None` leaves it as it is, `Some(None)` takes it away.
    pub(in crate::shopify) compare_at: Option<Option<String>>,
}

impl VariantPrices {
    /// What is sent of it.
    pub(in crate::shopify) fn input(&self) -> Value {
        let mut input = Map::new();
        input.insert("id".to_owned(), json!(self.id));
        input.insert("price".to_owned(), json!(self.price));
        if let Some(compare_at) = &self.compare_at {
            input.insert("compareAtPrice".to_owned(), json!(compare_at));
        }
        Value::from(input)
    }
}

/// Sets prices; those that Shopify does not take keep no other from being set.
pub(in crate::shopify) struct UpdatePrices<'a> {
    /// The product's id.
    pub(in crate::shopify) product: &'a str,
    /// At most 250.
    pub(in crate::shopify) variants: &'a [VariantPrices],
}

impl UpdatePrices<'_> {
    pub(super) fn example() -> Value {
        let prices = |compare_at| VariantPrices {
            id: "gid://shopify/ProductVariant/1".to_owned(),
            price: "12.50".to_owned(),
            compare_at,
        };
        let variants = [
            prices(None),
            prices(Some(None)),
            prices(Some(Some("15.00".to_owned()))),
        ];
        UpdatePrices {
            product: "gid://shopify/Product/1",
            variants: &variants,
        }
        .variables()
    }
}

impl Operation for UpdatePrices<'_> {
    const NAME: &'static str = "CalibrUpdatePrices";
    const DOCUMENT: &'static str =
        "mutation CalibrUpdatePrices($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: true) {
    productVariants { id price compareAtPrice }
    userErrors { field message code }
  }
}";
    const COST: u32 = 10;
    type Data = UpdatePricesData;

    fn variables(&self) -> Value {
        let variants = self.variants.iter().map(VariantPrices::input);
        json!({ "product": self.product, "variants": variants.collect::<Vec<_>>() })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct UpdatePricesData {
    product_variants_bulk_update: Option<Updated>,
}

/// What became of the variants of one call.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Updated {
    product_variants: Option<Vec<VariantData>>,
    #[serde(default)]
    user_errors: Vec<UserError>,
}

/// A variant's prices as Shopify has them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct VariantData {
    pub(in crate::shopify) id: String,
    pub(in crate::shopify) price: Option<String>,
    pub(in crate::shopify) compare_at_price: Option<String>,
}

/// What an answer says of one variant.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::shopify) enum Outcome<'a> {
    /// It has these prices now.
    Set(&'a VariantData),
    /// It was not changed, for this reason.
    Refused(&'a UserError),
    /// The answer does not mention it.
    Unanswered,
}

impl UpdatePricesData {
    /// What became of the variant that was the `place`th (from 0) of the call.
    pub(in crate::shopify) fn outcome(&self, place: usize, id: &str) -> Outcome<'_> {
        let Some(answer) = &self.product_variants_bulk_update else {
            return Outcome::Unanswered;
        };
        let errors = || answer.user_errors.iter();
        if let Some(error) = errors().find(|error| error.variant() == Some(place)) {
            return Outcome::Refused(error);
        }
        let mut variants = answer.product_variants.iter().flatten();
        match variants.find(|variant| variant.id == id) {
            Some(variant) => Outcome::Set(variant),
            // What is said of none of them is said of all.
            None => match errors().find(|error| error.variant().is_none()) {
                Some(error) => Outcome::Refused(error),
                None => Outcome::Unanswered,
            },
        }
    }
}

impl UserError {
    /// Which variant of the call it is about: `["variants", "1", "price"]`.
    fn variant(&self) -> Option<usize> {
        match self.field.as_deref()? {
            [list, place, ..] if list == "variants" => place.parse().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: Value) -> UpdatePricesData {
        serde_json::from_value(json!({ "productVariantsBulkUpdate": answer })).unwrap()
    }

    #[test]
    fn only_what_is_to_change_is_sent() {
        insta::assert_json_snapshot!(UpdatePrices::example(), @r#"
        {
          "product": "gid://shopify/Product/1",
          "variants": [
            {
              "id": "gid://shopify/ProductVariant/1",
              "price": "12.50"
            },
            {
              "compareAtPrice": null,
              "id": "gid://shopify/ProductVariant/1",
              "price": "12.50"
            },
            {
              "compareAtPrice": "15.00",
              "id": "gid://shopify/ProductVariant/1",
              "price": "12.50"
            }
          ]
        }
        "#);
    }

    #[test]
    fn errors_go_to_the_variant_they_name_and_general_ones_to_all_that_were_not_set() {
        let answer = read(json!({
            "productVariants": [{ "id": "a", "price": "1.00", "compareAtPrice": null }],
            "userErrors": [
                { "field": ["variants", "1", "price"], "message": "no", "code": "INVALID_INPUT" },
                { "field": ["productId"], "message": "all", "code": null },
            ],
        }));
        assert!(matches!(answer.outcome(0, "a"), Outcome::Set(_)));
        let reason = |place, id| match answer.outcome(place, id) {
            Outcome::Refused(error) => error.message.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(1, "b"), "no");
        assert_eq!(reason(2, "c"), "all");
    }

    #[test]
    fn what_is_not_mentioned_is_not_answered() {
        assert_eq!(read(Value::Null).outcome(0, "a"), Outcome::Unanswered);
        let answer = read(json!({ "productVariants": null, "userErrors": [
            { "field": ["variants", "x"], "message": "no" },
        ] }));
        assert!(matches!(answer.outcome(0, "a"), Outcome::Refused(_)));
        let silent = read(json!({ "productVariants": [], "userErrors": [] }));
        assert_eq!(silent.outcome(0, "a"), Outcome::Unanswered);
    }
}
