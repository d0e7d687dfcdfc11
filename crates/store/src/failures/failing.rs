//! Items that failed when they were last tried, and those that are left alone
//! because they failed the same way again and again.

use calibr_model::{
    Cursor, IntegrationId, Page, PageRequest, SyncRunId,
    status::FailureKind,
    views::{ParkedItemView, ParkedQuery},
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{ByItem, CATALOGUE_KINDS};
use crate::{
    catalogue::{BatchContext, FailureInput},
    db::TenantTx,
    error::StoreError,
    rows::{column, page_of, word},
};

/// An item that failed the same way in so many runs in a row is parked.
const PARKED_AFTER: i32 = 3;

/// One item of an integration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ItemKey(String, String);

impl ItemKey {
    pub(super) fn of(kind: FailureKind, external_id: &str) -> Self {
        Self(kind.as_str().to_owned(), external_id.to_owned())
    }
}

impl TenantTx {
    /// Notes that these items failed in this run: each once for a run, whatever
    /// is wrong with it. Gives in how many runs in a row each has failed this
    /// way.
    pub(super) async fn note_failing(
        &mut self,
        context: &BatchContext<'_>,
        failures: &[&FailureInput],
    ) -> Result<ByItem, StoreError> {
        let named: Vec<&FailureInput> = failures
            .iter()
            .copied()
            .filter(|failure| failure.external_id.is_some())
            .collect();
        if named.is_empty() {
            return Ok(ByItem::new());
        }
        let project = self.project().0;
        let noted: Vec<(String, String, i32)> = sqlx::query_as(
            "INSERT INTO failing_items AS b (project_id, integration_id, kind, external_id,
                                             product_external_id, label, code, class, version,
                                             times, since, last_at, last_run_id)
             SELECT DISTINCT ON (r.kind, r.external_id)
                    $1, $2, r.kind, r.external_id, r.product_external_id, r.label, r.code, r.class,
                    r.version, 1, $4, $4, $3
             FROM UNNEST($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                         $11::text[])
                  WITH ORDINALITY AS r (kind, external_id, product_external_id, label, code, class,
                                        version, ordinal)
             ORDER BY r.kind, r.external_id, r.ordinal
             ON CONFLICT (project_id, integration_id, kind, external_id) DO UPDATE
             SET (product_external_id, label, code, class, version, times, since, last_at,
                  last_run_id, parked_at) = (
                 SELECT coalesce(excluded.product_external_id, b.product_external_id),
                        coalesce(excluded.label, b.label),
                        CASE WHEN it.noted THEN b.code ELSE excluded.code END,
                        CASE WHEN it.noted THEN b.class ELSE excluded.class END,
                        coalesce(excluded.version, b.version),
                        CASE WHEN it.noted THEN b.times WHEN it.same THEN b.times + 1 ELSE 1 END,
                        CASE WHEN it.noted OR it.same THEN b.since ELSE excluded.since END,
                        excluded.last_at, excluded.last_run_id,
                        CASE WHEN it.noted THEN b.parked_at
                             WHEN NOT it.same THEN NULL
                             WHEN b.times + 1 >= $12 THEN coalesce(b.parked_at, excluded.last_at)
                             ELSE b.parked_at END
                 FROM (SELECT b.last_run_id = excluded.last_run_id AS noted,
                              b.code = excluded.code
                              -- What the store does not tell counts as unchanged.
                              AND coalesce(b.version = excluded.version, true) AS same) it)
             RETURNING kind, external_id, times",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(context.run.0)
        .bind(context.sources.now())
        .bind(column(&named, |f| f.kind.as_str()))
        .bind(column(&named, |f| f.external_id.as_deref()))
        .bind(column(&named, |f| f.product_external_id.as_deref()))
        .bind(column(&named, |f| f.label.as_deref()))
        .bind(column(&named, |f| f.code.as_str()))
        .bind(column(&named, |f| f.class.as_str()))
        .bind(column(&named, |f| f.version.as_deref()))
        .bind(PARKED_AFTER)
        .fetch_all(self.conn())
        .await?;
        Ok(noted
            .into_iter()
            .map(|(kind, id, times)| (ItemKey(kind, id), times))
            .collect())
    }

    /// Forgets that these items failed: they came through, or are gone.
    pub(crate) async fn no_longer_failing(
        &mut self,
        integration: IntegrationId,
        kind: FailureKind,
        external_ids: &[&str],
    ) -> Result<(), StoreError> {
        if external_ids.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        // Mostly nothing fails, and a batch is large.
        let any: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM failing_items
                            WHERE project_id = $1 AND integration_id = $2 AND kind = $3)",
        )
        .bind(project)
        .bind(integration.0)
        .bind(kind.as_str())
        .fetch_one(self.conn())
        .await?;
        if !any {
            return Ok(());
        }
        sqlx::query(
            "DELETE FROM failing_items
             WHERE project_id = $1 AND integration_id = $2 AND kind = $3
               AND external_id = ANY ($4)",
        )
        .bind(project)
        .bind(integration.0)
        .bind(kind.as_str())
        .bind(external_ids)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Forgets what failed of products that are gone, with their variants.
    pub(crate) async fn gone_no_longer_fail(
        &mut self,
        integration: IntegrationId,
        external_ids: &[String],
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "DELETE FROM failing_items
             WHERE project_id = $1 AND integration_id = $2 AND kind = ANY ($4)
               AND (external_id = ANY ($3) OR product_external_id = ANY ($3))",
        )
        .bind(project)
        .bind(integration.0)
        .bind(external_ids)
        .bind(CATALOGUE_KINDS)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// After a clean full run: nothing of the catalogue fails any more. What it
    /// did not meet is gone.
    pub(crate) async fn whole_catalogue_came_through(
        &mut self,
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query(
            "DELETE FROM failing_items
             WHERE project_id = $1 AND integration_id = $2 AND kind = ANY ($3)
               AND last_run_id <> $4",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(CATALOGUE_KINDS)
        .bind(context.run.0)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Takes items up again that were left alone: as if they had never failed
    /// that way. Gives how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unpark(
        &mut self,
        integration: IntegrationId,
        which: &ParkedQuery,
    ) -> Result<u64, StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE failing_items SET parked_at = NULL, times = 0
             WHERE project_id = $1 AND integration_id = $2 AND parked_at IS NOT NULL
               AND ($3::text IS NULL OR kind = $3)
               AND ($4::text IS NULL OR external_id = $4)",
        )
        .bind(project)
        .bind(integration.0)
        .bind(which.kind.map(FailureKind::as_str))
        .bind(&which.external_id)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected())
    }

    /// The items of an integration that are left alone.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn parked_items(
        &mut self,
        integration: IntegrationId,
        page: &PageRequest,
    ) -> Result<Page<ParkedItemView>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            kind: String,
            external_id: String,
            label: Option<String>,
            product_id: Option<uuid::Uuid>,
            code: String,
            class: String,
            times: i32,
            since: DateTime<Utc>,
            last_run_id: uuid::Uuid,
        }
        let project = self.project().0;
        let (kind, id): (String, String) = page.after()?.unwrap_or_default();
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT b.kind, b.external_id, b.label, coalesce(l.product_id, k.product_id) AS product_id,
                    b.code, b.class, b.times, b.since, b.last_run_id
             FROM failing_items b
             LEFT JOIN listings l
                    ON b.kind IN ('listing', 'price') AND l.project_id = $1
                   AND l.integration_id = $2 AND l.external_id = b.external_id
             LEFT JOIN product_links k
                    ON b.kind = 'product' AND k.project_id = $1
                   AND k.integration_id = $2 AND k.external_id = b.external_id
             WHERE b.project_id = $1 AND b.integration_id = $2 AND b.parked_at IS NOT NULL
               AND (b.kind, b.external_id) > ($3, $4)
             ORDER BY b.kind, b.external_id LIMIT $5",
        )
        .bind(project)
        .bind(integration.0)
        .bind(kind)
        .bind(id)
        .bind(i64::from(page.limit()) + 1)
        .fetch_all(self.conn())
        .await?;
        let cursor_of = |row: &Row| Cursor::encode(&(&row.kind, &row.external_id));
        page_of(rows, page, cursor_of, |row| {
            Ok(ParkedItemView {
                kind: word("failure kind", &row.kind)?,
                external_id: row.external_id,
                label: row.label,
                product_id: row.product_id.map(Into::into),
                code: row.code,
                class: word("failure class", &row.class)?,
                times: row.times,
                since: row.since,
                last_run_id: SyncRunId(row.last_run_id),
            })
        })
    }

    /// How many items of an integration are left alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn parked_count(&mut self, integration: IntegrationId) -> Result<i64, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_scalar(
            "SELECT count(*) FROM failing_items
             WHERE project_id = $1 AND integration_id = $2 AND parked_at IS NOT NULL",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_one(self.conn())
        .await?)
    }
}
