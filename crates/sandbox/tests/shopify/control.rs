//! Steering the sandbox over HTTP.

use serde_json::{Value, json};

use crate::support::{SHOP, TOKEN, World, lines};

impl World {
    async fn get(&self, path: &str) -> Value {
        self.client
            .get(self.url(path))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let response = self
            .client
            .post(self.url(path))
            .json(&body)
            .send()
            .await
            .unwrap();
        (
            response.status().as_u16(),
            response.json().await.unwrap_or_default(),
        )
    }
}

const HERE: &str = "/_sandbox/shopify/shops/acme.myshopify.com";

#[tokio::test]
async fn shops_and_apps_are_made() {
    let world = World::of(100).await;
    let shop = json!({
        "domain": "second.myshopify.com", "name": "Second", "variants": 250, "seed": 3,
        "currency": "JPY", "time_zone": "Asia/Tokyo", "oddities": true, "plan": "advanced",
        "tokens": [{ "token": "shpat_second", "scopes": ["read_products"] }],
    });
    assert_eq!(
        world.post("/_sandbox/shopify/shops", shop.clone()).await.0,
        201
    );
    assert_eq!(world.post("/_sandbox/shopify/shops", shop).await.0, 409);
    let bad = json!({ "domain": "shop.example" });
    assert_eq!(world.post("/_sandbox/shopify/shops", bad).await.0, 422);
    let shops = world.get("/_sandbox/shopify/shops").await;
    assert_eq!(shops, json!({ "shops": [SHOP, "second.myshopify.com"] }));

    let answer = world
        .client
        .post(world.url("/second.myshopify.com/admin/api/2026-07/graphql.json"))
        .header("X-Shopify-Access-Token", "shpat_second")
        .json(&json!({ "query": "{ shop { name ianaTimezone } productVariants(first: 1) { nodes { price } } }" }))
        .send()
        .await
        .unwrap();
    let data = answer.json::<Value>().await.unwrap()["data"].take();
    assert_eq!(
        data["shop"],
        json!({ "name": "Second", "ianaTimezone": "Asia/Tokyo" })
    );
    assert!(
        !data["productVariants"]["nodes"][0]["price"]
            .as_str()
            .unwrap()
            .contains('.')
    );

    let app = json!({ "client_id": "new", "client_secret": "s", "name": "New app",
        "redirect_prefixes": ["http://127.0.0.1:9/"] });
    assert_eq!(world.post("/_sandbox/shopify/apps", app).await.0, 204);
    let ask = "/admin/oauth/authorize?client_id=new&scope=read_products&redirect_uri=http://127.0.0.1:9/x";
    assert_eq!(
        world
            .client
            .get(world.url(ask))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn goods_are_changed_and_the_truth_follows() {
    let world = World::of(100).await;
    let before = world.get(&format!("{HERE}/truth/digest")).await;
    assert_eq!(before["variants"], 100);
    let change = json!({ "action": "add_product", "title": "Neu",
        "variants": [{ "sku": "N-1", "price": "9.99" }, { "price": "10" }] });

    let (status, added) = world.post(&format!("{HERE}/changes"), change).await;
    assert_eq!(status, 200);
    let first = added["variant_ids"][0].clone();
    let change =
        json!({ "action": "update_variant", "variant": first, "price": "8.00", "stock": 4 });
    assert_eq!(world.post(&format!("{HERE}/changes"), change).await.0, 200);
    let change = json!({ "action": "delete_variant", "variant": added["variant_ids"][1] });
    assert_eq!(world.post(&format!("{HERE}/changes"), change).await.0, 200);
    let change = json!({ "action": "delete_variant", "variant": "gid://shopify/ProductVariant/1" });
    assert_eq!(world.post(&format!("{HERE}/changes"), change).await.0, 404);

    let truth = world
        .client
        .get(world.url(&format!("{HERE}/truth")))
        .send()
        .await
        .unwrap();
    let truth = lines(&truth.text().await.unwrap());
    assert_eq!(truth.len(), 101);
    let last = truth.last().unwrap();
    assert_eq!(
        (&last["variant_id"], &last["price"], &last["stock"]),
        (&first, &json!("8.00"), &json!(4))
    );
    assert_ne!(world.get(&format!("{HERE}/truth/digest")).await, before);
}

#[tokio::test]
async fn faults_states_tokens_and_time_are_set() {
    let world = World::of(100).await;
    let ask = async || {
        world
            .request("query Q { shop { id } }", json!({}))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };

    let fault = json!({ "kind": "server_error", "status": 503, "operation": "Q" });
    assert_eq!(world.post(&format!("{HERE}/faults"), fault).await.0, 204);
    assert_eq!(world.get(&format!("{HERE}/faults")).await[0]["times"], 1);
    assert_eq!((ask().await, ask().await), (503, 200));

    let state = world
        .client
        .put(world.url(&format!("{HERE}/state")))
        .json(&json!({ "state": "frozen" }));
    assert_eq!(state.send().await.unwrap().status(), 204);
    assert_eq!(ask().await, 402);
    let state = world
        .client
        .put(world.url(&format!("{HERE}/state")))
        .json(&json!({ "state": "open" }));
    assert_eq!(state.send().await.unwrap().status(), 204);

    assert_eq!(
        world
            .post(&format!("{HERE}/tokens/revoke"), json!({}))
            .await
            .0,
        204
    );
    assert_eq!(ask().await, 401);
    let token = json!({ "app": "again", "token": TOKEN, "scopes": ["read_products"] });
    assert_eq!(world.post(&format!("{HERE}/tokens"), token).await.0, 204);
    assert_eq!(ask().await, 200);

    let (_, later) = world
        .post("/_sandbox/clock/advance", json!({ "seconds": 60 }))
        .await;
    assert_eq!(later["now"], "2026-09-21T14:14:20Z");
    assert_eq!(
        world.get(&format!("{HERE}/counters")).await["unauthorized"],
        1
    );
}

#[tokio::test]
async fn requests_are_logged_without_secrets() {
    let world = World::of(100).await;
    world.data("query Name { shop { name } }", json!({})).await;
    let url = world.url(&format!("/{SHOP}/admin/oauth/access_token"));
    let form = [
        ("client_id", "calibr"),
        ("client_secret", "hush"),
        ("code", "c0de"),
    ];
    world.client.post(url).form(&form).send().await.unwrap();

    let log = world.get("/_sandbox/requests").await;

    let requests = log["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0]["operation"], "Name");
    assert_eq!(requests[0]["status"], 200);
    assert_eq!(
        requests[1]["path"],
        "/acme.myshopify.com/admin/oauth/access_token"
    );
    assert_eq!(requests[1]["status"], 400);
    let text = log.to_string();
    assert!(
        ![TOKEN, "hush", "c0de"]
            .iter()
            .any(|secret| text.contains(secret))
    );
}

#[tokio::test]
async fn the_same_seed_and_moment_give_the_same_goods() {
    let world = World::of(100).await;
    let shop = |domain: &str| {
        json!({ "domain": domain, "variants": 300, "seed": 5, "oddities": true,
            "made_at": "2026-01-01T00:00:00Z" })
    };
    world
        .post("/_sandbox/shopify/shops", shop("one.myshopify.com"))
        .await;
    world
        .post("/_sandbox/clock/advance", json!({ "seconds": 86_400 }))
        .await;
    world
        .post("/_sandbox/shopify/shops", shop("two.myshopify.com"))
        .await;

    let digest = |domain: &str| world.shopify().digest(domain).unwrap();

    assert_eq!(digest("one.myshopify.com"), digest("two.myshopify.com"));
}
