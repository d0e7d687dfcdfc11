//! Webhooks: the ping, the shared delivery ids, and when sending stops.

use calibr_sandbox::woocommerce::{SentWebhook, StoreChange};
use serde_json::json;

use crate::hook::{header, hook};
use crate::support::{STORE, World};

fn rename(world: &World, title: &str) {
    world.change(StoreChange::UpdateProduct {
        product: world.simple().product_id,
        title: Some(title.to_owned()),
        status: None,
    });
}

async fn sent(world: &World, count: usize) -> Vec<SentWebhook> {
    loop {
        let sent = world.woo().deliveries(STORE).unwrap();
        if sent.len() >= count {
            return sent;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_new_webhook_is_pinged_and_then_sent_signed_events() {
    let world = World::of(50).await;
    let (url, mut heard) = hook(200).await;
    let webhook = json!({ "topic": "product.updated", "delivery_url": url, "secret": "s" });
    let (status, created) = world.post("webhooks", webhook).await;
    assert_eq!((status, &created["status"]), (201, &json!("active")));
    assert!(created.get("secret").is_none());
    let ping = heard.recv().await.unwrap();
    assert!(ping.ends_with("\r\n\r\nwebhook_id=1"), "{ping}");
    assert_eq!(header(&ping, "X-WC-Webhook-Signature"), None);

    rename(&world, "One");
    rename(&world, "Two");
    let (first, second) = (heard.recv().await.unwrap(), heard.recv().await.unwrap());
    let delivery = |message: &str| header(message, "X-WC-Webhook-Delivery-ID").map(str::to_owned);
    assert!(delivery(&first).is_some());
    assert_eq!(
        delivery(&first),
        delivery(&second),
        "events of one second share it"
    );
    let signature = |message: &str| header(message, "X-WC-Webhook-Signature").map(str::to_owned);
    assert!(signature(&first).is_some());
    assert_ne!(signature(&first), signature(&second));
    assert_eq!(
        header(&first, "X-WC-Webhook-Topic"),
        Some("product.updated")
    );
}

#[tokio::test]
async fn five_failures_switch_a_webhook_off_in_silence() {
    let world = World::of(50).await;
    let (url, mut heard) = hook(500).await;
    let webhook = json!({ "topic": "product.updated", "delivery_url": url });
    world.post("webhooks", webhook).await;
    heard.recv().await.unwrap();
    for attempt in 1..=5 {
        rename(&world, "Again");
        heard.recv().await.unwrap();
        sent(&world, attempt + 1).await;
    }
    let list = world.get_json("webhooks").await;
    assert_eq!(list[0]["status"], "disabled");
    rename(&world, "Unheard");
    assert_eq!(sent(&world, 6).await.len(), 6);
}

#[tokio::test]
async fn webhooks_are_checked_listed_and_deleted() {
    let world = World::of(20).await;
    let bad_topic = json!({ "topic": "nothing", "delivery_url": "http://127.0.0.1:9/" });
    assert_eq!(world.post("webhooks", bad_topic).await.0, 400);
    let bad_url = json!({ "topic": "order.created", "delivery_url": "nowhere" });
    assert_eq!(world.post("webhooks", bad_url).await.0, 400);
    let good = json!({ "topic": "order.created", "delivery_url": "http://127.0.0.1:9/" });
    let id = world.post("webhooks", good).await.1["id"].as_u64().unwrap();
    let delete = async |query: &str| {
        let route = format!("webhooks/{id}{query}");
        world
            .send(reqwest::Method::DELETE, &route, json!({}))
            .await
            .0
    };
    assert_eq!(delete("").await, 501);
    assert_eq!(delete("?force=true").await, 200);
    assert_eq!(delete("?force=true").await, 404);
}
