//! Platforms that page for ever, settings that change in the middle, thousands of failures, and a database that is
//! full or takes no changes.

use calibr_sandbox::{Fault, FaultKind, amazon::ListingChange, shopify::Change};
use serde_json::{Value, json};

use crate::support::{
    SHOP, Scene,
    broken::Broken,
    goods::woo,
    platforms::{
        CONSUMER_KEY, CONSUMER_SECRET, REFRESH_TOKEN, SELLER, STORE, seller_form, store_form,
        usual_seller, usual_store,
    },
    until, usual_shop,
};

/// A run that ended because its platform pages for ever.
fn assert_circle(run: &Value) {
    assert_eq!(
        (&run["status"], &run["error_code"]),
        (&json!("error"), &json!("cursor_repeats")),
        "{run}"
    );
    let words = run["error"].as_str().unwrap();
    assert!(
        words.contains("the same page") && words.ends_with('.'),
        "{words}"
    );
}

#[tokio::test]
async fn shopify_pages_for_ever_and_the_sync_ends_in_words() {
    let (scene, integration) = Scene::connected(usual_shop(300)).await;
    let truth: Vec<_> = scene.shop.shopify().truth(SHOP).unwrap().collect();
    for one in &truth {
        scene.shop.change(Change::UpdateProduct {
            product: one.product_id.clone(),
            title: Some("New".to_owned()),
            status: None,
        });
    }
    scene
        .shop
        .fails(Fault::once(FaultKind::EndlessPages).times(1_000));
    let run = scene.sync(&integration, "incremental").await;
    assert_circle(&run);
    assert_eq!(scene.integration(&integration).await["status"], "connected");
}

#[tokio::test]
async fn amazon_pages_for_ever_and_the_sync_ends_in_words() {
    let scene = Scene::of_platforms(usual_seller(120), usual_store(1)).await;
    let integration = scene.connect_by(&seller_form(REFRESH_TOKEN)).await;
    scene.newest_run_ended(&integration).await;
    for sku in scene.shop.seller_truth().into_keys() {
        let change = ListingChange::Update {
            sku,
            price: Some("12.12".to_owned()),
            stock: None,
            title: None,
        };
        scene.shop.amazon().change(SELLER, change).unwrap();
    }
    let fault = Fault::once(FaultKind::EndlessPages).times(1_000);
    scene.shop.amazon().add_fault(SELLER, fault).unwrap();
    assert_circle(&scene.sync(&integration, "incremental").await);
}

#[tokio::test]
async fn woocommerce_pages_for_ever_and_the_sync_ends_in_words() {
    let scene = Scene::of_platforms(usual_seller(1), usual_store(900)).await;
    let form = store_form(&scene.shop.store_url(), CONSUMER_KEY, CONSUMER_SECRET);
    let integration = scene.connect_by(&form).await;
    scene.newest_run_ended(&integration).await;
    let fault = Fault::once(FaultKind::EndlessPages).times(100_000);
    scene.shop.woocommerce().add_fault(STORE, fault).unwrap();
    assert_circle(&scene.sync(&integration, "full").await);
    // Nothing is taken for gone.
    let gone = "SELECT count(*) FROM listings WHERE state = 'gone'";
    assert_eq!(scene.database.number(gone).await, 0);
}

#[tokio::test]
async fn a_thousand_failures_of_one_code_are_a_group_and_a_few_pages() {
    let scene = Scene::of(usual_shop(2_400)).await;
    let lines = FaultKind::MalformedLines {
        lines: (0..2_000).collect(),
        truncate_last: false,
    };
    scene.shop.fails(Fault::once(lines));
    let integration = scene.connect().await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "partial", "{run}");
    let of = |rest: &str| {
        Scene::at(
            &integration,
            &format!("/syncs/{}{rest}", run["id"].as_str().unwrap()),
        )
    };
    let groups = scene.client.get(&of("/failures/groups")).await.expect(200);
    let of_code = |figure: &str| -> i64 {
        let groups = groups["items"].as_array().unwrap().iter();
        let malformed = groups.filter(|one| one["code"] == "malformed_record");
        malformed.map(|one| one[figure].as_i64().unwrap()).sum()
    };
    // One of products and one of variants, whose ids could be read all the same.
    assert_eq!(
        (of_code("count"), of_code("unnamed")),
        (2_000, 0),
        "{groups}"
    );
    let all = scene
        .client
        .all(&of("/failures?code=malformed_record"))
        .await;
    assert_eq!(all.len(), 2_000);
    // What was sent is kept of so many that one more tells nothing new.
    let kept = "SELECT count(*) FROM item_failures WHERE answer IS NOT NULL";
    assert!(scene.database.number(kept).await <= 2_000);
}

#[tokio::test]
async fn a_run_goes_on_after_its_credentials_were_changed_and_begins_anew_after_its_settings_were()
{
    let broken = Broken::store(1_500, 1).await;
    let scene = &broken.scene;
    broken.mend();
    let slow = Fault::once(FaultKind::Slow {
        delay_milliseconds: 50,
    })
    .of_operation("variations")
    .times(10_000);
    scene
        .shop
        .woocommerce()
        .add_fault(STORE, slow.clone())
        .unwrap();
    let run = scene.start_run(&broken.integration, "full").await;
    until("some of it is there", async || {
        let run = scene.run(&broken.integration, &run).await;
        (run["items_synced"].as_i64().unwrap() > 0).then_some(())
    })
    .await;
    // Another address of the same store, and the worker is lost.
    let changed = "UPDATE integrations SET config = config || '{\"per_page\": \"50\"}'";
    scene.database.run(changed).await;
    scene.database.run("UPDATE sync_runs SET lease_owner = gen_random_uuid(), lease_until = now() WHERE status = 'syncing'").await;
    scene.shop.woocommerce().clear_faults(STORE).unwrap();
    let ended = scene.run_ended(&broken.integration, &run).await;
    assert_eq!(
        (&ended["status"], &ended["items_synced"]),
        (&json!("success"), &json!(1_500)),
        "{ended}"
    );
    let log = ended["log"].as_array().unwrap();
    assert!(
        log.iter().any(|line| line["event"] == "anew"
            && line["text"]
                .as_str()
                .unwrap()
                .contains("settings were changed")),
        "{log:?}"
    );
    assert!(
        log.iter().any(|line| line["event"] == "worker_lost"),
        "{log:?}"
    );
}

/// Lets every write to a table fail as PostgreSQL does on a full disk.
const FULL: &str = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'could not extend file \"base/1/2\": No space left on device' USING ERRCODE = '53100';
    END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON listings FOR EACH STATEMENT EXECUTE FUNCTION full_disk()";

#[tokio::test]
async fn a_full_disk_is_waited_for_in_words_and_the_run_goes_on() {
    let scene = Scene::of(usual_shop(300)).await;
    scene.database.run(FULL).await;
    let integration = scene.connect().await;
    let run = scene.newest_run(&integration).await;
    let run = run["id"].as_str().unwrap();
    let waiting = until("the run says what it waits for", async || {
        let run = scene.run(&integration, run).await;
        (run["error_code"] == "database_unavailable").then_some(run)
    })
    .await;
    let words = waiting["error"].as_str().unwrap();
    assert!(
        words.contains("disk of the console's own database is full") && words.ends_with('.'),
        "{words}"
    );
    scene
        .database
        .run("DROP TRIGGER full_disk ON listings")
        .await;
    let ended = scene.run_ended(&integration, run).await;
    assert_eq!(ended["status"], "success", "{ended}");
    scene.assert_all_there().await;
}

#[tokio::test]
async fn a_database_that_takes_no_changes_is_waited_for_and_the_run_goes_on() {
    let (scene, integration) = woo().await;
    let slow = Fault::once(FaultKind::Slow {
        delay_milliseconds: 300,
    })
    .of_operation("variations")
    .times(10_000);
    scene.shop.woocommerce().add_fault(STORE, slow).unwrap();
    let run = scene.start_run(&integration, "full").await;
    scene
        .run_reaches(&integration, &run, "pull_catalogue")
        .await;
    let name: (String,) = scene
        .database
        .rows("SELECT current_database()::text")
        .await
        .remove(0);
    let read_only = |setting: &str| {
        format!(
            "ALTER DATABASE {} SET default_transaction_read_only = {setting}",
            name.0
        )
    };
    scene.database.run(&read_only("on")).await;
    scene.database.end_connections().await;
    scene.shop.woocommerce().clear_faults(STORE).unwrap();
    scene
        .console_says("a sync run waits for the database")
        .await;
    // What is there is shown, and what would change it says why not.
    scene.run(&integration, &run).await;
    let wanted = json!({ "project": "acme", "id": integration, "name": "Another" });
    let renamed = scene
        .client
        .post("/api/fn/rename_integration", &wanted)
        .await;
    let problem = renamed.expect(503);
    assert_eq!(problem["kind"], "unavailable", "{problem}");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("takes no changes"),
        "{problem}"
    );
    // The owner of a database may change this even now.
    scene
        .database
        .run(&format!("BEGIN READ WRITE; {}; COMMIT", read_only("off")))
        .await;
    scene.database.end_connections().await;
    let ended = scene.run_ended(&integration, &run).await;
    assert_eq!(ended["status"], "success", "{ended}");
}
