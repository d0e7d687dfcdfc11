//! Stopping runs, disconnecting and connecting again.

use calibr_sandbox::{Fault, FaultKind};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, SHOP, Scene, Shop, TOKEN, slow_export, usual_shop};

async fn cancel(scene: &Scene, integration: &str, run: &str) -> Value {
    let path = Scene::at(integration, &format!("/syncs/{run}/cancel"));
    scene.client.post(&path, &Value::Null).await.expect(200)
}

/// A first import that waits for the shop.
async fn waiting_import() -> (Scene, String, String) {
    let scene = Scene::of(slow_export(300)).await;
    let integration = scene.connect().await;
    let run = scene.newest_run(&integration).await;
    let run = run["id"].as_str().unwrap().to_owned();
    scene.export_begins(1).await;
    (scene, integration, run)
}

#[tokio::test]
async fn a_running_sync_is_cancelled_at_once_and_can_be_retried() {
    let (scene, integration, run) = waiting_import().await;
    let mut events = scene.client.events().await;
    let syncs = Scene::at(&integration, "/syncs");
    scene
        .client
        .post(&syncs, &json!({}))
        .await
        .problem(409, "conflict");

    let cancelled = cancel(&scene, &integration, &run).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(events.until_run_ends().await["status"], "cancelled");
    let path = format!("{syncs}/{run}/cancel");
    scene
        .client
        .post(&path, &Value::Null)
        .await
        .problem(409, "conflict");
    let phases = scene.run(&integration, &run).await;
    let phases = phases["phases"].as_array().unwrap();
    assert!(
        phases.iter().all(|phase| phase["ended_at"].is_string()),
        "{phases:?}"
    );

    let path = format!("{syncs}/{run}/retry");
    let retry = scene.client.post(&path, &Value::Null).await.expect(201);
    assert_eq!(
        (&retry["trigger"], &retry["type"]),
        (&json!("retry"), &json!("full"))
    );
    scene.export_begins(2).await;
    scene.shop.advance(TimeDelta::hours(1));
    let retry = scene
        .run_ended(&integration, retry["id"].as_str().unwrap())
        .await;
    assert_eq!(retry["status"], "success", "{retry}");
    scene.assert_all_there().await;
    let path = format!("{syncs}/{}/retry", retry["id"].as_str().unwrap());
    scene
        .client
        .post(&path, &Value::Null)
        .await
        .problem(409, "conflict");
    // What was cancelled stayed that.
    assert_eq!(scene.run(&integration, &run).await["status"], "cancelled");
}

#[tokio::test]
async fn a_queued_sync_is_cancelled() {
    let (scene, integration) = Scene::connected(usual_shop(120)).await;
    let away = FaultKind::TooManyRequests {
        retry_after_seconds: Some(3_600),
    };
    scene
        .shop
        .fails(Fault::once(away).of_operation("CalibrCatalogueStart"));
    let run = scene.start_run(&integration, "full").await;
    scene.console_says("a sync run is tried again").await;
    scene.run_is(&integration, &run, "queued").await;
    let cancelled = cancel(&scene, &integration, &run).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert!(cancelled["completed_at"].is_string(), "{cancelled}");
    assert_eq!(scene.sync(&integration, "full").await["status"], "success");
}

#[tokio::test]
async fn a_store_that_is_disconnected_in_the_middle_of_a_sync_takes_its_credentials_along() {
    let (scene, integration, run) = waiting_import().await;
    scene
        .client
        .delete(&Scene::at(&integration, ""))
        .await
        .expect(200);
    assert_eq!(scene.run(&integration, &run).await["status"], "cancelled");
    let secrets = "SELECT (SELECT count(*) FROM credentials) + (SELECT count(*) FROM data_keys)";
    assert_eq!(scene.database.number(secrets).await, 0);

    // The worker finds the shop ready, but the run is not its own any more.
    scene.shop.advance(TimeDelta::hours(1));
    scene
        .console_says("this run was stopped, or another worker has it")
        .await;
    let after = scene.run(&integration, &run).await;
    assert_eq!(
        (&after["status"], &after["items_synced"]),
        (&json!("cancelled"), &json!(0))
    );
    let card = scene.integration(&integration).await;
    assert_eq!(
        (&card["status"], &card["status_detail"]),
        (&json!("disconnected"), &Value::Null)
    );
    assert_eq!(
        scene.database.number("SELECT count(*) FROM listings").await,
        0
    );
    assert_eq!(scene.database.number(secrets).await, 0);
}

#[tokio::test]
async fn a_store_that_is_connected_again_is_the_same_store() {
    let (scene, integration) = Scene::connected(usual_shop(120)).await;
    let listings = scene.client.all(&Client::in_project("listings")).await;
    let gone = scene
        .client
        .delete(&Scene::at(&integration, ""))
        .await
        .expect(200);
    assert_eq!(gone["listings_kept"], 120);
    assert_eq!(Shop::shown(&scene.client).await.len(), 120);
    let again = scene.client.delete(&Scene::at(&integration, "")).await;
    again.problem(409, "conflict");
    let test = scene
        .client
        .post(&Scene::at(&integration, "/test"), &json!({}))
        .await;
    test.problem(409, "conflict");

    assert_eq!(scene.connect().await, integration);
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(
        (&run["status"], &run["type"]),
        (&json!("success"), &json!("full")),
        "{run}"
    );
    assert_eq!(
        (&run["items_created"], &run["items_unchanged"]),
        (&json!(0), &json!(120))
    );
    let ids = |listings: &[Value]| {
        let mut ids: Vec<_> = listings.iter().map(|one| one["id"].to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(
        ids(&scene.client.all(&Client::in_project("listings")).await),
        ids(&listings)
    );
}

#[tokio::test]
async fn a_store_that_is_connected_again_while_its_old_sync_ends_is_synced() {
    let (scene, integration, run) = waiting_import().await;
    scene
        .client
        .delete(&Scene::at(&integration, ""))
        .await
        .expect(200);
    assert_eq!(scene.connect().await, integration);
    let next = scene.newest_run(&integration).await;
    assert_ne!(next["id"], run.as_str());
    scene.export_begins(2).await;
    scene.shop.advance(TimeDelta::hours(1));
    let next = scene
        .run_ended(&integration, next["id"].as_str().unwrap())
        .await;
    assert_eq!(next["status"], "success", "{next}");
    scene.assert_all_there().await;
    let form = Scene::form(SHOP, TOKEN);
    let connected = scene
        .client
        .post(&Client::in_project("integrations"), &form)
        .await;
    connected.problem(409, "conflict");
}
