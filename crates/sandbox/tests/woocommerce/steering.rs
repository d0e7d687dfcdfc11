//! Steering the stores over HTTP.

use serde_json::{Value, json};

use crate::support::{KEY, SECRET, World};

const HERE: &str = "/_sandbox/woocommerce/stores/woo";

impl World {
    async fn steer(&self, method: reqwest::Method, path: &str, body: Value) -> (u16, Value) {
        let request = self.client.request(method, self.url(path)).json(&body);
        let response = request.send().await.unwrap();
        (
            response.status().as_u16(),
            response.json().await.unwrap_or_default(),
        )
    }

    async fn tell(&self, path: &str, body: Value) -> (u16, Value) {
        self.steer(reqwest::Method::POST, path, body).await
    }

    async fn look(&self, path: &str) -> Value {
        let path = format!("{HERE}{path}");
        self.steer(reqwest::Method::GET, &path, json!({})).await.1
    }
}

#[tokio::test]
async fn stores_are_made() {
    let world = World::of(20).await;
    let stores = "/_sandbox/woocommerce/stores";
    let second = json!({ "name": "second", "variants": 40, "currency": "JPY",
        "currency_decimals": 0, "shown_decimals": 0,
        "keys": [{ "consumer_key": "ck_2", "consumer_secret": "cs_2" }] });
    assert_eq!(world.tell(stores, second.clone()).await.0, 201);
    assert_eq!(world.tell(stores, second).await.0, 409);
    assert_eq!(
        world.tell(stores, json!({ "name": "No Folder" })).await.0,
        422
    );
    let url = world.url("/second/wp-json/wc/v3/system_status");
    let request = world.client.get(url).basic_auth("ck_2", Some("cs_2"));
    let status: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(status["settings"]["currency"], "JPY");
}

#[tokio::test]
async fn goods_and_orders_are_changed_and_the_truth_follows() {
    let world = World::of(50).await;
    let before = world.look("/truth/digest").await;
    assert_eq!(before["listings"], 50);
    let changes = format!("{HERE}/changes");
    let add = json!({ "action": "add_product", "title": "Neu",
        "variants": [["N-1", 999], [null, 1_000]] });
    let (status, added) = world.tell(&changes, add).await;
    assert_eq!(
        (status, added["listings"].as_array().unwrap().len()),
        (200, 2)
    );
    let update = json!({ "action": "update_listing", "listing": added["listings"][0],
        "regular_price": "abc" });
    assert_eq!(world.tell(&changes, update).await.0, 200);
    let order = json!({ "action": "place_order", "lines": [[added["listings"][1], 2]] });
    let (_, order) = world.tell(&changes, order).await;
    let refund = json!({ "action": "refund_order", "order": order["id"] });
    assert_eq!(world.tell(&changes, refund).await.0, 200);
    let missing = json!({ "action": "refund_order", "order": 1 });
    assert_eq!(world.tell(&changes, missing).await.0, 404);
    let order = world.get_json(&format!("orders/{}", order["id"])).await;
    assert_eq!(order["status"], "refunded");
    let gone = json!({ "action": "delete_product", "product": added["id"] });
    assert_eq!(world.tell(&changes, gone).await.0, 200);
    assert_eq!(world.look("/truth/digest").await, before);
}

#[tokio::test]
async fn faults_states_and_keys_are_set_and_requests_counted() {
    let world = World::of(20).await;
    let fault = json!({ "kind": "server_error", "status": 503, "operation": "products" });
    assert_eq!(world.tell(&format!("{HERE}/faults"), fault).await.0, 204);
    assert_eq!(world.get("system_status").await.status(), 200);
    assert_eq!(world.get("products").await.status(), 503);
    assert_eq!(world.get("products").await.status(), 200);

    let put = reqwest::Method::PUT;
    let closed = json!({ "state": "no_wordpress" });
    assert_eq!(
        world
            .steer(put.clone(), &format!("{HERE}/state"), closed)
            .await
            .0,
        204
    );
    let page = world.get("products").await;
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let open = json!({ "state": "open" });
    assert_eq!(
        world.steer(put, &format!("{HERE}/state"), open).await.0,
        204
    );

    let keys = format!("{HERE}/keys");
    assert_eq!(
        world
            .steer(reqwest::Method::DELETE, &keys, json!({}))
            .await
            .0,
        204
    );
    assert_eq!(world.get("products").await.status(), 401);
    let key = json!({ "consumer_key": KEY, "consumer_secret": SECRET });
    assert_eq!(world.tell(&keys, key).await.0, 204);
    assert_eq!(world.get("products").await.status(), 200);

    let counters = world.look("/counters").await;
    assert_eq!(counters["requests"], 6);
    assert_eq!(counters["faults"], 1);
    assert_eq!(counters["unauthorized"], 1);
    assert_eq!(counters["most_at_once"], 1);
    let log = world.server.sandbox().requests();
    assert_eq!(log.len(), 6);
    assert_eq!(log[0].operation.as_deref(), Some("system_status"));
    let text = serde_json::to_string(&log).unwrap();
    assert!(!text.contains(SECRET) && !text.contains(KEY));
}
