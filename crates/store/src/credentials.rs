//! Sealed credentials and the sealed data keys that seal them. Nothing here can
//! open them.

use calibr_model::{IntegrationId, UserId, credential::CredentialView};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{db::TenantTx, error::StoreError};

/// One credential as stored.
#[derive(Debug, Clone, FromRow)]
pub struct SealedCredential {
    /// The field.
    pub field: String,
    /// The data key that sealed it.
    pub data_key_id: Uuid,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// The last four characters, where they may be shown.
    pub ends_in: Option<String>,
    /// When the whole set stops working, in UTC.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A data key as stored.
#[derive(Debug, Clone, FromRow)]
pub struct SealedDataKeyRecord {
    /// Its id.
    pub id: Uuid,
    /// The master key that sealed it.
    pub key_id: String,
    /// The sealed key.
    pub sealed: Vec<u8>,
}

impl TenantTx {
    /// An integration's data key, the newest where there are several; locks it
    /// against a change until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn data_key(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Option<SealedDataKeyRecord>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_as(
            "SELECT id, key_id, sealed FROM data_keys
             WHERE project_id = $1 AND integration_id = $2
             ORDER BY created_at DESC, id DESC LIMIT 1 FOR SHARE",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_optional(self.conn())
        .await?)
    }

    /// One data key of an integration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn data_key_by_id(
        &mut self,
        integration: IntegrationId,
        id: Uuid,
    ) -> Result<Option<SealedDataKeyRecord>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_as(
            "SELECT id, key_id, sealed FROM data_keys
             WHERE project_id = $1 AND integration_id = $2 AND id = $3",
        )
        .bind(project)
        .bind(integration.0)
        .bind(id)
        .fetch_optional(self.conn())
        .await?)
    }

    /// Keeps a new data key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_data_key(
        &mut self,
        integration: IntegrationId,
        key: &SealedDataKeyRecord,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO data_keys (project_id, integration_id, id, key_id, sealed, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(project)
        .bind(integration.0)
        .bind(key.id)
        .bind(&key.key_id)
        .bind(&key.sealed)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// An integration's credentials, sealed, by field.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn credentials(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Vec<SealedCredential>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_as(
            "SELECT field, data_key_id, sealed, ends_in, expires_at FROM credentials
             WHERE project_id = $1 AND integration_id = $2 ORDER BY field",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_all(self.conn())
        .await?)
    }

    /// Puts a whole set in place of what an integration has. Without a person
    /// (a refresh), a field keeps the one who saved it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_credentials(
        &mut self,
        integration: IntegrationId,
        set: &[SealedCredential],
        saved_by: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let fields: Vec<&str> = set.iter().map(|one| one.field.as_str()).collect();
        sqlx::query(
            "DELETE FROM credentials
             WHERE project_id = $1 AND integration_id = $2 AND field <> ALL ($3)",
        )
        .bind(project)
        .bind(integration.0)
        .bind(&fields)
        .execute(self.conn())
        .await?;
        self.put_credentials(integration, set, saved_by, now).await
    }

    /// Puts single credentials in the place of what an integration has, and takes
    /// others away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_credentials(
        &mut self,
        integration: IntegrationId,
        replaced: &[SealedCredential],
        removed: &[&str],
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "DELETE FROM credentials
             WHERE project_id = $1 AND integration_id = $2 AND field = ANY ($3)",
        )
        .bind(project)
        .bind(integration.0)
        .bind(removed)
        .execute(self.conn())
        .await?;
        self.put_credentials(integration, replaced, Some(by), now)
            .await
    }

    async fn put_credentials(
        &mut self,
        integration: IntegrationId,
        set: &[SealedCredential],
        saved_by: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        // In one order, so that two who save at once do not wait for each other.
        let mut set: Vec<&SealedCredential> = set.iter().collect();
        set.sort_unstable_by(|one, other| one.field.cmp(&other.field));
        let fields: Vec<&str> = set.iter().map(|one| one.field.as_str()).collect();
        sqlx::query(
            "INSERT INTO credentials AS c (project_id, integration_id, field, data_key_id, sealed,
                                           ends_in, saved_by, saved_at, expires_at)
             SELECT $1, $2, r.field, r.data_key_id, r.sealed, r.ends_in, $3, $4, r.expires_at
             FROM UNNEST($5::text[], $6::uuid[], $7::bytea[], $8::text[], $9::timestamptz[])
                  AS r (field, data_key_id, sealed, ends_in, expires_at)
             ON CONFLICT (project_id, integration_id, field) DO UPDATE
             SET data_key_id = excluded.data_key_id, sealed = excluded.sealed,
                 ends_in = excluded.ends_in, saved_at = excluded.saved_at,
                 saved_by = coalesce(excluded.saved_by, c.saved_by),
                 expires_at = excluded.expires_at",
        )
        .bind(project)
        .bind(integration.0)
        .bind(saved_by.map(|user| user.0))
        .bind(now)
        .bind(&fields)
        .bind(set.iter().map(|one| one.data_key_id).collect::<Vec<_>>())
        .bind(
            set.iter()
                .map(|one| one.sealed.as_slice())
                .collect::<Vec<_>>(),
        )
        .bind(
            set.iter()
                .map(|one| one.ends_in.as_deref())
                .collect::<Vec<_>>(),
        )
        .bind(set.iter().map(|one| one.expires_at).collect::<Vec<_>>())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// What people may see of an integration's credentials.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn credential_views(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Vec<CredentialView>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            field: String,
            ends_in: Option<String>,
            saved_by: Option<String>,
            saved_at: DateTime<Utc>,
            expires_at: Option<DateTime<Utc>>,
        }
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT c.field, c.ends_in, u.name AS saved_by, c.saved_at, c.expires_at
             FROM credentials c LEFT JOIN users u ON u.id = c.saved_by
             WHERE c.project_id = $1 AND c.integration_id = $2 ORDER BY c.field",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| CredentialView {
                field: row.field,
                ends_in: row.ends_in,
                saved_by: row.saved_by,
                saved_at: row.saved_at,
                expires_at: row.expires_at,
            })
            .collect())
    }

    /// Lets one transaction at a time refresh an integration's credentials,
    /// over all replicas; held until the transaction ends. Gives `false` where
    /// the integration is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lock_credentials(
        &mut self,
        integration: IntegrationId,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        let found: Option<i32> = sqlx::query_scalar(
            "SELECT 1 FROM data_keys WHERE project_id = $1 AND integration_id = $2
             ORDER BY created_at, id LIMIT 1 FOR UPDATE",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_optional(self.conn())
        .await?;
        Ok(found.is_some())
    }

    pub(crate) async fn remove_credentials(
        &mut self,
        integration: IntegrationId,
    ) -> Result<(), StoreError> {
        self.remove_webhook_secrets(integration).await?;
        let project = self.project().0;
        sqlx::query("DELETE FROM credentials WHERE project_id = $1 AND integration_id = $2")
            .bind(project)
            .bind(integration.0)
            .execute(self.conn())
            .await?;
        sqlx::query("DELETE FROM data_keys WHERE project_id = $1 AND integration_id = $2")
            .bind(project)
            .bind(integration.0)
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
