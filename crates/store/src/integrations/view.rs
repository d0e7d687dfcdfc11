//! What is shown of connected stores.

use calibr_model::{
    IntegrationId, SyncRunId,
    event::SyncProgress,
    status::{RunPhase, SyncStatus},
    views::IntegrationView,
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{db::TenantTx, error::StoreError, rows::word};

#[derive(FromRow)]
struct ViewRow {
    id: uuid::Uuid,
    platform: String,
    name: String,
    address: String,
    status: String,
    status_detail: Option<String>,
    orders_refused: Option<String>,
    paused: bool,
    next_sync_at: Option<DateTime<Utc>>,
    watermark: Option<DateTime<Utc>>,
    last_sync_at: Option<DateTime<Utc>>,
    item_count: i64,
    created_at: DateTime<Utc>,
    read_at: DateTime<Utc>,
    run_id: Option<uuid::Uuid>,
    run_status: Option<String>,
    run_phase: Option<String>,
    run_synced: Option<i64>,
    run_failed: Option<i64>,
    run_expected: Option<i64>,
    run_started_at: Option<DateTime<Utc>>,
}

/// An integration with its latest run, found by the newest id.
macro_rules! view {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.platform, i.name, i.address, i.status, i.status_detail, i.paused,
                    i.orders_refused,
                    CASE WHEN NOT i.paused AND i.status IN ('connected', 'error')
                         THEN i.next_sync_at END AS next_sync_at,
                    i.watermark, i.last_sync_at, i.item_count, i.created_at, now() AS read_at,
                    r.id AS run_id, r.status AS run_status, r.phase AS run_phase,
                    r.items_created + r.items_updated + r.items_unchanged AS run_synced,
                    r.items_failed AS run_failed, r.items_expected AS run_expected,
                    r.started_at AS run_started_at
             FROM integrations i
             LEFT JOIN LATERAL (
                 SELECT * FROM sync_runs r
                 WHERE r.project_id = i.project_id AND r.integration_id = i.id
                 ORDER BY r.id DESC LIMIT 1
             ) r ON true
             WHERE i.project_id = $1 ",
            $rest
        )
    };
}

impl ViewRow {
    fn into_view(self) -> Result<IntegrationView, StoreError> {
        let sync_status = match &self.run_status {
            Some(status) => word("sync status", status)?,
            None => SyncStatus::Idle,
        };
        let progress = match (self.run_id, &self.run_phase) {
            (Some(run), Some(phase)) if sync_status.is_active() => Some(SyncProgress {
                integration_id: self.id.into(),
                run_id: SyncRunId(run),
                status: sync_status,
                phase: word::<RunPhase>("run phase", phase)?,
                items_synced: self.run_synced.unwrap_or_default(),
                items_failed: self.run_failed.unwrap_or_default(),
                items_expected: self.run_expected,
                started_at: self.run_started_at,
                at: self.read_at,
            }),
            _ => None,
        };
        Ok(IntegrationView {
            id: self.id.into(),
            platform: word("platform", &self.platform)?,
            name: self.name,
            address: self.address,
            status: word("integration status", &self.status)?,
            status_detail: self.status_detail,
            notice: self.orders_refused,
            sync_status,
            progress,
            last_sync_at: self.last_sync_at,
            next_sync_at: self.next_sync_at,
            data_fresh_as_of: self.watermark,
            item_count: self.item_count,
            paused: self.paused,
            created_at: self.created_at,
        })
    }
}

impl TenantTx {
    /// The project's integrations with their latest runs, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn integrations(&mut self) -> Result<Vec<IntegrationView>, StoreError> {
        let project = self.project().0;
        let rows: Vec<ViewRow> = sqlx::query_as(view!("ORDER BY i.created_at, i.id"))
            .bind(project)
            .fetch_all(self.conn())
            .await?;
        rows.into_iter().map(ViewRow::into_view).collect()
    }

    /// One integration with its latest run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn integration_view(
        &mut self,
        id: IntegrationId,
    ) -> Result<Option<IntegrationView>, StoreError> {
        let project = self.project().0;
        let row: Option<ViewRow> = sqlx::query_as(view!("AND i.id = $2"))
            .bind(project)
            .bind(id.0)
            .fetch_optional(self.conn())
            .await?;
        row.map(ViewRow::into_view).transpose()
    }
}
