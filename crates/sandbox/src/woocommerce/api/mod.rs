//! `wp-json`: WordPress's index and WooCommerce's REST API, version 3
//! ([reference](https://woocommerce.github.io/woocommerce-rest-api-docs/)).

mod batch;
mod index;
mod orders;
mod products;
mod variations;
mod webhooks;

use std::sync::Arc;

use axum::http::Method;
use axum::response::{IntoResponse, Response};

use super::WooCommerce;
use super::answer::ApiError;
use super::exchange::Asked;
use super::store::{Store, StoreState};
use crate::lock::lock;

/// A request that has got through to the store.
pub(crate) struct Call<'a> {
    pub(crate) woo: &'a WooCommerce,
    pub(crate) store: &'a Arc<Store>,
    pub(crate) asked: &'a Asked,
}

impl Call<'_> {
    /// The body as JSON; an empty one is an empty object.
    fn body(&self) -> Result<serde_json::Value, ApiError> {
        if self.asked.body.is_empty() {
            return Ok(serde_json::json!({}));
        }
        serde_json::from_slice(&self.asked.body).map_err(|_| {
            ApiError::new(
                axum::http::StatusCode::BAD_REQUEST,
                "rest_invalid_json",
                "Invalid JSON body passed.",
            )
        })
    }
}

/// Answers a request.
pub(crate) fn answer(call: &Call<'_>) -> Response {
    routed(call).unwrap_or_else(IntoResponse::into_response)
}

fn routed(call: &Call<'_>) -> Result<Response, ApiError> {
    let route: Vec<&str> = call.asked.route.iter().map(String::as_str).collect();
    if route.is_empty() {
        return Ok(index::index(call));
    }
    let ["wc", "v3", rest @ ..] = route.as_slice() else {
        return Err(ApiError::no_route());
    };
    if call.store.state() == StoreState::NoWoocommerce {
        return Err(ApiError::no_route());
    }
    let method = &call.asked.method;
    lock(&call.store.access).check(&call.asked.headers, &call.asked.query.0, method)?;
    let id = |text: &str| text.parse::<u64>().map_err(|_| ApiError::no_route());
    let changes = matches!(*method, Method::PUT | Method::POST | Method::PATCH);
    match (method.clone(), rest) {
        (Method::GET, ["system_status"]) => Ok(index::system_status(call)),
        (Method::GET, ["settings", "tax", "woocommerce_prices_include_tax"]) => {
            Ok(index::prices_include_tax(call))
        }
        (Method::GET, ["products"]) => products::list(call),
        (Method::POST, ["products", "batch"]) => batch::products(call),
        (Method::GET, ["products", product]) => products::one_of(call, id(product)?),
        (_, ["products", product]) if changes => products::update(call, id(product)?),
        (Method::GET, ["products", product, "variations"]) => variations::list(call, id(product)?),
        (Method::POST, ["products", product, "variations", "batch"]) => {
            batch::variations(call, id(product)?)
        }
        (Method::GET, ["products", product, "variations", variation]) => {
            variations::one_of(call, id(product)?, id(variation)?)
        }
        (_, ["products", product, "variations", variation]) if changes => {
            variations::update(call, id(product)?, id(variation)?)
        }
        (Method::GET, ["orders"]) => orders::list(call),
        (Method::GET, ["orders", order]) => orders::one_of(call, id(order)?),
        (Method::GET, ["orders", order, "refunds"]) => orders::refunds(call, id(order)?),
        (Method::GET, ["webhooks"]) => webhooks::list(call),
        (Method::POST, ["webhooks"]) => webhooks::create(call),
        (Method::GET, ["webhooks", webhook]) => webhooks::one_of(call, id(webhook)?),
        (Method::DELETE, ["webhooks", webhook]) => webhooks::delete(call, id(webhook)?),
        _ => Err(ApiError::no_route()),
    }
}
