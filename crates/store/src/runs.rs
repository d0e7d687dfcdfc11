//! Sync runs: their life from queued to ended, and what is shown of them.

mod carry;
mod counts;
mod history;
mod lease;
mod log;
mod plan;
mod read;
mod retry;
mod turns;

pub(crate) use self::lease::LEASE_SECONDS;
pub use self::{
    carry::{Outcome, Requeue},
    counts::{CountPart, CountRow, CountSpan},
    history::RunFilter,
    lease::{Claim, ClaimedRun, FailedSoFar, Reclaimed},
    plan::{CatalogueSize, LastChanges},
    retry::{NewRetry, RetryCounts, RetryItem, RetryOutcome, RetrySelection, UntakenPrice},
};

use self::carry::Books;
use calibr_model::{
    IntegrationId, SyncRunId, UserId,
    event::{ProjectEvent, SyncProgress},
    status::{RunPhase, RunTrigger, RunType, SyncStatus},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{db::TenantTx, error::StoreError};

/// A run to put in the queue.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its id.
    pub id: SyncRunId,
    /// The integration.
    pub integration: IntegrationId,
    /// What it covers.
    pub r#type: RunType,
    /// Who asked.
    pub trigger: RunTrigger,
    /// The person, where a person asked.
    pub triggered_by: Option<UserId>,
    /// For an incremental run: changes at or after this moment are read.
    pub since: Option<DateTime<Utc>>,
    /// What it retries, where it does. A run of another type than `retry` reads
    /// everything for that.
    pub retry: Option<NewRetry>,
}

impl NewRun {
    /// The moment its id holds, so that a range of time is a range of ids.
    fn asked_at(&self) -> Option<DateTime<Utc>> {
        let (seconds, nanos) = self.id.0.get_timestamp()?.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }
}

impl TenantTx {
    /// Puts a run in the queue and tells the browsers. One that nobody asked for
    /// leaves the catalogue out where the settings say so. `false` where one is
    /// queued or under way already: nothing is added then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_run(&mut self, run: &NewRun, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "INSERT INTO sync_runs (project_id, id, integration_id, type, trigger, triggered_by,
                                    status, phase, queued_at, since, reads_catalogue,
                                    lease_until)
             SELECT $1, $2, i.id, $4, $5, $6, 'queued', 'authenticate', $7, $8,
                    $4 NOT IN ('prices', 'retry') AND (i.sync_products OR $5 IN ('person', 'retry')),
                    -- Looked at again should the job that is queued for it be lost.
                    now() + interval '60 seconds'
             FROM integrations i WHERE i.project_id = $1 AND i.id = $3
             ON CONFLICT (project_id, integration_id) WHERE status IN ('queued', 'syncing')
             DO NOTHING",
        )
        .bind(project)
        .bind(run.id.0)
        .bind(run.integration.0)
        .bind(run.r#type.as_str())
        .bind(run.trigger.as_str())
        .bind(run.triggered_by.map(|user| user.0))
        .bind(run.asked_at().unwrap_or(now))
        .bind(run.since)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(retry) = &run.retry {
            let counts = self.count_retry(run.integration, &retry.selection).await?;
            self.add_retry_items(run.id, run.integration, retry, &counts)
                .await?;
        }
        self.notify(ProjectEvent::SyncProgress(SyncProgress {
            integration_id: run.integration,
            run_id: run.id,
            status: SyncStatus::Queued,
            phase: RunPhase::Authenticate,
            items_synced: 0,
            items_failed: 0,
            items_expected: None,
            started_at: None,
            at: now,
        }))
        .await?;
        Ok(true)
    }

    /// Puts a piece of work for the workers into the job queue, in this
    /// transaction. A `key` keeps the same work from standing twice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enqueue(
        &mut self,
        task: &str,
        payload: &serde_json::Value,
        key: &str,
        run_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        sqlx::query("SELECT calibr_enqueue($1, $2::json, $3, $4)")
            .bind(task)
            .bind(payload.to_string())
            .bind(key)
            .bind(run_at)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Ends a queued or running run for a person. Its worker, if it has one,
    /// loses the lease with this transaction: nothing is written after it.
    /// `false` where there is no such active run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cancel_run(
        &mut self,
        run: SyncRunId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        self.lock_integration_of(run).await?;
        let integration: Option<Uuid> = sqlx::query_scalar(
            "UPDATE sync_runs
             SET status = 'cancelled', completed_at = greatest($3, started_at, queued_at),
                 error = NULL, error_code = NULL,
                 checkpoint = NULL, lease_owner = NULL, lease_until = NULL
             WHERE project_id = $1 AND id = $2 AND status IN ('queued', 'syncing')
             RETURNING integration_id",
        )
        .bind(project)
        .bind(run.0)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        let Some(integration) = integration else {
            return Ok(false);
        };
        self.close_books(run, integration.into(), Books::default(), now)
            .await?;
        self.notify_progress(run, now).await?;
        Ok(true)
    }

    /// Tells the browsers how a run stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notify_progress(
        &mut self,
        run: SyncRunId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(progress) = self.progress(run, now).await? {
            self.notify(ProjectEvent::SyncProgress(progress)).await?;
        }
        Ok(())
    }
}

/// The replica that carries a run: drawn anew by each process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerId(pub Uuid);
