//! A store: its settings, its goods, its orders, and who may do what with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::access::{Access, ApiKey};
use super::orders::Orders;
use super::webhooks::Webhooks;
use crate::catalogue::Catalogue;
use crate::fault::{FaultKind, Faults, Spot};
use crate::generator::Specification;
use crate::lock::lock;

/// What a store is created with.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// The folder it is in below the sandbox: lower-case letters, digits and hyphens.
    pub name: String,
    /// Display name; from the folder if empty.
    pub title: String,
    /// Number of variants to generate.
    pub variants: u32,
    /// Seed of the catalogue, of keys, orders and faults.
    pub seed: u64,
    /// ISO 4217.
    pub currency: String,
    /// Decimals of the currency, with which generated prices are written.
    pub currency_decimals: u32,
    /// Decimals that the store shows (`woocommerce_price_num_decimals`).
    pub shown_decimals: u32,
    /// IANA name; empty where the store has an offset only.
    pub time_zone: String,
    /// Hours that local times are ahead of UTC.
    pub gmt_offset: i32,
    /// Whether prices are entered with tax.
    pub prices_include_tax: bool,
    /// Per cent of tax in or on every price.
    pub tax_percent: u32,
    /// When the generated goods are looked at first; the moment of creation if `None`.
    pub made_at: Option<DateTime<Utc>>,
    /// Whether the catalogue has what real catalogues have.
    pub oddities: bool,
    /// How many orders the 90 days before creation brought.
    pub orders: u32,
    /// Keys that are good from the beginning.
    pub keys: Vec<ApiKey>,
    /// Whether the REST API is found at `?rest_route=` only, as without rewriting of addresses.
    pub plain_permalinks: bool,
    /// Characters in every description.
    pub description_length: usize,
    /// WooCommerce's version.
    pub version: String,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            name: "woo".to_owned(),
            title: String::new(),
            variants: 1_000,
            seed: 1,
            currency: "EUR".to_owned(),
            currency_decimals: 2,
            shown_decimals: 2,
            time_zone: "Europe/Berlin".to_owned(),
            gmt_offset: 2,
            prices_include_tax: true,
            tax_percent: 19,
            made_at: None,
            oddities: false,
            orders: 0,
            keys: Vec::new(),
            plain_permalinks: false,
            description_length: 120,
            version: "10.3.5".to_owned(),
        }
    }
}

impl StoreSettings {
    /// A store in that folder, everything else as usual.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    pub(crate) fn has_valid_name(&self) -> bool {
        !self.name.is_empty()
            && self
                .name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !matches!(self.name.as_str(), "admin")
    }
}

/// How a store answers as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreState {
    /// As usual.
    #[default]
    Open,
    /// 404 with a page: there is no such host any more.
    Gone,
    /// A site without WordPress: a page for every address.
    NoWordpress,
    /// WordPress, but WooCommerce is not active: no such route.
    NoWoocommerce,
    /// A plugin closes the REST API to everybody who is not signed in to WordPress.
    RestDisabled,
}

/// What happened at a store since it was created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreCounters {
    /// Requests of the API.
    pub requests: u64,
    /// Requests of it that may change something.
    pub writes: u64,
    /// Most requests that were under way at once.
    pub most_at_once: u64,
    /// Requests refused for their key.
    pub unauthorized: u64,
    /// Requests that a fault struck.
    pub faults: u64,
    /// Keys handed over to apps.
    pub keys_issued: u64,
    /// Prices that a request blanked or made negative.
    pub prices_spoiled: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) under_way: AtomicU64,
    pub(crate) most_at_once: AtomicU64,
    pub(crate) unauthorized: AtomicU64,
    pub(crate) faults: AtomicU64,
    pub(crate) keys_issued: AtomicU64,
    pub(crate) prices_spoiled: AtomicU64,
}

/// Counts one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The texts that a variant's prices are kept as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prices {
    pub(crate) regular: String,
    pub(crate) sale: String,
}

/// A store as it lives in the sandbox.
pub(crate) struct Store {
    pub(crate) settings: StoreSettings,
    pub(crate) access: Mutex<Access>,
    pub(crate) orders: Mutex<Orders>,
    pub(crate) webhooks: Webhooks,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) tally: Tally,
    /// Listings that no app may change.
    pub(crate) locked: Mutex<BTreeSet<u64>>,
    /// Records that plugins have given another form.
    pub(crate) misshapen: Mutex<BTreeSet<u64>>,
    state: Mutex<StoreState>,
    goods: Mutex<Arc<Goods>>,
}

/// What a store sells.
#[derive(Clone, Debug)]
pub(crate) struct Goods {
    pub(crate) catalogue: Catalogue,
    /// Prices that were set since the goods were made, by variant.
    pub(crate) prices: BTreeMap<u32, Prices>,
}

impl Store {
    pub(crate) fn new(mut settings: StoreSettings, now: DateTime<Utc>) -> Self {
        if settings.title.is_empty() {
            settings.title.clone_from(&settings.name);
        }
        let specification = Specification {
            seed: settings.seed,
            variants: settings.variants,
            oddities: settings.oddities,
            made_at: settings.made_at.unwrap_or(now),
        };
        let goods = Goods {
            catalogue: Catalogue::new(specification),
            prices: BTreeMap::new(),
        };
        let orders = Orders::generated(&settings, &goods, now);
        Self {
            access: Mutex::new(Access::new(
                settings.seed,
                std::mem::take(&mut settings.keys),
            )),
            orders: Mutex::new(orders),
            webhooks: Webhooks::new(settings.seed),
            faults: Mutex::new(Faults::new(settings.seed)),
            tally: Tally::default(),
            locked: Mutex::default(),
            misshapen: Mutex::default(),
            state: Mutex::new(StoreState::Open),
            goods: Mutex::new(Arc::new(goods)),
            settings,
        }
    }

    pub(crate) fn state(&self) -> StoreState {
        *lock(&self.state)
    }

    pub(crate) fn set_state(&self, state: StoreState) {
        *lock(&self.state) = state;
    }

    /// The goods as they are now; later changes do not show in what this returns.
    pub(crate) fn goods(&self) -> Arc<Goods> {
        Arc::clone(&lock(&self.goods))
    }

    pub(crate) fn change_goods<R>(&self, change: impl FnOnce(&mut Goods) -> R) -> R {
        change(Arc::make_mut(&mut lock(&self.goods)))
    }

    /// Whether an app may change a listing or product.
    pub(crate) fn is_locked(&self, id: u64) -> bool {
        lock(&self.locked).contains(&id)
    }

    /// A record as the API gives it: in another form where a plugin has a hand in it.
    pub(crate) fn shaped(&self, mut record: Value) -> Value {
        let id = record["id"].as_u64();
        if id.is_some_and(|id| lock(&self.misshapen).contains(&id)) {
            record["status"] = Value::from(7);
        }
        record
    }

    /// The fault that strikes a request, if any does. `operation` is the last word of its route.
    pub(crate) fn strike(&self, spot: Spot, operation: &str) -> Option<FaultKind> {
        let fault = lock(&self.faults).strike(spot, Some(operation))?;
        count(&self.tally.faults);
        Some(fault)
    }

    pub(crate) fn counters(&self) -> StoreCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreCounters {
            requests: read(&self.tally.requests),
            writes: read(&self.tally.writes),
            most_at_once: read(&self.tally.most_at_once),
            unauthorized: read(&self.tally.unauthorized),
            faults: read(&self.tally.faults),
            keys_issued: read(&self.tally.keys_issued),
            prices_spoiled: read(&self.tally.prices_spoiled),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Store")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
