//! Orders, page by page.

use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde::{Deserialize, Serialize};

use super::{api::Api, operations::SearchOrders, order::order, store::AmazonStore};
use crate::{
    catalogue::Checkpoint,
    circle::Circle,
    error::{ConnectorError, Fault},
    orders::{OrderBatch, OrderPlan, OrderSource},
    transport::retry::Patience,
};

/// How far the orders were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    since: DateTime<Utc>,
    page: String,
}

/// A stream of orders under way.
struct Pull<'a> {
    api: &'a Api,
    since: DateTime<Utc>,
    page: Option<String>,
    circle: Circle,
    done: bool,
}

impl OrderSource for AmazonStore {
    fn pull<'a>(&'a self, plan: OrderPlan) -> BoxStream<'a, Result<OrderBatch, ConnectorError>> {
        let begun = Pull::begin(self.api(), &plan);
        stream::try_unfold(begun, |begun| async move {
            let mut pull = begun?;
            let batch = pull.next().await?;
            Ok(batch.map(|batch| (batch, Ok(pull))))
        })
        .boxed()
    }
}

impl<'a> Pull<'a> {
    fn begin(api: &'a Api, plan: &OrderPlan) -> Result<Self, ConnectorError> {
        let position = plan.resume.as_ref().map(Checkpoint::read::<Position>);
        let (since, page) = match position.transpose()? {
            Some(position) => (position.since, Some(position.page)),
            None => (plan.since, None),
        };
        Ok(Self {
            api,
            since,
            page,
            circle: Circle::at("Amazon"),
            done: false,
        })
    }

    async fn next(&mut self) -> Result<Option<OrderBatch>, ConnectorError> {
        if self.done {
            return Ok(None);
        }
        let operation = SearchOrders {
            since: self.since,
            page: self.page.as_deref(),
        };
        let answer = self.api.call(&operation, Patience::RUN).await;
        let page = answer.map_err(|error| self.lost_page(error))?;
        let mut batch = OrderBatch::default();
        for value in &page.orders {
            match order(value) {
                Ok(Some(order)) => batch.orders.push(order),
                Ok(None) => {}
                Err(fault) => batch.faults.push(fault),
            }
        }
        match page.next() {
            Some(next) => {
                self.circle.go_on(Some(next))?;
                let position = Position {
                    since: self.since,
                    page: next.to_owned(),
                };
                batch.checkpoint = Some(Checkpoint::of(&position));
                self.page = Some(next.to_owned());
            }
            None => self.done = true,
        }
        Ok(Some(batch))
    }

    /// Amazon refuses a page it no longer knows as it does any wrong request.
    fn lost_page(&self, error: ConnectorError) -> ConnectorError {
        if error.fault == Fault::Refused && self.page.is_some() {
            return ConnectorError {
                fault: Fault::CheckpointLost,
                message: "Amazon no longer knows where the orders stopped; they begin anew."
                    .to_owned(),
                ..error
            };
        }
        error
    }
}
