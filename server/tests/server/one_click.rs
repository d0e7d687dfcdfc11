//! Connecting a shop on its own consent page.

use crate::support::{Client, Console, Launch, SHOP, Shop, consent::complaint, fresh_database};

async fn shop_and_console() -> (Shop, Console, Client) {
    let shop = Shop::open(120).await;
    let console = shop
        .known_to(Launch::on_database(&fresh_database().await))
        .start()
        .await;
    shop.register(&console);
    let client = console.set_up().await;
    (shop, console, client)
}

async fn integrations(client: &Client) -> usize {
    client.all(&Client::in_project("integrations")).await.len()
}

#[tokio::test]
async fn consent_leads_to_a_finished_first_sync_of_everything_the_shop_has() {
    let (shop, _console, client) = shop_and_console().await;
    let mut events = client.events().await;
    let integration = shop.connect(&client).await;
    let run = events.until_run_ends().await;
    assert!(
        run["status"] == "success" || run["status"] == "partial",
        "{run}"
    );

    assert_eq!(Shop::shown(&client).await, shop.truth());
    let detail = client
        .get(&Client::in_project(&format!("integrations/{integration}")))
        .await
        .expect(200);
    assert_eq!(detail["platform"], "shopify");
    assert_eq!(detail["status"], "connected");
    assert_eq!(detail["sync_status"], run["status"]);
    assert!(
        detail["last_sync_at"].is_string() && detail["data_fresh_as_of"].is_string(),
        "{detail}"
    );
}

#[tokio::test]
async fn no_answer_holds_a_token() {
    let (shop, console, client) = shop_and_console().await;
    let mut events = client.events().await;
    let integration = shop.connect(&client).await;
    events.until_run_ends().await;
    let mut everything = String::new();
    for path in [
        "integrations",
        &format!("integrations/{integration}"),
        &format!("integrations/{integration}/syncs"),
    ] {
        everything += &client.get(&Client::in_project(path)).await.text();
    }
    everything += &console.log();
    for secret in ["shpat_", "shprt_", "calibr-test-secret"] {
        assert!(
            !everything.contains(secret),
            "{secret} stands in {everything}"
        );
    }
}

#[tokio::test]
async fn a_declined_consent_connects_nothing_and_says_so() {
    let (shop, _console, client) = shop_and_console().await;
    let consent = shop.begin(&client).await;
    let callback = shop.answer(&client, &consent, "cancel").await;
    let back = client.get(&callback).await;
    assert_eq!(back.status, 303);
    assert!(
        back.header("location").starts_with("/p/acme/integrations?"),
        "{}",
        back.header("location")
    );
    assert!(!complaint(&back).is_empty());
    assert_eq!(integrations(&client).await, 0);
}

#[tokio::test]
async fn a_callback_is_good_once() {
    let (shop, _console, client) = shop_and_console().await;
    let consent = shop.begin(&client).await;
    let callback = shop.answer(&client, &consent, "install").await;
    assert!(
        client
            .get(&callback)
            .await
            .header("location")
            .contains("?connected=")
    );
    let again = client.get(&callback).await;
    assert!(
        again.header("location").contains("connect_error="),
        "{}",
        again.header("location")
    );
    assert_eq!(integrations(&client).await, 1);
}

#[tokio::test]
async fn a_forged_callback_connects_nothing() {
    let (shop, _console, client) = shop_and_console().await;
    let consent = shop.begin(&client).await;
    let callback = shop.answer(&client, &consent, "install").await;
    let forged = callback.replace(SHOP, "evil.myshopify.com");
    assert_ne!(forged, callback);
    let back = client.get(&forged).await;
    assert!(
        back.header("location").contains("connect_error="),
        "{}",
        back.header("location")
    );
    assert_eq!(integrations(&client).await, 0);
}

#[tokio::test]
async fn a_callback_is_for_the_person_who_began() {
    let (shop, console, client) = shop_and_console().await;
    let consent = shop.begin(&client).await;
    let callback = shop.answer(&client, &consent, "install").await;
    let stranger = console.client().get(&callback).await;
    assert_eq!(
        (stranger.status, stranger.header("location")),
        (303, "/sign-in?reason=connect")
    );
    // It was not used up.
    assert!(
        client
            .get(&callback)
            .await
            .header("location")
            .contains("?connected=")
    );
}

#[tokio::test]
async fn connecting_begins_in_the_console_and_with_a_shop() {
    let (_shop, console, client) = shop_and_console().await;
    let start = "/api/oauth/shopify/start?project=acme";
    let from_elsewhere = client
        .request(reqwest::Method::GET, &format!("{start}&shop={SHOP}"))
        .header("sec-fetch-site", "cross-site");
    client.send(from_elsewhere).await.problem(403, "forbidden");
    client.get(start).await.problem(422, "invalid");
    client
        .get(&format!("{start}&shop=www.acme.example"))
        .await
        .problem(422, "invalid");
    client
        .get("/api/oauth/nowhere/start?project=acme")
        .await
        .problem(404, "not-found");
    console
        .client()
        .get(&format!("{start}&shop={SHOP}"))
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn connecting_the_same_shop_again_does_not_double_it() {
    let (shop, _console, client) = shop_and_console().await;
    let mut events = client.events().await;
    shop.connect(&client).await;
    events.until_run_ends().await;
    let consent = shop.begin(&client).await;
    let callback = shop.answer(&client, &consent, "install").await;
    client.get(&callback).await;
    assert_eq!(integrations(&client).await, 1);
}
