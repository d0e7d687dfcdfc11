//! Login with Amazon: `POST /auth/o2/token`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Amazon;
use super::exchange::{Call, note, replacement};
use super::seller::count;
use crate::clock::Clock;
use crate::fault::{FaultKind, Spot};
use crate::spoil::halved;

pub(super) async fn token(State(amazon): State<Amazon>, call: Call, body: Bytes) -> Response {
    // Which seller it is about shows only later: faults are the first seller's.
    let fault = amazon
        .first_seller()
        .and_then(|seller| seller.strike(Spot::Token, None));
    let response = match replacement(fault.as_ref()).await {
        Some(replaced) => replaced,
        None => answer(&amazon, &call, &body),
    };
    note(&amazon, &call, "", "", response.status(), fault.as_ref());
    match fault {
        Some(FaultKind::MalformedAnswer) => halved(response, false).await,
        Some(FaultKind::CutConnection) => halved(response, true).await,
        _ => response,
    }
}

fn answer(amazon: &Amazon, call: &Call, body: &[u8]) -> Response {
    let is_form = call
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        let why = "Content-Type must be application/x-www-form-urlencoded";
        return refusal(StatusCode::BAD_REQUEST, "invalid_request", why);
    }
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let now = amazon.clock().now();
    let app = amazon
        .app_of_client(field("client_id"))
        .filter(|app| app.signs_in(field("client_secret"), now));
    let Some(app) = app else {
        let why = "Client authentication failed";
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client", why);
    };
    let issued = match field("grant_type") {
        "authorization_code" => amazon.with_access(|access| {
            access.exchange(&app.client_id, field("code"), field("redirect_uri"), now)
        }),
        "refresh_token" => {
            amazon.with_access(|access| access.refresh(&app.client_id, field("refresh_token"), now))
        }
        _ => {
            let why = "The authorization grant type is not supported by the authorization server";
            return refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type", why);
        }
    };
    match issued {
        Some((issued, grant)) => {
            if let Some(seller) = amazon.seller_of(&grant.seller) {
                count(&seller.tally.tokens_issued);
            }
            ([(header::CACHE_CONTROL, "no-store")], Json(issued)).into_response()
        }
        None => {
            let why = "The request has an invalid grant parameter";
            refusal(StatusCode::BAD_REQUEST, "invalid_grant", why)
        }
    }
}

fn refusal(status: StatusCode, error: &str, description: &str) -> Response {
    (
        status,
        Json(json!({ "error": error, "error_description": description })),
    )
        .into_response()
}
