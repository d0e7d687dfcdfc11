//! Every operation that is asked of a store's REST API: the call it makes, and
//! what an answer says. Nothing here sends anything
//! ([reference](https://woocommerce.github.io/woocommerce-rest-api-docs/)).
//!
//! Lists are asked for with `_fields`, so that descriptions, buyers and other
//! plugins' data never come, in the order of ids, which do not change.

mod index;
mod orders;
mod price_batch;
mod products;
mod system_status;
mod webhooks;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::Value;

pub(super) use self::{
    index::Index,
    orders::{OrderRefunds, Orders, Which as WhichOrders},
    price_batch::{BatchItem, NotSent, PriceBatch, PriceText, PriceUpdate, Sale, WriteProbe},
    products::{ById, ListingPrices, Products, Variations},
    system_status::{SystemStatus, SystemStatusData, TaxSetting},
    webhooks::{CreateWebhook, DeleteWebhook, WebhookData, Webhooks},
};

/// Most rows of a page, and most items of a batch.
pub(super) const PER_PAGE: u64 = 100;

/// One kind of call.
pub(super) trait Operation: Send + Sync {
    /// What an answer says.
    type Data: Send;

    /// The call.
    fn call(&self) -> Call;

    /// Reads an answer; `None` where it has another form.
    fn read(&self, reply: Reply) -> Option<Self::Data>;

    /// What it means that the store does not have what is named in the route;
    /// `None` where that is an error.
    fn missing(&self) -> Option<Self::Data> {
        None
    }
}

/// A call, without the store's address and its keys.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Below `wp-json/`.
    pub(super) route: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
}

impl Call {
    pub(super) fn get(route: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            route: route.into(),
            query: Vec::new(),
            body: None,
        }
    }

    pub(super) fn post(route: impl Into<String>, body: Value) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..Self::get(route)
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// A page of a list in the order of ids, `offset` rows left out.
    fn page(self, offset: u64) -> Self {
        self.with("per_page", PER_PAGE.to_string())
            .with("offset", offset.to_string())
            .with("orderby", "id")
            .with("order", "asc")
    }

    /// Only what was changed at `moment` or later. The store leaves the moment
    /// itself out, and keeps whole seconds.
    fn changed_since(self, moment: Option<DateTime<Utc>>) -> Self {
        let Some(moment) = moment else {
            return self;
        };
        let before = moment - TimeDelta::seconds(1);
        self.with(
            "modified_after",
            before.format("%Y-%m-%dT%H:%M:%S").to_string(),
        )
        .with("dates_are_gmt", "true")
    }
}

/// An answer's JSON, and what its headers say of the whole list.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) value: Value,
    /// `X-WP-Total`, which a proxy may have taken away.
    pub(super) total: Option<u64>,
    /// `X-WP-TotalPages`.
    pub(super) pages: Option<u64>,
}

/// Some rows of a list.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    /// In the list's order.
    pub(super) rows: Vec<Row>,
    /// Rows without an id.
    pub(super) unread: Vec<Value>,
    /// The length of the whole list.
    pub(super) total: Option<u64>,
    /// How many pages it has.
    pub(super) pages: Option<u64>,
}

/// A row with its id, otherwise still as it came, so that one that cannot be
/// read spoils no other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) id: u64,
    pub(super) fields: Value,
}

impl Page {
    fn read(reply: Reply) -> Option<Self> {
        let Value::Array(items) = reply.value else {
            return None;
        };
        let mut page = Self {
            total: reply.total,
            pages: reply.pages,
            ..Self::default()
        };
        for item in items {
            match item["id"].as_u64() {
                Some(id) => page.rows.push(Row { id, fields: item }),
                None => page.unread.push(item),
            }
        }
        Some(page)
    }
}
