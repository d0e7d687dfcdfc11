//! Amazon: Login with Amazon, the consent page, and the operations of the
//! Selling Partner API that a catalogue, its prices and its orders need.
//!
//! The API is at `/amazon/{region}/…`, everything else at `/amazon/…`.

mod access;
mod consent;
mod control;
mod documents;
mod exchange;
mod feeds;
mod goods;
mod listings;
mod lwa;
mod orders;
mod participations;
mod prices;
mod pricing;
mod rates;
mod reports;
mod seller;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

pub use self::access::AmazonApp;
use self::access::{Access, Grant};
pub use self::goods::TrueListing;
pub use self::orders::{NewOrder, NewOrderLine, OrderStep};
pub use self::rates::Calls;
use self::seller::Seller;
pub use self::seller::{ReportLetters, SellerCounters, SellerSettings, SellerToken, Standing};
use crate::clock::{Clock, MovableClock};
use crate::error::{Error, Result};
use crate::fault::Fault;
use crate::journal::Journal;
use crate::lock::lock;
use crate::money;

/// The largest feed that is taken.
const LARGEST_UPLOAD: usize = 64 * 1024 * 1024;

/// The simulated Amazon. Clones are the same Amazon.
#[derive(Clone)]
pub struct Amazon {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<MovableClock>,
    journal: Arc<Journal>,
    public_url: Option<String>,
    apps: Mutex<Vec<AmazonApp>>,
    sellers: Mutex<Vec<Arc<Seller>>>,
    access: Mutex<Access>,
}

/// What a seller, or another application, does to the listings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ListingChange {
    /// Gives a listing other values; what is left out stays.
    Update {
        /// Which one.
        sku: String,
        /// Decimal string; shows at once.
        #[serde(default)]
        price: Option<String>,
        /// Units.
        #[serde(default)]
        stock: Option<i64>,
        /// Of the product.
        #[serde(default)]
        title: Option<String>,
    },
    /// Adds a listing.
    Add {
        /// Made up if `None`.
        #[serde(default)]
        sku: Option<String>,
        /// Title.
        title: String,
        /// Decimal string.
        price: String,
    },
    /// Deletes a listing.
    Delete {
        /// Which one.
        sku: String,
    },
}

impl Amazon {
    pub(crate) fn new(
        clock: Arc<MovableClock>,
        journal: Arc<Journal>,
        public_url: Option<String>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock,
                journal,
                public_url,
                apps: Mutex::default(),
                sellers: Mutex::default(),
                access: Mutex::new(Access::new()),
            }),
        }
    }

    /// Registers an application, or changes it if there is one of that client id.
    pub fn register_app(&self, app: AmazonApp) {
        let mut apps = lock(&self.inner.apps);
        apps.retain(|known| known.client_id != app.client_id);
        apps.push(app);
    }

    /// Creates a seller.
    ///
    /// # Errors
    /// If the id is taken.
    pub fn create_seller(&self, mut settings: SellerSettings) -> Result<()> {
        let mut sellers = lock(&self.inner.sellers);
        let id = settings.seller_id.clone();
        if sellers.iter().any(|seller| seller.settings.seller_id == id) {
            return Err(Error::SellerExists(id));
        }
        let mut access = lock(&self.inner.access);
        for token in std::mem::take(&mut settings.tokens) {
            let grant = Grant {
                seller: id.clone(),
                client_id: token.client_id,
            };
            access.add_refresh_token(token.refresh_token, grant);
        }
        sellers.push(Arc::new(Seller::new(settings, self.inner.clock.now())));
        Ok(())
    }

    /// The ids of all sellers, in the order of their creation.
    pub fn sellers(&self) -> Vec<String> {
        lock(&self.inner.sellers)
            .iter()
            .map(|seller| seller.settings.seller_id.clone())
            .collect()
    }

    /// Does what a seller would do in Seller Central; gives the SKU.
    ///
    /// # Errors
    /// If there is no such seller or listing, or an amount is none.
    pub fn change(&self, seller: &str, change: ListingChange) -> Result<String> {
        let seller = self.seller(seller)?;
        let now = self.inner.clock.now().timestamp();
        let currency = &seller.settings.currency;
        let amount = |text: String| money::read(&text, currency).ok_or(Error::InvalidAmount(text));
        let mut goods = lock(&seller.goods);
        let (sku, done) = match change {
            ListingChange::Update {
                sku,
                price,
                stock,
                title,
            } => {
                let price = price.map(amount).transpose()?;
                let done = goods.change(&sku, price, stock, title, now);
                (sku, done)
            }
            ListingChange::Add { sku, title, price } => {
                (goods.add(sku, title, amount(price)?, now), true)
            }
            ListingChange::Delete { sku } => {
                let done = goods.delete(&sku, now);
                (sku, done)
            }
        };
        if done {
            Ok(sku)
        } else {
            Err(Error::UnknownListing(sku))
        }
    }

    /// All listings of a seller as they show now.
    ///
    /// # Errors
    /// If there is no such seller.
    pub fn truth(&self, seller: &str) -> Result<Vec<TrueListing>> {
        let seller = self.seller(seller)?;
        let mut goods = lock(&seller.goods);
        goods.settle(self.inner.clock.now().timestamp());
        let currency = &seller.settings.currency;
        let listing = |listing: goods::Listing| TrueListing {
            sku: listing.sku,
            asin: listing.asin,
            title: listing.title,
            price: listing.price.map(|price| money::write(price, currency)),
            stock: listing.stock,
            buyable: listing.buyable,
        };
        Ok(goods.all().into_iter().map(listing).collect())
    }

    /// Places an order; gives its id.
    ///
    /// # Errors
    /// If there is no such seller or listing, or an amount is none.
    pub fn place_order(&self, seller: &str, order: NewOrder) -> Result<String> {
        let seller = self.seller(seller)?;
        let goods = lock(&seller.goods);
        let now = self.inner.clock.now().timestamp();
        lock(&seller.orders).place(order, &goods, &seller.settings.currency, now)
    }

    /// Lets something happen to an order.
    ///
    /// # Errors
    /// If there is no such seller or order.
    pub fn step_order(&self, seller: &str, order: &str, step: &OrderStep) -> Result<()> {
        let now = self.inner.clock.now().timestamp();
        lock(&self.seller(seller)?.orders).step(order, step, now)
    }

    /// Switches a fault on.
    ///
    /// # Errors
    /// If there is no such seller.
    pub fn add_fault(&self, seller: &str, fault: Fault) -> Result<()> {
        lock(&self.seller(seller)?.faults).add(fault);
        Ok(())
    }

    /// Switches all faults off.
    ///
    /// # Errors
    /// If there is no such seller.
    pub fn clear_faults(&self, seller: &str) -> Result<()> {
        lock(&self.seller(seller)?.faults).clear();
        Ok(())
    }

    /// The faults that are switched on.
    ///
    /// # Errors
    /// If there is no such seller.
    pub fn faults(&self, seller: &str) -> Result<Vec<Fault>> {
        Ok(lock(&self.seller(seller)?.faults).active().to_vec())
    }

    /// Changes how a seller stands with Amazon.
    ///
    /// # Errors
    /// If there is no such seller.
    pub fn set_standing(&self, seller: &str, standing: Standing) -> Result<()> {
        *lock(&self.seller(seller)?.standing) = standing;
        Ok(())
    }

    /// Lets the tokens of pages run out.
    ///
    /// # Errors
    /// If there is no such seller.
    pub fn expire_pages(&self, seller: &str) -> Result<()> {
        lock(&self.seller(seller)?.feeds).page_generation += 1;
        Ok(())
    }

    /// Lets all access tokens of a seller run out; refresh tokens stay good.
    ///
    /// # Errors
    /// If there is no such seller.
    pub fn expire_tokens(&self, seller: &str) -> Result<()> {
        self.seller(seller)?;
        lock(&self.inner.access).expire(seller, self.inner.clock.now());
        Ok(())
    }

    /// Takes all tokens of a seller away, as withdrawing the authorization does.
    ///
    /// # Errors
    /// If there is no such seller.
    pub fn revoke_tokens(&self, seller: &str) -> Result<()> {
        self.seller(seller)?;
        lock(&self.inner.access).revoke(seller);
        Ok(())
    }

    /// What happened at a seller.
    ///
    /// # Errors
    /// If there is no such seller.
    pub fn counters(&self, seller: &str) -> Result<SellerCounters> {
        Ok(self.seller(seller)?.counters())
    }

    fn clock(&self) -> &MovableClock {
        &self.inner.clock
    }

    fn journal(&self) -> &Journal {
        &self.inner.journal
    }

    fn public_url(&self) -> Option<String> {
        self.inner.public_url.clone()
    }

    fn app(&self, application_id: &str) -> Option<AmazonApp> {
        let apps = lock(&self.inner.apps);
        let found = apps.iter().find(|app| app.application_id == application_id);
        found.cloned()
    }

    fn app_of_client(&self, client_id: &str) -> Option<AmazonApp> {
        let apps = lock(&self.inner.apps);
        apps.iter().find(|app| app.client_id == client_id).cloned()
    }

    fn seller_of(&self, id: &str) -> Option<Arc<Seller>> {
        let sellers = lock(&self.inner.sellers);
        let found = sellers
            .iter()
            .find(|seller| seller.settings.seller_id == id);
        found.cloned()
    }

    fn first_seller(&self) -> Option<Arc<Seller>> {
        lock(&self.inner.sellers).first().cloned()
    }

    fn seller(&self, id: &str) -> Result<Arc<Seller>> {
        self.seller_of(id)
            .ok_or_else(|| Error::UnknownSeller(id.to_owned()))
    }

    fn with_access<R>(&self, with: impl FnOnce(&mut Access) -> R) -> R {
        with(&mut lock(&self.inner.access))
    }

    /// Everything that Amazon answers, and `/_sandbox/amazon` to steer it.
    pub(crate) fn router(&self) -> Router {
        let listings = "/listings/2021-08-01/items/{seller}";
        let api = Router::new()
            .route(
                "/sellers/v1/marketplaceParticipations",
                get(participations::list),
            )
            .route(listings, get(listings::search))
            .route(
                &format!("{listings}/{{sku}}"),
                get(listings::get).patch(listings::patch),
            )
            .route("/reports/2021-06-30/reports", post(reports::create))
            .route("/reports/2021-06-30/reports/{report}", get(reports::get))
            .route(
                "/reports/2021-06-30/documents/{document}",
                get(reports::document),
            )
            .route("/feeds/2021-06-30/documents", post(feeds::create_document))
            .route(
                "/feeds/2021-06-30/documents/{document}",
                get(feeds::document),
            )
            .route("/feeds/2021-06-30/feeds", post(feeds::create))
            .route("/feeds/2021-06-30/feeds/{feed}", get(feeds::get))
            .route("/orders/2026-01-01/orders", get(orders::search))
            .route("/orders/2026-01-01/orders/{order}", get(orders::get))
            .route("/orders/v0/orders", get(orders::version_zero))
            .route(
                "/batches/products/pricing/2022-05-01/items/competitiveSummary",
                post(pricing::summary),
            );
        Router::new()
            .route("/amazon/auth/o2/token", post(lwa::token))
            .route(
                "/amazon/apps/authorize/consent",
                get(consent::ask).post(consent::decide),
            )
            .route(
                "/amazon/documents/{seller}/{name}",
                get(documents::read).put(documents::upload),
            )
            .nest("/amazon/{region}", api)
            .nest("/_sandbox/amazon", control::router())
            .layer(DefaultBodyLimit::max(LARGEST_UPLOAD))
            .with_state(self.clone())
    }
}

impl std::fmt::Debug for Amazon {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Amazon")
            .field("sellers", &self.sellers())
            .finish_non_exhaustive()
    }
}
