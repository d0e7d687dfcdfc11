//! Connected stores.

mod settings;
mod view;

pub use self::settings::Timetable;

use std::collections::BTreeMap;

use calibr_model::{
    Currency, IntegrationId, PlatformId, ProjectId, UserId,
    settings::{ConflictPolicy, Tuning},
    status::IntegrationStatus,
};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, types::Json};

use crate::{db::TenantTx, error::StoreError, rows::word};

/// A connected store as the engine and the connectors need it.
#[derive(Debug, Clone)]
pub struct IntegrationRecord {
    /// Its id.
    pub id: IntegrationId,
    /// Its project.
    pub project: ProjectId,
    /// Its platform.
    pub platform: PlatformId,
    /// What the merchant calls it.
    pub name: String,
    /// What makes it the same store when it is connected again.
    pub store_key: String,
    /// Where it is, for people.
    pub address: String,
    /// What was entered that is no secret, in normal form.
    pub config: BTreeMap<String, String>,
    /// Whether it can be reached.
    pub status: IntegrationStatus,
    /// The currency of its prices, once it has answered.
    pub currency: Option<Currency>,
    /// Everything it changed before this moment (UTC) is here.
    pub watermark: Option<DateTime<Utc>>,
    /// Listings it has in the console.
    pub item_count: i64,
    /// Whether runs that nobody asked for are held back.
    pub paused: bool,
    /// Whether runs that nobody asked for read the catalogue.
    pub sync_products: bool,
    /// Whether runs that nobody asked for send prices that are wanted.
    pub sync_prices: bool,
    /// Who is right where both sides changed a field.
    pub conflict_policy: ConflictPolicy,
    /// Whether prices are only checked and never sent.
    pub dry_run: bool,
    /// How the store is called.
    pub tuning: Tuning,
}

#[derive(FromRow)]
struct RecordRow {
    project_id: uuid::Uuid,
    id: uuid::Uuid,
    platform: String,
    name: String,
    store_key: String,
    address: String,
    config: Json<BTreeMap<String, String>>,
    status: String,
    currency: Option<String>,
    watermark: Option<DateTime<Utc>>,
    item_count: i64,
    paused: bool,
    sync_products: bool,
    sync_prices: bool,
    conflict_policy: String,
    dry_run: bool,
    tuning: Json<Tuning>,
}

macro_rules! record {
    ($rest:literal) => {
        concat!(
            "SELECT project_id, id, platform, name, store_key, address, config, status, currency,
                    watermark, item_count, paused, sync_products, sync_prices, conflict_policy,
                    dry_run, tuning
             FROM integrations WHERE project_id = $1 AND ",
            $rest
        )
    };
}

impl RecordRow {
    fn into_record(self) -> Result<IntegrationRecord, StoreError> {
        Ok(IntegrationRecord {
            id: self.id.into(),
            project: self.project_id.into(),
            platform: word("platform", &self.platform)?,
            name: self.name,
            store_key: self.store_key,
            address: self.address,
            config: self.config.0,
            status: word("integration status", &self.status)?,
            currency: self
                .currency
                .map(|code| word("currency", &code))
                .transpose()?,
            watermark: self.watermark,
            item_count: self.item_count,
            paused: self.paused,
            sync_products: self.sync_products,
            sync_prices: self.sync_prices,
            conflict_policy: word("conflict policy", &self.conflict_policy)?,
            dry_run: self.dry_run,
            tuning: self.tuning.0,
        })
    }
}

/// A store to add.
#[derive(Debug, Clone)]
pub struct NewIntegration<'a> {
    /// Its id.
    pub id: IntegrationId,
    /// Its platform.
    pub platform: &'a PlatformId,
    /// What the merchant calls it.
    pub name: &'a str,
    /// What makes it the same store when it is connected again.
    pub store_key: &'a str,
    /// Where it is, for people.
    pub address: &'a str,
    /// What was entered that is no secret, in normal form.
    pub config: &'a BTreeMap<String, String>,
    /// Who connects it.
    pub connected_by: UserId,
}

impl TenantTx {
    /// One integration as the engine needs it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn integration(
        &mut self,
        id: IntegrationId,
    ) -> Result<Option<IntegrationRecord>, StoreError> {
        let project = self.project().0;
        let row: Option<RecordRow> = sqlx::query_as(record!("id = $2"))
            .bind(project)
            .bind(id.0)
            .fetch_optional(self.conn())
            .await?;
        row.map(RecordRow::into_record).transpose()
    }

    /// The same, held as it is until the transaction ends: nobody disconnects it
    /// meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold_integration(
        &mut self,
        id: IntegrationId,
    ) -> Result<Option<IntegrationRecord>, StoreError> {
        let project = self.project().0;
        sqlx::query("SELECT FROM integrations WHERE project_id = $1 AND id = $2 FOR NO KEY UPDATE")
            .bind(project)
            .bind(id.0)
            .execute(self.conn())
            .await?;
        self.integration(id).await
    }

    /// The integration of a store, also a disconnected one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn integration_of_store(
        &mut self,
        platform: &PlatformId,
        store_key: &str,
    ) -> Result<Option<IntegrationRecord>, StoreError> {
        let project = self.project().0;
        let row: Option<RecordRow> = sqlx::query_as(record!("platform = $2 AND store_key = $3"))
            .bind(project)
            .bind(platform.as_str())
            .bind(store_key)
            .fetch_optional(self.conn())
            .await?;
        row.map(RecordRow::into_record).transpose()
    }

    /// Adds a store, as `pending`.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where the store is there already.
    pub async fn add_integration(
        &mut self,
        new: &NewIntegration<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO integrations (project_id, id, platform, name, store_key, address, config,
                                       status, connected_by, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $9)",
        )
        .bind(project)
        .bind(new.id.0)
        .bind(new.platform.as_str())
        .bind(new.name)
        .bind(new.store_key)
        .bind(new.address)
        .bind(Json(new.config))
        .bind(new.connected_by.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Connects a store that is there already anew: the same id, so that its
    /// listings and history stay its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revive_integration(
        &mut self,
        revived: &NewIntegration<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE integrations
             SET name = $3, address = $4, config = $5, status = 'pending', status_detail = NULL,
                 connected_by = $6, paused = false, webhooks_checked_at = NULL,
                 updated_at = $7
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(revived.id.0)
        .bind(revived.name)
        .bind(revived.address)
        .bind(Json(revived.config))
        .bind(revived.connected_by.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Notes what the store says of itself: it is connected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn integration_answered(
        &mut self,
        id: IntegrationId,
        currency: Currency,
        api_version: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE integrations
             SET status = 'connected', status_detail = NULL, currency = $3, api_version = $4,
                 updated_at = $5
             WHERE project_id = $1 AND id = $2 AND status <> 'disconnected'",
        )
        .bind(project)
        .bind(id.0)
        .bind(currency.code())
        .bind(api_version)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Sets the status with a word to the merchant; a disconnected integration
    /// stays that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_integration_status(
        &mut self,
        id: IntegrationId,
        status: IntegrationStatus,
        detail: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE integrations SET status = $3, status_detail = $4, updated_at = $5
             WHERE project_id = $1 AND id = $2 AND status <> 'disconnected'",
        )
        .bind(project)
        .bind(id.0)
        .bind(status.as_str())
        .bind(detail)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Gives an integration another name. `false` where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rename_integration(
        &mut self,
        id: IntegrationId,
        name: &str,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE integrations
             SET name = $3, updated_at = $4, settings_version = settings_version + 1,
                 settings_by = $5, settings_at = $4
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(id.0)
        .bind(name)
        .bind(now)
        .bind(by.0)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes where a store is by now.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where another integration is of that store.
    pub async fn move_integration(
        &mut self,
        id: IntegrationId,
        store_key: &str,
        address: &str,
        config: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE integrations SET store_key = $3, address = $4, config = $5, updated_at = $6
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(id.0)
        .bind(store_key)
        .bind(address)
        .bind(Json(config))
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Holds runs by the clock back, or lets them go.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_integration_paused(
        &mut self,
        id: IntegrationId,
        paused: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE integrations SET paused = $3, updated_at = $4
             WHERE project_id = $1 AND id = $2 AND status <> 'disconnected'",
        )
        .bind(project)
        .bind(id.0)
        .bind(paused)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Disconnects: the credentials and their data keys go, listings, products
    /// and history stay. Gives the number of listings that stay, `None` where
    /// there is no such integration or it is disconnected already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disconnect_integration(
        &mut self,
        id: IntegrationId,
        now: DateTime<Utc>,
    ) -> Result<Option<i64>, StoreError> {
        let project = self.project().0;
        let kept: Option<i64> = sqlx::query_scalar(
            "UPDATE integrations
             SET status = 'disconnected', status_detail = NULL, watermark = NULL,
                 webhooks_checked_at = NULL, next_sync_at = NULL, full_sync_at = NULL,
                 updated_at = $3
             WHERE project_id = $1 AND id = $2 AND status <> 'disconnected'
             RETURNING item_count",
        )
        .bind(project)
        .bind(id.0)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        if kept.is_some() {
            self.remove_credentials(id).await?;
            self.forget_subscriptions(id).await?;
        }
        Ok(kept)
    }
}
