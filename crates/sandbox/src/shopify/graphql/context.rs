//! What answering a query depends on besides the query.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::lock::lock;
use crate::shopify::access::Grant;
use crate::shopify::shop::Shop;

/// The circumstances of one request, or of one export.
pub(crate) struct Context {
    pub(crate) shop: Arc<Shop>,
    /// The catalogue at the beginning of the request.
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) grant: Grant,
    pub(crate) now: DateTime<Utc>,
    /// Where the sandbox is reached, without a slash at the end.
    pub(crate) base_url: String,
    /// The API version that answers.
    pub(crate) version: String,
    /// Connections answer with everything they have, whatever page was asked for.
    pub(crate) unpaged: bool,
    /// What was odd about search terms, for `extensions.search`.
    pub(crate) search_warnings: Mutex<Vec<Value>>,
}

impl Context {
    /// Notes something for `extensions.search`.
    pub(crate) fn warn_of_search(&self, warning: Value) {
        lock(&self.search_warnings).push(warning);
    }

    /// Writes an amount of minor units in the shop's currency.
    pub(crate) fn money(&self, minor: i64) -> String {
        crate::money::write(minor, &self.shop.settings.currency)
    }
}

/// Writes seconds since 1970 as the API's `DateTime`, `2026-07-01T12:00:00Z`.
pub(crate) fn date_time(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}
