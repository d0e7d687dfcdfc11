//! `POST /api/fn/NAME`: what the pages ask.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use calibr_app::CurrentSession;
use leptos::prelude::provide_context;
use tower_sessions::Session;

use super::{
    caller::Caller,
    problem::{PROBLEM_JSON, Refusal},
    session::RequestSession,
    state::AppState,
};

/// The functions that let somebody in; they are counted more strictly.
pub(crate) const SIGN_IN_PATHS: [&str; 2] = ["/api/fn/sign_in", "/api/fn/set_up"];

/// Finds the function of the path and runs it with the services and the session at hand.
pub(crate) async fn call(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    session: Session,
    mut request: Request<Body>,
) -> Response {
    if !calibr_app::api::PATHS.contains(&request.uri().path()) {
        return Refusal::of_status(StatusCode::NOT_FOUND).into_response();
    }
    // A caller that takes HTML would be sent back to where it came from: these answer in JSON alone.
    request.headers_mut().remove(header::REFERER);
    let services = state.services.clone();
    let current = CurrentSession(Arc::new(RequestSession {
        session,
        user: caller.user,
        now: services.sources.now(),
    }));
    let provide = move || {
        provide_context(services.clone());
        provide_context(current.clone());
    };
    let mut response = leptos_axum::handle_server_fns_with_context(provide, request)
        .await
        .into_response();
    if response.status().is_client_error() || response.status().is_server_error() {
        let kind = HeaderValue::from_static(PROBLEM_JSON);
        response
            .headers_mut()
            .entry(header::CONTENT_TYPE)
            .or_insert(kind);
    }
    response
}
