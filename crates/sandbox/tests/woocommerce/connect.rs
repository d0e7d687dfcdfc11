//! Who is let in, and how an app gets its keys.

use calibr_sandbox::woocommerce::{ApiKey, Permissions, StoreSettings, StoreState};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{KEY, SECRET, STORE, World, settings};

#[tokio::test]
async fn keys_open_what_they_are_for() {
    let world = World::of(20).await;
    let reader = ApiKey {
        permissions: Permissions::Read,
        ..ApiKey::new("ck_reader", "cs_reader")
    };
    world.woo().add_key(STORE, reader).unwrap();
    let ask = async |key: &str, secret: &str, post: bool| {
        let request = match post {
            true => world
                .client
                .post(world.api("products/batch"))
                .json(&json!({})),
            false => world.client.get(world.api("products")),
        };
        let answer = request.basic_auth(key, Some(secret)).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        (status, body["code"].as_str().map(str::to_owned))
    };
    let refused = |code: &str| (401, Some(code.to_owned()));
    assert_eq!(ask(KEY, SECRET, true).await, (200, None));
    assert_eq!(
        ask("ck_nobody", SECRET, false).await,
        refused("woocommerce_rest_cannot_view")
    );
    let wrong = refused("woocommerce_rest_authentication_error");
    assert_eq!(ask(KEY, "cs_wrong", false).await, wrong);
    assert_eq!(ask("ck_reader", "cs_reader", false).await, (200, None));
    assert_eq!(ask("ck_reader", "cs_reader", true).await, wrong);
    let in_query = format!("products?consumer_key={KEY}&consumer_secret={SECRET}");
    let answer = world.client.get(world.api(&in_query)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(world.woo().counters(STORE).unwrap().unauthorized, 3);
}

#[tokio::test]
async fn the_index_is_for_anybody_and_tells_whether_there_is_a_shop() {
    let world = World::of(20).await;
    let index = async |path: &str| {
        let answer = world.client.get(world.url(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, text) = index("/woo/wp-json/").await;
    assert!(status == 200 && text.contains("wc/v3"));
    assert!(index("/woo/?rest_route=/").await.1.contains("wc/v3"));
    assert!(index("/woo/").await.1.contains("<h1>"));
    world
        .woo()
        .set_state(STORE, StoreState::NoWoocommerce)
        .unwrap();
    assert!(!index("/woo/wp-json/").await.1.contains("wc/v3"));
    assert_eq!(world.get("products").await.status(), 404);
    world
        .woo()
        .set_state(STORE, StoreState::RestDisabled)
        .unwrap();
    assert_eq!(index("/woo/wp-json/").await.0, 401);
    world.woo().set_state(STORE, StoreState::Gone).unwrap();
    assert_eq!(index("/woo/wp-json/").await.0, 404);

    let plain = World::with(StoreSettings {
        plain_permalinks: true,
        ..settings(20)
    })
    .await;
    assert_eq!(plain.get("products").await.status(), 404);
    let url = plain.url("/woo/?rest_route=/wc/v3/products");
    let answer = plain.signed(plain.client.get(url)).send().await.unwrap();
    assert_eq!(answer.headers()["x-wp-totalpages"], "1");
}

/// A listener that answers one request with `status`, and gives its body.
async fn once(status: u16) -> (String, tokio::task::JoinHandle<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        while !text.ends_with('}') {
            let mut chunk = [0; 2_048];
            let read = stream.read(&mut chunk).await.unwrap();
            text.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        }
        let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap()
    });
    (url, heard)
}

#[tokio::test]
async fn keys_are_delivered_before_the_browser_goes_back() {
    let world = World::of(20).await;
    let (callback, heard) = once(200).await;
    let query = [
        ("app_name", "An <app>"),
        ("scope", "read_write"),
        ("user_id", "state-1"),
        ("return_url", "http://127.0.0.1:9/back?x=1"),
        ("callback_url", &callback),
    ];
    let url = world.url("/woo/wc-auth/v1/authorize");
    let page = world.client.get(&url).query(&query).send().await.unwrap();
    let text = page.text().await.unwrap();
    assert!(text.contains("An &lt;app&gt;") && !text.contains("<app>"));
    assert!(text.contains("success=0&amp;user_id=state-1"));

    let agreed = world.client.post(&url).query(&query).send().await.unwrap();
    assert_eq!(agreed.status(), 302);
    assert_eq!(
        agreed.headers()["location"],
        "http://127.0.0.1:9/back?x=1&success=1&user_id=state-1"
    );
    let delivered = heard.await.unwrap();
    assert_eq!(delivered["user_id"], "state-1");
    assert_eq!(delivered["key_permissions"], "read_write");
    let request = world.client.get(world.api("products"));
    let opened = request.basic_auth(
        delivered["consumer_key"].as_str().unwrap(),
        delivered["consumer_secret"].as_str(),
    );
    assert_eq!(opened.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_callback_that_fails_or_is_not_safe_ends_the_connect() {
    let world = World::of(20).await;
    let ask = async |callback: &str, scope: &str| {
        let query = [
            ("app_name", "App"),
            ("scope", scope),
            ("user_id", "1"),
            ("return_url", "http://127.0.0.1:9/back"),
            ("callback_url", callback),
        ];
        let url = world.url("/woo/wc-auth/v1/authorize");
        let answer = world.client.post(url).query(&query).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (callback, heard) = once(500).await;
    let (status, text) = ask(&callback, "read").await;
    assert!(status == 401 && text.contains("unable to send the consumer data"));
    let key = heard.await.unwrap();
    let request = world.client.get(world.api("products"));
    let taken_back = request.basic_auth(
        key["consumer_key"].as_str().unwrap(),
        key["consumer_secret"].as_str(),
    );
    assert_eq!(taken_back.send().await.unwrap().status(), 401);
    assert!(
        ask("http://shop.example/x", "read")
            .await
            .1
            .contains("over SSL")
    );
    assert!(
        ask("https://shop.example/x", "all")
            .await
            .1
            .contains("Invalid scope")
    );
}
