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

#[derive(FromRow)]
struct Row {
    id: Vec<u8>,
    project_id: uuid::Uuid,
    user_id: uuid::Uuid,
    platform: String,
    fields: Json<BTreeMap<String, String>>,
    integration_id: Option<uuid::Uuid>,
    expires_at: DateTime<Utc>,
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
}

impl SystemTx {
    /// Takes the attempt of a state, where this person started it, and uses it
    /// up. It may be too late: see `expires_at`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_connect_attempt(
        &mut self,
        id: &[u8],
        user: UserId,
    ) -> Result<Option<ConnectAttempt>, StoreError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, project_id, user_id, platform, fields, integration_id, expires_at
             FROM calibr_take_connect_attempt($1, $2)",
        )
        .bind(id)
        .bind(user.0)
        .fetch_optional(self.conn())
        .await?;
        row.map(|row| {
            Ok(ConnectAttempt {
                id: row.id,
                project: row.project_id.into(),
                user: row.user_id.into(),
                platform: word("platform", &row.platform)?,
                fields: row.fields.0,
                integration: row.integration_id.map(IntegrationId),
                expires_at: row.expires_at,
            })
        })
        .transpose()
    }
}
