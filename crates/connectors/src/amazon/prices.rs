//! Prices: set one by one where they are few, by a feed where they are many,
//! and read back.

use std::{collections::HashSet, time::Duration};

use async_trait::async_trait;
use calibr_model::{Currency, status::FailureClass};
use futures::{StreamExt, stream};

use super::{
    api::Api,
    feed,
    operations::{
        Extent, FindListings, GetListing, Issue, LISTINGS_AT_ONCE, PatchPrice, Submission,
        offer_patch,
    },
    record::{self, At},
    store::AmazonStore,
};
use crate::{
    catalogue::{Checkpoint, ItemFault},
    error::{ConnectorError, Fault},
    prices::{
        CompareAt, ListingRef, ObservedPrice, PriceChange, PriceTarget, PushAnswer, PushMode,
        PushOutcome,
    },
    transport::{redact, retry::Patience},
};

/// Most changes of one push. A feed takes more, but a wait for all of them is
/// longer.
const BATCH: usize = 2_000;
/// So many are set one by one, at five a second; more go by a feed, of which
/// one in two minutes may be made.
const ONE_BY_ONE: usize = 25;
/// Calls under way at once.
const SIDE_BY_SIDE: usize = 4;
/// No price is larger, in minor units: beyond it a number is not exact.
const LARGEST_MINOR: i64 = 10_000_000_000_000;

#[async_trait]
impl PriceTarget for AmazonStore {
    fn batch_size(&self) -> usize {
        BATCH
    }

    async fn observe(
        &self,
        listings: &[ListingRef],
    ) -> Result<Vec<Option<ObservedPrice>>, ConnectorError> {
        let mut observed = vec![None; listings.len()];
        // Identifiers are separated by commas: SKUs that hold one are asked for
        // by themselves.
        let (single, plain): (Vec<usize>, Vec<usize>) =
            (0..listings.len()).partition(|place| listings[*place].external_id.contains(','));
        for places in plain.chunks(LISTINGS_AT_ONCE) {
            let skus: Vec<&str> = places
                .iter()
                .map(|place| listings[*place].external_id.as_str())
                .collect();
            let page = self
                .api()
                .call(
                    &FindListings {
                        skus: &skus,
                        extent: Extent::Offers,
                    },
                    Patience::RUN,
                )
                .await?;
            for (sku, price) in page.items.iter().filter_map(|item| seen(item, self.at())) {
                for place in places {
                    if listings[*place].external_id == sku {
                        observed[*place] = Some(price);
                    }
                }
            }
        }
        for place in single {
            let sku = &listings[place].external_id;
            let operation = GetListing {
                sku,
                extent: Extent::Offers,
            };
            let item = self.api().call(&operation, Patience::RUN).await?;
            observed[place] = item
                .and_then(|item| seen(&item, self.at()))
                .map(|(_, price)| price);
        }
        Ok(observed)
    }

    async fn push(
        &self,
        changes: &[PriceChange],
        mode: PushMode,
    ) -> Result<PushAnswer, ConnectorError> {
        let refused = refusals(changes, self.at().currency);
        let good = refused.iter().filter(|fault| fault.is_none()).count();
        if mode == PushMode::Apply && good > ONE_BY_ONE {
            return feed::send(self.api(), changes, &refused).await;
        }
        one_by_one(self.api(), changes, refused, mode)
            .await
            .map(PushAnswer::Done)
    }

    async fn follow_up(&self, ticket: &Checkpoint) -> Result<PushAnswer, ConnectorError> {
        feed::follow_up(self.api(), ticket, self.at().currency).await
    }
}

/// SKU and price of an item; a price that cannot be read is none.
fn seen(item: &serde_json::Value, at: At) -> Option<(String, ObservedPrice)> {
    let observed = |price| ObservedPrice {
        price,
        compare_at: None,
    };
    match record::sku_and_price(item, at) {
        Ok((sku, price)) => Some((sku, observed(price))),
        Err(fault) => fault.external_id.map(|sku| (sku, observed(None))),
    }
}

async fn one_by_one(
    api: &Api,
    changes: &[PriceChange],
    refused: Vec<Option<ItemFault>>,
    mode: PushMode,
) -> Result<Vec<PushOutcome>, ConnectorError> {
    let calls: Vec<_> = changes
        .iter()
        .zip(refused)
        .map(|(change, fault)| set_one(api, change, fault, mode))
        .collect();
    let results: Vec<Result<PushOutcome, ConnectorError>> =
        stream::iter(calls).buffered(SIDE_BY_SIDE).collect().await;
    let taken = mode == PushMode::Apply
        && results
            .iter()
            .any(|result| matches!(result, Ok(PushOutcome::Accepted { .. })));
    let mut outcomes = Vec::with_capacity(results.len());
    for (change, result) in changes.iter().zip(results) {
        outcomes.push(match result {
            Ok(outcome) => outcome,
            // What Amazon says of one listing is no failure of the others, and
            // what it has taken stays taken.
            Err(error) if error.fault == Fault::Refused || taken => {
                PushOutcome::Refused(change.listing.failed(&error)).asked(|| asked(change))
            }
            Err(error) => return Err(error),
        });
    }
    Ok(outcomes)
}

async fn set_one(
    api: &Api,
    change: &PriceChange,
    fault: Option<ItemFault>,
    mode: PushMode,
) -> Result<PushOutcome, ConnectorError> {
    if let Some(fault) = fault {
        return Ok(PushOutcome::Refused(fault));
    }
    let operation = PatchPrice {
        sku: &change.listing.external_id,
        price: change.price,
        preview: mode == PushMode::DryRun,
    };
    let submission = api.call(&operation, Patience::RUN).await?;
    Ok(outcome(change, &submission, mode))
}

/// What keeps each change from being sent, if anything does: nothing that is
/// not a price above zero in the store's currency ever is.
pub(super) fn refusals(changes: &[PriceChange], currency: Currency) -> Vec<Option<ItemFault>> {
    let mut skus = HashSet::new();
    changes
        .iter()
        .map(|change| {
            let fault = |code, message: String| {
                Some(
                    change
                        .listing
                        .fault(code, message, FailureClass::NeedsAction),
                )
            };
            let price = change.price;
            if price.currency != currency {
                let message = format!(
                    "The price is in {}, but this store sells in {currency}. Nothing was sent.",
                    price.currency
                );
                fault("price_currency", message)
            } else if price.amount_minor <= 0 {
                let message = "A price has to be above zero. Nothing was sent.".to_owned();
                fault("price_not_positive", message)
            } else if price.amount_minor > LARGEST_MINOR {
                let message = format!("{price} cannot be a price. Nothing was sent.");
                fault("price_absurd", message)
            } else if matches!(change.compare_at, CompareAt::Set(_)) {
                let message = "Amazon makes the struck-through price by itself; it cannot be set. \
                               Leave it out to set the price alone."
                    .to_owned();
                fault("compare_at_unsupported", message)
            } else if change.listing.external_id.is_empty() {
                let message = "This listing has no SKU at Amazon.".to_owned();
                fault("sku_missing", message)
            } else if !skus.insert(change.listing.external_id.as_str()) {
                let message = "This listing stands twice among the changes; only the first was \
                               sent."
                    .to_owned();
                fault("price_twice", message)
            } else {
                None
            }
        })
        .collect()
}

/// What Amazon's answer means. `ACCEPTED` says that it will work on it, not that
/// the price is set. In a trial an error is a refusal, also where Amazon calls
/// the submission valid: with it the price would not show.
fn outcome(change: &PriceChange, submission: &Submission, mode: PushMode) -> PushOutcome {
    let issues: Vec<&Issue> = submission.issues.iter().collect();
    let has_error = issues.iter().any(|issue| issue.severity == "ERROR");
    match submission.status.as_str() {
        status if mode == PushMode::DryRun && has_error => {
            PushOutcome::Refused(refused(change, mode, status, &issues))
        }
        "ACCEPTED" | "VALID" => PushOutcome::Accepted {
            note: remarks(&issues),
        },
        status => PushOutcome::Refused(refused(change, mode, status, &issues)),
    }
}

/// What was asked of Amazon for a price.
fn asked(change: &PriceChange) -> String {
    let patch = offer_patch("…", change.price);
    format!(
        "patchListingsItem {} {}",
        redact::text(&change.listing.external_id),
        redact::json(&patch)
    )
}

/// The fault of a price that Amazon did not take, or would not.
pub(super) fn refused(
    change: &PriceChange,
    mode: PushMode,
    status: &str,
    issues: &[&Issue],
) -> ItemFault {
    let why = remarks(issues).unwrap_or_else(|| format!("it says {status}, but not why"));
    let verb = match mode {
        PushMode::DryRun => "would",
        PushMode::Apply => "did",
    };
    let fault = change.listing.fault(
        "price_refused",
        format!("Amazon {verb} not take the price: {why}"),
        FailureClass::NeedsAction,
    );
    ItemFault {
        request: Some(asked(change)),
        answer: Some(redact::shorten(&why, 2_000)),
        ..fault
    }
}

/// What Amazon remarks, errors first; `None` where it remarks nothing.
pub(super) fn remarks(issues: &[&Issue]) -> Option<String> {
    let rank = |issue: &Issue| match issue.severity.as_str() {
        "ERROR" => 0,
        "WARNING" => 1,
        _ => 2,
    };
    let mut sorted = issues.to_vec();
    sorted.sort_by_key(|issue| rank(issue));
    let said: Vec<String> = sorted
        .iter()
        .take(3)
        .map(|issue| {
            let word = match rank(issue) {
                0 => "Error",
                1 => "Warning",
                _ => "Remark",
            };
            let message = redact::shorten(&redact::text(&issue.message), 300);
            format!("{word} {}: {}", issue.code, message)
        })
        .collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// How long Amazon takes for a feed at first, and in between.
pub(super) const FEED_LOOK: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use calibr_model::Money;

    use super::*;

    fn change(sku: &str, minor: i64, currency: &str) -> PriceChange {
        PriceChange {
            listing: ListingRef {
                external_id: sku.into(),
                product_external_id: "B0".into(),
                sku: Some(sku.into()),
            },
            price: Money::new(minor, currency.parse().unwrap()),
            compare_at: CompareAt::Keep,
        }
    }

    #[test]
    fn only_prices_are_sent() {
        let mut struck = change("G", 1, "EUR");
        struck.compare_at = CompareAt::Set(struck.price);
        let changes = [
            change("A", 1, "EUR"),
            change("B", 0, "EUR"),
            change("C", -1, "EUR"),
            change("D", 1, "USD"),
            change("E", i64::MAX, "EUR"),
            change("A", 2, "EUR"),
            struck,
            change("", 1, "EUR"),
        ];
        let codes: Vec<_> = refusals(&changes, "EUR".parse().unwrap())
            .into_iter()
            .map(|fault| fault.map(|fault| fault.code))
            .collect();
        assert_eq!(
            codes,
            [
                None,
                Some("price_not_positive"),
                Some("price_not_positive"),
                Some("price_currency"),
                Some("price_absurd"),
                Some("price_twice"),
                Some("compare_at_unsupported"),
                Some("sku_missing"),
            ]
        );
    }

    #[test]
    fn acceptance_with_issues_says_them() {
        let issue = |severity: &str| Issue {
            code: "18155".into(),
            message: "Below the minimum price.".into(),
            severity: severity.into(),
            message_id: None,
        };
        let submission = |status: &str, issues| Submission {
            status: status.into(),
            issues,
        };
        let change = change("A", 1, "EUR");
        assert_eq!(
            outcome(&change, &submission("ACCEPTED", vec![]), PushMode::Apply),
            PushOutcome::Accepted { note: None }
        );
        let both = submission("ACCEPTED", vec![issue("WARNING"), issue("ERROR")]);
        let noted = outcome(&change, &both, PushMode::Apply);
        let PushOutcome::Accepted { note: Some(note) } = noted else {
            panic!("{noted:?}");
        };
        insta::assert_snapshot!(note, @"Error 18155: Below the minimum price. Warning 18155: Below the minimum price.");
        for status in ["INVALID", "NEW_WORD"] {
            let refused = outcome(&change, &submission(status, vec![]), PushMode::Apply);
            assert!(matches!(refused, PushOutcome::Refused(_)), "{refused:?}");
        }
        let tried = |issues| outcome(&change, &submission("VALID", issues), PushMode::DryRun);
        assert_eq!(tried(vec![]), PushOutcome::Accepted { note: None });
        let warned = tried(vec![issue("WARNING")]);
        assert!(matches!(warned, PushOutcome::Accepted { note: Some(_) }));
        let held_back = tried(vec![issue("WARNING"), issue("ERROR")]);
        assert!(
            matches!(held_back, PushOutcome::Refused(_)),
            "{held_back:?}"
        );
    }
}
