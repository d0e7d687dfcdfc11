//! Putting a sandbox together, and serving it.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::amazon::{Amazon, AmazonApp, SellerSettings};
use crate::clock::{Clock, MovableClock, SystemClock};
use crate::control;
use crate::error::{Error, Result};
use crate::journal::{Entry, Journal};
use crate::shopify::{App, ShopSettings, Shopify};
use crate::woocommerce::{StoreSettings, WooCommerce};

/// The simulated platforms. Clones are the same sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    clock: Arc<MovableClock>,
    journal: Arc<Journal>,
    shopify: Shopify,
    woocommerce: WooCommerce,
    amazon: Amazon,
}

impl Sandbox {
    /// Begins to put a sandbox together.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The clock that everything in the sandbox goes by.
    pub fn clock(&self) -> &MovableClock {
        &self.clock
    }

    /// The simulated Shopify.
    pub fn shopify(&self) -> &Shopify {
        &self.shopify
    }

    /// The simulated WooCommerce stores.
    pub fn woocommerce(&self) -> &WooCommerce {
        &self.woocommerce
    }

    /// The simulated Amazon.
    pub fn amazon(&self) -> &Amazon {
        &self.amazon
    }

    /// The last requests, oldest first.
    pub fn requests(&self) -> Vec<Entry> {
        self.journal.entries()
    }

    /// Empties the list of requests.
    pub fn forget_requests(&self) {
        self.journal.clear();
    }

    /// Everything the sandbox answers.
    pub fn router(&self) -> Router {
        self.shopify
            .router()
            .merge(self.woocommerce.router())
            .merge(self.amazon.router())
            .merge(control::router(
                Arc::clone(&self.clock),
                Arc::clone(&self.journal),
            ))
            .fallback(async || {
                (
                    StatusCode::NOT_FOUND,
                    Json(json!({ "errors": "Not Found" })),
                )
            })
    }

    /// Serves the sandbox on an address such as `127.0.0.1:0`.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn serve(self, address: &str) -> Result<Server> {
        let listen = |source| Error::Listen {
            address: address.to_owned(),
            source,
        };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let base_url = format!("http://{}", listener.local_addr().map_err(listen)?);
        let (stop, stopped) = oneshot::channel::<()>();
        let served = axum::serve(listener, self.router()).with_graceful_shutdown(async {
            // Both a message and a dropped sender mean that it is over.
            stopped.await.ok();
        });
        let task = tokio::spawn(async move {
            if let Err(error) = served.await {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        Ok(Server {
            sandbox: self,
            base_url,
            stop: Some(stop),
            task: Some(task),
        })
    }
}

/// What a sandbox is put together from.
#[derive(Debug)]
pub struct Builder {
    clock: Arc<dyn Clock>,
    public_url: Option<String>,
    apps: Vec<App>,
    shops: Vec<ShopSettings>,
    stores: Vec<StoreSettings>,
    amazon_apps: Vec<AmazonApp>,
    sellers: Vec<SellerSettings>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            public_url: None,
            apps: Vec::new(),
            shops: Vec::new(),
            stores: Vec::new(),
            amazon_apps: Vec::new(),
            sellers: Vec::new(),
        }
    }
}

impl Builder {
    /// Goes by another clock than the machine's.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self {
            clock: Arc::new(clock),
            ..self
        }
    }

    /// Where clients reach the sandbox, if not at the host that their requests name.
    #[must_use]
    pub fn public_url(self, url: impl Into<String>) -> Self {
        let url = url.into().trim_end_matches('/').to_owned();
        Self {
            public_url: Some(url),
            ..self
        }
    }

    /// Registers an app with Shopify.
    #[must_use]
    pub fn app(mut self, app: App) -> Self {
        self.apps.push(app);
        self
    }

    /// Creates a shop at Shopify.
    #[must_use]
    pub fn shop(mut self, settings: ShopSettings) -> Self {
        self.shops.push(settings);
        self
    }

    /// Creates a WooCommerce store.
    #[must_use]
    pub fn store(mut self, settings: StoreSettings) -> Self {
        self.stores.push(settings);
        self
    }

    /// Registers an application with Amazon.
    #[must_use]
    pub fn amazon_app(mut self, app: AmazonApp) -> Self {
        self.amazon_apps.push(app);
        self
    }

    /// Creates a seller on Amazon.
    #[must_use]
    pub fn seller(mut self, settings: SellerSettings) -> Self {
        self.sellers.push(settings);
        self
    }

    /// The sandbox, not served yet.
    ///
    /// # Errors
    /// If a shop, store or seller cannot be created.
    pub fn build(self) -> Result<Sandbox> {
        let clock = Arc::new(MovableClock::new(self.clock));
        let journal = Arc::new(Journal::default());
        let shopify = Shopify::new(
            Arc::clone(&clock),
            Arc::clone(&journal),
            self.public_url.clone(),
        );
        let woocommerce = WooCommerce::new(
            Arc::clone(&clock),
            Arc::clone(&journal),
            self.public_url.clone(),
        );
        let amazon = Amazon::new(Arc::clone(&clock), Arc::clone(&journal), self.public_url);
        for app in self.amazon_apps {
            amazon.register_app(app);
        }
        for seller in self.sellers {
            amazon.create_seller(seller)?;
        }
        for app in self.apps {
            shopify.register_app(app);
        }
        for shop in self.shops {
            shopify.create_shop(shop)?;
        }
        for store in self.stores {
            woocommerce.create_store(store)?;
        }
        Ok(Sandbox {
            clock,
            journal,
            shopify,
            woocommerce,
            amazon,
        })
    }

    /// The sandbox, served on an address such as `127.0.0.1:0`.
    ///
    /// # Errors
    /// If a shop cannot be created, or the address cannot be listened on.
    pub async fn start(self, address: &str) -> Result<Server> {
        self.build()?.serve(address).await
    }
}

/// A sandbox that is served until it is shut down or dropped.
#[derive(Debug)]
pub struct Server {
    sandbox: Sandbox,
    base_url: String,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Server {
    /// Such as `http://127.0.0.1:40123`; shops are at `/{domain}` below it, the first one at `/`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The sandbox that is served.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The simulated Shopify.
    pub fn shopify(&self) -> &Shopify {
        self.sandbox.shopify()
    }

    /// The simulated WooCommerce stores.
    pub fn woocommerce(&self) -> &WooCommerce {
        self.sandbox.woocommerce()
    }

    /// The simulated Amazon.
    pub fn amazon(&self) -> &Amazon {
        self.sandbox.amazon()
    }

    /// Stops to accept requests, and waits for those under way.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            // If the task ended by itself there is nobody to tell.
            stop.send(()).ok();
        }
        if let Some(task) = self.task.take() {
            // A panic of the task was reported by the runtime.
            task.await.ok();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
