//! `/_sandbox/shopify`: steering the simulated Shopify over HTTP.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::truth::line;
use super::{
    App, Change, Changed, Counters, DeliveryManner, Digest, NewOrder, OrderChange, SentMessage,
    ShopSettings, ShopState, Shopify, StaticToken,
};
use crate::control::Refused;
use crate::fault::Fault;

/// Bytes of a chunk of the truth.
const CHUNK: usize = 64 * 1024;

pub(super) fn router() -> Router<Shopify> {
    let shop = Router::new()
        .route("/changes", post(change))
        .route("/counters", get(counters))
        .route("/deliveries", get(deliveries))
        .route("/deliveries/manner", put(set_delivery_manner))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/orders", post(place_order))
        .route("/orders/{order}", post(change_order))
        .route("/state", put(set_state))
        .route(
            "/subscriptions",
            get(subscriptions).delete(drop_subscriptions),
        )
        .route("/tokens", post(add_token))
        .route("/tokens/expire", post(expire_tokens))
        .route("/tokens/revoke", post(revoke_tokens))
        .route("/truth", get(truth))
        .route("/truth/digest", get(digest));
    Router::new()
        .route("/apps", post(register_app))
        .route("/shops", get(shops).post(create_shop))
        .nest("/shops/{shop}", shop)
}

async fn register_app(State(shopify): State<Shopify>, Json(app): Json<App>) -> StatusCode {
    shopify.register_app(app);
    StatusCode::NO_CONTENT
}

async fn shops(State(shopify): State<Shopify>) -> Json<Value> {
    Json(json!({ "shops": shopify.shops() }))
}

async fn create_shop(
    State(shopify): State<Shopify>,
    Json(settings): Json<ShopSettings>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let domain = settings.domain.to_ascii_lowercase();
    shopify.create_shop(settings)?;
    Ok((StatusCode::CREATED, Json(json!({ "domain": domain }))))
}

async fn change(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<Changed>, Refused> {
    Ok(Json(shopify.change(&shop, change)?))
}

async fn counters(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<Json<Counters>, Refused> {
    Ok(Json(shopify.counters(&shop)?))
}

async fn deliveries(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<Json<Vec<SentMessage>>, Refused> {
    Ok(Json(shopify.deliveries(&shop)?))
}

async fn set_delivery_manner(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
    Json(manner): Json<DeliveryManner>,
) -> Result<StatusCode, Refused> {
    shopify.set_delivery_manner(&shop, manner)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn place_order(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
    Json(new): Json<NewOrder>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let order = shopify.place_order(&shop, &new)?;
    Ok((StatusCode::CREATED, Json(json!({ "order_id": order }))))
}

async fn change_order(
    State(shopify): State<Shopify>,
    Path((shop, order)): Path<(String, String)>,
    Json(change): Json<OrderChange>,
) -> Result<StatusCode, Refused> {
    shopify.change_order(&shop, &order, &change)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn subscriptions(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<Json<Value>, Refused> {
    let listed = shopify.subscriptions(&shop)?;
    let listed: Vec<Value> = listed
        .into_iter()
        .map(|(topic, uri)| json!({ "topic": topic, "uri": uri }))
        .collect();
    Ok(Json(json!({ "subscriptions": listed })))
}

async fn drop_subscriptions(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<StatusCode, Refused> {
    shopify.drop_subscriptions(&shop)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn faults(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<Json<Vec<Fault>>, Refused> {
    Ok(Json(shopify.faults(&shop)?))
}

async fn add_fault(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
    Json(fault): Json<Fault>,
) -> Result<StatusCode, Refused> {
    shopify.add_fault(&shop, fault)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<StatusCode, Refused> {
    shopify.clear_faults(&shop)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct NewState {
    state: ShopState,
}

async fn set_state(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
    Json(NewState { state }): Json<NewState>,
) -> Result<StatusCode, Refused> {
    shopify.set_state(&shop, state)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct NamedToken {
    app: String,
    #[serde(flatten)]
    token: StaticToken,
}

async fn add_token(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
    Json(NamedToken { app, token }): Json<NamedToken>,
) -> Result<StatusCode, Refused> {
    shopify.add_token(&shop, &app, token)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn expire_tokens(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<StatusCode, Refused> {
    shopify.expire_tokens(&shop)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke_tokens(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<StatusCode, Refused> {
    shopify.revoke_tokens(&shop)?;
    Ok(StatusCode::NO_CONTENT)
}

/// All variants, a line of JSON each, streamed.
async fn truth(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<Response, Refused> {
    let variants = shopify.truth(&shop)?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    tokio::task::spawn_blocking(move || {
        let mut chunk = Vec::new();
        for variant in variants {
            chunk.extend(line(&variant));
            if chunk.len() >= CHUNK
                && sender
                    .blocking_send(Ok(std::mem::take(&mut chunk).into()))
                    .is_err()
            {
                return;
            }
        }
        // The reader may have gone; then nobody misses the rest.
        sender.blocking_send(Ok(chunk.into())).ok();
    });
    let body = Body::from_stream(ReceiverStream::new(receiver));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

async fn digest(
    State(shopify): State<Shopify>,
    Path(shop): Path<String>,
) -> Result<Response, Refused> {
    let computed: Result<_, _> = tokio::task::spawn_blocking(move || shopify.digest(&shop)).await;
    Ok(match computed {
        Ok(digest) => Json::<Digest>(digest?).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    })
}
