//! Orders, without their buyers.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Permission,
    list::{List, RowPage, at_or_after},
};

/// Orders that were placed, with what was bought and what was paid back.
///
/// An order that a plugin has split up among sellers (`Aggregate`) is not among
/// them: the sellers' orders hold its lines once more.
#[derive(Debug, Clone)]
pub(in crate::vendure) enum Orders {
    /// Those changed at or after a moment.
    ChangedSince(DateTime<Utc>),
    /// Those with these ids.
    Ids(Vec<String>),
}

impl List for Orders {
    const DOCUMENT: &'static str = "query CalibrOrders($options: OrderListOptions!) {
  orders(options: $options) {
    totalItems
    items {
      id orderPlacedAt updatedAt state currencyCode totalWithTax
      lines {
        id quantity orderPlacedQuantity
        proratedLinePrice proratedLinePriceWithTax proratedUnitPrice proratedUnitPriceWithTax
        productVariant { id sku }
      }
      payments { refunds { state total lines { orderLineId quantity } } }
    }
  }
}";
    const NEEDS: Permission = Permission::ReadOrders;
    type Data = OrdersData;

    fn filter(&self) -> Value {
        let mut filter = placed();
        match self {
            Self::ChangedSince(moment) => filter["updatedAt"] = at_or_after(*moment),
            Self::Ids(ids) => filter["id"] = json!({ "in": ids }),
        }
        filter
    }

    fn rows(data: OrdersData) -> RowPage {
        data.orders
    }
}

/// Orders that did not change since a moment themselves, with the moments of
/// their refunds: Vendure does not move an order's `updatedAt` when money is
/// paid back.
#[derive(Debug, Clone, Copy)]
pub(in crate::vendure) struct RefundMoments {
    /// They did not change at or after it.
    pub(in crate::vendure) unchanged_since: DateTime<Utc>,
    /// They were placed within so long before it.
    pub(in crate::vendure) placed_within: TimeDelta,
}

impl List for RefundMoments {
    const DOCUMENT: &'static str = "query CalibrRefundMoments($options: OrderListOptions!) {
  orders(options: $options) {
    totalItems
    items { id payments { refunds { updatedAt } } }
  }
}";
    const NEEDS: Permission = Permission::ReadOrders;
    type Data = OrdersData;

    fn filter(&self) -> Value {
        let mut filter = placed();
        filter["updatedAt"] = json!({ "before": self.unchanged_since });
        filter["orderPlacedAt"] = at_or_after(self.unchanged_since - self.placed_within);
        filter
    }

    fn rows(data: OrdersData) -> RowPage {
        data.orders
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::vendure) struct OrdersData {
    orders: RowPage,
}

fn placed() -> Value {
    json!({ "orderPlacedAt": { "isNull": false }, "type": { "notEq": "Aggregate" } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment() -> DateTime<Utc> {
        let moment = DateTime::parse_from_rfc3339("2026-07-31T12:00:00Z").unwrap();
        moment.to_utc()
    }

    #[test]
    fn changed_orders_are_asked_for_by_time() {
        insta::assert_json_snapshot!(Orders::ChangedSince(moment()).filter(), @r#"
        {
          "orderPlacedAt": {
            "isNull": false
          },
          "type": {
            "notEq": "Aggregate"
          },
          "updatedAt": {
            "after": "2026-07-31T11:59:59.999Z"
          }
        }
        "#);
    }

    #[test]
    fn refunds_are_looked_for_in_what_was_sold_lately() {
        let list = RefundMoments {
            unchanged_since: moment(),
            placed_within: TimeDelta::days(30),
        };
        insta::assert_json_snapshot!(list.filter(), @r#"
        {
          "orderPlacedAt": {
            "after": "2026-07-01T11:59:59.999Z"
          },
          "type": {
            "notEq": "Aggregate"
          },
          "updatedAt": {
            "before": "2026-07-31T12:00:00Z"
          }
        }
        "#);
    }

    #[test]
    fn nobody_is_asked_for() {
        for document in [Orders::DOCUMENT, RefundMoments::DOCUMENT] {
            for field in ["customer", "ddress", "history", "metadata", "transactionId"] {
                assert!(!document.contains(field), "{field}");
            }
        }
    }
}
