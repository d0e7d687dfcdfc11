//! `/_sandbox/woocommerce`: steering the simulated stores over HTTP.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::truth::line;
use super::{
    ApiKey, SentWebhook, StoreChange, StoreChanged, StoreCounters, StoreDigest, StoreSettings,
    StoreState, WooCommerce,
};
use crate::control::Refused;
use crate::fault::Fault;

pub(super) fn router() -> Router<WooCommerce> {
    let store = Router::new()
        .route("/changes", post(change))
        .route("/counters", get(counters))
        .route("/deliveries", get(deliveries))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/keys", post(add_key).delete(revoke_keys))
        .route("/state", put(set_state))
        .route("/truth", get(truth))
        .route("/truth/digest", get(digest))
        .route("/webhooks/{id}/status", put(set_webhook_status));
    Router::new()
        .route("/stores", get(stores).post(create_store))
        .nest("/stores/{store}", store)
}

async fn stores(State(woo): State<WooCommerce>) -> Json<Value> {
    Json(json!({ "stores": woo.stores() }))
}

async fn create_store(
    State(woo): State<WooCommerce>,
    Json(settings): Json<StoreSettings>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let name = settings.name.clone();
    woo.create_store(settings)?;
    Ok((StatusCode::CREATED, Json(json!({ "name": name }))))
}

async fn change(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
    Json(change): Json<StoreChange>,
) -> Result<Json<StoreChanged>, Refused> {
    Ok(Json(woo.change(&store, change)?))
}

async fn counters(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
) -> Result<Json<StoreCounters>, Refused> {
    Ok(Json(woo.counters(&store)?))
}

async fn deliveries(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
) -> Result<Json<Vec<SentWebhook>>, Refused> {
    Ok(Json(woo.deliveries(&store)?))
}

async fn faults(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
) -> Result<Json<Vec<Fault>>, Refused> {
    Ok(Json(woo.faults(&store)?))
}

async fn add_fault(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
    Json(fault): Json<Fault>,
) -> Result<StatusCode, Refused> {
    woo.add_fault(&store, fault)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
) -> Result<StatusCode, Refused> {
    woo.clear_faults(&store)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add_key(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
    Json(key): Json<ApiKey>,
) -> Result<StatusCode, Refused> {
    woo.add_key(&store, key)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke_keys(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
) -> Result<StatusCode, Refused> {
    woo.revoke_keys(&store)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct NewState {
    state: StoreState,
}

async fn set_state(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
    Json(NewState { state }): Json<NewState>,
) -> Result<StatusCode, Refused> {
    woo.set_state(&store, state)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct NewStatus {
    status: String,
}

async fn set_webhook_status(
    State(woo): State<WooCommerce>,
    Path((store, id)): Path<(String, u64)>,
    Json(NewStatus { status }): Json<NewStatus>,
) -> Result<StatusCode, Refused> {
    Ok(match woo.set_webhook_status(&store, id, &status)? {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::NOT_FOUND,
    })
}

/// All listings, a line of JSON each.
async fn truth(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
) -> Result<Response, Refused> {
    let lines: Vec<u8> = woo
        .truth(&store)?
        .flat_map(|listing| line(&listing))
        .collect();
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
}

async fn digest(
    State(woo): State<WooCommerce>,
    Path(store): Path<String>,
) -> Result<Json<StoreDigest>, Refused> {
    Ok(Json(woo.digest(&store)?))
}
