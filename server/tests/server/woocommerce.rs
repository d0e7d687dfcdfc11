//! A WooCommerce store: connected both ways, imported, kept up.

use calibr_sandbox::woocommerce::{ApiKey, Permissions, StoreChange, StoreSettings, StoreState};
use serde_json::json;

use crate::support::{
    Client, Scene, consent,
    platforms::{
        CONSUMER_KEY, CONSUMER_SECRET, STORE, begin_woocommerce, shown, store_form, usual_seller,
        usual_store,
    },
};

async fn scene_of(store: StoreSettings) -> Scene {
    Scene::of_platforms(usual_seller(1), store).await
}

async fn consented(scene: &Scene) -> String {
    let page = begin_woocommerce(&scene.shop, &scene.client).await;
    let back = consent::answer(&scene.client, &page, &[]).await;
    consent::connected(&scene.client.get(&back).await)
}

async fn assert_all_there(scene: &Scene) {
    assert_eq!(
        shown(&scene.client, "woocommerce").await,
        scene.shop.store_truth()
    );
}

#[tokio::test]
async fn consent_connects_and_everything_arrives_and_later_only_what_changed() {
    let scene = scene_of(StoreSettings {
        oddities: true,
        keys: Vec::new(),
        ..usual_store(300)
    })
    .await;
    let integration = consented(&scene).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_all_there(&scene).await;
    let card = scene.integration(&integration).await;
    assert_eq!(
        (&card["name"], &card["status"]),
        (&json!("Acme Outlet"), &json!("connected")),
        "{card}"
    );
    let counters = scene.shop.woocommerce().counters(STORE).unwrap();
    assert_eq!((counters.keys_issued, counters.unauthorized), (1, 0));
    let left = "SELECT count(*) FROM connect_attempts";
    assert_eq!(scene.database.number(left).await, 0);

    let (listing, _) = scene.shop.store_truth().into_iter().nth(150).unwrap();
    let change = StoreChange::UpdateListing {
        listing: listing.parse().unwrap(),
        regular_price: Some("123.45".to_owned()),
        sale_price: Some(String::new()),
        sku: None,
        stock: None,
    };
    scene.shop.woocommerce().change(STORE, change).unwrap();
    let run = scene.sync(&integration, "incremental").await;
    assert_eq!(
        (&run["status"], &run["items_updated"], &run["items_created"]),
        (&json!("success"), &json!(1), &json!(0)),
        "{run}"
    );
    assert_all_there(&scene).await;
}

#[tokio::test]
async fn by_hand_a_key_connects_and_a_revoked_one_is_replaced_by_consent() {
    let scene = scene_of(usual_store(40)).await;
    let form = store_form(&scene.shop.store_url(), CONSUMER_KEY, CONSUMER_SECRET);
    let tested = scene.test_form(&form).await;
    assert_eq!(
        (&tested["ok"], &tested["store_name"], &tested["currency"]),
        (&json!(true), &json!("Acme Outlet"), &json!("EUR")),
        "{tested}"
    );
    let integration = scene.connect_by(&form).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_all_there(&scene).await;

    scene.shop.woocommerce().revoke_keys(STORE).unwrap();
    assert_eq!(scene.test(&integration).await["ok"], false);
    assert_eq!(scene.integration(&integration).await["status"], "expired");
    assert_eq!(consented(&scene).await, integration);
    scene.newest_run_ended(&integration).await;
    assert_eq!(scene.test(&integration).await["ok"], true);
    let run = scene.sync(&integration, "full").await;
    assert_eq!(run["status"], "success", "{run}");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words_and_nothing_is_kept() {
    let scene = scene_of(usual_store(1)).await;
    let woo = scene.shop.woocommerce();
    let reader = ApiKey {
        permissions: Permissions::Read,
        ..ApiKey::new("ck_reader", "cs_reader")
    };
    woo.add_key(STORE, reader).unwrap();
    let url = scene.shop.store_url();
    let nowhere = format!("{}/nowhere", scene.shop.server.base_url());
    let secure = url.replace("http://", "https://");
    let integrations = Client::in_project("integrations");
    let refused = async |form: serde_json::Value, words: &str| {
        let tested = scene.test_form(&form).await;
        assert_eq!(tested["ok"], false, "{tested}");
        let answer = scene.client.post(&integrations, &form).await;
        let problem = answer.problem(502, "platform");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
        assert_eq!(tested["message"], problem["detail"]);
    };
    refused(
        store_form(&url, CONSUMER_KEY, "cs_wrong"),
        "does not accept the consumer key",
    )
    .await;
    refused(store_form(&url, "ck_reader", "cs_reader"), "Read/Write").await;
    refused(
        store_form(&nowhere, CONSUMER_KEY, CONSUMER_SECRET),
        "There is no WordPress REST API",
    )
    .await;
    refused(
        store_form(&secure, CONSUMER_KEY, CONSUMER_SECRET),
        "does not speak TLS",
    )
    .await;
    woo.set_state(STORE, StoreState::NoWoocommerce).unwrap();
    refused(
        store_form(&url, CONSUMER_KEY, CONSUMER_SECRET),
        "without WooCommerce",
    )
    .await;
    assert!(scene.client.all(&integrations).await.is_empty());
}

#[tokio::test]
async fn keys_go_over_http_only_where_the_operator_allowed_the_host() {
    let mut scene = scene_of(usual_store(1)).await;
    scene.launch = scene.launch.clone().variable("OUTBOUND_ALLOW", "");
    scene.console = scene.launch.start().await;
    let client = scene.console.client();
    client.set_cookie(&scene.client.cookie().unwrap());
    let url = scene.shop.store_url();
    let form = store_form(&url, CONSUMER_KEY, CONSUMER_SECRET);
    let answer = client
        .post(&Client::in_project("integrations"), &form)
        .await;
    let by_hand = answer.problem(422, "invalid");
    let start = format!("/api/oauth/woocommerce/start?project=acme&url={url}");
    let one_click = client.get(&start).await.problem(422, "invalid");
    for problem in [by_hand, one_click] {
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("OUTBOUND_ALLOW=127.0.0.1"), "{detail}");
    }
    assert_eq!(
        scene.shop.woocommerce().counters(STORE).unwrap().requests,
        0
    );
}
