//! What happened in a run, in words.

use calibr_model::{SyncRunId, status::RunEvent, views::RunLogLine};
use chrono::{DateTime, Utc};

use crate::{db::TenantTx, error::StoreError, rows::word};

/// Of a run's log, so many lines of its beginning are kept, and so many of its
/// end.
const FIRST: i64 = 200;
const LAST: i64 = 100;

impl TenantTx {
    /// Adds a line to a run's log. Of a very long course the beginning and the
    /// end are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log_run(
        &mut self,
        run: SyncRunId,
        event: RunEvent,
        text: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let number: Option<i64> = sqlx::query_scalar(
            "WITH numbered AS (
                 UPDATE sync_runs SET log_lines = log_lines + 1
                 WHERE project_id = $1 AND id = $2
                 RETURNING log_lines
             )
             INSERT INTO sync_run_log (project_id, run_id, id, at, event, text)
             SELECT $1, $2, log_lines, $3, $4, $5 FROM numbered
             RETURNING id",
        )
        .bind(project)
        .bind(run.0)
        .bind(at)
        .bind(event.as_str())
        .bind(text)
        .fetch_optional(self.conn())
        .await?;
        if let Some(number) = number.filter(|number| *number > FIRST + LAST) {
            sqlx::query(
                "DELETE FROM sync_run_log
                 WHERE project_id = $1 AND run_id = $2 AND id > $3 AND id <= $4",
            )
            .bind(project)
            .bind(run.0)
            .bind(FIRST)
            .bind(number - LAST)
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }

    /// A run's log, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn run_log(&mut self, run: SyncRunId) -> Result<Vec<RunLogLine>, StoreError> {
        let project = self.project().0;
        let rows: Vec<(i64, DateTime<Utc>, String, String)> = sqlx::query_as(
            "SELECT id, at, event, text FROM sync_run_log
             WHERE project_id = $1 AND run_id = $2 ORDER BY id",
        )
        .bind(project)
        .bind(run.0)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|(id, at, event, text)| {
                Ok(RunLogLine {
                    id,
                    at,
                    event: word("run event", &event)?,
                    text,
                })
            })
            .collect()
    }
}
