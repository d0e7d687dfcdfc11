//! What a store no longer has.

use super::BatchContext;
use crate::{db::TenantTx, error::StoreError};

impl TenantTx {
    /// After a clean full run: marks the listings that it did not meet as gone,
    /// and products with nothing left on sale with them. Gives how many
    /// listings went.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn mark_gone(&mut self, context: &BatchContext<'_>) -> Result<i64, StoreError> {
        self.lock_catalogue().await?;
        self.hold_lease(context).await?;
        // What the run met was written a moment ago: the planner takes it for next
        // to nothing and would go through all of it for each listing. Joined by
        // hash, the work grows with the store and no faster.
        sqlx::query("SET LOCAL enable_nestloop = off")
            .execute(self.conn())
            .await?;
        let project = self.project().0;
        let now = context.sources.now();
        let gone: i64 = sqlx::query_scalar(
            "WITH gone AS (
                 UPDATE listings l SET state = 'gone', updated_at = $4
                 WHERE l.project_id = $1 AND l.integration_id = $2 AND l.state <> 'gone'
                   AND l.first_run_id <> $3
                   AND NOT EXISTS (SELECT FROM sync_run_seen s
                                   WHERE s.project_id = $1 AND s.run_id = $3
                                     AND s.listing_id = l.id)
                 RETURNING 1
             )
             SELECT count(*) FROM gone",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(context.run.0)
        .bind(now)
        .fetch_one(self.conn())
        .await?;
        if gone == 0 {
            return Ok(0);
        }
        self.end_conflicts_of_gone(context.integration, now).await?;
        // A product of which no listing was ever known may be on sale all the
        // same: it stays as it is.
        sqlx::query(
            "UPDATE product_links k SET state = 'gone'
             WHERE k.project_id = $1 AND k.integration_id = $2 AND k.state <> 'gone'
               AND EXISTS (SELECT FROM listings l
                           WHERE l.project_id = $1 AND l.integration_id = $2
                             AND l.external_product_id = k.external_id)
               AND NOT EXISTS (SELECT FROM listings l
                               WHERE l.project_id = $1 AND l.integration_id = $2
                                 AND l.external_product_id = k.external_id
                                 AND l.state <> 'gone')",
        )
        .bind(project)
        .bind(context.integration.0)
        .execute(self.conn())
        .await?;
        sqlx::query(
            "UPDATE products p SET state = 'gone', updated_at = $3
             WHERE p.project_id = $1 AND p.state <> 'gone'
               AND EXISTS (SELECT FROM listings l
                           WHERE l.project_id = $1 AND l.integration_id = $2
                             AND l.product_id = p.id)
               AND NOT EXISTS (SELECT FROM listings l
                               WHERE l.project_id = $1 AND l.product_id = p.id
                                 AND l.state <> 'gone')",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        // Added: a worker lost right after this has counted them already.
        sqlx::query(
            "UPDATE sync_runs SET items_removed = items_removed + $3
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(gone)
        .execute(self.conn())
        .await?;
        Ok(gone)
    }
}
