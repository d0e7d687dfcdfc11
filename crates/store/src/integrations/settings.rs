//! What people set of an integration, and when the clock is to start its runs.

use calibr_model::{
    IntegrationId, ProjectId, UserId,
    settings::{Settings, SettingsView, TimeOfDay, Tuning},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::{FromRow, types::Json};

use crate::{
    db::{SystemTx, TenantTx},
    error::StoreError,
    rows::word,
};

/// What the clock goes by.
#[derive(Debug, Clone)]
pub struct Timetable {
    /// What is set.
    pub settings: Settings,
    /// The project's time zone.
    pub zone: Tz,
    /// Whether the clock is held back, or the store is one it does not start.
    pub held_back: bool,
    /// When the next run is due, in UTC.
    pub next_sync_at: Option<DateTime<Utc>>,
    /// When a run last read everything, in UTC.
    pub full_sync_at: Option<DateTime<Utc>>,
    /// This moment by the database's clock, which all replicas share.
    pub now: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    name: String,
    frequency: String,
    daily_at: i16,
    full_sync: String,
    sync_products: bool,
    sync_prices: bool,
    conflict_policy: String,
    dry_run: bool,
    tuning: Json<Tuning>,
    settings_version: i64,
    saved_by: Option<String>,
    settings_at: Option<DateTime<Utc>>,
    next_sync_at: Option<DateTime<Utc>>,
    full_sync_at: Option<DateTime<Utc>>,
    api_version: Option<String>,
    time_zone: String,
    held_back: bool,
    now: DateTime<Utc>,
}

impl Row {
    fn settings(&self) -> Result<Settings, StoreError> {
        let minutes = u16::try_from(self.daily_at).ok();
        Ok(Settings {
            name: self.name.clone(),
            frequency: word("frequency", &self.frequency)?,
            daily_at: minutes.and_then(TimeOfDay::of_minutes).ok_or_else(|| {
                StoreError::Corrupt {
                    what: "time of day",
                    reason: format!("{} is no minute of a day", self.daily_at),
                }
            })?,
            full_sync: word("full sync", &self.full_sync)?,
            sync_products: self.sync_products,
            sync_prices: self.sync_prices,
            conflict_policy: word("conflict policy", &self.conflict_policy)?,
            dry_run: self.dry_run,
            tuning: self.tuning.0.clone(),
        })
    }
}

impl TenantTx {
    async fn settings_row(&mut self, id: IntegrationId) -> Result<Option<Row>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_as(
            "SELECT i.name, i.frequency, i.daily_at, i.full_sync, i.sync_products, i.sync_prices,
                    i.conflict_policy, i.dry_run, i.tuning, i.settings_version,
                    u.name AS saved_by, i.settings_at, i.next_sync_at, i.full_sync_at,
                    i.api_version, p.time_zone, now() AS now,
                    i.paused OR i.status NOT IN ('connected', 'error') AS held_back
             FROM integrations i
             JOIN projects p ON p.id = i.project_id
             LEFT JOIN users u ON u.id = i.settings_by
             WHERE i.project_id = $1 AND i.id = $2",
        )
        .bind(project)
        .bind(id.0)
        .fetch_optional(self.conn())
        .await?)
    }

    /// The settings of an integration as people see them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settings(
        &mut self,
        id: IntegrationId,
    ) -> Result<Option<SettingsView>, StoreError> {
        let Some(row) = self.settings_row(id).await? else {
            return Ok(None);
        };
        Ok(Some(SettingsView {
            settings: row.settings()?,
            version: row.settings_version,
            saved_by: row.saved_by,
            saved_at: row.settings_at,
            next_sync_at: row.next_sync_at.filter(|_| !row.held_back),
            full_sync_at: row.full_sync_at,
            time_zone: row.time_zone,
            api_version: row.api_version,
        }))
    }

    /// What the clock goes by for an integration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn timetable(&mut self, id: IntegrationId) -> Result<Option<Timetable>, StoreError> {
        let Some(row) = self.settings_row(id).await? else {
            return Ok(None);
        };
        Ok(Some(Timetable {
            settings: row.settings()?,
            zone: word("time zone", &row.time_zone)?,
            held_back: row.held_back,
            next_sync_at: row.next_sync_at,
            full_sync_at: row.full_sync_at,
            now: row.now,
        }))
    }

    /// Saves settings, where they are still the version that was looked at.
    /// `false` where another save came first, or there is no such integration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_settings(
        &mut self,
        id: IntegrationId,
        version: i64,
        settings: &Settings,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE integrations
             SET name = $4, frequency = $5, daily_at = $6, full_sync = $7, sync_products = $8,
                 sync_prices = $9, conflict_policy = $10, dry_run = $11, tuning = $12,
                 settings_version = settings_version + 1, settings_by = $13, settings_at = $14,
                 updated_at = $14
             WHERE project_id = $1 AND id = $2 AND settings_version = $3",
        )
        .bind(project)
        .bind(id.0)
        .bind(version)
        .bind(&settings.name)
        .bind(settings.frequency.as_str())
        .bind(i16::try_from(settings.daily_at.minutes()).unwrap_or_default())
        .bind(settings.full_sync.as_str())
        .bind(settings.sync_products)
        .bind(settings.sync_prices)
        .bind(settings.conflict_policy.as_str())
        .bind(settings.dry_run)
        .bind(Json(&settings.tuning))
        .bind(by.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes when the clock is to start the next run.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_next_sync(
        &mut self,
        id: IntegrationId,
        at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query("UPDATE integrations SET next_sync_at = $3 WHERE project_id = $1 AND id = $2")
            .bind(project)
            .bind(id.0)
            .bind(at)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}

impl SystemTx {
    /// Integrations over all projects whose next run is due, the longest due
    /// first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_syncs(
        &mut self,
        most: u16,
    ) -> Result<Vec<(ProjectId, IntegrationId)>, StoreError> {
        let rows: Vec<(uuid::Uuid, uuid::Uuid)> =
            sqlx::query_as("SELECT project_id, integration_id FROM calibr_due_syncs($1)")
                .bind(i32::from(most))
                .fetch_all(self.conn())
                .await?;
        Ok(rows
            .into_iter()
            .map(|(project, integration)| (project.into(), integration.into()))
            .collect())
    }
}
