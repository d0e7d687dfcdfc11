//! `serve --demo`.

use serde_json::Value;

use crate::support::{Client, Console, DataFolder, Launch};

async fn owner(console: &Console) -> Client {
    let client = console.client();
    client
        .sign_in("owner@demo.calibr.example", "calibr-demo")
        .await
        .expect(200);
    client
}

async fn integrations(client: &Client) -> Vec<Value> {
    let all = client
        .get("/api/projects/demo/integrations")
        .await
        .expect(200);
    all["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_demo_shows_a_connected_store_and_a_second_start_doubles_nothing() {
    let folder = DataFolder::new();
    let launch = Launch::embedded(&folder).argument("--demo");
    let console = launch.start().await;
    let client = owner(&console).await;
    let before = integrations(&client).await;
    assert_eq!(before.len(), 1);
    assert_eq!(before[0]["status"], "connected");
    let mut events = client.events_of("demo").await;
    if integrations(&client).await[0]["sync_status"] != "success" {
        events.until_run_ends().await;
    }
    let products = client.all("/api/projects/demo/products").await.len();
    assert!((250..=350).contains(&products), "{products}");
    assert_eq!(console.stop().await, Some(0));

    let console = launch.start().await;
    let client = owner(&console).await;
    let after = integrations(&client).await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0]["id"], before[0]["id"]);
    assert_eq!(after[0]["status"], "connected");
    assert_eq!(
        client.all("/api/projects/demo/products").await.len(),
        products
    );
    // The store knows the console's new tokens.
    let test = format!(
        "/api/projects/demo/integrations/{}/test",
        after[0]["id"].as_str().unwrap()
    );
    assert_eq!(
        client.post(&test, &Value::Null).await.expect(200)["ok"],
        true
    );
}
