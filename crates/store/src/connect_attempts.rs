//! One-click connects under way.

use std::collections::BTreeMap;

use calibr_model::{IntegrationId, PlatformId, ProjectId, UserId};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, types::Json};

use crate::{
    db::{SystemTx, TenantTx},
    error::StoreError,
    rows::word,
};

/// A one-click connect that has been started.
#[derive(Debug, Clone)]
pub struct ConnectAttempt {
    /// SHA-256 of the state that the platform hands back.
    pub id: Vec<u8>,
    /// Where the store will belong.
    pub project: ProjectId,
    /// Who started it.
    pub user: UserId,
    /// The platform.
    pub platform: PlatformId,
    /// What was entered.
    pub fields: BTreeMap<String, String>,
    /// The store that is connected anew, where it is.
    pub integration: Option<IntegrationId>,
    /// When it is too late, in UTC.
    pub expires_at: DateTime<Utc>,
}

/// Credentials that a platform delivered while the person was on its page,
/// sealed under a data key of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDelivery {
    /// The master key that sealed the data key.
    pub key_id: String,
    /// The sealed data key.
    pub data_key: Vec<u8>,
    /// Each field and its sealed secret.
    pub fields: Vec<(String, Vec<u8>)>,
    /// When the credentials stop working, in UTC.
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Row {
    id: Vec<u8>,
    project_id: uuid::Uuid,
    user_id: uuid::Uuid,
    platform: String,
    fields: Json<BTreeMap<String, String>>,
    integration_id: Option<uuid::Uuid>,
    expires_at: DateTime<Utc>,
    delivered_key_id: Option<String>,
    delivered_data_key: Option<Vec<u8>>,
    delivered_fields: Option<Vec<String>>,
    delivered_sealed: Option<Vec<Vec<u8>>>,
    delivered_expires_at: Option<DateTime<Utc>>,
}

impl Row {
    fn read(self) -> Result<(ConnectAttempt, Option<SealedDelivery>), StoreError> {
        let attempt = ConnectAttempt {
            id: self.id,
            project: self.project_id.into(),
            user: self.user_id.into(),
            platform: word("platform", &self.platform)?,
            fields: self.fields.0,
            integration: self.integration_id.map(IntegrationId),
            expires_at: self.expires_at,
        };
        let sealed = self.delivered_sealed.unwrap_or_default();
        let fields = self.delivered_fields.unwrap_or_default();
        let delivery = self.delivered_key_id.zip(self.delivered_data_key);
        let delivery = delivery.map(|(key_id, data_key)| SealedDelivery {
            key_id,
            data_key,
            fields: fields.into_iter().zip(sealed).collect(),
            expires_at: self.delivered_expires_at,
        });
        Ok((attempt, delivery))
    }
}

impl TenantTx {
    /// Notes an attempt, and clears away this project's that are too late.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_connect_attempt(
        &mut self,
        attempt: &ConnectAttempt,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query("DELETE FROM connect_attempts WHERE project_id = $1 AND expires_at <= $2")
            .bind(project)
            .bind(now)
            .execute(self.conn())
            .await?;
        sqlx::query(
            "INSERT INTO connect_attempts
                 (id, project_id, user_id, platform, fields, integration_id, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&attempt.id)
        .bind(project)
        .bind(attempt.user.0)
        .bind(attempt.platform.as_str())
        .bind(Json(&attempt.fields))
        .bind(attempt.integration.map(|id| id.0))
        .bind(now)
        .bind(attempt.expires_at)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Keeps what a platform delivered with the attempt that it belongs to, in
    /// place of what it delivered before; false where there is no such attempt
    /// of the platform, or no longer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_delivery(
        &mut self,
        attempt: &[u8],
        platform: &PlatformId,
        delivery: &SealedDelivery,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        let (fields, sealed): (Vec<&str>, Vec<&[u8]>) = delivery
            .fields
            .iter()
            .map(|(field, sealed)| (field.as_str(), sealed.as_slice()))
            .unzip();
        let kept = sqlx::query(
            "UPDATE connect_attempts
             SET delivered_key_id = $5, delivered_data_key = $6, delivered_fields = $7,
                 delivered_sealed = $8, delivered_expires_at = $9
             WHERE project_id = $1 AND id = $2 AND platform = $3 AND expires_at > $4",
        )
        .bind(project)
        .bind(attempt)
        .bind(platform.as_str())
        .bind(now)
        .bind(&delivery.key_id)
        .bind(&delivery.data_key)
        .bind(fields)
        .bind(sealed)
        .bind(delivery.expires_at)
        .execute(self.conn())
        .await?;
        Ok(kept.rows_affected() > 0)
    }
}

impl SystemTx {
    /// Takes the attempt of a state, where this person started it, and uses it
    /// up, together with what was delivered for it. It may be too late: see
    /// `expires_at`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_connect_attempt(
        &mut self,
        id: &[u8],
        user: UserId,
    ) -> Result<Option<(ConnectAttempt, Option<SealedDelivery>)>, StoreError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, project_id, user_id, platform, fields, integration_id, expires_at,
                    delivered_key_id, delivered_data_key, delivered_fields, delivered_sealed,
                    delivered_expires_at
             FROM calibr_take_connect_attempt($1, $2)",
        )
        .bind(id)
        .bind(user.0)
        .fetch_optional(self.conn())
        .await?;
        row.map(Row::read).transpose()
    }

    /// The project in which the attempt of a state was started.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn project_of_connect_attempt(
        &mut self,
        id: &[u8],
    ) -> Result<Option<ProjectId>, StoreError> {
        let project: Option<uuid::Uuid> =
            sqlx::query_scalar("SELECT calibr_project_of_connect_attempt($1)")
                .bind(id)
                .fetch_one(self.conn())
                .await?;
        Ok(project.map(ProjectId::from))
    }

    /// Clears away the attempts, and what was delivered for them, that ran out
    /// before a moment; gives how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_connect_attempts(
        &mut self,
        ran_out_before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let removed: i64 = sqlx::query_scalar("SELECT calibr_remove_connect_attempts($1)")
            .bind(ran_out_before)
            .fetch_one(self.conn())
            .await?;
        Ok(removed.unsigned_abs())
    }
}
