//! Orders become units and revenue per listing and day.

use std::collections::BTreeMap;

use calibr_sandbox::{
    amazon,
    shopify::{NewOrder, NewOrderLine, OrderChange},
    woocommerce::StoreChange,
};
use serde_json::{Value, json};

use crate::support::{
    Client, SHOP, Scene, TOKEN,
    platforms::{
        CONSUMER_KEY, CONSUMER_SECRET, REFRESH_TOKEN, SELLER, STORE, seller_form, store_form,
        usual_seller, usual_store,
    },
    usual_shop,
};

/// What a listing sold: units, refunded units, revenue, refunded, over all days.
async fn sold(scene: &Scene, listing: &Value) -> [i64; 4] {
    let path = Client::in_project(&format!(
        "listings/{}/sales?from=2020-01-01&to=2029-01-01",
        listing["id"].as_str().unwrap()
    ));
    let days = scene.client.get(&path).await.expect(200);
    let sum = |field: &str| -> i64 {
        days.as_array()
            .unwrap()
            .iter()
            .map(|day| match &day[field] {
                Value::Object(money) => money["amount_minor"].as_i64().unwrap(),
                number => number.as_i64().unwrap(),
            })
            .sum()
    };
    [
        sum("units"),
        sum("refunded_units"),
        sum("revenue"),
        sum("refunded"),
    ]
}

async fn by_external_id(scene: &Scene, integration: &str) -> BTreeMap<String, Value> {
    let path = Client::in_project(&format!("listings?integration={integration}"));
    let listings = scene.client.all(&path).await;
    listings
        .into_iter()
        .map(|listing| (listing["external_id"].as_str().unwrap().to_owned(), listing))
        .collect()
}

async fn synced(scene: &Scene, integration: &str) -> Value {
    let run = scene.sync(integration, "incremental").await;
    assert_eq!(run["status"], "success", "{run}");
    run
}

#[tokio::test]
async fn woocommerce_orders_refunds_and_cancellations_are_counted_once() {
    let scene = Scene::of_platforms(usual_seller(1), usual_store(20)).await;
    let form = store_form(&scene.shop.store_url(), CONSUMER_KEY, CONSUMER_SECRET);
    let integration = scene.connect_by(&form).await;
    scene.newest_run_ended(&integration).await;
    let goods = by_external_id(&scene, &integration).await;
    let (id, listing) = goods
        .iter()
        .find(|(_, listing)| listing["price"].is_object())
        .unwrap();
    let before = sold(&scene, listing).await;
    let price = listing["price"]["amount_minor"].as_i64().unwrap();
    let woo = scene.shop.woocommerce();
    let order = |units: i64| StoreChange::PlaceOrder {
        lines: vec![(id.parse().unwrap(), units)],
        status: None,
    };
    let placed = woo.change(STORE, order(3)).unwrap().id;
    let other = woo.change(STORE, order(2)).unwrap().id;
    let run = synced(&scene, &integration).await;
    assert!(run["orders_read"].as_i64().unwrap() >= 2, "{run}");
    let now = sold(&scene, listing).await;
    assert_eq!(now[0] - before[0], 5);
    assert_eq!(now[2] - before[2], 5 * price);

    // Read again by the next run's overlap, they count once.
    synced(&scene, &integration).await;
    assert_eq!(sold(&scene, listing).await, now);

    let refund = StoreChange::RefundOrder {
        order: placed,
        line: None,
        units: Some(1),
    };
    woo.change(STORE, refund).unwrap();
    let cancel = StoreChange::SetOrderStatus {
        order: other,
        status: "cancelled".to_owned(),
    };
    woo.change(STORE, cancel).unwrap();
    synced(&scene, &integration).await;
    let then = sold(&scene, listing).await;
    assert_eq!(
        [then[0] - before[0], then[1] - before[1]],
        [3, 1],
        "three bought, one of them given back"
    );
    // The store rounds net and tax of a single unit by themselves.
    let refunded = then[3] - before[3];
    assert!(refunded.abs_diff(price) <= 1, "{refunded} of {price}");

    let buyer = "SELECT count(*) FROM information_schema.columns
                 WHERE table_name IN ('orders', 'order_lines')
                   AND column_name ~ 'name|mail|address|phone|customer'";
    assert_eq!(scene.database.number(buyer).await, 0);
}

#[tokio::test]
async fn shopify_orders_come_in_and_a_token_that_may_not_read_them_says_so() {
    let scene = Scene::of(usual_shop(30)).await;
    scene.give_token("shpat_orders", "read_products,read_orders");
    let mut form = Scene::form(SHOP, TOKEN);
    form["credentials"]["access_token"] = json!("shpat_orders");
    let integration = scene.connect_by(&form).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    let goods = by_external_id(&scene, &integration).await;
    let sku = |listing: &Value| listing["sku"].as_str().map(str::to_owned);
    let listing = goods
        .values()
        .find(|listing| {
            listing["price"].is_object()
                && sku(listing).is_some_and(|wanted| {
                    goods
                        .values()
                        .filter(|other| sku(other).as_ref() == Some(&wanted))
                        .count()
                        == 1
                })
        })
        .unwrap();
    let before = sold(&scene, listing).await;
    let new = NewOrder {
        lines: vec![NewOrderLine {
            sku: sku(listing),
            variant: None,
            quantity: 4,
            discount: None,
        }],
        test: false,
    };
    let order = scene.shop.shopify().place_order(SHOP, &new).unwrap();
    synced(&scene, &integration).await;
    let price = listing["price"]["amount_minor"].as_i64().unwrap();
    let now = sold(&scene, listing).await;
    assert_eq!([now[0] - before[0], now[2] - before[2]], [4, 4 * price]);

    let cancel = OrderChange::Cancel;
    scene
        .shop
        .shopify()
        .change_order(SHOP, &order, &cancel)
        .unwrap();
    synced(&scene, &integration).await;
    assert_eq!(sold(&scene, listing).await[0], before[0]);
}

#[tokio::test]
async fn amazon_orders_count_once_they_are_paid() {
    let scene = Scene::of_platforms(usual_seller(12), usual_store(1)).await;
    let integration = scene.connect_by(&seller_form(REFRESH_TOKEN)).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    let goods = by_external_id(&scene, &integration).await;
    let (sku, listing) = goods
        .iter()
        .find(|(_, listing)| listing["price"].is_object())
        .unwrap();
    let before = sold(&scene, listing).await;
    let price = listing["price"]["amount_minor"].as_i64().unwrap();
    let order = amazon::NewOrder {
        lines: vec![amazon::NewOrderLine {
            sku: sku.clone(),
            quantity: 2,
            discount: None,
        }],
        pending: true,
    };
    let order = scene.shop.amazon().place_order(SELLER, order).unwrap();
    synced(&scene, &integration).await;
    assert_eq!(sold(&scene, listing).await[2], before[2], "nothing is paid");
    scene
        .shop
        .amazon()
        .step_order(SELLER, &order, &amazon::OrderStep::Pay)
        .unwrap();
    synced(&scene, &integration).await;
    let now = sold(&scene, listing).await;
    assert_eq!([now[0] - before[0], now[2] - before[2]], [2, 2 * price]);
}
