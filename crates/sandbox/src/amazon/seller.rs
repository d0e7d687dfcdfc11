//! A seller: settings, listings, orders, what happened.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::feeds::Feeds;
use super::goods::Goods;
use super::orders::Orders;
use super::rates::{Buckets, Calls};
use super::reports::Reports;
use crate::catalogue::Catalogue;
use crate::dice::Dice;
use crate::fault::{FaultKind, Faults, Spot};
use crate::generator::Specification;
use crate::lock::lock;

/// How a report's letters are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportLetters {
    /// UTF-8, and said so.
    #[default]
    Utf8,
    /// Windows-1252, and said so as `Cp1252`.
    Latin1,
    /// Windows-1252, and nothing said.
    Latin1Unsaid,
}

/// What a seller is created with.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SellerSettings {
    /// Also called merchant token.
    pub seller_id: String,
    /// Display name.
    pub name: String,
    /// Number of listings to generate.
    pub listings: u32,
    /// Orders of the 90 days before the seller was made.
    pub orders: u32,
    /// Seed of listings, orders and faults.
    pub seed: u64,
    /// Where the seller sells: id, ISO country, domain.
    pub marketplace_id: String,
    /// ISO 3166.
    pub country: String,
    /// Such as `www.amazon.de`.
    pub domain: String,
    /// ISO 4217.
    pub currency: String,
    /// `na`, `eu` or `fe`.
    pub region: String,
    /// Whether the seller takes part there.
    pub participates: bool,
    /// Whether the listings are suspended.
    pub suspended: bool,
    /// Whether the application has the roles it needs.
    pub authorised: bool,
    /// When the generated goods are looked at first; the moment of creation if `None`.
    pub made_at: Option<DateTime<Utc>>,
    /// Whether the listings have what real ones have.
    pub oddities: bool,
    /// Refresh tokens, each of the application with this client id.
    pub tokens: Vec<SellerToken>,
    /// Multiplies the published rates (not the bursts), as Amazon does for large
    /// sellers; the limit header says so.
    pub faster: f64,
    /// Whether answers name the limit.
    pub limit_header: bool,
    /// How often a report or feed is asked after before it is done.
    pub polls: u32,
    /// Whether reports come packed.
    pub packed: bool,
    /// How reports are written.
    pub letters: ReportLetters,
    /// How long an accepted price takes until it shows.
    pub price_delay_seconds: i64,
}

/// A refresh token that was made beforehand.
#[derive(Clone, Deserialize)]
pub struct SellerToken {
    /// The token, `Atzr|…`.
    pub refresh_token: String,
    /// Whose it is.
    pub client_id: String,
}

impl std::fmt::Debug for SellerToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SellerToken")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Default for SellerSettings {
    fn default() -> Self {
        Self {
            seller_id: "A2SANDBOX12345".to_owned(),
            name: "Sandbox".to_owned(),
            listings: 1_000,
            orders: 0,
            seed: 1,
            marketplace_id: "A1PA6795UKMFR9".to_owned(),
            country: "DE".to_owned(),
            domain: "www.amazon.de".to_owned(),
            currency: "EUR".to_owned(),
            region: "eu".to_owned(),
            participates: true,
            suspended: false,
            authorised: true,
            made_at: None,
            oddities: false,
            tokens: Vec::new(),
            faster: 1.0,
            limit_header: true,
            polls: 2,
            packed: true,
            letters: ReportLetters::default(),
            price_delay_seconds: 60,
        }
    }
}

impl SellerSettings {
    /// A seller of that id on amazon.de, everything else as usual.
    pub fn new(seller_id: impl Into<String>) -> Self {
        Self {
            seller_id: seller_id.into(),
            ..Self::default()
        }
    }
}

/// What happened at a seller since it was created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SellerCounters {
    /// Calls of the API, by operation.
    pub operations: BTreeMap<String, Calls>,
    /// Whether any operation was called faster than its published rate admits.
    pub exceeded: bool,
    /// Calls refused for their token.
    pub unauthorized: u64,
    /// Access tokens issued.
    pub tokens_issued: u64,
    /// Requests that a fault struck.
    pub faults: u64,
    /// Whether data of buyers was asked for.
    pub personal_data_asked: bool,
    /// Calls of versions that Amazon gave up.
    pub deprecated: u64,
    /// Prices that were asked about without effect (`VALIDATION_PREVIEW`).
    pub prices_tried: u64,
    /// Prices that were sent to take effect, one by one or in a feed, whatever
    /// became of them.
    pub prices_sent: u64,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) unauthorized: AtomicU64,
    pub(super) tokens_issued: AtomicU64,
    pub(super) faults: AtomicU64,
    pub(super) deprecated: AtomicU64,
    pub(super) prices_tried: AtomicU64,
    pub(super) prices_sent: AtomicU64,
    pub(super) personal_data_asked: AtomicBool,
}

/// Counts one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A seller as it lives in the sandbox.
pub(super) struct Seller {
    pub(super) settings: SellerSettings,
    pub(super) standing: Mutex<Standing>,
    pub(super) goods: Mutex<Goods>,
    pub(super) orders: Mutex<Orders>,
    pub(super) reports: Mutex<Reports>,
    pub(super) feeds: Mutex<Feeds>,
    pub(super) buckets: Mutex<Buckets>,
    pub(super) faults: Mutex<Faults>,
    pub(super) tally: Tally,
    key: String,
}

/// How a seller stands with Amazon.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Standing {
    /// Whether the seller takes part in selling.
    pub participates: bool,
    /// Whether the listings are suspended.
    pub suspended: bool,
    /// Whether the application has the roles it needs.
    pub authorised: bool,
}

impl Seller {
    pub(super) fn new(settings: SellerSettings, now: DateTime<Utc>) -> Self {
        let made_at = settings.made_at.unwrap_or(now);
        let catalogue = Catalogue::new(Specification {
            seed: settings.seed,
            variants: settings.listings,
            oddities: settings.oddities,
            made_at,
        });
        let goods = Goods::new(catalogue, settings.oddities);
        let orders = Orders::generate(&settings, &goods, made_at);
        Self {
            standing: Mutex::new(Standing {
                participates: settings.participates,
                suspended: settings.suspended,
                authorised: settings.authorised,
            }),
            goods: Mutex::new(goods),
            orders: Mutex::new(orders),
            reports: Mutex::default(),
            feeds: Mutex::default(),
            buckets: Mutex::default(),
            faults: Mutex::new(Faults::new(settings.seed)),
            tally: Tally::default(),
            key: Dice::of(settings.seed, 0xD0C5).hex(32),
            settings,
        }
    }

    pub(super) fn strike(&self, spot: Spot, operation: Option<&str>) -> Option<FaultKind> {
        let fault = lock(&self.faults).strike(spot, operation)?;
        count(&self.tally.faults);
        Some(fault)
    }

    /// Signs what the sandbox later has to recognise as its own.
    pub(super) fn sign(&self, text: &str) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()) else {
            return String::new();
        };
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    pub(super) fn counters(&self) -> SellerCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let operations = lock(&self.buckets).calls();
        SellerCounters {
            exceeded: operations.values().any(|calls| calls.too_fast > 0),
            operations,
            unauthorized: read(&self.tally.unauthorized),
            tokens_issued: read(&self.tally.tokens_issued),
            faults: read(&self.tally.faults),
            personal_data_asked: self.tally.personal_data_asked.load(Ordering::Relaxed),
            deprecated: read(&self.tally.deprecated),
            prices_tried: read(&self.tally.prices_tried),
            prices_sent: read(&self.tally.prices_sent),
        }
    }
}

impl std::fmt::Debug for Seller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Seller")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
