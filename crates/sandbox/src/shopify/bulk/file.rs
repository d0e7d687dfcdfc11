//! Fetching the file of a bulk operation: signed address, byte ranges, streamed as it is made.

use std::ops::Range;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{End, Export};
use crate::fault::FaultKind;
use crate::lock::lock;
use crate::shopify::shop::Shop;
use crate::spoil::then_lost;

/// Bytes missing from a file that ends in the middle of its last line.
const TRUNCATED: u64 = 9;

/// The query part of a file's address.
#[derive(Deserialize)]
pub(crate) struct Signed {
    expires: i64,
    signature: String,
}

/// Answers a request for the file of operation `number`.
pub(crate) fn download(
    shop: &Arc<Shop>,
    number: u64,
    signed: &Signed,
    headers: &HeaderMap,
    fault: Option<FaultKind>,
    now: DateTime<Utc>,
) -> Response {
    if shop.sign(&format!("{number}:{}", signed.expires)) != signed.signature {
        return refusal(StatusCode::FORBIDDEN, "SignatureDoesNotMatch");
    }
    if now.timestamp() >= signed.expires {
        return refusal(StatusCode::BAD_REQUEST, "ExpiredToken");
    }
    let Some(operation) = shop.bulk.operation(number) else {
        return refusal(StatusCode::NOT_FOUND, "NoSuchKey");
    };
    let (export, ends) = {
        let operation = lock(&operation);
        (Arc::clone(&operation.export), operation.ends.clone())
    };
    let (bad_lines, truncate) = match &fault {
        Some(FaultKind::MalformedLines {
            lines,
            truncate_last,
        }) => (lines.clone(), *truncate_last),
        _ => (Vec::new(), false),
    };
    let whole = ends.last().map_or(0, |end| end.bytes);
    let length = if truncate {
        whole.saturating_sub(TRUNCATED)
    } else {
        whole
    };
    let asked = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok());
    let (status, range) = match asked.map(|asked| byte_range(asked, length)) {
        None | Some(Asked::Whole) => (StatusCode::OK, 0..length),
        Some(Asked::Part(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Asked::Nothing) => {
            let all = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            return (StatusCode::RANGE_NOT_SATISFIABLE, all).into_response();
        }
    };
    let part = Part {
        shop: Arc::clone(shop),
        export,
        ends,
        bad_lines,
        cut: (fault == Some(FaultKind::CutConnection))
            .then(|| range.start + (range.end - range.start) / 2),
        range: range.clone(),
    };
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/jsonl")
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, format!("\"{number}-{whole}\""))
        .header(
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"bulk-{number}.jsonl\""),
        )
        .header(header::CONTENT_LENGTH, range.end - range.start);
    if status == StatusCode::PARTIAL_CONTENT {
        let shown = format!("bytes {}-{}/{length}", range.start, range.end - 1);
        response = response.header(header::CONTENT_RANGE, shown);
    }
    response
        .body(part.stream())
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn refusal(status: StatusCode, code: &str) -> Response {
    let body = format!("<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>");
    (
        status,
        [(header::CONTENT_TYPE, "application/xml; charset=UTF-8")],
        body,
    )
        .into_response()
}

#[derive(Debug, PartialEq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Nothing,
}

/// Reads a `Range` header of one range; several, or none that can be read, mean the whole file.
fn byte_range(header: &str, length: u64) -> Asked {
    let Some((first, last)) = header
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::Whole;
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(count)) if first.is_empty() => length.saturating_sub(count)..length,
        _ => return Asked::Whole,
    };
    if range.start < range.end {
        Asked::Part(range)
    } else {
        Asked::Nothing
    }
}

/// The bytes to send.
struct Part {
    shop: Arc<Shop>,
    export: Arc<Export>,
    ends: Vec<End>,
    bad_lines: Vec<u64>,
    range: Range<u64>,
    /// Where the connection is lost.
    cut: Option<u64>,
}

impl Part {
    /// The bytes as a body; they are made on a thread of their own, no faster than they are read.
    fn stream(self) -> Body {
        let (sender, receiver) = mpsc::channel(2);
        let lost = self.cut.is_some();
        tokio::task::spawn_blocking(move || self.send(&sender));
        let chunks = ReceiverStream::new(receiver).map(Ok);
        if lost {
            Body::from_stream(then_lost(chunks))
        } else {
            Body::from_stream(chunks)
        }
    }

    fn send(self, sender: &mpsc::Sender<Bytes>) {
        let context = self.export.context(&self.shop);
        let first = self
            .ends
            .partition_point(|end| end.bytes <= self.range.start);
        for number in first..self.ends.len() {
            let begins = number
                .checked_sub(1)
                .map_or(End::default(), |before| self.ends[before]);
            if begins.bytes >= self.range.end {
                return;
            }
            let mut bytes = self.export.batch(&context, number as u32).bytes;
            spoil(&mut bytes, begins.lines, &self.bad_lines);
            let end = self.cut.unwrap_or(self.range.end).min(self.range.end);
            let from = self
                .range
                .start
                .saturating_sub(begins.bytes)
                .min(bytes.len() as u64);
            let to = end
                .saturating_sub(begins.bytes)
                .min(bytes.len() as u64)
                .max(from);
            let chunk = Bytes::from(bytes).slice(from as usize..to as usize);
            if !chunk.is_empty() && sender.blocking_send(chunk).is_err() {
                return;
            }
            if self.ends[number].bytes >= end {
                return;
            }
        }
    }
}

/// Makes the given lines of the file malformed without changing their length.
fn spoil(bytes: &mut [u8], first_line: u64, bad_lines: &[u64]) {
    if bad_lines.is_empty() {
        return;
    }
    let lines = bytes
        .split_mut(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    for (place, line) in lines.enumerate() {
        let Some(last) = line.last_mut() else {
            continue;
        };
        if bad_lines.contains(&(first_line + place as u64)) {
            *last = b'"';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_writes_them() {
        assert_eq!(byte_range("bytes=0-9", 100), Asked::Part(0..10));
        assert_eq!(byte_range("bytes=90-200", 100), Asked::Part(90..100));
        assert_eq!(byte_range("bytes=90-", 100), Asked::Part(90..100));
        assert_eq!(byte_range("bytes=-5", 100), Asked::Part(95..100));
        assert_eq!(byte_range("bytes=100-", 100), Asked::Nothing);
        assert_eq!(byte_range("lines=1-2", 100), Asked::Whole);
        assert_eq!(byte_range("bytes=0-1,5-6", 100), Asked::Whole);
    }

    #[test]
    fn a_spoilt_line_keeps_its_length_and_spares_its_neighbours() {
        let mut bytes = b"{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n".to_vec();
        spoil(&mut bytes, 10, &[11]);
        let text = String::from_utf8(bytes).unwrap();
        let good: Vec<bool> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
            .collect();
        assert_eq!(good, [true, false, true]);
    }
}
