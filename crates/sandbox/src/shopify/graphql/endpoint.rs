//! `POST /admin/api/{version}/graphql.json`.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::context::Context;
use super::{Answer, Request, answer, operation_name};
use crate::clock::Clock;
use crate::fault::{FaultKind, Spot};
use crate::lock::lock;
use crate::shopify::Shopify;
use crate::shopify::exchange::{Exchange, Target, json_error};
use crate::shopify::shop::count;
use crate::shopify::version;

/// Shopify's words for a token that is missing, wrong, revoked or too old.
const BAD_TOKEN: &str =
    "[API] Invalid API key or access token (unrecognized login or wrong password)";

pub(crate) async fn graphql(
    State(shopify): State<Shopify>,
    target: Target,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = read(&headers, &body);
    let operation = request.as_ref().and_then(operation_name);
    let (exchange, shop) = match Exchange::begin(&shopify, &target, Spot::Api, operation) {
        Ok(begun) => begun,
        Err(refused) => return *refused,
    };
    count(&shop.tally.api_requests);
    if let Some(replaced) = exchange.replacement().await {
        return exchange.finish(replaced).await;
    }
    let Some(answering) = version::answering(target.part("version")) else {
        return exchange
            .finish(json_error(StatusCode::NOT_FOUND, "Not Found"))
            .await;
    };
    let now = shopify.clock().now();
    let token = headers
        .get("x-shopify-access-token")
        .and_then(|token| token.to_str().ok());
    let grant = token.and_then(|token| lock(&shop.access).grant(token, now));
    let Some(grant) = grant.filter(|_| exchange.fault() != Some(&FaultKind::BadToken)) else {
        count(&shop.tally.unauthorized);
        return exchange
            .finish(json_error(StatusCode::UNAUTHORIZED, BAD_TOKEN))
            .await;
    };
    let Some(mut request) = request else {
        let errors = json!({ "errors": { "query": "Required parameter missing or invalid" } });
        return exchange
            .finish((StatusCode::BAD_REQUEST, Json(errors)).into_response())
            .await;
    };
    if exchange.fault() == Some(&FaultKind::EndlessPages)
        && let Some(variables) = &mut request.variables
    {
        variables.remove("after");
    }
    let context = Context {
        catalogue: shop.catalogue(),
        shop: Arc::clone(&shop),
        grant,
        now,
        base_url: target.base_url.clone(),
        version: answering.to_owned(),
        unpaged: false,
        search_warnings: Mutex::new(Vec::new()),
    };
    let throttled = exchange.fault() == Some(&FaultKind::Throttled);
    // Exports make their files here; that must not hold up other requests.
    let answered = tokio::task::spawn_blocking(move || match throttled {
        true => Answer::throttled(&context),
        false => answer(&context, &request),
    });
    let mut response = match answered.await {
        Ok(answer) => Json(answer).into_response(),
        Err(_) => json_error(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    };
    if let Ok(version) = HeaderValue::from_str(answering) {
        response
            .headers_mut()
            .insert("x-shopify-api-version", version);
    }
    exchange.finish(response).await
}

/// Reads a request in JSON, or in bare GraphQL where the content type says so.
fn read(headers: &HeaderMap, body: &Bytes) -> Option<Request> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if content_type.starts_with("application/graphql") {
        let query = String::from_utf8(body.to_vec()).ok()?;
        return Some(Request {
            query,
            variables: None,
            operation_name: None,
        });
    }
    serde_json::from_slice(body).ok()
}
