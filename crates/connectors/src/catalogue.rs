//! Reading a store's catalogue as a stream that can be cut and taken up again.

use calibr_model::{
    Money,
    status::{FailureClass, FailureKind, ListingState},
};
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::{ConnectorError, Fault};

/// Gives a store's products and variants.
pub trait CatalogueSource: Send + Sync {
    /// The catalogue as `plan` asks for it, batch by batch; nothing is read
    /// ahead of the consumer beyond a batch or two. The stream ends after its
    /// first error. Transient faults of single calls have been retried inside,
    /// with `Retry-After` and the platform's budget obeyed.
    fn pull<'a>(
        &'a self,
        plan: CataloguePlan,
    ) -> BoxStream<'a, Result<CatalogueBatch, ConnectorError>>;
}

/// What is wanted of the catalogue.
#[derive(Debug, Clone)]
pub struct CataloguePlan {
    /// All of it or what changed.
    pub scope: Scope,
    /// Where an earlier stream of the same plan was cut; `None` to begin.
    pub resume: Option<Checkpoint>,
}

/// How much of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything, by the platform's bulk way where it has one.
    Full,
    /// What the store changed at or after this moment (UTC, the overlap already
    /// taken off).
    Since(DateTime<Utc>),
}

/// Where a stream can be taken up again: the connector's own note, stored with
/// the rows of its batch. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checkpoint(pub serde_json::Value);

impl Checkpoint {
    /// A note of `position`: texts and numbers under fixed names.
    pub(crate) fn of(position: &impl Serialize) -> Self {
        // Such a note can always be written.
        Self(serde_json::to_value(position).unwrap_or_default())
    }

    /// What the note holds.
    ///
    /// # Errors
    /// [`Fault::CheckpointLost`] where it is of another version or kind.
    pub(crate) fn read<P: DeserializeOwned>(&self) -> Result<P, ConnectorError> {
        P::deserialize(&self.0).map_err(|_| Self::unreadable())
    }

    /// The error of a note that is of no use here.
    pub(crate) fn unreadable() -> ConnectorError {
        ConnectorError::new(
            Fault::CheckpointLost,
            "The note of where this import stopped cannot be read; it has to begin anew.",
        )
    }
}

/// Some of the catalogue, and where to go on after it.
#[derive(Debug, Clone, Default)]
pub struct CatalogueBatch {
    /// Products; a product comes in the same batch as its first variant or in
    /// an earlier one.
    pub products: Vec<ProductRecord>,
    /// Variants, each with its product's external id.
    pub variants: Vec<VariantRecord>,
    /// Records that could not be read.
    pub faults: Vec<ItemFault>,
    /// How many variants the whole stream will give, once the platform has
    /// said so.
    pub expected: Option<u64>,
    /// Where to go on when this batch is stored; `None` where a stream cut here
    /// has to begin again.
    pub checkpoint: Option<Checkpoint>,
}

/// A product as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRecord {
    /// The platform's id.
    pub external_id: String,
    /// Its title; never empty (a product without one is called by its id).
    pub title: String,
    /// Its part of the storefront's address.
    pub handle: Option<String>,
    /// Who makes it.
    pub vendor: Option<String>,
    /// What kind of product the store says it is.
    pub product_type: Option<String>,
    /// A picture.
    pub image_url: Option<String>,
    /// Whether it is on sale.
    pub state: ListingState,
    /// When the store last changed it.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A variant as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantRecord {
    /// The platform's id.
    pub external_id: String,
    /// The platform's id of its product.
    pub product_external_id: String,
    /// Its title within the product, such as `M / Blue`; empty where the
    /// product has but one variant.
    pub title: String,
    /// The stock keeping unit; `None` where empty.
    pub sku: Option<String>,
    /// Barcode (EAN, UPC, ISBN); `None` where empty.
    pub barcode: Option<String>,
    /// What it costs; `None` where the store has no price.
    pub price: Option<Money>,
    /// The struck-through price.
    pub compare_at: Option<Money>,
    /// Units in stock; `None` where the store does not tell or does not count.
    pub stock: Option<i64>,
    /// Whether it is on sale, the product's state considered; `None` to take
    /// the product's.
    pub state: Option<ListingState>,
    /// When the store last changed it.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A record that could not be read or has something it must not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFault {
    /// What kind of record it is.
    pub kind: FailureKind,
    /// The platform's id of it, where it could be read.
    pub external_id: Option<String>,
    /// The platform's id of the product that a variant is of, where it could be
    /// read.
    pub product_external_id: Option<String>,
    /// A title or SKU to know it by, where it could be read.
    pub label: Option<String>,
    /// A short code, the same for like faults: `malformed_record`,
    /// `price_unreadable`.
    pub code: &'static str,
    /// What is wrong and what to do, for the merchant.
    pub message: String,
    /// What can be done about it.
    pub class: FailureClass,
    /// What was asked of the platform for this record alone, redacted and
    /// shortened.
    pub request: Option<String>,
    /// The record as it came, redacted and shortened.
    pub answer: Option<String>,
    /// When the store says that it last changed the record, in its own words:
    /// while that stays, nothing about the record changed. `None` where it does
    /// not tell.
    pub version: Option<String>,
}

impl ItemFault {
    /// A fault of which no more is known.
    pub(crate) fn new(
        kind: FailureKind,
        code: &'static str,
        message: impl Into<String>,
        class: FailureClass,
    ) -> Self {
        Self {
            kind,
            external_id: None,
            product_external_id: None,
            label: None,
            code,
            message: message.into(),
            class,
            request: None,
            answer: None,
            version: None,
        }
    }
}
