//! Messages to subscribers: what they hold, how they are tried again, and when that ends.

use calibr_sandbox::shopify::{App, Change, DeliveryManner, SentMessage, StaticToken};
use serde_json::{Value, json};

use crate::hook::{header, hook};
use crate::support::{SHOP, World};

const CREATE: &str = "mutation($topic: WebhookSubscriptionTopic!, $of: WebhookSubscriptionInput!) {
    made: webhookSubscriptionCreate(topic: $topic, webhookSubscription: $of) {
    webhookSubscription { id } userErrors { field message } } }";

async fn subscribe(world: &World, topic: &str, uri: &str, fields: &[&str]) -> Value {
    let of = json!({ "uri": uri, "includeFields": fields });
    let variables = json!({ "topic": topic, "of": of });
    world.data(CREATE, variables).await["made"].take()
}

fn rename(world: &World, title: &str) {
    let product = world
        .shopify()
        .truth(SHOP)
        .unwrap()
        .next()
        .unwrap()
        .product_id;
    let change = Change::UpdateProduct {
        product,
        title: Some(title.to_owned()),
        status: None,
    };
    world.shopify().change(SHOP, change).unwrap();
}

fn body(message: &str) -> Value {
    serde_json::from_str(message.split_once("\r\n\r\n").unwrap().1).unwrap()
}

async fn sent(world: &World, count: usize) -> Vec<SentMessage> {
    loop {
        let sent = world.shopify().deliveries(SHOP).unwrap();
        if sent.len() >= count {
            return sent;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_message_is_signed_and_holds_what_was_asked_for() {
    let world = World::of(50).await;
    let (url, mut heard) = hook(200).await;
    subscribe(&world, "PRODUCTS_UPDATE", &url, &["id", "updated_at"]).await;
    subscribe(&world, "PRODUCTS_DELETE", &url, &[]).await;
    rename(&world, "New");
    let unsigned = heard.recv().await.unwrap();
    assert_eq!(
        header(&unsigned, "X-Shopify-Topic"),
        Some("products/update")
    );
    assert_eq!(header(&unsigned, "X-Shopify-Shop-Domain"), Some(SHOP));
    let held = body(&unsigned);
    let fields: Vec<_> = held.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["id", "updated_at"]);

    // Signed with the secret of the app of that name, once there is one.
    world.shopify().register_app(App {
        client_id: "custom-app-1".to_owned(),
        client_secret: "hush".to_owned(),
        name: "Custom".to_owned(),
        redirect_prefixes: Vec::new(),
    });
    rename(&world, "New");
    let signed = heard.recv().await.unwrap();
    assert_eq!(body(&signed), held);
    let signature = |message: &str| header(message, "X-Shopify-Hmac-Sha256").map(str::to_owned);
    assert_ne!(signature(&signed), signature(&unsigned));
    assert_ne!(
        header(&signed, "X-Shopify-Webhook-Id"),
        header(&unsigned, "X-Shopify-Webhook-Id")
    );

    let product = world
        .shopify()
        .truth(SHOP)
        .unwrap()
        .next()
        .unwrap()
        .product_id;
    world
        .shopify()
        .change(SHOP, Change::DeleteProduct { product })
        .unwrap();
    let deleted = heard.recv().await.unwrap();
    assert_eq!(body(&deleted).as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn prices_set_by_an_app_are_told_as_well() {
    let world = World::of(50).await;
    let (url, mut heard) = hook(200).await;
    subscribe(&world, "PRODUCTS_UPDATE", &url, &[]).await;
    let variant = world.shopify().truth(SHOP).unwrap().next().unwrap();
    let update = "mutation($id: ID!, $variants: [ProductVariantsBulkInput!]!) {
        productVariantsBulkUpdate(productId: $id, variants: $variants) { userErrors { message } } }";
    let prices = json!([{ "id": variant.variant_id, "price": "7.77" }]);
    let variables = json!({ "id": variant.product_id, "variants": prices });
    world.data(update, variables).await;
    let told = body(&heard.recv().await.unwrap());
    assert_eq!(told["admin_graphql_api_id"], variant.product_id);
    assert!(
        told["variants"]
            .as_array()
            .unwrap()
            .iter()
            .any(|known| known["price"] == "7.77")
    );
}

#[tokio::test]
async fn eight_attempts_in_four_hours_and_then_the_subscription_is_deleted() {
    let world = World::of(50).await;
    let (url, mut heard) = hook(503).await;
    subscribe(&world, "PRODUCTS_UPDATE", &url, &["id"]).await;
    rename(&world, "New");
    heard.recv().await.unwrap();
    let begun = sent(&world, 1).await;
    let clock = world.server.sandbox().clock();
    let mut minutes = 0;
    for attempt in 2..=8 {
        while heard.is_empty() {
            clock.advance(chrono::TimeDelta::minutes(1));
            minutes += 1;
            tokio::task::yield_now().await;
        }
        heard.recv().await.unwrap();
        assert_eq!(sent(&world, attempt).await.len(), attempt);
    }
    // More, where the clock was moved before the shop had begun to wait.
    assert!(minutes >= 240, "{minutes}");
    let sent = sent(&world, 8).await;
    assert!(
        sent.iter()
            .all(|known| known.webhook_id == begun[0].webhook_id)
    );
    assert!(sent.iter().map(|known| known.attempt).eq(1..=8));
    while !world.shopify().subscriptions(SHOP).unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    rename(&world, "Unheard");
    assert_eq!(world.shopify().deliveries(SHOP).unwrap().len(), 8);
}

#[tokio::test]
async fn messages_come_twice_and_the_wrong_way_round_on_demand() {
    let world = World::of(50).await;
    let (url, mut heard) = hook(200).await;
    subscribe(&world, "PRODUCTS_UPDATE", &url, &["title"]).await;
    let manner = async |manner: DeliveryManner| {
        let url = world.url(&format!("/_sandbox/shopify/shops/{SHOP}/deliveries/manner"));
        let answer = world.client.put(url).json(&manner).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    };
    let plain = DeliveryManner::default();
    manner(DeliveryManner {
        held: true,
        ..plain
    })
    .await;
    rename(&world, "One");
    rename(&world, "Two");
    manner(DeliveryManner {
        twice: true,
        ..plain
    })
    .await;
    for title in ["Two", "One"] {
        assert_eq!(body(&heard.recv().await.unwrap())["title"], title);
    }
    rename(&world, "Three");
    let (first, second) = (heard.recv().await.unwrap(), heard.recv().await.unwrap());
    assert_eq!(first, second);
}

#[tokio::test]
async fn messages_of_orders_need_their_scope_and_end_with_the_app() {
    let world = World::of(50).await;
    let (url, mut heard) = hook(200).await;
    for topic in ["ORDERS_CREATE", "APP_UNINSTALLED"] {
        subscribe(&world, topic, &url, &[]).await;
    }
    let listed = world.url(&format!("/_sandbox/shopify/shops/{SHOP}/subscriptions"));
    let listed: Value = world
        .client
        .get(listed)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(listed["subscriptions"].as_array().unwrap().len(), 2);
    world.shopify().revoke_tokens(SHOP).unwrap();
    let told = heard.recv().await.unwrap();
    assert_eq!(body(&told)["myshopify_domain"], SHOP);
    assert_eq!(world.shopify().subscriptions(SHOP).unwrap(), []);
    let token = StaticToken {
        token: "few".to_owned(),
        scopes: vec!["read_products".to_owned()],
    };
    world.shopify().add_token(SHOP, "few", token).unwrap();
    let world = world.token("few");
    let denied = subscribe(&world, "ORDERS_CREATE", &url, &[]).await;
    assert_eq!(
        denied["userErrors"][0]["field"],
        json!(["webhookSubscription", "topic"])
    );
}
