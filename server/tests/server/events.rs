//! Server-sent events.

use serde_json::Value;

use crate::support::{Client, Console, Launch, Shop, fresh_database};

#[tokio::test]
async fn a_sync_is_told_of_while_it_goes_on_to_members_alone() {
    let shop = Shop::open(300).await;
    let console = shop
        .known_to(Launch::on_database(&fresh_database().await))
        .start()
        .await;
    shop.register(&console);
    let client = console.set_up().await;
    console
        .client()
        .get(&Client::in_project("events"))
        .await
        .problem(401, "unauthenticated");
    client
        .get("/api/projects/another/events")
        .await
        .problem(404, "not-found");

    let mut events = client.events().await;
    let integration = shop.connect(&client).await;
    let changed = events
        .until(|event| event.name == "integration_changed")
        .await;
    assert_eq!(changed.data["type"], "integration_changed");
    assert_eq!(changed.data["integration_id"], integration);
    let syncing = events
        .until(|event| event.data["status"] == "syncing")
        .await;
    assert_eq!(syncing.name, "sync_progress");
    assert_eq!(syncing.data["integration_id"], integration);
    let last = events.until_run_ends().await;
    assert!(last["items_synced"].as_i64().unwrap() > 0, "{last}");
}

#[tokio::test]
async fn the_line_ends_when_the_session_does() {
    let console = Console::fresh().await;
    let client = console.set_up().await;
    let mut events = client.events().await;
    client
        .post("/api/auth/logout", &Value::Null)
        .await
        .expect(204);
    while events.next().await.is_some() {}
    client
        .get(&Client::in_project("events"))
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn the_line_ends_and_the_server_stops_although_a_browser_listens() {
    let console = Console::fresh().await;
    let client = console.set_up().await;
    let mut events = client.events().await;
    assert_eq!(console.stop().await, Some(0));
    assert!(events.next().await.is_none());
}
