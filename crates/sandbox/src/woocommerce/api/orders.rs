//! `orders`.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::Call;
use super::products::modified_after;
use crate::lock::lock;
use crate::woocommerce::answer::{ApiError, one, page};

pub(super) fn list(call: &Call<'_>) -> Result<Response, ApiError> {
    let query = &call.asked.query;
    let settings = &call.store.settings;
    let (skip, take) = query.window()?;
    let after = modified_after(query, settings)?;
    let include = query.ids("include");
    let orders = lock(&call.store.orders);
    let mut chosen: Vec<_> = orders
        .list()
        .iter()
        .filter(|order| after.is_none_or(|after| order.updated_at > after))
        .filter(|order| include.as_ref().is_none_or(|ids| ids.contains(&order.id)))
        .collect();
    if query.get("orderby") == Some("modified") {
        chosen.sort_by_key(|order| (order.updated_at, order.id));
    }
    if query.get("order").unwrap_or("desc") != "asc" {
        chosen.reverse();
    }
    let total = chosen.len();
    let decimals = decimals(call)?;
    let items = chosen
        .into_iter()
        .skip(skip)
        .take(take)
        .map(|order| call.store.shaped(order.json(settings, decimals)))
        .collect();
    page(items, total, query)
}

pub(super) fn one_of(call: &Call<'_>, id: u64) -> Result<Response, ApiError> {
    let decimals = decimals(call)?;
    let orders = lock(&call.store.orders);
    let order = orders.find(id).ok_or_else(missing)?;
    Ok(one(
        order.json(&call.store.settings, decimals),
        &call.asked.query,
    ))
}

pub(super) fn refunds(call: &Call<'_>, id: u64) -> Result<Response, ApiError> {
    let decimals = decimals(call)?;
    let (skip, take) = call.asked.query.window()?;
    let orders = lock(&call.store.orders);
    let order = orders.find(id).ok_or_else(missing)?;
    let all = order.refunds_json(&call.store.settings, decimals);
    let total = all.len();
    let items: Vec<Value> = all.into_iter().skip(skip).take(take).collect();
    page(items, total, &call.asked.query)
}

/// Digits after the points of amounts: those of the request's `dp`, or those that the store shows.
fn decimals(call: &Call<'_>) -> Result<u32, ApiError> {
    let shown = u64::from(call.store.settings.shown_decimals);
    let decimals = call.asked.query.number("dp", shown, 0, 8)?;
    Ok(u32::try_from(decimals).unwrap_or(2))
}

fn missing() -> ApiError {
    ApiError::invalid_id("shop_order", StatusCode::NOT_FOUND)
}
