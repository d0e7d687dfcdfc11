//! Every request has an id: in the log, in problems, and in the answer's `X-Request-Id`.

use std::time::Instant;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use calibr_model::Sources;
use tracing::Instrument as _;

/// The header it travels in. What a caller sends in it is replaced: an id that two requests share finds neither.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, once [`give`] has given it one.
pub(crate) fn of(request: &Request) -> Option<String> {
    let id = request.headers().get(X_REQUEST_ID)?;
    id.to_str().ok().map(str::to_owned)
}

/// Middleware, the outermost: gives an id, and logs the request once, when it was answered. The query is left
/// out: platforms' answers carry codes and signatures in it.
pub(crate) async fn give(
    State(sources): State<Sources>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = sources.uuid().simple().to_string();
    let value = HeaderValue::from_str(&id).ok();
    if let Some(value) = value.clone() {
        request.headers_mut().insert(X_REQUEST_ID, value);
    }
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", %id, method = %request.method(), path);
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), milliseconds, "answered");
        } else {
            tracing::debug!(status = status.as_u16(), milliseconds, "answered");
        }
    });
    if let Some(value) = value {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}
