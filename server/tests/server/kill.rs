//! Death in the middle of an import.

use std::env;

use crate::support::{Client, DataFolder, Launch, Shop};

/// Kills the server at ever later moments of an import, and starts it again each time.
/// `CALIBR_TEST_KILLS` says how often; every test run does a few.
#[tokio::test]
async fn a_server_killed_again_and_again_ends_with_exactly_what_the_shop_has() {
    let kills: usize = env::var("CALIBR_TEST_KILLS").map_or(3, |kills| kills.parse().unwrap());
    let shop = Shop::open(6_000).await;
    let folder = DataFolder::new();
    let launch = shop.known_to(Launch::embedded(&folder));
    let console = launch.start().await;
    shop.register(&console);
    let client = console.set_up().await;
    let mut events = client.events().await;
    let integration = shop.connect(&client).await;
    let mut cookie = client.cookie().unwrap();
    let mut console = Some(console);

    for kill in 0..kills {
        // The moment: so many signs of life into what is left of the import.
        for _ in 0..=(kill * 7 % 5) {
            let progress = events.until(|event| event.name == "sync_progress").await;
            if progress.data["status"] != "queued" && progress.data["status"] != "syncing" {
                // It came through before: another import to be killed in.
                let again = console.as_ref().unwrap().client();
                again.set_cookie(&cookie);
                let syncs = Client::in_project(&format!("integrations/{integration}/syncs"));
                again
                    .post(&syncs, &serde_json::json!({ "type": "full" }))
                    .await
                    .expect(201);
            }
        }
        console.take().unwrap().kill().await;
        let started = launch.start().await;
        shop.register(&started);
        let client = started.client();
        client.set_cookie(&cookie);
        events = client.events().await;
        cookie = client.cookie().unwrap();
        console = Some(started);
    }

    let console = console.unwrap();
    let client = console.client();
    client.set_cookie(&cookie);
    let syncs = Client::in_project(&format!("integrations/{integration}/syncs"));
    // Where the last one has come to its end already, there is no event to wait for.
    let is_active =
        |run: &serde_json::Value| run["status"] == "queued" || run["status"] == "syncing";
    if is_active(&client.all(&syncs).await[0]) {
        events.until_run_ends().await;
    }
    let runs = client.all(&syncs).await;
    assert!(
        runs.iter()
            .all(|run| run["status"] == "success" || run["status"] == "partial"),
        "{runs:#?}"
    );
    assert_eq!(Shop::shown(&client).await, shop.truth());
}
