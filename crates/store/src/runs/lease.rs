//! The lease by which one worker at a time carries a run. Leases go by the
//! database's clock alone, so that replicas whose clocks differ agree.

use calibr_model::{
    IntegrationId, ProjectId, SyncRunId,
    status::{RunPhase, RunType},
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
pub(crate) const LEASE_SECONDS: f64 = 20.0;

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
    /// Whether it reads the catalogue at all.
    pub reads_catalogue: bool,
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
    /// Of what kind of record how many failed so far.
    pub failed: FailedSoFar,
    /// Items the store said it has.
    pub items_expected: Option<i64>,
    /// Orders read so far.
    pub orders_read: i64,
    /// Prices that the store took so far.
    pub prices_pushed: i64,
    /// When a worker first took it up, in UTC.
    pub started_at: DateTime<Utc>,
    /// Every change before this moment will be here at the end.
    pub watermark: DateTime<Utc>,
    /// Which retry in a row that nobody asked for; 0 where a person did, or where
    /// it is none.
    pub retry_number: i16,
    /// What the store was asked with when the run began.
    pub config_hash: Option<Vec<u8>>,
}

/// What became of a run that nobody has looked after for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reclaimed {
    /// Its worker was lost; it waits again.
    FromWorker,
    /// It waited already, and keeps its place.
    FromQueue,
}

/// What a run could not bring through, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct FailedSoFar {
    /// Products and variants.
    #[sqlx(rename = "listings_failed")]
    pub listings: i64,
    /// Orders.
    #[sqlx(rename = "orders_failed")]
    pub orders: i64,
    /// Prices.
    #[sqlx(rename = "prices_failed")]
    pub prices: i64,
    /// Items that a retry asked for and the store no longer had: no failure.
    #[sqlx(rename = "items_gone")]
    pub gone: i64,
}

#[derive(FromRow)]
struct ClaimRow {
    integration_id: uuid::Uuid,
    r#type: String,
    reads_catalogue: bool,
    phase: String,
    since: Option<DateTime<Utc>>,
    checkpoint: Option<serde_json::Value>,
    fruitless: i32,
    items_synced: i64,
    #[sqlx(flatten)]
    failed: FailedSoFar,
    items_expected: Option<i64>,
    orders_read: i64,
    prices_pushed: i64,
    started_at: DateTime<Utc>,
    watermark: DateTime<Utc>,
    retry_number: i16,
    config_hash: Option<Vec<u8>>,
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
                 -- A clock that was set back does not let it begin before it was
                 -- asked for, one that is ahead does not pass over what comes yet.
                 started_at = coalesce(started_at, greatest($4, queued_at)),
                 watermark = coalesce(watermark, least($4, now())),
                 error = NULL, error_code = NULL,
                 changes_told = coalesce(changes_told, (
                     SELECT i.changes_told FROM integrations i
                     WHERE i.project_id = $1 AND i.id = sync_runs.integration_id)),
                 lease_owner = $3, lease_until = now() + make_interval(secs => $5)
             WHERE project_id = $1 AND id = $2 AND status IN ('queued', 'syncing')
               AND (lease_owner IS NULL OR lease_until < now())
             RETURNING integration_id, type, reads_catalogue, phase, since, checkpoint, fruitless,
                       items_created + items_updated + items_unchanged AS items_synced,
                       items_expected, orders_read, prices_pushed, started_at,
                       watermark, retry_number, config_hash,
                       (SELECT count(*) FROM item_failures f WHERE f.project_id = $1
                        AND f.run_id = $2 AND f.kind IN ('listing', 'product')) AS listings_failed,
                       (SELECT count(*) FROM item_failures f WHERE f.project_id = $1
                        AND f.run_id = $2 AND f.kind = 'order') AS orders_failed,
                       (SELECT count(*) FROM item_failures f WHERE f.project_id = $1
                        AND f.run_id = $2 AND f.kind = 'price') AS prices_failed,
                       (SELECT count(*) FROM sync_run_items i WHERE i.project_id = $1
                        AND i.run_id = $2 AND i.outcome = 'gone') AS items_gone",
        )
        .bind(project.0)
        .bind(run.0)
        .bind(worker.0)
        .bind(now)
        .bind(LEASE_SECONDS)
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
            reads_catalogue: row.reads_catalogue,
            phase: word("run phase", &row.phase)?,
            since: row.since,
            checkpoint: row.checkpoint,
            fruitless: row.fruitless,
            items_synced: row.items_synced,
            failed: row.failed,
            items_expected: row.items_expected,
            orders_read: row.orders_read,
            prices_pushed: row.prices_pushed,
            started_at: row.started_at,
            watermark: row.watermark,
            retry_number: row.retry_number,
            config_hash: row.config_hash,
        })))
    }

    /// Renews the lease.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has it by now, or a person
    /// ended the run.
    pub async fn renew_lease(
        &mut self,
        run: SyncRunId,
        worker: WorkerId,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE sync_runs SET lease_until = now() + make_interval(secs => $4)
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'",
        )
        .bind(project)
        .bind(run.0)
        .bind(worker.0)
        .bind(LEASE_SECONDS)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        Ok(())
    }

    /// Puts a run whose worker was lost back in the queue, and looks after one that
    /// has waited for long. `None` where it has a worker after all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reclaim_lost_run(
        &mut self,
        run: SyncRunId,
        now: DateTime<Utc>,
    ) -> Result<Option<Reclaimed>, StoreError> {
        let project = self.project().0;
        let was_carried: Option<bool> = sqlx::query_scalar(
            "WITH lost AS (
                 SELECT status = 'syncing' AS was_carried FROM sync_runs
                 WHERE project_id = $1 AND id = $2 AND status IN ('queued', 'syncing')
                   AND lease_until < now()
                 FOR UPDATE
             )
             UPDATE sync_runs r
             SET status = 'queued', lease_owner = NULL,
                 due_at = CASE WHEN lost.was_carried THEN now() ELSE r.due_at END,
                 -- Looked at again should the job that is queued for it be lost too.
                 lease_until = now() + make_interval(secs => $3)
             FROM lost
             WHERE r.project_id = $1 AND r.id = $2
             RETURNING lost.was_carried",
        )
        .bind(project)
        .bind(run.0)
        .bind(LEASE_SECONDS)
        .fetch_optional(self.conn())
        .await?;
        Ok(match was_carried {
            None => None,
            Some(true) => {
                self.notify_progress(run, now).await?;
                Some(Reclaimed::FromWorker)
            }
            Some(false) => Some(Reclaimed::FromQueue),
        })
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
