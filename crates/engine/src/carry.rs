//! Carrying one run: from the claim to its end, or back to the queue.

mod items;
pub(crate) mod notes;
mod orders;
mod outcome;
mod phases;
mod prices;
mod read_ahead;
mod turns;

use std::{future::Future, time::Duration};

use calibr_connectors::{ConnectorError, Fault, waits};
use calibr_model::{
    ProjectId, SyncRunId,
    status::{IntegrationStatus, RunEvent, RunType, SyncStatus},
};
use calibr_store::{
    StoreError,
    runs::{ClaimedRun, Outcome, Requeue},
};
use tokio::time::Instant;

pub(crate) use self::prices::price_change;
use crate::{Engine, competitors, error::EngineError, retry, schedule, webhooks};

/// A lease is renewed this often; it holds for ten times as long. A run that a
/// person stops is left within this and the time of one call of the database.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// So many attempts in a row without a checkpoint end a run: with the waits
/// between them, some ten minutes of a store being away.
const FRUITLESS_ATTEMPTS: i32 = 8;

/// The longest wait between two attempts that the platform has not asked for.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How long a process that ends lets a run keep what it has read so far.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// How long a run waits for a database that takes no changes for the moment.
const DATABASE_AWAY: Duration = Duration::from_secs(5);

/// How long the end of an attempt waits for a database that is away. After it
/// the lease has lapsed, and the look-out takes the run up.
const PATIENCE_WITH_DATABASE: Duration = Duration::from_secs(20);

/// Why work on a run stops before its end.
enum Interruption {
    /// A person stopped it, or another worker has it.
    LeaseLost,
    /// This process ends, and the run did not stop by itself.
    Stopping,
}

/// Takes the run up whose turn it is, usually this one, and carries it as far as
/// it goes, or until it has to give way. What happens is kept in the run's row; an
/// error here is only a database that is away.
///
/// # Errors
/// [`EngineError::Store`].
pub(crate) async fn carry(
    engine: &Engine,
    project: ProjectId,
    run: SyncRunId,
) -> Result<(), EngineError> {
    let Some(mut run) = turns::take(engine, project, run).await? else {
        return Ok(());
    };
    // What ends this attempt alone, in the way in which the process would.
    let engine = &Engine {
        stopping: engine.stopping.child_token(),
        ..engine.clone()
    };
    tracing::info!(
        project = %run.project, run = %run.id, integration = %run.integration,
        phase = %run.phase, attempt = run.fruitless, "carrying a sync run"
    );
    let waits = notes::Waits::default();
    let heartbeat = heartbeat(engine, run.project, run.id, &waits);
    let listener = waits.listener(engine.settings.sources.clone());
    let working = waits::telling(listener, phases::work(engine, &mut run));
    let end = tokio::select! {
        worked = working => End::of(worked, &run),
        interruption = heartbeat => match interruption {
            Interruption::LeaseLost => End::Lost,
            Interruption::Stopping => End::HandedOver,
        },
    };
    settle(engine, &run, end).await
}

/// Renews the lease until there is a reason to stop.
async fn heartbeat(
    engine: &Engine,
    project: ProjectId,
    run: SyncRunId,
    waits: &notes::Waits,
) -> Interruption {
    let begun = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(HEARTBEAT) => {}
            () = engine.stopping.cancelled() => {
                tokio::time::sleep(LAST_WRITE).await;
                return Interruption::Stopping;
            }
        }
        let renewed = async {
            let mut tx = engine.settings.db.tenant(project).await?;
            tx.renew_lease(run, engine.worker).await?;
            waits.write(&mut tx, run).await?;
            tx.commit().await
        };
        match renewed.await {
            Ok(()) => {}
            Err(StoreError::LeaseLost) => return Interruption::LeaseLost,
            Err(error) => tracing::warn!(%error, %run, "the lease could not be renewed"),
        }
        if turns::gives_way(engine, project, begun.elapsed()).await {
            tracing::info!(%project, %run, "a sync run gives way to another project's");
            engine.stopping.cancel();
        }
    }
}

/// How an attempt ended.
enum End {
    /// The run is over.
    Finished(Outcome),
    /// The run is over by a fault, which says something of the store.
    Failed(EngineError),
    /// It may go through later.
    TriedAgain {
        error: EngineError,
        anew: bool,
        wait: Duration,
    },
    /// The console's own database takes no changes for the moment: why, in words.
    DatabaseAway(&'static str),
    /// The next process goes on from the checkpoint.
    HandedOver,
    /// It is no longer this worker's: a person stopped it, or another worker
    /// has it.
    Lost,
}

impl End {
    fn of(worked: Result<Outcome, EngineError>, run: &ClaimedRun) -> Self {
        let error = match worked {
            Ok(outcome) => return Self::Finished(outcome),
            Err(error) => error,
        };
        match &error {
            EngineError::Store(StoreError::LeaseLost) => Self::Lost,
            EngineError::Stopping => Self::HandedOver,
            // Not the run's fault: it goes on as soon as the database is there.
            EngineError::Store(fault) if fault.is_transient() => Self::DatabaseAway(fault.told()),
            EngineError::Connector(fault)
                if fault.is_retryable() && run.fruitless < FRUITLESS_ATTEMPTS =>
            {
                Self::TriedAgain {
                    anew: fault.fault == Fault::CheckpointLost,
                    wait: wait_before(run.fruitless, fault),
                    error,
                }
            }
            _ => Self::Failed(error),
        }
    }
}

/// The wait before the next attempt: twice as long each time, or as long as the
/// platform asks for.
pub(crate) fn wait_before(fruitless: i32, fault: &ConnectorError) -> Duration {
    let exponent = u32::try_from(fruitless).unwrap_or(0).min(16);
    let backoff = Duration::from_secs(1 << exponent).min(LONGEST_WAIT);
    fault.retry_after.unwrap_or_default().max(backoff)
}

/// Adds up to a quarter, so that runs that failed together do not come back
/// together.
pub(crate) fn jittered(engine: &Engine, wait: Duration) -> Duration {
    let [byte] = engine.settings.sources.bytes::<1>();
    wait + wait.mul_f64(f64::from(byte) / 1_024.0)
}

async fn settle(engine: &Engine, run: &ClaimedRun, end: End) -> Result<(), EngineError> {
    match end {
        End::Lost => {
            tracing::info!(run = %run.id, "this run was stopped, or another worker has it");
            Ok(())
        }
        End::Finished(outcome) => {
            tracing::info!(run = %run.id, status = %outcome.status, "a sync run ended");
            persistently(|| finish(engine, run, &outcome, None)).await
        }
        End::Failed(error) => {
            tracing::warn!(run = %run.id, code = error.code(), %error, "a sync run failed");
            let status = match &error {
                EngineError::Connector(fault) => fault.fault.integration_status(),
                EngineError::Vault(_) | EngineError::DataKeyMissing => {
                    Some(IntegrationStatus::Error)
                }
                _ => None,
            };
            let outcome = outcome::failed(&error);
            persistently(|| finish(engine, run, &outcome, status)).await
        }
        End::TriedAgain { error, anew, wait } => {
            let wait = jittered(engine, wait);
            tracing::info!(
                run = %run.id, code = error.code(), %error, seconds = wait.as_secs(),
                "a sync run is tried again"
            );
            let message = error.to_string();
            let again = Again {
                reason: Some((error.code(), &message)),
                event: RunEvent::TriedAgain,
                text: format!("{message} Trying again in {}.", notes::span(wait)),
                anew,
                wait,
                counts: true,
            };
            persistently(|| requeue(engine, run, &again)).await
        }
        End::DatabaseAway(why) => {
            let wait = jittered(engine, DATABASE_AWAY);
            tracing::warn!(run = %run.id, why, "a sync run waits for the database");
            let message = format!("{why} The sync goes on where it stopped when that is over.");
            let again = Again {
                reason: Some(("database_unavailable", &message)),
                event: RunEvent::TriedAgain,
                text: message.clone(),
                anew: false,
                wait,
                counts: false,
            };
            persistently(|| requeue(engine, run, &again)).await
        }
        End::HandedOver => {
            tracing::info!(run = %run.id, "a sync run is handed over");
            let again = Again {
                reason: None,
                event: RunEvent::HandedOver,
                text: "The process that carried it ends. Another goes on.".to_owned(),
                anew: false,
                wait: Duration::ZERO,
                counts: false,
            };
            persistently(|| requeue(engine, run, &again)).await
        }
    }
}

/// How a run goes back to the queue.
struct Again<'a> {
    /// Code and words of what went wrong.
    reason: Option<(&'a str, &'a str)>,
    event: RunEvent,
    text: String,
    /// Whether what was read does not count any more.
    anew: bool,
    wait: Duration,
    /// Whether it counts as an attempt.
    counts: bool,
}

async fn finish(
    engine: &Engine,
    run: &ClaimedRun,
    outcome: &Outcome,
    status: Option<IntegrationStatus>,
) -> Result<(), StoreError> {
    let now = engine.settings.sources.now();
    let mut tx = engine.settings.db.tenant(run.project).await?;
    webhooks::forget_what_was_deleted(engine, &mut tx, run).await?;
    tx.finish_run(run, outcome, now).await?;
    let told = outcome
        .error
        .as_deref()
        .unwrap_or("All of it came through.");
    tx.log_run(run.id, RunEvent::Ended, told, now).await?;
    if let Some(status) = status {
        tx.set_integration_status(run.integration, status, outcome.error.as_deref(), now)
            .await?;
        phases::notify_status(&mut tx, run.integration).await?;
    }
    // A run that came to its end with every price refused has left none waiting:
    // what waits was applied since.
    let broke_off = outcome.status == SyncStatus::Error
        && outcome.error_code.as_deref() != Some(outcome::PRICES_FAILED);
    if broke_off && run.r#type == RunType::Prices || status.is_some() {
        let (code, why) = (outcome.error_code.as_deref(), outcome.error.as_deref());
        let (code, why) = (
            code.unwrap_or("not_sent"),
            why.unwrap_or("It was not sent."),
        );
        tx.fail_waiting_prices(run.integration, code, why, now)
            .await?;
    } else {
        // What was applied after this run had looked.
        schedule::schedule_prices(&mut tx, run.integration, None, &engine.settings.sources).await?;
    }
    webhooks::came_to_an_end(engine, &mut tx, run, outcome).await?;
    retry::follow(engine, &mut tx, run, outcome).await?;
    if run.r#type.reads_changes() && outcome.status != SyncStatus::Error {
        competitors::begin(&mut tx, engine, run.integration).await?;
    }
    tx.commit().await
}

async fn requeue(engine: &Engine, run: &ClaimedRun, again: &Again<'_>) -> Result<(), StoreError> {
    let sources = &engine.settings.sources;
    let now = sources.now();
    let mut tx = engine.settings.db.tenant(run.project).await?;
    if again.anew {
        tx.drop_checkpoint(run.id, run.worker).await?;
    }
    tx.log_run(run.id, again.event, &again.text, now).await?;
    if again.anew {
        let text = "What was being read is read from the start.";
        tx.log_run(run.id, RunEvent::Anew, text, now).await?;
    }
    let back = Requeue {
        reason: again.reason,
        wait: again.wait,
        counts: again.counts,
    };
    tx.requeue_run(run.id, run.worker, &back, now).await?;
    schedule::enqueue(&mut tx, run.id, again.wait, sources).await?;
    tx.commit().await
}

/// Does it again while the database is away. A lease lost meanwhile is an end,
/// too: then another worker has done or will do it.
async fn persistently<F>(act: impl Fn() -> F) -> Result<(), EngineError>
where
    F: Future<Output = Result<(), StoreError>>,
{
    let patience = tokio::time::sleep(PATIENCE_WITH_DATABASE);
    tokio::pin!(patience);
    loop {
        match act().await {
            Ok(()) | Err(StoreError::LeaseLost) => return Ok(()),
            Err(error) if error.is_transient() => {
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(500)) => {}
                    () = &mut patience => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttled(seconds: Option<u64>) -> ConnectorError {
        ConnectorError::new(Fault::Throttled, "slow down")
            .retry_after(seconds.map(Duration::from_secs))
    }

    #[test]
    fn waits_double_up_to_a_bound() {
        let waits: Vec<u64> = (1..=10)
            .map(|attempt| wait_before(attempt, &throttled(None)).as_secs())
            .collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn what_the_platform_asks_for_is_waited() {
        assert_eq!(wait_before(1, &throttled(Some(90))).as_secs(), 90);
        assert_eq!(wait_before(7, &throttled(Some(90))).as_secs(), 128);
    }
}
