//! Retries that nobody has to ask for: after a run of which some may go through
//! later, and after a change that may have mended what was parked.

use std::time::Duration;

use calibr_model::{
    IntegrationId, ProjectId, Sources, SyncRunId,
    platform::Capability,
    status::{FailureClass, IntegrationStatus, RunEvent, RunTrigger, RunType, SyncStatus},
    views::ParkedQuery,
};
use calibr_store::{
    StoreError, TenantTx,
    integrations::IntegrationRecord,
    runs::{ClaimedRun, NewRetry, Outcome, RetrySelection},
};
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};

use crate::{Engine, NewSync, carry::notes, schedule};

/// How long each retry that follows by itself waits; after the last none does.
const WAITS: [Duration; 3] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(25 * 60),
];

/// How long a retry waits for a run that is in its way.
const IN_THE_WAY: Duration = Duration::from_secs(30);

/// How long a retry waits after something was changed: more may be changed yet.
const AFTER_A_CHANGE: Duration = Duration::from_secs(5);

/// Asks for a retry of an integration.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct RetryJob {
    project: ProjectId,
    integration: IntegrationId,
    /// The run whose failures are retried; without one, whatever fails.
    of: Option<SyncRunId>,
    /// Which retry in a row that nobody asked for.
    number: i16,
}

impl TaskHandler for RetryJob {
    const IDENTIFIER: &'static str = "retry";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(engine) = context.get_ext::<Engine>() else {
            return Err("the worker was started without an engine".to_owned());
        };
        self.ask(engine).await.map_err(|error| error.to_string())
    }
}

impl RetryJob {
    async fn ask(self, engine: &Engine) -> Result<(), StoreError> {
        let sources = &engine.settings.sources;
        let mut tx = engine.settings.db.tenant(self.project).await?;
        let Some(integration) = tx.hold_integration(self.integration).await? else {
            return Ok(());
        };
        if !may_run_by_itself(engine, &integration) {
            return Ok(());
        }
        if let Some(active) = tx.active_run(self.integration).await? {
            // A run that reads decides at its own end what is retried then.
            if self.of.is_none() || !active.r#type.reads_changes() {
                self.enqueue(&mut tx, IN_THE_WAY, sources).await?;
                tx.commit().await?;
            }
            return Ok(());
        }
        if self.of.is_some() && tx.last_run_that_read(self.integration).await? != self.of {
            return Ok(());
        }
        let retry = NewRetry {
            selection: self.selection(),
            number: self.number,
        };
        let counts = tx.count_retry(self.integration, &retry.selection).await?;
        if counts.by_id() == 0 {
            return Ok(());
        }
        let wanted = NewSync {
            integration: self.integration,
            r#type: RunType::Retry,
            trigger: RunTrigger::Retry,
            triggered_by: None,
            watermark: None,
            retry: Some(retry),
        };
        if let Some(run) = schedule::schedule_run(&mut tx, wanted, sources).await? {
            tracing::info!(%run, integration = %self.integration, "a retry follows by itself");
        }
        tx.commit().await
    }

    fn selection(self) -> RetrySelection {
        RetrySelection {
            run: self.of,
            class: self.of.map(|_| FailureClass::Retryable),
            ..RetrySelection::default()
        }
    }

    async fn enqueue(
        self,
        tx: &mut TenantTx,
        wait: Duration,
        sources: &Sources,
    ) -> Result<(), StoreError> {
        let payload = serde_json::json!({
            "project": self.project,
            "integration": self.integration,
            "of": self.of,
            "number": self.number,
        });
        // What follows a run and what follows a change do not stand in for each
        // other.
        let cause = if self.of.is_some() { "run" } else { "change" };
        let key = format!("retry:{cause}:{}", self.integration);
        let at = sources.now() + wait;
        tx.enqueue(Self::IDENTIFIER, &payload, &key, Some(at)).await
    }
}

/// Whether runs that nobody asked for may begin, and could read single items.
fn may_run_by_itself(engine: &Engine, integration: &IntegrationRecord) -> bool {
    let can_be_read = matches!(
        integration.status,
        IntegrationStatus::Connected | IntegrationStatus::Error
    );
    let connector = engine.settings.registry.get(&integration.platform);
    can_be_read
        && !integration.paused
        && connector.is_some_and(|connector| connector.info().can(Capability::ReadById))
}

/// Lets a retry follow where a run came to its end and something of it may go
/// through later. Waits grow, and after the last retry none follows.
pub(crate) async fn follow(
    engine: &Engine,
    tx: &mut TenantTx,
    run: &ClaimedRun,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    let came_to_its_end = outcome.status == SyncStatus::Partial
        || outcome.error_code.as_deref() == Some("all_failed");
    if run.r#type == RunType::Prices || !came_to_its_end {
        return Ok(());
    }
    let Some(wait) = usize::try_from(run.retry_number)
        .ok()
        .and_then(|number| WAITS.get(number))
    else {
        return Ok(());
    };
    let Some(integration) = tx.integration(run.integration).await? else {
        return Ok(());
    };
    let job = RetryJob {
        project: run.project,
        integration: run.integration,
        of: Some(run.id),
        number: run.retry_number + 1,
    };
    let items = tx
        .count_retry(run.integration, &job.selection())
        .await?
        .by_id();
    if items == 0 || !may_run_by_itself(engine, &integration) {
        return Ok(());
    }
    let sources = &engine.settings.sources;
    let wait = super::carry::jittered(engine, *wait);
    job.enqueue(tx, wait, sources).await?;
    let text = notes::retry_follows(items, wait);
    tx.log_run(run.id, RunEvent::Note, &text, sources.now())
        .await
}

/// Takes up what was parked, because what the store is asked with has changed: a
/// retry reads it again soon.
///
/// # Errors
/// [`StoreError`].
pub async fn retry_what_was_parked(
    tx: &mut TenantTx,
    integration: IntegrationId,
    sources: &Sources,
) -> Result<(), StoreError> {
    if tx.unpark(integration, &ParkedQuery::default()).await? == 0 {
        return Ok(());
    }
    let job = RetryJob {
        project: tx.project(),
        integration,
        of: None,
        number: 1,
    };
    job.enqueue(tx, AFTER_A_CHANGE, sources).await
}
