//! `/_sandbox`: steering the sandbox as a whole over HTTP.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::{Clock, MovableClock};
use crate::error::Error;
use crate::journal::Journal;

/// An error of the sandbox as an HTTP answer.
pub(crate) struct Refused(Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            Error::UnknownShop(_)
            | Error::UnknownProduct(_)
            | Error::UnknownVariant(_)
            | Error::UnknownOrder(_)
            | Error::UnknownSeller(_)
            | Error::UnknownListing(_) => StatusCode::NOT_FOUND,
            Error::ShopExists(_) | Error::SellerExists(_) => StatusCode::CONFLICT,
            Error::InvalidDomain(_) | Error::InvalidFolder(_) | Error::InvalidAmount(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Error::Listen { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({ "error": self.0.to_string() }))).into_response()
    }
}

#[derive(Clone)]
struct Shared {
    clock: Arc<MovableClock>,
    journal: Arc<Journal>,
}

pub(crate) fn router(clock: Arc<MovableClock>, journal: Arc<Journal>) -> Router {
    Router::new()
        .route("/_sandbox/clock", get(time))
        .route("/_sandbox/clock/advance", post(advance))
        .route("/_sandbox/requests", get(requests).delete(forget))
        .with_state(Shared { clock, journal })
}

async fn time(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({ "now": shared.clock.now() }))
}

#[derive(Deserialize)]
struct Step {
    seconds: i32,
}

async fn advance(State(shared): State<Shared>, Json(step): Json<Step>) -> Json<Value> {
    shared
        .clock
        .advance(TimeDelta::seconds(i64::from(step.seconds)));
    Json(json!({ "now": shared.clock.now() }))
}

async fn requests(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({ "requests": shared.journal.entries() }))
}

async fn forget(State(shared): State<Shared>) -> StatusCode {
    shared.journal.clear();
    StatusCode::NO_CONTENT
}
