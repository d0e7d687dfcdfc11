//! What a worker writes of a run under its lease, and how a run ends.

use std::time::Duration;

use calibr_model::{
    IntegrationId, SyncRunId,
    status::{FailureKind, RunPhase, RunType, SyncStatus},
};
use chrono::{DateTime, Utc};

use super::{ClaimedRun, LEASE_SECONDS, WorkerId};
use crate::{db::TenantTx, error::StoreError, failures::CATALOGUE_KINDS, rows::word};

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

/// How a run goes back to the queue.
#[derive(Debug, Clone, Copy)]
pub struct Requeue<'a> {
    /// Code and words of what went wrong, where anything did.
    pub reason: Option<(&'a str, &'a str)>,
    /// How long until it is taken up again.
    pub wait: Duration,
    /// Whether this counts among the attempts that brought nothing.
    pub counts: bool,
}

/// What a run that has ended says of its integration.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Books {
    /// Whether anything was read to the end.
    pub(super) came_through: bool,
    /// Every change before this moment is here; `None` where that cannot be
    /// said.
    pub(super) read_up_to: Option<DateTime<Utc>>,
    /// Whether that was everything the store has.
    pub(super) read_all: bool,
}

impl TenantTx {
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
        .bind(LEASE_SECONDS)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        sqlx::query(
            "UPDATE sync_run_phases SET ended_at = greatest($4, started_at)
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

    /// Gives a run back to the queue, to be taken up again.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn requeue_run(
        &mut self,
        run: SyncRunId,
        worker: WorkerId,
        back: &Requeue<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE sync_runs
             SET status = 'queued', lease_owner = NULL,
                 lease_until = now() + make_interval(secs => $6),
                 error_code = $4, error = $5,
                 fruitless = CASE WHEN $7 THEN fruitless ELSE greatest(fruitless - 1, 0) END
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'",
        )
        .bind(project)
        .bind(run.0)
        .bind(worker.0)
        .bind(back.reason.map(|(code, _)| code))
        .bind(back.reason.map(|(_, message)| message))
        .bind(back.wait.as_secs_f64() + LEASE_SECONDS)
        .bind(back.counts)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        self.notify_progress(run, now).await
    }

    /// Keeps what the store is asked with, so that the next worker sees where that
    /// was changed.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn note_settings(
        &mut self,
        run: SyncRunId,
        worker: WorkerId,
        hash: &[u8],
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE sync_runs SET config_hash = $4
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'",
        )
        .bind(project)
        .bind(run.0)
        .bind(worker.0)
        .bind(hash)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::LeaseLost);
        }
        Ok(())
    }

    /// Forgets where the phase stood and what failed in it: the next attempt
    /// reads from the start. What came through stays counted, once.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn drop_checkpoint(
        &mut self,
        run: SyncRunId,
        worker: WorkerId,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let phase: Option<String> = sqlx::query_scalar(
            "UPDATE sync_runs SET checkpoint = NULL
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'
             RETURNING phase",
        )
        .bind(project)
        .bind(run.0)
        .bind(worker.0)
        .fetch_optional(self.conn())
        .await?;
        let phase: RunPhase = word("run phase", &phase.ok_or(StoreError::LeaseLost)?)?;
        let kinds = match phase {
            RunPhase::PullOrders => &[FailureKind::Order.as_str()],
            RunPhase::PushPrices => return Ok(()),
            _ => CATALOGUE_KINDS,
        };
        // The failures keep their numbers, and new ones must not get the same:
        // the count goes on from the highest.
        sqlx::query(
            "WITH forgotten AS (
                 DELETE FROM item_failures
                 WHERE project_id = $1 AND run_id = $2 AND kind = ANY ($3)
                 RETURNING 1
             )
             UPDATE sync_runs
             SET items_failed = items_failed - (SELECT count(*) FROM forgotten),
                 -- Orders are counted each time they are read.
                 orders_read = CASE WHEN $4 THEN 0 ELSE orders_read END
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(run.0)
        .bind(kinds)
        .bind(phase == RunPhase::PullOrders)
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
        self.lock_integration_of(run.id).await?;
        let done = sqlx::query(
            "UPDATE sync_runs
             SET status = $4, error = $5, error_code = $6,
                 completed_at = greatest($7, started_at, queued_at), checkpoint = NULL,
                 lease_owner = NULL, lease_until = NULL
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
        let (came_through, is_whole) = match outcome.status {
            // Nothing was read.
            _ if run.r#type == RunType::Prices => (false, false),
            SyncStatus::Success | SyncStatus::Partial if !run.reads_catalogue => (true, false),
            SyncStatus::Success => (true, true),
            SyncStatus::Partial => (true, !self.may_bring_more(run.id).await?),
            _ => (false, false),
        };
        let read_up_to = match run.r#type {
            RunType::Retry => self.watermark_after_retry(run.id).await?,
            _ => is_whole.then_some(run.watermark),
        };
        let books = Books {
            came_through,
            read_up_to,
            read_all: is_whole && run.r#type == RunType::Full,
        };
        self.close_books(run.id, run.integration, books, now)
            .await?;
        self.notify_progress(run.id, now).await
    }

    /// Whether reading the same again may bring what this run did not: then the
    /// next one has to begin where this one did. What failed for good, or is
    /// parked, comes again when it is changed.
    async fn may_bring_more(&mut self, run: SyncRunId) -> Result<bool, StoreError> {
        let project = self.project().0;
        self.allow_nested_loops(false).await?;
        let may = sqlx::query_scalar(
            "SELECT coalesce(items_expected, 0)
                    > items_created + items_updated + items_unchanged + items_failed
                 OR EXISTS (SELECT FROM item_failures f
                            WHERE f.project_id = $1 AND f.run_id = $2 AND f.kind = ANY ($3)
                              AND f.class <> 'permanent'
                              AND NOT EXISTS (SELECT FROM failing_items b
                                              WHERE b.project_id = $1
                                                AND b.integration_id = r.integration_id
                                                AND b.kind = f.kind
                                                AND b.external_id = f.external_id
                                                AND b.parked_at IS NOT NULL))
             FROM sync_runs r WHERE r.project_id = $1 AND r.id = $2",
        )
        .bind(project)
        .bind(run.0)
        .bind(CATALOGUE_KINDS)
        .fetch_one(self.conn())
        .await?;
        self.allow_nested_loops(true).await?;
        Ok(may)
    }

    /// Locks the integration that a run belongs to, before the run itself: the
    /// order that all who write both keep to.
    pub(super) async fn lock_integration_of(&mut self, run: SyncRunId) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "SELECT FROM integrations
             WHERE project_id = $1
               AND id = (SELECT integration_id FROM sync_runs WHERE project_id = $1 AND id = $2)
             FOR NO KEY UPDATE",
        )
        .bind(project)
        .bind(run.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Closes what is open of a run that has ended, and sets the integration's
    /// figures by what is in the database.
    pub(super) async fn close_books(
        &mut self,
        run: SyncRunId,
        integration: IntegrationId,
        books: Books,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE sync_run_phases SET ended_at = greatest($3, started_at)
             WHERE project_id = $1 AND run_id = $2 AND ended_at IS NULL",
        )
        .bind(project)
        .bind(run.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        self.count_run(run).await?;
        sqlx::query("DELETE FROM sync_run_seen WHERE project_id = $1 AND run_id = $2")
            .bind(project)
            .bind(run.0)
            .execute(self.conn())
            .await?;
        sqlx::query(
            "UPDATE integrations
             SET item_count = (SELECT count(*) FROM listings l
                               WHERE l.project_id = $1 AND l.integration_id = $2
                                 AND l.state <> 'gone'),
                 last_sync_at = CASE WHEN $5 THEN $4 ELSE last_sync_at END,
                 watermark = CASE WHEN status = 'disconnected' THEN watermark
                                  ELSE greatest(watermark, $3) END,
                 full_sync_at = CASE WHEN $6 AND status <> 'disconnected' THEN now()
                                     ELSE full_sync_at END,
                 updated_at = $4
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(integration.0)
        .bind(books.read_up_to)
        .bind(now)
        .bind(books.came_through)
        .bind(books.read_all)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
