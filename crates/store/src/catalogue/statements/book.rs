//! What a run keeps of itself: what it met, counters, checkpoint, failures.

use std::collections::HashSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Scope, as_i64, column};
use crate::{
    catalogue::{BatchCounts, BatchInput, FailureInput, plan::WritePlan},
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

    /// The failures that this run has not noted yet, each record once for each
    /// thing that is wrong with it: a store sends a record twice, and a part of
    /// the stream is read again after a worker was lost.
    pub(in crate::catalogue) async fn new_failures<'f>(
        &self,
        conn: &mut PgConnection,
        failures: impl Iterator<Item = &'f FailureInput>,
    ) -> Result<Vec<&'f FailureInput>, StoreError> {
        let mut met = HashSet::new();
        let mut fresh: Vec<&FailureInput> = failures
            .filter(|failure| match &failure.external_id {
                Some(id) => met.insert((id.clone(), failure.code.clone())),
                None => true,
            })
            .collect();
        if met.is_empty() {
            return Ok(fresh);
        }
        let ids: Vec<&str> = met.iter().map(|(id, _)| id.as_str()).collect();
        let noted: Vec<(String, String)> = sqlx::query_as(
            "SELECT external_id, code FROM item_failures
             WHERE project_id = $1 AND run_id = $2 AND external_id = ANY ($3)",
        )
        .bind(self.project.0)
        .bind(self.context.run.0)
        .bind(&ids)
        .fetch_all(conn)
        .await?;
        let noted: HashSet<(String, String)> = noted.into_iter().collect();
        fresh.retain(|failure| match &failure.external_id {
            Some(id) => !noted.contains(&(id.clone(), failure.code.clone())),
            None => true,
        });
        Ok(fresh)
    }

    pub(in crate::catalogue) async fn insert_failures(
        &self,
        conn: &mut PgConnection,
        failures: &[&FailureInput],
        first: i64,
    ) -> Result<(), StoreError> {
        if failures.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = (first..first + as_i64(failures.len())).collect();
        sqlx::query(
            "INSERT INTO item_failures (project_id, run_id, id, external_id, label, code, message,
                                        class, answer, at)
             SELECT $1, $2, r.id, r.external_id, r.label, r.code, r.message, r.class, r.answer, $3
             FROM UNNEST($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[])
                  AS r (id, external_id, label, code, message, class, answer)",
        )
        .bind(self.project.0)
        .bind(self.context.run.0)
        .bind(self.now)
        .bind(ids)
        .bind(column(failures, |f| f.external_id.as_deref()))
        .bind(column(failures, |f| f.label.as_deref()))
        .bind(column(failures, |f| f.code.as_str()))
        .bind(column(failures, |f| f.message.as_str()))
        .bind(column(failures, |f| f.class.as_str()))
        .bind(column(failures, |f| f.answer.as_deref()))
        .execute(conn)
        .await?;
        Ok(())
    }
}
