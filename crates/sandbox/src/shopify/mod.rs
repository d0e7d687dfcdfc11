//! Shopify: OAuth, the GraphQL Admin API, bulk operations and their files, webhooks.

mod access;
mod budget;
mod bulk;
mod change;
mod control;
mod delivery;
mod exchange;
mod files;
mod graphql;
mod ids;
mod oauth;
mod orders;
mod payload;
pub(crate) mod pictures;
mod shop;
mod truth;
mod version;
mod webhooks;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};

pub use self::access::{App, StaticToken};
pub use self::budget::{Plan, Rate};
pub use self::bulk::Pace;
pub use self::change::{Change, Changed, NewVariant};
use self::delivery::Event;
pub use self::delivery::{DeliveryManner, SentMessage};
use self::orders::Order;
pub use self::orders::{NewOrder, NewOrderLine, OrderChange};
pub use self::shop::{Counters, ShopSettings, ShopState};
use self::shop::{Shop, Surroundings};
pub use self::truth::{Digest, TrueVariant};
use crate::clock::{Clock, MovableClock};
use crate::error::{Error, Result};
use crate::fault::Fault;
use crate::journal::Journal;
use crate::lock::lock;

/// The simulated Shopify. Clones are the same Shopify.
#[derive(Clone)]
pub struct Shopify {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<MovableClock>,
    journal: Arc<Journal>,
    public_url: Option<String>,
    apps: Arc<Mutex<Vec<App>>>,
    shops: Mutex<Vec<Arc<Shop>>>,
}

impl Shopify {
    pub(crate) fn new(
        clock: Arc<MovableClock>,
        journal: Arc<Journal>,
        public_url: Option<String>,
    ) -> Self {
        let inner = Inner {
            clock,
            journal,
            public_url,
            apps: Arc::default(),
            shops: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Registers an app, or changes it if there is one of that client id.
    pub fn register_app(&self, app: App) {
        let mut apps = lock(&self.inner.apps);
        apps.retain(|known| known.client_id != app.client_id);
        apps.push(app);
    }

    /// Creates a shop. The first one also answers requests that name no shop.
    ///
    /// # Errors
    /// If the domain is taken, or not one that Shopify gives to shops.
    pub fn create_shop(&self, mut settings: ShopSettings) -> Result<()> {
        settings.domain.make_ascii_lowercase();
        if !settings.has_valid_domain() {
            return Err(Error::InvalidDomain(settings.domain));
        }
        let mut shops = lock(&self.inner.shops);
        if shops
            .iter()
            .any(|shop| shop.settings.domain == settings.domain)
        {
            return Err(Error::ShopExists(settings.domain));
        }
        let surroundings = Surroundings {
            clock: Arc::clone(&self.inner.clock),
            apps: Arc::clone(&self.inner.apps),
        };
        let now = self.inner.clock.now();
        let shop = Shop::new(settings, shops.len() as u64, now, surroundings);
        shops.push(Arc::new(shop));
        Ok(())
    }

    /// The domains of all shops, in the order of their creation.
    pub fn shops(&self) -> Vec<String> {
        lock(&self.inner.shops)
            .iter()
            .map(|shop| shop.settings.domain.clone())
            .collect()
    }

    /// Does what a merchant or another app would do to a shop's goods, and tells subscribers.
    ///
    /// # Errors
    /// If there is no such shop, product or variant, or an amount is none.
    pub fn change(&self, shop: &str, change: Change) -> Result<Changed> {
        change.apply(&self.shop(shop)?, self.inner.clock.now())
    }

    /// Places an order as a customer would: stock goes down, subscribers are told. Gives the
    /// order's global id.
    ///
    /// # Errors
    /// If there is no such shop or variant, or an amount is none.
    pub fn place_order(&self, shop: &str, new: &NewOrder) -> Result<String> {
        let shop = self.shop(shop)?;
        let now = self.inner.clock.now();
        let currency = &shop.settings.currency;
        let order =
            lock(&shop.orders).place_new(&shop.catalogue(), new, currency, now.timestamp())?;
        let event = Event::new(&shop, now);
        let payload = || payload::order(&shop, &order);
        event.tell("ORDERS_CREATE", payload);
        event.tell("ORDERS_UPDATED", payload);
        for line in &order.lines {
            let product = shop.change_catalogue(|catalogue| {
                catalogue.change_variant(line.variant, now.timestamp(), |variant| {
                    variant.stock -= line.quantity;
                })?;
                catalogue.variant(line.variant)
            });
            if let Some((product, _)) = product {
                event.tell("PRODUCTS_UPDATE", || shop.product_payload(product.key));
            }
        }
        Ok(order.id())
    }

    /// Cancels, refunds or edits an order, named by global id or its number, and tells
    /// subscribers.
    ///
    /// # Errors
    /// If there is no such shop, order or line, or an amount is none.
    pub fn change_order(&self, shop: &str, order: &str, change: &OrderChange) -> Result<()> {
        let shop = self.shop(shop)?;
        let now = self.inner.clock.now();
        let number = order
            .rsplit('/')
            .next()
            .and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| Error::UnknownOrder(order.to_owned()))?;
        let currency = &shop.settings.currency;
        let order: Arc<Order> =
            lock(&shop.orders).change(number, change, currency, now.timestamp())?;
        let event = Event::new(&shop, now);
        let payload = || payload::order(&shop, &order);
        match change {
            OrderChange::Cancel => event.tell("ORDERS_CANCELLED", payload),
            OrderChange::Edit { .. } => event.tell("ORDERS_EDITED", payload),
            OrderChange::Refund { .. } | OrderChange::RefundSum { .. } => {
                if let Some(refund) = order.refunds.last() {
                    event.tell("REFUNDS_CREATE", || payload::refund(&order, refund));
                }
            }
        }
        event.tell("ORDERS_UPDATED", payload);
        Ok(())
    }

    /// Sends messages in another manner from now on; what was kept back and is no longer goes
    /// out, newest first.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn set_delivery_manner(&self, shop: &str, manner: DeliveryManner) -> Result<()> {
        let shop = self.shop(shop)?;
        let released = shop.webhooks.set_manner(manner);
        delivery::send(&shop, released);
        Ok(())
    }

    /// Every attempt at a message, in the order in which it was over.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn deliveries(&self, shop: &str) -> Result<Vec<SentMessage>> {
        Ok(self.shop(shop)?.webhooks.sent())
    }

    /// What is subscribed to, by any app: topic and address.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn subscriptions(&self, shop: &str) -> Result<Vec<(String, String)>> {
        let all = self.shop(shop)?.webhooks.all();
        let listed = all.into_iter().map(|known| (known.topic, known.input.uri));
        Ok(listed.collect())
    }

    /// Ends all subscriptions without a word, as Shopify does after failures.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn drop_subscriptions(&self, shop: &str) -> Result<()> {
        self.shop(shop)?.webhooks.delete_all();
        Ok(())
    }

    /// All variants of a shop as they are now, computed while iterating.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn truth(&self, shop: &str) -> Result<impl Iterator<Item = TrueVariant> + Send + use<>> {
        Ok(truth::truth(&*self.shop(shop)?))
    }

    /// A fingerprint of [`Self::truth`].
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn digest(&self, shop: &str) -> Result<Digest> {
        Ok(truth::digest(self.truth(shop)?))
    }

    /// Switches a fault on.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn add_fault(&self, shop: &str, fault: Fault) -> Result<()> {
        lock(&self.shop(shop)?.faults).add(fault);
        Ok(())
    }

    /// Switches all faults off.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn clear_faults(&self, shop: &str) -> Result<()> {
        lock(&self.shop(shop)?.faults).clear();
        Ok(())
    }

    /// The faults that are switched on.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn faults(&self, shop: &str) -> Result<Vec<Fault>> {
        Ok(lock(&self.shop(shop)?.faults).active().to_vec())
    }

    /// Opens, freezes, closes or locks a shop.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn set_state(&self, shop: &str, state: ShopState) -> Result<()> {
        self.shop(shop)?.set_state(state);
        Ok(())
    }

    /// Gives a custom app of that name a token that never expires.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn add_token(&self, shop: &str, app: &str, token: StaticToken) -> Result<()> {
        lock(&self.shop(shop)?.access).add_static(app.to_owned(), token);
        Ok(())
    }

    /// Takes all tokens and subscriptions away and tells of it, as uninstalling every app does.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn revoke_tokens(&self, shop: &str) -> Result<()> {
        let shop = self.shop(shop)?;
        lock(&shop.access).revoke();
        let event = Event::new(&shop, self.inner.clock.now());
        event.tell("APP_UNINSTALLED", || payload::shop(&shop));
        shop.webhooks.delete_all();
        Ok(())
    }

    /// Lets all access tokens that can expire do so now; refresh tokens stay good.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn expire_tokens(&self, shop: &str) -> Result<()> {
        lock(&self.shop(shop)?.access).expire(self.inner.clock.now());
        Ok(())
    }

    /// What happened at a shop.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn counters(&self, shop: &str) -> Result<Counters> {
        Ok(self.shop(shop)?.counters())
    }

    pub(crate) fn clock(&self) -> &MovableClock {
        &self.inner.clock
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.inner.journal
    }

    pub(crate) fn public_url(&self) -> Option<String> {
        self.inner.public_url.clone()
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<App> {
        lock(&self.inner.apps)
            .iter()
            .find(|app| app.client_id == client_id)
            .cloned()
    }

    /// The shop of that domain, or the first one.
    pub(crate) fn shop_of(&self, domain: Option<&str>) -> Option<Arc<Shop>> {
        let shops = lock(&self.inner.shops);
        let found = match domain {
            Some(domain) => shops
                .iter()
                .find(|shop| shop.settings.domain.eq_ignore_ascii_case(domain)),
            None => shops.first(),
        };
        found.cloned()
    }

    fn shop(&self, domain: &str) -> Result<Arc<Shop>> {
        self.shop_of(Some(domain))
            .ok_or_else(|| Error::UnknownShop(domain.to_owned()))
    }

    /// Everything that Shopify answers, and `/_sandbox/shopify` to steer it.
    pub(crate) fn router(&self) -> Router {
        let admin = Router::new()
            .route(
                "/oauth/authorize",
                get(oauth::authorize::ask).post(oauth::authorize::decide),
            )
            .route("/oauth/access_token", post(oauth::token::trade))
            .route("/oauth/access_scopes.json", get(oauth::token::scopes))
            .route(
                "/api/{version}/graphql.json",
                post(graphql::endpoint::graphql),
            );
        Router::new()
            .nest("/admin", admin.clone())
            .nest("/{shop}/admin", admin)
            .route("/_files/{shop}/bulk/{file}", get(files::bulk))
            .route("/_files/{shop}/pictures/{file}", get(files::picture))
            .nest("/_sandbox/shopify", control::router())
            .with_state(self.clone())
    }
}

impl std::fmt::Debug for Shopify {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Shopify")
            .field("shops", &self.shops())
            .finish_non_exhaustive()
    }
}
