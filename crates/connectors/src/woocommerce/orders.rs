//! A store's orders.
//!
//! They come in the order of their ids, which is that of their placing: pages
//! by time of change would shift with every order that changes meanwhile.

use futures::{
    StreamExt, TryFutureExt, TryStreamExt,
    stream::{self, BoxStream},
};

use super::{
    api::AT_ONCE,
    operations::{OrderRefunds, Orders, Row, WhichOrders},
    order_record,
    paging::{Pages, Place},
    store::WooCommerceStore,
};
use crate::{
    catalogue::Checkpoint,
    error::ConnectorError,
    orders::{OrderBatch, OrderPlan, OrderSource},
    transport::retry::Patience,
};

impl OrderSource for WooCommerceStore {
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
    store: &'a WooCommerceStore,
    plan: OrderPlan,
    decimals: u32,
    pages: Pages,
}

impl<'a> UnderWay<'a> {
    async fn begin(store: &'a WooCommerceStore, plan: OrderPlan) -> Result<Self, ConnectorError> {
        let place = match &plan.resume {
            Some(checkpoint) => checkpoint.read()?,
            None => Place::default(),
        };
        let reading = store.reading(Patience::RUN).await?;
        Ok(Self {
            store,
            plan,
            decimals: reading.currency.exponent(),
            pages: Pages::from(place),
        })
    }

    async fn next(&mut self) -> Result<Option<OrderBatch>, ConnectorError> {
        let api = &self.store.api;
        let (changed_since, decimals) = (self.plan.since, self.decimals);
        let page = self
            .pages
            .next(async |offset| {
                let operation = Orders {
                    which: WhichOrders::ChangedSince(changed_since, offset),
                    decimals,
                };
                api.call(&operation, Patience::RUN).await
            })
            .await?;
        let Some(page) = page else {
            return Ok(None);
        };
        let mut batch = self.store.orders_of(page.rows, decimals).await?;
        batch
            .faults
            .extend(page.unread.iter().map(order_record::unread));
        batch.checkpoint = Some(Checkpoint::of(&self.pages.place()));
        Ok(Some(batch))
    }
}

impl WooCommerceStore {
    /// Orders as rows of a list gave them, with what of them was paid back.
    pub(super) async fn orders_of(
        &self,
        rows: Vec<Row>,
        decimals: u32,
    ) -> Result<OrderBatch, ConnectorError> {
        let mut read = stream::iter(rows)
            .map(async |row| {
                let refunds = if order_record::has_refunds(&row) {
                    let operation = OrderRefunds {
                        order: row.id,
                        decimals,
                    };
                    self.api.call(&operation, Patience::RUN).await?
                } else {
                    Vec::new()
                };
                Ok::<_, ConnectorError>(order_record::order(&row, &refunds))
            })
            .buffered(AT_ONCE);
        let mut batch = OrderBatch::default();
        while let Some(order) = read.try_next().await? {
            match order {
                Ok(order) => batch.orders.push(order),
                Err(fault) => batch.faults.push(fault),
            }
        }
        Ok(batch)
    }
}
