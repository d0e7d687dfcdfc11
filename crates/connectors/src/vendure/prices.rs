//! Setting prices, and seeing what the channel has.
//!
//! A price is what the staff would enter: with tax where the channel's prices
//! include it, without where they do not, in the channel's default currency. So
//! is what the catalogue gives, and what is read back here.

use std::collections::HashMap;

use async_trait::async_trait;
use calibr_model::status::FailureClass;

use super::{
    money,
    operations::{NewPrice, SetPrices, VariantPrices},
    record::{self, Reading},
    store::VendureStore,
};
use crate::{
    catalogue::ItemFault,
    error::{ConnectorError, Fault},
    prices::{
        self, CompareAt, ListingRef, ObservedPrice, PriceChange, PriceTarget, PushAnswer, PushMode,
        PushOutcome,
    },
    transport::{redact, retry::Patience},
};

/// Most changes of one push: Vendure works them off one by one, in some twenty
/// milliseconds each, before it answers.
const BATCH: usize = 50;

#[async_trait]
impl PriceTarget for VendureStore {
    fn batch_size(&self) -> usize {
        BATCH
    }

    async fn observe(
        &self,
        listings: &[ListingRef],
    ) -> Result<Vec<Option<ObservedPrice>>, ConnectorError> {
        let reading = self.reading(Patience::RUN).await?;
        let known = self.known(listings.iter(), &reading).await?;
        let observed = listings
            .iter()
            .map(|listing| known.get(&listing.external_id).copied());
        Ok(observed.collect())
    }

    async fn push(
        &self,
        changes: &[PriceChange],
        mode: PushMode,
    ) -> Result<PushAnswer, ConnectorError> {
        prices::admit("Vendure", changes, BATCH, mode)?;
        let reading = self.reading(Patience::RUN).await?;
        let checked: Vec<_> = changes
            .iter()
            .map(|change| checked(change, &reading))
            .collect();
        // One variant that is gone would keep all others from their prices.
        let sound = changes
            .iter()
            .zip(&checked)
            .filter(|(_, checked)| checked.is_ok())
            .map(|(change, _)| &change.listing);
        let known = self.known(sound, &reading).await?;
        let mut outcomes: Vec<Option<PushOutcome>> = Vec::with_capacity(changes.len());
        let mut planned = Vec::new();
        for (slot, (change, checked)) in changes.iter().zip(checked).enumerate() {
            let variant = change.listing.external_id.as_str();
            let fault = match checked {
                Ok(amount) if known.contains_key(variant) => {
                    planned.push((slot, NewPrice { variant, amount }));
                    None
                }
                Ok(_) => Some(gone(&change.listing)),
                Err(fault) => Some(fault),
            };
            outcomes.push(fault.map(PushOutcome::Refused));
        }
        self.send(planned, changes, &reading, &mut outcomes).await?;
        Ok(prices::done(changes, outcomes))
    }
}

impl VendureStore {
    /// What the channel's variants among these cost now, by their ids.
    async fn known(
        &self,
        listings: impl Iterator<Item = &ListingRef>,
        reading: &Reading,
    ) -> Result<HashMap<String, ObservedPrice>, ConnectorError> {
        let ids: Vec<String> = listings
            .map(|listing| listing.external_id.clone())
            .collect();
        let list = |ids| VariantPrices { ids };
        let rows = self.page.rows(&self.api, &ids, list).await?;
        let prices = rows.into_iter().map(|row| {
            let price = record::observed(&row, reading);
            (row.id, price)
        });
        Ok(prices.collect())
    }

    /// Sends prices, and notes what became of each. Vendure takes all of a call
    /// or none: where it refuses, halves are sent, down to the one that it does
    /// not take. Prices are set, not moved, so that sending one again does no
    /// harm.
    async fn send(
        &self,
        planned: Vec<(usize, NewPrice<'_>)>,
        changes: &[PriceChange],
        reading: &Reading,
        outcomes: &mut [Option<PushOutcome>],
    ) -> Result<(), ConnectorError> {
        // Taken from the end.
        let mut parts = vec![planned];
        let mut some_went_through = false;
        while let Some(mut part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let prices: Vec<_> = part.iter().map(|(_, new)| *new).collect();
            let operation = SetPrices {
                currency: reading.currency,
                prices: &prices,
            };
            let error = match self.api.call(&operation, Patience::RUN).await {
                Ok(answer) => {
                    some_went_through = true;
                    for (slot, new) in part {
                        outcomes[slot] = answer
                            .names(new.variant)
                            .then_some(PushOutcome::Accepted { note: None });
                    }
                    continue;
                }
                Err(error) => error,
            };
            if error.fault == Fault::Refused && part.len() > 1 {
                let second = part.split_off(part.len() / 2);
                parts.extend([second, part]);
            } else if error.fault == Fault::Refused || some_went_through {
                for (slot, new) in part {
                    let fault = changes[slot].listing.failed(&error);
                    let sent = redact::json(&new.input(reading.currency));
                    let outcome = PushOutcome::Refused(fault);
                    outcomes[slot] =
                        Some(outcome.asked(|| format!("updateProductVariants {sent}")));
                }
            } else {
                return Err(error);
            }
        }
        Ok(())
    }
}

/// The amount to send, in the server's unit.
///
/// # Errors
/// What must never reach a store.
fn checked(change: &PriceChange, reading: &Reading) -> Result<i64, ItemFault> {
    let price = change.price;
    let refused = |code, message: String| {
        let class = FailureClass::NeedsAction;
        Err(change.listing.fault(code, message, class))
    };
    if price.currency != reading.currency {
        return refused(
            "currency_differs",
            format!(
                "{price} was not sent: the channel's prices are in {} now.",
                reading.currency
            ),
        );
    }
    if price.amount_minor <= 0 {
        return refused(
            "price_not_positive",
            format!("{price} is not above zero, and was not sent."),
        );
    }
    if let CompareAt::Set(_) = change.compare_at {
        return refused(
            "compare_at_unsupported",
            "Vendure knows no struck-through price, and nothing was sent. Leave it out to set the \
             price alone."
                .to_owned(),
        );
    }
    match money::kept(price, reading.precision) {
        Some(amount) => Ok(amount),
        None => refused(
            "price_too_fine",
            format!(
                "{price} was not sent: this server keeps amounts with {} decimals, and none so \
                 large that they are not exact.",
                reading.precision
            ),
        ),
    }
}

fn gone(listing: &ListingRef) -> ItemFault {
    listing.fault(
        "listing_missing",
        "The channel no longer has this variant. The next full import puts it right.",
        FailureClass::NeedsAction,
    )
}

#[cfg(test)]
mod tests {
    use calibr_model::Money;

    use super::*;

    fn change(text: &str, currency: &str, compare_at: CompareAt) -> PriceChange {
        PriceChange {
            listing: ListingRef {
                external_id: "3".to_owned(),
                product_external_id: "1".to_owned(),
                sku: Some("L2201316".to_owned()),
            },
            price: Money::parse_decimal(text, currency.parse().unwrap()).unwrap(),
            compare_at,
        }
    }

    #[test]
    fn only_prices_are_sent() {
        let sent = |text, currency, compare_at| {
            let reading = Reading {
                currency: "KWD".parse().unwrap(),
                precision: 2,
                prices_include_tax: true,
                counts_stock: true,
            };
            checked(&change(text, currency, compare_at), &reading).map_err(|fault| fault.code)
        };
        let keep = CompareAt::Keep;
        assert_eq!(sent("12.500", "KWD", keep), Ok(1_250));
        assert_eq!(sent("12.500", "KWD", CompareAt::Clear), Ok(1_250));
        assert_eq!(sent("12.505", "KWD", keep), Err("price_too_fine"));
        assert_eq!(sent("0", "KWD", keep), Err("price_not_positive"));
        assert_eq!(sent("-1", "KWD", keep), Err("price_not_positive"));
        assert_eq!(sent("12.50", "EUR", keep), Err("currency_differs"));
        let before = CompareAt::Set(change("15", "KWD", keep).price);
        assert_eq!(sent("12.500", "KWD", before), Err("compare_at_unsupported"));
    }
}
