//! `/_files`: what is fetched without a token, the results of bulk operations and the pictures.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Shopify;
use super::bulk::{Signed, download};
use super::exchange::{Exchange, Target};
use super::pictures::svg;
use crate::clock::Clock;
use crate::fault::{FaultKind, Spot};

/// `GET /_files/{shop}/bulk/{file}`.
pub(crate) async fn bulk(
    State(shopify): State<Shopify>,
    target: Target,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
) -> Response {
    let (exchange, shop) = match Exchange::begin(&shopify, &target, Spot::File, None) {
        Ok(begun) => begun,
        Err(refused) => return *refused,
    };
    if let Some(replaced) = exchange.replacement().await {
        return exchange.finish(replaced).await;
    }
    let number = target
        .part("file")
        .strip_suffix(".jsonl")
        .and_then(|number| number.parse().ok());
    let number = number.unwrap_or(0);
    let fault: Option<FaultKind> = exchange.fault().cloned();
    // The file's own faults are in its stream: it is never held as a whole.
    let response = download(
        &shop,
        number,
        &signed,
        &headers,
        fault,
        shopify.clock().now(),
    );
    exchange.note(response.status());
    response
}

/// `GET /_files/{shop}/pictures/{file}`.
pub(crate) async fn picture(target: Target) -> Response {
    match target
        .part("file")
        .strip_suffix(".svg")
        .and_then(|key| key.parse().ok())
    {
        Some(key) => {
            let headers = [
                (header::CONTENT_TYPE, "image/svg+xml"),
                (header::CACHE_CONTROL, "public, max-age=86400"),
            ];
            (headers, svg(key)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
