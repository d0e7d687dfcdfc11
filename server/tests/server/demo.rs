//! `serve --demo`.

use serde_json::Value;

use crate::support::{Client, Console, DataFolder, Launch, until};

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
async fn the_demo_shows_three_connected_stores_and_a_second_start_doubles_nothing() {
    let folder = DataFolder::new();
    let launch = Launch::embedded(&folder).argument("--demo");
    let console = launch.start().await;
    let client = owner(&console).await;
    let before = integrations(&client).await;
    let platforms: Vec<_> = before.iter().map(|one| &one["platform"]).collect();
    assert_eq!(platforms, ["shopify", "amazon", "woocommerce"]);
    assert!(before.iter().all(|one| one["status"] == "connected"));
    until("the first syncs are over", async || {
        let all = integrations(&client).await;
        all.iter()
            .all(|one| one["sync_status"] == "success")
            .then_some(())
    })
    .await;
    let products = client.all("/api/projects/demo/products").await.len();
    // The same goods on three platforms are the same products, but for odd ones.
    assert!((300..=500).contains(&products), "{products}");
    assert_eq!(console.stop().await, Some(0));

    let console = launch.start().await;
    let client = owner(&console).await;
    let after = integrations(&client).await;
    let ids = |all: &[Value]| -> Vec<Value> { all.iter().map(|one| one["id"].clone()).collect() };
    assert_eq!(ids(&after), ids(&before));
    assert!(after.iter().all(|one| one["status"] == "connected"));
    assert_eq!(
        client.all("/api/projects/demo/products").await.len(),
        products
    );
    // The stores know the console's new credentials.
    for store in after {
        let test = format!(
            "/api/projects/demo/integrations/{}/test",
            store["id"].as_str().unwrap()
        );
        let tested = client.post(&test, &Value::Null).await.expect(200);
        assert_eq!(tested["ok"], true, "{tested}");
    }
}
