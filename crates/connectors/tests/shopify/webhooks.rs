//! Subscriptions, and the messages that come of them.

use calibr_connectors::{
    Connector, CredentialSet, Fault, FixedCredentials,
    webhooks::{Delivery, Meaning, Received, WebhookEvent, WebhookRefusal},
};
use calibr_sandbox::{
    FaultKind,
    shopify::{App, Change, DeliveryManner, NewOrder, NewOrderLine, OrderChange},
};
use chrono::TimeDelta;
use secrecy::SecretString;
use tokio::sync::mpsc::UnboundedReceiver;
use url::Url;

use crate::{
    console::{Posted, console},
    harness::{CUSTOM_SECRET, SHOP, Scene, TOKEN, on_api},
};

/// How the sandbox calls the app that the scene's token is of.
const CUSTOM_APP: &str = "custom-app-1";

fn receive(scene: &Scene, posted: &Posted, secret: &str) -> Result<Received, WebhookRefusal> {
    let delivery = Delivery {
        headers: posted.0.clone(),
        body: posted.1.clone().into(),
        received_at: scene.now(),
    };
    let receiver = scene.connector.webhook_receiver().unwrap();
    receiver.receive(&delivery, &[SecretString::from(secret)])
}

async fn event(scene: &Scene, posted: &mut UnboundedReceiver<Posted>) -> WebhookEvent {
    let message = posted.recv().await.unwrap();
    match receive(scene, &message, CUSTOM_SECRET) {
        Ok(Received::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

/// A shop whose custom app is known, and a console that is subscribed.
async fn subscribed(topics: &[&str], status: u16) -> (Scene, Url, UnboundedReceiver<Posted>) {
    let scene = Scene::usual().await;
    scene.shopify().register_app(App {
        client_id: CUSTOM_APP.to_owned(),
        client_secret: CUSTOM_SECRET.to_owned(),
        name: "Of the merchant's own".to_owned(),
        redirect_prefixes: Vec::new(),
    });
    let (address, posted) = console(status).await;
    let store = scene.store();
    for topic in topics {
        let target = store.webhooks().unwrap();
        target
            .subscribe(topic, &address, &"-".into())
            .await
            .unwrap();
    }
    (scene, address, posted)
}

fn rename(scene: &Scene, title: &str) -> String {
    let product = scene.truth().into_values().next().unwrap().product_id;
    let change = Change::UpdateProduct {
        product,
        title: Some(title.to_owned()),
        status: None,
    };
    scene.shopify().change(SHOP, change).unwrap().product_id
}

fn place(scene: &Scene) -> String {
    let variant = scene.truth().into_values().next().unwrap().variant_id;
    let line = NewOrderLine {
        variant: Some(variant),
        sku: None,
        quantity: 1,
        discount: None,
    };
    let order = NewOrder {
        lines: vec![line],
        test: false,
    };
    scene.shopify().place_order(SHOP, &order).unwrap()
}

fn orders_changed(order: &str) -> Meaning {
    Meaning::OrdersChanged {
        order_external_id: Some(order.to_owned()),
    }
}

#[tokio::test]
async fn what_is_subscribed_to_is_listed_and_ended() {
    let (scene, address, _posted) = subscribed(&[], 200).await;
    let store = scene.store();
    let target = store.webhooks().unwrap();
    assert!(
        target
            .topics()
            .iter()
            .all(|topic| !topic.starts_with("INVENTORY"))
    );
    for topic in target.topics() {
        let created = target
            .subscribe(topic, &address, &"-".into())
            .await
            .unwrap();
        assert_eq!((created.topic.as_str(), created.active), (*topic, true));
        // Again, as after an answer that was lost.
        let again = target
            .subscribe(topic, &address, &"-".into())
            .await
            .unwrap();
        assert_eq!(again, created);
    }
    let listed = target.subscriptions().await.unwrap();
    assert_eq!(listed.len(), target.topics().len());
    assert!(listed.iter().all(|known| known.address == address.as_str()));

    let first = &listed[0].external_id;
    target.unsubscribe(first).await.unwrap();
    target.unsubscribe(first).await.unwrap();
    target.unsubscribe("no id").await.unwrap();
    assert_eq!(
        target.subscriptions().await.unwrap().len(),
        listed.len() - 1
    );
}

#[tokio::test]
async fn a_subscription_whose_answer_was_lost_is_made_once() {
    let (scene, address, _posted) = subscribed(&[], 200).await;
    scene.fails(on_api(FaultKind::CutConnection).of_operation("CalibrCreateWebhook"));
    let store = scene.store();
    let target = store.webhooks().unwrap();
    let made = target
        .subscribe("PRODUCTS_UPDATE", &address, &"-".into())
        .await
        .unwrap();
    assert_eq!(target.subscriptions().await.unwrap(), [made]);
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_said_in_words() {
    let (scene, address, _posted) = subscribed(&[], 200).await;
    let reading = scene.store_with_scopes(&["read_products"]);
    let target = reading.webhooks().unwrap();
    assert!(
        target
            .subscribe("PRODUCTS_UPDATE", &address, &"-".into())
            .await
            .is_ok()
    );
    let error = target
        .subscribe("ORDERS_CREATE", &address, &"-".into())
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::MissingScope);
    let plain: Url = "http://console.example/hook".parse().unwrap();
    let error = target
        .subscribe("PRODUCTS_UPDATE", &plain, &"-".into())
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::Refused);
    insta::assert_snapshot!(error, @"acme.myshopify.com does not send messages of PRODUCTS_UPDATE: Address is invalid");
}

#[tokio::test]
async fn messages_that_nobody_could_verify_are_not_asked_for() {
    let (scene, address, _posted) = subscribed(&[], 200).await;
    let token = [("access_token".to_owned(), SecretString::from(TOKEN))];
    let credentials = FixedCredentials::new(CredentialSet::new(token, None));
    let store = scene.store_with(credentials);
    let target = store.webhooks().unwrap();
    let error = target
        .subscribe("PRODUCTS_UPDATE", &address, &"-".into())
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::Config);
    assert!(error.message.contains("API secret key"), "{error}");
    assert_eq!(scene.asked("CalibrCreateWebhook"), 0);
}

#[tokio::test]
async fn what_happens_at_the_shop_is_told_by_signed_messages_without_names() {
    let topics = [
        "PRODUCTS_UPDATE",
        "ORDERS_CREATE",
        "REFUNDS_CREATE",
        "PRODUCTS_DELETE",
    ];
    let (scene, _, mut posted) = subscribed(&topics, 200).await;
    let product = rename(&scene, "New name");
    let message = posted.recv().await.unwrap();
    assert_eq!(
        receive(&scene, &message, "another secret"),
        Err(WebhookRefusal::NotGenuine)
    );
    let Ok(Received::Event(renamed)) = receive(&scene, &message, CUSTOM_SECRET) else {
        panic!("a genuine event");
    };
    assert_eq!(renamed.topic, "PRODUCTS_UPDATE");
    let changed = Meaning::CatalogueChanged {
        product_external_id: Some(product.clone()),
    };
    assert_eq!(renamed.means, changed);

    let order = place(&scene);
    let (one, other) = (
        event(&scene, &mut posted).await,
        event(&scene, &mut posted).await,
    );
    let means = [one.means, other.means];
    assert!(means.contains(&orders_changed(&order)) && means.contains(&changed));
    let refund = OrderChange::Refund {
        line: Some(0),
        units: None,
    };
    scene.shopify().change_order(SHOP, &order, &refund).unwrap();
    let message = posted.recv().await.unwrap();
    let body = String::from_utf8(message.1.clone()).unwrap();
    assert!(!body.contains("Jane") && !body.contains('@'), "{body}");
    let Ok(Received::Event(refunded)) = receive(&scene, &message, CUSTOM_SECRET) else {
        panic!("a genuine event");
    };
    assert_eq!(
        (refunded.topic.as_str(), refunded.means),
        ("REFUNDS_CREATE", orders_changed(&order))
    );

    let delete = Change::DeleteProduct {
        product: product.clone(),
    };
    scene.shopify().change(SHOP, delete).unwrap();
    let deleted = event(&scene, &mut posted).await;
    assert_eq!(
        deleted.means,
        Meaning::ProductDeleted {
            product_external_id: product
        }
    );
}

#[tokio::test]
async fn the_end_of_the_access_is_told() {
    let (scene, _, mut posted) = subscribed(&["APP_UNINSTALLED"], 200).await;
    scene.shopify().revoke_tokens(SHOP).unwrap();
    assert_eq!(
        event(&scene, &mut posted).await.means,
        Meaning::AccessRevoked
    );
}

#[tokio::test]
async fn the_same_message_twice_has_one_key_and_messages_of_one_event_have_two() {
    let (scene, _, mut posted) = subscribed(&["ORDERS_CREATE", "ORDERS_UPDATED"], 200).await;
    let manner = DeliveryManner {
        twice: true,
        held: false,
    };
    scene.shopify().set_delivery_manner(SHOP, manner).unwrap();
    place(&scene);
    let mut keys = Vec::new();
    let mut events = Vec::new();
    for _ in 0..4 {
        let message = posted.recv().await.unwrap();
        let event_id = message
            .0
            .iter()
            .find(|(name, _)| name == "x-shopify-event-id");
        events.push(event_id.unwrap().1.clone());
        match receive(&scene, &message, CUSTOM_SECRET) {
            Ok(Received::Event(event)) => keys.push(event.dedupe_key),
            other => panic!("{other:?}"),
        }
    }
    keys.sort();
    keys.dedup();
    events.dedup();
    assert_eq!((keys.len(), events.len()), (2, 1));
}

#[tokio::test]
async fn messages_out_of_order_say_when_each_happened() {
    let (scene, _, mut posted) = subscribed(&["PRODUCTS_UPDATE"], 200).await;
    let held = |held| {
        let manner = DeliveryManner { twice: false, held };
        scene.shopify().set_delivery_manner(SHOP, manner).unwrap();
    };
    held(true);
    for title in ["One", "Two"] {
        rename(&scene, title);
        scene
            .server
            .sandbox()
            .clock()
            .advance(TimeDelta::minutes(1));
    }
    held(false);
    let (first, second) = (
        event(&scene, &mut posted).await,
        event(&scene, &mut posted).await,
    );
    assert!(first.happened_at > second.happened_at);
    assert_ne!(first.dedupe_key, second.dedupe_key);
}

#[tokio::test]
async fn an_old_message_is_not_believed() {
    let (scene, _, mut posted) = subscribed(&["PRODUCTS_UPDATE"], 200).await;
    rename(&scene, "New name");
    let message = posted.recv().await.unwrap();
    scene.server.sandbox().clock().advance(TimeDelta::hours(7));
    assert_eq!(
        receive(&scene, &message, CUSTOM_SECRET),
        Err(WebhookRefusal::TooOld)
    );
}

#[tokio::test]
async fn attempts_at_a_message_share_a_key_and_after_the_last_the_subscription_is_gone() {
    let (scene, _, mut posted) = subscribed(&["PRODUCTS_UPDATE"], 500).await;
    rename(&scene, "New name");
    let mut keys = vec![event(&scene, &mut posted).await.dedupe_key];
    for attempt in 1..8 {
        // The shop notes the failure after it has read the answer.
        while scene.shopify().deliveries(SHOP).unwrap().len() < attempt {
            tokio::task::yield_now().await;
        }
        // And then begins to wait: whoever waits is woken by any move.
        while posted.is_empty() {
            scene
                .server
                .sandbox()
                .clock()
                .advance(TimeDelta::minutes(5));
            tokio::task::yield_now().await;
        }
        let message = posted.recv().await.unwrap();
        let key = message
            .0
            .iter()
            .find(|(name, _)| name == "x-shopify-webhook-id");
        keys.push(key.unwrap().1.clone());
    }
    keys.dedup();
    assert_eq!(keys.len(), 1);
    let store = scene.store();
    let target = store.webhooks().unwrap();
    while !target.subscriptions().await.unwrap().is_empty() {}
    assert_eq!(scene.shopify().deliveries(SHOP).unwrap().len(), 8);
}
