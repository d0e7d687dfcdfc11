//! Listings, and prices that are accepted before they show.

use calibr_sandbox::amazon::SellerSettings;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{HERE, SELLER, World, settings};

async fn patch(world: &World, sku: &str, mode: &str, value: Value) -> Value {
    let path = format!("/listings/2021-08-01/items/{SELLER}/{sku}?{HERE}{mode}");
    let offer = json!([{ "marketplace_id": "A1PA6795UKMFR9", "currency": "EUR",
        "our_price": [{ "schedule": [{ "value_with_tax": value }] }] }]);
    let body = json!({ "productType": "PRODUCT", "patches": [
        { "op": "replace", "path": "/attributes/purchasable_offer", "value": offer }] });
    let request = world.call(Method::PATCH, &path).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

async fn price(world: &World, sku: &str) -> Value {
    let path = format!("/listings/2021-08-01/items/{SELLER}/{sku}?{HERE}&includedData=offers");
    world.data(&path).await["offers"][0]["price"]["amount"].clone()
}

#[tokio::test]
async fn an_accepted_price_shows_after_its_delay() {
    let world = World::of(20).await;
    let truth = world.amazon().truth(SELLER).unwrap();
    let (sku, before) = (&truth[0].sku, truth[0].price.clone().unwrap());
    let near: f64 = before.parse::<f64>().unwrap() + 1.0;
    let preview = patch(&world, sku, "&mode=VALIDATION_PREVIEW", json!(near)).await;
    assert_eq!(preview["status"], "VALID");
    world.pass(TimeDelta::minutes(5));
    assert_eq!(
        price(&world, sku).await,
        json!(before),
        "a trial changes nothing"
    );
    let accepted = patch(&world, sku, "", json!(near)).await;
    assert_eq!(accepted["status"], "ACCEPTED");
    assert_eq!(accepted["issues"], json!([]));
    assert_eq!(price(&world, sku).await, json!(before));
    world.pass(TimeDelta::seconds(60));
    assert_eq!(price(&world, sku).await, json!(format!("{near:.2}")));
    let counters = world.amazon().counters(SELLER).unwrap();
    assert_eq!((counters.prices_tried, counters.prices_sent), (1, 1));
}

#[tokio::test]
async fn what_is_no_price_is_invalid_and_what_is_absurd_never_shows() {
    let world = World::of(20).await;
    let truth = world.amazon().truth(SELLER).unwrap();
    let (sku, before) = (&truth[0].sku, truth[0].price.clone().unwrap());
    for value in [
        json!(0),
        json!(-1),
        json!("abc"),
        json!(null),
        json!("12.00"),
    ] {
        world.pass(TimeDelta::seconds(1));
        let answer = patch(&world, sku, "", value).await;
        assert_eq!(answer["status"], "INVALID");
    }
    let absurd = before.parse::<f64>().unwrap() * 6.0;
    world.pass(TimeDelta::seconds(1));
    let held = patch(&world, sku, "", json!(absurd)).await;
    assert_eq!(held["status"], "ACCEPTED");
    assert_eq!(held["issues"][0]["severity"], "ERROR");
    world.pass(TimeDelta::hours(1));
    assert_eq!(world.amazon().truth(SELLER).unwrap()[0].price, Some(before));
}

#[tokio::test]
async fn a_search_ends_after_a_thousand_and_its_pages_at_twenty() {
    let world = World::with(SellerSettings {
        faster: 1_000_000.0,
        ..settings(1_100)
    })
    .await;
    let path = format!("/listings/2021-08-01/items/{SELLER}?{HERE}");
    let refused = world.get(&format!("{path}&pageSize=21")).await;
    assert_eq!(refused.status(), 400);
    let (mut found, mut page) = (0, String::new());
    loop {
        world.pass(TimeDelta::seconds(1));
        let answer = world.data(&format!("{path}&pageSize=20{page}")).await;
        assert_eq!(answer["numberOfResults"], 1_100);
        found += answer["items"].as_array().unwrap().len();
        match answer["pagination"]["nextToken"].as_str() {
            Some(token) => page = format!("&pageToken={token}"),
            None => break,
        }
    }
    assert_eq!(found, 1_000);
    let (_, token) = page.split_once('=').unwrap();
    world.amazon().expire_pages(SELLER).unwrap();
    let lost = world.get(&format!("{path}&pageToken={token}")).await;
    assert_eq!(lost.status(), 400);
}
