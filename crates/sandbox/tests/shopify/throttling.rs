//! Query cost and the bucket it is taken from.

use calibr_sandbox::shopify::{Plan, Rate, ShopSettings};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{SHOP, World, settings};

const PAGE: &str =
    "{ products(first: 250) { nodes { id variants(first: 250) { nodes { id } } } } }";

#[tokio::test]
async fn every_answer_tells_its_cost_and_what_is_left() {
    let world = World::of(1_000).await;
    let answer = world.answer(PAGE, json!({})).await;
    let cost = &answer["extensions"]["cost"];
    let (requested, actual) = (
        cost["requestedQueryCost"].as_u64().unwrap(),
        cost["actualQueryCost"].as_u64().unwrap(),
    );
    assert!(actual < requested, "{cost}");
    assert_eq!(
        cost["throttleStatus"],
        json!({ "maximumAvailable": 2000, "currentlyAvailable": 2000 - actual, "restoreRate": 100 })
    );
}

#[tokio::test]
async fn the_plan_decides_the_bucket() {
    let world = World::with(ShopSettings {
        plan: Plan::Plus,
        ..settings(100)
    })
    .await;
    let answer = world.answer("{ shop { id } }", json!({})).await;
    let status = &answer["extensions"]["cost"]["throttleStatus"];
    assert_eq!(status["restoreRate"], 1_000);
    assert_eq!(status["maximumAvailable"], 20_000);
}

#[tokio::test]
async fn an_empty_bucket_throttles_until_it_has_refilled() {
    let rate = Some(Rate {
        maximum: 200,
        restore: 10,
    });
    let world = World::with(ShopSettings {
        rate,
        ..settings(1_000)
    })
    .await;
    let mut throttled = Value::Null;
    for _ in 0..20 {
        throttled = world.answer(PAGE, json!({})).await;
        if throttled["errors"] != Value::Null {
            break;
        }
    }

    assert_eq!(throttled["errors"][0]["message"], "Throttled");
    assert_eq!(throttled["errors"][0]["extensions"]["code"], "THROTTLED");
    assert_eq!(
        throttled["extensions"]["cost"]["actualQueryCost"],
        Value::Null
    );
    assert_eq!(throttled.get("data"), None);
    let counters = world.shopify().counters(SHOP).unwrap();
    assert_eq!((counters.throttled, counters.overdrawn), (1, true));

    let requested = throttled["extensions"]["cost"]["requestedQueryCost"]
        .as_i64()
        .unwrap();
    world
        .server
        .sandbox()
        .clock()
        .advance(TimeDelta::seconds(requested / 10 + 1));
    let answer = world.answer(PAGE, json!({})).await;
    assert_eq!(answer["errors"], Value::Null);
}

#[tokio::test]
async fn a_query_that_could_cost_too_much_is_refused_before_it_runs() {
    let world = World::of(100).await;
    let ids: Vec<_> = (0..250)
        .map(|n| format!("gid://shopify/Product/{n}"))
        .collect();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Product {
        variants(first: 250) { nodes { id } } } } }";

    let answer = world.answer(query, json!({ "ids": ids })).await;

    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "MAX_COST_EXCEEDED");
    assert_eq!(error["extensions"]["maxCost"], 1_000);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("exceeds the single query max cost limit")
    );
    assert_eq!(
        answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"],
        2_000
    );
}
