//! The REST API: thin handlers over the services, one file for a kind of thing.

pub(crate) mod auth;
pub(crate) mod conflicts;
pub(crate) mod docs;
pub(crate) mod events;
pub(crate) mod failures;
pub(crate) mod health;
pub(crate) mod integrations;
pub(crate) mod listings;
pub(crate) mod oauth;
pub(crate) mod platforms;
pub(crate) mod prices;
pub(crate) mod products;
pub(crate) mod retries;
pub(crate) mod settings;
pub(crate) mod syncs;
pub(crate) mod webhooks;

use super::problem::Refusal;

/// What a handler answers with.
type Answer<T> = Result<T, Refusal>;
