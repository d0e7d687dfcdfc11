//! The published rates.

use calibr_sandbox::amazon::SellerSettings;
use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{SELLER, World, settings};

const ORDERS: &str = "/orders/2026-01-01/orders?createdAfter=2020-01-01T00:00:00Z";

#[tokio::test]
async fn a_burst_and_then_the_rate_and_429_names_no_limit() {
    let world = World::of(10).await;
    for _ in 0..20 {
        let response = world.get(ORDERS).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-amzn-ratelimit-limit"], "0.0056");
    }
    assert!(!world.amazon().counters(SELLER).unwrap().exceeded);
    let refused = world.get(ORDERS).await;
    assert_eq!(refused.status(), 429);
    assert!(!refused.headers().contains_key("x-amzn-ratelimit-limit"));
    assert!(!refused.headers().contains_key("retry-after"));
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], "QuotaExceeded");
    let counters = world.amazon().counters(SELLER).unwrap();
    assert!(counters.exceeded);
    assert_eq!(counters.operations["searchOrders"].too_fast, 1);
    world.pass(TimeDelta::seconds(180));
    assert_eq!(world.get(ORDERS).await.status(), 200);
}

#[tokio::test]
async fn a_large_seller_is_admitted_more_and_told_so() {
    let world = World::with(SellerSettings {
        faster: 10.0,
        limit_header: true,
        ..settings(10)
    })
    .await;
    let response = world.get(ORDERS).await;
    assert_eq!(response.headers()["x-amzn-ratelimit-limit"], "0.056");
}

#[tokio::test]
async fn what_amazon_gave_up_is_gone_and_counted() {
    let world = World::of(10).await;
    assert_eq!(world.get("/orders/v0/orders").await.status(), 410);
    assert_eq!(world.amazon().counters(SELLER).unwrap().deprecated, 1);
}
