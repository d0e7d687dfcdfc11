//! Orders: placed, changed, listed, and who may see them.

use calibr_sandbox::shopify::{ShopSettings, StaticToken};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{SHOP, World, settings};

const LIST: &str = "query($after: String, $filter: String) {
    orders(first: 20, after: $after, query: $filter, sortKey: UPDATED_AT) {
    nodes { id updatedAt cancelledAt test totalPriceSet { shopMoney { amount currencyCode } }
      totalRefundedSet { shopMoney { amount } }
      lineItems(first: 50) { nodes { sku quantity currentQuantity variant { id }
        originalTotalSet { shopMoney { amount } }
        discountAllocations { allocatedAmountSet { shopMoney { amount } } } } }
      refunds(first: 5) { totalRefundedSet { shopMoney { amount } }
        refundLineItems(first: 5) { nodes { quantity subtotalSet { shopMoney { amount } } } } } }
    pageInfo { hasNextPage endCursor } } }";

async fn control(world: &World, path: &str, body: Value) -> (u16, Value) {
    let url = world.url(&format!("/_sandbox/shopify/shops/{SHOP}/{path}"));
    let answer = world.client.post(url).json(&body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

async fn list(world: &World, filter: &str) -> Vec<Value> {
    let mut orders = Vec::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({ "after": after, "filter": filter });
        let mut page = world.data(LIST, variables).await["orders"].take();
        orders.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            return orders;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

#[tokio::test]
async fn an_order_is_placed_by_sku_and_then_edited_refunded_and_cancelled() {
    let world = World::of(50).await;
    let goods = world.shopify().truth(SHOP).unwrap();
    let bought = goods
        .filter(|known| known.sku.as_deref().is_some_and(|sku| !sku.is_empty()))
        .last()
        .unwrap();
    let price: f64 = bought.price.parse().unwrap();
    let line = json!({ "sku": bought.sku, "quantity": 4, "discount": "1.00" });
    let (status, placed) = control(&world, "orders", json!({ "lines": [line] })).await;
    assert_eq!(status, 201);
    let id = placed["order_id"].as_str().unwrap();
    let orders = list(&world, "").await;
    let line = &orders[0]["lineItems"]["nodes"][0];
    assert_eq!(orders[0]["id"], id);
    assert_eq!(line["variant"]["id"], bought.variant_id);
    let total = line["originalTotalSet"]["shopMoney"]["amount"]
        .as_str()
        .unwrap();
    assert_eq!(total.parse::<f64>().unwrap(), price * 4.0);
    let after = world.shopify().truth(SHOP).unwrap();
    let after = after
        .into_iter()
        .find(|known| known.variant_id == bought.variant_id);
    assert_eq!(after.unwrap().stock, bought.stock - 4);

    let path = format!("orders/{}", id.rsplit('/').next().unwrap());
    for change in [
        json!({ "action": "edit", "line": 0, "units": 1 }),
        json!({ "action": "refund", "line": 0, "units": 1 }),
        json!({ "action": "refund_sum", "amount": "0.50" }),
        json!({ "action": "cancel" }),
    ] {
        assert_eq!(control(&world, &path, change).await.0, 204);
    }
    let order = list(&world, "").await.remove(0);
    assert_eq!(order["lineItems"]["nodes"][0]["currentQuantity"], 0);
    assert!(order["cancelledAt"].is_string());
    let refunds = order["refunds"].as_array().unwrap();
    assert_eq!(refunds.len(), 2);
    assert_eq!(refunds[0]["refundLineItems"]["nodes"][0]["quantity"], 1);
    assert_eq!(refunds[1]["refundLineItems"]["nodes"], json!([]));
    assert_eq!(refunds[1]["totalRefundedSet"]["shopMoney"]["amount"], "0.5");
}

#[tokio::test]
async fn what_cannot_be_done_to_an_order_is_refused() {
    let world = World::of(20).await;
    let unknown = json!({ "lines": [{ "sku": "no such thing", "quantity": 1 }] });
    assert_eq!(control(&world, "orders", unknown).await.0, 404);
    assert_eq!(
        control(&world, "orders", json!({ "lines": [] })).await.0,
        404
    );
    let cancel = json!({ "action": "cancel" });
    assert_eq!(control(&world, "orders/1", cancel.clone()).await.0, 404);
    assert_eq!(control(&world, "orders/x", cancel).await.0, 404);
}

#[tokio::test]
async fn orders_are_listed_by_change_and_searched_by_time() {
    let world = World::with(ShopSettings {
        orders: 90,
        ..settings(50)
    })
    .await;
    let all = list(&world, "").await;
    let times: Vec<_> = all
        .iter()
        .map(|order| order["updatedAt"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted());
    let middle = times[times.len() / 2];
    let later = list(&world, &format!("updated_at:>='{middle}'")).await;
    let expected = times.iter().filter(|time| **time >= middle).count();
    assert_eq!(later.len(), expected);
}

#[tokio::test]
async fn apps_see_the_orders_of_sixty_days_unless_they_may_see_all() {
    let world = World::with(ShopSettings {
        orders: 90,
        ..settings(50)
    })
    .await;
    let recent = list(&world, "").await;
    world.server.sandbox().clock().advance(TimeDelta::days(45));
    let fewer = list(&world, "").await;
    assert!(!fewer.is_empty() && fewer.len() < recent.len() && recent.len() < 90);
    let one = "query($id: ID!) { order(id: $id) { id } }";
    let gone = world.data(one, json!({ "id": recent[0]["id"] })).await;
    assert_eq!(gone["order"], Value::Null);
    for (name, scopes) in [
        (
            "all",
            vec!["read_products", "read_orders", "read_all_orders"],
        ),
        ("none", vec!["read_products"]),
    ] {
        let scopes = scopes.into_iter().map(str::to_owned).collect();
        let token = StaticToken {
            token: name.to_owned(),
            scopes,
        };
        world.shopify().add_token(SHOP, name, token).unwrap();
    }
    let world = world.token("all");
    assert_eq!(list(&world, "").await.len(), 90);
    let world = world.token("none");
    let denied = world
        .answer("{ orders(first: 1) { nodes { id } } }", json!({}))
        .await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "ACCESS_DENIED");
}
