//! Sending prices, and seeing what the shop has.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use calibr_model::{Currency, Money, status::FailureClass};
use futures::{StreamExt, stream};

use super::{
    catalogue::read_currency,
    gid,
    operations::{
        ListingPrices, NodeData, Outcome, ShopCurrency, UpdatePrices, UpdatePricesData, UserError,
        VariantData, VariantPrices,
    },
    store::ShopifyStore,
};
use crate::{
    catalogue::ItemFault,
    error::ConnectorError,
    prices::{
        self, CompareAt, ListingRef, ObservedPrice, PriceChange, PriceTarget, PushAnswer, PushMode,
        PushOutcome,
    },
    transport::{redact, retry::Patience},
};

/// Shopify takes no longer lists.
const BATCH: usize = 250;
/// Products whose prices are sent at the same time.
const AT_ONCE: usize = 4;
/// What is above this many whole units of any currency is a mistake.
const ABSURD: i64 = 1_000_000_000_000;

#[async_trait]
impl PriceTarget for ShopifyStore {
    fn batch_size(&self) -> usize {
        BATCH
    }

    async fn observe(
        &self,
        listings: &[ListingRef],
    ) -> Result<Vec<Option<ObservedPrice>>, ConnectorError> {
        // An id that is none would have the whole call refused.
        let ids: Vec<&str> = listings.iter().filter_map(variant_id).collect();
        let mut known = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            let answer = self
                .api()
                .call(&ListingPrices { ids }, Patience::RUN)
                .await?;
            let currency = read_currency(&answer.data.shop.currency_code)?;
            for node in answer.data.nodes.into_iter().flatten() {
                let prices = observed(&node, currency);
                known.extend(node.id.map(|id| (id, prices)));
            }
        }
        let found = listings
            .iter()
            .map(|listing| known.get(&listing.external_id).copied());
        Ok(found.collect())
    }

    async fn push(
        &self,
        changes: &[PriceChange],
        mode: PushMode,
    ) -> Result<PushAnswer, ConnectorError> {
        prices::admit("Shopify", changes, BATCH, mode)?;
        let mut outcomes: Vec<Option<PushOutcome>> = changes
            .iter()
            .map(|change| sound(change).err().map(PushOutcome::Refused))
            .collect();
        if outcomes.iter().any(Option::is_none) {
            // Asked for anew each time: a price must not go out in another
            // currency than it was meant in.
            let shop = self
                .api()
                .call(&ShopCurrency, Patience::RUN)
                .await?
                .data
                .shop;
            let currency = read_currency(&shop.currency_code)?;
            let planned = plan(changes, currency, &mut outcomes);
            self.send(planned, changes, &mut outcomes).await?;
        }
        Ok(prices::done(changes, outcomes))
    }
}

/// The changes that go out, by product: the place of each among all, and what
/// is sent of it.
type Planned<'a> = BTreeMap<&'a str, (Vec<usize>, Vec<VariantPrices>)>;

impl ShopifyStore {
    /// Sends the prices product by product, and notes what became of each.
    /// Where some calls go through and others do not, the changes of those
    /// others fail one by one.
    async fn send(
        &self,
        planned: Planned<'_>,
        changes: &[PriceChange],
        outcomes: &mut [Option<PushOutcome>],
    ) -> Result<(), ConnectorError> {
        let calls = planned
            .into_iter()
            .map(|(product, (slots, variants))| self.update(product, slots, variants));
        let sent: Vec<_> = stream::iter(calls.collect::<Vec<_>>())
            .buffered(AT_ONCE)
            .collect()
            .await;
        let some_went_through = sent.iter().any(|(_, answer)| answer.is_ok());
        for (slots, answer) in sent {
            let answer = match answer {
                Err(error) if !some_went_through => return Err(error),
                answer => answer,
            };
            for (place, slot) in slots.into_iter().enumerate() {
                let change = &changes[slot];
                let outcome = match &answer {
                    Ok(answer) => outcome(change, place, answer),
                    Err(error) => PushOutcome::Refused(change.listing.failed(error)),
                };
                let asked = || {
                    let sent = redact::json(&input(change).input());
                    format!("productVariantsBulkUpdate {sent}")
                };
                outcomes[slot] = Some(outcome.asked(asked));
            }
        }
        Ok(())
    }

    async fn update(
        &self,
        product: &str,
        slots: Vec<usize>,
        variants: Vec<VariantPrices>,
    ) -> (Vec<usize>, Result<UpdatePricesData, ConnectorError>) {
        let operation = UpdatePrices {
            product,
            variants: &variants,
        };
        let answer = self.api().call(&operation, Patience::RUN).await;
        (slots, answer.map(|reply| reply.data))
    }
}

/// The id of a listing that can be one of Shopify's.
fn variant_id(listing: &ListingRef) -> Option<&str> {
    gid::is(&listing.external_id, "ProductVariant").then_some(&*listing.external_id)
}

/// Refuses what must never reach a shop, whatever its currency.
fn sound(change: &PriceChange) -> Result<(), ItemFault> {
    let listing = &change.listing;
    let refuse =
        |code, message: String| Err(listing.fault(code, message, FailureClass::NeedsAction));
    for money in prices_of(change) {
        if money.amount_minor <= 0 {
            let message = format!("{money} is not above zero, and was not sent.");
            return refuse("price_not_positive", message);
        }
        let scale = 10_i64.saturating_pow(money.currency.exponent());
        if money.amount_minor / scale > ABSURD {
            let message = format!("{money} cannot be meant, and was not sent.");
            return refuse("price_absurd", message);
        }
    }
    let known = variant_id(listing).is_some() && gid::is(&listing.product_external_id, "Product");
    if known { Ok(()) } else { Err(missing(listing)) }
}

fn prices_of(change: &PriceChange) -> impl Iterator<Item = Money> {
    let compare_at = match change.compare_at {
        CompareAt::Set(money) => Some(money),
        CompareAt::Keep | CompareAt::Clear => None,
    };
    std::iter::once(change.price).chain(compare_at)
}

/// What is sent of the changes that nothing is said of yet. One in another
/// currency, and one of a listing that has another already, are refused.
fn plan<'a>(
    changes: &'a [PriceChange],
    currency: Currency,
    outcomes: &mut [Option<PushOutcome>],
) -> Planned<'a> {
    let mut planned = Planned::new();
    for (slot, change) in changes.iter().enumerate() {
        if outcomes[slot].is_some() {
            continue;
        }
        let listing = &change.listing;
        let (slots, variants) = planned.entry(&listing.product_external_id).or_default();
        let refuse = |code, message: String| {
            let fault = listing.fault(code, message, FailureClass::NeedsAction);
            Some(PushOutcome::Refused(fault))
        };
        let foreign = prices_of(change).find(|money| money.currency != currency);
        if let Some(money) = foreign {
            let message =
                format!("{money} was not sent: the store's prices are in {currency} now.");
            outcomes[slot] = refuse("currency_differs", message);
        } else if variants.iter().any(|known| known.id == listing.external_id) {
            let message = format!(
                "{} was not sent: another price for the same variant is in this push.",
                change.price
            );
            outcomes[slot] = refuse("price_twice", message);
        } else {
            slots.push(slot);
            variants.push(input(change));
        }
    }
    planned.retain(|_, (slots, _)| !slots.is_empty());
    planned
}

/// A change as Shopify takes it.
fn input(change: &PriceChange) -> VariantPrices {
    VariantPrices {
        id: change.listing.external_id.clone(),
        price: change.price.to_decimal(),
        compare_at: match change.compare_at {
            CompareAt::Keep => None,
            CompareAt::Clear => Some(None),
            CompareAt::Set(money) => Some(Some(money.to_decimal())),
        },
    }
}

/// What the answer says of one change.
fn outcome(change: &PriceChange, place: usize, answer: &UpdatePricesData) -> PushOutcome {
    match answer.outcome(place, &change.listing.external_id) {
        Outcome::Set(variant) => PushOutcome::Accepted {
            note: note(change, variant),
        },
        Outcome::Refused(error) => PushOutcome::Refused(refused(&change.listing, error)),
        Outcome::Unanswered => PushOutcome::Refused(change.listing.unanswered()),
    }
}

/// A struck-through price that is not above the price is kept, but not shown.
fn note(change: &PriceChange, now: &VariantData) -> Option<String> {
    let text = now.compare_at_price.as_deref()?;
    let before = Money::parse_decimal(text, change.price.currency).ok()?;
    (before.amount_minor <= change.price.amount_minor).then(|| {
        format!(
            "The struck-through price {before} is not above the new price, so Shopify shows none."
        )
    })
}

fn refused(listing: &ListingRef, error: &UserError) -> ItemFault {
    if let Some("PRODUCT_DOES_NOT_EXIST" | "PRODUCT_VARIANT_DOES_NOT_EXIST") = error.code.as_deref()
    {
        return missing(listing);
    }
    let said = redact::text(&error.message);
    let message = format!(
        "Shopify did not take the price: {}",
        redact::shorten(&said, 300)
    );
    ItemFault {
        answer: Some(said),
        ..listing.fault("request_refused", message, FailureClass::Permanent)
    }
}

fn missing(listing: &ListingRef) -> ItemFault {
    listing.fault(
        "listing_missing",
        "The store no longer has this variant. The next full import puts it right.",
        FailureClass::NeedsAction,
    )
}

/// What the store has for a price may be none.
fn observed(node: &NodeData, currency: Currency) -> ObservedPrice {
    let read = |text: &Option<String>| Money::parse_decimal(text.as_deref()?, currency).ok();
    ObservedPrice {
        price: read(&node.price),
        compare_at: read(&node.compare_at_price),
    }
}
