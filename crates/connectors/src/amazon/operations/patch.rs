//! Setting the price of one listing.

use calibr_model::Money;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, Place, patch};
use crate::{
    amazon::rates::{Limit, PATCH_LISTING},
    error::ConnectorError,
    transport::{Answer, Request},
};

/// The product type that stands for any, where only the offer is changed.
pub(in crate::amazon) const ANY_PRODUCT_TYPE: &str = "PRODUCT";

/// Sets a price, or only asks whether it could be set.
pub(in crate::amazon) struct PatchPrice<'a> {
    pub(in crate::amazon) sku: &'a str,
    /// Above zero, in the store's currency.
    pub(in crate::amazon) price: Money,
    /// Amazon's `VALIDATION_PREVIEW`: nothing is changed.
    pub(in crate::amazon) preview: bool,
}

/// What Amazon says to a submission.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::amazon) struct Submission {
    /// `ACCEPTED`, `VALID` (of a preview) or `INVALID`.
    pub(in crate::amazon) status: String,
    #[serde(default)]
    pub(in crate::amazon) issues: Vec<Issue>,
}

/// Something Amazon remarks of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::amazon) struct Issue {
    #[serde(default)]
    pub(in crate::amazon) code: String,
    #[serde(default)]
    pub(in crate::amazon) message: String,
    /// `ERROR`, `WARNING` or `INFO`.
    #[serde(default)]
    pub(in crate::amazon) severity: String,
    /// Of a feed: which message.
    #[serde(default, rename = "messageId")]
    pub(in crate::amazon) message_id: Option<u64>,
}

/// The one patch that sets a price. It is merged into the offer, so that its
/// sale price, its dates and its quantity prices stay
/// ([manage purchasable offer](https://developer-docs.amazon.com/sp-api/docs/manage-purchasable-offer)).
pub(in crate::amazon) fn offer_patch(marketplace: &str, price: Money) -> Value {
    json!({
        "op": "merge",
        "path": "/attributes/purchasable_offer",
        "value": [{
            "marketplace_id": marketplace,
            "audience": "ALL",
            "currency": price.currency.code(),
            "our_price": [{ "schedule": [{ "value_with_tax": number(price) }] }],
        }],
    })
}

/// An amount as a JSON number, exact to 15 digits, which no price has.
fn number(price: Money) -> Value {
    let text = price.to_decimal();
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Number(number)) => Value::Number(number),
        _ => Value::String(text),
    }
}

impl Operation for PatchPrice<'_> {
    const LIMIT: Limit = PATCH_LISTING;
    type Data = Submission;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let mut url = place.at(["listings", "2021-08-01", "items", place.seller, self.sku])?;
        url.query_pairs_mut()
            .append_pair("marketplaceIds", place.marketplace)
            .append_pair("includedData", "issues");
        if self.preview {
            url.query_pairs_mut()
                .append_pair("mode", "VALIDATION_PREVIEW");
        }
        let body = json!({
            "productType": ANY_PRODUCT_TYPE,
            "patches": [offer_patch(place.marketplace, self.price)],
        });
        Ok(patch(url, &body))
    }

    fn parse(&self, answer: &Answer) -> Result<Submission, ConnectorError> {
        answer.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazon::operations::tests::request_of;

    fn money(minor: i64, currency: &str) -> Money {
        Money::new(minor, currency.parse().unwrap())
    }

    #[test]
    fn a_price_is_merged_into_the_offer() {
        let request = request_of(&PatchPrice {
            sku: "A/1",
            price: money(1250, "EUR"),
            preview: true,
        });
        assert_eq!(request.method, "PATCH");
        insta::assert_snapshot!(request.url, @"https://api.test/listings/2021-08-01/items/A1SELLER/A%2F1?marketplaceIds=A1PA6795UKMFR9&includedData=issues&mode=VALIDATION_PREVIEW");
        let body: Value = serde_json::from_slice(&request.body.unwrap()).unwrap();
        insta::assert_json_snapshot!(body, @r#"
        {
          "patches": [
            {
              "op": "merge",
              "path": "/attributes/purchasable_offer",
              "value": [
                {
                  "audience": "ALL",
                  "currency": "EUR",
                  "marketplace_id": "A1PA6795UKMFR9",
                  "our_price": [
                    {
                      "schedule": [
                        {
                          "value_with_tax": 12.5
                        }
                      ]
                    }
                  ]
                }
              ]
            }
          ],
          "productType": "PRODUCT"
        }
        "#);
    }

    #[test]
    fn amounts_are_exact_numbers() {
        assert_eq!(number(money(1999, "EUR")).to_string(), "19.99");
        assert_eq!(number(money(1200, "JPY")).to_string(), "1200");
        assert_eq!(
            number(money(999_999_999_999, "EUR")).to_string(),
            "9999999999.99"
        );
    }
}
