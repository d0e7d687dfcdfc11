//! `POST /admin/oauth/access_token`: codes and refresh tokens are traded for tokens.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::fault::Spot;
use crate::lock::lock;
use crate::shopify::Shopify;
use crate::shopify::exchange::{Exchange, Target, json_error};
use crate::shopify::shop::{Shop, count};

/// What an app sends, as JSON or as a form.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Trade {
    client_id: String,
    client_secret: String,
    code: String,
    grant_type: String,
    refresh_token: String,
    expiring: Expiring,
}

/// `expiring` is `1`, `"1"` or `true` by the app's taste.
#[derive(Default, Deserialize)]
#[serde(from = "Value")]
struct Expiring(bool);

impl From<Value> for Expiring {
    fn from(value: Value) -> Self {
        Self(match value {
            Value::Bool(flag) => flag,
            Value::Number(number) => number.as_i64() == Some(1),
            Value::String(text) => matches!(text.as_str(), "1" | "true"),
            _ => false,
        })
    }
}

pub(crate) async fn trade(
    State(shopify): State<Shopify>,
    target: Target,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (exchange, shop) = match Exchange::begin(&shopify, &target, Spot::Token, None) {
        Ok(begun) => begun,
        Err(refused) => return *refused,
    };
    if let Some(replaced) = exchange.replacement().await {
        return exchange.finish(replaced).await;
    }
    let response = match read(&headers, &body) {
        Some(trade) => answer(&shopify, &shop, &trade),
        None => refusal(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "The request body is malformed",
        ),
    };
    exchange.finish(response).await
}

fn answer(shopify: &Shopify, shop: &Shop, trade: &Trade) -> Response {
    let Some(app) = shopify.app(&trade.client_id) else {
        let message = "The application could not be found";
        return refusal(
            StatusCode::BAD_REQUEST,
            "application_cannot_be_found",
            message,
        );
    };
    if app.client_secret != trade.client_secret {
        let message = "The client secret is not the application's";
        return refusal(StatusCode::BAD_REQUEST, "invalid_client", message);
    }
    let now = shopify.clock().now();
    let mut access = lock(&shop.access);
    let (issued, status, message) = match trade.grant_type.as_str() {
        "refresh_token" => (
            access.refresh(&app.client_id, &trade.refresh_token, now),
            StatusCode::UNAUTHORIZED,
            "This request requires an active refresh_token",
        ),
        "" | "authorization_code" => (
            access.exchange(&app.client_id, &trade.code, trade.expiring.0, now),
            StatusCode::BAD_REQUEST,
            "The authorization code was not found or was already used",
        ),
        _ => (
            None,
            StatusCode::BAD_REQUEST,
            "The grant_type is not supported",
        ),
    };
    match issued {
        Some(issued) => {
            count(&shop.tally.tokens_issued);
            ([(header::CACHE_CONTROL, "no-store")], Json(issued)).into_response()
        }
        None => refusal(status, "invalid_request", message),
    }
}

fn refusal(status: StatusCode, error: &str, description: &str) -> Response {
    (
        status,
        Json(json!({ "error": error, "error_description": description })),
    )
        .into_response()
}

fn read(headers: &HeaderMap, body: &Bytes) -> Option<Trade> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if content_type.is_some_and(|kind| kind.starts_with("application/json")) {
        return serde_json::from_slice(body).ok();
    }
    let fields: Map<String, Value> = url::form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect();
    serde_json::from_value(fields.into()).ok()
}

/// `GET /admin/oauth/access_scopes.json`: what the bearer may do.
pub(crate) async fn scopes(
    State(shopify): State<Shopify>,
    target: Target,
    headers: HeaderMap,
) -> Response {
    let (exchange, shop) = match Exchange::begin(&shopify, &target, Spot::Token, None) {
        Ok(begun) => begun,
        Err(refused) => return *refused,
    };
    if let Some(replaced) = exchange.replacement().await {
        return exchange.finish(replaced).await;
    }
    let token = headers
        .get("x-shopify-access-token")
        .and_then(|token| token.to_str().ok());
    let now = shopify.clock().now();
    let grant = token.and_then(|token| lock(&shop.access).grant(token, now));
    let response = match grant {
        Some(grant) => {
            let scopes = grant
                .scopes
                .handles()
                .into_iter()
                .map(|handle| json!({ "handle": handle }));
            Json(json!({ "access_scopes": scopes.collect::<Vec<_>>() })).into_response()
        }
        None => {
            count(&shop.tally.unauthorized);
            let message =
                "[API] Invalid API key or access token (unrecognized login or wrong password)";
            json_error(StatusCode::UNAUTHORIZED, message)
        }
    };
    exchange.finish(response).await
}
