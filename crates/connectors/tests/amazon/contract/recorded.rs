//! A sandbox that keeps what was said to it and what it said.

use std::sync::{Arc, Mutex};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use calibr_sandbox::{
    Sandbox,
    amazon::{AmazonApp, SellerSettings},
};
use serde_json::Value;

use crate::harness::Scene;

/// One call of the API.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) method: String,
    /// Without the region's part, still encoded.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) asked: Option<Value>,
    pub(super) status: u16,
    pub(super) answer: Value,
    /// The calls a second that the answer names.
    pub(super) limit: Option<f64>,
}

type Exchanges = Arc<Mutex<Vec<Exchange>>>;

pub(super) struct Recorder {
    sandbox: Sandbox,
    base_url: String,
    exchanges: Exchanges,
}

impl Recorder {
    pub(super) async fn start(app: AmazonApp, seller: SellerSettings) -> Self {
        let builder = Sandbox::builder().amazon_app(app).seller(seller);
        let sandbox = builder.build().unwrap();
        let exchanges = Exchanges::default();
        let router = sandbox
            .router()
            .layer(from_fn_with_state(Arc::clone(&exchanges), keep));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            sandbox,
            base_url,
            exchanges,
        }
    }

    pub(super) fn scene(&self) -> Scene {
        Scene::at(self.sandbox.clone(), self.base_url.clone(), None)
    }

    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap().clone()
    }
}

async fn keep(State(exchanges): State<Exchanges>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix("/amazon/eu").map(str::to_owned) else {
        return next.run(request).await;
    };
    let method = request.method().to_string();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let query = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let (parts, body) = request.into_parts();
    let asked = to_bytes(body, usize::MAX).await.unwrap();
    let response = next
        .run(Request::from_parts(parts, Body::from(asked.clone())))
        .await;
    let (parts, body) = response.into_parts();
    let answer = to_bytes(body, usize::MAX).await.unwrap();
    exchanges.lock().unwrap().push(Exchange {
        method,
        path,
        query,
        asked: serde_json::from_slice(&asked).ok(),
        status: parts.status.as_u16(),
        answer: serde_json::from_slice(&answer).unwrap_or_default(),
        limit: parts
            .headers
            .get("x-amzn-ratelimit-limit")
            .map(|limit| limit.to_str().unwrap().parse().unwrap()),
    });
    Response::from_parts(parts, Body::from(answer))
}
