//! Sync runs over REST.

use serde_json::json;

use crate::support::{Client, Console, Launch, SHOP, Shop, TOKEN, fresh_database};

async fn connected_by_hand(variants: u32) -> (Shop, Console, Client, String) {
    let shop = Shop::open(variants).await;
    let console = shop
        .known_to(Launch::on_database(&fresh_database().await))
        .start()
        .await;
    let client = console.set_up().await;
    let mut events = client.events().await;
    let form = json!({
        "platform": "shopify", "name": "Acme Shop",
        "config": { "shop": SHOP }, "credentials": { "access_token": TOKEN },
    });
    let answer = client
        .post(&Client::in_project("integrations"), &form)
        .await;
    let location = answer.header("location").to_owned();
    let integration = answer.expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(
        location,
        Client::in_project(&format!("integrations/{integration}"))
    );
    events.until_run_ends().await;
    (shop, console, client, integration)
}

#[tokio::test]
async fn a_shop_is_connected_by_hand_tested_synced_again_and_disconnected() {
    let (shop, _console, client, integration) = connected_by_hand(120).await;
    let of = |rest: &str| Client::in_project(&format!("integrations/{integration}{rest}"));

    let test = client.post(&of("/test"), &json!({})).await.expect(200);
    assert_eq!(test["ok"], true, "{test}");

    let mut events = client.events().await;
    let started = client.post(&of("/syncs"), &json!({ "type": "full" })).await;
    let location = started.header("location").to_owned();
    let run = started.expect(201);
    assert_eq!(
        (&run["type"], &run["trigger"]),
        (&json!("full"), &json!("person"))
    );
    events.until_run_ends().await;
    let detail = client.get(&location).await.expect(200);
    assert_eq!(detail["id"], run["id"]);
    assert!(!detail["phases"].as_array().unwrap().is_empty());
    assert_eq!(Shop::shown(&client).await, shop.truth());

    let runs = client.all(&of("/syncs")).await;
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["id"], run["id"], "newest first");
    assert!(
        client
            .all(&of("/syncs?status=cancelled,error"))
            .await
            .is_empty()
    );
    let problem = client
        .get(&of("/syncs?status=done"))
        .await
        .problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "status");
    client.all(&format!("{location}/failures")).await;

    let gone = client.delete(&of("")).await.expect(200);
    assert_eq!(gone["id"], integration.as_str());
    assert_eq!(
        client.get(&of("")).await.expect(200)["status"],
        "disconnected"
    );
    client
        .post(&of("/syncs"), &json!({}))
        .await
        .problem(409, "conflict");
}

#[tokio::test]
async fn a_second_sync_while_one_runs_is_refused() {
    let (_shop, _console, client, integration) = connected_by_hand(1_000).await;
    let syncs = Client::in_project(&format!("integrations/{integration}/syncs"));
    let mut events = client.events().await;
    let run = client
        .post(&syncs, &json!({ "type": "full" }))
        .await
        .expect(201);
    client
        .post(&syncs, &json!({}))
        .await
        .problem(409, "conflict");

    let cancelled = client
        .post(
            &format!("{syncs}/{}/cancel", run["id"].as_str().unwrap()),
            &json!({}),
        )
        .await;
    assert!(
        cancelled.status == 200 || cancelled.status == 409,
        "{}",
        cancelled.text()
    );
    let last = events.until_run_ends().await;
    assert_eq!(last["run_id"], run["id"]);
    // A body is not needed.
    client
        .send(client.request(reqwest::Method::POST, &syncs))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_wrong_token_is_refused_in_words_and_keeps_nothing() {
    let shop = Shop::open(10).await;
    let console = shop
        .known_to(Launch::on_database(&fresh_database().await))
        .start()
        .await;
    let client = console.set_up().await;
    let form = json!({
        "platform": "shopify", "config": { "shop": SHOP },
        "credentials": { "access_token": "shpat_ffffffffffffffffffffffffffffffff" },
    });
    let answer = client
        .post(&Client::in_project("integrations"), &form)
        .await;
    assert!(!answer.text().contains("shpat_"), "{}", answer.text());
    answer.problem(502, "platform");
    let kept = client.all(&Client::in_project("integrations")).await;
    assert!(kept.is_empty(), "{kept:?}");
}
