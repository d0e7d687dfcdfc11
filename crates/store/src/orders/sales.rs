//! What listings sold.

use calibr_model::{
    IntegrationId, ListingId, Money, ProductId,
    views::{DaySales, ListingSales, Sold, StoreSales},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::day_of;
use crate::{db::TenantTx, error::StoreError, rows::word};

#[derive(FromRow)]
struct DayRow {
    day: NaiveDate,
    currency: String,
    units: i64,
    refunded_units: i64,
    revenue_minor: i64,
    refunded_minor: i64,
}

/// What a listing sold in one currency in a span of days; without a currency
/// where it sold nothing.
#[derive(FromRow)]
struct SpanRow {
    integration_id: Uuid,
    orders_watermark: Option<DateTime<Utc>>,
    orders_refused: Option<String>,
    listing_id: Uuid,
    currency: Option<String>,
    units_7: i64,
    refunded_units_7: i64,
    revenue_7: i64,
    refunded_7: i64,
    units_30: i64,
    refunded_units_30: i64,
    revenue_30: i64,
    refunded_30: i64,
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

    /// What a product's listings sold in the 7 and the 30 days up to `now`, whose
    /// day in the project's time zone is counted; the stores in the order they
    /// were connected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn product_sales(
        &mut self,
        product: ProductId,
        now: DateTime<Utc>,
    ) -> Result<Vec<StoreSales>, StoreError> {
        let today = day_of(now, self.time_zone().await?);
        let project = self.project().0;
        // No sum grows past what its column holds.
        let rows: Vec<SpanRow> = sqlx::query_as(
            "SELECT l.integration_id, i.orders_watermark, i.orders_refused, l.id AS listing_id,
                    s.currency,
                    least(coalesce(sum(s.units) FILTER (WHERE s.day > $4), 0), $6)::bigint
                        AS units_7,
                    least(coalesce(sum(s.refunded_units) FILTER (WHERE s.day > $4), 0), $6)::bigint
                        AS refunded_units_7,
                    least(coalesce(sum(s.revenue_minor) FILTER (WHERE s.day > $4), 0), $6)::bigint
                        AS revenue_7,
                    least(coalesce(sum(s.refunded_minor) FILTER (WHERE s.day > $4), 0), $6)::bigint
                        AS refunded_7,
                    least(coalesce(sum(s.units), 0), $6)::bigint AS units_30,
                    least(coalesce(sum(s.refunded_units), 0), $6)::bigint AS refunded_units_30,
                    least(coalesce(sum(s.revenue_minor), 0), $6)::bigint AS revenue_30,
                    least(coalesce(sum(s.refunded_minor), 0), $6)::bigint AS refunded_30
             FROM listings l
             JOIN integrations i ON i.project_id = l.project_id AND i.id = l.integration_id
             LEFT JOIN sales_daily s
                 ON s.project_id = l.project_id AND s.listing_id = l.id
                    AND s.day > $5 AND s.day <= $3
             WHERE l.project_id = $1 AND l.product_id = $2
             GROUP BY l.integration_id, i.orders_watermark, i.orders_refused, l.id, s.currency
             ORDER BY l.integration_id, l.id, s.currency",
        )
        .bind(project)
        .bind(product.0)
        .bind(today)
        .bind(today - TimeDelta::days(7))
        .bind(today - TimeDelta::days(30))
        .bind(i64::MAX)
        .fetch_all(self.conn())
        .await?;
        let mut stores: Vec<StoreSales> = Vec::new();
        for row in rows {
            let integration_id = IntegrationId(row.integration_id);
            let sold = row.sold()?;
            match stores.last_mut() {
                Some(store) if store.integration_id == integration_id => {
                    store.listings.extend(sold);
                }
                _ => stores.push(StoreSales {
                    integration_id,
                    as_of: row.orders_watermark,
                    refused: row.orders_refused,
                    listings: sold.into_iter().collect(),
                }),
            }
        }
        Ok(stores)
    }
}

impl SpanRow {
    fn sold(&self) -> Result<Option<ListingSales>, StoreError> {
        let Some(currency) = &self.currency else {
            return Ok(None);
        };
        let currency = word("currency", currency)?;
        Ok(Some(ListingSales {
            listing_id: ListingId(self.listing_id),
            last_7_days: Sold {
                units: self.units_7,
                refunded_units: self.refunded_units_7,
                revenue: Money::new(self.revenue_7, currency),
                refunded: Money::new(self.refunded_7, currency),
            },
            last_30_days: Sold {
                units: self.units_30,
                refunded_units: self.refunded_units_30,
                revenue: Money::new(self.revenue_30, currency),
                refunded: Money::new(self.refunded_30, currency),
            },
        }))
    }
}
