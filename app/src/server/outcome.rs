use http::{StatusCode, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::api::ApiError;

/// The request's id, which the server also puts into its log.
const REQUEST_ID: &str = "x-request-id";

/// Gives a failure its HTTP status, and the id to find it by.
pub(crate) fn told(mut error: ApiError) -> ApiError {
    let status = StatusCode::from_u16(error.0.kind.status());
    if let (Some(answer), Ok(status)) = (use_context::<ResponseOptions>(), status) {
        answer.set_status(status);
    }
    let request: Option<Parts> = use_context();
    let id = request
        .as_ref()
        .and_then(|parts| parts.headers.get(REQUEST_ID));
    if let Some(id) = id.and_then(|id| id.to_str().ok()) {
        error.0.request_id.get_or_insert_with(|| id.to_owned());
    }
    error
}
