//! Many changes in one call. What is wrong with one of them is said inside the answer, whose
//! status is 200 all the same.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{Call, products, variations};
use crate::woocommerce::answer::{ApiError, one};

/// Most changes of a batch.
const MOST: usize = 100;

pub(super) fn products(call: &Call<'_>) -> Result<Response, ApiError> {
    run(call, |id, item| products::change(call, id, item))
}

pub(super) fn variations(call: &Call<'_>, product: u64) -> Result<Response, ApiError> {
    run(call, |id, item| variations::change(call, product, id, item))
}

fn run(
    call: &Call<'_>,
    change: impl Fn(u64, &Value) -> Result<Value, ApiError>,
) -> Result<Response, ApiError> {
    let body = call.body()?;
    let count: usize = ["create", "update", "delete"]
        .iter()
        .filter_map(|kind| body[*kind].as_array())
        .map(Vec::len)
        .sum();
    if count > MOST {
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "woocommerce_rest_request_entity_too_large",
            format!("Unable to accept more than {MOST} items for this request."),
        ));
    }
    let mut answer = Map::new();
    if let Some(items) = body["update"].as_array() {
        let updated: Vec<Value> = items
            .iter()
            .map(|item| {
                let id = item["id"].as_u64().unwrap_or_default();
                change(id, item).unwrap_or_else(|error| json!({ "id": id, "error": error.json() }))
            })
            .collect();
        answer.insert("update".to_owned(), updated.into());
    }
    Ok(one(answer.into(), &call.asked.query))
}
