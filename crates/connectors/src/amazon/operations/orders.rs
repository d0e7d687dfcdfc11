//! Orders, page by page.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{Operation, Place, get};
use crate::{
    amazon::rates::{GET_ORDER, Limit, SEARCH_ORDERS},
    error::ConnectorError,
    transport::{Answer, Request},
};

/// What is asked for of an order beside its lines: amounts, how far it is, what
/// was called off. Nothing of the buyer's or the recipient's.
const INCLUDED: &str = "PROCEEDS,FULFILLMENT,CANCELLATION";
/// The largest page.
const PAGE: &str = "100";

/// Asks for orders that were placed or changed at or after a moment.
pub(in crate::amazon) struct SearchOrders<'a> {
    pub(in crate::amazon) since: DateTime<Utc>,
    /// The page, where it is not the first.
    pub(in crate::amazon) page: Option<&'a str>,
}

/// Asks for one order; gives `None` where there is none with that id.
pub(in crate::amazon) struct GetOrder<'a> {
    pub(in crate::amazon) id: &'a str,
}

/// A page of orders, each still as it came.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::amazon) struct OrdersPage {
    pub(in crate::amazon) orders: Vec<Value>,
    #[serde(default)]
    pagination: Pagination,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default)]
    next_token: Option<String>,
}

impl OrdersPage {
    /// What the next page is asked with, where there is one.
    pub(in crate::amazon) fn next(&self) -> Option<&str> {
        self.pagination
            .next_token
            .as_deref()
            .filter(|token| !token.is_empty())
    }
}

impl Operation for SearchOrders<'_> {
    const LIMIT: Limit = SEARCH_ORDERS;
    type Data = OrdersPage;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let mut url = place.at(["orders", "2026-01-01", "orders"])?;
        let since = self.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        url.query_pairs_mut()
            .append_pair("marketplaceIds", place.marketplace)
            .append_pair("lastUpdatedAfter", &since)
            .append_pair("includedData", INCLUDED)
            .append_pair("maxResultsPerPage", PAGE)
            .extend_pairs(self.page.map(|token| ("paginationToken", token)));
        Ok(get(url))
    }

    fn parse(&self, answer: &Answer) -> Result<OrdersPage, ConnectorError> {
        answer.json()
    }
}

#[derive(Debug, Deserialize)]
struct OneOrder {
    order: Value,
}

impl Operation for GetOrder<'_> {
    const LIMIT: Limit = GET_ORDER;
    type Data = Option<Value>;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let mut url = place.at(["orders", "2026-01-01", "orders", self.id])?;
        url.query_pairs_mut().append_pair("includedData", INCLUDED);
        Ok(get(url))
    }

    fn parse(&self, answer: &Answer) -> Result<Option<Value>, ConnectorError> {
        answer.json::<OneOrder>().map(|one| Some(one.order))
    }

    fn when_missing(&self) -> Option<Result<Option<Value>, ConnectorError>> {
        Some(Ok(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazon::operations::tests::request_of;

    #[test]
    fn asks_for_nothing_of_the_buyers() {
        let request = request_of(&SearchOrders {
            since: DateTime::from_timestamp(1_782_900_000, 0).unwrap(),
            page: None,
        });
        insta::assert_snapshot!(request.url, @"https://api.test/orders/2026-01-01/orders?marketplaceIds=A1PA6795UKMFR9&lastUpdatedAfter=2026-07-01T10%3A00%3A00Z&includedData=PROCEEDS%2CFULFILLMENT%2CCANCELLATION&maxResultsPerPage=100");
        let one = request_of(&GetOrder {
            id: "306-0000001-0000001",
        });
        insta::assert_snapshot!(one.url, @"https://api.test/orders/2026-01-01/orders/306-0000001-0000001?includedData=PROCEEDS%2CFULFILLMENT%2CCANCELLATION");
        for personal in ["BUYER", "RECIPIENT", "PACKAGES", "TAX", "PAYMENT"] {
            assert!(!request.url.as_str().contains(personal), "{personal}");
        }
    }
}
