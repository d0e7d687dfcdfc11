//! `/amazon/documents`: what is read and uploaded without a token, by signed
//! addresses that are good for five minutes.

use std::io::Write;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;

use super::Amazon;
use super::exchange::{Asked, Call, note, replacement};
use super::seller::{ReportLetters, Seller};
use crate::clock::Clock;
use crate::fault::{FaultKind, Spot};
use crate::lock::lock;
use crate::spoil::then_lost;

const LIFETIME_SECONDS: i64 = 300;
/// Bytes missing from a document that ends in the middle of its last line.
const TRUNCATED: usize = 9;

/// Where a document is, for five minutes from now.
pub(super) fn address(asked: &Asked<'_>, name: &str) -> String {
    let expires = asked.now.timestamp() + LIFETIME_SECONDS;
    let seller = &asked.seller.settings.seller_id;
    let signature = asked.seller.sign(&format!("{name}:{expires}"));
    format!(
        "{}/amazon/documents/{seller}/{name}?Expires={expires}&Signature={signature}",
        asked.call.base_url
    )
}

/// `GET`.
pub(super) async fn read(State(amazon): State<Amazon>, call: Call) -> Response {
    let Some(seller) = amazon.seller_of(call.part("seller")) else {
        return refusal(StatusCode::NOT_FOUND, "NoSuchKey");
    };
    let fault = seller.strike(Spot::File, None);
    let response = match refused(&amazon, &seller, &call) {
        Some(refused) => refused,
        None => match replacement(fault.as_ref()).await {
            Some(replaced) => replaced,
            None => content(&seller, call.part("name"), fault.as_ref()),
        },
    };
    note(
        &amazon,
        &call,
        &seller.settings.seller_id,
        "",
        response.status(),
        fault.as_ref(),
    );
    response
}

fn refused(amazon: &Amazon, seller: &Seller, call: &Call) -> Option<Response> {
    let expires = call.asked("Expires").unwrap_or_default();
    let signed = seller.sign(&format!("{}:{expires}", call.part("name")));
    if call.asked("Signature") != Some(signed.as_str()) {
        return Some(refusal(StatusCode::FORBIDDEN, "SignatureDoesNotMatch"));
    }
    let over = expires
        .parse::<i64>()
        .map_or(true, |expires| amazon.clock().now().timestamp() >= expires);
    over.then(|| refusal(StatusCode::FORBIDDEN, "AccessDenied"))
}

fn refusal(status: StatusCode, code: &str) -> Response {
    let body =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code></Error>");
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

fn content(seller: &Seller, name: &str, fault: Option<&FaultKind>) -> Response {
    let number = |prefix: &str| name.strip_prefix(prefix)?.parse::<usize>().ok();
    let found = if let Some(number) = number("report-") {
        let letters = match seller.settings.letters {
            ReportLetters::Utf8 => "text/plain;charset=UTF-8",
            ReportLetters::Latin1 => "text/plain;charset=Cp1252",
            ReportLetters::Latin1Unsaid => "text/plain",
        };
        let content = lock(&seller.reports).content(number).map(<[u8]>::to_vec);
        content.map(|content| (letters, spoiled(content, fault), seller.settings.packed))
    } else if let Some(number) = number("result-") {
        let content = lock(&seller.feeds).report(number).map(<[u8]>::to_vec);
        content.map(|content| ("application/json", content, true))
    } else {
        None
    };
    let Some((kind, content, packed)) = found else {
        return refusal(StatusCode::NOT_FOUND, "NoSuchKey");
    };
    let content = if packed { pack(&content) } else { content };
    let length = content.len();
    let body = if fault == Some(&FaultKind::CutConnection) {
        let half = Bytes::from(content).slice(..length / 2);
        Body::from_stream(then_lost(stream::iter([Ok(half)])))
    } else {
        Body::from(content)
    };
    Response::builder()
        .header(header::CONTENT_TYPE, kind)
        .header(header::CONTENT_LENGTH, length)
        .body(body)
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn spoiled(content: Vec<u8>, fault: Option<&FaultKind>) -> Vec<u8> {
    let Some(FaultKind::MalformedLines {
        lines,
        truncate_last,
    }) = fault
    else {
        return content;
    };
    let mut spoiled = Vec::with_capacity(content.len());
    // The names of the columns are no line to count.
    for (place, line) in content.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let bad = place
            .checked_sub(1)
            .is_some_and(|place| lines.contains(&(place as u64)));
        if bad {
            spoiled.extend_from_slice(b"this is not a line of a report\n");
        } else {
            spoiled.extend_from_slice(line);
        }
    }
    if *truncate_last {
        spoiled.truncate(spoiled.len().saturating_sub(TRUNCATED));
    }
    spoiled
}

fn pack(content: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory does not fail.
    packer.write_all(content).ok();
    packer.finish().unwrap_or_default()
}

/// `PUT`.
pub(super) async fn upload(State(amazon): State<Amazon>, call: Call, body: Bytes) -> Response {
    let Some(seller) = amazon.seller_of(call.part("seller")) else {
        return refusal(StatusCode::NOT_FOUND, "NoSuchKey");
    };
    let fault = seller.strike(Spot::File, None);
    let response = match refused(&amazon, &seller, &call) {
        Some(refused) => refused,
        None => match replacement(fault.as_ref()).await {
            Some(replaced) => replaced,
            None => put(&seller, &call, body),
        },
    };
    note(
        &amazon,
        &call,
        &seller.settings.seller_id,
        "",
        response.status(),
        fault.as_ref(),
    );
    response
}

fn put(seller: &Seller, call: &Call, body: Bytes) -> Response {
    let number = call.part("name").strip_prefix("upload-");
    let Some(number) = number.and_then(|number| number.parse::<usize>().ok()) else {
        return refusal(StatusCode::NOT_FOUND, "NoSuchKey");
    };
    let kind = call
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if lock(&seller.feeds).put(number, kind, body.to_vec()) {
        return StatusCode::OK.into_response();
    }
    // The type is part of what is signed.
    refusal(StatusCode::FORBIDDEN, "SignatureDoesNotMatch")
}
