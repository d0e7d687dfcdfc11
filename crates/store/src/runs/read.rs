//! What is shown of runs.

use calibr_model::{
    IntegrationId, SyncRunId,
    event::SyncProgress,
    status::{RunPhase, SyncStatus},
    views::{PhaseView, RunView},
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{db::TenantTx, error::StoreError, rows::word};

#[derive(FromRow)]
pub(super) struct RunRow {
    id: uuid::Uuid,
    integration_id: uuid::Uuid,
    integration_name: String,
    platform: String,
    r#type: String,
    trigger: String,
    triggered_by: Option<String>,
    status: String,
    phase: String,
    items_created: i64,
    items_updated: i64,
    items_unchanged: i64,
    items_removed: i64,
    items_failed: i64,
    items_expected: Option<i64>,
    orders_read: i64,
    prices_pushed: i64,
    queued_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    attempts: i32,
    error: Option<String>,
    error_code: Option<String>,
}

/// Reads runs; a statement's beginning, such as a common table, may stand before.
macro_rules! run {
    ($rest:literal) => {
        $crate::runs::read::run!("" $rest)
    };
    ($before:literal $rest:literal) => {
        concat!(
            $before,
            "SELECT r.id, r.integration_id, i.name AS integration_name, i.platform, r.type,
                    r.trigger, u.name AS triggered_by, r.status, r.phase, r.items_created,
                    r.items_updated, r.items_unchanged, r.items_removed, r.items_failed,
                    r.items_expected, r.orders_read, r.prices_pushed, r.queued_at, r.started_at, r.completed_at, r.attempts,
                    r.error, r.error_code
             FROM sync_runs r
             JOIN integrations i ON i.project_id = r.project_id AND i.id = r.integration_id
             LEFT JOIN users u ON u.id = r.triggered_by
             WHERE r.project_id = $1 ",
            $rest
        )
    };
}

impl RunRow {
    fn into_view(self) -> Result<RunView, StoreError> {
        Ok(RunView {
            id: self.id.into(),
            integration_id: self.integration_id.into(),
            integration_name: self.integration_name,
            platform: word("platform", &self.platform)?,
            r#type: word("run type", &self.r#type)?,
            trigger: word("run trigger", &self.trigger)?,
            triggered_by: self.triggered_by,
            status: word("sync status", &self.status)?,
            phase: word("run phase", &self.phase)?,
            items_synced: self.items_created + self.items_updated + self.items_unchanged,
            items_created: self.items_created,
            items_updated: self.items_updated,
            items_unchanged: self.items_unchanged,
            items_removed: self.items_removed,
            items_failed: self.items_failed,
            items_expected: self.items_expected,
            orders_read: self.orders_read,
            prices_pushed: self.prices_pushed,
            queued_at: self.queued_at,
            started_at: self.started_at,
            completed_at: self.completed_at,
            attempts: self.attempts,
            error: self.error,
            error_code: self.error_code,
        })
    }
}

pub(super) use run;

pub(super) fn views(rows: Vec<RunRow>) -> Result<Vec<RunView>, StoreError> {
    rows.into_iter().map(RunRow::into_view).collect()
}

impl TenantTx {
    /// The last runs over all integrations, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recent_runs(&mut self, limit: u16) -> Result<Vec<RunView>, StoreError> {
        let project = self.project().0;
        let rows: Vec<RunRow> = sqlx::query_as(run!("ORDER BY r.id DESC LIMIT $2"))
            .bind(project)
            .bind(i64::from(limit))
            .fetch_all(self.conn())
            .await?;
        views(rows)
    }

    /// One run of an integration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run(
        &mut self,
        integration: IntegrationId,
        run: SyncRunId,
    ) -> Result<Option<RunView>, StoreError> {
        let project = self.project().0;
        let row: Option<RunRow> = sqlx::query_as(run!("AND r.integration_id = $2 AND r.id = $3"))
            .bind(project)
            .bind(integration.0)
            .bind(run.0)
            .fetch_optional(self.conn())
            .await?;
        row.map(RunRow::into_view).transpose()
    }

    /// The run of an integration that is queued or under way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn active_run(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Option<RunView>, StoreError> {
        let project = self.project().0;
        let row: Option<RunRow> = sqlx::query_as(run!(
            "AND r.integration_id = $2 AND r.status IN ('queued', 'syncing')"
        ))
        .bind(project)
        .bind(integration.0)
        .fetch_optional(self.conn())
        .await?;
        row.map(RunRow::into_view).transpose()
    }

    /// The phases a run went through, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run_phases(&mut self, run: SyncRunId) -> Result<Vec<PhaseView>, StoreError> {
        let project = self.project().0;
        let rows: Vec<(String, DateTime<Utc>, Option<DateTime<Utc>>)> = sqlx::query_as(
            "SELECT phase, started_at, ended_at FROM sync_run_phases
             WHERE project_id = $1 AND run_id = $2",
        )
        .bind(project)
        .bind(run.0)
        .fetch_all(self.conn())
        .await?;
        let mut phases = rows
            .into_iter()
            .map(|(phase, started_at, ended_at)| {
                Ok(PhaseView {
                    phase: word::<RunPhase>("run phase", &phase)?,
                    started_at,
                    ended_at,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        phases.sort_by_key(|phase| phase.phase);
        Ok(phases)
    }

    pub(crate) async fn progress(
        &mut self,
        run: SyncRunId,
        now: DateTime<Utc>,
    ) -> Result<Option<SyncProgress>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            integration_id: uuid::Uuid,
            status: String,
            phase: String,
            items_synced: i64,
            items_failed: i64,
            items_expected: Option<i64>,
            started_at: Option<DateTime<Utc>>,
        }
        let project = self.project().0;
        let row: Option<Row> = sqlx::query_as(
            "SELECT integration_id, status, phase,
                    items_created + items_updated + items_unchanged AS items_synced,
                    items_failed, items_expected, started_at
             FROM sync_runs WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(run.0)
        .fetch_optional(self.conn())
        .await?;
        row.map(|row| {
            Ok(SyncProgress {
                integration_id: row.integration_id.into(),
                run_id: run,
                status: word::<SyncStatus>("sync status", &row.status)?,
                phase: word("run phase", &row.phase)?,
                items_synced: row.items_synced,
                items_failed: row.items_failed,
                items_expected: row.items_expected,
                started_at: row.started_at,
                at: now,
            })
        })
        .transpose()
    }
}
