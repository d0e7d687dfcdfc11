//! Starts the runs that the clock asks for, one for each integration however many
//! replicas look.

use std::time::Duration;

use calibr_model::{IntegrationId, ProjectId, event::ProjectEvent, status::RunTrigger};
use calibr_store::StoreError;

use crate::{
    Engine, NewSync, rounds, schedule_run,
    timetable::{next_run, run_type},
};

/// How often the database is asked whose turn it is.
const EVERY: Duration = Duration::from_secs(5);

/// Integrations that are started in one go.
const AT_ONCE: u16 = 100;

/// Watches until the engine stops.
pub(crate) async fn watch(engine: Engine) {
    rounds::go(engine, EVERY, "scheduler", look).await;
}

async fn look(engine: Engine) -> Result<(), StoreError> {
    let engine = &engine;
    loop {
        let mut tx = engine.settings.db.system().await?;
        let due = tx.due_syncs(AT_ONCE).await?;
        tx.commit().await?;
        let all = due.len() < usize::from(AT_ONCE);
        for (project, integration) in due {
            start(engine, project, integration).await?;
        }
        if all || engine.stopping.is_cancelled() {
            return Ok(());
        }
    }
}

/// Starts the run that is due, unless another replica just did. However many were
/// missed, it is one; where a run is under way, that one serves.
async fn start(engine: &Engine, project: ProjectId, id: IntegrationId) -> Result<(), StoreError> {
    let mut tx = engine.settings.db.tenant(project).await?;
    let Some(integration) = tx.hold_integration(id).await? else {
        return Ok(());
    };
    let Some(timetable) = tx.timetable(id).await? else {
        return Ok(());
    };
    let is_due = timetable.next_sync_at.is_some_and(|at| at <= timetable.now);
    if timetable.held_back || !is_due {
        return Ok(());
    }
    let next = next_run(&timetable.settings, timetable.zone, id, timetable.now);
    tx.set_next_sync(id, next).await?;
    let wanted = NewSync {
        integration: id,
        r#type: run_type(&timetable),
        trigger: RunTrigger::Schedule,
        triggered_by: None,
        watermark: integration.watermark,
        retry: None,
    };
    let run = schedule_run(&mut tx, wanted, &engine.settings.sources).await?;
    tx.notify(ProjectEvent::IntegrationChanged {
        integration_id: id,
        status: integration.status,
    })
    .await?;
    tx.commit().await?;
    match run {
        Some(run) => tracing::info!(%project, integration = %id, %run, "the clock started a run"),
        None => {
            tracing::info!(%project, integration = %id, "a run is under way when the clock asks")
        }
    }
    Ok(())
}
