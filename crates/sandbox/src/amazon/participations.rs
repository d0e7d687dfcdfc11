//! Where a seller sells.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Amazon;
use super::exchange::{Call, serve};
use crate::lock::lock;

/// `getMarketplaceParticipations`.
pub(super) async fn list(State(amazon): State<Amazon>, call: Call) -> Response {
    serve(&amazon, &call, "getMarketplaceParticipations", |asked| {
        let seller = &asked.seller.settings;
        let standing = *lock(&asked.seller.standing);
        Json(json!({ "payload": [{
            "marketplace": {
                "id": seller.marketplace_id,
                "name": seller.domain.trim_start_matches("www."),
                "countryCode": seller.country,
                "defaultCurrencyCode": seller.currency,
                "defaultLanguageCode": "en_US",
                "domainName": seller.domain,
            },
            "participation": {
                "isParticipating": standing.participates,
                "hasSuspendedListings": standing.suspended,
            },
            "storeName": seller.name,
        }] }))
        .into_response()
    })
    .await
}
