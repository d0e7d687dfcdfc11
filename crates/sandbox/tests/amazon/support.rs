//! A sandbox with one seller, and a client that asks it.

use calibr_sandbox::amazon::{Amazon, AmazonApp, SellerSettings, SellerToken};
use calibr_sandbox::{FixedClock, Sandbox, Server};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

pub(crate) const SELLER: &str = "A2EXAMPLE1234";
pub(crate) const REFRESH: &str = "Atzr|made-beforehand";
pub(crate) const CLIENT: &str = "amzn1.application-oa2-client.test";
pub(crate) const SECRET: &str = "the secret of the application";
pub(crate) const HERE: &str = "marketplaceIds=A1PA6795UKMFR9";

/// A served sandbox whose clock stands still unless it is moved.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) client: reqwest::Client,
    token: String,
}

pub(crate) fn settings(listings: u32) -> SellerSettings {
    SellerSettings {
        listings,
        seed: 7,
        tokens: vec![SellerToken {
            refresh_token: REFRESH.to_owned(),
            client_id: CLIENT.to_owned(),
        }],
        ..SellerSettings::new(SELLER)
    }
}

impl World {
    pub(crate) async fn with(settings: SellerSettings) -> Self {
        let beginning: DateTime<Utc> = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let app = AmazonApp {
            application_id: "amzn1.sp.solution.test".to_owned(),
            client_id: CLIENT.to_owned(),
            client_secret: SECRET.to_owned(),
            name: "Calibr Console".to_owned(),
            redirect_prefixes: vec!["http://127.0.0.1:9/api".to_owned()],
            secret_made_at: Some(beginning),
        };
        let server = Sandbox::builder()
            .clock(FixedClock(beginning))
            .amazon_app(app)
            .seller(settings)
            .start("127.0.0.1:0")
            .await
            .unwrap();
        let mut world = Self {
            server,
            client: client(),
            token: String::new(),
        };
        world.sign_in().await;
        world
    }

    pub(crate) async fn of(listings: u32) -> Self {
        Self::with(settings(listings)).await
    }

    pub(crate) fn amazon(&self) -> &Amazon {
        self.server.amazon()
    }

    pub(crate) fn pass(&self, step: TimeDelta) {
        self.server.sandbox().clock().advance(step);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base_url())
    }

    /// Asks for an access token.
    pub(crate) async fn trade(&self, fields: &[(&str, &str)]) -> Response {
        let request = self.client.post(self.url("/amazon/auth/o2/token"));
        request.form(fields).send().await.unwrap()
    }

    pub(crate) async fn refresh(&self) -> Response {
        self.trade(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", REFRESH),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
        ])
        .await
    }

    pub(crate) async fn sign_in(&mut self) {
        let issued: Value = self.refresh().await.json().await.unwrap();
        self.token = issued["access_token"].as_str().unwrap().to_owned();
    }

    /// A call of the European API.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, self.url(&format!("/amazon/eu{path}")))
            .header("x-amz-access-token", &self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.call(Method::GET, path).send().await.unwrap()
    }

    /// The body of a call that has to succeed.
    pub(crate) async fn data(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "these tests ask the sandbox as any client would"
)]
fn client() -> reqwest::Client {
    // Another test of this process may have installed it already.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::new()
}
