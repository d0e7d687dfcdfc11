//! Reports: asked for, made while they are asked after, read as documents.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use encoding_rs::WINDOWS_1252;
use serde_json::{Value, json};

use super::Amazon;
use super::documents::address;
use super::exchange::{Asked, Call, invalid, missing, serve};
use super::goods::Listing;
use super::listings::time;
use super::seller::{ReportLetters, Seller};
use crate::fault::{FaultKind, Spot};
use crate::generator::Status;
use crate::lock::lock;
use crate::money;

const ALL_LISTINGS: &str = "GET_MERCHANT_LISTINGS_ALL_DATA";
const COLUMNS: &str = "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\
    \topen-date\timage-url\titem-is-marketplace\tproduct-id-type\tzshop-shipping-fee\titem-note\
    \titem-condition\tzshop-category1\tzshop-browse-path\tzshop-storefront-feature\tasin1\tasin2\
    \tasin3\twill-ship-internationally\texpedited-shipping\tzshop-boldface\tproduct-id\
    \tbid-for-featured-placement\tadd-delete\tpending-quantity\tfulfillment-channel\
    \tmerchant-shipping-group\tstatus";

/// All reports of a seller.
#[derive(Debug, Default)]
pub(super) struct Reports {
    reports: Vec<Report>,
}

#[derive(Debug)]
struct Report {
    created_at: i64,
    polls_left: u32,
    outcome: &'static str,
    /// As it will be read, not packed.
    content: Vec<u8>,
}

impl Reports {
    /// What a document holds, once its report is done.
    pub(super) fn content(&self, number: usize) -> Option<&[u8]> {
        let report = self.reports.get(number)?;
        (report.polls_left == 0 && report.outcome == "DONE").then_some(&report.content[..])
    }
}

/// Ids look like Amazon's: numbers.
const FIRST: usize = 50_001;

fn place(id: &str) -> Option<usize> {
    id.parse::<usize>().ok()?.checked_sub(FIRST)
}

/// `createReport`.
pub(super) async fn create(State(amazon): State<Amazon>, call: Call, body: Bytes) -> Response {
    serve(&amazon, &call, "createReport", |asked| {
        let Ok(body) = serde_json::from_slice::<Value>(&body) else {
            return invalid("Request body is not JSON.");
        };
        if body["reportType"] != ALL_LISTINGS {
            return invalid("This sandbox makes no report of that type.");
        }
        if body["marketplaceIds"] != json!([asked.seller.settings.marketplace_id]) {
            return invalid("Invalid 'marketplaceIds' provided.");
        }
        let id = start(asked);
        (StatusCode::ACCEPTED, Json(json!({ "reportId": id }))).into_response()
    })
    .await
}

fn start(asked: &Asked<'_>) -> String {
    let seller = asked.seller;
    let listings = lock(&seller.goods).all();
    let fails = matches!(
        seller.strike(Spot::Export, None),
        Some(FaultKind::ExportFails { .. })
    );
    let outcome = match (fails, listings.is_empty()) {
        (true, _) => "FATAL",
        (_, true) => "CANCELLED",
        _ => "DONE",
    };
    let mut reports = lock(&seller.reports);
    reports.reports.push(Report {
        created_at: asked.now.timestamp(),
        polls_left: seller.settings.polls,
        outcome,
        content: written(seller, &listings),
    });
    (FIRST + reports.reports.len() - 1).to_string()
}

fn written(seller: &Seller, listings: &[Listing]) -> Vec<u8> {
    let mut text = format!("{COLUMNS}\n");
    for listing in listings {
        text.push_str(&line(listing, &seller.settings.currency));
        text.push('\n');
    }
    match seller.settings.letters {
        ReportLetters::Utf8 => text.into_bytes(),
        ReportLetters::Latin1 | ReportLetters::Latin1Unsaid => {
            WINDOWS_1252.encode(&text).0.into_owned()
        }
    }
}

fn line(listing: &Listing, currency: &str) -> String {
    let price = listing
        .price
        .map(|price| money::write(price, currency))
        .unwrap_or_default();
    let quantity = listing
        .stock
        .map(|units| units.to_string())
        .unwrap_or_default();
    let asin = listing.asin.clone().unwrap_or_default();
    let (id_type, id) = match (&listing.barcode, &listing.asin) {
        (Some(barcode), _) => ("4", barcode.clone()),
        (None, Some(asin)) => ("1", asin.clone()),
        (None, None) => ("", String::new()),
    };
    let condition = if listing.condition == "used_very_good" {
        "2"
    } else {
        "11"
    };
    let channel = if listing.stock.is_some() {
        "DEFAULT"
    } else {
        "AMAZON_EU"
    };
    let status = match (listing.status, listing.buyable) {
        (Status::Draft, _) => "Incomplete",
        (_, true) => "Active",
        (_, false) => "Inactive",
    };
    let opened = time(listing.created_at)
        .replace('T', " ")
        .replace('Z', " UTC");
    [
        &listing.title,
        "",
        "",
        &listing.sku,
        &price,
        &quantity,
        &opened,
        "",
        "y",
        id_type,
        "",
        "",
        condition,
        "",
        "",
        "",
        &asin,
        "",
        "",
        "",
        "",
        "",
        &id,
        "",
        "",
        "0",
        channel,
        "Migrated Template",
        status,
    ]
    .join("\t")
}

/// `getReport`.
pub(super) async fn get(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "getReport", |asked| {
        let id = asked.call.part("report");
        let mut reports = lock(&asked.seller.reports);
        let Some(report) = place(id).and_then(|place| reports.reports.get_mut(place)) else {
            return missing("The report does not exist.");
        };
        let status = match report.polls_left {
            0 => report.outcome,
            left if left == asked.seller.settings.polls => "IN_QUEUE",
            _ => "IN_PROGRESS",
        };
        report.polls_left = report.polls_left.saturating_sub(1);
        let mut answer = json!({
            "reportId": id,
            "reportType": ALL_LISTINGS,
            "marketplaceIds": [asked.seller.settings.marketplace_id],
            "createdTime": time(report.created_at),
            "processingStatus": status,
        });
        if status == "DONE" {
            answer["reportDocumentId"] = json!(format!("amzn1.spdoc.1.4.{id}"));
        }
        Json(answer).into_response()
    })
    .await
}

/// `getReportDocument`.
pub(super) async fn document(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "getReportDocument", |asked| {
        let id = asked.call.part("document");
        let number = id.strip_prefix("amzn1.spdoc.1.4.").and_then(place);
        let known =
            number.is_some_and(|number| lock(&asked.seller.reports).content(number).is_some());
        let Some(number) = number.filter(|_| known) else {
            return missing("The document does not exist.");
        };
        let mut answer = json!({
            "reportDocumentId": id,
            "url": address(asked, &format!("report-{number}")),
        });
        if asked.seller.settings.packed {
            answer["compressionAlgorithm"] = json!("GZIP");
        }
        Json(answer).into_response()
    })
    .await
}
