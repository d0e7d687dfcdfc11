use std::time::Duration;

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use calibr_model::ProblemKind;

use super::problem::Refusal;

/// Longer than the slowest thing a request waits for: a store that is tried out twice.
const LONGEST: Duration = Duration::from_secs(150);

/// Middleware: breaks off a request whose answer does not begin in time.
pub(crate) async fn keep(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(
            ProblemKind::Unavailable,
            "This took too long and was broken off. Look whether it was done before you try again.",
        )
        .into_response(),
    }
}
