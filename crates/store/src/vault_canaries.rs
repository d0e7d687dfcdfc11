//! Sealed known texts, one for each master key that was ever primary.

use chrono::{DateTime, Utc};

use crate::{db::SystemTx, error::StoreError};

impl SystemTx {
    /// All canaries: key id and sealed text.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn canaries(&mut self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        Ok(
            sqlx::query_as("SELECT key_id, sealed FROM vault_canaries ORDER BY created_at, key_id")
                .fetch_all(self.conn())
                .await?,
        )
    }

    /// Keeps a key's canary; the first one stays where two come at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_canary(
        &mut self,
        key_id: &str,
        sealed: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO vault_canaries (key_id, sealed, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (key_id) DO NOTHING",
        )
        .bind(key_id)
        .bind(sealed)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
