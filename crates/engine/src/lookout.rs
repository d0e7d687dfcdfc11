//! Looks out for what was left behind: runs whose worker was lost, previews of
//! prices that nobody prepares any more or that nobody applied.

use std::time::Duration;

use calibr_model::{PricePushId, ProjectId, SyncRunId, status::RunEvent};
use calibr_store::{StoreError, prices::Overdue, runs::Reclaimed};
use chrono::TimeDelta;

use crate::{Engine, rounds, schedule};

/// A lost run is back in the queue within a lease and this.
const EVERY: Duration = Duration::from_secs(5);

/// A preview of prices that is older is not applied any more.
pub const PREVIEW_HOLDS: TimeDelta = TimeDelta::hours(24);

/// Whoever prepares a preview says so every few seconds. One that said nothing
/// for this long was left behind.
const SILENCE: TimeDelta = TimeDelta::minutes(1);

/// Watches until the engine stops.
pub(crate) async fn watch(engine: Engine) {
    rounds::go(engine, EVERY, "look-out for lost workers", look).await;
}

async fn look(engine: Engine) -> Result<(), StoreError> {
    let engine = &engine;
    let now = engine.settings.sources.now();
    let overdue = Overdue {
        silent_since: now - SILENCE,
        made_before: now - PREVIEW_HOLDS,
    };
    let mut tx = engine.settings.db.system().await?;
    let lost = tx.lost_runs().await?;
    let pushes = tx.overdue_price_pushes(overdue).await?;
    tx.commit().await?;
    for (project, run) in lost {
        reclaim(engine, project, run).await?;
    }
    for (project, push) in pushes {
        end_push(engine, project, push, overdue).await?;
    }
    Ok(())
}

async fn end_push(
    engine: &Engine,
    project: ProjectId,
    push: PricePushId,
    overdue: Overdue,
) -> Result<(), StoreError> {
    let now = engine.settings.sources.now();
    let mut tx = engine.settings.db.tenant(project).await?;
    if let Some(status) = tx.end_overdue_price_push(push, overdue, now).await? {
        tx.commit().await?;
        tracing::info!(%project, %push, %status, "a price push was overdue");
    }
    Ok(())
}

async fn reclaim(engine: &Engine, project: ProjectId, run: SyncRunId) -> Result<(), StoreError> {
    let sources = &engine.settings.sources;
    let mut tx = engine.settings.db.tenant(project).await?;
    let Some(reclaimed) = tx.reclaim_lost_run(run, sources.now()).await? else {
        return Ok(());
    };
    if reclaimed == Reclaimed::FromWorker {
        let text = "Its worker was not heard of any more. Another takes it up.";
        tx.log_run(run, RunEvent::WorkerLost, text, sources.now())
            .await?;
    }
    schedule::enqueue_again(&mut tx, run).await?;
    tx.commit().await?;
    match reclaimed {
        Reclaimed::FromWorker => {
            tracing::warn!(%project, %run, "a run lost its worker and is back in the queue");
        }
        Reclaimed::FromQueue => {
            tracing::debug!(%project, %run, "a run still waits for a worker");
        }
    }
    Ok(())
}
