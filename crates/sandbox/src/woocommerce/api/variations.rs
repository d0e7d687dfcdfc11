//! `products/{id}/variations`.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::Call;
use super::products::{PriceInput, existing};
use crate::clock::Clock;
use crate::generator::Product;
use crate::woocommerce::answer::{ApiError, one, page};
use crate::woocommerce::goods::{self, is_simple};
use crate::woocommerce::ids::{variation_id, variation_key};
use crate::woocommerce::store::Goods;
use crate::woocommerce::webhooks::tell;

pub(super) fn list(call: &Call<'_>, id: u64) -> Result<Response, ApiError> {
    let query = &call.asked.query;
    let settings = &call.store.settings;
    let (skip, take) = query.window()?;
    let goods = call.store.goods();
    let product = existing(&goods, id, StatusCode::NOT_FOUND)?;
    let include = query.ids("include");
    let mut variants: Vec<_> = product
        .variants
        .iter()
        .filter(|_| !is_simple(&product))
        .filter(|variant| {
            include
                .as_ref()
                .is_none_or(|ids| ids.contains(&variation_id(variant.key)))
        })
        .collect();
    variants.sort_unstable_by_key(|variant| variant.key);
    if query.get("order").unwrap_or("desc") != "asc" {
        variants.reverse();
    }
    let total = variants.len();
    let items = variants
        .into_iter()
        .skip(skip)
        .take(take)
        .map(|variant| goods::variation(&goods, &product, variant, settings))
        .map(|variation| call.store.shaped(variation))
        .collect();
    page(items, total, query)
}

pub(super) fn one_of(call: &Call<'_>, product: u64, id: u64) -> Result<Response, ApiError> {
    let goods = call.store.goods();
    let (product, place) = found(&goods, product, id, StatusCode::NOT_FOUND)?;
    let settings = &call.store.settings;
    let value = goods::variation(&goods, &product, &product.variants[place], settings);
    Ok(one(value, &call.asked.query))
}

pub(super) fn update(call: &Call<'_>, product: u64, id: u64) -> Result<Response, ApiError> {
    let value = change(call, product, id, &call.body()?)?;
    Ok(one(value, &call.asked.query))
}

/// Changes a variation as a body asks, and gives it as it is then. Its product counts as changed
/// as well.
pub(super) fn change(
    call: &Call<'_>,
    product: u64,
    id: u64,
    body: &Value,
) -> Result<Value, ApiError> {
    let (parent, place) = found(&call.store.goods(), product, id, StatusCode::BAD_REQUEST)?;
    if call.store.is_locked(id) {
        return Err(ApiError::locked("variation"));
    }
    let key = parent.variants[place].key;
    let prices = PriceInput::read(body)?;
    let stock = body["stock_quantity"].as_i64();
    let now = call.woo.clock().now();
    call.store.change_goods(|goods| {
        prices.apply(goods, key, call.store);
        goods
            .catalogue
            .change_variant(key, now.timestamp(), |variant| {
                variant.stock = stock.unwrap_or(variant.stock);
            });
    });
    let goods = call.store.goods();
    let (parent, place) = found(&goods, product, id, StatusCode::BAD_REQUEST)?;
    let settings = &call.store.settings;
    let value = goods::variation(&goods, &parent, &parent.variants[place], settings);
    tell(
        call.store,
        "product.updated",
        &call.asked.base_url,
        now,
        || value.clone(),
    );
    Ok(value)
}

fn found(
    goods: &Goods,
    product: u64,
    id: u64,
    status: StatusCode,
) -> Result<(Arc<Product>, usize), ApiError> {
    let parent = existing(goods, product, status)?;
    variation_key(id)
        .filter(|_| !is_simple(&parent))
        .and_then(|key| {
            parent
                .variants
                .iter()
                .position(|variant| variant.key == key)
        })
        .map(|place| (Arc::clone(&parent), place))
        .ok_or_else(|| ApiError::invalid_id("product_variation", status))
}
