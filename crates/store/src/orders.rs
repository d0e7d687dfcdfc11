//! What stores sold: orders, their lines, and the days' sums that are kept up
//! with them.

mod write;

use calibr_model::{IntegrationId, ListingId, Money, views::DaySales};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;

use crate::{
    catalogue::{FailureInput, RecordHash},
    db::TenantTx,
    error::StoreError,
    rows::word,
};

/// An order as its store has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderInput {
    /// The platform's id.
    pub external_id: String,
    /// When it was placed, in UTC.
    pub placed_at: DateTime<Utc>,
    /// When the store last changed it, in UTC.
    pub updated_at: Option<DateTime<Utc>>,
    /// Whether it was cancelled as a whole: its lines count for nothing then.
    pub cancelled: bool,
    /// What was bought.
    pub lines: Vec<OrderLineInput>,
    /// Tells this content from any other.
    pub hash: RecordHash,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLineInput {
    /// The platform's id of the line, unique within the order.
    pub external_id: String,
    /// The platform's id of the variant, where it is one.
    pub listing_external_id: Option<String>,
    /// The stock keeping unit as it was then.
    pub sku: Option<String>,
    /// Units bought.
    pub quantity: i64,
    /// Units given back or taken off the order since.
    pub refunded_quantity: i64,
    /// For all units, discounts taken off.
    pub amount: Money,
    /// What of it was paid back, in the same currency.
    pub refunded_minor: i64,
}

/// Some of a store's orders to be written, with where the stream stood after
/// them.
#[derive(Debug, Clone, Default)]
pub struct OrderBatchInput {
    /// Orders.
    pub orders: Vec<OrderInput>,
    /// Orders that could not be read.
    pub failures: Vec<FailureInput>,
    /// Where to take the stream up again; `None` leaves what is there.
    pub checkpoint: Option<serde_json::Value>,
}

/// What a batch of orders did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderCounts {
    /// Orders that are new or have changed.
    pub written: i64,
    /// Orders that were the same, or older than what is here.
    pub unchanged: i64,
    /// Orders that failed.
    pub failed: i64,
}

#[derive(FromRow)]
struct DayRow {
    day: NaiveDate,
    currency: String,
    units: i64,
    refunded_units: i64,
    revenue_minor: i64,
    refunded_minor: i64,
}

impl TenantTx {
    /// What a listing sold on each day from `from` to `to`, both included;
    /// days without a sale are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn listing_sales(
        &mut self,
        listing: ListingId,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<DaySales>, StoreError> {
        let project = self.project().0;
        let rows: Vec<DayRow> = sqlx::query_as(
            "SELECT day, currency, units, refunded_units, revenue_minor, refunded_minor
             FROM sales_daily
             WHERE project_id = $1 AND listing_id = $2 AND day BETWEEN $3 AND $4
             ORDER BY day, currency",
        )
        .bind(project)
        .bind(listing.0)
        .bind(from)
        .bind(to)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                let currency = word("currency", &row.currency)?;
                Ok(DaySales {
                    day: row.day,
                    units: row.units,
                    refunded_units: row.refunded_units,
                    revenue: Money::new(row.revenue_minor, currency),
                    refunded: Money::new(row.refunded_minor, currency),
                })
            })
            .collect()
    }

    /// Every order that the store placed or changed before this moment (UTC) is
    /// here; `None` where none was read yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn orders_watermark(
        &mut self,
        integration: IntegrationId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let project = self.project().0;
        let watermark: Option<Option<DateTime<Utc>>> = sqlx::query_scalar(
            "SELECT orders_watermark FROM integrations WHERE project_id = $1 AND id = $2",
        )
        .bind(project)
        .bind(integration.0)
        .fetch_optional(self.conn())
        .await?;
        Ok(watermark.flatten())
    }
}
