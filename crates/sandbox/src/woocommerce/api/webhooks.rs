//! `webhooks`.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use url::Url;

use super::Call;
use crate::clock::Clock;
use crate::woocommerce::answer::{ApiError, one, page};
use crate::woocommerce::webhooks::{TOPICS, ping};

pub(super) fn list(call: &Call<'_>) -> Result<Response, ApiError> {
    let query = &call.asked.query;
    let (skip, take) = query.window()?;
    let status = query.get("status").filter(|status| *status != "all");
    let mut chosen: Vec<_> = call
        .store
        .webhooks
        .list()
        .into_iter()
        .filter(|webhook| status.is_none_or(|status| webhook.status == status))
        .collect();
    if query.get("order").unwrap_or("desc") != "asc" {
        chosen.reverse();
    }
    let total = chosen.len();
    let items = chosen
        .iter()
        .skip(skip)
        .take(take)
        .map(|webhook| webhook.json())
        .collect();
    page(items, total, query)
}

pub(super) fn one_of(call: &Call<'_>, id: u64) -> Result<Response, ApiError> {
    let webhook = call.store.webhooks.find(id).ok_or_else(missing)?;
    Ok(one(webhook.json(), &call.asked.query))
}

pub(super) fn create(call: &Call<'_>) -> Result<Response, ApiError> {
    let body = call.body()?;
    let invalid = |code: &str, message: &str| {
        Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            &format!("woocommerce_rest_{code}"),
            message,
        ))
    };
    let topic = body["topic"].as_str().unwrap_or_default();
    if !TOPICS.contains(&topic) && !topic.starts_with("action.") {
        return invalid(
            "invalid_topic",
            "Webhook topic is required and must be valid.",
        );
    }
    let address = body["delivery_url"].as_str().unwrap_or_default();
    let sound = Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !sound {
        return invalid(
            "invalid_delivery_url",
            "Webhook delivery URL must be a valid URL starting with http:// or https://.",
        );
    }
    let webhook = call.store.webhooks.create(
        body["name"].as_str().unwrap_or_default(),
        topic,
        address,
        body["secret"].as_str(),
        call.woo.clock().now(),
    );
    ping(call.store, &webhook);
    let created = one(webhook.json(), &call.asked.query);
    Ok((StatusCode::CREATED, created).into_response())
}

pub(super) fn delete(call: &Call<'_>, id: u64) -> Result<Response, ApiError> {
    if call.asked.query.get("force") != Some("true") {
        return Err(ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            "woocommerce_rest_trash_not_supported",
            "Webhooks do not support trashing.",
        ));
    }
    let webhook = call.store.webhooks.delete(id).ok_or_else(missing)?;
    Ok(one(webhook.json(), &call.asked.query))
}

fn missing() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "woocommerce_rest_shop_webhook_invalid_id",
        "Invalid ID.",
    )
}
