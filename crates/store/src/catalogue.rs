//! Writing what a store's catalogue stream gives: set-based, only what changed,
//! together with the checkpoint in one transaction.

mod deleted;
mod gone;
mod match_up;
mod plan;
mod statements;
mod write;

use calibr_model::{
    IntegrationId, Money, Sources, SyncRunId,
    status::{FailureClass, FailureKind, ListingState},
};
use chrono::{DateTime, Utc};

pub use self::gone::Removed;
pub(crate) use self::plan::last_of_each;
use crate::runs::WorkerId;

/// A product as its store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductInput {
    /// The platform's id.
    pub external_id: String,
    /// Its title.
    pub title: String,
    /// Its part of the storefront's address.
    pub handle: Option<String>,
    /// Who makes it.
    pub vendor: Option<String>,
    /// What kind of product it is.
    pub product_type: Option<String>,
    /// A picture.
    pub image_url: Option<String>,
    /// Whether it is on sale.
    pub state: ListingState,
    /// Tells this content from any other.
    pub hash: RecordHash,
}

/// A variant as its store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantInput {
    /// The platform's id.
    pub external_id: String,
    /// The platform's id of its product.
    pub product_external_id: String,
    /// Its title within the product; empty where there is but one.
    pub title: String,
    /// The stock keeping unit.
    pub sku: Option<String>,
    /// Barcode.
    pub barcode: Option<String>,
    /// What it costs.
    pub price: Option<Money>,
    /// The struck-through price, in the same currency.
    pub compare_at: Option<Money>,
    /// Units in stock.
    pub stock: Option<i64>,
    /// Whether it is on sale; `None` to take the product's.
    pub state: Option<ListingState>,
    /// When the store last changed it, in UTC.
    pub updated_at: Option<DateTime<Utc>>,
    /// Tells this content from any other.
    pub hash: RecordHash,
}

/// 16 bytes that differ where the content of a record differs.
pub type RecordHash = [u8; 16];

/// A record that could not be synced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureInput {
    /// What kind of record it is.
    pub kind: FailureKind,
    /// The platform's id, where it could be read.
    pub external_id: Option<String>,
    /// The platform's id of the product that a variant is of, where it could be
    /// read.
    pub product_external_id: Option<String>,
    /// A title or SKU to know it by.
    pub label: Option<String>,
    /// A short code, the same for like failures.
    pub code: String,
    /// What is wrong, and what to do.
    pub message: String,
    /// What can be done about it.
    pub class: FailureClass,
    /// What was asked of the platform for this item alone, redacted and
    /// shortened.
    pub request: Option<String>,
    /// The platform's answer, redacted and shortened.
    pub answer: Option<String>,
    /// When the store says that it last changed the record, in its own words:
    /// while that stays, nothing about the record changed.
    pub version: Option<String>,
}

/// Some of a store's catalogue to be written, with where the stream stood
/// after it.
#[derive(Debug, Clone, Default)]
pub struct BatchInput {
    /// Products.
    pub products: Vec<ProductInput>,
    /// Variants.
    pub variants: Vec<VariantInput>,
    /// Records that could not be synced.
    pub failures: Vec<FailureInput>,
    /// How many variants the whole stream will give, once that is known.
    pub expected: Option<i64>,
    /// Where to take the stream up again; `None` leaves what is there.
    pub checkpoint: Option<serde_json::Value>,
}

/// The run on whose behalf a batch is written.
#[derive(Debug, Clone)]
pub struct BatchContext<'a> {
    /// The run.
    pub run: SyncRunId,
    /// Its integration.
    pub integration: IntegrationId,
    /// Who carries it: the write is refused where that is no longer so.
    pub worker: WorkerId,
    /// Time and ids.
    pub sources: &'a Sources,
}

/// What a batch did, in listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BatchCounts {
    /// New ones.
    pub created: i64,
    /// Changed ones.
    pub updated: i64,
    /// Ones that were the same: nothing was written for these.
    pub unchanged: i64,
    /// Records that failed.
    pub failed: i64,
}
