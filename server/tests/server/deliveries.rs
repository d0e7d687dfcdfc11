//! Credentials that a store's server delivers while the browser is still on its consent page.

use calibr_sandbox::woocommerce::StoreSettings;
use serde_json::{Value, json};
use url::Url;

use crate::support::{
    Answer, Client, Scene,
    consent::{self, complaint},
    platforms::{
        CONSUMER_KEY, CONSUMER_SECRET, STORE, begin_woocommerce, usual_seller, usual_store,
    },
};

const CALLBACK: &str = "/api/oauth/woocommerce/callback";

async fn scene() -> Scene {
    Scene::of_platforms(usual_seller(1), usual_store(10)).await
}

async fn integrations(client: &Client) -> usize {
    client.all(&Client::in_project("integrations")).await.len()
}

/// A consent that was begun; gives its state.
async fn begun(scene: &Scene) -> String {
    let page = begin_woocommerce(&scene.shop, &scene.client).await;
    state_of(&page)
}

fn state_of(page: &Url) -> String {
    let state = page.query_pairs().find(|(name, _)| name == "user_id");
    state.unwrap().1.into_owned()
}

fn delivery(state: &str) -> Value {
    json!({
        "key_id": 1, "user_id": state, "consumer_key": CONSUMER_KEY,
        "consumer_secret": CONSUMER_SECRET, "key_permissions": "read_write",
    })
}

/// Posts as a store's server does: it is signed in nowhere.
async fn deliver(scene: &Scene, body: &Value) -> Answer {
    scene.console.client().post(CALLBACK, body).await
}

async fn come_back(client: &Client, state: &str, success: &str) -> Answer {
    let back = format!("{CALLBACK}?success={success}&user_id={state}");
    client.get(&back).await
}

async fn assert_not_connected(scene: &Scene, back: &Answer, words: &str) {
    let told = complaint(back);
    assert!(told.contains(words) && told.ends_with('.'), "{told}");
    assert_eq!(integrations(&scene.client).await, 0);
    let kept =
        "SELECT (SELECT count(*) FROM credentials) + (SELECT count(*) FROM connect_attempts)";
    assert_eq!(scene.database.number(kept).await, 0);
}

#[tokio::test]
async fn the_keys_wait_sealed_until_the_browser_comes_back_and_are_gone_then() {
    let scene = scene().await;
    let state = begun(&scene).await;
    assert_eq!(deliver(&scene, &delivery(&state)).await.status, 200);
    let waiting: Vec<(String,)> = scene
        .database
        .rows("SELECT a::text FROM connect_attempts a")
        .await;
    let [(waiting,)] = waiting.as_slice() else {
        panic!("{waiting:?}");
    };
    assert!(waiting.contains("consumer_secret"), "{waiting}");
    let hex = |text: &str| -> String {
        let bytes = text.bytes();
        bytes.map(|byte| format!("{byte:02x}")).collect()
    };
    for secret in [CONSUMER_KEY, CONSUMER_SECRET, &state] {
        assert!(!waiting.contains(secret), "{secret} stands in {waiting}");
        assert!(
            !waiting.contains(&hex(secret)),
            "{secret} stands in {waiting}"
        );
    }

    let done = come_back(&scene.client, &state, "1").await;
    let integration = consent::connected(&done);
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    let left = "SELECT count(*) FROM connect_attempts";
    assert_eq!(scene.database.number(left).await, 0);
    let log = scene.console.log();
    for secret in [CONSUMER_KEY, CONSUMER_SECRET, &state] {
        assert!(!log.contains(secret), "{secret} stands in {log}");
    }
}

#[tokio::test]
async fn declining_connects_nothing() {
    let scene = scene().await;
    let state = begun(&scene).await;
    let back = come_back(&scene.client, &state, "0").await;
    assert_not_connected(&scene, &back, "You declined the connection").await;
}

#[tokio::test]
async fn keys_that_never_come_or_come_too_late_connect_nothing() {
    let scene = scene().await;
    let state = begun(&scene).await;
    let back = come_back(&scene.client, &state, "1").await;
    assert_not_connected(&scene, &back, "agreed but delivered no keys").await;
    // The browser was quicker: the store is told to take its key back.
    let late = deliver(&scene, &delivery(&state)).await;
    let problem = late.problem(404, "not-found");
    assert!(problem["detail"].as_str().unwrap().contains("is over"));
    assert_eq!(integrations(&scene.client).await, 0);
}

#[tokio::test]
async fn nothing_is_taken_that_was_not_asked_for() {
    let scene = scene().await;
    let state = begun(&scene).await;
    let mut reads_only = delivery(&state);
    reads_only["key_permissions"] = json!("read");
    let mut without_secret = delivery(&state);
    without_secret["consumer_secret"] = json!("");
    for (body, status, kind, words) in [
        (delivery("another"), 404, "not-found", "Nobody waits"),
        (reads_only, 422, "invalid", "read and write"),
        (without_secret, 422, "invalid", "not whole"),
        (json!({ "user_id": state }), 422, "invalid", "no delivery"),
        (Value::Null, 422, "invalid", "no delivery"),
    ] {
        let problem = deliver(&scene, &body).await.problem(status, kind);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
    }
    let client = scene.console.client();
    for (platform, status, kind) in [
        ("shopify", 422, "invalid"),
        ("vendure", 503, "unavailable"),
        ("nowhere", 404, "not-found"),
    ] {
        let callback = format!("/api/oauth/{platform}/callback");
        let answer = client.post(&callback, &delivery(&state)).await;
        answer.problem(status, kind);
    }
    let mut long = delivery(&state);
    long["key_id"] = json!("1".repeat(20_000));
    deliver(&scene, &long).await.problem(413, "too-large");
    let kept = "SELECT count(*) FROM connect_attempts WHERE delivered_sealed IS NOT NULL";
    assert_eq!(scene.database.number(kept).await, 0);
    let back = come_back(&scene.client, &state, "1").await;
    assert_not_connected(&scene, &back, "delivered no keys").await;
}

#[tokio::test]
async fn the_last_delivery_counts_and_a_connect_is_good_once() {
    let scene = scene().await;
    let state = begun(&scene).await;
    let mut first = delivery(&state);
    first["consumer_secret"] = json!("cs_that_the_store_took_back");
    assert_eq!(deliver(&scene, &first).await.status, 200);
    assert_eq!(deliver(&scene, &delivery(&state)).await.status, 200);
    consent::connected(&come_back(&scene.client, &state, "1").await);

    let again = come_back(&scene.client, &state, "1").await;
    assert!(complaint(&again).contains("was used already"));
    deliver(&scene, &delivery(&state))
        .await
        .problem(404, "not-found");
    assert_eq!(integrations(&scene.client).await, 1);
}

#[tokio::test]
async fn a_consent_that_took_too_long_counts_no_longer() {
    let scene = scene().await;
    let state = begun(&scene).await;
    assert_eq!(deliver(&scene, &delivery(&state)).await.status, 200);
    let lapse = "UPDATE connect_attempts SET expires_at = now() - interval '1 minute'";
    scene.database.run(lapse).await;
    deliver(&scene, &delivery(&state))
        .await
        .problem(404, "not-found");
    let back = come_back(&scene.client, &state, "1").await;
    assert_not_connected(&scene, &back, "longer than 15 minutes").await;
}

#[tokio::test]
async fn delivered_keys_are_for_the_browser_that_began() {
    let scene = scene().await;
    let state = begun(&scene).await;
    assert_eq!(deliver(&scene, &delivery(&state)).await.status, 200);
    let stranger = come_back(&scene.console.client(), &state, "1").await;
    assert_eq!(stranger.header("location"), "/sign-in?reason=connect");
    assert_eq!(integrations(&scene.client).await, 0);
    // It was not used up.
    consent::connected(&come_back(&scene.client, &state, "1").await);
}

#[tokio::test]
async fn keys_moved_to_another_attempt_do_not_open() {
    let scene = scene().await;
    let (mine, other) = (begun(&scene).await, begun(&scene).await);
    assert_eq!(deliver(&scene, &delivery(&mine)).await.status, 200);
    scene
        .database
        .run(
            "UPDATE connect_attempts a
             SET delivered_key_id = b.delivered_key_id, delivered_data_key = b.delivered_data_key,
                 delivered_fields = b.delivered_fields, delivered_sealed = b.delivered_sealed
             FROM connect_attempts b WHERE b.delivered_sealed IS NOT NULL AND a.id <> b.id",
        )
        .await;
    let back = come_back(&scene.client, &other, "1").await;
    let told = complaint(&back);
    assert!(told.contains("cannot be used"), "{told}");
    assert_eq!(integrations(&scene.client).await, 0);
}

#[tokio::test]
async fn stores_deliver_from_anywhere_but_not_without_end() {
    let mut scene = scene().await;
    let state = begun(&scene).await;
    let client = scene.console.client();
    let with_origin = client
        .request(reqwest::Method::POST, CALLBACK)
        .header("origin", "https://shop.acme.example")
        .json(&delivery(&state));
    assert_eq!(client.send(with_origin).await.status, 200);

    scene.launch = scene.launch.clone().variable("REQUESTS_PER_MINUTE", "5");
    scene.console = scene.launch.start().await;
    let refused = loop {
        let answer = deliver(&scene, &delivery("guess")).await;
        if answer.status != 404 {
            break answer;
        }
    };
    assert_eq!(refused.header("x-ratelimit-limit"), "5");
    refused.problem(429, "rate-limited");
}

#[tokio::test]
async fn a_store_whose_delivery_was_refused_keeps_no_key_and_says_so() {
    let store = StoreSettings {
        keys: Vec::new(),
        ..usual_store(1)
    };
    let scene = Scene::of_platforms(usual_seller(1), store).await;
    let page = begin_woocommerce(&scene.shop, &scene.client).await;
    scene.database.run("DELETE FROM connect_attempts").await;
    let answered = consent::send(&scene.client, &page, &[]).await;
    assert_eq!(answered.status, 401, "{}", answered.text());
    let issued = scene.shop.woocommerce().counters(STORE).unwrap();
    assert_eq!(issued.keys_issued, 0);
}
