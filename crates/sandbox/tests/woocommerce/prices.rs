//! Setting prices, with all that WooCommerce lets pass.

use calibr_sandbox::woocommerce::StoreChange;
use serde_json::json;

use crate::support::{STORE, World};

#[tokio::test]
async fn texts_that_are_no_price_are_taken_without_a_word() {
    let world = World::of(50).await;
    let listing = world.simple();
    let route = format!("products/{}", listing.id);
    for (given, kept, spoiled) in [
        ("12.34", "12.34", 0),
        ("abc", "", 1),
        ("-3", "-3", 2),
        ("1,50", "150", 2),
    ] {
        let (status, answer) = world.put(&route, json!({ "regular_price": given })).await;
        assert_eq!(status, 200, "{given}");
        assert_eq!(answer["regular_price"], kept, "{given}");
        assert_eq!(world.woo().counters(STORE).unwrap().prices_spoiled, spoiled);
    }
    let (status, refused) = world.put(&route, json!({ "regular_price": 12.5 })).await;
    assert_eq!(
        (status, &refused["code"]),
        (400, &json!("rest_invalid_param"))
    );
}

#[tokio::test]
async fn a_sale_holds_while_its_price_is_below() {
    let world = World::of(50).await;
    let listing = world.variation();
    let route = format!("products/{}/variations/{}", listing.product_id, listing.id);
    let prices = json!({ "regular_price": "20.00", "sale_price": "15.00" });
    let (_, answer) = world.put(&route, prices).await;
    assert_eq!(
        (&answer["price"], &answer["on_sale"]),
        (&json!("15.00"), &json!(true))
    );
    let (_, answer) = world.put(&route, json!({ "sale_price": "25.00" })).await;
    assert_eq!(
        (&answer["price"], &answer["on_sale"]),
        (&json!("20.00"), &json!(false))
    );
    let (_, answer) = world.put(&route, json!({ "sale_price": "" })).await;
    assert_eq!(answer["sale_price"], "");
}

#[tokio::test]
async fn a_batch_answers_200_with_the_errors_inside() {
    let world = World::of(100).await;
    let (simple, variation) = (world.simple(), world.variation());
    world.change(StoreChange::LockListing { listing: simple.id });
    let batch = json!({ "update": [
        { "id": simple.id, "regular_price": "1.00" },
        { "id": 9_999_999, "regular_price": "1.00" },
        { "id": variation.id, "regular_price": "1.00" },
        { "id": variation.product_id, "regular_price": 1 },
    ]});
    let (status, answer) = world.post("products/batch", batch).await;
    assert_eq!(status, 200);
    let codes: Vec<_> = (0..4)
        .map(|item| answer["update"][item]["error"]["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "woocommerce_rest_cannot_edit",
            "woocommerce_rest_product_invalid_id",
            "woocommerce_rest_invalid_product_id",
            "rest_invalid_param"
        ]
    );
    let route = format!("products/{}/variations/batch", variation.product_id);
    let batch = json!({ "update": [{ "id": variation.id, "regular_price": "1.00" }] });
    let (_, answer) = world.post(&route, batch).await;
    assert_eq!(answer["update"][0]["regular_price"], "1.00");

    let many: Vec<_> = (0..101).map(|id| json!({ "id": id })).collect();
    let (status, answer) = world
        .post("products/batch", json!({ "update": many }))
        .await;
    assert_eq!(
        (status, answer["code"].as_str().unwrap()),
        (413, "woocommerce_rest_request_entity_too_large")
    );
}
