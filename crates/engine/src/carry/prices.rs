//! The phase that sends the prices that are wanted, and looks whether the store
//! shows them.

use std::{collections::HashMap, time::Duration};

use calibr_connectors::{
    Checkpoint, ConnectorError, Fault, Store,
    prices::{
        CompareAt, ListingRef, ObservedPrice, PriceChange, PriceTarget, PushAnswer, PushMode,
        PushOutcome,
    },
};
use calibr_model::{
    Currency, Guardrails, Money, PricePushId,
    status::{FailureClass, FailureKind, RunEvent},
};
use calibr_store::{
    StoreError,
    prices::{CompareAtMinor, PriceOutcome, SeenPrice, SettledPrice, TakenPrice},
    runs::ClaimedRun,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{notes, outcome::Figures, phases::context};
use crate::{Engine, error::EngineError};

/// Prices that were applied this long ago and could not be sent are forgotten
/// by whoever wanted them: they fail rather than surprise.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// How long a store is given to show what it took, looked at with these waits.
const LOOKS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Prices that the platform works on by itself, as the run keeps them.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    ticket: Checkpoint,
    /// Push and number of each, in the order they were sent.
    prices: Vec<(PricePushId, i64)>,
}

/// Whether there is anything to do.
pub(super) async fn are_waiting(engine: &Engine, run: &ClaimedRun) -> Result<bool, StoreError> {
    let mut tx = engine.settings.db.tenant(run.project).await?;
    tx.has_waiting_prices(run.integration).await
}

/// Sends all prices that wait for this integration, batch by batch.
pub(super) async fn push(
    engine: &Engine,
    run: &mut ClaimedRun,
    store: &dyn Store,
    figures: &mut Figures,
) -> Result<(), EngineError> {
    let Some(target) = store.prices() else {
        let mut tx = engine.settings.db.tenant(run.project).await?;
        tx.fail_waiting_prices(
            run.integration,
            "not_supported",
            "Calibr cannot set prices on this platform.",
            engine.settings.sources.now(),
        )
        .await?;
        return Ok(tx.commit().await?);
    };
    let mut under_way = run
        .checkpoint
        .take()
        .and_then(|note| serde_json::from_value::<UnderWay>(note).ok());
    loop {
        if engine.stopping.is_cancelled() {
            return Err(EngineError::Stopping);
        }
        let mut tx = engine.settings.db.tenant(run.project).await?;
        let none_before = engine.settings.sources.now() - LONGEST_WAIT;
        let batch = tx
            .take_prices(&context(engine, run), target.batch_size(), none_before)
            .await?;
        let guardrails = tx.guardrails().await?;
        // Asked anew for each batch: it may have been set while the run goes on.
        let dry_run = tx
            .integration(run.integration)
            .await?
            .is_some_and(|integration| integration.dry_run);
        tx.commit().await?;
        if batch.is_empty() {
            return Ok(());
        }
        let sender = Sender {
            engine,
            run,
            target,
            dry_run,
            guardrails: guardrails
                .into_iter()
                .map(|bounds| (bounds.currency, bounds))
                .collect(),
        };
        let settled = sender.send(batch, under_way.take()).await?;
        let taken = settled
            .iter()
            .filter(|one| matches!(one.outcome, PriceOutcome::Accepted { .. }))
            .count();
        let (taken, all) = (taken as i64, settled.len() as i64);
        let mut tx = engine.settings.db.tenant(run.project).await?;
        tx.settle_prices(&settled, &context(engine, run)).await?;
        let told = notes::prices(taken, all - taken);
        let now = engine.settings.sources.now();
        tx.log_run(run.id, RunEvent::Note, &told, now).await?;
        tx.commit().await?;
        figures.prices_pushed += taken;
        figures.prices_failed += all - taken;
    }
}

struct Sender<'a> {
    engine: &'a Engine,
    run: &'a ClaimedRun,
    target: &'a dyn PriceTarget,
    /// Whether nothing is to be sent.
    dry_run: bool,
    guardrails: HashMap<Currency, Guardrails>,
}

/// What is to be done with a price, by what the store has now.
enum Turn {
    Send,
    /// It came to its end without being sent now.
    Settle(PriceOutcome),
}

impl Sender<'_> {
    /// Brings a batch to its end: looks at the store, sends what still stands,
    /// and looks again.
    async fn send(
        &self,
        batch: Vec<TakenPrice>,
        under_way: Option<UnderWay>,
    ) -> Result<Vec<SettledPrice>, EngineError> {
        if let Some(under_way) = under_way {
            let wanted: Vec<TakenPrice> = batch
                .iter()
                .filter(|price| under_way.prices.contains(&(price.push, price.ordinal)))
                .cloned()
                .collect();
            // Only a whole batch has its answers in order.
            if wanted.len() == under_way.prices.len() {
                match self.follow(under_way.ticket).await {
                    Ok(outcomes) => return self.read_back(wanted, outcomes).await,
                    // The store itself says what became of it.
                    Err(fault) if fault.fault == Fault::CheckpointLost => {}
                    Err(fault) => return Err(fault.into()),
                }
            }
        }
        let live = self.observe(&batch).await?;
        let mut settled = Vec::new();
        let mut standing = Vec::new();
        for (price, live) in batch.into_iter().zip(live) {
            match self.turn(&price, live) {
                Turn::Send => standing.push(price),
                Turn::Settle(outcome) => settled.push(SettledPrice {
                    price,
                    outcome,
                    seen: live.and_then(|live| seen(live, None)),
                }),
            }
        }
        if standing.is_empty() {
            return Ok(settled);
        }
        let mut tx = self.engine.settings.db.tenant(self.run.project).await?;
        tx.mark_sent(&standing, &context(self.engine, self.run))
            .await?;
        tx.commit().await?;
        let changes: Vec<PriceChange> = standing.iter().map(price_change).collect();
        let answer = match self.target.push(&changes, PushMode::Apply).await {
            Ok(answer) => answer,
            Err(fault) if is_of_the_call_alone(&fault) => {
                PushAnswer::Done(standing.iter().map(|_| refused(&fault)).collect())
            }
            Err(fault) => return Err(fault.into()),
        };
        let outcomes = match answer {
            PushAnswer::Done(outcomes) => outcomes,
            PushAnswer::UnderWay { ticket, wait } => {
                self.keep(&ticket, &standing).await?;
                self.wait(wait).await?;
                self.follow(ticket).await?
            }
        };
        settled.extend(self.read_back(standing, outcomes).await?);
        Ok(settled)
    }

    /// What the store has now, in the order of `batch`.
    async fn observe(
        &self,
        batch: &[TakenPrice],
    ) -> Result<Vec<Option<ObservedPrice>>, EngineError> {
        let refs: Vec<ListingRef> = batch.iter().map(reference).collect();
        Ok(self.target.observe(&refs).await?)
    }

    fn turn(&self, price: &TakenPrice, live: Option<ObservedPrice>) -> Turn {
        let failed = |code: &str, message: String, class| {
            Turn::Settle(PriceOutcome::Failed {
                code: code.to_owned(),
                message,
                class,
                request: None,
                answer: None,
            })
        };
        let Some(live) = live else {
            return failed(
                "listing_gone",
                "The store no longer has this listing. Sync to bring the catalogue up to date."
                    .to_owned(),
                FailureClass::Permanent,
            );
        };
        if shows(&live, price) {
            return Turn::Settle(PriceOutcome::Accepted {
                at: self.now(),
                note: None,
            });
        }
        if let Some(currency) = live.price.map(|price| price.currency)
            && currency != price.currency
        {
            return failed(
                "currency_changed",
                format!(
                    "The store's prices are in {currency} now, this one was meant in {}. Sync, \
                     then preview again.",
                    price.currency
                ),
                FailureClass::NeedsAction,
            );
        }
        let minor = |money: Option<Money>| money.map(|money| money.amount_minor);
        let now = (minor(live.price), minor(live.compare_at));
        if now != (price.old_minor, price.old_compare_minor) {
            let told = |amount: Option<i64>| match amount {
                Some(amount) => Money::new(amount, price.currency).to_string(),
                None => "no price".to_owned(),
            };
            return failed(
                "price_moved",
                format!(
                    "The store's price moved since the preview: it was {}, it is {}. Nothing was \
                     sent; preview again.",
                    told(price.old_minor),
                    told(now.0)
                ),
                FailureClass::NeedsAction,
            );
        }
        let bounds = self
            .guardrails
            .get(&price.currency)
            .copied()
            .unwrap_or(Guardrails::none(price.currency));
        match bounds.check(now.0, price.new_minor) {
            Ok(()) if self.dry_run => failed(
                "dry_run",
                "The store is in dry-run mode: this price stood up to every check, and was not \
                 sent. Turn dry-run mode off in the store's settings to send prices."
                    .to_owned(),
                FailureClass::NeedsAction,
            ),
            Ok(()) => Turn::Send,
            Err(breach) => failed(breach.code, breach.message, FailureClass::NeedsAction),
        }
    }

    /// Keeps what is needed to ask again, should this worker be lost.
    async fn keep(&self, ticket: &Checkpoint, sent: &[TakenPrice]) -> Result<(), EngineError> {
        let note = UnderWay {
            ticket: ticket.clone(),
            prices: sent
                .iter()
                .map(|price| (price.push, price.ordinal))
                .collect(),
        };
        // Ids and numbers under fixed names: this cannot fail.
        let note = serde_json::to_value(note).unwrap_or_default();
        let mut tx = self.engine.settings.db.tenant(self.run.project).await?;
        tx.keep_price_ticket(Some(&note), &context(self.engine, self.run))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Asks until the platform has worked it off.
    async fn follow(&self, ticket: Checkpoint) -> Result<Vec<PushOutcome>, ConnectorError> {
        let mut ticket = ticket;
        loop {
            match self.target.follow_up(&ticket).await? {
                PushAnswer::Done(outcomes) => return Ok(outcomes),
                PushAnswer::UnderWay { ticket: next, wait } => {
                    ticket = next;
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn wait(&self, wait: Duration) -> Result<(), EngineError> {
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = self.engine.stopping.cancelled() => Err(EngineError::Stopping),
        }
    }

    /// Acceptance is not observation: looks at what the store has after it took
    /// prices, a few times where it takes its time.
    async fn read_back(
        &self,
        sent: Vec<TakenPrice>,
        outcomes: Vec<PushOutcome>,
    ) -> Result<Vec<SettledPrice>, EngineError> {
        if outcomes.len() != sent.len() {
            return Err(ConnectorError::new(
                Fault::Malformed,
                "The store answered for other prices than were sent.",
            )
            .into());
        }
        let at = self.now();
        let mut settled: Vec<SettledPrice> = sent
            .into_iter()
            .zip(outcomes)
            .map(|(price, outcome)| SettledPrice {
                price,
                outcome: outcome_of(outcome, at),
                seen: None,
            })
            .collect();
        for wait in LOOKS {
            let unseen: Vec<usize> = settled
                .iter()
                .enumerate()
                .filter(|(_, one)| {
                    matches!(one.outcome, PriceOutcome::Accepted { .. }) && !one.is_observed()
                })
                .map(|(index, _)| index)
                .collect();
            if unseen.is_empty() {
                break;
            }
            tokio::time::sleep(wait).await;
            let prices: Vec<TakenPrice> = unseen
                .iter()
                .map(|index| settled[*index].price.clone())
                .collect();
            let live = match self.observe(&prices).await {
                Ok(live) => live,
                // What it took is kept: a later sync sees the price.
                Err(EngineError::Connector(fault)) if fault.is_retryable() => break,
                Err(error) => return Err(error),
            };
            for (index, live) in unseen.into_iter().zip(live) {
                let currency = settled[index].price.currency;
                settled[index].seen = live.and_then(|live| seen(live, Some(currency)));
            }
        }
        for one in &mut settled {
            if !one.is_observed()
                && let PriceOutcome::Accepted { note, .. } = &mut one.outcome
                && note.is_none()
            {
                *note = Some(
                    "The store took it and does not show it yet; the next sync looks again."
                        .to_owned(),
                );
            }
        }
        Ok(settled)
    }

    fn now(&self) -> DateTime<Utc> {
        self.engine.settings.sources.now()
    }
}

/// A fault that says something of this call and nothing of the store: the rest
/// may go through.
fn is_of_the_call_alone(fault: &ConnectorError) -> bool {
    fault.fault == Fault::Refused
}

fn refused(fault: &ConnectorError) -> PushOutcome {
    PushOutcome::Refused(calibr_connectors::ItemFault {
        kind: FailureKind::Price,
        external_id: None,
        product_external_id: None,
        label: None,
        code: fault.fault.code(),
        message: fault.message.clone(),
        class: fault.fault.class(),
        request: None,
        answer: fault.answer.clone(),
        version: None,
    })
}

fn outcome_of(outcome: PushOutcome, at: DateTime<Utc>) -> PriceOutcome {
    match outcome {
        PushOutcome::Accepted { note } => PriceOutcome::Accepted { at, note },
        PushOutcome::Refused(fault) => PriceOutcome::Failed {
            code: fault.code.to_owned(),
            message: fault.message,
            class: fault.class,
            request: fault.request,
            answer: fault.answer,
        },
    }
}

fn reference(price: &TakenPrice) -> ListingRef {
    ListingRef {
        external_id: price.external_id.clone(),
        product_external_id: price.product_external_id.clone(),
        sku: price.sku.clone(),
    }
}

/// A price as a connector takes it.
pub(crate) fn price_change(price: &TakenPrice) -> PriceChange {
    let money = |amount| Money::new(amount, price.currency);
    PriceChange {
        listing: reference(price),
        price: money(price.new_minor),
        compare_at: match price.compare_at {
            CompareAtMinor::Keep => CompareAt::Keep,
            CompareAtMinor::Clear => CompareAt::Clear,
            CompareAtMinor::Set(amount) => CompareAt::Set(money(amount)),
        },
    }
}

/// Whether the store has what is wanted already.
fn shows(live: &ObservedPrice, wanted: &TakenPrice) -> bool {
    let money = |amount| Some(Money::new(amount, wanted.currency));
    live.price == money(wanted.new_minor)
        && match wanted.compare_at {
            CompareAtMinor::Keep => true,
            CompareAtMinor::Clear => live.compare_at.is_none(),
            CompareAtMinor::Set(amount) => live.compare_at == money(amount),
        }
}

/// What was seen, as it is kept. `currency` is that of a listing without any
/// price; without it such a sight is left to the next sync.
fn seen(live: ObservedPrice, currency: Option<Currency>) -> Option<SeenPrice> {
    let minor = |money: Option<Money>| money.map(|money| money.amount_minor);
    let currency = live
        .price
        .or(live.compare_at)
        .map(|money| money.currency)
        .or(currency)?;
    Some(SeenPrice {
        price_minor: minor(live.price),
        compare_at_minor: minor(live.compare_at),
        currency,
    })
}
