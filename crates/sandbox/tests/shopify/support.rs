//! A sandbox with one shop, and a client that asks it.

use calibr_sandbox::shopify::{App, ShopSettings, Shopify, StaticToken};
use calibr_sandbox::{FixedClock, Sandbox, Server};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub(crate) const SHOP: &str = "acme.myshopify.com";
pub(crate) const TOKEN: &str = "shpat_of_a_custom_app";
pub(crate) const SECRET: &str = "the secret of the app";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/api/oauth/shopify/callback";

/// A served sandbox whose clock stands still unless it is moved.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) client: reqwest::Client,
    token: String,
}

/// The moment at which every world begins.
pub(crate) fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

pub(crate) fn settings(variants: u32) -> ShopSettings {
    let scopes = [
        "read_products",
        "write_products",
        "read_inventory",
        "write_inventory",
        "read_orders",
    ];
    let scopes = scopes.map(str::to_owned).to_vec();
    let tokens = vec![StaticToken {
        token: TOKEN.to_owned(),
        scopes,
    }];
    ShopSettings {
        variants,
        tokens,
        seed: 7,
        ..ShopSettings::new(SHOP)
    }
}

impl World {
    pub(crate) async fn with(settings: ShopSettings) -> Self {
        let app = App {
            client_id: "calibr".to_owned(),
            client_secret: SECRET.to_owned(),
            name: "Calibr Console".to_owned(),
            redirect_prefixes: vec!["http://127.0.0.1:9/api".to_owned()],
        };
        let server = Sandbox::builder()
            .clock(FixedClock(beginning()))
            .app(app)
            .shop(settings)
            .start("127.0.0.1:0")
            .await
            .unwrap();
        Self {
            server,
            client: client(),
            token: TOKEN.to_owned(),
        }
    }

    pub(crate) async fn of(variants: u32) -> Self {
        Self::with(settings(variants)).await
    }

    /// The same world, asked with another token.
    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = token.to_owned();
        self
    }

    pub(crate) fn shopify(&self) -> &Shopify {
        self.server.shopify()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base_url())
    }

    pub(crate) fn request(&self, query: &str, variables: Value) -> reqwest::RequestBuilder {
        self.client
            .post(self.url(&format!("/{SHOP}/admin/api/2026-07/graphql.json")))
            .header("X-Shopify-Access-Token", &self.token)
            .json(&json!({ "query": query, "variables": variables }))
    }

    /// The whole answer to a query.
    pub(crate) async fn answer(&self, query: &str, variables: Value) -> Value {
        let response = self.request(query, variables).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// The data of a query that has to succeed.
    pub(crate) async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.answer(query, variables).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"].take()
    }

    /// Runs a bulk query until it is over, and answers with the operation.
    pub(crate) async fn bulk(&self, query: &str) -> Value {
        let started = self.data(RUN, json!({ "query": query })).await;
        assert_eq!(started["run"]["userErrors"], json!([]), "{started}");
        let id = started["run"]["bulkOperation"]["id"].clone();
        loop {
            let operation = self.data(POLL, json!({ "id": id })).await["bulkOperation"].take();
            if operation["status"] != "RUNNING" {
                return operation;
            }
        }
    }

    /// A file by its address.
    pub(crate) async fn file(&self, operation: &Value) -> String {
        let url = operation["url"].as_str().unwrap();
        self.client
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }
}

pub(crate) const RUN: &str =
    "mutation($query: String!) { run: bulkOperationRunQuery(query: $query) {
    bulkOperation { id status objectCount url } userErrors { field message code } } }";

pub(crate) const POLL: &str = "query($id: ID!) { bulkOperation(id: $id) { id status errorCode
    objectCount rootObjectCount fileSize url partialDataUrl createdAt completedAt } }";

#[expect(
    clippy::disallowed_methods,
    reason = "these tests ask the sandbox as any client would, redirects and all"
)]
pub(crate) fn client() -> reqwest::Client {
    // Another test of this process may have installed it already.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// The lines of a JSONL file.
pub(crate) fn lines(file: &str) -> Vec<Value> {
    file.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
