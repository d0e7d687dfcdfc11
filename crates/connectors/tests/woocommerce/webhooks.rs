//! Subscriptions, and the messages that come of them.

use calibr_connectors::{
    Connector,
    webhooks::{Delivery, Meaning, Received, WebhookRefusal},
};
use calibr_sandbox::woocommerce::StoreChange;
use secrecy::SecretString;

use crate::console::{Posted, console};
use crate::harness::{STORE, Scene, sources};

const SIGNING: &str = "a secret of the console's own";

fn receive(scene: &Scene, posted: Posted, secret: &str) -> Result<Received, WebhookRefusal> {
    let (headers, body) = posted;
    let delivery = Delivery {
        headers,
        body: body.into(),
        received_at: sources().now(),
    };
    let receiver = scene.connector.webhook_receiver().unwrap();
    receiver.receive(&delivery, &[SecretString::from(secret)])
}

fn rename(scene: &Scene, product: u64, title: &str) {
    scene.change(StoreChange::UpdateProduct {
        product,
        title: Some(title.to_owned()),
        status: None,
    });
}

#[tokio::test]
async fn what_is_subscribed_to_is_listed_and_ended() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let target = store.webhooks().unwrap();
    let (address, _posted) = console(200).await;
    for topic in target.topics() {
        let created = target
            .subscribe(topic, &address, &SIGNING.into())
            .await
            .unwrap();
        assert_eq!((created.topic.as_str(), created.active), (*topic, true));
    }
    let listed = target.subscriptions().await.unwrap();
    assert_eq!(listed.len(), target.topics().len());
    assert!(listed.iter().all(|known| known.address == address.as_str()));

    let (first, second) = (&listed[0].external_id, &listed[1].external_id);
    let paused = scene
        .woo()
        .set_webhook_status(STORE, first.parse().unwrap(), "paused");
    assert!(paused.unwrap());
    assert!(!target.subscriptions().await.unwrap()[0].active);
    target.unsubscribe(first).await.unwrap();
    target.unsubscribe(second).await.unwrap();
    target.unsubscribe(first).await.unwrap();
    target.unsubscribe("no number").await.unwrap();
    assert_eq!(
        target.subscriptions().await.unwrap().len(),
        listed.len() - 2
    );
}

#[tokio::test]
async fn a_ping_comes_first_and_events_are_signed() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let (address, mut posted) = console(200).await;
    let target = store.webhooks().unwrap();
    for topic in ["product.updated", "order.created"] {
        target
            .subscribe(topic, &address, &SIGNING.into())
            .await
            .unwrap();
        let ping = posted.recv().await.unwrap();
        assert_eq!(receive(&scene, ping, SIGNING), Ok(Received::Ping));
    }

    let product = scene.simple()[0].id;
    rename(&scene, product, "New name");
    let message = posted.recv().await.unwrap();
    assert_eq!(
        receive(&scene, message.clone(), "another secret"),
        Err(WebhookRefusal::NotGenuine)
    );
    let Ok(Received::Event(event)) = receive(&scene, message, SIGNING) else {
        panic!("a genuine event");
    };
    assert_eq!(event.topic, "product.updated");
    assert_eq!(
        event.means,
        Meaning::CatalogueChanged {
            product_external_id: Some(product.to_string())
        }
    );

    let order = StoreChange::PlaceOrder {
        lines: vec![(product, 1)],
        status: None,
    };
    let order = scene.change(order).id;
    let Ok(Received::Event(event)) = receive(&scene, posted.recv().await.unwrap(), SIGNING) else {
        panic!("a genuine event");
    };
    assert_eq!(
        event.means,
        Meaning::OrdersChanged {
            order_external_id: Some(order.to_string())
        }
    );
}

#[tokio::test]
async fn events_that_share_a_delivery_id_are_told_apart() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let (address, mut posted) = console(200).await;
    let target = store.webhooks().unwrap();
    target
        .subscribe("product.updated", &address, &SIGNING.into())
        .await
        .unwrap();
    posted.recv().await.unwrap();
    let product = scene.simple()[0].id;
    let mut keys = Vec::new();
    for title in ["One", "Two"] {
        rename(&scene, product, title);
        let message = posted.recv().await.unwrap();
        match receive(&scene, message, SIGNING) {
            Ok(Received::Event(event)) => keys.push(event.dedupe_key),
            other => panic!("{other:?}"),
        }
    }
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_subscription_that_the_store_switched_off_shows() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let (address, mut posted) = console(500).await;
    let target = store.webhooks().unwrap();
    target
        .subscribe("product.updated", &address, &SIGNING.into())
        .await
        .unwrap();
    posted.recv().await.unwrap();
    let product = scene.simple()[0].id;
    for attempt in 0..5 {
        rename(&scene, product, &format!("Name {attempt}"));
        posted.recv().await.unwrap();
    }
    // The store notes the failure after it has read the answer.
    while scene.woo().deliveries(STORE).unwrap().len() < 6 {
        tokio::task::yield_now().await;
    }
    assert!(!target.subscriptions().await.unwrap()[0].active);
}
