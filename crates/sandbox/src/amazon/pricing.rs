//! What others ask for the same products.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Amazon;
use super::exchange::{Call, invalid, serve};
use super::seller::Seller;
use crate::dice::Dice;
use crate::lock::lock;

/// `getCompetitiveSummary`.
pub(super) async fn summary(State(amazon): State<Amazon>, call: Call, body: Bytes) -> Response {
    serve(&amazon, &call, "getCompetitiveSummary", |asked| {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let requests = body["requests"].as_array().cloned().unwrap_or_default();
        if requests.is_empty() || requests.len() > 20 {
            return invalid("From 1 to 20 requests are needed.");
        }
        let responses: Vec<Value> = requests
            .iter()
            .map(|request| single(asked.seller, request))
            .collect();
        Json(json!({ "responses": responses })).into_response()
    })
    .await
}

fn single(seller: &Seller, request: &Value) -> Value {
    let settings = &seller.settings;
    let asin = request["asin"].as_str().unwrap_or_default();
    let refuse = |message: &str| {
        json!({
            "status": { "statusCode": 400, "reasonPhrase": "Client Error" },
            "body": { "asin": asin, "marketplaceId": settings.marketplace_id,
                "errors": [{ "code": "InvalidInput", "message": message }] },
        })
    };
    if request["marketplaceId"] != settings.marketplace_id.as_str() {
        return refuse("The marketplace is not the seller's.");
    }
    let Some(own) = lock(&seller.goods).price_of_asin(asin) else {
        return refuse("The ASIN is not known.");
    };
    let offers = offers(seller, asin, own);
    let featured = offers.first().cloned().map(|mut offer| {
        offer["featuredOfferSegments"] =
            json!([{ "customerMembership": "DEFAULT", "segmentDetails": {} }]);
        json!([{ "buyingOptionType": "New", "segmentedFeaturedOffers": [offer] }])
    });
    let mut body = json!({ "asin": asin, "marketplaceId": settings.marketplace_id });
    let asked = |name: &str| {
        let included = request["includedData"].as_array();
        included.is_some_and(|included| included.iter().any(|one| one == name))
    };
    if asked("featuredBuyingOptions") {
        body["featuredBuyingOptions"] = featured.unwrap_or_else(|| json!([]));
    }
    if asked("lowestPricedOffers") {
        body["lowestPricedOffers"] = json!([{
            "lowestPricedOffersInput": { "itemCondition": "New", "offerType": "Consumer" },
            "offers": offers,
        }]);
    }
    json!({ "status": { "statusCode": 200, "reasonPhrase": "Success" }, "body": body })
}

/// The offers for a product, the lowest first; the seller's own is among them.
fn offers(seller: &Seller, asin: &str, own: i64) -> Vec<Value> {
    let settings = &seller.settings;
    let key = asin
        .bytes()
        .fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    let mut dice = Dice::of(settings.seed ^ key, 0xC0FFEE);
    let mut offers = vec![(settings.seller_id.clone(), own, 0)];
    for _ in 0..dice.below(4) {
        let price = (own * (85 + dice.below(31) as i64) / 100).max(1);
        let shipping = if dice.percent(50) { 0 } else { 399 };
        offers.push((format!("A{}", dice.hex(6).to_uppercase()), price, shipping));
    }
    offers.sort_by_key(|(_, price, shipping)| price + shipping);
    let amount = |minor: i64| {
        let decimal = crate::money::write(minor, &settings.currency);
        let number: Value = serde_json::from_str(&decimal).unwrap_or_default();
        json!({ "amount": number, "currencyCode": settings.currency })
    };
    offers
        .into_iter()
        .map(|(seller, price, shipping)| {
            json!({
                "sellerId": seller,
                "condition": "New",
                "subCondition": "New",
                "fulfillmentType": "MFN",
                "listingPrice": amount(price),
                "shippingOptions": [{ "shippingOptionType": "DEFAULT", "price": amount(shipping) }],
                "primeDetails": { "eligibility": "NONE" },
            })
        })
        .collect()
}
