//! Feeds: uploaded, handed over, worked on while they are asked after.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Amazon;
use super::documents::address;
use super::exchange::{Asked, Call, invalid, missing, serve};
use super::listings::time;
use super::prices::{Verdict, judge};
use super::seller::{Seller, count as count_one};
use crate::fault::{FaultKind, Spot};
use crate::lock::lock;

const FEED_TYPE: &str = "JSON_LISTINGS_FEED";
const FIRST: usize = 90_001;
const UPLOAD: &str = "amzn1.tortuga.4.";
const RESULT: &str = "amzn1.spdoc.1.3.";

/// All feeds of a seller, and what was uploaded for them.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    uploads: Vec<Upload>,
    feeds: Vec<Feed>,
    /// Pages of searches are good as long as this stays.
    pub(super) page_generation: u64,
}

#[derive(Debug)]
struct Upload {
    content_type: String,
    content: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Feed {
    created_at: i64,
    upload: usize,
    polls_left: u32,
    fatal: bool,
    /// The processing report, once the feed was worked on.
    report: Option<Vec<u8>>,
}

impl Feeds {
    /// What a processing report holds.
    pub(super) fn report(&self, number: usize) -> Option<&[u8]> {
        self.feeds.get(number)?.report.as_deref()
    }

    /// Takes an upload; false where it is not of the announced type.
    pub(super) fn put(&mut self, number: usize, content_type: &str, content: Vec<u8>) -> bool {
        match self.uploads.get_mut(number) {
            Some(upload) if upload.content_type == content_type => {
                upload.content = Some(content);
                true
            }
            _ => false,
        }
    }
}

fn place(id: &str, prefix: &str) -> Option<usize> {
    id.strip_prefix(prefix)?
        .parse::<usize>()
        .ok()?
        .checked_sub(FIRST)
}

/// `createFeedDocument`.
pub(super) async fn create_document(
    State(amazon): State<Amazon>,
    call: Call,
    body: Bytes,
) -> Response {
    serve(&amazon, &call, "createFeedDocument", |asked| {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let Some(content_type) = body["contentType"].as_str() else {
            return invalid("Invalid 'contentType' provided.");
        };
        let mut feeds = lock(&asked.seller.feeds);
        feeds.uploads.push(Upload {
            content_type: content_type.to_owned(),
            content: None,
        });
        let number = feeds.uploads.len() - 1;
        let answer = json!({
            "feedDocumentId": format!("{UPLOAD}{}", FIRST + number),
            "url": address(asked, &format!("upload-{number}")),
        });
        (StatusCode::CREATED, Json(answer)).into_response()
    })
    .await
}

/// `createFeed`.
pub(super) async fn create(State(amazon): State<Amazon>, call: Call, body: Bytes) -> Response {
    serve(&amazon, &call, "createFeed", |asked| {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if body["feedType"] != FEED_TYPE {
            return invalid("This sandbox takes no feed of that type.");
        }
        if body["marketplaceIds"] != json!([asked.seller.settings.marketplace_id]) {
            return invalid("Invalid 'marketplaceIds' provided.");
        }
        let fatal = matches!(
            asked.seller.strike(Spot::Export, None),
            Some(FaultKind::ExportFails { .. })
        );
        let upload = place(
            body["inputFeedDocumentId"].as_str().unwrap_or_default(),
            UPLOAD,
        );
        let mut feeds = lock(&asked.seller.feeds);
        let filled = |number: &usize| {
            let upload = feeds.uploads.get(*number);
            upload.is_some_and(|upload| upload.content.is_some())
        };
        let Some(upload) = upload.filter(filled) else {
            return invalid("Invalid 'inputFeedDocumentId' provided: nothing was uploaded.");
        };
        feeds.feeds.push(Feed {
            created_at: asked.now.timestamp(),
            upload,
            polls_left: asked.seller.settings.polls,
            fatal,
            report: None,
        });
        let id = (FIRST + feeds.feeds.len() - 1).to_string();
        (StatusCode::ACCEPTED, Json(json!({ "feedId": id }))).into_response()
    })
    .await
}

/// `getFeed`.
pub(super) async fn get(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "getFeed", state).await
}

fn state(asked: &Asked<'_>) -> Response {
    let id = asked.call.part("feed");
    let seller = asked.seller;
    let mut feeds = lock(&seller.feeds);
    let Some(number) = place(id, "").filter(|number| *number < feeds.feeds.len()) else {
        return missing("The feed does not exist.");
    };
    let upload = feeds.feeds[number].upload;
    let content = feeds.uploads[upload].content.clone().unwrap_or_default();
    let feed = &mut feeds.feeds[number];
    let status = match feed.polls_left {
        0 if feed.fatal => "FATAL",
        0 => "DONE",
        left if left == seller.settings.polls => "IN_QUEUE",
        _ => "IN_PROGRESS",
    };
    feed.polls_left = feed.polls_left.saturating_sub(1);
    let mut answer = json!({
        "feedId": id,
        "feedType": FEED_TYPE,
        "marketplaceIds": [seller.settings.marketplace_id],
        "createdTime": time(feed.created_at),
        "processingStatus": status,
    });
    if status == "DONE" {
        if feed.report.is_none() {
            feed.report = Some(work(seller, id, &content, asked.now.timestamp()));
        }
        answer["resultFeedDocumentId"] = json!(format!("{RESULT}{id}"));
    }
    Json(answer).into_response()
}

/// Works a feed off and writes its processing report.
fn work(seller: &Seller, id: &str, content: &[u8], now: i64) -> Vec<u8> {
    let feed: Value = serde_json::from_slice(content).unwrap_or_default();
    let header = json!({ "sellerId": seller.settings.seller_id, "version": "2.0", "feedId": id });
    let mut issues: Vec<Value> = Vec::new();
    let (mut processed, mut accepted) = (0_u64, 0_u64);
    let wrong_header = feed["header"]["sellerId"] != seller.settings.seller_id.as_str()
        || feed["header"]["version"] != "2.0";
    if wrong_header {
        issues.push(json!({ "code": "4000002", "severity": "ERROR",
            "message": "The provided feed header is invalid." }));
    }
    let messages = feed["messages"].as_array().cloned().unwrap_or_default();
    for message in messages.iter().filter(|_| !wrong_header) {
        processed += 1;
        let sku = message["sku"].as_str().unwrap_or_default();
        let well_formed = message["messageId"].is_u64()
            && message["operationType"] == "PATCH"
            && message["productType"].is_string();
        count_one(&seller.tally.prices_sent);
        let verdict = if well_formed {
            judge(seller, sku, &message["patches"])
        } else {
            Verdict::Invalid("The message does not meet the schema of a feed message.")
        };
        if !matches!(verdict, Verdict::Invalid(_) | Verdict::UnknownSku) {
            accepted += 1;
        }
        for mut issue in verdict.issues() {
            issue["messageId"] = message["messageId"].clone();
            issues.push(issue);
        }
        verdict.apply(seller, sku, now);
    }
    let count = |severity: &str| {
        let of = issues.iter().filter(|issue| issue["severity"] == severity);
        of.count()
    };
    let report = json!({
        "header": header,
        "summary": {
            "errors": count("ERROR"),
            "warnings": count("WARNING"),
            "messagesProcessed": processed,
            "messagesAccepted": accepted,
            "messagesInvalid": processed - accepted,
        },
        "issues": issues,
    });
    report.to_string().into_bytes()
}

/// `getFeedDocument`.
pub(super) async fn document(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "getFeedDocument", |asked| {
        let id = asked.call.part("document");
        let number =
            place(id, RESULT).filter(|number| lock(&asked.seller.feeds).report(*number).is_some());
        let Some(number) = number else {
            return missing("The document does not exist.");
        };
        Json(json!({
            "feedDocumentId": id,
            "url": address(asked, &format!("result-{number}")),
            "compressionAlgorithm": "GZIP",
        }))
        .into_response()
    })
    .await
}
