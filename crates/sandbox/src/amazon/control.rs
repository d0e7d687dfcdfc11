//! `/_sandbox/amazon`: steering the simulated Amazon over HTTP.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{
    Amazon, AmazonApp, ListingChange, NewOrder, OrderStep, SellerCounters, SellerSettings,
    Standing, TrueListing,
};
use crate::control::Refused;
use crate::fault::Fault;

pub(super) fn router() -> Router<Amazon> {
    let seller = Router::new()
        .route("/changes", post(change))
        .route("/counters", get(counters))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/orders", post(place))
        .route("/orders/{order}", post(step))
        .route("/pages/expire", post(expire_pages))
        .route("/standing", put(stand))
        .route("/tokens/expire", post(expire_tokens))
        .route("/tokens/revoke", post(revoke_tokens))
        .route("/truth", get(truth));
    Router::new()
        .route("/apps", post(register_app))
        .route("/sellers", get(sellers).post(create_seller))
        .nest("/sellers/{seller}", seller)
}

async fn register_app(State(amazon): State<Amazon>, Json(app): Json<AmazonApp>) -> StatusCode {
    amazon.register_app(app);
    StatusCode::NO_CONTENT
}

async fn sellers(State(amazon): State<Amazon>) -> Json<Value> {
    Json(json!({ "sellers": amazon.sellers() }))
}

async fn create_seller(
    State(amazon): State<Amazon>,
    Json(settings): Json<SellerSettings>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let id = settings.seller_id.clone();
    amazon.create_seller(settings)?;
    Ok((StatusCode::CREATED, Json(json!({ "seller_id": id }))))
}

async fn change(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
    Json(change): Json<ListingChange>,
) -> Result<Json<Value>, Refused> {
    let sku = amazon.change(&seller, change)?;
    Ok(Json(json!({ "sku": sku })))
}

async fn counters(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
) -> Result<Json<SellerCounters>, Refused> {
    Ok(Json(amazon.counters(&seller)?))
}

async fn faults(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
) -> Result<Json<Vec<Fault>>, Refused> {
    Ok(Json(amazon.faults(&seller)?))
}

async fn add_fault(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
    Json(fault): Json<Fault>,
) -> Result<StatusCode, Refused> {
    amazon.add_fault(&seller, fault)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
) -> Result<StatusCode, Refused> {
    amazon.clear_faults(&seller)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn place(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
    Json(order): Json<NewOrder>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let id = amazon.place_order(&seller, order)?;
    Ok((StatusCode::CREATED, Json(json!({ "order_id": id }))))
}

async fn step(
    State(amazon): State<Amazon>,
    Path((seller, order)): Path<(String, String)>,
    Json(step): Json<OrderStep>,
) -> Result<StatusCode, Refused> {
    amazon.step_order(&seller, &order, &step)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn expire_pages(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
) -> Result<StatusCode, Refused> {
    amazon.expire_pages(&seller)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn stand(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
    Json(standing): Json<Standing>,
) -> Result<StatusCode, Refused> {
    amazon.set_standing(&seller, standing)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn expire_tokens(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
) -> Result<StatusCode, Refused> {
    amazon.expire_tokens(&seller)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke_tokens(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
) -> Result<StatusCode, Refused> {
    amazon.revoke_tokens(&seller)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn truth(
    State(amazon): State<Amazon>,
    Path(seller): Path<String>,
) -> Result<Json<Vec<TrueListing>>, Refused> {
    Ok(Json(amazon.truth(&seller)?))
}
