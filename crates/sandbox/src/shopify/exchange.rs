//! One request and its answer: which shop it is for, what fault strikes it, what is noted of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::Shopify;
use super::shop::{Shop, ShopState, count};
use crate::clock::Clock;
use crate::fault::{FaultKind, Spot};
use crate::journal::Entry;
use crate::spoil::{GATEWAY_PAGE, changed, halved, name};

/// What a request is addressed to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    method: Method,
    path: String,
    parts: HashMap<String, String>,
    /// Where the client reaches the sandbox, without a slash at the end.
    pub(crate) base_url: String,
}

impl Target {
    /// A named part of the path; empty if the route has none of that name.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.parts.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The shop that the path names; `None` where it leaves that to the sandbox.
    pub(crate) fn shop(&self) -> Option<&str> {
        self.parts.get("shop").map(String::as_str)
    }
}

impl FromRequestParts<Shopify> for Target {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shopify: &Shopify) -> Result<Self, Response> {
        let Path(named) = Path::<HashMap<String, String>>::from_request_parts(parts, shopify)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self {
            method: parts.method.clone(),
            path: path(parts),
            parts: named,
            base_url: shopify
                .public_url()
                .unwrap_or_else(|| base_url(&parts.headers)),
        })
    }
}

/// The whole path; routers inside routers see only the rest of it.
fn path(parts: &Parts) -> String {
    match parts.extensions.get::<OriginalUri>() {
        Some(OriginalUri(uri)) => uri.path().to_owned(),
        None => parts.uri.path().to_owned(),
    }
}

fn base_url(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    format!("http://{}", host.unwrap_or("localhost"))
}

/// A request under way.
pub(crate) struct Exchange {
    shopify: Shopify,
    entry: Entry,
    fault: Option<FaultKind>,
}

impl Exchange {
    /// Finds the shop and the fault that strikes; or the answer of a shop that is not there, or
    /// not open.
    pub(crate) fn begin(
        shopify: &Shopify,
        target: &Target,
        spot: Spot,
        operation: Option<String>,
    ) -> Result<(Self, Arc<Shop>), Box<Response>> {
        let not_found = || json_error(StatusCode::NOT_FOUND, "Not Found");
        let shop = shopify
            .shop_of(target.shop())
            .ok_or_else(|| Box::new(not_found()))?;
        count(&shop.tally.requests);
        let fault = shop.strike(spot, operation.as_deref());
        let entry = Entry {
            at: shopify.clock().now(),
            shop: shop.settings.domain.clone(),
            method: target.method.to_string(),
            path: target.path.clone(),
            operation,
            status: 0,
            fault: fault.as_ref().map(name),
        };
        let exchange = Self {
            shopify: shopify.clone(),
            entry,
            fault,
        };
        let closed = match shop.state() {
            ShopState::Open => return Ok((exchange, shop)),
            ShopState::Frozen => json_error(StatusCode::PAYMENT_REQUIRED, "Unavailable Shop"),
            ShopState::Gone => not_found(),
            ShopState::Locked => json_error(StatusCode::LOCKED, "This store is unavailable"),
        };
        exchange.note(closed.status());
        Err(Box::new(closed))
    }

    pub(crate) fn fault(&self) -> Option<&FaultKind> {
        self.fault.as_ref()
    }

    /// The answer that a fault gives instead of the shop; after a delay, if that is the fault.
    pub(crate) async fn replacement(&self) -> Option<Response> {
        match self.fault.as_ref()? {
            FaultKind::Slow { delay_milliseconds } => {
                tokio::time::sleep(Duration::from_millis(*delay_milliseconds)).await;
                None
            }
            FaultKind::ServerError { status } => {
                let status =
                    StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Some(match status {
                    StatusCode::INTERNAL_SERVER_ERROR => {
                        json_error(status, "Internal Server Error")
                    }
                    _ => (status, Html(GATEWAY_PAGE)).into_response(),
                })
            }
            FaultKind::WrongContentType => Some(Html(GATEWAY_PAGE).into_response()),
            FaultKind::TooManyRequests {
                retry_after_seconds,
            } => {
                let message = "Exceeded 2 calls per second for api client. Reduce request rates \
                               to resume uninterrupted service.";
                let mut response = json_error(StatusCode::TOO_MANY_REQUESTS, message);
                if let Some(seconds) = retry_after_seconds {
                    response
                        .headers_mut()
                        .insert(header::RETRY_AFTER, (*seconds).into());
                }
                Some(response)
            }
            _ => None,
        }
    }

    /// Notes the answer, and spoils it if that is the fault.
    pub(crate) async fn finish(self, response: Response) -> Response {
        self.note(response.status());
        match self.fault {
            Some(FaultKind::MalformedAnswer) => halved(response, false).await,
            Some(FaultKind::CutConnection) => halved(response, true).await,
            Some(FaultKind::EndlessPages) => changed(response, without_end).await,
            _ => response,
        }
    }

    /// Notes an answer that must go out as it is.
    pub(crate) fn note(&self, status: StatusCode) {
        let entry = Entry {
            status: status.as_u16(),
            ..self.entry.clone()
        };
        self.shopify.journal().write(entry);
    }
}

/// Has every page say that another follows, which is itself.
fn without_end(answer: &mut Value) {
    match answer {
        Value::Object(fields) => {
            if let Some(end) = fields.get_mut("pageInfo") {
                end["hasNextPage"] = json!(true);
                end["endCursor"] = json!("again");
            }
            fields.values_mut().for_each(without_end);
        }
        Value::Array(items) => items.iter_mut().for_each(without_end),
        _ => {}
    }
}

/// Notes a request that a merchant's browser made, which no fault strikes.
pub(crate) fn note(shopify: &Shopify, target: &Target, status: StatusCode) {
    let shop = shopify.shop_of(target.shop());
    shopify.journal().write(Entry {
        at: shopify.clock().now(),
        shop: shop.map_or_else(String::new, |shop| shop.settings.domain.clone()),
        method: target.method.to_string(),
        path: target.path.clone(),
        operation: None,
        status: status.as_u16(),
        fault: None,
    });
}

/// An answer as Shopify's front answers when the API itself does not.
pub(crate) fn json_error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "errors": message }))).into_response()
}
