//! Asking a store's platform what it would make of a preview's prices: beside
//! the runs, within the platform's rate, a few prices at a time. Nothing at the
//! store is changed by it.

use std::time::Duration;

use calibr_connectors::prices::{PriceChange, PriceTarget, PushAnswer, PushMode, PushOutcome};
use calibr_model::{
    IntegrationId, PricePushId, ProjectId, Sources,
    platform::Capability,
    status::{FailureClass, IntegrationStatus},
    views::TrialResult,
};
use calibr_store::{
    StoreError, TenantTx,
    prices::{NextTrials, TakenPrice, TriedPrice},
};
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};

use crate::{Engine, carry, error::EngineError};

/// Prices that are asked about before the answers are kept: what a lost worker
/// has to ask again, and what is still asked after somebody stopped it.
const AT_ONCE: usize = 20;

/// So many times in a row before other checks have their turn.
const TURN: usize = 5;

/// So many attempts in a row that come to nothing end a check: with the waits
/// between them, some ten minutes of a platform being away.
const FRUITLESS_ATTEMPTS: i32 = 8;

/// Checks a push with the platform of one of its stores.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct PriceCheckJob {
    project: ProjectId,
    push: PricePushId,
    integration: IntegrationId,
}

impl TaskHandler for PriceCheckJob {
    const IDENTIFIER: &'static str = "price_check";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(engine) = context.get_ext::<Engine>() else {
            return Err("the worker was started without an engine".to_owned());
        };
        self.check(engine).await.map_err(|error| error.to_string())
    }
}

/// Puts the checks of a push with these stores in the queue.
///
/// # Errors
/// [`StoreError`].
pub async fn schedule_price_checks(
    tx: &mut TenantTx,
    push: PricePushId,
    stores: &[IntegrationId],
    sources: &Sources,
) -> Result<(), StoreError> {
    for store in stores {
        let job = PriceCheckJob {
            project: tx.project(),
            push,
            integration: *store,
        };
        job.enqueue(tx, Duration::ZERO, sources).await?;
    }
    Ok(())
}

/// What is left to do after a turn.
enum Turn {
    /// Every price was asked about.
    Done,
    /// There is more, and others may wait.
    More,
    /// Somebody stopped it.
    Over,
}

impl PriceCheckJob {
    /// Has a turn, and asks for the next one where there is more.
    async fn check(self, engine: &Engine) -> Result<(), EngineError> {
        let sources = &engine.settings.sources;
        let end = self.turn(engine).await;
        let mut tx = engine.settings.db.tenant(self.project).await?;
        match end {
            Ok(Turn::Over) => return Ok(()),
            Ok(Turn::Done) => {
                tx.end_price_check(self.push, self.integration, None, sources.now())
                    .await?;
            }
            Ok(Turn::More) | Err(EngineError::Stopping) => {
                self.enqueue(&mut tx, Duration::ZERO, sources).await?;
            }
            // The queue tries again once the database is there.
            Err(error @ EngineError::Store(_)) => return Err(error),
            Err(error) => self.came_to_nothing(&mut tx, &error, sources).await?,
        }
        Ok(tx.commit().await?)
    }

    /// What may go through later is tried again after a wait; anything else is
    /// for a person to see to.
    async fn came_to_nothing(
        self,
        tx: &mut TenantTx,
        error: &EngineError,
        sources: &Sources,
    ) -> Result<(), StoreError> {
        let why = error.to_string();
        if let EngineError::Connector(fault) = error
            && fault.is_retryable()
        {
            let attempts = tx
                .note_check_waits(self.push, self.integration, &why)
                .await?;
            match attempts {
                None => return Ok(()),
                Some(attempts) if attempts < FRUITLESS_ATTEMPTS => {
                    let wait = carry::wait_before(attempts, fault);
                    return self.enqueue(tx, wait, sources).await;
                }
                Some(_) => {}
            }
        }
        tracing::info!(
            %error, push = %self.push, integration = %self.integration, "prices were not checked"
        );
        tx.end_price_check(self.push, self.integration, Some(&why), sources.now())
            .await
    }

    async fn turn(self, engine: &Engine) -> Result<Turn, EngineError> {
        let db = &engine.settings.db;
        let mut tx = db.tenant(self.project).await?;
        let integration = tx
            .integration(self.integration)
            .await?
            .filter(|integration| integration.status != IntegrationStatus::Disconnected)
            .ok_or(EngineError::Disconnected)?;
        drop(tx);
        let can = engine
            .settings
            .registry
            .get(&integration.platform)
            .is_some_and(|connector| connector.info().can(Capability::DryRun));
        let store = engine.settings.keeper().open(&integration)?;
        let Some(target) = store.prices().filter(|_| can) else {
            return Ok(Turn::Done);
        };
        for _ in 0..TURN {
            let mut tx = db.tenant(self.project).await?;
            let next = tx
                .next_trials(
                    self.push,
                    self.integration,
                    AT_ONCE.min(target.batch_size()),
                )
                .await?;
            drop(tx);
            let prices = match next {
                NextTrials::Over => return Ok(Turn::Over),
                NextTrials::Ask(prices) if prices.is_empty() => return Ok(Turn::Done),
                NextTrials::Ask(prices) => prices,
            };
            let outcomes = tokio::select! {
                outcomes = try_out(target, &prices) => outcomes?,
                () = engine.stopping.cancelled() => return Err(EngineError::Stopping),
            };
            let tried: Vec<TriedPrice> = prices.iter().zip(outcomes).map(tried).collect();
            let mut tx = db.tenant(self.project).await?;
            if !tx.keep_trials(self.push, self.integration, &tried).await? {
                return Ok(Turn::Over);
            }
            tx.commit().await?;
        }
        Ok(Turn::More)
    }

    async fn enqueue(
        self,
        tx: &mut TenantTx,
        wait: Duration,
        sources: &Sources,
    ) -> Result<(), StoreError> {
        let payload = serde_json::json!({
            "project": self.project, "push": self.push, "integration": self.integration,
        });
        let key = format!("price_check:{}:{}", self.push, self.integration);
        let at = sources.now() + wait;
        tx.enqueue(Self::IDENTIFIER, &payload, &key, Some(at)).await
    }
}

/// What the platform would make of these prices, in their order.
async fn try_out(
    target: &dyn PriceTarget,
    prices: &[TakenPrice],
) -> Result<Vec<PushOutcome>, EngineError> {
    let changes: Vec<PriceChange> = prices.iter().map(carry::price_change).collect();
    let mut answer = target.push(&changes, PushMode::DryRun).await?;
    loop {
        match answer {
            PushAnswer::Done(outcomes) => return Ok(outcomes),
            PushAnswer::UnderWay { ticket, wait } => {
                tokio::time::sleep(wait).await;
                answer = target.follow_up(&ticket).await?;
            }
        }
    }
}

fn tried((price, outcome): (&TakenPrice, PushOutcome)) -> TriedPrice {
    let (result, code, message) = match outcome {
        PushOutcome::Accepted { note } => (Some(TrialResult::Accepted), None, note),
        // The platform said nothing of this price.
        PushOutcome::Refused(fault) if fault.class == FailureClass::Retryable => (None, None, None),
        PushOutcome::Refused(fault) => (
            Some(TrialResult::Refused),
            Some(fault.code.to_owned()),
            Some(fault.message),
        ),
    };
    TriedPrice {
        ordinal: price.ordinal,
        result,
        code,
        message,
    }
}
