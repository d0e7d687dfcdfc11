//! A sandbox with one store, and a client that asks it.

use calibr_sandbox::woocommerce::{ApiKey, StoreChange, StoreSettings, TrueListing, WooCommerce};
use calibr_sandbox::{FixedClock, Sandbox, Server};
use chrono::{DateTime, Utc};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;

pub(crate) const STORE: &str = "woo";
pub(crate) const KEY: &str = "ck_of_a_manager";
pub(crate) const SECRET: &str = "cs_of_a_manager";

/// A served sandbox whose clock stands still unless it is moved.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) client: Client,
}

/// The moment at which every world begins.
pub(crate) fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

pub(crate) fn settings(variants: u32) -> StoreSettings {
    StoreSettings {
        variants,
        seed: 7,
        keys: vec![ApiKey::new(KEY, SECRET)],
        ..StoreSettings::new(STORE)
    }
}

impl World {
    pub(crate) async fn with(settings: StoreSettings) -> Self {
        let server = Sandbox::builder()
            .clock(FixedClock(beginning()))
            .store(settings)
            .start("127.0.0.1:0")
            .await
            .unwrap();
        Self {
            server,
            client: client(),
        }
    }

    pub(crate) async fn of(variants: u32) -> Self {
        Self::with(settings(variants)).await
    }

    pub(crate) fn woo(&self) -> &WooCommerce {
        self.server.woocommerce()
    }

    pub(crate) fn change(&self, change: StoreChange) -> u64 {
        self.woo().change(STORE, change).unwrap().id
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base_url())
    }

    /// The address of a route of the API.
    pub(crate) fn api(&self, route: &str) -> String {
        self.url(&format!("/{STORE}/wp-json/wc/v3/{route}"))
    }

    pub(crate) fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(KEY, Some(SECRET))
    }

    pub(crate) async fn get(&self, route: &str) -> Response {
        let request = self.client.get(self.api(route));
        self.signed(request).send().await.unwrap()
    }

    pub(crate) async fn get_json(&self, route: &str) -> Value {
        self.get(route).await.json().await.unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: reqwest::Method,
        route: &str,
        body: Value,
    ) -> (u16, Value) {
        let request = self.client.request(method, self.api(route)).json(&body);
        let response = self.signed(request).send().await.unwrap();
        (
            response.status().as_u16(),
            response.json().await.unwrap_or_default(),
        )
    }

    pub(crate) async fn post(&self, route: &str, body: Value) -> (u16, Value) {
        self.send(reqwest::Method::POST, route, body).await
    }

    pub(crate) async fn put(&self, route: &str, body: Value) -> (u16, Value) {
        self.send(reqwest::Method::PUT, route, body).await
    }

    pub(crate) fn truth(&self) -> Vec<TrueListing> {
        self.woo().truth(STORE).unwrap().collect()
    }

    pub(crate) fn simple(&self) -> TrueListing {
        let mut truth = self.truth().into_iter();
        truth
            .find(|listing| listing.id == listing.product_id)
            .unwrap()
    }

    pub(crate) fn variation(&self) -> TrueListing {
        let mut truth = self.truth().into_iter();
        truth
            .find(|listing| listing.id != listing.product_id)
            .unwrap()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "these tests ask the sandbox as any client would, redirects and all"
)]
pub(crate) fn client() -> Client {
    // Another test of this process may have installed it already.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}
