//! Whole catalogues and changes.

use calibr_connectors::{CataloguePlan, Checkpoint, Fault, Scope};
use calibr_sandbox::{
    FaultKind,
    amazon::{ListingChange, ReportLetters, SellerSettings},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use serde_json::json;

use crate::harness::{
    Pulled, SELLER, Scene, calls, full, on_api, on_file, pull, pull_all, sources, usual,
};

fn since(moment: DateTime<Utc>) -> CataloguePlan {
    CataloguePlan {
        scope: Scope::Since(moment),
        resume: None,
    }
}

#[tokio::test]
async fn a_full_import_is_exactly_what_the_seller_offers() {
    let scene = Scene::of(SellerSettings {
        listings: 3_000,
        oddities: true,
        ..usual()
    })
    .await;
    let pulled = pull_all(&scene.store(), full()).await;
    assert_eq!(pulled.doubled, 0);
    pulled.assert_is(&scene.truth());
    assert_eq!(pulled.expected, Some(3_000));
    let titles = pulled.products.values().map(|product| &product.title);
    assert!(titles.into_iter().any(|title| title.contains('🧶')));
    let mut variants = pulled.variants.values();
    assert!(variants.any(|variant| variant.title == "Used, very good"));
    assert!(pulled.variants.keys().any(|sku| sku.contains(",")));
    assert_eq!(calls(&scene)["createReport"], 1);
    scene.never_too_fast();
}

#[tokio::test]
async fn reports_are_read_packed_or_not_in_any_letters() {
    for (packed, letters) in [
        (true, ReportLetters::Latin1),
        (false, ReportLetters::Latin1Unsaid),
        (false, ReportLetters::Utf8),
    ] {
        let scene = Scene::of(SellerSettings {
            packed,
            letters,
            ..usual()
        })
        .await;
        let sku = scene.truth().into_keys().next().unwrap();
        let title = Some("Größe „M“ für Mädchen".to_owned());
        let change = ListingChange::Update {
            sku,
            price: None,
            stock: None,
            title,
        };
        scene.amazon().change(SELLER, change).unwrap();
        pull_all(&scene.store(), full())
            .await
            .assert_is(&scene.truth());
    }
}

#[tokio::test]
async fn a_seller_without_listings_is_an_empty_import() {
    let scene = Scene::of(SellerSettings {
        listings: 0,
        ..usual()
    })
    .await;
    let pulled = pull_all(&scene.store(), full()).await;
    pulled.assert_is(&scene.truth());
    assert_eq!(pulled.expected, Some(0));
}

#[tokio::test]
async fn an_import_cut_at_any_checkpoint_goes_on_to_the_same_end() {
    let scene = Scene::of(SellerSettings {
        listings: 5_000,
        ..usual()
    })
    .await;
    let store = scene.store();
    let whole = pull_all(&store, full()).await;
    whole.assert_is(&scene.truth());
    let cuts = whole.checkpoints.len();
    assert!(cuts >= 4, "{cuts} batches");
    for cut in 1..=cuts {
        let resume = whole.checkpoints[cut - 1].clone();
        let mut pulled = Pulled::default();
        let mut stream = store.catalogue().pull(CataloguePlan {
            scope: Scope::Full,
            resume: whole.checkpoints[0].clone(),
        });
        for _ in 1..cut {
            pulled.add(stream.next().await.unwrap().unwrap());
        }
        drop(stream);
        let mut rest = store.catalogue().pull(CataloguePlan {
            scope: Scope::Full,
            resume,
        });
        while let Some(batch) = rest.next().await {
            pulled.add(batch.unwrap());
        }
        pulled.assert_is(&scene.truth());
    }
    assert_eq!(calls(&scene)["createReport"], 1);
}

#[tokio::test]
async fn later_only_what_changed_is_read() {
    let scene = Scene::usual().await;
    let before = sources().now();
    let skus: Vec<String> = scene.truth().into_keys().take(2).collect();
    let amazon = scene.amazon();
    let update = |sku: &String| ListingChange::Update {
        sku: sku.clone(),
        price: Some("77.70".to_owned()),
        stock: None,
        title: None,
    };
    amazon.change(SELLER, update(&skus[0])).unwrap();
    let added = ListingChange::Add {
        sku: Some("NEW-1".to_owned()),
        title: "New".to_owned(),
        price: "5.00".to_owned(),
    };
    amazon.change(SELLER, added).unwrap();
    let pulled = pull_all(&scene.store(), since(before - TimeDelta::seconds(1))).await;
    assert!(pulled.variants.len() <= 30, "{}", pulled.variants.len());
    let price = |sku: &str| pulled.variants[sku].price.unwrap().to_decimal();
    assert_eq!(price(&skus[0]), "77.70");
    assert_eq!(price("NEW-1"), "5.00");
    let nothing = since(before + TimeDelta::days(1));
    assert!(pull_all(&scene.store(), nothing).await.variants.is_empty());
}

#[tokio::test]
async fn more_changes_than_a_search_gives_are_all_found() {
    let scene = Scene::of(SellerSettings {
        listings: 1_300,
        ..usual()
    })
    .await;
    let pulled = pull_all(&scene.store(), since(DateTime::UNIX_EPOCH)).await;
    pulled.assert_is(&scene.truth());
}

#[tokio::test]
async fn pages_that_ran_out_are_found_again_by_time() {
    let scene = Scene::of(SellerSettings {
        listings: 500,
        ..usual()
    })
    .await;
    let store = scene.store();
    let mut stream = store.catalogue().pull(since(DateTime::UNIX_EPOCH));
    let mut pulled = Pulled::default();
    pulled.add(stream.next().await.unwrap().unwrap());
    scene.amazon().expire_pages(SELLER).unwrap();
    while let Some(batch) = stream.next().await {
        pulled.add(batch.unwrap());
    }
    pulled.assert_is(&scene.truth());
}

#[tokio::test]
async fn lines_that_cannot_be_read_are_faults_and_no_more() {
    let scene = Scene::usual().await;
    scene.fails(on_file(FaultKind::MalformedLines {
        lines: vec![3, 100],
        truncate_last: false,
    }));
    let pulled = pull_all(&scene.store(), full()).await;
    assert_eq!(pulled.variants.len(), 298);
    let codes: Vec<_> = pulled.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["malformed_record"; 2]);
}

#[tokio::test]
async fn a_line_that_is_cut_is_taken_up() {
    let scene = Scene::of(SellerSettings {
        listings: 3_000,
        ..usual()
    })
    .await;
    scene.fails(on_file(FaultKind::CutConnection).times(2));
    scene.fails(on_file(FaultKind::ServerError { status: 503 }));
    let pulled = pull_all(&scene.store(), full()).await;
    pulled.assert_is(&scene.truth());
}

#[tokio::test]
async fn an_address_that_ran_out_meanwhile_is_asked_for_again() {
    let scene = Scene::of(SellerSettings {
        listings: 6_000,
        ..usual()
    })
    .await;
    scene.fails(on_file(FaultKind::CutConnection));
    let store = scene.store();
    let mut stream = store.catalogue().pull(full());
    let mut pulled = Pulled::default();
    while pulled.variants.is_empty() {
        pulled.add(stream.next().await.unwrap().unwrap());
    }
    scene.pass(301);
    while let Some(batch) = stream.next().await {
        pulled.add(batch.unwrap());
    }
    pulled.assert_is(&scene.truth());
    assert_eq!(calls(&scene)["getReportDocument"], 2);
}

#[tokio::test]
async fn a_report_that_fails_is_no_success() {
    let scene = Scene::usual().await;
    scene.fails(on_api(FaultKind::ExportFails { after_objects: 0 }));
    let pulled = pull(&scene.store(), full()).await;
    assert_eq!(pulled.error.unwrap().fault, Fault::Server);
    assert!(pulled.variants.is_empty());
    let gone = Checkpoint(json!({ "kind": "report", "id": "1", "offset": 0, "listings": 0 }));
    let lost = pull(
        &scene.store(),
        CataloguePlan {
            scope: Scope::Full,
            resume: Some(gone),
        },
    )
    .await;
    assert_eq!(lost.error.unwrap().fault, Fault::CheckpointLost);
}
