//! Retries: which items of an earlier run are read again, and what became of
//! each.

use calibr_model::{
    Currency, IntegrationId, ListingId, Money, SyncRunId,
    status::{FailureClass, FailureKind},
    views::RetryView,
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    catalogue::BatchContext,
    db::TenantTx,
    error::StoreError,
    failures::CATALOGUE_KINDS,
    prices::CompareAtMinor,
    rows::{column, word},
};

/// So many rows are looked up one by one faster than all are gone through.
const FEW: i64 = 1_000;

/// Which failures are to be retried; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetrySelection {
    /// Those of this run; without one, whatever of the integration fails now.
    pub run: Option<SyncRunId>,
    /// Only of this code.
    pub code: Option<String>,
    /// Only of this kind.
    pub kind: Option<FailureKind>,
    /// Only of this class.
    pub class: Option<FailureClass>,
    /// Only this one, by its number within the run.
    pub failure: Option<i64>,
    /// Whether parked items are among them.
    pub parked: bool,
}

/// What a selection comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct RetryCounts {
    /// Variants to read again.
    pub listings: i64,
    /// Products to read again.
    pub products: i64,
    /// Orders to read again.
    pub orders: i64,
    /// Prices that would have to be previewed again.
    pub prices: i64,
    /// Items that came through since.
    pub skipped: i64,
    /// Items that are parked and left out.
    pub parked: i64,
    /// Failures of the catalogue whose id could not be read.
    pub unnamed: i64,
    /// The same of orders.
    pub unnamed_orders: i64,
    /// Products that the variants to read again are of, but for those that are
    /// their products' own.
    pub products_of_listings: i64,
}

impl RetryCounts {
    /// Items that are read again one by one.
    pub const fn by_id(&self) -> i64 {
        self.listings + self.products + self.orders
    }
}

/// What a new run retries.
#[derive(Debug, Clone)]
pub struct NewRetry {
    /// Which failures.
    pub selection: RetrySelection,
    /// Which retry in a row that nobody asked for; 0 where a person did.
    pub number: i16,
}

/// An item to read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryItem {
    /// Its place within the run.
    pub ordinal: i64,
    /// What kind of record it is.
    pub kind: FailureKind,
    /// The platform's id of it.
    pub external_id: String,
    /// The platform's id of the product that a variant is of, where it is known.
    pub product_external_id: Option<String>,
}

/// A price that was wanted and not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntakenPrice {
    /// The listing.
    pub listing: ListingId,
    /// What it was to cost.
    pub price: Money,
    /// What was to become of the struck-through price.
    pub compare_at: CompareAtMinor,
}

/// What became of an item that was read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOutcome {
    /// It came through.
    Synced,
    /// It failed again.
    Failed,
    /// The store no longer has it.
    Gone,
}

impl RetryOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }
}

/// The failures of a selection, each item once, with what became of it since.
macro_rules! judged {
    ($rest:literal) => {
        concat!(
            "WITH chosen AS (
                 SELECT DISTINCT ON (f.kind, f.external_id)
                        f.kind, f.external_id, f.product_external_id
                 FROM item_failures f
                 WHERE f.project_id = $1 AND f.run_id = $3 AND f.external_id IS NOT NULL
                   AND ($4::text IS NULL OR f.code = $4) AND ($5::text IS NULL OR f.kind = $5)
                   AND ($6::text IS NULL OR f.class = $6) AND ($7::bigint IS NULL OR f.id = $7)
                 ORDER BY f.kind, f.external_id, f.id
             ), judged AS (
                 SELECT c.kind, c.external_id,
                        coalesce(c.product_external_id, b.product_external_id) AS of_product,
                        b.external_id IS NULL AS resolved,
                        b.parked_at IS NOT NULL AND NOT $8 AS is_parked
                 FROM chosen c
                 LEFT JOIN failing_items b
                        ON b.project_id = $1 AND b.integration_id = $2 AND b.kind = c.kind
                       AND b.external_id = c.external_id
                 WHERE $3::uuid IS NOT NULL
                 UNION ALL
                 SELECT b.kind, b.external_id, b.product_external_id, false,
                        b.parked_at IS NOT NULL AND NOT $8
                 FROM failing_items b
                 WHERE $3::uuid IS NULL AND b.project_id = $1 AND b.integration_id = $2
                   AND ($4::text IS NULL OR b.code = $4) AND ($5::text IS NULL OR b.kind = $5)
                   AND ($6::text IS NULL OR b.class = $6)
             ) ",
            $rest
        )
    };
}

impl TenantTx {
    /// What a selection comes to now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_retry(
        &mut self,
        integration: IntegrationId,
        selection: &RetrySelection,
    ) -> Result<RetryCounts, StoreError> {
        let project = self.project().0;
        self.allow_nested_loops(false).await?;
        let counts = sqlx::query_as(judged!(
            "SELECT count(*) FILTER (WHERE is_open AND kind = 'listing') AS listings,
                    count(*) FILTER (WHERE is_open AND kind = 'product') AS products,
                    count(*) FILTER (WHERE is_open AND kind = 'order') AS orders,
                    count(*) FILTER (WHERE is_open AND kind = 'price') AS prices,
                    count(DISTINCT of_product) FILTER (
                        WHERE is_open AND kind = 'listing' AND of_product <> external_id
                    ) AS products_of_listings,
                    count(*) FILTER (WHERE resolved) AS skipped,
                    count(*) FILTER (WHERE is_parked) AS parked,
                    (SELECT count(*) FROM item_failures f
                     WHERE f.project_id = $1 AND f.run_id = $3 AND f.external_id IS NULL
                       AND ($4::text IS NULL OR f.code = $4)
                       AND ($5::text IS NULL OR f.kind = $5)
                       AND ($6::text IS NULL OR f.class = $6)
                       AND ($7::bigint IS NULL OR f.id = $7)
                       AND f.kind IN ('listing', 'product')) AS unnamed,
                    (SELECT count(*) FROM item_failures f
                     WHERE f.project_id = $1 AND f.run_id = $3 AND f.external_id IS NULL
                       AND ($4::text IS NULL OR f.code = $4)
                       AND ($5::text IS NULL OR f.kind = $5)
                       AND ($6::text IS NULL OR f.class = $6)
                       AND ($7::bigint IS NULL OR f.id = $7)
                       AND f.kind = 'order') AS unnamed_orders
             FROM (SELECT *, NOT resolved AND NOT is_parked AS is_open FROM judged) j"
        ))
        .bind(project)
        .bind(integration.0)
        .bind(selection.run.map(|run| run.0))
        .bind(&selection.code)
        .bind(selection.kind.map(FailureKind::as_str))
        .bind(selection.class.map(FailureClass::as_str))
        .bind(selection.failure)
        .bind(selection.parked)
        .fetch_one(self.conn())
        .await?;
        self.allow_nested_loops(true).await?;
        Ok(counts)
    }

    /// Gives a new run the items that it reads again, and notes what was left
    /// out. Those of one product stand together.
    pub(super) async fn add_retry_items(
        &mut self,
        run: SyncRunId,
        integration: IntegrationId,
        retry: &NewRetry,
        counts: &RetryCounts,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let selection = &retry.selection;
        // For a few, their listings are looked up one by one.
        self.allow_nested_loops(counts.by_id() <= FEW).await?;
        sqlx::query(judged!(
            "INSERT INTO sync_run_items (project_id, run_id, ordinal, kind, external_id,
                                         product_external_id)
             SELECT $1, $9, row_number() OVER (ORDER BY j.kind = 'order', j.kind = 'listing',
                                                        coalesce(j.of_product,
                                                                 l.external_product_id),
                                                        j.external_id),
                    j.kind, j.external_id, coalesce(j.of_product, l.external_product_id)
             FROM judged j
             LEFT JOIN listings l
                    ON j.kind = 'listing' AND l.project_id = $1 AND l.integration_id = $2
                   AND l.external_id = j.external_id
             WHERE NOT j.resolved AND NOT j.is_parked AND j.kind <> 'price'"
        ))
        .bind(project)
        .bind(integration.0)
        .bind(selection.run.map(|run| run.0))
        .bind(&selection.code)
        .bind(selection.kind.map(FailureKind::as_str))
        .bind(selection.class.map(FailureClass::as_str))
        .bind(selection.failure)
        .bind(selection.parked)
        .bind(run.0)
        .execute(self.conn())
        .await?;
        self.allow_nested_loops(true).await?;
        sqlx::query(
            "UPDATE sync_runs
             SET retry_of = $3, retry_code = $4, retry_number = $5, items_skipped = $6,
                 items_parked = $7
             WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(run.0)
        .bind(selection.run.map(|run| run.0))
        .bind(&selection.code)
        .bind(retry.number)
        .bind(counts.skipped)
        .bind(counts.parked)
        .execute(self.conn())
        .await?;
        if selection.parked {
            // A person asked for these in spite of that.
            sqlx::query(
                "UPDATE failing_items b SET parked_at = NULL, times = 0
                 FROM sync_run_items i
                 WHERE i.project_id = $1 AND i.run_id = $2 AND b.project_id = $1
                   AND b.integration_id = $3 AND b.kind = i.kind
                   AND b.external_id = i.external_id AND b.parked_at IS NOT NULL",
            )
            .bind(project)
            .bind(run.0)
            .bind(integration.0)
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }

    /// The prices among a selection that were wanted last and not taken, to be
    /// looked at again; those that are asked for in spite of being parked are no
    /// longer parked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prices_to_preview(
        &mut self,
        integration: IntegrationId,
        selection: &RetrySelection,
        most: i64,
    ) -> Result<Vec<UntakenPrice>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            listing_id: uuid::Uuid,
            external_id: String,
            currency: String,
            new_minor: i64,
            compare_at: String,
            new_compare_minor: Option<i64>,
        }
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(judged!(
            "SELECT l.id AS listing_id, l.external_id, n.currency, n.new_minor, n.compare_at,
                    n.new_compare_minor
             FROM judged j
             JOIN listings l ON l.project_id = $1 AND l.integration_id = $2
                            AND l.external_id = j.external_id
             CROSS JOIN LATERAL (
                 SELECT * FROM price_push_items n
                 WHERE n.project_id = $1 AND n.listing_id = l.id
                   AND n.status NOT IN ('planned', 'same', 'refused', 'discarded')
                 ORDER BY n.push_id DESC, n.ordinal DESC LIMIT 1) n
             WHERE j.kind = 'price' AND NOT j.resolved AND NOT j.is_parked
               AND n.status = 'failed' AND n.currency IS NOT NULL AND n.new_minor IS NOT NULL
             ORDER BY l.id LIMIT $9"
        ))
        .bind(project)
        .bind(integration.0)
        .bind(selection.run.map(|run| run.0))
        .bind(&selection.code)
        .bind(selection.kind.map(FailureKind::as_str))
        .bind(selection.class.map(FailureClass::as_str))
        .bind(selection.failure)
        .bind(selection.parked)
        .bind(most)
        .fetch_all(self.conn())
        .await?;
        if selection.parked {
            let ids: Vec<&str> = rows.iter().map(|row| row.external_id.as_str()).collect();
            sqlx::query(
                "UPDATE failing_items SET parked_at = NULL, times = 0
                 WHERE project_id = $1 AND integration_id = $2 AND kind = 'price'
                   AND external_id = ANY ($3) AND parked_at IS NOT NULL",
            )
            .bind(project)
            .bind(integration.0)
            .bind(&ids)
            .execute(self.conn())
            .await?;
        }
        rows.into_iter()
            .map(|row| {
                let currency: Currency = word("currency", &row.currency)?;
                Ok(UntakenPrice {
                    listing: row.listing_id.into(),
                    price: Money::new(row.new_minor, currency),
                    compare_at: CompareAtMinor::read(&row.compare_at, row.new_compare_minor),
                })
            })
            .collect()
    }

    /// The items of a retry whose turn is next: of the catalogue, or orders.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_retry_items(
        &mut self,
        run: SyncRunId,
        orders: bool,
        limit: i64,
    ) -> Result<Vec<RetryItem>, StoreError> {
        let project = self.project().0;
        let rows: Vec<(i64, String, String, Option<String>)> = sqlx::query_as(
            "SELECT ordinal, kind, external_id, product_external_id FROM sync_run_items
             WHERE project_id = $1 AND run_id = $2 AND outcome IS NULL
               AND (kind = 'order') = $3
             ORDER BY ordinal LIMIT $4",
        )
        .bind(project)
        .bind(run.0)
        .bind(orders)
        .bind(limit)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|(ordinal, kind, external_id, product_external_id)| {
                Ok(RetryItem {
                    ordinal,
                    kind: word("failure kind", &kind)?,
                    external_id,
                    product_external_id,
                })
            })
            .collect()
    }

    /// How many items of the catalogue a retry has still to read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry_items_left(&mut self, run: SyncRunId) -> Result<i64, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_scalar(
            "SELECT count(*) FROM sync_run_items
             WHERE project_id = $1 AND run_id = $2 AND outcome IS NULL AND kind <> 'order'",
        )
        .bind(project)
        .bind(run.0)
        .fetch_one(self.conn())
        .await?)
    }

    /// Says how many items of the catalogue a retry will have met at its end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_expected(&mut self, run: SyncRunId, items: i64) -> Result<(), StoreError> {
        let project = self.project().0;
        sqlx::query("UPDATE sync_runs SET items_expected = $3 WHERE project_id = $1 AND id = $2")
            .bind(project)
            .bind(run.0)
            .bind(items)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The last run of an integration that read something, or is about to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_run_that_read(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Option<SyncRunId>, StoreError> {
        let project = self.project().0;
        let run: Option<uuid::Uuid> = sqlx::query_scalar(
            "SELECT id FROM sync_runs
             WHERE project_id = $1 AND integration_id = $2 AND type <> 'prices'
             ORDER BY id DESC LIMIT 1",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_optional(self.conn())
        .await?;
        Ok(run.map(SyncRunId))
    }

    /// Notes what became of items of a retry, with the batch that brought them.
    /// What is gone goes from the catalogue too; gives how many listings went.
    /// Must follow the batch in its transaction.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn settle_retry_items(
        &mut self,
        outcomes: &[(RetryItem, RetryOutcome)],
        context: &BatchContext<'_>,
    ) -> Result<i64, StoreError> {
        self.hold_lease(context).await?;
        let project = self.project().0;
        sqlx::query(
            "UPDATE sync_run_items i SET outcome = r.outcome
             FROM UNNEST($3::bigint[], $4::text[]) AS r (ordinal, outcome)
             WHERE i.project_id = $1 AND i.run_id = $2 AND i.ordinal = r.ordinal",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(column(outcomes, |(item, _)| item.ordinal))
        .bind(column(outcomes, |(_, outcome)| outcome.as_str()))
        .execute(self.conn())
        .await?;
        let gone = |kind: FailureKind| -> Vec<&str> {
            outcomes
                .iter()
                .filter(|(item, outcome)| *outcome == RetryOutcome::Gone && item.kind == kind)
                .map(|(item, _)| item.external_id.as_str())
                .collect()
        };
        for kind in [
            FailureKind::Listing,
            FailureKind::Product,
            FailureKind::Order,
        ] {
            self.no_longer_failing(context.integration, kind, &gone(kind))
                .await?;
        }
        let (listings, products) = (gone(FailureKind::Listing), gone(FailureKind::Product));
        self.mark_items_gone(&listings, &products, context).await
    }

    /// What a run retries, where it does, and what became of it so far.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry_view(&mut self, run: SyncRunId) -> Result<Option<RetryView>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            r#type: String,
            retry_of: Option<uuid::Uuid>,
            retry_code: Option<String>,
            retry_number: i16,
            items_skipped: i64,
            items_parked: i64,
            items: i64,
            came_through: i64,
            failed: i64,
            gone: i64,
        }
        let project = self.project().0;
        let row: Option<Row> = sqlx::query_as(
            "SELECT r.type, r.retry_of, r.retry_code, r.retry_number, r.items_skipped,
                    r.items_parked, i.items, i.came_through, i.failed, i.gone
             FROM sync_runs r
             CROSS JOIN LATERAL (
                 SELECT count(*) AS items,
                        count(*) FILTER (WHERE outcome = 'synced') AS came_through,
                        count(*) FILTER (WHERE outcome = 'failed') AS failed,
                        count(*) FILTER (WHERE outcome = 'gone') AS gone
                 FROM sync_run_items WHERE project_id = $1 AND run_id = $2) i
             WHERE r.project_id = $1 AND r.id = $2",
        )
        .bind(project)
        .bind(run.0)
        .fetch_optional(self.conn())
        .await?;
        let row = row.filter(|row| row.r#type == "retry" || row.retry_of.is_some());
        Ok(row.map(|row| RetryView {
            of: row.retry_of.map(Into::into),
            code: row.retry_code,
            number: row.retry_number,
            items: row.items,
            came_through: row.came_through,
            failed: row.failed,
            gone: row.gone,
            skipped: row.items_skipped,
            parked: row.items_parked,
        }))
    }

    /// Up to when everything is here once a retry has brought what the run before
    /// it did not: that run's watermark, where nothing of it is left that reading
    /// again may bring.
    pub(super) async fn watermark_after_retry(
        &mut self,
        run: SyncRunId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let project = self.project().0;
        let watermark: Option<Option<DateTime<Utc>>> = sqlx::query_scalar(
            "WITH RECURSIVE chain AS (
                 SELECT id, type, retry_of, 1 AS depth FROM sync_runs
                 WHERE project_id = $1 AND id = $2
                 UNION ALL
                 SELECT r.id, r.type, r.retry_of, c.depth + 1
                 FROM sync_runs r JOIN chain c ON r.id = c.retry_of
                 WHERE r.project_id = $1 AND c.type = 'retry' AND c.depth < 50
             )
             SELECT r.watermark
             FROM chain c
             JOIN sync_runs r ON r.project_id = $1 AND r.id = c.id
             WHERE r.type IN ('full', 'incremental')
               AND (r.status = 'partial' OR r.error_code = 'all_failed')
               AND coalesce(r.items_expected, 0)
                   <= r.items_created + r.items_updated + r.items_unchanged + r.items_failed
               AND NOT EXISTS (
                   SELECT FROM item_failures f
                   WHERE f.project_id = $1 AND f.run_id = r.id AND f.kind = ANY ($3)
                     AND f.class <> 'permanent' AND f.external_id IS NULL)
               AND NOT EXISTS (
                   SELECT FROM item_failures f
                   JOIN failing_items b
                     ON b.project_id = $1 AND b.integration_id = r.integration_id
                    AND b.kind = f.kind AND b.external_id = f.external_id
                   WHERE f.project_id = $1 AND f.run_id IN (SELECT id FROM chain)
                     AND f.kind = ANY ($3) AND b.class <> 'permanent' AND b.parked_at IS NULL)",
        )
        .bind(project)
        .bind(run.0)
        .bind(CATALOGUE_KINDS)
        .fetch_optional(self.conn())
        .await?;
        Ok(watermark.flatten())
    }
}
