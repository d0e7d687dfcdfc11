//! Orders, without their buyers.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Call, Operation, PER_PAGE, Page, Reply};

/// Fields of an order that are read: no name, no address.
const ORDER: &str = "id,status,currency,prices_include_tax,date_created_gmt,date_modified_gmt,\
    total,line_items,refunds";
/// Fields of a refund that are read.
const REFUND: &str = "id,amount,line_items";

/// Which orders.
#[derive(Debug, Clone)]
pub(in crate::woocommerce) enum Which {
    /// Those changed since a moment; so many rows are left out first.
    ChangedSince(DateTime<Utc>, u64),
    /// Those with these ids, at most 100.
    Ids(Vec<u64>),
}

/// Asks for orders.
#[derive(Debug, Clone)]
pub(in crate::woocommerce) struct Orders {
    pub(in crate::woocommerce) which: Which,
    /// Digits after the points of amounts; without it the store rounds to what
    /// it shows.
    pub(in crate::woocommerce) decimals: u32,
}

impl Operation for Orders {
    type Data = Page;

    fn call(&self) -> Call {
        let call = Call::get("wc/v3/orders");
        let call = match &self.which {
            Which::ChangedSince(moment, offset) => call.page(*offset).changed_since(Some(*moment)),
            Which::Ids(ids) => {
                let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
                call.with("include", ids.join(","))
                    .with("per_page", PER_PAGE.to_string())
            }
        };
        call.with("dp", self.decimals.to_string())
            .with("_fields", ORDER)
    }

    fn read(&self, reply: Reply) -> Option<Page> {
        Page::read(reply)
    }
}

/// Asks what of an order was paid back.
#[derive(Debug, Clone)]
pub(in crate::woocommerce) struct OrderRefunds {
    pub(in crate::woocommerce) order: u64,
    /// As in [`Orders::decimals`].
    pub(in crate::woocommerce) decimals: u32,
}

impl Operation for OrderRefunds {
    type Data = Vec<Value>;

    fn call(&self) -> Call {
        Call::get(format!("wc/v3/orders/{}/refunds", self.order))
            .with("per_page", PER_PAGE.to_string())
            .with("dp", self.decimals.to_string())
            .with("_fields", REFUND)
    }

    fn read(&self, reply: Reply) -> Option<Vec<Value>> {
        match reply.value {
            Value::Array(refunds) => Some(refunds),
            _ => None,
        }
    }

    /// The order was deleted a moment ago, its refunds with it.
    fn missing(&self) -> Option<Vec<Value>> {
        Some(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_for() {
        for field in ["billing", "shipping", "customer", "meta_data", "payment"] {
            assert!(!ORDER.contains(field) && !REFUND.contains(field), "{field}");
        }
    }
}
