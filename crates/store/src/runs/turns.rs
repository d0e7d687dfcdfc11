//! Whose turn it is, over all projects.

use std::time::Duration;

use calibr_model::{ProjectId, SyncRunId};

use crate::{
    db::{SystemTx, TenantTx},
    error::StoreError,
};

impl TenantTx {
    /// Notes from when on a queued run may be taken up: after `wait`, by the
    /// database's clock.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_run_due(&mut self, run: SyncRunId, wait: Duration) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "UPDATE sync_runs SET due_at = now() + make_interval(secs => $3)
             WHERE project_id = $1 AND id = $2 AND status = 'queued'",
        )
        .bind(project)
        .bind(run.0)
        .bind(wait.as_secs_f64())
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

impl SystemTx {
    /// The run whose turn it is: of all that wait, one of the project that has
    /// the fewest under way, the longest waiting first. `None` where none waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_run(&mut self) -> Result<Option<(ProjectId, SyncRunId)>, StoreError> {
        let row: Option<(uuid::Uuid, uuid::Uuid)> =
            sqlx::query_as("SELECT project_id, run_id FROM calibr_next_run()")
                .fetch_optional(self.conn())
                .await?;
        Ok(row.map(|(project, run)| (project.into(), run.into())))
    }

    /// Whether a project with fewer runs under way than this one has waited for
    /// a worker for so long.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn someone_waits(
        &mut self,
        behind: ProjectId,
        waited: Duration,
    ) -> Result<bool, StoreError> {
        Ok(
            sqlx::query_scalar("SELECT calibr_someone_waits($1, make_interval(secs => $2))")
                .bind(behind.0)
                .bind(waited.as_secs_f64())
                .fetch_one(self.conn())
                .await?,
        )
    }
}
