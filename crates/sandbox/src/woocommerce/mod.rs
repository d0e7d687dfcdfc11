//! WooCommerce: REST v3, `wc-auth` and webhooks, of stores that live in folders of the sandbox.

mod access;
mod answer;
mod api;
mod auth;
mod change;
mod control;
mod decimal;
mod exchange;
mod goods;
mod ids;
mod orders;
mod store;
mod truth;
mod webhooks;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

pub use self::access::{ApiKey, Permissions};
use self::answer::{ApiError, Query};
pub use self::change::{StoreChange, StoreChanged};
use self::exchange::Asked;
use self::ids::product_key;
use self::store::Store;
pub use self::store::{StoreCounters, StoreSettings, StoreState};
pub use self::truth::{StoreDigest, TrueListing};
pub use self::webhooks::SentWebhook;
use crate::clock::{Clock, MovableClock};
use crate::error::{Error, Result};
use crate::fault::Fault;
use crate::journal::Journal;
use crate::lock::lock;
use crate::shopify::pictures::svg;

/// The simulated stores. Clones are the same stores.
#[derive(Clone)]
pub struct WooCommerce {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Arc<MovableClock>,
    journal: Arc<Journal>,
    public_url: Option<String>,
    stores: Mutex<Vec<Arc<Store>>>,
}

impl WooCommerce {
    pub(crate) fn new(
        clock: Arc<MovableClock>,
        journal: Arc<Journal>,
        public_url: Option<String>,
    ) -> Self {
        let inner = Inner {
            clock,
            journal,
            public_url,
            stores: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Creates a store.
    ///
    /// # Errors
    /// If the folder is taken, or its name cannot be one.
    pub fn create_store(&self, settings: StoreSettings) -> Result<()> {
        if !settings.has_valid_name() {
            return Err(Error::InvalidFolder(settings.name));
        }
        let mut stores = lock(&self.inner.stores);
        if stores
            .iter()
            .any(|store| store.settings.name == settings.name)
        {
            return Err(Error::ShopExists(settings.name));
        }
        stores.push(Arc::new(Store::new(settings, self.inner.clock.now())));
        Ok(())
    }

    /// The folders of all stores, in the order of their creation.
    pub fn stores(&self) -> Vec<String> {
        lock(&self.inner.stores)
            .iter()
            .map(|store| store.settings.name.clone())
            .collect()
    }

    /// Does what a merchant, a customer or another app would do, and tells subscribers.
    ///
    /// # Errors
    /// If there is no such store, product, listing or order.
    pub fn change(&self, store: &str, change: StoreChange) -> Result<StoreChanged> {
        let base_url = match &self.inner.public_url {
            Some(url) => format!("{url}/{store}"),
            None => format!("http://localhost/{store}"),
        };
        change.apply(&self.store(store)?, &base_url, self.inner.clock.now())
    }

    /// All listings of a store as they are now, computed while iterating.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn truth(&self, store: &str) -> Result<impl Iterator<Item = TrueListing> + Send + use<>> {
        Ok(truth::truth(&*self.store(store)?))
    }

    /// A fingerprint of [`Self::truth`].
    ///
    /// # Errors
    /// If there is no such store.
    pub fn digest(&self, store: &str) -> Result<StoreDigest> {
        Ok(truth::digest(self.truth(store)?))
    }

    /// Switches a fault on.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn add_fault(&self, store: &str, fault: Fault) -> Result<()> {
        lock(&self.store(store)?.faults).add(fault);
        Ok(())
    }

    /// Switches all faults off.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn clear_faults(&self, store: &str) -> Result<()> {
        lock(&self.store(store)?.faults).clear();
        Ok(())
    }

    /// The faults that are switched on.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn faults(&self, store: &str) -> Result<Vec<Fault>> {
        Ok(lock(&self.store(store)?.faults).active().to_vec())
    }

    /// Opens or closes a store.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn set_state(&self, store: &str, state: StoreState) -> Result<()> {
        self.store(store)?.set_state(state);
        Ok(())
    }

    /// Makes a key good.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn add_key(&self, store: &str, key: ApiKey) -> Result<()> {
        lock(&self.store(store)?.access).add(key);
        Ok(())
    }

    /// Takes all keys away.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn revoke_keys(&self, store: &str) -> Result<()> {
        lock(&self.store(store)?.access).revoke_all();
        Ok(())
    }

    /// Pauses, disables or activates a webhook, as a merchant can; false if there is no such one.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn set_webhook_status(&self, store: &str, id: u64, status: &str) -> Result<bool> {
        Ok(self.store(store)?.webhooks.set_status(id, status))
    }

    /// The webhooks of a store: id, topic and where messages go.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn webhooks(&self, store: &str) -> Result<Vec<(u64, String, String)>> {
        let all = self.store(store)?.webhooks.list();
        Ok(all
            .into_iter()
            .map(|webhook| (webhook.id, webhook.topic, webhook.delivery_url))
            .collect())
    }

    /// Subscribes somebody else; gives the webhook's id.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn add_webhook(&self, store: &str, topic: &str, delivery_url: &str) -> Result<u64> {
        let webhooks = &self.store(store)?.webhooks;
        let now = self.inner.clock.now();
        Ok(webhooks.create("", topic, delivery_url, None, now).id)
    }

    /// How a webhook signs a body; `None` if there is no such one.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn webhook_signature(&self, store: &str, id: u64, body: &[u8]) -> Result<Option<String>> {
        let webhook = self.store(store)?.webhooks.find(id);
        Ok(webhook.map(|webhook| crate::post::signature(&webhook.secret, body)))
    }

    /// What was sent to subscribers, pings included, in the order in which it was over.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn deliveries(&self, store: &str) -> Result<Vec<SentWebhook>> {
        Ok(self.store(store)?.webhooks.sent())
    }

    /// What happened at a store.
    ///
    /// # Errors
    /// If there is no such store.
    pub fn counters(&self, store: &str) -> Result<StoreCounters> {
        Ok(self.store(store)?.counters())
    }

    pub(crate) fn clock(&self) -> &MovableClock {
        &self.inner.clock
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.inner.journal
    }

    pub(crate) fn store_of(&self, name: &str) -> Option<Arc<Store>> {
        lock(&self.inner.stores)
            .iter()
            .find(|store| store.settings.name == name)
            .cloned()
    }

    fn store(&self, name: &str) -> Result<Arc<Store>> {
        self.store_of(name)
            .ok_or_else(|| Error::UnknownShop(name.to_owned()))
    }

    /// Everything that the stores answer, and `/_sandbox/woocommerce` to steer them.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/{shop}/wp-json", any(api))
            .route("/{shop}/wp-json/", any(api))
            .route("/{shop}/wp-json/{*route}", any(api))
            .route("/{shop}/", any(api))
            .route(
                "/{shop}/wc-auth/v1/authorize",
                get(auth::ask).post(auth::grant),
            )
            .route("/{shop}/wp-content/uploads/{file}", get(picture))
            .nest("/_sandbox/woocommerce", control::router())
            .with_state(self.clone())
    }
}

/// A request of the API, by either kind of address: `…/wp-json/wc/v3/products` or
/// `…/?rest_route=/wc/v3/products`.
async fn api(
    State(woo): State<WooCommerce>,
    Path(parts): Path<Vec<(String, String)>>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let part = |wanted: &str| {
        parts
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let query = Query::read(uri.query().unwrap_or_default());
    let not_found = || (StatusCode::NOT_FOUND, "Not Found").into_response();
    let Some(store) = part("shop").and_then(|name| woo.store_of(name)) else {
        return not_found();
    };
    let by_path = uri.path().contains("/wp-json");
    let route = match (by_path, query.get("rest_route")) {
        // The web server does not know what WordPress would make of it.
        (true, _) if store.settings.plain_permalinks => return not_found(),
        (true, _) => part("route").unwrap_or_default().to_owned(),
        (false, Some(route)) => route.to_owned(),
        (false, None) => {
            return exchange::closed(StoreState::NoWordpress).unwrap_or_else(not_found);
        }
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let root = match &woo.inner.public_url {
        Some(url) => url.clone(),
        None => format!("http://{host}"),
    };
    let asked = Asked {
        path: uri.path().to_owned(),
        route: route
            .split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
        base_url: format!("{root}/{}", store.settings.name),
        method,
        query,
        headers,
        body,
    };
    exchange::run(&woo, &store, asked, |asked| {
        if asked.method == Method::OPTIONS {
            return ApiError::no_route().into_response();
        }
        api::answer(&api::Call {
            woo: &woo,
            store: &store,
            asked,
        })
    })
    .await
}

/// The picture of a product, named after its id.
async fn picture(Path((_shop, file)): Path<(String, String)>) -> Response {
    let id = file.strip_suffix(".svg").and_then(|id| id.parse().ok());
    match id.and_then(product_key) {
        Some(key) => ([(header::CONTENT_TYPE, "image/svg+xml")], svg(key)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl std::fmt::Debug for WooCommerce {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("WooCommerce")
            .field("stores", &self.stores())
            .finish_non_exhaustive()
    }
}
