//! What messages told and no run has read yet.
//!
//! A count goes up with each telling, under the lock of the integration's row; a
//! run notes the count when it begins and hands it in, under the same lock, when
//! it has come through. So whoever tells either finds no run under way and makes
//! one, or the run finds at its end that more was told than it has read.

use calibr_model::{IntegrationId, SyncRunId};

use crate::{
    db::{SystemTx, TenantTx},
    error::StoreError,
};

impl TenantTx {
    /// Notes that something changed at the store. The caller holds the
    /// integration.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_change(&mut self, integration: IntegrationId) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE integrations SET changes_told = changes_told + 1
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(integration.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Notes that a run has read what had been told when it began.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn changes_were_read(&mut self, run: SyncRunId) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE integrations i SET changes_read = greatest(i.changes_read, r.changes_told)
             FROM sync_runs r
             WHERE r.project_id = $1 AND r.id = $2
               AND i.project_id = $1 AND i.id = r.integration_id",
        )
        .bind(project)
        .bind(run.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Whether something was told that no run has read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_unread_changes(
        &mut self,
        integration: IntegrationId,
    ) -> Result<bool, StoreError> {
        let project = self.project().0;
        let unread: Option<bool> = sqlx::query_scalar(
            "SELECT changes_told > changes_read FROM integrations
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_optional(self.conn())
        .await?;
        Ok(unread.unwrap_or(false))
    }
}

impl SystemTx {
    /// The project that an integration belongs to, by the integration's id
    /// alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn project_of_integration(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Option<calibr_model::ProjectId>, StoreError> {
        let project: Option<uuid::Uuid> =
            sqlx::query_scalar("SELECT calibr_project_of_integration($1)")
                .bind(integration.0)
                .fetch_one(self.conn())
                .await?;
        Ok(project.map(Into::into))
    }
}
