//! What a run would cost, told before it starts, and what it cost then by the sandbox's count.

use calibr_sandbox::{
    Fault, FaultKind,
    amazon::{ListingChange, SellerSettings},
    shopify::{Change, ShopSettings},
    woocommerce::StoreSettings,
};
use serde_json::{Value, json};

use crate::support::{
    SHOP, Scene,
    broken::Broken,
    platforms::{
        CONSUMER_KEY, CONSUMER_SECRET, REFRESH_TOKEN, SELLER, seller_form, store_form,
        usual_seller, usual_store,
    },
    usual_shop,
};

/// A plan is this close to what is counted: a fifth, and three calls. How often an export is looked at, and which
/// pages a store's rows fall on, is not known before.
fn assert_close(planned: &Value, counted: usize, what: &str) {
    let calls = planned["calls"].as_u64().unwrap() as f64;
    let counted = counted as f64;
    assert!(
        (calls - counted).abs() <= counted / 5.0 + 3.0,
        "{what}: {calls} were planned, {counted} made: {planned}"
    );
    assert!(planned["how"].as_str().unwrap().ends_with('.'), "{planned}");
    assert_eq!(planned["possible"], true, "{planned}");
}

async fn plan(scene: &Scene, integration: &str, kind: &str) -> Value {
    let path = Scene::at(integration, &format!("/syncs/plan?type={kind}"));
    scene.client.get(&path).await.expect(200)
}

/// Calls of a platform since they were forgotten, but for those that get a token and those that look at competitors.
fn counted(scene: &Scene) -> usize {
    let requests = scene.shop.server.sandbox().requests();
    let is_of_run = |path: &str| {
        !path.contains("oauth") && !path.contains("/o2/") && !path.contains("/pricing/")
    };
    requests.iter().filter(|one| is_of_run(&one.path)).count()
}

/// Plans a run, makes it and compares.
async fn planned_and_made(scene: &Scene, integration: &str, kind: &str) {
    let planned = plan(scene, integration, kind).await;
    assert_eq!(planned["type"], kind, "{planned}");
    scene.shop.forget_calls();
    let run = scene.sync(integration, kind).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_close(&planned, counted(scene), kind);
}

#[tokio::test]
async fn of_shopify() {
    let settings = ShopSettings {
        orders: 40,
        ..usual_shop(600)
    };
    let scene = Scene::of(settings).await;
    scene.give_token("shpat_orders", "read_products,read_orders");
    let mut form = Scene::form(SHOP, "");
    form["credentials"]["access_token"] = json!("shpat_orders");
    let integration = scene.connect_by(&form).await;
    scene.newest_run_ended(&integration).await;
    planned_and_made(&scene, &integration, "full").await;
    let products: Vec<String> = {
        let truth = scene.shop.shopify().truth(SHOP).unwrap();
        let all: std::collections::BTreeSet<_> = truth.map(|one| one.product_id).collect();
        all.into_iter().take(60).collect()
    };
    let change_all = |title: &str| {
        for product in &products {
            scene.shop.change(Change::UpdateProduct {
                product: product.clone(),
                title: Some(title.to_owned()),
                status: None,
            });
        }
    };
    // It is like the last time.
    change_all("Once");
    scene.sync(&integration, "incremental").await;
    change_all("Twice");
    planned_and_made(&scene, &integration, "incremental").await;
}

#[tokio::test]
async fn of_amazon() {
    let seller = SellerSettings {
        orders: 30,
        ..usual_seller(250)
    };
    let scene = Scene::of_platforms(seller, usual_store(1)).await;
    let integration = scene.connect_by(&seller_form(REFRESH_TOKEN)).await;
    scene.newest_run_ended(&integration).await;
    planned_and_made(&scene, &integration, "full").await;
    let skus: Vec<String> = scene.shop.seller_truth().into_keys().take(45).collect();
    let change_all = |price: &str| {
        for sku in &skus {
            let change = ListingChange::Update {
                sku: sku.clone(),
                price: Some(price.to_owned()),
                stock: None,
                title: None,
            };
            scene.shop.amazon().change(SELLER, change).unwrap();
        }
    };
    change_all("11.11");
    scene.sync(&integration, "incremental").await;
    change_all("12.12");
    planned_and_made(&scene, &integration, "incremental").await;
}

#[tokio::test]
async fn of_woocommerce() {
    let store = StoreSettings {
        orders: 150,
        ..usual_store(500)
    };
    let scene = Scene::of_platforms(usual_seller(1), store).await;
    let form = store_form(&scene.shop.store_url(), CONSUMER_KEY, CONSUMER_SECRET);
    let integration = scene.connect_by(&form).await;
    scene.newest_run_ended(&integration).await;
    planned_and_made(&scene, &integration, "full").await;
    planned_and_made(&scene, &integration, "incremental").await;
}

#[tokio::test]
async fn of_a_retry() {
    let broken = Broken::store(300, 20).await;
    let planned = broken.plan(&broken.run, "").await;
    assert_eq!(
        (&planned["type"], &planned["items"]),
        (&json!("retry"), &json!(21)),
        "{planned}"
    );
    broken.mend();
    broken.scene.shop.forget_calls();
    let retry = broken.retry(&broken.run, &Value::Null).await;
    assert_eq!(retry["status"], "success", "{retry}");
    assert_close(&planned, counted(&broken.scene), "retry");
    // Run again: everything.
    let whole = broken.plan(&broken.run, "&whole=true").await;
    assert_eq!(
        (&whole["type"], &whole["items"]),
        (&json!("full"), &Value::Null),
        "{whole}"
    );
    assert!(
        whole["calls"].as_i64() > planned["calls"].as_i64(),
        "{whole}"
    );
}

#[tokio::test]
async fn of_a_retry_without_ids_is_a_full_sync_and_says_so_before_it_starts() {
    let scene = Scene::of(usual_shop(200)).await;
    let lines = FaultKind::MalformedLines {
        lines: vec![2, 90],
        truncate_last: false,
    };
    scene.shop.fails(Fault::once(lines));
    let integration = scene.connect().await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "partial", "{run}");
    // As of records that are damaged where their ids stand.
    scene
        .database
        .run("UPDATE item_failures SET external_id = NULL; DELETE FROM failing_items")
        .await;
    let path = format!(
        "/syncs/plan?type=retry&code=malformed_record&run={}",
        run["id"].as_str().unwrap()
    );
    let planned = scene
        .client
        .get(&Scene::at(&integration, &path))
        .await
        .expect(200);
    assert_eq!(planned["type"], "full", "{planned}");
    let notes = planned["notes"].to_string();
    assert!(
        notes.contains("no id that could be read, so a retry reads everything"),
        "{planned}"
    );
    assert_eq!(planned["possible"], true);
}

#[tokio::test]
async fn of_what_cannot_start_says_why() {
    let broken = Broken::store(60, 1).await;
    let (scene, integration) = (&broken.scene, &broken.integration);
    scene
        .client
        .get(&broken.at("/syncs/plan?type=retry"))
        .await
        .problem(422, "invalid");
    broken.mend();
    let run = broken.retry(&broken.run, &Value::Null).await;
    scene.shop.forget_calls();
    let planned = broken.plan(&broken.run, "").await;
    assert_eq!(planned["possible"], false, "{planned}");
    assert!(
        planned["notes"].to_string().contains("came through since"),
        "{planned}"
    );
    let planned = broken.plan(&run, "").await;
    assert!(
        planned["notes"]
            .to_string()
            .contains("Everything came through"),
        "{planned}"
    );
    // All of it is here by now: what changed is enough.
    assert_eq!(
        plan(scene, integration, "incremental").await["type"],
        "incremental"
    );
    // Nothing was asked of the store for any of this.
    assert_eq!(counted(scene), 0);
    scene.client.delete(&broken.at("")).await.expect(200);
    let planned = plan(scene, integration, "full").await;
    assert_eq!(planned["possible"], false);
    assert!(
        planned["notes"].to_string().contains("is disconnected"),
        "{planned}"
    );
}
