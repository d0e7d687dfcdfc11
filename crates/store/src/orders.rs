//! What stores sold: orders, their lines, and the days' sums that are kept up
//! with them.

mod sales;
mod write;

use calibr_model::{IntegrationId, Money};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

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

impl TenantTx {
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

    /// The project's time zone: what its days go by.
    async fn time_zone(&mut self) -> Result<Tz, StoreError> {
        let project = self.project().0;
        let name: String = sqlx::query_scalar("SELECT time_zone FROM projects WHERE id = $1")
            .bind(project)
            .fetch_one(self.conn())
            .await?;
        word("time zone", &name)
    }
}

fn day_of(moment: DateTime<Utc>, zone: Tz) -> NaiveDate {
    moment.with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_merchants_day_is_the_one_of_the_project() {
        let moment = "2026-03-01T23:30:00Z".parse().unwrap();
        let day = |zone: Tz| day_of(moment, zone).to_string();
        assert_eq!(day(Tz::Europe__Berlin), "2026-03-02");
        assert_eq!(day(Tz::America__Los_Angeles), "2026-03-01");
        assert_eq!(day(Tz::Pacific__Kiritimati), "2026-03-02");
    }
}
