use std::any::Any;

use axum::response::{IntoResponse as _, Response};
use calibr_model::ProblemKind;

use super::problem::Refusal;

/// What a handler that panicked is answered with. The panic itself has been printed by the hook.
pub(crate) fn answer(_panic: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request's handler panicked");
    Refusal::new(
        ProblemKind::Internal,
        "Something went wrong on our side, and this request was broken off. Try again; if it stays so, tell whoever \
         runs this console, with the request's id.",
    )
    .into_response()
}
