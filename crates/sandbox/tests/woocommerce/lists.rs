//! Lists: pages, filters, fields.

use calibr_sandbox::woocommerce::{StoreChange, StoreSettings};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{STORE, World, settings};

fn ids(list: &Value) -> Vec<u64> {
    let rows = list.as_array().unwrap();
    rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_page_has_at_most_a_hundred_rows_and_tells_of_the_whole() {
    let world = World::of(800).await;
    let first = world
        .get("products?per_page=100&orderby=id&order=asc")
        .await;
    let total: u64 = first.headers()["x-wp-total"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let pages: u64 = first.headers()["x-wp-totalpages"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(pages, total.div_ceil(100));
    let first: Value = first.json().await.unwrap();
    assert_eq!(ids(&first).len(), 100);
    assert!(ids(&first).is_sorted());
    let second = world
        .get_json("products?per_page=100&orderby=id&order=asc&page=2")
        .await;
    let offset = world
        .get_json("products?per_page=100&orderby=id&order=asc&offset=99")
        .await;
    assert_eq!(ids(&offset)[0], ids(&first)[99]);
    assert_eq!(ids(&offset)[1], ids(&second)[0]);

    let usual = world.get_json("products").await;
    assert_eq!(ids(&usual).len(), 10);
    assert!(ids(&usual).is_sorted_by(|a, b| a > b), "the newest first");
    for bad in [
        "per_page=101",
        "per_page=0",
        "page=0",
        "per_page=x",
        "orderby=colour",
    ] {
        let refused = world.get(&format!("products?{bad}")).await;
        assert_eq!(refused.status(), 400, "{bad}");
        let refused: Value = refused.json().await.unwrap();
        assert_eq!(refused["code"], "rest_invalid_param");
    }
}

#[tokio::test]
async fn only_the_fields_that_were_asked_for_come() {
    let world = World::of(50).await;
    let list = world.get_json("products?_fields=id,sku").await;
    assert_eq!(list[0].as_object().unwrap().len(), 2);
    let status = world
        .get_json("system_status?_fields=settings.currency")
        .await;
    assert_eq!(status, json!({ "settings": { "currency": "EUR" } }));
}

#[tokio::test]
async fn changes_are_found_by_time_in_utc_only_if_so_asked() {
    let world = World::of(50).await;
    let product = world.simple().product_id;
    world
        .server
        .sandbox()
        .clock()
        .advance(TimeDelta::seconds(90));
    world.change(StoreChange::UpdateProduct {
        product,
        title: Some("New".to_owned()),
        status: None,
    });
    // The world begins at 14:13:20; the change is at 14:14:50.
    let since = async |moment: &str, gmt: &str| {
        let query = format!("products?modified_after=2026-09-21T{moment}{gmt}");
        ids(&world.get_json(&query).await)
    };
    assert_eq!(since("14:14:49", "&dates_are_gmt=true").await, [product]);
    assert!(
        since("14:14:50", "&dates_are_gmt=true").await.is_empty(),
        "after, not at"
    );
    assert_eq!(
        since("16:14:49", "").await,
        [product],
        "two hours ahead of UTC"
    );
    assert!(since("16:14:51", "").await.is_empty());
}

#[tokio::test]
async fn variations_are_a_list_of_their_own_and_only_they_have_prices() {
    let world = World::of(200).await;
    let variation = world.variation();
    let product = world
        .get_json(&format!("products/{}", variation.product_id))
        .await;
    assert_eq!(product["type"], "variable");
    assert_eq!(product["regular_price"], "");
    assert_ne!(product["price"], "");
    let route = format!("products/{}/variations", variation.product_id);
    let list = world
        .get_json(&format!("{route}?per_page=100&order=asc"))
        .await;
    assert_eq!(json!(ids(&list)), product["variations"]);
    assert_eq!(list[0]["parent_id"], variation.product_id);
    let one = world
        .get_json(&format!("{route}?include={}", variation.id))
        .await;
    assert_eq!(ids(&one), [variation.id]);
    let gone = world.get("products/9999999/variations").await;
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn orders_have_lines_and_refunds() {
    let world = World::with(StoreSettings {
        orders: 25,
        ..settings(100)
    })
    .await;
    assert_eq!(ids(&world.get_json("orders?per_page=100").await).len(), 25);
    let listing = world.variation();
    world
        .server
        .sandbox()
        .clock()
        .advance(TimeDelta::seconds(1));
    let order = world.change(StoreChange::PlaceOrder {
        lines: vec![(listing.id, 2)],
        status: None,
    });
    world.change(StoreChange::RefundOrder {
        order,
        line: None,
        units: Some(1),
    });
    let placed = world.get_json(&format!("orders/{order}?dp=2")).await;
    assert_eq!(placed["line_items"][0]["variation_id"], listing.id);
    assert_eq!(placed["line_items"][0]["quantity"], 2);
    assert_eq!(placed["refunds"].as_array().unwrap().len(), 1);
    let refunds = world.get_json(&format!("orders/{order}/refunds")).await;
    assert_eq!(refunds[0]["line_items"][0]["quantity"], -1);
    assert_eq!(
        refunds[0]["line_items"][0]["meta_data"][0]["value"],
        placed["line_items"][0]["id"].to_string()
    );
    assert_eq!(world.woo().counters(STORE).unwrap().writes, 0);
}

#[tokio::test]
async fn pictures_are_served_by_the_sandbox_itself() {
    let world = World::of(60).await;
    let products = world.get_json("products?per_page=100").await;
    let mut products = products.as_array().unwrap().iter();
    let pictured = products.find_map(|product| product["images"][0]["src"].as_str());
    let address = pictured.expect("one has a picture");
    let picture = world.client.get(address).send().await.unwrap();
    assert_eq!(picture.status(), 200, "{address}");
    assert_eq!(picture.headers()["content-type"], "image/svg+xml");
    let missing = address.replace("/uploads/", "/uploads/x");
    let missing = world.client.get(missing).send().await.unwrap();
    assert_eq!(missing.status(), 404);
}
