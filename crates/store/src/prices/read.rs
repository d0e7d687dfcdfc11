//! What is shown of pushes, ledgers and price changes.

use calibr_model::{
    Currency, Cursor, IntegrationId, ListingId, Money, Page, PageRequest, PricePushId, ProductId,
    views::{
        LedgerStep, ListingLedgerView, PriceChangeView, PriceCheckView, PriceItemStatus,
        PriceItemView, PriceLedgerView, PricePushView, PriceTrialView, TrialResult,
    },
};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::CompareAtMinor;
use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{money, page_of, word},
};

#[derive(FromRow)]
struct PushRow {
    id: Uuid,
    status: String,
    reason: String,
    reverts: Option<Uuid>,
    hash: Option<String>,
    created_by: Option<String>,
    created_at: DateTime<Utc>,
    applied_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    error: Option<String>,
    items_planned: i64,
    items_same: i64,
    items_refused: i64,
    items_observed: i64,
    items_accepted: i64,
    items_failed: i64,
    refused_unlisted: i64,
    items_read: i64,
    checks: Json<Vec<PriceCheckView>>,
}

impl PushRow {
    fn into_view(self) -> Result<PricePushView, StoreError> {
        Ok(PricePushView {
            id: self.id.into(),
            status: word("price push status", &self.status)?,
            reason: self.reason,
            reverts: self.reverts.map(PricePushId),
            hash: self.hash,
            created_by: self.created_by,
            created_at: self.created_at,
            applied_at: self.applied_at,
            completed_at: self.completed_at,
            error: self.error,
            items_planned: self.items_planned,
            items_same: self.items_same,
            items_refused: self.items_refused,
            items_observed: self.items_observed,
            items_accepted: self.items_accepted,
            items_failed: self.items_failed,
            items_refused_unlisted: self.refused_unlisted,
            items_read: self.items_read,
            checks: self.checks.0,
        })
    }
}

macro_rules! push {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.status, p.reason, p.reverts, encode(p.hash, 'hex') AS hash,
                    u.name AS created_by, p.created_at, p.applied_at, p.completed_at, p.error,
                    p.items_planned, p.items_same, p.items_refused, p.items_observed,
                    p.items_accepted, p.items_failed, p.refused_unlisted, p.items_read,
                    coalesce(
                        (SELECT json_agg(json_build_object(
                                    'integration_id', c.integration_id, 'status', c.status,
                                    'items_planned', c.items_planned,
                                    'items_total', c.items_total, 'items_tried', c.items_tried,
                                    'items_accepted', c.items_accepted,
                                    'items_refused', c.items_refused, 'error', c.error,
                                    'begun_at', c.begun_at, 'completed_at', c.completed_at)
                                ORDER BY c.integration_id)
                         FROM price_push_checks c
                         WHERE c.project_id = $1 AND c.push_id = p.id), '[]') AS checks
             FROM price_pushes p LEFT JOIN users u ON u.id = p.created_by
             WHERE p.project_id = $1 ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct ItemRow {
    ordinal: i64,
    line: Option<i64>,
    reference: String,
    listing_id: Option<Uuid>,
    integration_id: Option<Uuid>,
    integration_name: Option<String>,
    title: Option<String>,
    sku: Option<String>,
    currency: Option<String>,
    old_minor: Option<i64>,
    old_compare_minor: Option<i64>,
    new_minor: Option<i64>,
    compare_at: String,
    new_compare_minor: Option<i64>,
    status: String,
    code: Option<String>,
    message: Option<String>,
    trial: Option<String>,
    trial_code: Option<String>,
    trial_message: Option<String>,
}

impl ItemRow {
    fn into_view(self) -> Result<PriceItemView, StoreError> {
        let currency = self.currency.as_deref();
        let compare_at = CompareAtMinor::read(&self.compare_at, self.new_compare_minor);
        let trial = match &self.trial {
            Some(result) => Some(PriceTrialView {
                result: word("trial result", result)?,
                code: self.trial_code,
                message: self.trial_message,
            }),
            None => None,
        };
        Ok(PriceItemView {
            ordinal: self.ordinal,
            line: self.line,
            listing_id: self.listing_id.map(Into::into),
            integration_id: self.integration_id.map(Into::into),
            integration_name: self.integration_name,
            title: self.title,
            sku: self.sku,
            old_price: money(self.old_minor, currency)?,
            new_price: money(self.new_minor, currency)?,
            old_compare_at: money(self.old_compare_minor, currency)?,
            new_compare_at: money(compare_at.after(self.old_compare_minor), currency)?,
            reference: self.reference,
            status: word("price item status", &self.status)?,
            code: self.code,
            message: self.message,
            trial,
        })
    }
}

/// Which prices of a push are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemFilter {
    /// Only those in one of these states; all where empty.
    pub status: Vec<PriceItemStatus>,
    /// Only those of which a platform said this in the trial.
    pub trial: Option<TrialResult>,
}

#[derive(FromRow)]
struct LedgerRow {
    push_id: Uuid,
    currency: String,
    desired_minor: i64,
    desired_at: DateTime<Utc>,
    sent_minor: Option<i64>,
    sent_at: Option<DateTime<Utc>>,
    accepted_minor: Option<i64>,
    accepted_at: Option<DateTime<Utc>>,
    observed_minor: Option<i64>,
    observed_at: Option<DateTime<Utc>>,
}

impl LedgerRow {
    fn into_view(self) -> Result<PriceLedgerView, StoreError> {
        let currency = word("currency", &self.currency)?;
        let step = |amount: Option<i64>, at: Option<DateTime<Utc>>| {
            Some(LedgerStep {
                price: Money::new(amount?, currency),
                at: at?,
            })
        };
        Ok(PriceLedgerView {
            push_id: self.push_id.into(),
            desired: LedgerStep {
                price: Money::new(self.desired_minor, currency),
                at: self.desired_at,
            },
            sent: step(self.sent_minor, self.sent_at),
            accepted: step(self.accepted_minor, self.accepted_at),
            observed: step(self.observed_minor, self.observed_at),
            drifted: self.accepted_minor.is_some()
                && self.observed_minor != Some(self.desired_minor)
                && self.observed_at >= self.accepted_at,
        })
    }
}

impl TenantTx {
    /// A page of the project's pushes, newest first.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn price_pushes(
        &mut self,
        page: &PageRequest,
    ) -> Result<Page<PricePushView>, StoreError> {
        let project = self.project().0;
        let before = page.after()?.unwrap_or(Uuid::max());
        let rows: Vec<PushRow> = sqlx::query_as(push!("AND p.id < $2 ORDER BY p.id DESC LIMIT $3"))
            .bind(project)
            .bind(before)
            .bind(i64::from(page.limit()) + 1)
            .fetch_all(self.conn())
            .await?;
        page_of(
            rows,
            page,
            |push| Cursor::encode(&push.id),
            PushRow::into_view,
        )
    }

    /// One push.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn price_push(
        &mut self,
        id: PricePushId,
    ) -> Result<Option<PricePushView>, StoreError> {
        let project = self.project().0;
        let row: Option<PushRow> = sqlx::query_as(push!("AND p.id = $2"))
            .bind(project)
            .bind(id.0)
            .fetch_optional(self.conn())
            .await?;
        row.map(PushRow::into_view).transpose()
    }

    /// A page of a push's prices in their order.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn price_push_items(
        &mut self,
        push: PricePushId,
        filter: &ItemFilter,
        page: &PageRequest,
    ) -> Result<Page<PriceItemView>, StoreError> {
        let project = self.project().0;
        let after: i64 = page.after()?.unwrap_or(-1);
        let statuses: Vec<&str> = filter.status.iter().map(|status| status.as_str()).collect();
        let rows: Vec<ItemRow> = sqlx::query_as(
            "SELECT n.ordinal, n.line, n.reference, n.listing_id, n.integration_id,
                    i.name AS integration_name,
                    nullif(concat_ws(' · ', nullif(p.title, ''), nullif(l.title, '')), '') AS title,
                    l.sku,
                    n.currency, n.old_minor, n.old_compare_minor, n.new_minor, n.compare_at,
                    n.new_compare_minor, n.status, n.code, n.message, n.trial,
                    n.trial_code, n.trial_message
             FROM price_push_items n
             LEFT JOIN listings l ON l.project_id = $1 AND l.id = n.listing_id
             LEFT JOIN products p ON p.project_id = $1 AND p.id = l.product_id
             LEFT JOIN integrations i ON i.project_id = $1 AND i.id = n.integration_id
             WHERE n.project_id = $1 AND n.push_id = $2 AND n.ordinal > $3
               AND (cardinality($4::text[]) = 0 OR n.status = ANY ($4))
               AND ($5::text IS NULL OR n.trial = $5)
             ORDER BY n.ordinal LIMIT $6",
        )
        .persistent(false)
        .bind(project)
        .bind(push.0)
        .bind(after)
        .bind(statuses)
        .bind(filter.trial.map(TrialResult::as_str))
        .bind(i64::from(page.limit()) + 1)
        .fetch_all(self.conn())
        .await?;
        page_of(
            rows,
            page,
            |item| Cursor::encode(&item.ordinal),
            ItemRow::into_view,
        )
    }

    /// A page of a listing's price changes, newest first.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn price_changes(
        &mut self,
        listing: Option<ListingId>,
        page: &PageRequest,
    ) -> Result<Page<PriceChangeView>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            id: Uuid,
            listing_id: Uuid,
            old_minor: Option<i64>,
            old_currency: Option<String>,
            new_minor: Option<i64>,
            new_currency: Option<String>,
            at: DateTime<Utc>,
            source: String,
            reason: String,
            by: Option<String>,
            push_id: Option<Uuid>,
        }
        let project = self.project().0;
        let (before, id) = page
            .after::<(DateTime<Utc>, Uuid)>()?
            .unwrap_or((far_future(), Uuid::max()));
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT c.id, c.listing_id, c.old_minor, c.old_currency, c.new_minor, c.new_currency,
                    c.at, c.source, c.reason, u.name AS by, c.push_id
             FROM price_changes c LEFT JOIN users u ON u.id = c.user_id
             WHERE c.project_id = $1 AND ($2::uuid IS NULL OR c.listing_id = $2)
               AND (c.at, c.id) < ($3, $4)
             ORDER BY c.at DESC, c.id DESC LIMIT $5",
        )
        .persistent(false)
        .bind(project)
        .bind(listing.map(|id| id.0))
        .bind(before)
        .bind(id)
        .bind(i64::from(page.limit()) + 1)
        .fetch_all(self.conn())
        .await?;
        let view = |row: Row| {
            Ok(PriceChangeView {
                listing_id: row.listing_id.into(),
                old_price: money(row.old_minor, row.old_currency.as_deref())?,
                new_price: money(row.new_minor, row.new_currency.as_deref())?,
                at: row.at,
                source: word("price source", &row.source)?,
                reason: row.reason,
                by: row.by,
                push_id: row.push_id.map(PricePushId),
            })
        };
        page_of(rows, page, |row| Cursor::encode(&(row.at, row.id)), view)
    }

    /// Where a listing's price stands on its way; `None` where none was ever
    /// wanted here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn price_ledger(
        &mut self,
        listing: ListingId,
    ) -> Result<Option<PriceLedgerView>, StoreError> {
        let project = self.project().0;
        let row: Option<LedgerRow> = sqlx::query_as(
            "SELECT push_id, currency, desired_minor, desired_at, sent_minor, sent_at,
                    accepted_minor, accepted_at, observed_minor, observed_at
             FROM listing_prices WHERE project_id = $1 AND listing_id = $2",
        )
        .bind(project)
        .bind(listing.0)
        .fetch_optional(self.conn())
        .await?;
        row.map(LedgerRow::into_view).transpose()
    }

    /// Where the prices of a product's listings stand; only of those that a price
    /// was ever wanted for here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn price_ledgers(
        &mut self,
        product: ProductId,
    ) -> Result<Vec<ListingLedgerView>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            listing_id: Uuid,
            #[sqlx(flatten)]
            ledger: LedgerRow,
            status: String,
            message: Option<String>,
        }
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT d.listing_id, d.push_id, d.currency, d.desired_minor, d.desired_at,
                    d.sent_minor, d.sent_at, d.accepted_minor, d.accepted_at, d.observed_minor,
                    d.observed_at, n.status, n.message
             FROM listings l
             JOIN listing_prices d ON d.project_id = $1 AND d.listing_id = l.id
             JOIN price_push_items n ON n.project_id = $1 AND n.listing_id = l.id
                  AND n.push_id = d.push_id AND n.status NOT IN ('same', 'refused')
             WHERE l.project_id = $1 AND l.product_id = $2
             ORDER BY d.listing_id",
        )
        .bind(project)
        .bind(product.0)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(ListingLedgerView {
                    listing_id: row.listing_id.into(),
                    ledger: row.ledger.into_view()?,
                    status: word("price item status", &row.status)?,
                    message: row.message,
                })
            })
            .collect()
    }

    /// The currencies of the project's stores, as far as they have told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn store_currencies(&mut self) -> Result<Vec<Currency>, StoreError> {
        let project = self.project().0;
        let codes: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT currency FROM integrations
             WHERE project_id = $1 AND currency IS NOT NULL ORDER BY 1",
        )
        .bind(project)
        .fetch_all(self.conn())
        .await?;
        codes.iter().map(|code| word("currency", code)).collect()
    }

    /// How many prices a push sends, or has sent, to which store; most first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn price_push_stores(
        &mut self,
        push: PricePushId,
    ) -> Result<Vec<(IntegrationId, i64)>, StoreError> {
        let project = self.project().0;
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT integration_id, count(*) FROM price_push_items
             WHERE project_id = $1 AND push_id = $2 AND status NOT IN ('same', 'refused')
               AND integration_id IS NOT NULL
             GROUP BY integration_id ORDER BY 2 DESC, 1",
        )
        .bind(project)
        .bind(push.0)
        .fetch_all(self.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|(store, count)| (store.into(), count))
            .collect())
    }
}

/// After every moment that a price can have changed at.
fn far_future() -> DateTime<Utc> {
    DateTime::from_timestamp(253_402_300_799, 0).unwrap_or_default()
}
