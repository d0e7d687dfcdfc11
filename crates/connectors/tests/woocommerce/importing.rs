//! Reading the catalogue: all of it, from any point on, and what was changed.

use calibr_connectors::{CataloguePlan, Checkpoint, Fault, Scope};
use calibr_model::status::ListingState;
use calibr_sandbox::{
    Fault as Failing, FaultKind,
    woocommerce::{StoreChange, StoreSettings},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use serde_json::json;

use crate::harness::{Pulled, STORE, Scene, full, pull, pull_all, usual};

fn since(moment: DateTime<Utc>) -> CataloguePlan {
    CataloguePlan {
        scope: Scope::Since(moment),
        resume: None,
    }
}

/// More products than several pages hold.
fn large() -> StoreSettings {
    StoreSettings {
        variants: 2_500,
        ..usual()
    }
}

#[tokio::test]
async fn the_whole_store_arrives_once_and_again_from_any_checkpoint() {
    let scene = Scene::of(large()).await;
    let store = scene.store();
    let truth = scene.truth();
    let pulled = pull_all(&store, full()).await;
    pulled.assert_is(&truth);
    assert!(pulled.checkpoints.len() > 5, "{}", pulled.checkpoints.len());

    let mut stream = store.catalogue().pull(full());
    let mut before = Pulled::default();
    let mut cut = 0;
    while let Some(batch) = stream.next().await {
        before.add(batch.unwrap());
        cut += 1;
        if cut % 3 != 0 {
            continue;
        }
        let rest = pull_all(
            &store,
            CataloguePlan {
                scope: Scope::Full,
                resume: before.checkpoints.last().cloned().flatten(),
            },
        )
        .await;
        assert_eq!(rest.doubled, 0);
        assert_eq!(before.variants.len() + rest.variants.len(), truth.len());
        assert!(
            rest.variants
                .keys()
                .all(|id| !before.variants.contains_key(id))
        );
        assert_eq!(
            rest.expected.unwrap_or(truth.len() as u64),
            truth.len() as u64
        );
    }
}

#[tokio::test]
async fn an_odd_store_arrives_as_it_is() {
    let scene = Scene::of(StoreSettings {
        oddities: true,
        variants: 800,
        ..usual()
    })
    .await;
    let pulled = pull_all(&scene.store(), full()).await;
    pulled.assert_is(&scene.truth());
    let drafts = pulled
        .products
        .values()
        .filter(|product| product.state == ListingState::Draft);
    assert!(drafts.count() > 0);
}

#[tokio::test]
async fn an_empty_store_is_empty_and_says_so() {
    let scene = Scene::of(StoreSettings {
        variants: 0,
        ..usual()
    })
    .await;
    let pulled = pull_all(&scene.store(), full()).await;
    assert_eq!((pulled.variants.len(), pulled.expected), (0, Some(0)));
}

#[tokio::test]
async fn products_deleted_between_pages_take_no_others_with_them() {
    let scene = Scene::of(large()).await;
    let store = scene.store();
    let ids: Vec<u64> = {
        let truth = scene.truth();
        let mut ids: Vec<u64> = truth.values().map(|listing| listing.product_id).collect();
        ids.dedup();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let mut stream = store.catalogue().pull(full());
    let mut pulled = Pulled::default();
    let mut deletions = ids.iter().copied().take(60);
    while let Some(batch) = stream.next().await {
        pulled.add(batch.unwrap());
        for product in deletions.by_ref().take(20) {
            scene.change(StoreChange::DeleteProduct { product });
        }
    }
    assert_eq!((pulled.doubled, pulled.faults), (0, Vec::new()));
    for id in scene.truth().keys() {
        assert!(pulled.variants.contains_key(id), "{id} was lost");
    }
}

#[tokio::test]
async fn a_checkpoint_outlives_the_product_it_names() {
    let scene = Scene::of(large()).await;
    let store = scene.store();
    let mut stream = store.catalogue().pull(full());
    let mut before = Pulled::default();
    before.add(stream.next().await.unwrap().unwrap());
    drop(stream);
    let mut gone: Vec<u64> = before
        .products
        .keys()
        .map(|id| id.parse().unwrap())
        .collect();
    gone.sort_unstable();
    for product in gone.into_iter().rev().take(30) {
        scene.change(StoreChange::DeleteProduct { product });
    }
    let rest = pull_all(
        &store,
        CataloguePlan {
            scope: Scope::Full,
            resume: before.checkpoints[0].clone(),
        },
    )
    .await;
    for id in scene.truth().keys() {
        let seen = before.variants.contains_key(id) || rest.variants.contains_key(id);
        assert!(seen, "{id} was lost");
    }
}

#[tokio::test]
async fn only_what_changed_is_read_again() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let now = scene.now();
    let nothing = pull_all(&store, since(now)).await;
    assert_eq!((nothing.variants.len(), nothing.expected), (0, Some(0)));

    let simple = scene.simple().swap_remove(0);
    let variation = scene.variations().swap_remove(0);
    for listing in [simple.id, variation.id] {
        scene.change(StoreChange::UpdateListing {
            listing,
            regular_price: Some("77.00".to_owned()),
            sale_price: Some(String::new()),
            sku: None,
            stock: None,
        });
    }
    let changed = pull_all(&store, since(now)).await;
    let touched = [simple.product_id, variation.product_id];
    let mut expected = scene.truth();
    expected.retain(|_, listing| touched.contains(&listing.product_id));
    changed.assert_is(&expected);
    let later = pull_all(&store, since(now + TimeDelta::hours(1))).await;
    assert_eq!(later.variants.len(), 0);
}

#[tokio::test]
async fn a_price_that_is_none_leaves_its_listing_out_and_says_so() {
    let scene = Scene::usual().await;
    let prices = ["abc", "12,50", "-3", "1.005"];
    let simple = scene.simple();
    for (listing, price) in simple.iter().zip(prices) {
        scene.change(StoreChange::UpdateListing {
            listing: listing.id,
            regular_price: Some(price.to_owned()),
            sale_price: Some(String::new()),
            sku: None,
            stock: None,
        });
    }
    scene.change(StoreChange::UpdateListing {
        listing: simple[4].id,
        regular_price: Some(String::new()),
        sale_price: Some(String::new()),
        sku: None,
        stock: None,
    });
    let pulled = pull_all(&scene.store(), full()).await;
    let codes: Vec<_> = pulled.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(
        codes,
        [
            "price_unreadable",
            "price_unreadable",
            "price_negative",
            "price_unreadable"
        ]
    );
    assert_eq!(pulled.variants.len(), 296);
    assert_eq!(pulled.variants[&simple[4].id].price, None);
    assert_eq!(pulled.expected, Some(300), "faults were expected as well");
}

#[tokio::test]
async fn descriptions_of_ten_megabytes_are_never_sent() {
    let scene = Scene::of(StoreSettings {
        variants: 12,
        description_length: 10_000_000,
        ..usual()
    })
    .await;
    let pulled = pull_all(&scene.store(), full()).await;
    pulled.assert_is(&scene.truth());
}

#[tokio::test]
async fn calls_go_out_side_by_side_within_the_room_of_the_store() {
    let scene = Scene::of(large()).await;
    let slow = FaultKind::Slow {
        delay_milliseconds: 20,
    };
    scene.fails(Failing::once(slow).times(200));
    let store = scene.store();
    let same = scene.store();
    let (first, second) = futures::join!(pull_all(&store, full()), pull_all(&same, full()));
    assert_eq!(first.variants.len(), second.variants.len());
    assert_eq!(scene.counters().most_at_once, 4);
}

#[tokio::test]
async fn a_note_that_is_none_means_to_begin_anew() {
    let scene = Scene::usual().await;
    let plan = CataloguePlan {
        scope: Scope::Full,
        resume: Some(Checkpoint(json!({ "kind": "export" }))),
    };
    let error = pull(&scene.store(), plan).await.error.unwrap();
    assert_eq!(error.fault, Fault::CheckpointLost);
    assert_eq!(scene.woo().counters(STORE).unwrap().requests, 0);
}
