//! A shop's orders, page by page in the order of their last change: what
//! changes while they are read comes again at the end.

use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    failure::lost_cursor,
    operations::{ChangedOrders, OrderLines, OrderRefunds},
    order_record::{Heading, Order},
    store::ShopifyStore,
};
use crate::{
    catalogue::{Checkpoint, ItemFault},
    circle::Circle,
    error::ConnectorError,
    orders::{OrderBatch, OrderPlan, OrderRecord, OrderSource},
    transport::retry::Patience,
};

impl OrderSource for ShopifyStore {
    fn pull<'a>(&'a self, plan: OrderPlan) -> BoxStream<'a, Result<OrderBatch, ConnectorError>> {
        stream::try_unfold(Pull::Beginning(plan), move |pull| async move {
            let mut pages = match pull {
                Pull::Beginning(plan) => Pages::begin(self, plan)?,
                Pull::Pages(pages) => pages,
            };
            let batch = pages.next().await?;
            Ok(batch.map(|batch| (batch, Pull::Pages(pages))))
        })
        .boxed()
    }
}

/// What a checkpoint holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Position {
    /// In the pages of orders.
    Orders {
        /// Changes at or after this moment are read, in UTC.
        since: DateTime<Utc>,
        /// Where the last page ended that was read whole.
        after: Option<String>,
    },
}

/// A stream of orders.
enum Pull<'a> {
    Beginning(OrderPlan),
    Pages(Pages<'a>),
}

struct Pages<'a> {
    store: &'a ShopifyStore,
    since: DateTime<Utc>,
    after: Option<String>,
    ended: bool,
    circle: Circle,
}

impl<'a> Pages<'a> {
    fn begin(store: &'a ShopifyStore, plan: OrderPlan) -> Result<Self, ConnectorError> {
        let Position::Orders { since, after } = match &plan.resume {
            Some(checkpoint) => checkpoint.read()?,
            None => Position::Orders {
                since: plan.since,
                after: None,
            },
        };
        Ok(Self {
            store,
            since,
            after,
            ended: false,
            circle: Circle::at("Shopify"),
        })
    }

    /// The next batch; `None` at the end.
    async fn next(&mut self) -> Result<Option<OrderBatch>, ConnectorError> {
        if self.ended {
            return Ok(None);
        }
        let operation = ChangedOrders {
            since: self.since,
            after: self.after.as_deref(),
        };
        let reply = self.store.api().call(&operation, Patience::RUN).await;
        let page = reply
            .map_err(|error| lost_cursor(error, self.after.is_some()))?
            .data
            .orders;
        self.ended = !page.page_info.has_next_page;
        let end = page.page_info.end_cursor;
        if !self.ended {
            self.circle.go_on(end.as_deref())?;
        }
        let mut batch = OrderBatch::default();
        for value in &page.nodes {
            match self.store.order(value).await? {
                Ok(order) => batch.orders.push(order),
                Err(fault) => batch.faults.push(fault),
            }
        }
        self.after = end.or(self.after.take());
        batch.checkpoint = Some(Checkpoint::of(&Position::Orders {
            since: self.since,
            after: self.after.clone(),
        }));
        Ok(Some(batch))
    }
}

impl ShopifyStore {
    /// An order with all its lines and what was paid back of it.
    pub(super) async fn order(
        &self,
        value: &Value,
    ) -> Result<Result<OrderRecord, ItemFault>, ConnectorError> {
        let (mut order, mut next) = match Order::read(value) {
            Ok(read) => read,
            Err(fault) => return Ok(Err(fault)),
        };
        let mut circle = Circle::at("Shopify");
        while let Some(after) = next {
            circle.go_on(Some(&after))?;
            let operation = OrderLines {
                order: &order.heading.id,
                after: Some(&after),
            };
            let reply = self.api().call(&operation, Patience::RUN).await?;
            let Some(more) = reply.data.order else { break };
            next = match order.add_lines(more.line_items) {
                Ok(next) => next,
                Err(fault) => return Ok(Err(fault)),
            };
        }
        let Heading { id, paid_back, .. } = &order.heading;
        let refunds = if *paid_back {
            let reply = self
                .api()
                .call(&OrderRefunds { order: id }, Patience::RUN)
                .await?;
            reply.data.order.map(|order| order.refunds)
        } else {
            None
        };
        Ok(order.finish(&refunds.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Fault;

    #[test]
    fn a_checkpoint_reads_back_and_one_of_another_kind_does_not() {
        let note = json!({ "kind": "orders", "since": "2026-07-01T12:00:00Z", "after": "eyJ9" });
        let position: Position = Checkpoint(note.clone()).read().unwrap();
        assert_eq!(Checkpoint::of(&position).0, note);
        let other = json!({ "kind": "changes", "since": "2026-07-01T12:00:00Z", "after": null });
        let refused = Checkpoint(other).read::<Position>().unwrap_err();
        assert_eq!(refused.fault, Fault::CheckpointLost);
    }
}
