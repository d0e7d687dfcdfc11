//! A run is cancelled within seconds, whatever it is about: in each phase, while it waits for the platform, for an
//! export, for another's lock. What the platform would still say is not waited for.

use calibr_sandbox::{Fault, FaultKind, woocommerce::StoreChange};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::support::{
    Scene,
    goods::{apply, listings, preview, table, unique, woo},
    platforms::STORE,
    slow_export, until,
};

/// Longer than any test waits.
const FOR_EVER: FaultKind = FaultKind::Slow {
    delay_milliseconds: 3_600_000,
};

/// Cancels a run, and waits until its worker has left it.
async fn cancel(scene: &Scene, integration: &str, run: &str) -> Value {
    let path = Scene::at(integration, &format!("/syncs/{run}/cancel"));
    let cancelled = scene.client.post(&path, &Value::Null).await.expect(200);
    assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
    scene.console_says("this run was stopped").await;
    let ended = scene.run_ended(integration, run).await;
    assert_eq!(ended["status"], "cancelled", "{ended}");
    let log = ended["log"].as_array().unwrap();
    let last = log.last().unwrap();
    assert_eq!(last["event"], "ended", "{log:?}");
    assert!(
        last["text"]
            .as_str()
            .unwrap()
            .starts_with("Olivia Owner cancelled it."),
        "{log:?}"
    );
    ended
}

/// A store whose answers take for ever from some operation on, and a full run that has come there.
async fn stuck_at(operation: Option<&str>, phase: &str) {
    let (scene, integration) = woo().await;
    let fault = Fault {
        operation: operation.map(str::to_owned),
        ..Fault::once(FOR_EVER).times(100)
    };
    scene.shop.woocommerce().add_fault(STORE, fault).unwrap();
    let run = scene.start_run(&integration, "full").await;
    scene.run_reaches(&integration, &run, phase).await;
    let asked = async || {
        let counters = scene.shop.woocommerce().counters(STORE).unwrap();
        (counters.faults > 0).then_some(())
    };
    until("the store is asked", asked).await;
    cancel(&scene, &integration, &run).await;
    // The store can be synced again at once.
    scene.shop.woocommerce().clear_faults(STORE).unwrap();
    let next = scene.sync(&integration, "full").await;
    assert_eq!(next["status"], "success", "{next}");
}

#[tokio::test]
async fn while_it_proves_its_credentials() {
    stuck_at(None, "authenticate").await;
}

#[tokio::test]
async fn while_it_reads_the_catalogue() {
    stuck_at(Some("products"), "pull_catalogue").await;
}

#[tokio::test]
async fn while_it_reads_orders() {
    stuck_at(Some("orders"), "pull_orders").await;
}

#[tokio::test]
async fn while_it_waits_for_a_long_export() {
    let scene = Scene::of(slow_export(300)).await;
    let integration = scene.connect().await;
    let run = scene.newest_run(&integration).await;
    let run = run["id"].as_str().unwrap();
    scene.export_begins(1).await;
    cancel(&scene, &integration, run).await;
}

#[tokio::test]
async fn while_it_waits_because_the_platform_asks_for_it() {
    let (scene, integration) = woo().await;
    let later = FaultKind::TooManyRequests {
        retry_after_seconds: Some(200),
    };
    let fault = Fault::once(later).of_operation("products").times(100);
    scene.shop.woocommerce().add_fault(STORE, fault).unwrap();
    let run = scene.start_run(&integration, "full").await;
    // Its log says so meanwhile.
    until("the log says what is waited for", async || {
        let run = scene.run(&integration, &run).await;
        let mut log = run["log"].as_array().unwrap().iter();
        log.any(|line| line["event"] == "waiting").then_some(())
    })
    .await;
    cancel(&scene, &integration, &run).await;
}

#[tokio::test]
async fn while_it_waits_to_compare_what_is_gone() {
    let (scene, integration) = woo().await;
    // Whoever writes a project's catalogue waits for whoever else does. The run is held up where it enters the
    // phase, until the other one is there.
    let gate = "CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END';
                CREATE TRIGGER hold_up BEFORE UPDATE ON sync_runs FOR EACH ROW
                WHEN (NEW.phase = 'reconcile' AND OLD.phase <> 'reconcile') EXECUTE FUNCTION hold_up()";
    scene.database.run(gate).await;
    let mut gate = PgConnection::connect(scene.database.url()).await.unwrap();
    sqlx::raw_sql("SELECT pg_advisory_lock(4711)")
        .execute(&mut gate)
        .await
        .unwrap();
    let run = scene.start_run(&integration, "full").await;
    somebody_waits(&scene).await;
    let mut other = PgConnection::connect(scene.database.url()).await.unwrap();
    let catalogue =
        "SELECT pg_advisory_lock(hashtextextended('catalogue ' || id, 0)) FROM projects";
    sqlx::raw_sql(catalogue).execute(&mut other).await.unwrap();
    gate.close().await.unwrap();
    scene.run_reaches(&integration, &run, "reconcile").await;
    somebody_waits(&scene).await;
    cancel(&scene, &integration, &run).await;
}

/// Waits until somebody waits for a lock in the console's database.
async fn somebody_waits(scene: &Scene) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("somebody waits for a lock", async || {
        (scene.database.number(waiting).await > 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn while_it_sends_prices() {
    let (scene, integration) = woo().await;
    let goods = unique(listings(&scene, &integration).await);
    let wanted: Vec<(&Value, &str)> = goods.iter().take(3).map(|one| (one, "31.30")).collect();
    let push = preview(&scene, table(&wanted)).await;
    for operation in ["products", "variations"] {
        let fault = Fault::once(FOR_EVER).of_operation(operation).times(100);
        scene.shop.woocommerce().add_fault(STORE, fault).unwrap();
    }
    apply(&scene, &push).await;
    let run = scene.newest_run(&integration).await;
    let run = run["id"].as_str().unwrap();
    scene.run_reaches(&integration, run, "push_prices").await;
    cancel(&scene, &integration, run).await;
}

#[tokio::test]
async fn while_it_retries_what_failed() {
    let broken = crate::support::broken::Broken::store(60, 1).await;
    let scene = &broken.scene;
    let fault = Fault::once(FOR_EVER).of_operation("products").times(100);
    scene.shop.woocommerce().add_fault(STORE, fault).unwrap();
    let path = broken.of(&broken.run, "/retry");
    let retry = scene.client.post(&path, &json!({})).await.expect(201);
    let run = retry["id"].as_str().unwrap();
    scene
        .run_reaches(&broken.integration, run, "pull_catalogue")
        .await;
    let ended = cancel(scene, &broken.integration, run).await;
    assert_eq!(
        (&ended["retry"]["items"], &ended["retry"]["failed"]),
        (&json!(2), &json!(0))
    );
    // What it was to read is still what failed.
    scene.shop.woocommerce().clear_faults(STORE).unwrap();
    broken.change(StoreChange::Misshape {
        record: broken.misshapen[0],
        misshapen: false,
    });
    let again = broken.retry(&ended, &Value::Null).await;
    assert_eq!(
        (&again["type"], &again["retry"]["came_through"]),
        (&json!("retry"), &json!(1)),
        "{again}"
    );
}
