//! Writing a batch of orders: each as it stands now, however often and in
//! whatever order it comes.

use std::collections::{HashMap, HashSet};

use calibr_model::status::FailureKind;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{OrderBatchInput, OrderCounts, OrderInput, OrderLineInput, day_of};
use crate::{
    catalogue::{BatchContext, last_of_each},
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column},
    runs::LEASE_SECONDS,
};

/// An order that is here already.
#[derive(FromRow)]
struct KnownOrder {
    external_id: String,
    external_updated_at: Option<DateTime<Utc>>,
    record_hash: Vec<u8>,
}

impl KnownOrder {
    /// Whether `order` says anything that is not here: a stream may bring an
    /// older state after a newer one.
    fn is_outdone_by(&self, order: &OrderInput) -> bool {
        if self.record_hash == order.hash {
            return false;
        }
        match (self.external_updated_at, order.updated_at) {
            (Some(here), Some(there)) => there >= here,
            _ => true,
        }
    }
}

/// Part of a line that counts into a day.
#[derive(FromRow)]
struct CountedLine {
    listing_id: Uuid,
    day: NaiveDate,
    currency: String,
    quantity: i64,
    refunded_quantity: i64,
    amount_minor: i64,
    refunded_minor: i64,
}

/// What a day's sums change by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Delta {
    units: i64,
    refunded_units: i64,
    revenue: i64,
    refunded: i64,
}

/// By listing, day and currency.
#[derive(Default)]
struct Deltas(HashMap<(Uuid, NaiveDate, String), Delta>);

impl Deltas {
    /// Adds lines (`sign` 1) or takes them off (-1).
    fn add(&mut self, lines: Vec<CountedLine>, sign: i64) {
        for line in lines {
            let delta = self
                .0
                .entry((line.listing_id, line.day, line.currency))
                .or_default();
            // Amounts that no shop has saturate rather than break the batch.
            let moved = |sum: i64, part: i64| sum.saturating_add(part.saturating_mul(sign));
            delta.units = moved(delta.units, line.quantity);
            delta.refunded_units = moved(delta.refunded_units, line.refunded_quantity);
            delta.revenue = moved(delta.revenue, line.amount_minor);
            delta.refunded = moved(delta.refunded, line.refunded_minor);
        }
    }

    /// What is left, in the order in which rows are locked.
    fn into_rows(self) -> Vec<((Uuid, NaiveDate, String), Delta)> {
        let mut rows: Vec<_> = self
            .0
            .into_iter()
            .filter(|(_, delta)| *delta != Delta::default())
            .collect();
        rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        rows
    }
}

impl TenantTx {
    /// Writes a batch of orders: new and changed ones with their lines, the
    /// days' sums, failures, counters and checkpoint. Orders that are the same
    /// cause no write. Everything holds or nothing does, when the transaction is
    /// committed.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn write_orders(
        &mut self,
        batch: &OrderBatchInput,
        context: &BatchContext<'_>,
    ) -> Result<OrderCounts, StoreError> {
        // One run at a time writes an integration's orders and its listings' sums.
        self.hold_lease(context).await?;
        let orders = last_of_each(&batch.orders, |order| &order.external_id);
        let fresh = self.outdone_orders(context, &orders).await?;
        let mut deltas = Deltas::default();
        if !fresh.is_empty() {
            deltas.add(self.take_lines_off(context, &fresh).await?, -1);
            self.put_orders(context, &fresh).await?;
            deltas.add(self.put_lines(context, &fresh).await?, 1);
            self.move_days(deltas).await?;
        }
        let came_through = column(&orders, |order| order.external_id.as_str());
        self.no_longer_failing(context.integration, FailureKind::Order, &came_through)
            .await?;
        let failures = self.new_failures(context, batch.failures.iter()).await?;
        let counts = OrderCounts {
            written: as_i64(fresh.len()),
            unchanged: as_i64(orders.len() - fresh.len()),
            failed: as_i64(failures.len()),
        };
        let first_failure = self.count_orders(batch, counts, context).await?;
        self.insert_failures(context, &failures, first_failure)
            .await?;
        self.notify_progress(context.run, context.sources.now())
            .await?;
        Ok(counts)
    }

    /// Counts lines whose listing has come since they were read. Gives how many.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn link_orders(&mut self, context: &BatchContext<'_>) -> Result<i64, StoreError> {
        self.hold_lease(context).await?;
        let project = self.project().0;
        // `OFFSET 0`: each waiting line looks its listing up by key.
        let linked: Vec<(bool, CountedLine)> = sqlx::query_as::<_, LinkedRow>(
            "UPDATE order_lines n
             SET listing_id = found.id
             FROM (SELECT w.order_external_id, w.external_id, l.id, o.day, o.cancelled
                   FROM order_lines w
                   CROSS JOIN LATERAL (
                       SELECT id FROM listings l
                       WHERE l.project_id = $1 AND l.integration_id = $2
                         AND l.external_id = w.listing_external_id
                       OFFSET 0) l
                   CROSS JOIN LATERAL (
                       SELECT day, cancelled FROM orders o
                       WHERE o.project_id = $1 AND o.integration_id = $2
                         AND o.external_id = w.order_external_id
                       OFFSET 0) o
                   WHERE w.project_id = $1 AND w.integration_id = $2
                     AND w.listing_id IS NULL AND w.listing_external_id IS NOT NULL) found
             WHERE n.project_id = $1 AND n.integration_id = $2
               AND n.order_external_id = found.order_external_id
               AND n.external_id = found.external_id
             RETURNING found.cancelled, n.listing_id, found.day, n.currency, n.quantity,
                       n.refunded_quantity, n.amount_minor, n.refunded_minor",
        )
        .bind(project)
        .bind(context.integration.0)
        .fetch_all(self.conn())
        .await?
        .into_iter()
        .map(|row| (row.cancelled, row.line))
        .collect();
        let count = as_i64(linked.len());
        let mut deltas = Deltas::default();
        deltas.add(
            linked
                .into_iter()
                .filter_map(|(cancelled, line)| (!cancelled).then_some(line))
                .collect(),
            1,
        );
        self.move_days(deltas).await?;
        Ok(count)
    }

    /// Notes that the orders were read to the end. They are whole up to
    /// `watermark` (UTC) where nothing is left that may come through later.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn orders_came_through(
        &mut self,
        watermark: DateTime<Utc>,
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        self.hold_lease(context).await?;
        let project = self.project().0;
        sqlx::query(
            "UPDATE integrations
             SET orders_watermark = greatest(orders_watermark, $4), orders_refused = NULL
             WHERE project_id = $1 AND id = $2 AND status <> 'disconnected'
               AND NOT EXISTS (SELECT FROM item_failures f
                               WHERE f.project_id = $1 AND f.run_id = $3 AND f.kind = 'order'
                                 AND f.class <> 'permanent'
                                 AND NOT EXISTS (SELECT FROM failing_items b
                                                 WHERE b.project_id = $1 AND b.integration_id = $2
                                                   AND b.kind = 'order'
                                                   AND b.external_id = f.external_id
                                                   AND b.parked_at IS NOT NULL))",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(context.run.0)
        .bind(watermark)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Notes that the store does not let its orders be read, and why.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another worker has the run by now.
    pub async fn orders_were_refused(
        &mut self,
        why: &str,
        context: &BatchContext<'_>,
    ) -> Result<(), StoreError> {
        self.hold_lease(context).await?;
        let project = self.project().0;
        sqlx::query(
            "UPDATE integrations SET orders_refused = $3
             WHERE project_id = $1 AND id = $2 AND orders_refused IS DISTINCT FROM $3",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(why)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The orders that say something new.
    async fn outdone_orders<'o>(
        &mut self,
        context: &BatchContext<'_>,
        orders: &[&'o OrderInput],
    ) -> Result<Vec<&'o OrderInput>, StoreError> {
        let project = self.project().0;
        let known: Vec<KnownOrder> = sqlx::query_as(
            "SELECT o.external_id, o.external_updated_at, o.record_hash
             FROM UNNEST($3::text[]) AS wanted (external_id)
             CROSS JOIN LATERAL (
                 SELECT * FROM orders o
                 WHERE o.project_id = $1 AND o.integration_id = $2
                   AND o.external_id = wanted.external_id
                 OFFSET 0) o",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(column(orders, |order| order.external_id.as_str()))
        .fetch_all(self.conn())
        .await?;
        let known: HashMap<&str, &KnownOrder> = known
            .iter()
            .map(|order| (order.external_id.as_str(), order))
            .collect();
        Ok(orders
            .iter()
            .copied()
            .filter(|order| {
                known
                    .get(order.external_id.as_str())
                    .is_none_or(|known| known.is_outdone_by(order))
            })
            .collect())
    }

    /// Removes what these orders had, and gives what of it was counted.
    async fn take_lines_off(
        &mut self,
        context: &BatchContext<'_>,
        orders: &[&OrderInput],
    ) -> Result<Vec<CountedLine>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_as(
            "WITH gone AS (
                 DELETE FROM order_lines n
                 WHERE n.project_id = $1 AND n.integration_id = $2
                   AND n.order_external_id = ANY ($3)
                 RETURNING n.*
             )
             SELECT g.listing_id, o.day, g.currency, g.quantity, g.refunded_quantity,
                    g.amount_minor, g.refunded_minor
             FROM gone g
             JOIN orders o ON o.project_id = $1 AND o.integration_id = $2
                          AND o.external_id = g.order_external_id
             WHERE g.listing_id IS NOT NULL AND NOT o.cancelled",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(column(orders, |order| order.external_id.as_str()))
        .fetch_all(self.conn())
        .await?)
    }

    async fn put_orders(
        &mut self,
        context: &BatchContext<'_>,
        orders: &[&OrderInput],
    ) -> Result<(), StoreError> {
        let zone = self.time_zone().await?;
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO orders (project_id, integration_id, external_id, placed_at, day,
                                 external_updated_at, cancelled, record_hash, updated_at)
             SELECT $1, $2, r.external_id, r.placed_at, r.day, r.external_updated_at, r.cancelled,
                    r.record_hash, $3
             FROM UNNEST($4::text[], $5::timestamptz[], $6::date[], $7::timestamptz[],
                         $8::boolean[], $9::bytea[])
                  AS r (external_id, placed_at, day, external_updated_at, cancelled, record_hash)
             ON CONFLICT (project_id, integration_id, external_id) DO UPDATE
             SET placed_at = excluded.placed_at, day = excluded.day,
                 external_updated_at = excluded.external_updated_at,
                 cancelled = excluded.cancelled, record_hash = excluded.record_hash,
                 updated_at = excluded.updated_at",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(context.sources.now())
        .bind(column(orders, |order| order.external_id.as_str()))
        .bind(column(orders, |order| order.placed_at))
        .bind(column(orders, |order| day_of(order.placed_at, zone)))
        .bind(column(orders, |order| order.updated_at))
        .bind(column(orders, |order| order.cancelled))
        .bind(column(orders, |order| order.hash.as_slice()))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Writes the lines of these orders, and gives what of them counts.
    async fn put_lines(
        &mut self,
        context: &BatchContext<'_>,
        orders: &[&OrderInput],
    ) -> Result<Vec<CountedLine>, StoreError> {
        let project = self.project().0;
        let mut met = HashSet::new();
        let rows: Vec<(&str, &OrderLineInput)> = orders
            .iter()
            .flat_map(|order| {
                order
                    .lines
                    .iter()
                    .map(|line| (order.external_id.as_str(), line))
            })
            .filter(|(order, line)| met.insert((*order, line.external_id.as_str())))
            .collect();
        Ok(sqlx::query_as(
            "WITH placed AS (
                 INSERT INTO order_lines (project_id, integration_id, order_external_id,
                                          external_id, listing_external_id, listing_id, sku,
                                          quantity, refunded_quantity, amount_minor,
                                          refunded_minor, currency)
                 SELECT $1, $2, r.order_external_id, r.external_id, r.listing_external_id, l.id,
                        r.sku, r.quantity, r.refunded_quantity, r.amount, r.refunded, r.currency
                 FROM UNNEST($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                             $8::bigint[], $9::bigint[], $10::bigint[], $11::text[])
                      AS r (order_external_id, external_id, listing_external_id, sku, quantity,
                            refunded_quantity, amount, refunded, currency)
                 LEFT JOIN LATERAL (
                     SELECT id FROM listings l
                     WHERE l.project_id = $1 AND l.integration_id = $2
                       AND l.external_id = r.listing_external_id
                     OFFSET 0) l ON true
                 RETURNING *
             )
             SELECT p.listing_id, o.day, p.currency, p.quantity, p.refunded_quantity,
                    p.amount_minor, p.refunded_minor
             FROM placed p
             JOIN orders o ON o.project_id = $1 AND o.integration_id = $2
                          AND o.external_id = p.order_external_id
             WHERE p.listing_id IS NOT NULL AND NOT o.cancelled",
        )
        .bind(project)
        .bind(context.integration.0)
        .bind(column(&rows, |(order, _)| *order))
        .bind(column(&rows, |(_, line)| line.external_id.as_str()))
        .bind(column(&rows, |(_, line)| {
            line.listing_external_id.as_deref()
        }))
        .bind(column(&rows, |(_, line)| line.sku.as_deref()))
        .bind(column(&rows, |(_, line)| line.quantity))
        .bind(column(&rows, |(_, line)| line.refunded_quantity))
        .bind(column(&rows, |(_, line)| line.amount.amount_minor))
        .bind(column(&rows, |(_, line)| line.refunded_minor))
        .bind(column(&rows, |(_, line)| {
            line.amount.currency.code().to_owned()
        }))
        .fetch_all(self.conn())
        .await?)
    }

    /// Brings the days' sums along. A day on which nothing is left goes.
    async fn move_days(&mut self, deltas: Deltas) -> Result<(), StoreError> {
        let rows = deltas.into_rows();
        if rows.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        sqlx::query(
            "INSERT INTO sales_daily AS s (project_id, listing_id, day, currency, units,
                                           refunded_units, revenue_minor, refunded_minor)
             SELECT $1, r.listing_id, r.day, r.currency, r.units, r.refunded_units, r.revenue,
                    r.refunded
             FROM UNNEST($2::uuid[], $3::date[], $4::text[], $5::bigint[], $6::bigint[],
                         $7::bigint[], $8::bigint[])
                  AS r (listing_id, day, currency, units, refunded_units, revenue, refunded)
             ON CONFLICT (project_id, listing_id, day, currency) DO UPDATE
             SET units = s.units + excluded.units,
                 refunded_units = s.refunded_units + excluded.refunded_units,
                 revenue_minor = s.revenue_minor + excluded.revenue_minor,
                 refunded_minor = s.refunded_minor + excluded.refunded_minor",
        )
        .bind(project)
        .bind(column(&rows, |((listing, ..), _)| *listing))
        .bind(column(&rows, |((_, day, _), _)| *day))
        .bind(column(&rows, |((_, _, currency), _)| currency.as_str()))
        .bind(column(&rows, |(_, delta)| delta.units))
        .bind(column(&rows, |(_, delta)| delta.refunded_units))
        .bind(column(&rows, |(_, delta)| delta.revenue))
        .bind(column(&rows, |(_, delta)| delta.refunded))
        .execute(self.conn())
        .await?;
        sqlx::query(
            "DELETE FROM sales_daily s
             USING UNNEST($2::uuid[], $3::date[], $4::text[]) AS r (listing_id, day, currency)
             WHERE s.project_id = $1 AND s.listing_id = r.listing_id AND s.day = r.day
               AND s.currency = r.currency
               AND (s.units, s.refunded_units, s.revenue_minor, s.refunded_minor) = (0, 0, 0, 0)",
        )
        .bind(project)
        .bind(column(&rows, |((listing, ..), _)| *listing))
        .bind(column(&rows, |((_, day, _), _)| *day))
        .bind(column(&rows, |((_, _, currency), _)| currency.as_str()))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Adds the counts and keeps the checkpoint, under the lease, which a batch
    /// renews. Gives the number that this batch's first failure gets.
    async fn count_orders(
        &mut self,
        batch: &OrderBatchInput,
        counts: OrderCounts,
        context: &BatchContext<'_>,
    ) -> Result<i64, StoreError> {
        let project = self.project().0;
        let failed_after: Option<i64> = sqlx::query_scalar(
            "UPDATE sync_runs
             SET orders_read = orders_read + $4, items_failed = items_failed + $5,
                 checkpoint = coalesce($6, checkpoint),
                 -- Only what the next attempt need not do again is fruit.
                 fruitless = CASE WHEN $6::jsonb IS NOT NULL AND $8 THEN 0 ELSE fruitless END,
                 lease_until = clock_timestamp() + make_interval(secs => $7)
             WHERE project_id = $1 AND id = $2 AND lease_owner = $3 AND status = 'syncing'
             RETURNING items_failed",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(context.worker.0)
        .bind(counts.written + counts.unchanged)
        .bind(counts.failed)
        .bind(&batch.checkpoint)
        .bind(LEASE_SECONDS)
        .bind(!batch.orders.is_empty() || !batch.failures.is_empty())
        .fetch_optional(self.conn())
        .await?;
        Ok(failed_after.ok_or(StoreError::LeaseLost)? - counts.failed)
    }
}

#[derive(FromRow)]
struct LinkedRow {
    cancelled: bool,
    #[sqlx(flatten)]
    line: CountedLine,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(quantity: i64, amount_minor: i64) -> CountedLine {
        CountedLine {
            listing_id: Uuid::nil(),
            day: NaiveDate::default(),
            currency: "EUR".to_owned(),
            quantity,
            refunded_quantity: 0,
            amount_minor,
            refunded_minor: 0,
        }
    }

    #[test]
    fn what_is_taken_off_and_put_back_the_same_moves_nothing() {
        let mut deltas = Deltas::default();
        deltas.add(vec![line(2, 500)], -1);
        deltas.add(vec![line(1, 250), line(1, 250)], 1);
        assert!(deltas.into_rows().is_empty());
    }
}
