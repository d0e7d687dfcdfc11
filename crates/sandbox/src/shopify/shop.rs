//! A shop: its settings, its goods, and who may do what with it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::access::{Access, App, StaticToken};
use super::budget::{Bucket, Plan, Rate};
use super::bulk::{BulkOperations, Pace};
use super::delivery::Event;
use super::orders::Orders;
use super::payload;
use super::webhooks::Webhooks;
use crate::catalogue::Catalogue;
use crate::clock::MovableClock;
use crate::dice::Dice;
use crate::fault::{FaultKind, Faults, Spot};
use crate::generator::Specification;
use crate::lock::lock;

/// What a shop is created with.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShopSettings {
    /// `name.myshopify.com`.
    pub domain: String,
    /// Display name; from the domain if empty.
    pub name: String,
    /// Number of variants to generate.
    pub variants: u32,
    /// Seed of the catalogue, of tokens and of faults.
    pub seed: u64,
    /// ISO 4217.
    pub currency: String,
    /// IANA name.
    pub time_zone: String,
    /// When the generated goods are looked at first: they changed last in the year before it.
    /// The moment of the shop's creation if `None`; give it to have the same goods again.
    pub made_at: Option<DateTime<Utc>>,
    /// Whether the catalogue has what real catalogues have.
    pub oddities: bool,
    /// Tokens of custom apps.
    pub tokens: Vec<StaticToken>,
    /// Decides the rate limit.
    pub plan: Plan,
    /// Instead of the plan's bucket.
    pub rate: Option<Rate>,
    /// How fast bulk operations run.
    pub bulk_pace: Pace,
    /// How many orders the 90 days before creation brought.
    pub orders: u32,
    /// How many bulk queries an app may have under way; five since version 2026-01, before one.
    pub bulk_operations: u32,
}

impl Default for ShopSettings {
    fn default() -> Self {
        Self {
            domain: "sandbox.myshopify.com".to_owned(),
            name: String::new(),
            variants: 1_000,
            seed: 1,
            currency: "EUR".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            made_at: None,
            oddities: false,
            tokens: Vec::new(),
            plan: Plan::default(),
            rate: None,
            orders: 0,
            bulk_pace: Pace::default(),
            bulk_operations: 5,
        }
    }
}

impl ShopSettings {
    /// A shop of that domain, everything else as usual.
    pub fn new(domain: impl Into<String>) -> Self {
        Self {
            domain: domain.into(),
            ..Self::default()
        }
    }

    /// Whether the domain is one that Shopify gives to shops.
    pub(crate) fn has_valid_domain(&self) -> bool {
        let Some(name) = self.domain.strip_suffix(".myshopify.com") else {
            return false;
        };
        name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    }

    /// The merchant's address; under a name that reaches nobody.
    pub(crate) fn email(&self) -> String {
        format!(
            "owner@{}.example",
            self.domain.trim_end_matches(".myshopify.com")
        )
    }
}

/// How a shop answers as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShopState {
    /// As usual.
    #[default]
    Open,
    /// 402: the merchant did not pay.
    Frozen,
    /// 404: closed for good.
    Gone,
    /// 423: locked by Shopify.
    Locked,
}

/// What happened at a shop since it was created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Requests of any kind.
    pub requests: u64,
    /// Calls of the GraphQL API.
    pub api_requests: u64,
    /// Requests refused for their token.
    pub unauthorized: u64,
    /// API calls answered `THROTTLED`, by cost or by a fault.
    pub throttled: u64,
    /// Whether an API call ever wanted more points than there were.
    pub overdrawn: bool,
    /// Access tokens issued for codes and refresh tokens.
    pub tokens_issued: u64,
    /// Requests that a fault struck.
    pub faults: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: AtomicU64,
    pub(crate) api_requests: AtomicU64,
    pub(crate) unauthorized: AtomicU64,
    pub(crate) throttled: AtomicU64,
    pub(crate) overdrawn: AtomicBool,
    pub(crate) tokens_issued: AtomicU64,
    pub(crate) faults: AtomicU64,
}

/// Counts one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What a shop shares with the others.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) clock: Arc<MovableClock>,
    pub(crate) apps: Arc<Mutex<Vec<App>>>,
}

impl Surroundings {
    /// What messages to an app are signed with; nothing for one that nobody registered.
    pub(crate) fn secret_of(&self, client_id: &str) -> String {
        let apps = lock(&self.apps);
        let app = apps.iter().find(|app| app.client_id == client_id);
        app.map(|app| app.client_secret.clone()).unwrap_or_default()
    }
}

/// A shop as it lives in the sandbox.
pub(crate) struct Shop {
    pub(crate) settings: ShopSettings,
    /// The number in the shop's global id.
    pub(crate) number: u64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) access: Mutex<Access>,
    pub(crate) bulk: BulkOperations,
    pub(crate) webhooks: Webhooks,
    pub(crate) orders: Mutex<Orders>,
    /// Variants whose prices no app may change.
    pub(crate) locked: Mutex<HashSet<u32>>,
    pub(crate) surroundings: Surroundings,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) tally: Tally,
    state: Mutex<ShopState>,
    catalogue: Mutex<Arc<Catalogue>>,
    buckets: Mutex<HashMap<String, Bucket>>,
    file_key: String,
}

impl Shop {
    pub(crate) fn new(
        mut settings: ShopSettings,
        place: u64,
        now: DateTime<Utc>,
        surroundings: Surroundings,
    ) -> Self {
        if settings.name.is_empty() {
            settings.name = settings
                .domain
                .trim_end_matches(".myshopify.com")
                .to_owned();
        }
        let seed = settings.seed ^ Dice::new(place).roll();
        let specification = Specification {
            seed: settings.seed,
            variants: settings.variants,
            oddities: settings.oddities,
            made_at: settings.made_at.unwrap_or(now),
        };
        let catalogue = Catalogue::new(specification);
        Self {
            orders: Mutex::new(Orders::generated(&settings, &catalogue, now)),
            locked: Mutex::default(),
            surroundings,
            number: 60_000_000_001 + place,
            created_at: now,
            access: Mutex::new(Access::new(seed, std::mem::take(&mut settings.tokens))),
            bulk: BulkOperations::new(settings.bulk_pace, settings.bulk_operations),
            webhooks: Webhooks::new(seed),
            faults: Mutex::new(Faults::new(settings.seed)),
            tally: Tally::default(),
            state: Mutex::new(ShopState::Open),
            catalogue: Mutex::new(Arc::new(catalogue)),
            buckets: Mutex::new(HashMap::new()),
            file_key: Dice::of(seed, 0xF11E).hex(32),
            settings,
        }
    }

    pub(crate) fn state(&self) -> ShopState {
        *lock(&self.state)
    }

    pub(crate) fn set_state(&self, state: ShopState) {
        *lock(&self.state) = state;
    }

    /// The goods as they are now; later changes do not show in what this returns.
    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&lock(&self.catalogue))
    }

    pub(crate) fn change_catalogue<R>(&self, change: impl FnOnce(&mut Catalogue) -> R) -> R {
        change(Arc::make_mut(&mut lock(&self.catalogue)))
    }

    /// Tells those who subscribed that a product was changed.
    pub(crate) fn tell_of_product(self: &Arc<Self>, key: u32, now: DateTime<Utc>) {
        Event::new(self, now).tell("PRODUCTS_UPDATE", || self.product_payload(key));
    }

    /// A product as messages hold it.
    pub(crate) fn product_payload(&self, key: u32) -> serde_json::Value {
        let product = self.catalogue().product(key);
        product.map_or_else(
            || payload::deleted(key),
            |product| payload::product(self, &product),
        )
    }

    /// The app's bucket, for as long as `spend` takes.
    pub(crate) fn with_bucket<R>(
        &self,
        app: &str,
        now: DateTime<Utc>,
        spend: impl FnOnce(&mut Bucket) -> R,
    ) -> R {
        let rate = self
            .settings
            .rate
            .unwrap_or_else(|| self.settings.plan.rate());
        let mut buckets = lock(&self.buckets);
        spend(
            buckets
                .entry(app.to_owned())
                .or_insert_with(|| Bucket::full(rate, now)),
        )
    }

    /// The fault that strikes a request at `spot`, if any does.
    pub(crate) fn strike(&self, spot: Spot, operation: Option<&str>) -> Option<FaultKind> {
        let fault = lock(&self.faults).strike(spot, operation)?;
        count(&self.tally.faults);
        Some(fault)
    }

    /// Signs what the sandbox later has to recognise as its own.
    pub(crate) fn sign(&self, text: &str) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.file_key.as_bytes()) else {
            return String::new();
        };
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    pub(crate) fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            requests: read(&self.tally.requests),
            api_requests: read(&self.tally.api_requests),
            unauthorized: read(&self.tally.unauthorized),
            throttled: read(&self.tally.throttled),
            overdrawn: self.tally.overdrawn.load(Ordering::Relaxed),
            tokens_issued: read(&self.tally.tokens_issued),
            faults: read(&self.tally.faults),
        }
    }
}

impl std::fmt::Debug for Shop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Shop")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
