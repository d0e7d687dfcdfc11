//! Sealed secrets that sign messages, where the subscriber may choose them.

use calibr_model::IntegrationId;
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{db::TenantTx, error::StoreError};

/// How many may have signed: the newest, and the one before it for messages that
/// are on their way while it is changed.
const KEPT: i64 = 2;

/// One secret as stored.
#[derive(Debug, Clone, FromRow)]
pub struct SealedWebhookSecret {
    /// Its id.
    pub id: Uuid,
    /// The data key that sealed it.
    pub data_key_id: Uuid,
    /// The sealed secret.
    pub sealed: Vec<u8>,
}

impl TenantTx {
    /// The secrets that may have signed a message, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook_secrets(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Vec<SealedWebhookSecret>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_as(
            "SELECT id, data_key_id, sealed FROM webhook_secrets
             WHERE project_id = $1 AND integration_id = $2
             ORDER BY created_at DESC, id DESC LIMIT $3",
        )
        .bind(project)
        .bind(integration.0)
        .bind(KEPT)
        .fetch_all(self.conn())
        .await?)
    }

    /// Keeps a new secret; those that are out of use by now go.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_webhook_secret(
        &mut self,
        integration: IntegrationId,
        secret: &SealedWebhookSecret,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO webhook_secrets (project_id, integration_id, id, data_key_id, sealed,
                                          created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(project)
        .bind(integration.0)
        .bind(secret.id)
        .bind(secret.data_key_id)
        .bind(&secret.sealed)
        .bind(now)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "DELETE FROM webhook_secrets
             WHERE project_id = $1 AND integration_id = $2 AND id NOT IN (
                 SELECT id FROM webhook_secrets WHERE project_id = $1 AND integration_id = $2
                 ORDER BY created_at DESC, id DESC LIMIT $3)",
        )
        .bind(project)
        .bind(integration.0)
        .bind(KEPT)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    pub(crate) async fn remove_webhook_secrets(
        &mut self,
        integration: IntegrationId,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query("DELETE FROM webhook_secrets WHERE project_id = $1 AND integration_id = $2")
            .bind(project)
            .bind(integration.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
