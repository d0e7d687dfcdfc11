//! Steering over HTTP.

use serde_json::{Value, json};

use crate::support::{HERE, SELLER, World};

async fn post(world: &World, path: &str, body: Value) -> (u16, Value) {
    let url = world.url(&format!("/_sandbox/amazon{path}"));
    let response = world.client.post(url).json(&body).send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn sellers_are_made_and_changed() {
    let world = World::of(10).await;
    let new = json!({ "seller_id": "A2ANOTHER1234", "listings": 3, "currency": "GBP" });
    assert_eq!(post(&world, "/sellers", new.clone()).await.0, 201);
    assert_eq!(post(&world, "/sellers", new).await.0, 409);
    let sellers = world.url("/_sandbox/amazon/sellers");
    let sellers: Value = world
        .client
        .get(sellers)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(sellers["sellers"], json!([SELLER, "A2ANOTHER1234"]));
    let add = json!({ "action": "add", "sku": "NEW", "title": "New", "price": "1.25" });
    let changes = format!("/sellers/{SELLER}/changes");
    assert_eq!(
        post(&world, &changes, add).await,
        (200, json!({ "sku": "NEW" }))
    );
    let path = format!("/listings/2021-08-01/items/{SELLER}/NEW?{HERE}");
    assert_eq!(world.data(&path).await["summaries"][0]["itemName"], "New");
    let delete = json!({ "action": "delete", "sku": "NEW" });
    assert_eq!(post(&world, &changes, delete.clone()).await.0, 200);
    assert_eq!(post(&world, &changes, delete).await.0, 404);
    assert_eq!(world.get(&path).await.status(), 404);
}

#[tokio::test]
async fn orders_are_placed_and_called_off() {
    let world = World::of(10).await;
    let sku = world.amazon().truth(SELLER).unwrap()[0].sku.clone();
    let orders = format!("/sellers/{SELLER}/orders");
    let order = json!({ "lines": [{ "sku": sku, "quantity": 2 }] });
    let (status, placed) = post(&world, &orders, order).await;
    assert_eq!(status, 201);
    let id = placed["order_id"].as_str().unwrap();
    let cancel = json!({ "action": "cancel" });
    assert_eq!(
        post(&world, &format!("{orders}/{id}"), cancel.clone())
            .await
            .0,
        204
    );
    assert_eq!(
        post(&world, &format!("{orders}/306-0"), cancel).await.0,
        404
    );
    let path = format!("/orders/2026-01-01/orders/{id}?includedData=FULFILLMENT,BUYER");
    let read = world.data(&path).await;
    assert_eq!(
        read["order"]["fulfillment"]["fulfillmentStatus"],
        "CANCELLED"
    );
    assert!(world.amazon().counters(SELLER).unwrap().personal_data_asked);
}
