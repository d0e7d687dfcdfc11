//! The words of Calibr Console, shared by browser and server.
//!
//! Everything here is plain data with its rules: ids, money, statuses, what a
//! platform declares, what screens and the REST API show. No I/O, so that the
//! browser build can hold it.

pub mod credential;
pub mod event;
pub mod form;
pub mod guardrails;
pub mod ids;
pub mod money;
pub mod page;
pub mod platform;
pub mod problem;
pub mod role;
pub mod settings;
pub mod slug;
pub mod source;
pub mod status;
pub mod time_range;
pub mod views;

pub use guardrails::Guardrails;
pub use ids::{
    ConflictDecisionId, ConflictId, IntegrationId, ListingId, PricePushId, ProductId, ProjectId,
    SyncRunId, UserId, VariantId, WebhookDeliveryId,
};
pub use money::{Currency, Money, MoneyError};
pub use page::{Cursor, CursorError, Page, PageRequest};
pub use platform::PlatformId;
pub use problem::{FieldError, Problem, ProblemKind};
pub use role::Role;
pub use slug::{ProjectSlug, SlugError};
pub use source::{Clock, Random, Sources};
pub use time_range::TimeRange;
