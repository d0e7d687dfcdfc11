//! What goes wrong on the way between a shop and the console while a run is under way.

use calibr_sandbox::{
    Fault, FaultKind, Target,
    shopify::{Change, Rate, ShopSettings},
};
use serde_json::Value;

use crate::support::{Client, Good, SHOP, Scene, Shop, usual_shop};

async fn failures(scene: &Scene, integration: &str, run: &Value) -> Vec<Value> {
    let id = run["id"].as_str().unwrap();
    let path = Scene::at(integration, &format!("/syncs/{id}/failures"));
    scene.client.all(&path).await
}

#[tokio::test]
async fn a_line_that_is_no_record_fails_alone_and_a_retry_brings_it() {
    let scene = Scene::of(usual_shop(200)).await;
    let lines = FaultKind::MalformedLines {
        lines: vec![2, 90, 140],
        truncate_last: false,
    };
    scene.shop.fails(Fault::once(lines));
    let integration = scene.connect().await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(
        (run["status"].as_str(), run["error_code"].as_str()),
        (Some("partial"), Some("some_failed")),
        "{run}"
    );
    let goods = Shop::shown(&scene.client).await;
    let truth = scene.shop.truth();
    assert_eq!(run["items_synced"], goods.len());
    assert!(goods.len() < truth.len() && goods.len() > truth.len() - 20);
    assert!(goods.iter().all(|(id, one)| truth.get(id) == Some(one)));
    let words = format!("{} of {} items came through", goods.len(), truth.len());
    assert!(run["error"].as_str().unwrap().starts_with(&words), "{run}");

    let failed = failures(&scene, &integration, &run).await;
    assert_eq!(run["items_failed"], failed.len());
    let malformed: Vec<_> = failed
        .iter()
        .filter(|failure| failure["code"] == "malformed_record")
        .collect();
    assert_eq!(malformed.len(), 3, "{failed:#?}");
    for failure in &malformed {
        assert_eq!(failure["class"], "retryable");
        assert!(failure["message"].as_str().unwrap().ends_with('.'));
    }
    assert_eq!(
        scene.integration(&integration).await["sync_status"],
        "partial"
    );
    // What came is kept with it, in short, for whoever looks into it.
    let answers = "SELECT answer FROM item_failures WHERE code = 'malformed_record'";
    for (answer,) in scene.database.rows::<(String,)>(answers).await {
        assert!(
            answer.contains("gid://shopify/") && answer.chars().count() <= 2_001,
            "{answer}"
        );
    }

    let retry = format!("/syncs/{}/retry", run["id"].as_str().unwrap());
    let again = scene
        .client
        .post(&Scene::at(&integration, &retry), &Value::Null)
        .await;
    let again = again.expect(201);
    assert_eq!(again["trigger"], "retry");
    let again = scene
        .run_ended(&integration, again["id"].as_str().unwrap())
        .await;
    assert_eq!(again["status"], "success", "{again}");
    scene.assert_all_there().await;
}

#[tokio::test]
async fn what_failed_in_the_first_import_is_read_by_the_next_sync() {
    let scene = Scene::of(usual_shop(120)).await;
    let lines = FaultKind::MalformedLines {
        lines: vec![7],
        truncate_last: false,
    };
    scene.shop.fails(Fault::once(lines));
    let integration = scene.connect().await;
    assert_eq!(
        scene.newest_run_ended(&integration).await["status"],
        "partial"
    );
    let next = scene.sync(&integration, "incremental").await;
    assert_eq!(next["status"], "success", "{next}");
    scene.assert_all_there().await;
}

#[tokio::test]
async fn what_is_odd_in_real_shops_is_shown_as_it_stands_there() {
    let (scene, integration) = Scene::connected(usual_shop(400)).await;
    let truth = scene.shop.truth();
    let count = |fits: &dyn Fn(&Good) -> bool| truth.values().filter(|one| fits(one)).count();
    assert!(count(&|(_, sku, _)| sku.as_deref() == Some("DUPLICATE-001")) >= 2);
    assert!(count(&|(price, ..)| price.as_deref() == Some("0.00")) >= 2);
    assert!(count(&|(.., title)| title.chars().count() == 300) >= 2);
    assert!(count(&|(.., title)| title.contains("👩\u{200d}👩\u{200d}👧")) >= 2);
    assert!(count(&|(.., title)| title.starts_with("قميص")) >= 2);
    assert!(count(&|(_, sku, _)| sku.is_none()) >= 2);
    scene.assert_all_there().await;

    // What people write there next is no different.
    let product = scene
        .shop
        .shopify()
        .truth(SHOP)
        .unwrap()
        .next()
        .unwrap()
        .product_id;
    for title in [
        "\u{202e}elbairav\u{202c} \u{2066}x\u{2069}",
        "<script>alert(1)</script> & 'quotes\" \\ %s {0}",
        "𝒵𝒶𝓁𝑔𝑜 Z̷̢̛a̸l̵g̶o̷",
        "  spaces\u{a0}around  ",
    ] {
        scene.shop.change(Change::UpdateProduct {
            product: product.clone(),
            title: Some(title.to_owned()),
            status: None,
        });
        let run = scene.sync(&integration, "incremental").await;
        assert_eq!(run["status"], "success", "{run}");
        scene.assert_all_there().await;
    }
}

#[tokio::test]
async fn what_passes_is_waited_out_and_nothing_is_doubled() {
    let kinds = [
        (FaultKind::ServerError { status: 500 }, 3),
        (FaultKind::ServerError { status: 503 }, 3),
        (FaultKind::CutConnection, 3),
        (FaultKind::Throttled, 4),
        (FaultKind::MalformedAnswer, 2),
        (FaultKind::WrongContentType, 2),
        (
            FaultKind::Slow {
                delay_milliseconds: 700,
            },
            4,
        ),
    ];
    let waited_out = kinds.map(async |(kind, times)| {
        let scene = Scene::of(usual_shop(300)).await;
        let integration = scene.connect().await;
        scene.newest_run_ended(&integration).await;
        scene
            .shop
            .fails(Fault::once(kind.clone()).times(times).on(Target::Api));
        let run = scene.sync(&integration, "full").await;
        assert_eq!(run["status"], "success", "{kind:?}: {run}");
        scene.assert_all_there().await;
        let counters = scene.shop.shopify().counters(SHOP).unwrap();
        assert_eq!(counters.faults, u64::from(times), "{kind:?}");
        assert!(!counters.overdrawn, "{kind:?}");
    });
    futures::future::join_all(waited_out).await;
}

#[tokio::test]
async fn a_download_that_is_cut_again_and_again_is_taken_up() {
    let scene = Scene::of(usual_shop(6_000)).await;
    let cut = Fault::once(FaultKind::CutConnection)
        .on(Target::File)
        .times(3);
    scene.shop.fails(cut);
    let short = FaultKind::MalformedLines {
        lines: vec![],
        truncate_last: true,
    };
    scene.shop.fails(Fault::once(short).on(Target::File));
    let integration = scene.connect().await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(scene.shop.calls("CalibrStartExport"), 1);
    scene.assert_all_there().await;
}

#[tokio::test]
async fn an_export_that_fails_is_begun_anew_by_the_run_itself() {
    let scene = Scene::of(usual_shop(300)).await;
    let fails = FaultKind::ExportFails { after_objects: 40 };
    scene.shop.fails(Fault::once(fails).times(3));
    let integration = scene.connect().await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(
        (run["status"].as_str(), &run["error"]),
        (Some("success"), &Value::Null),
        "{run}"
    );
    assert!(run["attempts"].as_i64().unwrap() > 1, "{run}");
    assert_eq!(run["items_synced"], 300);
    assert_eq!(scene.shop.calls("CalibrStartExport"), 4);
    scene.assert_all_there().await;
}

#[tokio::test]
async fn a_shop_that_is_down_for_longer_is_tried_again_and_says_so_meanwhile() {
    let (scene, integration) = Scene::connected(usual_shop(120)).await;
    let away = FaultKind::TooManyRequests {
        retry_after_seconds: Some(3_600),
    };
    scene
        .shop
        .fails(Fault::once(away).of_operation("CalibrCatalogueStart"));
    let run = scene.start_run(&integration, "full").await;
    let waiting = crate::support::until("the run waits", async || {
        let run = scene.run(&integration, &run).await;
        run["error_code"].is_string().then_some(run)
    })
    .await;
    assert_eq!(waiting["status"], "queued", "{waiting}");
    assert_eq!(waiting["error_code"], "throttled");
    assert!(
        waiting["error"].as_str().unwrap().ends_with('.'),
        "{waiting}"
    );
    // It counts as the one that is under way.
    let syncs = Scene::at(&integration, "/syncs");
    let second = scene.client.post(&syncs, &serde_json::json!({})).await;
    second.problem(409, "conflict");
    assert_eq!(scene.integration(&integration).await["status"], "connected");
}

#[tokio::test]
async fn many_changes_are_read_within_the_shops_budget() {
    let settings = ShopSettings {
        rate: Some(Rate {
            maximum: 1_000,
            restore: 400,
        }),
        ..usual_shop(2_000)
    };
    let (scene, integration) = Scene::connected(settings).await;
    let products: Vec<String> = scene
        .shop
        .shopify()
        .truth(SHOP)
        .unwrap()
        .map(|variant| variant.product_id)
        .collect();
    let products: std::collections::BTreeSet<_> = products.into_iter().collect();
    for (number, product) in products.iter().enumerate() {
        scene.shop.change(Change::UpdateProduct {
            product: product.clone(),
            title: Some(format!("Number {number}")),
            status: None,
        });
    }
    let run = scene.sync(&integration, "incremental").await;
    assert_eq!(run["status"], "success", "{run}");
    scene.assert_all_there().await;
    let counters = scene.shop.shopify().counters(SHOP).unwrap();
    assert!(
        !counters.overdrawn && counters.throttled == 0,
        "{counters:?}"
    );
    assert_eq!(
        scene
            .client
            .all(&Client::in_project("products"))
            .await
            .len(),
        products.len()
    );
}
