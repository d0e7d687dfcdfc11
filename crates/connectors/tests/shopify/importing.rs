//! Whole catalogues and changes.

use std::sync::Arc;

use calibr_connectors::{CataloguePlan, Checkpoint, Fault, Scope, Store};
use calibr_model::status::ListingState;
use calibr_sandbox::{
    Status,
    shopify::{Change, NewVariant, Pace, Rate, ShopSettings},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use serde_json::json;

use crate::harness::{Pulled, SHOP, Scene, full, pull, pull_all, sources, usual};

fn since(moment: DateTime<Utc>) -> CataloguePlan {
    CataloguePlan {
        scope: Scope::Since(moment),
        resume: None,
    }
}

#[tokio::test]
async fn a_full_import_is_exactly_what_the_shop_holds() {
    let scene = Scene::of(ShopSettings {
        variants: 5_000,
        oddities: true,
        ..usual()
    })
    .await;
    let pulled = pull_all(&scene.store(), full()).await;
    pulled.assert_is(&scene.truth());
    assert_eq!(pulled.expected, Some(5_000));
    let states = |state| {
        pulled
            .products
            .values()
            .filter(|product| product.state == state)
            .count()
    };
    for state in [
        ListingState::Active,
        ListingState::Draft,
        ListingState::Archived,
    ] {
        assert!(states(state) > 0, "{state}");
    }
    assert!(
        pulled
            .products
            .values()
            .any(|product| product.title.chars().count() == 300)
    );
    assert!(
        pulled
            .products
            .values()
            .all(|product| product.handle.is_some())
    );
    assert!(
        pulled
            .products
            .values()
            .any(|product| product.image_url.is_some())
    );
}

#[tokio::test]
async fn an_empty_shop_is_an_empty_import() {
    let scene = Scene::of(ShopSettings {
        variants: 0,
        ..usual()
    })
    .await;
    let pulled = pull_all(&scene.store(), full()).await;
    pulled.assert_is(&scene.truth());
    assert_eq!(pulled.expected, Some(0));
}

#[tokio::test]
async fn prices_are_read_in_the_shops_currency() {
    let scene = Scene::of(ShopSettings {
        currency: "JPY".to_owned(),
        ..usual()
    })
    .await;
    let pulled = pull_all(&scene.store(), full()).await;
    assert_eq!(pulled.variants.len(), 300);
    assert!(pulled.faults.is_empty(), "{:?}", pulled.faults);
    for variant in pulled.variants.values() {
        assert_eq!(variant.price.unwrap().currency.code(), "JPY");
    }
}

#[tokio::test]
async fn an_import_cut_at_any_checkpoint_goes_on_to_the_same_end() {
    let scene = Scene::of(ShopSettings {
        variants: 9_000,
        ..usual()
    })
    .await;
    let store = scene.store();
    let whole = pull_all(&store, full()).await;
    whole.assert_is(&scene.truth());
    let cuts = whole.checkpoints.len();
    assert!(cuts >= 5, "{cuts} batches");
    for cut in 1..=cuts {
        let mut pulled = Pulled::default();
        let mut stream = store.catalogue().pull(CataloguePlan {
            scope: Scope::Full,
            resume: whole.checkpoints[0].clone(),
        });
        for _ in 1..cut {
            pulled.add(stream.next().await.unwrap().unwrap());
        }
        drop(stream);
        let last = pulled.checkpoints.last().cloned().flatten();
        let resumed = CataloguePlan {
            scope: Scope::Full,
            resume: last.or_else(|| whole.checkpoints[0].clone()),
        };
        let mut rest = store.catalogue().pull(resumed);
        while let Some(batch) = rest.next().await {
            pulled.add(batch.unwrap());
        }
        pulled.assert_is(&scene.truth());
    }
    assert_eq!(
        scene.asked("CalibrStartExport"),
        1,
        "resuming starts no second export"
    );
}

#[tokio::test]
async fn a_slow_export_is_waited_for() {
    let scene = Scene::of(ShopSettings {
        bulk_pace: Pace::Polls(3),
        ..usual()
    })
    .await;
    pull_all(&scene.store(), full())
        .await
        .assert_is(&scene.truth());
}

#[tokio::test]
async fn an_export_in_the_way_is_waited_for_and_then_ours_runs() {
    let scene = Scene::of(ShopSettings {
        bulk_operations: 1,
        bulk_pace: Pace::Polls(1),
        ..usual()
    })
    .await;
    let store = scene.store();
    let first = store
        .catalogue()
        .pull(full())
        .next()
        .await
        .unwrap()
        .unwrap();
    assert!(first.checkpoint.is_some());
    pull_all(&store, full()).await.assert_is(&scene.truth());
}

#[tokio::test]
async fn changes_are_what_changed_and_no_more() {
    let scene = Scene::usual().await;
    let store = scene.store();
    pull_all(&store, full()).await.assert_is(&scene.truth());
    scene.server.sandbox().clock().advance(TimeDelta::hours(1));
    let moment = sources().now() + TimeDelta::minutes(30);
    assert!(pull_all(&store, since(moment)).await.products.is_empty());

    let truth = scene.truth();
    let variant = truth.keys().next().unwrap().clone();
    let other_product = truth.values().last().unwrap().product_id.clone();
    let change = |change| scene.shopify().change(SHOP, change).unwrap();
    let repriced = change(Change::UpdateVariant {
        variant: variant.clone(),
        price: Some("99.95".to_owned()),
        compare_at_price: Some(String::new()),
        sku: None,
        stock: Some(-3),
    });
    let archived = change(Change::UpdateProduct {
        product: other_product.clone(),
        title: None,
        status: Some(Status::Archived),
    });
    let added = change(Change::AddProduct {
        title: "Added".to_owned(),
        variants: vec![NewVariant {
            sku: Some("NEW-1".to_owned()),
            price: "5.00".to_owned(),
        }],
    });

    let pulled = pull_all(&store, since(moment)).await;

    let mut expected = vec![repriced.product_id, archived.product_id, added.product_id];
    expected.sort();
    assert_eq!(
        pulled.products.keys().cloned().collect::<Vec<_>>(),
        expected
    );
    assert_eq!(
        pulled.products[&other_product].state,
        ListingState::Archived
    );
    let truth = scene.truth();
    for id in pulled.variants.keys() {
        pulled.assert_variant_is(id, &truth[id]);
    }
    assert_eq!(
        pulled.variants[&variant].price.unwrap().to_decimal(),
        "99.95"
    );
    assert!(pulled.variants.contains_key(&added.variant_ids[0]));
}

/// A shop whose every product changed within the window: the pages have to give
/// all of it, products with more variants than a page holds included.
async fn all_changed(variants: u32) -> (Scene, Arc<dyn Store>, CataloguePlan) {
    let scene = Scene::of(ShopSettings {
        variants,
        oddities: true,
        rate: Some(Rate {
            maximum: 20_000,
            restore: 10_000,
        }),
        ..usual()
    })
    .await;
    let store = scene.store();
    (scene, store, since(DateTime::UNIX_EPOCH))
}

#[tokio::test]
async fn changes_come_in_pages_with_all_their_variants() {
    let (scene, store, plan) = all_changed(1_500).await;
    let pulled = pull_all(&store, plan).await;
    pulled.assert_is(&scene.truth());
    let most = pulled
        .products
        .keys()
        .map(|id| {
            pulled
                .variants
                .values()
                .filter(|variant| variant.product_external_id == *id)
                .count()
        })
        .max();
    assert!(most > Some(225), "{most:?} variants are within two pages");
}

#[tokio::test]
async fn changes_cut_at_any_checkpoint_go_on_to_the_same_end() {
    let (scene, store, plan) = all_changed(400).await;
    let whole = pull_all(&store, plan.clone()).await;
    for checkpoint in whole.checkpoints.iter().flatten() {
        let place = whole
            .checkpoints
            .iter()
            .position(|at| at.as_ref() == Some(checkpoint))
            .unwrap();
        let mut pulled = Pulled::default();
        let mut stream = store.catalogue().pull(plan.clone());
        for _ in 0..=place {
            pulled.add(stream.next().await.unwrap().unwrap());
        }
        let mut rest = store.catalogue().pull(CataloguePlan {
            resume: Some(checkpoint.clone()),
            ..plan.clone()
        });
        while let Some(batch) = rest.next().await {
            pulled.add(batch.unwrap());
        }
        pulled.assert_is(&scene.truth());
    }
}

#[tokio::test]
async fn the_shops_budget_is_never_overdrawn() {
    let scene = Scene::of(ShopSettings {
        variants: 600,
        rate: Some(Rate {
            maximum: 300,
            restore: 600,
        }),
        ..usual()
    })
    .await;
    let store = scene.store();
    let (changes, again) = tokio::join!(
        pull_all(&store, since(DateTime::UNIX_EPOCH)),
        pull_all(&store, since(DateTime::UNIX_EPOCH)),
    );
    changes.assert_is(&scene.truth());
    again.assert_is(&scene.truth());
    let counters = scene.shopify().counters(SHOP).unwrap();
    assert_eq!(
        (counters.overdrawn, counters.throttled),
        (false, 0),
        "{counters:?}"
    );
}

#[tokio::test]
async fn a_checkpoint_that_is_no_longer_known_means_to_begin_anew() {
    let scene = Scene::usual().await;
    let lost = async |scope, note| {
        let plan = CataloguePlan {
            scope,
            resume: Some(Checkpoint(note)),
        };
        pull(&scene.store(), plan).await.error.unwrap().fault
    };
    let since = Scope::Since(DateTime::UNIX_EPOCH);
    let export = |id: u64| {
        json!({
            "kind": "export", "id": format!("gid://shopify/BulkOperation/{id}"),
            "offset": 100, "products": 1, "variants": 1,
        })
    };
    let changes = json!({ "kind": "changes", "since": "1970-01-01T00:00:00Z", "after": "gone" });
    assert_eq!(lost(Scope::Full, export(1)).await, Fault::CheckpointLost);
    assert_eq!(
        lost(Scope::Full, changes.clone()).await,
        Fault::CheckpointLost
    );
    assert_eq!(lost(Scope::Full, json!("?")).await, Fault::CheckpointLost);
    assert_eq!(lost(since, changes).await, Fault::CheckpointLost);
    assert_eq!(lost(since, export(1)).await, Fault::CheckpointLost);
}

#[tokio::test]
async fn an_export_older_than_a_week_has_to_be_made_anew() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let whole = pull_all(&store, full()).await;
    scene.server.sandbox().clock().advance(TimeDelta::days(8));
    let plan = CataloguePlan {
        scope: Scope::Full,
        resume: whole.checkpoints[0].clone(),
    };
    assert_eq!(
        pull(&store, plan).await.error.unwrap().fault,
        Fault::CheckpointLost
    );
}
