//! Bodies that are longer than what is taken. A client that is still sending when it is answered and hung up on does
//! not see the answer: what it sends is passed over first, as far as that is bearable.

use axum::{
    body::{Body, HttpBody as _},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;

use super::problem::Refusal;

/// So much is passed over of a body that anybody may have sent, in bytes.
const BEARABLE: usize = 16 * 1024 * 1024;

/// Middleware: refuses a body that says of itself that it is longer than `longest` bytes. One that does not say so is
/// for whoever reads it.
pub(crate) async fn refuse(State(longest): State<u64>, request: Request, next: Next) -> Response {
    let body = request.body();
    if body.size_hint().lower() <= longest {
        return next.run(request).await;
    }
    pass_over(request.into_body(), BEARABLE).await;
    Refusal::of_status(StatusCode::PAYLOAD_TOO_LARGE).into_response()
}

/// Reads a body to its end, or until it is more than `most` bytes, and keeps nothing of it.
pub(crate) async fn pass_over(body: Body, most: usize) {
    let mut passed = 0;
    let mut parts = body.into_data_stream();
    while let Some(Ok(part)) = parts.next().await {
        passed += part.len();
        if passed > most {
            return;
        }
    }
}
