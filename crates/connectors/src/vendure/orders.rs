//! A channel's orders, by polling.
//!
//! They come in the order of their ids: a list in the order of change would
//! shift with every order that changes meanwhile, and Vendure's filters know no
//! place to go on from but a number of rows to skip (see `paging`). What changes
//! behind the reader's back has a later `updatedAt` than this run's beginning,
//! and comes with the next.
//!
//! An order's `updatedAt` moves when it is placed, sent, modified or cancelled,
//! not when money is paid back. So there are two parts: orders that changed, and
//! then, of the others that were placed lately, those with a later refund.

use chrono::{DateTime, TimeDelta, Utc};
use futures::{
    StreamExt, TryFutureExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};

use super::{
    operations::{Orders, RefundMoments, Row},
    order_record,
    paging::{NextRows, Pages, Place},
    record::Reading,
    store::VendureStore,
};
use crate::{
    catalogue::Checkpoint,
    error::ConnectorError,
    orders::{OrderBatch, OrderPlan, OrderSource},
    transport::retry::Patience,
};

/// Rows a page where only the moments of refunds are asked for.
pub(super) const GLANCE: u32 = 1_000;
/// How long after an order was placed its refunds are looked for. Later ones
/// come when something else of the order changes.
const REFUNDS_WITHIN: TimeDelta = TimeDelta::days(30);

/// What a checkpoint holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    orders: Part,
    #[serde(flatten)]
    place: Place,
}

/// The lists that are gone through, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Changed,
    Refunded,
}

impl OrderSource for VendureStore {
    fn pull<'a>(&'a self, plan: OrderPlan) -> BoxStream<'a, Result<OrderBatch, ConnectorError>> {
        UnderWay::begin(self, plan)
            .map_ok(|under_way| {
                stream::try_unfold(under_way, |mut under_way| async move {
                    let batch = under_way.next().await?;
                    Ok(batch.map(|batch| (batch, under_way)))
                })
            })
            .try_flatten_stream()
            .boxed()
    }
}

/// A stream of orders.
struct UnderWay<'a> {
    store: &'a VendureStore,
    reading: Reading,
    since: DateTime<Utc>,
    part: Part,
    pages: Pages,
    finished: bool,
}

impl<'a> UnderWay<'a> {
    async fn begin(store: &'a VendureStore, plan: OrderPlan) -> Result<Self, ConnectorError> {
        let position = match &plan.resume {
            Some(checkpoint) => checkpoint.read()?,
            None => Position {
                orders: Part::Changed,
                place: Place::default(),
            },
        };
        Ok(Self {
            store,
            reading: store.reading(Patience::RUN).await?,
            since: plan.since,
            part: position.orders,
            pages: Pages::from(position.place),
            finished: false,
        })
    }

    /// The next batch that has something in it.
    async fn next(&mut self) -> Result<Option<OrderBatch>, ConnectorError> {
        while !self.finished {
            let part = self.part;
            let NextRows { rows, at_end, .. } = self.next_rows().await?;
            let rows = match part {
                Part::Changed => rows,
                Part::Refunded => self.with_later_refunds(&rows).await?,
            };
            if at_end {
                self.go_on_to_next_part();
            }
            if rows.is_empty() {
                continue;
            }
            let mut batch = OrderBatch {
                checkpoint: Some(Checkpoint::of(&Position {
                    orders: self.part,
                    place: self.pages.place().clone(),
                })),
                ..OrderBatch::default()
            };
            for row in rows {
                match order_record::order(row, &self.reading) {
                    Ok(order) => batch.orders.push(order),
                    Err(fault) => batch.faults.push(fault),
                }
            }
            return Ok(Some(batch));
        }
        Ok(None)
    }

    /// Leaves the position of a finished stream at its end: taken up again, it
    /// gives nothing more.
    fn go_on_to_next_part(&mut self) {
        match self.part {
            Part::Changed => {
                self.part = Part::Refunded;
                self.pages = Pages::default();
            }
            Part::Refunded => self.finished = true,
        }
    }

    async fn next_rows(&mut self) -> Result<NextRows, ConnectorError> {
        let store = self.store;
        match self.part {
            Part::Changed => {
                let list = Orders::ChangedSince(self.since);
                self.pages.next(&store.api, &store.page, &list).await
            }
            Part::Refunded => {
                let list = RefundMoments {
                    unchanged_since: self.since,
                    placed_within: REFUNDS_WITHIN,
                };
                self.pages.next(&store.api, &store.glance, &list).await
            }
        }
    }

    /// The whole of those orders that had a refund since the moment.
    async fn with_later_refunds(&self, rows: &[Row]) -> Result<Vec<Row>, ConnectorError> {
        let ids: Vec<String> = rows
            .iter()
            .filter(|row| order_record::was_refunded_since(row, self.since))
            .map(|row| row.id.clone())
            .collect();
        let VendureStore { api, page, .. } = self.store;
        page.rows(api, &ids, Orders::Ids).await
    }
}
