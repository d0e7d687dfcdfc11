//! What is shown of failures, and what of them is removed.

use std::collections::HashMap;

use calibr_model::{
    Cursor, Page, PageRequest, SyncRunId, UserId,
    status::{Captured, FailureKind, FailureState},
    views::{FailureExchange, FailureGroupView, FailureQuery, ItemFailureDetail, ItemFailureView},
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use crate::{
    db::{SystemTx, TenantTx},
    error::StoreError,
    rows::{column, page_of, word},
};

/// Rows that are cleared in one go.
const CLEARED_AT_ONCE: i32 = 5_000;

#[derive(FromRow)]
struct Row {
    id: i64,
    kind: String,
    external_id: Option<String>,
    label: Option<String>,
    product_id: Option<uuid::Uuid>,
    code: String,
    message: String,
    class: String,
    is_failing: bool,
    is_parked: bool,
    attempts: i32,
    has_answer: bool,
    was_expunged: bool,
    at: DateTime<Utc>,
}

macro_rules! failures {
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT f.id, f.kind, f.external_id, f.label,
                    coalesce(l.product_id, k.product_id) AS product_id, f.code, f.message,
                    f.class, b.external_id IS NOT NULL AS is_failing,
                    b.parked_at IS NOT NULL AS is_parked, f.attempts,
                    f.answer IS NOT NULL OR f.request IS NOT NULL AS has_answer,
                    f.expunged_at IS NOT NULL AS was_expunged, f.at ",
            $more,
            " FROM item_failures f
             JOIN sync_runs r ON r.project_id = f.project_id AND r.id = f.run_id
             LEFT JOIN failing_items b
                    ON b.project_id = f.project_id AND b.integration_id = r.integration_id
                   AND b.kind = f.kind AND b.external_id = f.external_id
             LEFT JOIN listings l
                    ON f.kind IN ('listing', 'price') AND l.project_id = f.project_id
                   AND l.integration_id = r.integration_id AND l.external_id = f.external_id
             LEFT JOIN product_links k
                    ON f.kind <> 'order' AND l.id IS NULL AND k.project_id = f.project_id
                   AND k.integration_id = r.integration_id
                   AND k.external_id = CASE f.kind WHEN 'product' THEN f.external_id
                                                   ELSE f.product_external_id END ",
            $rest
        )
    };
}

impl Row {
    fn into_view(self) -> Result<ItemFailureView, StoreError> {
        let state = match (&self.external_id, self.is_failing, self.is_parked) {
            (None, ..) => FailureState::Unnamed,
            (Some(_), false, _) => FailureState::Resolved,
            (Some(_), true, true) => FailureState::Parked,
            (Some(_), true, false) => FailureState::Open,
        };
        let captured = match (self.has_answer, self.was_expunged) {
            (true, _) => Captured::Kept,
            (false, true) => Captured::Expunged,
            (false, false) => Captured::None,
        };
        Ok(ItemFailureView {
            id: self.id,
            kind: word("failure kind", &self.kind)?,
            external_id: self.external_id,
            label: self.label,
            product_id: self.product_id.map(Into::into),
            code: self.code,
            message: self.message,
            class: word("failure class", &self.class)?,
            state,
            attempts: self.attempts,
            captured,
            at: self.at,
        })
    }
}

#[derive(FromRow)]
struct DetailRow {
    #[sqlx(flatten)]
    row: Row,
    request: Option<String>,
    answer: Option<String>,
    expunged_at: Option<DateTime<Utc>>,
    expunged_by: Option<String>,
    since: Option<DateTime<Utc>>,
}

impl TenantTx {
    /// A run's failures, in the order they were met.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn item_failures(
        &mut self,
        run: SyncRunId,
        query: &FailureQuery,
        page: &PageRequest,
    ) -> Result<Page<ItemFailureView>, StoreError> {
        let project = self.project().0;
        let after: i64 = page.after()?.unwrap_or(-1);
        let rows: Vec<Row> = sqlx::query_as(failures!(
            "",
            "WHERE f.project_id = $1 AND f.run_id = $2 AND f.id > $3
               AND ($4::text IS NULL OR f.code = $4)
               AND ($5::text IS NULL OR f.class = $5)
               AND ($6::text IS NULL OR f.kind = $6)
             ORDER BY f.id LIMIT $7"
        ))
        .bind(project)
        .bind(run.0)
        .bind(after)
        .bind(&query.code)
        .bind(query.class.map(|class| class.as_str()))
        .bind(query.kind.map(FailureKind::as_str))
        .bind(i64::from(page.limit()) + 1)
        .fetch_all(self.conn())
        .await?;
        page_of(rows, page, |row| Cursor::encode(&row.id), Row::into_view)
    }

    /// A run's failures by code, kind and class, most first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn failure_groups(
        &mut self,
        run: SyncRunId,
    ) -> Result<Vec<FailureGroupView>, StoreError> {
        #[derive(FromRow)]
        struct Group {
            code: String,
            kind: String,
            class: String,
            count: i64,
            open: i64,
            parked: i64,
            unnamed: i64,
            first: i64,
        }
        let project = self.project().0;
        self.allow_nested_loops(false).await?;
        let groups: Vec<Group> = sqlx::query_as(
            "SELECT f.code, f.kind, f.class, count(*) AS count, min(f.id) AS first,
                    count(b.external_id) FILTER (WHERE b.parked_at IS NULL) AS open,
                    count(b.external_id) FILTER (WHERE b.parked_at IS NOT NULL) AS parked,
                    count(*) FILTER (WHERE f.external_id IS NULL) AS unnamed
             FROM item_failures f
             JOIN sync_runs r ON r.project_id = f.project_id AND r.id = f.run_id
             LEFT JOIN failing_items b
                    ON b.project_id = $1 AND b.integration_id = r.integration_id
                   AND b.kind = f.kind AND b.external_id = f.external_id
             WHERE f.project_id = $1 AND f.run_id = $2
             GROUP BY f.code, f.kind, f.class
             ORDER BY count DESC, f.code, f.kind, f.class",
        )
        .bind(project)
        .bind(run.0)
        .fetch_all(self.conn())
        .await?;
        self.allow_nested_loops(true).await?;
        let messages: Vec<(i64, String)> = sqlx::query_as(
            "SELECT id, message FROM item_failures
             WHERE project_id = $1 AND run_id = $2 AND id = ANY ($3)",
        )
        .bind(project)
        .bind(run.0)
        .bind(column(&groups, |group| group.first))
        .fetch_all(self.conn())
        .await?;
        let mut messages: HashMap<i64, String> = messages.into_iter().collect();
        groups
            .into_iter()
            .map(|group| {
                Ok(FailureGroupView {
                    code: group.code,
                    kind: word("failure kind", &group.kind)?,
                    class: word("failure class", &group.class)?,
                    count: group.count,
                    open: group.open,
                    parked: group.parked,
                    unnamed: group.unnamed,
                    message: messages.remove(&group.first).unwrap_or_default(),
                })
            })
            .collect()
    }

    /// One failure with the platform's part in it; `kept_for` is how long that
    /// stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn item_failure(
        &mut self,
        run: SyncRunId,
        failure: i64,
        kept_for: TimeDelta,
    ) -> Result<Option<ItemFailureDetail>, StoreError> {
        let project = self.project().0;
        let row: Option<DetailRow> = sqlx::query_as(failures!(
            ", f.request, f.answer, f.expunged_at,
               (SELECT u.name FROM users u WHERE u.id = f.expunged_by) AS expunged_by, b.since",
            "WHERE f.project_id = $1 AND f.run_id = $2 AND f.id = $3"
        ))
        .bind(project)
        .bind(run.0)
        .bind(failure)
        .fetch_optional(self.conn())
        .await?;
        row.map(|row| {
            let failure = row.row.into_view()?;
            let exchange = FailureExchange {
                request: row.request,
                answer: row.answer,
                kept_until: (failure.captured == Captured::Kept).then(|| failure.at + kept_for),
                expunged_at: row.expunged_at,
                expunged_by: row.expunged_by,
                failing_since: row.since,
            };
            Ok(ItemFailureDetail { failure, exchange })
        })
        .transpose()
    }

    /// Removes the platform's part in a failure, or in all of a run. Gives of how
    /// many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn expunge_answers(
        &mut self,
        run: SyncRunId,
        failure: Option<i64>,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let project = self.project().0;
        let done = sqlx::query(
            "UPDATE item_failures
             SET answer = NULL, request = NULL, expunged_at = $5, expunged_by = $4
             WHERE project_id = $1 AND run_id = $2 AND ($3::bigint IS NULL OR id = $3)
               AND (answer IS NOT NULL OR request IS NOT NULL)",
        )
        .bind(project)
        .bind(run.0)
        .bind(failure)
        .bind(by.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected())
    }
}

impl SystemTx {
    /// Removes platforms' parts in failures that were seen before a moment (UTC),
    /// some thousands at a time. Gives of how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn expunge_old_answers(
        &mut self,
        seen_before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let cleared: i64 = sqlx::query_scalar("SELECT calibr_expunge_answers($1, $2)")
            .bind(seen_before)
            .bind(CLEARED_AT_ONCE)
            .fetch_one(self.conn())
            .await?;
        Ok(cleared.unsigned_abs())
    }
}
