//! `products`.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, NaiveDateTime, TimeDelta};
use serde_json::Value;

use super::Call;
use crate::clock::Clock;
use crate::generator::Product;
use crate::woocommerce::answer::{ApiError, Query, one, page};
use crate::woocommerce::decimal;
use crate::woocommerce::goods::{self, is_simple};
use crate::woocommerce::ids::{product_id, product_key, variation_key};
use crate::woocommerce::store::{Goods, Prices, Store, StoreSettings, count};
use crate::woocommerce::webhooks::tell;

const ORDERS: &[&str] = &[
    "date",
    "id",
    "include",
    "title",
    "slug",
    "modified",
    "price",
    "menu_order",
];

/// The moment after which things must have changed, in seconds, where the query says one.
/// Without `dates_are_gmt` it is by the store's own clock.
pub(super) fn modified_after(
    query: &Query,
    settings: &StoreSettings,
) -> Result<Option<i64>, ApiError> {
    let Some(text) = query.get("modified_after") else {
        return Ok(None);
    };
    let seconds = match NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S") {
        Ok(naive) => naive.and_utc().timestamp(),
        Err(_) => DateTime::parse_from_rfc3339(text)
            .map_err(|_| ApiError::parameter("modified_after", "it is no date"))?
            .timestamp(),
    };
    let offset = match query.get("dates_are_gmt") {
        Some("true" | "1") => 0,
        _ => TimeDelta::hours(i64::from(settings.gmt_offset)).num_seconds(),
    };
    Ok(Some(seconds - offset))
}

pub(super) fn list(call: &Call<'_>) -> Result<Response, ApiError> {
    let query = &call.asked.query;
    let settings = &call.store.settings;
    let (skip, take) = query.window()?;
    let order = query.get("orderby").unwrap_or("date");
    if !ORDERS.contains(&order) {
        return Err(ApiError::parameter("orderby", "it is not one of the list"));
    }
    let after = modified_after(query, settings)?;
    let include = query.ids("include");
    let goods = call.store.goods();
    let mut keys: Vec<u32> = match &include {
        Some(ids) => ids.iter().filter_map(|id| product_key(*id)).collect(),
        None => goods.catalogue.keys_from(0).collect(),
    };
    keys.retain(|key| match after {
        Some(after) => goods
            .catalogue
            .changed_at(*key)
            .is_some_and(|changed| changed > after),
        None => include.is_none() || goods.catalogue.product(*key).is_some(),
    });
    match order {
        "id" | "include" => keys.sort_unstable(),
        "modified" => keys.sort_unstable_by_key(|key| (goods.catalogue.changed_at(*key), *key)),
        // The products of the generator are made in no order of time; by key they are stable.
        _ => keys.sort_unstable(),
    }
    let descending = query.get("order").unwrap_or("desc") != "asc";
    if descending {
        keys.reverse();
    }
    let total = keys.len();
    let items = keys
        .into_iter()
        .skip(skip)
        .take(take)
        .filter_map(|key| goods.catalogue.product(key))
        .map(|product| goods::product(&goods, &product, settings, &call.asked.base_url))
        .map(|product| call.store.shaped(product))
        .collect();
    page(items, total, query)
}

pub(super) fn one_of(call: &Call<'_>, id: u64) -> Result<Response, ApiError> {
    let goods = call.store.goods();
    let product = existing(&goods, id, StatusCode::NOT_FOUND)?;
    let value = goods::product(&goods, &product, &call.store.settings, &call.asked.base_url);
    Ok(one(value, &call.asked.query))
}

pub(super) fn update(call: &Call<'_>, id: u64) -> Result<Response, ApiError> {
    let value = change(call, id, &call.body()?)?;
    Ok(one(value, &call.asked.query))
}

/// Changes a product as a body asks, and gives it as it is then.
pub(super) fn change(call: &Call<'_>, id: u64, body: &Value) -> Result<Value, ApiError> {
    if variation_key(id).is_some_and(|key| call.store.goods().catalogue.variant(key).is_some()) {
        return Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "woocommerce_rest_invalid_product_id",
            "To manipulate product variations you should use the \
             /products/&lt;product_id&gt;/variations/&lt;id&gt; endpoint.",
        ));
    }
    let product = existing(&call.store.goods(), id, StatusCode::BAD_REQUEST)?;
    if call.store.is_locked(id) {
        return Err(ApiError::locked("product"));
    }
    let prices = PriceInput::read(body)?;
    // A variable product has no prices of its own; WooCommerce forgets them without a word.
    let variant = product.variants.first().filter(|_| is_simple(&product));
    let title = body["name"].as_str().map(str::to_owned);
    let stock = body["stock_quantity"].as_i64();
    let now = call.woo.clock().now();
    call.store.change_goods(|goods| {
        if let Some(variant) = variant {
            prices.apply(goods, variant.key, call.store);
        }
        goods
            .catalogue
            .change_product(product.key, now.timestamp(), |product| {
                if let Some(title) = title {
                    product.title = title;
                }
                if let Some(variant) = product.variants.first_mut() {
                    variant.updated_at = now.timestamp();
                    variant.stock = stock.unwrap_or(variant.stock);
                }
            });
    });
    let goods = call.store.goods();
    let product = existing(&goods, id, StatusCode::BAD_REQUEST)?;
    let base_url = &call.asked.base_url;
    let value = goods::product(&goods, &product, &call.store.settings, base_url);
    tell(call.store, "product.updated", base_url, now, || {
        value.clone()
    });
    Ok(value)
}

/// The product of an id, or the error that there is none.
pub(super) fn existing(
    goods: &Goods,
    id: u64,
    status: StatusCode,
) -> Result<Arc<Product>, ApiError> {
    product_key(id)
        .and_then(|key| goods.catalogue.product(key))
        .filter(|product| product_id(product.key) == id)
        .ok_or_else(|| ApiError::invalid_id("product", status))
}

/// Prices as a body gives them.
pub(super) struct PriceInput {
    regular: Option<String>,
    sale: Option<String>,
}

impl PriceInput {
    pub(super) fn read(body: &Value) -> Result<Self, ApiError> {
        let text = |name: &str| match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(ApiError::parameter(name, "it is not of type string")),
        };
        Ok(Self {
            regular: text("regular_price")?,
            sale: text("sale_price")?,
        })
    }

    /// Sets the prices, whatever they are.
    pub(super) fn apply(&self, goods: &mut Goods, key: u32, store: &Store) {
        if self.regular.is_none() && self.sale.is_none() {
            return;
        }
        let Some((product, place)) = goods.catalogue.variant(key) else {
            return;
        };
        let before = goods.prices_of(&product.variants[place], &store.settings);
        let after = Prices {
            regular: self
                .regular
                .as_deref()
                .map_or(before.regular, decimal::clean),
            sale: self.sale.as_deref().map_or(before.sale, decimal::clean),
        };
        let spoiled = |text: &str| decimal::value(text).is_none_or(|value| value <= 0.0);
        if spoiled(&after.regular) || (!after.sale.is_empty() && spoiled(&after.sale)) {
            count(&store.tally.prices_spoiled);
        }
        goods.prices.insert(key, after);
    }
}
