//! Setting prices.
//!
//! WooCommerce takes whatever it is given for a price: `"abc"` blanks it and is
//! answered as a success, `"-3"` is kept. So a price can only be written down
//! here as a [`PriceText`], which nothing makes but an amount above zero.

use std::fmt;

use calibr_model::Money;
use serde_json::{Map, Value, json};

use super::{Call, Operation, Reply};
use crate::woocommerce::record::Reading;

/// A price in the one form that is sent: a decimal text, above zero, in the
/// store's currency, no finer than the store shows.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::woocommerce) struct PriceText(String);

/// Why an amount is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::woocommerce) enum NotSent {
    /// It is nothing or less.
    NotPositive,
    /// It is of another currency than the store's.
    OtherCurrency,
    /// It has more decimals than the store shows.
    TooFine,
}

impl PriceText {
    /// The text of an amount.
    ///
    /// # Errors
    /// [`NotSent`].
    pub(in crate::woocommerce) fn of(money: Money, reading: &Reading) -> Result<Self, NotSent> {
        if money.currency != reading.currency {
            return Err(NotSent::OtherCurrency);
        }
        if money.amount_minor <= 0 {
            return Err(NotSent::NotPositive);
        }
        let finer = money.currency.exponent().saturating_sub(reading.decimals);
        if 10_i64
            .checked_pow(finer)
            .is_none_or(|step| money.amount_minor % step != 0)
        {
            return Err(NotSent::TooFine);
        }
        Ok(Self(money.to_decimal()))
    }

    /// The text.
    pub(in crate::woocommerce) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PriceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What becomes of the sale price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::woocommerce) enum Sale {
    /// It stays.
    Stays,
    /// There is none any more.
    Ends,
    /// It is this.
    Is(PriceText),
}

/// New prices of one product or variation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::woocommerce) struct PriceUpdate {
    pub(in crate::woocommerce) id: u64,
    /// `None` where the regular price stays.
    pub(in crate::woocommerce) regular: Option<PriceText>,
    pub(in crate::woocommerce) sale: Sale,
    /// Whether the dates of a sale go, so that it holds from now on.
    pub(in crate::woocommerce) without_dates: bool,
}

impl PriceUpdate {
    /// What is sent of it.
    pub(in crate::woocommerce) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("id".to_owned(), self.id.into());
        if let Some(regular) = &self.regular {
            body.insert("regular_price".to_owned(), regular.as_str().into());
        }
        match &self.sale {
            Sale::Stays => {}
            // The one empty text: how a sale is ended.
            Sale::Ends => {
                body.insert("sale_price".to_owned(), "".into());
            }
            Sale::Is(price) => {
                body.insert("sale_price".to_owned(), price.as_str().into());
            }
        }
        if self.without_dates {
            body.insert("date_on_sale_from".to_owned(), "".into());
            body.insert("date_on_sale_to".to_owned(), "".into());
        }
        Value::Object(body)
    }
}

/// Sets the prices of products, or of variations of one, at most 100.
#[derive(Debug, Clone)]
pub(in crate::woocommerce) struct PriceBatch<'a> {
    /// The product of the variations; `None` for products.
    pub(in crate::woocommerce) parent: Option<u64>,
    pub(in crate::woocommerce) updates: &'a [PriceUpdate],
}

/// What became of one item of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::woocommerce) struct BatchItem {
    pub(in crate::woocommerce) id: u64,
    pub(in crate::woocommerce) outcome: Result<Value, Value>,
}

impl Operation for PriceBatch<'_> {
    type Data = Vec<BatchItem>;

    fn call(&self) -> Call {
        let route = match self.parent {
            Some(parent) => format!("wc/v3/products/{parent}/variations/batch"),
            None => "wc/v3/products/batch".to_owned(),
        };
        let updates: Vec<Value> = self.updates.iter().map(PriceUpdate::body).collect();
        Call::post(route, json!({ "update": updates }))
    }

    fn read(&self, reply: Reply) -> Option<Vec<BatchItem>> {
        let Value::Object(mut answer) = reply.value else {
            return None;
        };
        let Some(Value::Array(items)) = answer.remove("update") else {
            return None;
        };
        let read = items.into_iter().filter_map(|mut item| {
            Some(BatchItem {
                id: item["id"].as_u64()?,
                outcome: match item["error"].take() {
                    Value::Null => Ok(item),
                    error => Err(error),
                },
            })
        });
        Some(read.collect())
    }
}

/// A batch of nothing: asks whether the key may write, and changes nothing.
pub(in crate::woocommerce) struct WriteProbe;

impl Operation for WriteProbe {
    type Data = ();

    fn call(&self) -> Call {
        Call::post("wc/v3/products/batch", json!({ "update": [] }))
    }

    fn read(&self, _reply: Reply) -> Option<()> {
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reading(currency: &str, decimals: u32) -> Reading {
        Reading {
            currency: currency.parse().unwrap(),
            decimals,
        }
    }

    fn euros(minor: i64) -> Money {
        Money::new(minor, "EUR".parse().unwrap())
    }

    #[test]
    fn only_an_amount_above_zero_of_the_stores_own_money_becomes_a_text() {
        let eur = reading("EUR", 2);
        assert_eq!(PriceText::of(euros(1), &eur).unwrap().as_str(), "0.01");
        assert_eq!(
            PriceText::of(euros(120_000), &eur).unwrap().as_str(),
            "1200.00"
        );
        assert_eq!(PriceText::of(euros(0), &eur), Err(NotSent::NotPositive));
        assert_eq!(
            PriceText::of(euros(i64::MIN), &eur),
            Err(NotSent::NotPositive)
        );
        assert_eq!(
            PriceText::of(euros(1), &reading("USD", 2)),
            Err(NotSent::OtherCurrency)
        );
        let whole = reading("EUR", 0);
        assert_eq!(PriceText::of(euros(1_250), &whole), Err(NotSent::TooFine));
        assert!(PriceText::of(euros(1_200), &whole).is_ok());
        assert!(PriceText::of(euros(1), &reading("EUR", 4)).is_ok());
    }

    #[test]
    fn a_batch_says_what_became_of_each_item() {
        let batch = PriceBatch {
            parent: Some(7),
            updates: &[],
        };
        assert_eq!(batch.call().route, "wc/v3/products/7/variations/batch");
        let reply = Reply {
            value: json!({ "update": [
                { "id": 1, "regular_price": "2.00" },
                { "id": 2, "error": { "code": "x" } },
                "nonsense",
            ]}),
            total: None,
            pages: None,
        };
        let items = batch.read(reply).unwrap();
        assert_eq!(items.len(), 2);
        assert!(items[0].outcome.is_ok());
        assert_eq!(items[1].outcome, Err(json!({ "code": "x" })));
    }

    proptest! {
        #[test]
        fn what_is_sent_is_always_a_text_that_reads_back(
            minor: i64,
            sale: i64,
            code in "EUR|JPY|KWD",
            decimals in 0_u32..5,
        ) {
            let reading = reading(&code, decimals);
            let text = |minor| PriceText::of(Money::new(minor, reading.currency), &reading);
            let Ok(regular) = text(minor) else {
                return Ok(());
            };
            let sale = text(sale).map_or(Sale::Ends, Sale::Is);
            let update = PriceUpdate { id: 1, regular: Some(regular), sale, without_dates: false };
            let body = PriceBatch { parent: None, updates: &[update] }.call().body.unwrap();
            let sent = body["update"][0]["regular_price"].as_str().unwrap();
            let back = Money::parse_decimal(sent, reading.currency).unwrap();
            prop_assert_eq!(back.amount_minor, minor);
            prop_assert!(back.amount_minor > 0);
        }
    }
}
