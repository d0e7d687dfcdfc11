//! Syncs after the first: what changed, and what is gone.

use calibr_sandbox::{Fault, FaultKind, shopify::Change};
use serde_json::json;

use crate::support::{Client, SHOP, Scene, Shop, usual_shop};

const ROWS: &str = "SELECT external_id, xmin::text FROM listings ORDER BY external_id";

fn variant_ids(scene: &Scene) -> Vec<String> {
    let truth = scene.shop.shopify().truth(SHOP).unwrap();
    truth.map(|variant| variant.variant_id).collect()
}

#[tokio::test]
async fn only_what_changed_is_read_and_written() {
    let (scene, integration) = Scene::connected(usual_shop(300)).await;
    let before: Vec<(String, String)> = scene.database.rows(ROWS).await;
    let fresh_before = scene.integration(&integration).await["data_fresh_as_of"].clone();
    let changed = variant_ids(&scene)[150].clone();
    scene.shop.change(Change::UpdateVariant {
        variant: changed.clone(),
        price: Some("123.45".to_owned()),
        compare_at_price: None,
        sku: None,
        stock: None,
    });
    let run = scene.sync(&integration, "incremental").await;
    assert_eq!(
        (&run["status"], &run["type"]),
        (&json!("success"), &json!("incremental")),
        "{run}"
    );
    assert_eq!(
        (&run["items_updated"], &run["items_created"]),
        (&json!(1), &json!(0)),
        "{run}"
    );
    assert_eq!(scene.shop.calls("CalibrStartExport"), 0);
    assert_eq!(scene.shop.calls("CalibrChangedProducts"), 1);
    assert!(
        run["items_synced"].as_i64().unwrap() < 50,
        "not everything was read: {run}"
    );
    scene.assert_all_there().await;

    let after: Vec<(String, String)> = scene.database.rows(ROWS).await;
    let touched: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
    assert_eq!(touched.len(), 1, "{touched:?}");
    let number = changed.rsplit('/').next().unwrap();
    assert!(touched[0].0.ends_with(number), "{touched:?}");
    let fresh_after = scene.integration(&integration).await["data_fresh_as_of"].clone();
    assert!(fresh_after.as_str() > fresh_before.as_str());

    // Nothing changed: nothing is written, and data is fresh all the same.
    let run = scene.sync(&integration, "incremental").await;
    assert_eq!(
        (&run["status"], &run["items_updated"]),
        (&json!("success"), &json!(0)),
        "{run}"
    );
    assert_eq!(scene.database.rows::<(String, String)>(ROWS).await, after);
}

#[tokio::test]
async fn what_is_gone_is_found_by_a_whole_full_run_alone() {
    let (scene, integration) = Scene::connected(usual_shop(300)).await;
    let gone = variant_ids(&scene)[100].clone();
    scene.shop.change(Change::DeleteVariant { variant: gone });
    scene.sync(&integration, "incremental").await;
    assert_eq!(Shop::shown(&scene.client).await.len(), 300);

    // One that misses something cannot tell what is gone.
    let lines = FaultKind::MalformedLines {
        lines: vec![50],
        truncate_last: false,
    };
    scene.shop.fails(Fault::once(lines));
    let run = scene.sync(&integration, "full").await;
    assert_eq!(
        (&run["status"], &run["items_removed"]),
        (&json!("partial"), &json!(0)),
        "{run}"
    );
    assert_eq!(Shop::shown(&scene.client).await.len(), 300);

    let run = scene.sync(&integration, "full").await;
    assert_eq!(
        (&run["status"], &run["items_removed"]),
        (&json!("success"), &json!(1)),
        "{run}"
    );
    assert_eq!(scene.integration(&integration).await["item_count"], 299);
    scene.assert_all_there().await;
}

#[tokio::test]
async fn a_shop_that_is_suddenly_empty_does_not_empty_the_console() {
    let (scene, integration) = Scene::connected(usual_shop(60)).await;
    let truth = scene.shop.shopify().truth(SHOP).unwrap();
    let mut products: Vec<String> = truth.map(|variant| variant.product_id).collect();
    products.dedup();
    for product in products {
        scene.shop.change(Change::DeleteProduct { product });
    }
    let run = scene.sync(&integration, "full").await;
    assert_eq!(
        (run["status"].as_str(), run["error_code"].as_str()),
        (Some("error"), Some("empty_catalogue")),
        "{run}"
    );
    let words = run["error"].as_str().unwrap();
    assert!(words.contains("none of the 60 items") && words.contains("Nothing was removed"));
    assert_eq!(Shop::shown(&scene.client).await.len(), 60);
    let listings = scene.client.all(&Client::in_project("listings")).await;
    assert!(listings.iter().all(|listing| listing["state"] != "gone"));

    scene.shop.change(Change::AddProduct {
        title: "The first of the new ones".to_owned(),
        variants: vec![calibr_sandbox::shopify::NewVariant {
            sku: None,
            price: "1.00".to_owned(),
        }],
    });
    let run = scene.sync(&integration, "full").await;
    assert_eq!(
        (&run["status"], &run["items_removed"]),
        (&json!("success"), &json!(60)),
        "{run}"
    );
    scene.assert_all_there().await;
}
