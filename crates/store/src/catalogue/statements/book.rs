//! What a run keeps of itself: what it met, counters, checkpoint.

use std::collections::HashSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::Scope;
use crate::{
    catalogue::{BatchCounts, BatchInput, plan::WritePlan},
    error::StoreError,
    runs::LEASE_SECONDS,
};

impl Scope<'_> {
    /// Marks the listings that were there before the run as met by it; gives
    /// those it meets for the first time, so that each counts once however
    /// often a store sends it or a worker is lost.
    pub(in crate::catalogue) async fn mark_met(
        &self,
        conn: &mut PgConnection,
        plan: &WritePlan<'_>,
    ) -> Result<HashSet<Uuid>, StoreError> {
        if plan.met.is_empty() {
            return Ok(HashSet::new());
        }
        let first: Vec<Uuid> = sqlx::query_scalar(
            "INSERT INTO sync_run_seen (project_id, run_id, listing_id)
             SELECT $1, $2, r.id FROM UNNEST($3::uuid[]) AS r (id)
             ON CONFLICT DO NOTHING
             RETURNING listing_id",
        )
        .bind(self.project.0)
        .bind(self.context.run.0)
        .bind(&plan.met)
        .fetch_all(conn)
        .await?;
        Ok(first.into_iter().collect())
    }

    /// Adds the counts and keeps the checkpoint, under the lease, which a batch
    /// renews. Gives the number that this batch's first failure gets.
    pub(in crate::catalogue) async fn count(
        &self,
        conn: &mut PgConnection,
        batch: &BatchInput,
        counts: BatchCounts,
    ) -> Result<i64, StoreError> {
        let has_records =
            !batch.products.is_empty() || !batch.variants.is_empty() || !batch.failures.is_empty();
        let failed_after: Option<i64> = sqlx::query_scalar(
            "UPDATE sync_runs
             SET items_created = items_created + $4, items_updated = items_updated + $5,
                 items_unchanged = items_unchanged + $6, items_failed = items_failed + $7,
                 items_expected = coalesce($8, items_expected),
                 checkpoint = coalesce($9, checkpoint),
                 -- Only what the next attempt need not do again is fruit.
                 fruitless = CASE WHEN $9::jsonb IS NOT NULL AND $11 THEN 0 ELSE fruitless END,
                 lease_until = clock_timestamp() + make_interval(secs => $10)
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'
             RETURNING items_failed",
        )
        .bind(self.project.0)
        .bind(self.context.run.0)
        .bind(self.context.worker.0)
        .bind(counts.created)
        .bind(counts.updated)
        .bind(counts.unchanged)
        .bind(counts.failed)
        .bind(batch.expected)
        .bind(&batch.checkpoint)
        .bind(LEASE_SECONDS)
        .bind(has_records)
        .fetch_optional(conn)
        .await?;
        let failed_after = failed_after.ok_or(StoreError::LeaseLost)?;
        Ok(failed_after - counts.failed)
    }
}
