//! Orders: what was bought and what was given back. Nothing of whoever bought
//! it is asked for.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, RecordPage, updated_since};

/// Orders a page, and lines of each: together about half of the points that a
/// query may cost, even counted item by item.
const ORDERS: u32 = 15;
pub(super) const LINES: u32 = 10;

/// Fields of an order's line, in every document alike. The discounts of the
/// whole order are among its allocations; the line's own discounted total
/// leaves them out.
macro_rules! line_fields {
    () => {
        "id sku quantity currentQuantity variant { id } \
         originalTotalSet { shopMoney { amount currencyCode } } \
         discountAllocations { allocatedAmountSet { shopMoney { amount currencyCode } } }"
    };
}

/// Fields of an order with its first lines, in every document alike.
macro_rules! order_fields {
    () => {
        concat!(
            "id processedAt updatedAt cancelledAt test
      totalPriceSet { shopMoney { amount currencyCode } }
      totalRefundedSet { shopMoney { amount currencyCode } }
      lineItems(first: $lines) {
        nodes { ",
            $crate::shopify::operations::orders::line_fields!(),
            " }
        pageInfo { hasNextPage endCursor }
      }"
        )
    };
}

pub(super) use {line_fields, order_fields};

/// Asks for orders that were placed or changed at or after a moment, oldest
/// change first. Shopify gives those of the last 60 days.
pub(in crate::shopify) struct ChangedOrders<'a> {
    /// The moment.
    pub(in crate::shopify) since: DateTime<Utc>,
    /// Where the page before ended.
    pub(in crate::shopify) after: Option<&'a str>,
}

impl ChangedOrders<'_> {
    pub(super) fn example() -> Self {
        Self {
            since: DateTime::UNIX_EPOCH,
            after: None,
        }
    }
}

impl Operation for ChangedOrders<'_> {
    const NAME: &'static str = "CalibrChangedOrders";
    const DOCUMENT: &'static str = concat!(
        "query CalibrChangedOrders($filter: String!, $orders: Int!, $lines: Int!, $after: String) {
  orders(first: $orders, after: $after, query: $filter, sortKey: UPDATED_AT) {
    nodes { ",
        order_fields!(),
        " }
    pageInfo { hasNextPage endCursor }
  }
}"
    );
    const COST: u32 = 500;
    type Data = ChangedOrdersData;

    fn variables(&self) -> Value {
        json!({
            "filter": updated_since(self.since),
            "orders": ORDERS,
            "lines": LINES,
            "after": self.after,
        })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct ChangedOrdersData {
    pub(in crate::shopify) orders: RecordPage,
}

/// Asks for an order's lines after those that came with it.
pub(in crate::shopify) struct OrderLines<'a> {
    /// The order's id.
    pub(in crate::shopify) order: &'a str,
    /// Where the page before ended.
    pub(in crate::shopify) after: Option<&'a str>,
}

impl OrderLines<'_> {
    pub(super) fn example() -> Self {
        Self {
            order: "gid://shopify/Order/1",
            after: None,
        }
    }
}

impl Operation for OrderLines<'_> {
    const NAME: &'static str = "CalibrOrderLines";
    const DOCUMENT: &'static str = concat!(
        "query CalibrOrderLines($order: ID!, $after: String) {
  order(id: $order) {
    lineItems(first: 100, after: $after) {
      nodes { ",
        line_fields!(),
        " }
      pageInfo { hasNextPage endCursor }
    }
  }
}"
    );
    const COST: u32 = 310;
    type Data = OrderLinesData;

    fn variables(&self) -> Value {
        json!({ "order": self.order, "after": self.after })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct OrderLinesData {
    /// `None` where the order has gone meanwhile.
    pub(in crate::shopify) order: Option<OrderLinesOrder>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct OrderLinesOrder {
    pub(in crate::shopify) line_items: RecordPage,
}

/// Asks for what was paid back of an order.
pub(in crate::shopify) struct OrderRefunds<'a> {
    /// The order's id.
    pub(in crate::shopify) order: &'a str,
}

impl OrderRefunds<'_> {
    pub(super) fn example() -> Self {
        Self {
            order: "gid://shopify/Order/1",
        }
    }
}

impl Operation for OrderRefunds<'_> {
    const NAME: &'static str = "CalibrOrderRefunds";
    const DOCUMENT: &'static str = "query CalibrOrderRefunds($order: ID!) {
  order(id: $order) {
    refunds(first: 50) {
      totalRefundedSet { shopMoney { amount currencyCode } }
      refundLineItems(first: 100) {
        nodes {
          quantity
          lineItem { id }
          subtotalSet { shopMoney { amount currencyCode } }
        }
      }
    }
  }
}";
    const COST: u32 = 400;
    type Data = OrderRefundsData;

    fn variables(&self) -> Value {
        json!({ "order": self.order })
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct OrderRefundsData {
    /// `None` where the order has gone meanwhile.
    pub(in crate::shopify) order: Option<OrderRefundsOrder>,
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct OrderRefundsOrder {
    /// Each still as it came.
    pub(in crate::shopify) refunds: Vec<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_buyer_is_asked_for() {
        for document in [
            ChangedOrders::DOCUMENT,
            OrderLines::DOCUMENT,
            OrderRefunds::DOCUMENT,
        ] {
            for word in [
                "customer", "email", "phone", "ddress", "note", "name", "Name", "clientIp",
            ] {
                assert!(!document.contains(word), "{word} in {document}");
            }
        }
    }
}
