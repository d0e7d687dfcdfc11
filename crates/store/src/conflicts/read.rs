//! What is shown of conflicts.

use calibr_model::{
    ConflictId, Cursor, IntegrationId, Page, PageRequest,
    views::{
        ConflictCounts, ConflictField, ConflictQuery, ConflictStatus, ConflictView, HeldView,
        StoreConflicts,
    },
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::TenantTx,
    error::StoreError,
    products::Search,
    rows::{money, page_of, word},
};

/// Whether what was decided of `c`, whose listing is `l`, can be undone: for
/// Calibr's value while it is not sent, for the store's while that stands and
/// nothing newer is wanted.
macro_rules! can_undo {
    () => {
        "coalesce(
            c.status = 'resolved' AND l.state <> 'gone'
            AND NOT EXISTS (SELECT FROM price_conflicts o
                            WHERE o.project_id = $1 AND o.listing_id = c.listing_id
                              AND o.field = c.field
                              AND (o.status = 'open'
                                   OR o.status = 'resolved'
                                      AND (o.found_at, o.id) > (c.found_at, c.id)))
            AND CASE c.resolution
                WHEN 'ours' THEN
                    EXISTS (SELECT FROM price_push_items n
                            WHERE n.project_id = $1 AND n.push_id = c.push_id
                              AND n.listing_id = c.listing_id AND n.status = 'queued')
                ELSE
                    EXISTS (SELECT FROM listing_prices d
                            JOIN price_pushes p ON p.project_id = $1 AND p.id = d.push_id
                            WHERE d.project_id = $1 AND d.listing_id = c.listing_id
                              AND p.applied_at <= c.decided_at
                              AND CASE c.field
                                  WHEN 'price' THEN d.desired_minor = c.theirs_minor
                                                    AND l.price_minor = c.theirs_minor
                                  ELSE d.desired_compare_minor IS NOT DISTINCT FROM c.theirs_minor
                                       AND l.compare_at_minor IS NOT DISTINCT FROM c.theirs_minor
                                  END)
                END, false)"
    };
}
pub(super) use can_undo;

/// A filter as [`filter!`] takes it, from the second argument on.
pub(super) struct Filter {
    pub(super) integration: Option<Uuid>,
    pub(super) field: Option<&'static str>,
    pub(super) patterns: Option<Vec<String>>,
    pub(super) sku_prefix: Option<String>,
}

impl Filter {
    pub(super) fn of(
        integration: Option<IntegrationId>,
        field: Option<ConflictField>,
        search: &str,
    ) -> Self {
        let (patterns, sku_prefix) = Search::of(search)
            .map(|search| (search.patterns, search.sku_prefix))
            .unzip();
        Self {
            integration: integration.map(|id| id.0),
            field: field.map(ConflictField::as_str),
            patterns,
            sku_prefix,
        }
    }
}

/// Narrows `c` by store, field and words; `$2` to `$5`.
macro_rules! filter {
    () => {
        "($2::uuid IS NULL OR c.integration_id = $2)
         AND ($3::text IS NULL OR c.field = $3)
         AND ($4::text[] IS NULL
              OR c.listing_id IN (SELECT s.id FROM listings s
                                  WHERE s.project_id = $1
                                    AND s.product_id IN (SELECT calibr_search_products($4, $5))))"
    };
}
pub(super) use filter;

/// Conflicts `c` with all that is shown of them.
macro_rules! conflicts {
    ($from:expr, $rest:literal) => {
        concat!(
            "SELECT c.id, c.version, c.status, c.is_open, c.listing_id, l.product_id,
                    c.integration_id, i.name AS integration_name,
                    nullif(concat_ws(' · ', nullif(p.title, ''), nullif(l.title, '')), '') AS title,
                    l.sku, c.field, c.currency, c.base_minor, c.ours_minor, c.theirs_minor,
                    c.found_at, c.moved_at, c.run_id, c.held_reason, c.held_message, c.resolution,
                    u.name AS decided_by, c.policy, c.decided_at, c.decision_id, c.push_id, ",
            can_undo!(),
            " AS can_undo FROM ",
            $from,
            " c JOIN listings l ON l.project_id = $1 AND l.id = c.listing_id
             JOIN products p ON p.project_id = $1 AND p.id = l.product_id
             JOIN integrations i ON i.project_id = $1 AND i.id = c.integration_id
             LEFT JOIN users u ON u.id = c.decided_by ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    version: i64,
    status: String,
    is_open: bool,
    listing_id: Uuid,
    product_id: Uuid,
    integration_id: Uuid,
    integration_name: String,
    title: Option<String>,
    sku: Option<String>,
    field: String,
    currency: String,
    base_minor: Option<i64>,
    ours_minor: Option<i64>,
    theirs_minor: Option<i64>,
    found_at: DateTime<Utc>,
    moved_at: DateTime<Utc>,
    run_id: Option<Uuid>,
    held_reason: Option<String>,
    held_message: Option<String>,
    resolution: Option<String>,
    decided_by: Option<String>,
    policy: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    decision_id: Option<Uuid>,
    push_id: Option<Uuid>,
    can_undo: bool,
}

impl Row {
    fn into_view(self) -> Result<ConflictView, StoreError> {
        let currency = Some(self.currency.as_str());
        let held = match (&self.held_reason, self.held_message) {
            (Some(reason), Some(message)) => Some(HeldView {
                reason: word("reason of a held conflict", reason)?,
                message,
            }),
            _ => None,
        };
        Ok(ConflictView {
            id: self.id.into(),
            version: self.version,
            status: word("conflict status", &self.status)?,
            listing_id: self.listing_id.into(),
            product_id: self.product_id.into(),
            integration_id: self.integration_id.into(),
            integration_name: self.integration_name,
            title: self.title,
            sku: self.sku,
            field: word("conflict field", &self.field)?,
            base: money(self.base_minor, currency)?,
            ours: money(self.ours_minor, currency)?,
            theirs: money(self.theirs_minor, currency)?,
            found_at: self.found_at,
            moved_at: self.moved_at,
            run_id: self.run_id.map(Into::into),
            held,
            resolution: self
                .resolution
                .map(|side| word("side of a conflict", &side))
                .transpose()?,
            decided_by: self.decided_by,
            policy: self
                .policy
                .map(|policy| word("conflict policy", &policy))
                .transpose()?,
            decided_at: self.decided_at,
            decision_id: self.decision_id.map(Into::into),
            push_id: self.push_id.map(Into::into),
            can_undo: self.can_undo,
        })
    }
}

/// Where a page begins: whether it is among the open ones, when it was found, its
/// id.
type After = (bool, DateTime<Utc>, Uuid);

impl TenantTx {
    /// A page of the project's conflicts: the open ones first, of each the newest.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn conflicts(
        &mut self,
        query: &ConflictQuery,
        page: &PageRequest,
    ) -> Result<Page<ConflictView>, StoreError> {
        let project = self.project().0;
        let after = page.after::<After>()?;
        let filter = Filter::of(query.integration, query.field, &query.search);
        let rows: Vec<Row> = sqlx::query_as(conflicts!(
            concat!(
                "(SELECT * FROM price_conflicts c
                  WHERE c.project_id = $1 AND ",
                filter!(),
                " AND ($6::text IS NULL OR c.status = $6 AND c.is_open = ($6 = 'open'))
                  AND ($7::boolean IS NULL
                       OR (c.is_open, c.found_at, c.id) < ($7, $8::timestamptz, $9::uuid))
                  ORDER BY c.is_open DESC, c.found_at DESC, c.id DESC LIMIT $10)"
            ),
            "ORDER BY c.is_open DESC, c.found_at DESC, c.id DESC"
        ))
        // Planned each time: the best plan hangs on which filters are set.
        .persistent(false)
        .bind(project)
        .bind(filter.integration)
        .bind(filter.field)
        .bind(filter.patterns)
        .bind(filter.sku_prefix)
        .bind(query.status.map(ConflictStatus::as_str))
        .bind(after.map(|(is_open, ..)| is_open))
        .bind(after.map(|(_, found_at, _)| found_at))
        .bind(after.map(|(.., id)| id))
        .bind(i64::from(page.limit()) + 1)
        .fetch_all(self.conn())
        .await?;
        page_of(
            rows,
            page,
            |row| Cursor::encode(&(row.is_open, row.found_at, row.id)),
            Row::into_view,
        )
    }

    /// One conflict.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn conflict(&mut self, id: ConflictId) -> Result<Option<ConflictView>, StoreError> {
        let project = self.project().0;
        let row: Option<Row> = sqlx::query_as(conflicts!(
            "price_conflicts",
            "WHERE c.project_id = $1 AND c.id = $2"
        ))
        .bind(project)
        .bind(id.0)
        .fetch_optional(self.conn())
        .await?;
        row.map(Row::into_view).transpose()
    }

    /// How many conflicts that match are open, in the project and in each store;
    /// the status that is asked for does not count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn conflict_counts(
        &mut self,
        query: &ConflictQuery,
    ) -> Result<ConflictCounts, StoreError> {
        let project = self.project().0;
        let filter = Filter::of(query.integration, query.field, &query.search);
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(concat!(
            "SELECT c.integration_id, count(*) FROM price_conflicts c
             WHERE c.project_id = $1 AND c.is_open AND ",
            filter!(),
            " GROUP BY c.integration_id ORDER BY 2 DESC, 1"
        ))
        // Planned each time: the best plan hangs on which filters are set.
        .persistent(false)
        .bind(project)
        .bind(filter.integration)
        .bind(filter.field)
        .bind(filter.patterns)
        .bind(filter.sku_prefix)
        .fetch_all(self.conn())
        .await?;
        Ok(ConflictCounts {
            open: rows.iter().map(|(_, open)| open).sum(),
            stores: rows
                .into_iter()
                .map(|(store, open)| StoreConflicts {
                    integration_id: store.into(),
                    open,
                })
                .collect(),
        })
    }
}
