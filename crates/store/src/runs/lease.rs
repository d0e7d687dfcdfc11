//! The lease by which one worker at a time carries a run, and what it writes
//! under it. Leases go by the database's clock alone, so that replicas whose
//! clocks differ agree.

use std::time::Duration;

use calibr_model::{
    IntegrationId, ProjectId, SyncRunId,
    status::{RunPhase, RunType, SyncStatus},
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::WorkerId;
use crate::{
    db::{Db, SystemTx, TenantTx},
    error::StoreError,
    rows::word,
};

/// How long a lease holds unless it is renewed, in seconds.
const LEASE_SECONDS: i32 = 20;

/// What became of an attempt to take a run up.
#[derive(Debug)]
pub enum Claim {
    /// It is this worker's now.
    Claimed(Box<ClaimedRun>),
    /// Another worker carries it.
    Taken,
    /// It has ended, or is not there.
    Over,
}

/// A run as its worker needs it.
#[derive(Debug, Clone)]
pub struct ClaimedRun {
    /// The project.
    pub project: ProjectId,
    /// The run.
    pub id: SyncRunId,
    /// The integration.
    pub integration: IntegrationId,
    /// Who carries it.
    pub worker: WorkerId,
    /// What it covers.
    pub r#type: RunType,
    /// Where it stood.
    pub phase: RunPhase,
    /// For an incremental run: changes at or after this moment are read.
    pub since: Option<DateTime<Utc>>,
    /// Where the catalogue is taken up again.
    pub checkpoint: Option<serde_json::Value>,
    /// Attempts since the last checkpoint, this one included.
    pub fruitless: i32,
    /// Items that came through so far.
    pub items_synced: i64,
    /// Items that failed so far.
    pub items_failed: i64,
    /// Items the store said it has.
    pub items_expected: Option<i64>,
    /// When a worker first took it up, in UTC.
    pub started_at: DateTime<Utc>,
    /// Every change before this moment will be here at the end.
    pub watermark: DateTime<Utc>,
    /// Whether a person has asked for it to stop.
    pub cancel_requested: bool,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// `success`, `partial`, `error` or `cancelled`.
    pub status: SyncStatus,
    /// What went wrong and what to do.
    pub error: Option<String>,
    /// Its short code.
    pub error_code: Option<String>,
}

#[derive(FromRow)]
struct ClaimRow {
    integration_id: uuid::Uuid,
    r#type: String,
    phase: String,
    since: Option<DateTime<Utc>>,
    checkpoint: Option<serde_json::Value>,
    fruitless: i32,
    items_synced: i64,
    items_failed: i64,
    items_expected: Option<i64>,
    started_at: DateTime<Utc>,
    watermark: DateTime<Utc>,
    cancel_requested: bool,
}

impl TenantTx {
    /// Takes a run up for a worker, where no other worker's lease holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_run(
        &mut self,
        run: SyncRunId,
        worker: WorkerId,
        now: DateTime<Utc>,
    ) -> Result<Claim, StoreError> {
        let project = self.project();
        let row: Option<ClaimRow> = sqlx::query_as(
            "UPDATE sync_runs
             SET status = 'syncing', attempts = attempts + 1, fruitless = fruitless + 1,
                 started_at = coalesce(started_at, $4), watermark = coalesce(watermark, $4),
                 error = NULL, error_code = NULL,
                 lease_owner = $3, lease_until = now() + make_interval(secs => $5)
             WHERE project_id = $1 AND id = $2 AND status IN ('queued', 'syncing')
               AND (lease_owner IS NULL OR lease_until < now())
             RETURNING integration_id, type, phase, since, checkpoint, fruitless,
                       items_created + items_updated + items_unchanged AS items_synced,
                       items_failed, items_expected, started_at, watermark, cancel_requested",
        )
        .bind(project.0)
        .bind(run.0)
        .bind(worker.0)
        .bind(now)
        .bind(f64::from(LEASE_SECONDS))
        .fetch_optional(self.conn())
        .await?;
        let Some(row) = row else {
            let active: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM sync_runs WHERE project_id = $1 AND id = $2
                                AND status IN ('queued', 'syncing'))",
            )
            .bind(project.0)
            .bind(run.0)
            .fetch_one(self.conn())
            .await?;
            return Ok(if active { Claim::Taken } else { Claim::Over });
        };
        Ok(Claim::Claimed(Box::new(ClaimedRun {
            project,
            id: run,
            integration: row.integration_id.into(),
            worker,
            r#type: word("run type", &row.r#type)?,
            phase: word("run phase", &row.phase)?,
            since: row.since,
            checkpoint: row.checkpoint,
            fruitless: row.fruitless,
            items_synced: row.items_synced,
            items_failed: row.items_failed,
            items_expected: row.items_expected,
            started_at: row.started_at,
            watermark: row.watermark,
            cancel_requested: row.cancel_requested,
        })))
    }

    /// Renews the lease; gives whether a person has asked for the run to stop.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has it by now.
    pub async fn renew_lease(
        &mut self,
        run: SyncRunId,
        worker: WorkerId,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        sqlx::query_scalar(
            "UPDATE sync_runs SET lease_until = now() + make_interval(secs => $4)
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'
             RETURNING cancel_requested",
        )
        .bind(project)
        .bind(run.0)
        .bind(worker.0)
        .bind(f64::from(LEASE_SECONDS))
        .fetch_optional(self.conn())
        .await?
        .ok_or(StoreError::LeaseLost)
    }

    /// Moves a run into a phase and keeps the timeline. A new phase begins
    /// without a checkpoint.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn enter_phase(
        &mut self,
        run: SyncRunId,
        worker: WorkerId,
        phase: RunPhase,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE sync_runs
             SET phase = $4, checkpoint = CASE WHEN phase = $4 THEN checkpoint END,
                 lease_until = now() + make_interval(secs => $5)
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'",
        )
        .bind(project)
        .bind(run.0)
        .bind(worker.0)
        .bind(phase.as_str())
        .bind(f64::from(LEASE_SECONDS))
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        sqlx::query(
            "UPDATE sync_run_phases SET ended_at = $4
             WHERE project_id = $1 AND run_id = $2 AND phase <> $3 AND ended_at IS NULL",
        )
        .bind(project)
        .bind(run.0)
        .bind(phase.as_str())
        .bind(now)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "INSERT INTO sync_run_phases (project_id, run_id, phase, started_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (project_id, run_id, phase) DO UPDATE SET ended_at = NULL",
        )
        .bind(project)
        .bind(run.0)
        .bind(phase.as_str())
        .bind(now)
        .execute(self.conn())
        .await?;
        self.notify_progress(run, now).await
    }

    /// Gives a run back to the queue, with a word on why, to be taken up again
    /// after `wait`.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn requeue_run(
        &mut self,
        run: SyncRunId,
        worker: WorkerId,
        reason: Option<(&str, &str)>,
        wait: Duration,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE sync_runs
             SET status = 'queued', lease_owner = NULL,
                 lease_until = now() + make_interval(secs => $6),
                 error_code = $4, error = $5
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'",
        )
        .bind(project)
        .bind(run.0)
        .bind(worker.0)
        .bind(reason.map(|(code, _)| code))
        .bind(reason.map(|(_, message)| message))
        .bind(wait.as_secs_f64() + f64::from(LEASE_SECONDS))
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        self.notify_progress(run, now).await
    }

    /// Forgets where the catalogue stood and what failed: the next attempt reads
    /// it from the start. What came through stays counted, once.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn drop_checkpoint(
        &mut self,
        run: SyncRunId,
        worker: WorkerId,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE sync_runs SET checkpoint = NULL, items_failed = 0
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'",
        )
        .bind(project)
        .bind(run.0)
        .bind(worker.0)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        sqlx::query("DELETE FROM item_failures WHERE project_id = $1 AND run_id = $2")
            .bind(project)
            .bind(run.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Ends a run, sets the integration's figures by what is in the database,
    /// and tells the browsers.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn finish_run(
        &mut self,
        run: &ClaimedRun,
        outcome: &Outcome,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE sync_runs
             SET status = $4, error = $5, error_code = $6, completed_at = $7,
                 checkpoint = NULL, lease_owner = NULL, lease_until = NULL
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'",
        )
        .bind(project)
        .bind(run.id.0)
        .bind(run.worker.0)
        .bind(outcome.status.as_str())
        .bind(&outcome.error)
        .bind(&outcome.error_code)
        .bind(now)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        sqlx::query(
            "UPDATE sync_run_phases SET ended_at = $3
             WHERE project_id = $1 AND run_id = $2 AND ended_at IS NULL",
        )
        .bind(project)
        .bind(run.id.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        self.clear_seen(run.id).await?;
        let came_through = matches!(outcome.status, SyncStatus::Success | SyncStatus::Partial);
        sqlx::query(
            "UPDATE integrations
             SET item_count = (SELECT count(*) FROM listings l
                               WHERE l.project_id = $1 AND l.integration_id = $2
                                 AND l.state <> 'gone'),
                 last_sync_at = CASE WHEN $3 THEN $4 ELSE last_sync_at END,
                 watermark = CASE WHEN $3 AND status <> 'disconnected'
                                  THEN greatest(watermark, $5) ELSE watermark END,
                 updated_at = $4
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(run.integration.0)
        .bind(came_through)
        .bind(now)
        .bind(run.watermark)
        .execute(self.conn())
        .await?;
        self.notify_progress(run.id, now).await
    }

    /// Puts a run whose worker was lost back in the queue. `false` where it has
    /// a worker after all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reclaim_lost_run(
        &mut self,
        run: SyncRunId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE sync_runs
             SET status = 'queued', lease_owner = NULL,
                 -- Looked at again should the job that is queued for it be lost too.
                 lease_until = now() + make_interval(secs => $3)
             WHERE project_id = $1 AND id = $2 AND status IN ('queued', 'syncing')
               AND lease_until < now()",
        )
        .bind(project)
        .bind(run.0)
        .bind(f64::from(LEASE_SECONDS))
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.notify_progress(run, now).await?;
        Ok(true)
    }
}

impl SystemTx {
    /// Runs over all projects whose worker has not renewed its lease.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lost_runs(&mut self) -> Result<Vec<(ProjectId, SyncRunId)>, StoreError> {
        let rows: Vec<(uuid::Uuid, uuid::Uuid)> =
            sqlx::query_as("SELECT project_id, run_id FROM calibr_lost_runs()")
                .fetch_all(self.conn())
                .await?;
        Ok(rows
            .into_iter()
            .map(|(project, run)| (ProjectId(project), SyncRunId(run)))
            .collect())
    }
}

impl Db {
    /// Ends every lease, because no worker of an earlier process can be alive:
    /// only where one process has the database to itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_all_leases(&self) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "UPDATE sync_runs SET lease_until = now() - interval '1 second'
             WHERE status = 'syncing'",
        )
        .execute(self.owner_pool())
        .await?;
        Ok(done.rows_affected())
    }
}
