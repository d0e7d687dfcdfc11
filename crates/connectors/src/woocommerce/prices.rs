//! Sending prices, and seeing what the store has.
//!
//! A price goes where it takes effect: into the sale price while a sale holds
//! that is to go on, and into the regular price otherwise. So the store is
//! asked first how each listing is priced now.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use calibr_model::status::FailureClass;
use futures::future::{BoxFuture, join_all, try_join_all};
use serde_json::Value;

use super::{
    operations::{
        BatchItem, ListingPrices, NotSent, PER_PAGE, PriceBatch, PriceText, PriceUpdate, Sale,
    },
    record::{self, Kind, Reading},
    store::WooCommerceStore,
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

const BATCH: usize = PER_PAGE as usize;

#[async_trait]
impl PriceTarget for WooCommerceStore {
    fn batch_size(&self) -> usize {
        BATCH
    }

    async fn observe(
        &self,
        listings: &[ListingRef],
    ) -> Result<Vec<Option<ObservedPrice>>, ConnectorError> {
        let reading = self.reading(Patience::RUN).await?;
        let known = self.known(listings).await?;
        let observed = listings.iter().map(|listing| {
            let fields = known.get(&address(listing)?)?;
            // What the store has for a price may be none.
            let nothing = ObservedPrice {
                price: None,
                compare_at: None,
            };
            Some(record::observed(fields, &reading).unwrap_or(nothing))
        });
        Ok(observed.collect())
    }

    async fn push(
        &self,
        changes: &[PriceChange],
        mode: PushMode,
    ) -> Result<PushAnswer, ConnectorError> {
        prices::admit("WooCommerce", changes, BATCH, mode)?;
        let reading = self.reading(Patience::RUN).await?;
        let checked: Vec<_> = changes
            .iter()
            .map(|change| checked(change, &reading))
            .collect();
        let sound: Vec<ListingRef> = changes
            .iter()
            .zip(&checked)
            .filter(|(_, checked)| checked.is_ok())
            .map(|(change, _)| change.listing.clone())
            .collect();
        let known = self.known(&sound).await?;
        let mut outcomes: Vec<Option<PushOutcome>> = Vec::with_capacity(changes.len());
        let mut groups: BTreeMap<Option<u64>, Vec<Planned>> = BTreeMap::new();
        for (slot, (change, checked)) in changes.iter().zip(checked).enumerate() {
            match checked.and_then(|prices| planned(change, prices, &known, &reading)) {
                Ok((parent, update, note)) => {
                    outcomes.push(None);
                    groups
                        .entry(parent)
                        .or_default()
                        .push(Planned { slot, update, note });
                }
                Err(fault) => outcomes.push(Some(PushOutcome::Refused(fault))),
            }
        }
        self.send(groups, changes, &mut outcomes).await?;
        Ok(prices::done(changes, outcomes))
    }
}

/// A listing at the store: its product where it is a variation, and its id.
type Address = (Option<u64>, u64);

/// A change that can go out.
struct Planned {
    /// Its place among the changes.
    slot: usize,
    update: PriceUpdate,
    note: Option<String>,
}

fn address(listing: &ListingRef) -> Option<Address> {
    let id = listing.external_id.parse().ok()?;
    if listing.external_id == listing.product_external_id {
        Some((None, id))
    } else {
        Some((Some(listing.product_external_id.parse().ok()?), id))
    }
}

impl WooCommerceStore {
    /// How the listings are priced now; those that the store does not have, or
    /// not in this form, are left out.
    async fn known(
        &self,
        listings: &[ListingRef],
    ) -> Result<HashMap<Address, Value>, ConnectorError> {
        let mut groups: BTreeMap<Option<u64>, Vec<u64>> = BTreeMap::new();
        for (parent, id) in listings.iter().filter_map(address) {
            groups.entry(parent).or_default().push(id);
        }
        let calls = groups.iter().flat_map(|(parent, ids)| {
            ids.chunks(BATCH).map(async |ids| {
                let operation = ListingPrices {
                    parent: *parent,
                    ids: ids.to_vec(),
                };
                let rows = self.api.call(&operation, Patience::RUN).await?;
                Ok::<_, ConnectorError>((*parent, rows))
            })
        });
        let mut known = HashMap::new();
        for (parent, rows) in try_join_all(calls).await? {
            for row in rows {
                let sold = parent.is_some() || record::kind(&row) == Kind::Single;
                if sold {
                    known.insert((parent, row.id), row.fields);
                }
            }
        }
        Ok(known)
    }

    /// Sends the groups, and notes what became of each change. Where some go
    /// through and others do not, those others fail item by item.
    async fn send(
        &self,
        groups: BTreeMap<Option<u64>, Vec<Planned>>,
        changes: &[PriceChange],
        outcomes: &mut [Option<PushOutcome>],
    ) -> Result<(), ConnectorError> {
        let sent = join_all(groups.into_iter().map(async |(parent, planned)| {
            let updates: Vec<_> = planned.iter().map(|plan| plan.update.clone()).collect();
            let answer = self.send_batch(parent, &updates).await;
            (planned, answer)
        }))
        .await;
        let some_went_through = sent.iter().any(|(_, answer)| answer.is_ok());
        for (planned, answer) in sent {
            let items = match answer {
                Ok(items) => items,
                Err(error) if !some_went_through => return Err(error),
                Err(error) => {
                    for plan in &planned {
                        let fault = changes[plan.slot].listing.failed(&error);
                        let outcome = PushOutcome::Refused(fault).asked(|| asked(&plan.update));
                        outcomes[plan.slot] = Some(outcome);
                    }
                    continue;
                }
            };
            let in_order = items.len() == planned.len();
            for (index, plan) in planned.into_iter().enumerate() {
                let item = match items.get(index).filter(|_| in_order) {
                    Some(item) if item.id == plan.update.id => Some(item),
                    _ => items.iter().find(|item| item.id == plan.update.id),
                };
                let listing = &changes[plan.slot].listing;
                let slot = plan.slot;
                let request = asked(&plan.update);
                outcomes[slot] = item.map(|item| outcome(listing, plan, item).asked(|| request));
            }
        }
        Ok(())
    }

    /// Sends one batch. The answer holds the products with all that is in them
    /// and cannot be asked for less: where it is too long, and where the host
    /// takes no batch of this size, halves are sent. Prices are set, not moved,
    /// so that sending one again does no harm.
    fn send_batch<'a>(
        &'a self,
        parent: Option<u64>,
        updates: &'a [PriceUpdate],
    ) -> BoxFuture<'a, Result<Vec<BatchItem>, ConnectorError>> {
        Box::pin(async move {
            let operation = PriceBatch { parent, updates };
            let error = match self.api.call(&operation, Patience::RUN).await {
                Ok(items) => return Ok(items),
                Err(error) => error,
            };
            let may_be_size = matches!(error.fault, Fault::Malformed | Fault::Refused);
            if !may_be_size || updates.len() < 2 {
                return Err(error);
            }
            let (first, second) = updates.split_at(updates.len() / 2);
            let mut items = self.send_batch(parent, first).await?;
            items.extend(self.send_batch(parent, second).await?);
            Ok(items)
        })
    }
}

/// The prices of a change that may be sent.
struct Prices {
    price: PriceText,
    compare_at: Option<PriceText>,
}

/// Refuses what must never reach a store.
fn checked(change: &PriceChange, reading: &Reading) -> Result<Prices, ItemFault> {
    let text = |money| {
        PriceText::of(money, reading).map_err(|why| {
            let (code, message) = match why {
                NotSent::NotPositive => (
                    "price_not_positive",
                    format!("{money} is not above zero, and was not sent."),
                ),
                NotSent::OtherCurrency => (
                    "currency_differs",
                    format!(
                        "{money} was not sent: the store's prices are in {} now.",
                        reading.currency
                    ),
                ),
                NotSent::TooFine => (
                    "price_too_fine",
                    format!(
                        "{money} was not sent: the store shows prices with {} decimals only.",
                        reading.decimals
                    ),
                ),
            };
            change
                .listing
                .fault(code, message, FailureClass::NeedsAction)
        })
    };
    Ok(Prices {
        price: text(change.price)?,
        compare_at: match change.compare_at {
            CompareAt::Set(money) => Some(text(money)?),
            CompareAt::Keep | CompareAt::Clear => None,
        },
    })
}

/// Which fields of the listing take the prices.
fn planned(
    change: &PriceChange,
    prices: Prices,
    known: &HashMap<Address, Value>,
    reading: &Reading,
) -> Result<(Option<u64>, PriceUpdate, Option<String>), ItemFault> {
    let gone = || {
        change.listing.fault(
            "listing_missing",
            "The store no longer has this product, or has it in another form. The next full \
             import puts it right.",
            FailureClass::NeedsAction,
        )
    };
    let (parent, id) = address(&change.listing).ok_or_else(gone)?;
    let fields = known.get(&(parent, id)).ok_or_else(gone)?;
    let struck_through = record::observed(fields, reading)
        .ok()
        .and_then(|now| now.compare_at);
    let update = |regular, sale, without_dates| PriceUpdate {
        id,
        regular,
        sale,
        without_dates,
    };
    let below = |what: &str| {
        format!(
            "The struck-through price {what} is not above the new price, so none is shown any more."
        )
    };
    let plain = |price| update(Some(price), Sale::Ends, false);
    let dated = ["date_on_sale_from_gmt", "date_on_sale_to_gmt"]
        .iter()
        .any(|name| fields[*name].is_string());
    let (update, note) = match (change.compare_at, struck_through) {
        (CompareAt::Set(before), _) if before.amount_minor > change.price.amount_minor => {
            // Dates of a sale that does not hold now would keep this one from it.
            let waits = dated && fields["on_sale"] != true;
            let sale = Sale::Is(prices.price);
            (update(prices.compare_at, sale, waits), None)
        }
        (CompareAt::Set(before), _) => (plain(prices.price), Some(below(&before.to_string()))),
        (CompareAt::Keep, Some(before)) if before.amount_minor > change.price.amount_minor => {
            (update(None, Sale::Is(prices.price), false), None)
        }
        (CompareAt::Keep, Some(before)) => (plain(prices.price), Some(below(&before.to_string()))),
        // A planned sale stays; a sale price that was no lower than the regular
        // one could take effect below the new one.
        (CompareAt::Keep, None) if dated => (update(Some(prices.price), Sale::Stays, false), None),
        (CompareAt::Keep, None) => (plain(prices.price), None),
        (CompareAt::Clear, _) => (plain(prices.price), None),
    };
    Ok((parent, update, note))
}

/// What was sent of a change.
fn asked(update: &PriceUpdate) -> String {
    format!("POST …/batch {}", redact::json(&update.body()))
}

/// What the answer says of one change.
fn outcome(listing: &ListingRef, plan: Planned, item: &BatchItem) -> PushOutcome {
    match &item.outcome {
        Ok(_) => PushOutcome::Accepted { note: plan.note },
        Err(error) => {
            let code = error["code"].as_str().unwrap_or_default();
            let status = error["data"]["status"].as_u64().unwrap_or_default();
            let (code, class) = match status {
                _ if code.contains("invalid_id") || code.contains("invalid_product_id") => {
                    ("listing_missing", FailureClass::NeedsAction)
                }
                401 | 403 => ("missing_scope", FailureClass::NeedsAction),
                429 | 500..=599 => ("platform_failed", FailureClass::Retryable),
                _ => ("request_refused", FailureClass::Permanent),
            };
            let said = redact::text(error["message"].as_str().unwrap_or_default());
            let message = format!(
                "WooCommerce did not take the price: {}",
                redact::shorten(&said, 300)
            );
            PushOutcome::Refused(ItemFault {
                answer: Some(redact::json(error)),
                ..listing.fault(code, message, class)
            })
        }
    }
}
