//! What faults make of answers, alike on all platforms.

use std::io;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header;
use axum::response::Response;
use futures::{Stream, StreamExt, stream};
use serde_json::Value;

use crate::fault::FaultKind;

/// What a proxy shows when what is behind it does not answer.
pub(crate) const GATEWAY_PAGE: &str = "<!doctype html><html lang=\"en\"><title>Something went wrong</title>\
    <h1>There was a problem loading this website</h1><p>Try refreshing the page.</p></html>";

/// The first half of an answer: as if that was all of it, or with the connection lost then.
pub(crate) async fn halved(response: Response, lost: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    parts.headers.remove(header::CONTENT_LENGTH);
    if !lost {
        return Response::from_parts(parts, Body::from(half));
    }
    parts
        .headers
        .insert(header::CONTENT_LENGTH, whole.len().into());
    Response::from_parts(
        parts,
        Body::from_stream(then_lost(stream::iter([Ok(half)]))),
    )
}

/// A body that ends with an error where its chunks do, what came before it being sent first.
pub(crate) fn then_lost(
    chunks: impl Stream<Item = Result<Bytes, io::Error>>,
) -> impl Stream<Item = Result<Bytes, io::Error>> {
    chunks.chain(stream::once(async {
        // A body that has nothing to give for a moment is flushed.
        tokio::task::yield_now().await;
        Err(io::ErrorKind::ConnectionReset.into())
    }))
}

/// An answer in JSON, changed; any other as it is.
pub(crate) async fn changed(response: Response, change: impl FnOnce(&mut Value)) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut value) = serde_json::from_slice::<Value>(&whole) else {
        return Response::from_parts(parts, Body::from(whole));
    };
    change(&mut value);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(value.to_string()))
}

/// A fault's name in the control API.
pub(crate) fn name(fault: &FaultKind) -> String {
    let tagged = serde_json::to_value(fault).unwrap_or_default();
    tagged["kind"].as_str().unwrap_or_default().to_owned()
}
