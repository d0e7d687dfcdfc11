//! Pushes that nobody prepares or looks at any more.

use calibr_model::{PricePushId, ProjectId, event::ProjectEvent, views::PricePushStatus};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::{SystemTx, TenantTx},
    error::StoreError,
    rows::word,
};

/// From when on a push is overdue; in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// Those being prepared that said nothing since were left behind.
    pub silent_since: DateTime<Utc>,
    /// Previews made before are too old.
    pub made_before: DateTime<Utc>,
}

impl SystemTx {
    /// Overdue pushes of all projects: ids only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overdue_price_pushes(
        &mut self,
        overdue: Overdue,
    ) -> Result<Vec<(ProjectId, PricePushId)>, StoreError> {
        let rows: Vec<(Uuid, Uuid)> =
            sqlx::query_as("SELECT project_id, push_id FROM calibr_overdue_price_pushes($1, $2)")
                .bind(overdue.silent_since)
                .bind(overdue.made_before)
                .fetch_all(self.conn())
                .await?;
        Ok(rows
            .into_iter()
            .map(|(project, push)| (project.into(), push.into()))
            .collect())
    }

    /// Clears away some pushes that were never applied and ended before a moment
    /// (UTC), with all their prices; gives how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_unapplied_price_pushes(
        &mut self,
        ended_before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let removed: i64 = sqlx::query_scalar("SELECT calibr_remove_unapplied_price_pushes($1)")
            .bind(ended_before)
            .fetch_one(self.conn())
            .await?;
        Ok(removed.unsigned_abs())
    }
}

impl TenantTx {
    /// Ends a push that is overdue: one that was being prepared is broken off, a
    /// preview expires. `None` where it is not overdue any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_overdue_price_push(
        &mut self,
        push: PricePushId,
        overdue: Overdue,
        now: DateTime<Utc>,
    ) -> Result<Option<PricePushStatus>, StoreError> {
        let project = self.project().0;
        let status: Option<String> = sqlx::query_scalar(
            "UPDATE price_pushes
             SET status = CASE status WHEN 'preparing' THEN 'discarded' ELSE 'expired' END,
                 error = CASE status
                         WHEN 'preparing'
                         THEN 'The console was stopped while it prepared this preview. Nothing '
                              'was sent; ask for it again.'
                         ELSE 'Nobody applied this preview within a day, and prices may have '
                              'moved since. Nothing was sent; ask for it again.' END,
                 completed_at = $5
             WHERE project_id = $1 AND id = $2
               AND (status = 'preparing' AND coalesce(progress_at, created_at) < $3
                    OR status = 'preview' AND created_at < $4)
             RETURNING status",
        )
        .bind(project)
        .bind(push.0)
        .bind(overdue.silent_since)
        .bind(overdue.made_before)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        let Some(status) = status else {
            return Ok(None);
        };
        self.cancel_price_checks(push, now).await?;
        let status = word("price push status", &status)?;
        self.notify(ProjectEvent::PricePushChanged {
            push_id: push,
            status,
        })
        .await?;
        Ok(Some(status))
    }
}
