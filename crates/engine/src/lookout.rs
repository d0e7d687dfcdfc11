//! Looks out for runs whose worker was lost.

use std::time::Duration;

use calibr_model::{ProjectId, SyncRunId, status::RunEvent};
use calibr_store::StoreError;

use crate::{Engine, schedule};

/// A lost run is back in the queue within a lease and this.
const EVERY: Duration = Duration::from_secs(5);

/// Watches until the engine stops.
pub(crate) async fn watch(engine: Engine) {
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = clock.tick() => {}
            () = engine.stopping.cancelled() => return,
        }
        match look(&engine).await {
            Ok(()) => {}
            Err(error) if error.is_transient() => {
                tracing::debug!(%error, "the look-out waits for the database");
            }
            Err(error) => tracing::error!(%error, "the look-out for lost workers failed"),
        }
    }
}

async fn look(engine: &Engine) -> Result<(), StoreError> {
    let mut tx = engine.settings.db.system().await?;
    let lost = tx.lost_runs().await?;
    tx.commit().await?;
    for (project, run) in lost {
        reclaim(engine, project, run).await?;
    }
    Ok(())
}

async fn reclaim(engine: &Engine, project: ProjectId, run: SyncRunId) -> Result<(), StoreError> {
    let sources = &engine.settings.sources;
    let mut tx = engine.settings.db.tenant(project).await?;
    if tx.reclaim_lost_run(run, sources.now()).await? {
        let text = "Its worker was not heard of any more. Another takes it up.";
        tx.log_run(run, RunEvent::WorkerLost, text, sources.now())
            .await?;
        schedule::enqueue(&mut tx, run, Duration::ZERO, sources).await?;
        tx.commit().await?;
        tracing::warn!(%project, %run, "a run lost its worker and is back in the queue");
    }
    Ok(())
}
