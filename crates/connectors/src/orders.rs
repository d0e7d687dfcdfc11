//! Reading a store's orders: what analytics needs of them, and nothing of whom.

use calibr_model::Money;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;

use crate::{
    catalogue::{Checkpoint, ItemFault},
    error::ConnectorError,
};

/// Gives a store's orders. Names, addresses and anything else of the buyer's are
/// neither asked for nor kept.
pub trait OrderSource: Send + Sync {
    /// The orders as `plan` asks for them, oldest change first where the platform
    /// can. The stream ends after its first error. Transient faults of single
    /// calls have been retried inside.
    fn pull<'a>(&'a self, plan: OrderPlan) -> BoxStream<'a, Result<OrderBatch, ConnectorError>>;
}

/// What is wanted of the orders.
#[derive(Debug, Clone)]
pub struct OrderPlan {
    /// Orders placed or changed at or after this moment (UTC, the overlap already
    /// taken off).
    pub since: DateTime<Utc>,
    /// Where an earlier stream of the same plan was cut; `None` to begin.
    pub resume: Option<Checkpoint>,
}

/// Some orders, and where to go on after them.
#[derive(Debug, Clone, Default)]
pub struct OrderBatch {
    /// Orders as they stand now: each replaces what was known of it.
    pub orders: Vec<OrderRecord>,
    /// Orders that could not be read.
    pub faults: Vec<ItemFault>,
    /// Where to go on when this batch is stored.
    pub checkpoint: Option<Checkpoint>,
}

/// An order as the store has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRecord {
    /// The platform's id.
    pub external_id: String,
    /// When it was placed, in UTC.
    pub placed_at: DateTime<Utc>,
    /// When the store last changed it, in UTC.
    pub updated_at: Option<DateTime<Utc>>,
    /// Whether it was cancelled as a whole: its lines count for nothing then.
    pub cancelled: bool,
    /// What was bought.
    pub lines: Vec<OrderLine>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// The platform's id of the line, unique within the order.
    pub external_id: String,
    /// The platform's id of the variant; `None` where it is gone or was never one.
    pub listing_external_id: Option<String>,
    /// The stock keeping unit as it was then.
    pub sku: Option<String>,
    /// Units bought.
    pub quantity: i64,
    /// Units given back or taken off the order since.
    pub refunded_quantity: i64,
    /// For all units, discounts taken off; with tax where the store's prices
    /// include it. In the currency of the store's prices, or in the one that was
    /// paid where the platform tells no other.
    pub amount: Money,
    /// What of `amount` was paid back.
    pub refunded: Money,
}
