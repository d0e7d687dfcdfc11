//! One request of the API and its answer: what fault strikes it, what is noted of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::WooCommerce;
use super::answer::ApiError;
use super::store::{Store, StoreState, count};
use crate::clock::Clock;
use crate::fault::{FaultKind, Spot};
use crate::journal::Entry;
use crate::spoil::{GATEWAY_PAGE, halved, name};

const SITE_PAGE: &str = "<!doctype html><html lang=\"en\"><title>A site</title>\
    <h1>Welcome to a site that is no shop</h1></html>";

/// What a request is.
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// The path as it came, without query.
    pub(crate) path: String,
    /// The route below `wp-json`, in its parts.
    pub(crate) route: Vec<String>,
    pub(crate) query: super::answer::Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Where the client reaches the store, without a slash at the end.
    pub(crate) base_url: String,
}

impl Asked {
    /// What faults call the request by: the last word of its route, such as `products`,
    /// `variations` or `batch`.
    fn operation(&self) -> String {
        self.route
            .iter()
            .rev()
            .find(|part| part.parse::<u64>().is_err())
            .cloned()
            .unwrap_or_else(|| "index".to_owned())
    }
}

/// Counts the requests that are under way, for as long as it lives.
struct UnderWay<'a>(&'a Store);

impl<'a> UnderWay<'a> {
    fn begin(store: &'a Store) -> Self {
        let now = store.tally.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        store.tally.most_at_once.fetch_max(now, Ordering::SeqCst);
        Self(store)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.tally.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers a request by `answer`, unless the store or a fault stands before it.
pub(crate) async fn run(
    woo: &WooCommerce,
    store: &Arc<Store>,
    mut asked: Asked,
    answer: impl FnOnce(&Asked) -> Response,
) -> Response {
    count(&store.tally.requests);
    if asked.method != Method::GET {
        count(&store.tally.writes);
    }
    let _under_way = UnderWay::begin(store);
    let operation = asked.operation();
    let fault = store.strike(Spot::Api, &operation);
    let entry = Entry {
        at: woo.clock().now(),
        shop: store.settings.name.clone(),
        method: asked.method.to_string(),
        path: asked.path.clone(),
        operation: Some(operation),
        status: 0,
        fault: fault.as_ref().map(name),
    };
    if let Some(FaultKind::Slow { delay_milliseconds }) = &fault {
        tokio::time::sleep(Duration::from_millis(*delay_milliseconds)).await;
    }
    let endless = fault == Some(FaultKind::EndlessPages);
    if endless {
        asked
            .query
            .0
            .retain(|(name, _)| name != "offset" && name != "page");
    }
    let mut response = match closed(store.state()).or_else(|| replacement(fault.as_ref())) {
        Some(response) => response,
        None => answer(&asked),
    };
    if response.status() == StatusCode::UNAUTHORIZED {
        count(&store.tally.unauthorized);
    }
    if endless && response.headers().contains_key("x-wp-total") {
        let headers = response.headers_mut();
        headers.insert("x-wp-total", HeaderValue::from(1_000_000));
        headers.insert("x-wp-totalpages", HeaderValue::from(10_000));
    }
    woo.journal().write(Entry {
        status: response.status().as_u16(),
        ..entry
    });
    match fault {
        Some(FaultKind::MalformedAnswer) => halved(response, false).await,
        Some(FaultKind::CutConnection) => halved(response, true).await,
        _ => response,
    }
}

/// What a store answers that is not there, or not open.
pub(crate) fn closed(state: StoreState) -> Option<Response> {
    match state {
        StoreState::Open => None,
        StoreState::Gone => Some((StatusCode::NOT_FOUND, Html(SITE_PAGE)).into_response()),
        StoreState::NoWordpress => Some(Html(SITE_PAGE).into_response()),
        // The index is WordPress's own and stays; everything of WooCommerce is gone.
        StoreState::NoWoocommerce => None,
        StoreState::RestDisabled => Some(
            ApiError::new(
                StatusCode::UNAUTHORIZED,
                "rest_cannot_access",
                "DRA: Only authenticated users can access the REST API.",
            )
            .into_response(),
        ),
    }
}

fn replacement(fault: Option<&FaultKind>) -> Option<Response> {
    match fault? {
        FaultKind::ServerError { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Some(match status {
                StatusCode::INTERNAL_SERVER_ERROR => ApiError::new(
                    status,
                    "internal_server_error",
                    "There has been a critical error on this website.",
                )
                .into_response(),
                _ => (status, Html(GATEWAY_PAGE)).into_response(),
            })
        }
        FaultKind::WrongContentType => Some(Html(GATEWAY_PAGE).into_response()),
        FaultKind::BadToken => Some(ApiError::from(super::access::Denial::Nobody).into_response()),
        // WooCommerce has no limit of its own; hosts and their firewalls have.
        FaultKind::Throttled => Some(
            (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, "1")],
                Html(GATEWAY_PAGE),
            )
                .into_response(),
        ),
        FaultKind::TooManyRequests {
            retry_after_seconds,
        } => {
            let mut response = (StatusCode::TOO_MANY_REQUESTS, Html(GATEWAY_PAGE)).into_response();
            if let Some(seconds) = retry_after_seconds {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Some(response)
        }
        _ => None,
    }
}
