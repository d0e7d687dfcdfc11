//! Listings: one, a search, a patch.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use super::Amazon;
use super::exchange::{Asked, Call, invalid, missing, serve};
use super::goods::Listing;
use super::prices::{Verdict, judge};
use super::seller::{Seller, count};
use crate::lock::lock;
use crate::money;

/// Amazon pages through no more of one search.
const SEARCH_ENDS_AFTER: usize = 1_000;
const LARGEST_PAGE: usize = 20;

pub(super) fn time(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What is wrong with who and where a call is about.
fn misplaced(asked: &Asked<'_>) -> Option<Response> {
    let seller = &asked.seller.settings;
    if asked.call.part("seller") != seller.seller_id {
        return Some(invalid("Merchant is not authorized for the seller id."));
    }
    if asked.call.list("marketplaceIds") != [seller.marketplace_id.as_str()] {
        return Some(invalid("Invalid 'marketplaceIds' provided."));
    }
    None
}

fn item(seller: &Seller, listing: &Listing, included: &[&str]) -> Value {
    let settings = &seller.settings;
    let marketplace = &settings.marketplace_id;
    let mut item = Map::new();
    item.insert("sku".to_owned(), json!(listing.sku));
    let has = |name: &str| included.contains(&name);
    if has("summaries") {
        let mut status = Vec::new();
        if listing.buyable && !lock(&seller.standing).suspended {
            status.push("BUYABLE");
        }
        if listing.asin.is_some() {
            status.push("DISCOVERABLE");
        }
        let mut summary = json!({
            "marketplaceId": marketplace,
            "productType": listing.product_type,
            "conditionType": listing.condition,
            "status": status,
            "itemName": listing.title,
            "createdDate": time(listing.created_at),
            "lastUpdatedDate": time(listing.updated_at),
        });
        if let Some(asin) = &listing.asin {
            summary["asin"] = json!(asin);
        }
        item.insert("summaries".to_owned(), json!([summary]));
    }
    if has("offers") {
        let offers: Vec<Value> = listing
            .price
            .iter()
            .map(|price| {
                json!({
                    "marketplaceId": marketplace,
                    "offerType": "B2C",
                    "price": { "currencyCode": settings.currency,
                        "amount": money::write(*price, &settings.currency) },
                    "audience": { "value": "ALL", "displayName": "Sell on Amazon" },
                })
            })
            .collect();
        item.insert("offers".to_owned(), json!(offers));
    }
    if has("fulfillmentAvailability") {
        let availability = match listing.stock {
            Some(units) => json!({ "fulfillmentChannelCode": "DEFAULT", "quantity": units }),
            None => json!({ "fulfillmentChannelCode": "AMAZON_EU" }),
        };
        item.insert("fulfillmentAvailability".to_owned(), json!([availability]));
    }
    if has("issues") {
        item.insert("issues".to_owned(), json!([]));
    }
    item.into()
}

fn included(call: &Call) -> Vec<&str> {
    let asked = call.list("includedData");
    if asked.is_empty() {
        return vec!["summaries"];
    }
    asked
}

/// `getListingsItem`.
pub(super) async fn get(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "getListingsItem", |asked| {
        if let Some(refused) = misplaced(asked) {
            return refused;
        }
        match lock(&asked.seller.goods).get(asked.call.part("sku")) {
            Some(listing) => {
                Json(item(asked.seller, &listing, &included(asked.call))).into_response()
            }
            None => missing("SKU not found."),
        }
    })
    .await
}

/// `searchListingsItems`.
pub(super) async fn search(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "searchListingsItems", |asked| {
        misplaced(asked).unwrap_or_else(|| found(asked))
    })
    .await
}

fn found(asked: &Asked<'_>) -> Response {
    let call = asked.call;
    let size = call.asked("pageSize").unwrap_or("10").parse::<usize>();
    let Ok(size @ 1..=LARGEST_PAGE) = size else {
        return invalid("Invalid 'pageSize' provided: it must be from 1 to 20.");
    };
    let moment = |name: &str| {
        let text = call.asked(name)?;
        Some(DateTime::parse_from_rfc3339(text).map(|at| at.timestamp()))
    };
    let after = match moment("lastUpdatedAfter").transpose() {
        Ok(after) => after.unwrap_or(i64::MIN),
        Err(_) => return invalid("Invalid 'lastUpdatedAfter' provided."),
    };
    let identifiers = call.list("identifiers");
    if identifiers.len() > LARGEST_PAGE
        || identifiers.is_empty() != call.asked("identifiersType").is_none()
    {
        return invalid("Invalid 'identifiers' provided.");
    }
    let goods = lock(&asked.seller.goods);
    let mut listings: Vec<Listing> = if identifiers.is_empty() {
        goods.all()
    } else {
        identifiers
            .iter()
            .filter_map(|sku| goods.get(sku))
            .collect()
    };
    drop(goods);
    listings.retain(|listing| listing.updated_at >= after);
    match call.asked("sortBy").unwrap_or("lastUpdatedDate") {
        "sku" => listings.sort_by(|a, b| a.sku.cmp(&b.sku)),
        _ => listings.sort_by(|a, b| (a.updated_at, &a.sku).cmp(&(b.updated_at, &b.sku))),
    }
    if call.asked("sortOrder").unwrap_or("DESC") == "DESC" {
        listings.reverse();
    }
    let generation = lock(&asked.seller.feeds).page_generation;
    let begin = match call
        .asked("pageToken")
        .map(|token| offset(token, generation))
    {
        None => 0,
        Some(Some(offset)) => offset,
        Some(None) => return invalid("Invalid 'pageToken' provided."),
    };
    let end = (begin + size).min(listings.len()).min(SEARCH_ENDS_AFTER);
    let included = included(call);
    let items: Vec<Value> = listings
        .get(begin..end)
        .unwrap_or_default()
        .iter()
        .map(|listing| item(asked.seller, listing, &included))
        .collect();
    let mut answer = json!({ "numberOfResults": listings.len(), "items": items });
    if end < listings.len().min(SEARCH_ENDS_AFTER) {
        answer["pagination"] = json!({ "nextToken": token(end, generation) });
    }
    Json(answer).into_response()
}

/// What a page is asked for with; good until tokens are made to run out.
pub(super) fn token(offset: usize, generation: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("page:{generation}:{offset}"))
}

pub(super) fn offset(token: &str, generation: u64) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix(&format!("page:{generation}:"))?
        .parse()
        .ok()
}

/// `patchListingsItem`.
pub(super) async fn patch(State(amazon): State<Amazon>, call: Call, body: Bytes) -> Response {
    serve(&amazon, &call, "patchListingsItem", |asked| {
        if let Some(refused) = misplaced(asked) {
            return refused;
        }
        let Ok(body) = serde_json::from_slice::<Value>(&body) else {
            return invalid("Request body is not JSON.");
        };
        if body["productType"].as_str().is_none_or(str::is_empty) || !body["patches"].is_array() {
            return invalid("Invalid request body: 'productType' and 'patches' are needed.");
        }
        let preview = asked.call.asked("mode") == Some("VALIDATION_PREVIEW");
        let tally = &asked.seller.tally;
        count(if preview {
            &tally.prices_tried
        } else {
            &tally.prices_sent
        });
        let sku = asked.call.part("sku");
        let verdict = judge(asked.seller, sku, &body["patches"]);
        if verdict == Verdict::UnknownSku {
            return invalid("Invalid 'sku' provided: there is no such listing.");
        }
        if !preview {
            verdict.apply(asked.seller, sku, asked.now.timestamp());
        }
        let status = match (&verdict, preview) {
            (Verdict::Invalid(_), _) => "INVALID",
            (_, true) => "VALID",
            _ => "ACCEPTED",
        };
        let answer = json!({
            "sku": sku,
            "status": status,
            "submissionId": asked.seller.sign(&format!("{sku}{}", asked.now))[..32],
            "issues": verdict.issues(),
        });
        Json(answer).into_response()
    })
    .await
}
