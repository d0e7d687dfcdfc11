//! Which request goes where, and through what.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state, map_response},
    routing::post,
};
use calibr_services::webhooks::LONGEST_MESSAGE;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer};

use super::{
    assets, caller, functions, headers, headers::SafetyHeaders, limit, openapi, origin, panic,
    problem, problem::Refusal, request_id, rest, session, state::AppState, time_limit, too_long,
};

/// Longest body of a request, in bytes.
const LONGEST_BODY: usize = 1024 * 1024;

/// Longest body of what a platform sends, in bytes.
const LONGEST_DELIVERY: usize = 16 * 1024;

/// Everything this server answers.
pub(crate) fn router(state: AppState) -> Router {
    let safety = SafetyHeaders::new(state.http.https, state.http.pictures_from.as_deref());
    let sources = state.services.sources.clone();
    api(&state)
        .fallback(assets::serve)
        .layer(from_fn(time_limit::keep))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(from_fn(problem::complete))
        .layer(from_fn_with_state(safety, headers::set))
        .layer(from_fn_with_state(sources, request_id::give))
        .with_state(state)
}

fn api(state: &AppState) -> Router<AppState> {
    let (routes, description) = openapi::split();

    let counted = routes
        .counted
        .route("/api/fn/{name}", post(functions::call))
        .layer(state.limits.requests());
    let sign_in = functions::SIGN_IN_PATHS
        .into_iter()
        .fold(routes.sign_in, |router, path| {
            router.route(path, post(functions::call))
        })
        .layer(state.limits.sign_ins());
    let with_session = |router: Router<AppState>| {
        router
            .layer(map_response(limit::say_reset))
            .layer(from_fn_with_state(state.clone(), caller::identify))
            .layer(session::layer(&state.services, state.http.https))
    };
    let uploads = with_session(routes.uploads.layer(state.limits.requests()));

    let described = rest::docs::router(description)
        .layer(state.limits.requests())
        .layer(map_response(limit::say_reset))
        .layer(from_fn_with_state(state.clone(), caller::note_address));

    let platforms = routes
        .platforms
        .layer(state.limits.requests())
        .layer(map_response(limit::say_reset))
        .layer(from_fn_with_state(state.clone(), caller::note_address))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LONGEST_DELIVERY));

    let webhooks = routes
        .webhooks
        .layer(state.limits.messages())
        .layer(from_fn_with_state(state.clone(), caller::note_address))
        .layer(DefaultBodyLimit::max(LONGEST_MESSAGE));

    let nothing = || async { Refusal::of_status(StatusCode::NOT_FOUND) };
    let usual = with_session(counted.merge(sign_in).merge(routes.streams))
        .merge(described)
        .merge(routes.health)
        .route("/api", axum::routing::any(nothing))
        .route("/api/{*rest}", axum::routing::any(nothing))
        .layer(RequestBodyLimitLayer::new(LONGEST_BODY))
        .layer(from_fn_with_state(LONGEST_BODY as u64, too_long::refuse));
    usual
        // These count for themselves what they take in, and say so in words.
        .merge(uploads)
        .layer(from_fn_with_state(state.clone(), origin::check))
        .layer(DefaultBodyLimit::disable())
        // No page sends these, so their origin says nothing.
        .merge(platforms)
        .merge(webhooks)
}
