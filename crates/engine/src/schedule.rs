//! Putting runs in the queue.

use std::time::Duration;

use calibr_model::{
    IntegrationId, Sources, SyncRunId, UserId,
    status::{RunTrigger, RunType},
};
use calibr_store::{
    StoreError, TenantTx,
    runs::{NewRetry, NewRun},
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::queue::SyncRunJob;

/// Clocks differ, and a store's search index lags behind its writes: an
/// incremental run reads again what changed this long before the watermark.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// A run that is wanted.
#[derive(Debug, Clone)]
pub struct NewSync {
    /// The integration.
    pub integration: IntegrationId,
    /// What it covers; an incremental run without a watermark becomes a full
    /// one.
    pub r#type: RunType,
    /// Who asked.
    pub trigger: RunTrigger,
    /// The person, where a person asked.
    pub triggered_by: Option<UserId>,
    /// The integration's watermark (UTC).
    pub watermark: Option<DateTime<Utc>>,
    /// What it retries, where it does.
    pub retry: Option<NewRetry>,
}

/// Makes a run and its job in one transaction. `None` where the integration has
/// a run queued or under way already.
///
/// # Errors
/// [`StoreError`].
pub async fn schedule_run(
    tx: &mut TenantTx,
    wanted: NewSync,
    sources: &Sources,
) -> Result<Option<SyncRunId>, StoreError> {
    schedule_run_in(tx, wanted, Duration::ZERO, sources).await
}

/// The same, to be taken up after `wait`, which is short: some seconds.
pub(crate) async fn schedule_run_in(
    tx: &mut TenantTx,
    wanted: NewSync,
    wait: Duration,
    sources: &Sources,
) -> Result<Option<SyncRunId>, StoreError> {
    let since = match wanted.r#type {
        RunType::Full | RunType::Prices | RunType::Retry => None,
        RunType::Incremental => wanted.watermark.map(|watermark| watermark - OVERLAP),
    };
    let run = NewRun {
        id: sources.id(),
        integration: wanted.integration,
        r#type: match wanted.r#type {
            RunType::Incremental if since.is_none() => RunType::Full,
            other => other,
        },
        trigger: wanted.trigger,
        triggered_by: wanted.triggered_by,
        since,
        retry: wanted.retry,
    };
    if !tx.add_run(&run, sources.now()).await? {
        return Ok(None);
    }
    enqueue(tx, run.id, wait, sources).await?;
    Ok(Some(run.id))
}

/// Makes a run that pushes the prices that wait for an integration, where any
/// do. One that is under way takes them along or makes such a run at its end:
/// both hold the integration's row while they look.
///
/// # Errors
/// [`StoreError`].
pub async fn schedule_prices(
    tx: &mut TenantTx,
    integration: IntegrationId,
    triggered_by: Option<UserId>,
    sources: &Sources,
) -> Result<Option<SyncRunId>, StoreError> {
    if !tx.has_waiting_prices(integration).await? {
        return Ok(None);
    }
    let wanted = NewSync {
        integration,
        r#type: RunType::Prices,
        trigger: RunTrigger::Person,
        triggered_by,
        watermark: None,
        retry: None,
    };
    schedule_run(tx, wanted, sources).await
}

/// Puts a run's job in the queue, to be taken after `wait`.
pub(crate) async fn enqueue(
    tx: &mut TenantTx,
    run: SyncRunId,
    wait: Duration,
    sources: &Sources,
) -> Result<(), StoreError> {
    tx.set_run_due(run, wait).await?;
    let run_at = (!wait.is_zero()).then(|| sources.now() + wait);
    add_job(tx, run, run_at).await
}

/// Puts the job of a run that waits already in the queue once more: the run keeps
/// its place.
pub(crate) async fn enqueue_again(tx: &mut TenantTx, run: SyncRunId) -> Result<(), StoreError> {
    add_job(tx, run, None).await
}

async fn add_job(
    tx: &mut TenantTx,
    run: SyncRunId,
    run_at: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    let job = SyncRunJob {
        project: tx.project(),
        run,
    };
    let key = format!("run:{run}");
    tx.enqueue(SyncRunJob::TASK, &job.payload(), &key, run_at)
        .await
}
