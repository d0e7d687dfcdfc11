//! Taking decisions back, while that can be done.

use calibr_model::views::{ConflictsUndone, UndoConflicts};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::read::can_undo;
use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column},
};

#[derive(FromRow)]
struct Row {
    id: Uuid,
    listing_id: Uuid,
    is_ours: bool,
    can_undo: bool,
}

impl TenantTx {
    /// Opens decided conflicts again. For Calibr's value: its price is not sent;
    /// where both fields of a listing were to be sent together, both are open
    /// again. For the store's: what Calibr wanted before is wanted again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn undo_conflicts(
        &mut self,
        which: &UndoConflicts,
        now: DateTime<Utc>,
    ) -> Result<ConflictsUndone, StoreError> {
        self.lock_prices().await?;
        let project = self.project().0;
        let (ids, decision) = match which {
            UndoConflicts::Conflicts(ids) => (column(ids, |id| id.0), None),
            UndoConflicts::Decision(decision) => (Vec::new(), Some(decision.0)),
        };
        let rows: Vec<Row> = sqlx::query_as(concat!(
            "SELECT c.id, c.listing_id, c.resolution = 'ours' AS is_ours, ",
            can_undo!(),
            " AS can_undo
             FROM price_conflicts c
             JOIN listings l ON l.project_id = $1 AND l.id = c.listing_id
             WHERE c.project_id = $1 AND c.status = 'resolved'
               AND (c.id = ANY ($2) OR c.decision_id = $3)"
        ))
        .bind(project)
        .bind(&ids)
        .bind(decision)
        .fetch_all(self.conn())
        .await?;
        let wanted = if decision.is_some() {
            rows.len()
        } else {
            ids.len()
        };
        let (ours, theirs): (Vec<&Row>, Vec<&Row>) = rows
            .iter()
            .filter(|row| row.can_undo)
            .partition(|row| row.is_ours);
        let unsent = self.take_back_ours(&ours, now).await?;
        let restored = self.want_ours_again(&theirs).await?;
        if restored > 0 {
            self.tell_of_conflicts().await?;
        }
        let asked = as_i64(ours.len() + theirs.len());
        Ok(ConflictsUndone {
            reopened: unsent + restored,
            too_late: as_i64(wanted) - asked,
        })
    }

    /// What was queued is not sent; its conflicts open again as it ends. Gives how
    /// many do.
    async fn take_back_ours(
        &mut self,
        ours: &[&Row],
        now: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        if ours.is_empty() {
            return Ok(0);
        }
        let project = self.project().0;
        self.lock_pushes_of(&column(ours, |row| row.listing_id))
            .await?;
        let ids = column(ours, |row| row.id);
        let together: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT o.id FROM price_conflicts c
             JOIN price_conflicts o
                 ON o.project_id = $1 AND o.push_id = c.push_id AND o.listing_id = c.listing_id
                    AND o.status = 'resolved'
             WHERE c.project_id = $1 AND c.id = ANY ($2)",
        )
        .bind(project)
        .bind(&ids)
        .fetch_all(self.conn())
        .await?;
        let pushes: Vec<Uuid> = sqlx::query_scalar(
            "WITH taken_back AS (
                 UPDATE price_push_items n
                 SET status = 'failed', code = 'discarded',
                     message = 'Taken back before it was sent.'
                 FROM price_conflicts c
                 WHERE c.project_id = $1 AND c.id = ANY ($2)
                   AND n.project_id = $1 AND n.push_id = c.push_id
                   AND n.listing_id = c.listing_id AND n.status = 'queued'
                 RETURNING n.push_id
             )
             SELECT DISTINCT push_id FROM taken_back ORDER BY 1",
        )
        .bind(project)
        .bind(&ids)
        .fetch_all(self.conn())
        .await?;
        self.settle_pushes(&pushes, now).await?;
        Ok(sqlx::query_scalar(
            "SELECT count(*) FROM price_conflicts
             WHERE project_id = $1 AND id = ANY ($2) AND is_open",
        )
        .bind(project)
        .bind(together)
        .fetch_one(self.conn())
        .await?)
    }

    async fn want_ours_again(&mut self, theirs: &[&Row]) -> Result<i64, StoreError> {
        if theirs.is_empty() {
            return Ok(0);
        }
        let project = self.project().0;
        let ids = column(theirs, |row| row.id);
        sqlx::query(
            "UPDATE listing_prices d
             SET desired_minor = c.ours_minor, base_minor = c.base_minor
             FROM price_conflicts c
             WHERE c.project_id = $1 AND c.id = ANY ($2) AND c.field = 'price'
               AND d.project_id = $1 AND d.listing_id = c.listing_id",
        )
        .bind(project)
        .bind(&ids)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "UPDATE listing_prices d
             SET desired_compare = CASE WHEN c.ours_minor IS NULL THEN 'clear' ELSE 'set' END,
                 desired_compare_minor = c.ours_minor, base_compare_minor = c.base_minor
             FROM price_conflicts c
             WHERE c.project_id = $1 AND c.id = ANY ($2) AND c.field = 'compare_at'
               AND d.project_id = $1 AND d.listing_id = c.listing_id",
        )
        .bind(project)
        .bind(&ids)
        .execute(self.conn())
        .await?;
        let opened = sqlx::query(
            "UPDATE price_conflicts
             SET status = 'open', resolution = NULL, decided_by = NULL, policy = NULL,
                 decided_at = NULL, decision_id = NULL, version = version + 1
             WHERE project_id = $1 AND id = ANY ($2) AND status = 'resolved'",
        )
        .bind(project)
        .bind(&ids)
        .execute(self.conn())
        .await?;
        Ok(i64::try_from(opened.rows_affected()).unwrap_or(i64::MAX))
    }
}
