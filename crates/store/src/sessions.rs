//! Sign-in sessions, by the hash of what the cookie holds.

use calibr_model::UserId;
use chrono::{DateTime, Utc};

use crate::{db::SystemTx, error::StoreError};

/// A session as stored.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// SHA-256 of the cookie's value.
    pub id: Vec<u8>,
    /// Who is signed in; `None` before that.
    pub user: Option<UserId>,
    /// The session's own values.
    pub data: serde_json::Value,
    /// When it runs out, in UTC.
    pub expires_at: DateTime<Utc>,
}

impl SystemTx {
    /// Adds a session; `false` where the id is taken, which for a random id
    /// means: draw another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_session(
        &mut self,
        session: &SessionRecord,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO sessions (id, user_id, data, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
        )
        .bind(&session.id)
        .bind(session.user.map(|user| user.0))
        .bind(&session.data)
        .bind(now)
        .bind(session.expires_at)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Writes a session's values and end; one that was removed meanwhile stays
    /// removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_session(&mut self, session: &SessionRecord) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET user_id = $2, data = $3, expires_at = $4 WHERE id = $1")
            .bind(&session.id)
            .bind(session.user.map(|user| user.0))
            .bind(&session.data)
            .bind(session.expires_at)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// A session that has not run out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(
        &mut self,
        id: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<SessionRecord>, StoreError> {
        type Row = (
            Vec<u8>,
            Option<uuid::Uuid>,
            serde_json::Value,
            DateTime<Utc>,
        );
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, user_id, data, expires_at FROM sessions WHERE id = $1 AND expires_at > $2",
        )
        .bind(id)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|(id, user, data, expires_at)| SessionRecord {
            id,
            user: user.map(UserId),
            data,
            expires_at,
        }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_session(&mut self, id: &[u8]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(id)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Removes sessions that have run out; gives how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_expired_sessions(&mut self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(now)
            .execute(self.conn())
            .await?;
        Ok(done.rows_affected())
    }
}
