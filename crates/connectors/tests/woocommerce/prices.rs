//! Sending prices, and reading back what became of them.

use std::collections::BTreeSet;

use calibr_connectors::{
    Fault,
    prices::{CompareAt, ListingRef, PriceChange, PushMode, PushOutcome},
};
use calibr_model::{Money, status::FailureClass};
use calibr_sandbox::{
    Fault as Failing, FaultKind,
    woocommerce::{StoreChange, StoreSettings, TrueListing},
};

use crate::harness::{STORE, Scene, euros, listing, usual};
use crate::pushing::{TAKEN, pushed, refusal};
use crate::senseless::{senseless, spoiled};

fn change(truth: &TrueListing, price: &str) -> PriceChange {
    PriceChange {
        listing: listing(truth),
        price: euros(price),
        compare_at: CompareAt::Keep,
    }
}

async fn push(scene: &Scene, changes: &[PriceChange]) -> Vec<PushOutcome> {
    pushed(&scene.store(), changes).await
}

async fn seen(scene: &Scene, listings: &[ListingRef]) -> Vec<Option<(String, Option<String>)>> {
    let store = scene.store();
    let observed = store.prices().unwrap().observe(listings).await.unwrap();
    let decimal = |money: Option<Money>| money.map(Money::to_decimal);
    observed
        .into_iter()
        .map(|price| {
            price.map(|price| {
                (
                    decimal(price.price).unwrap_or_default(),
                    decimal(price.compare_at),
                )
            })
        })
        .collect()
}

fn set_prices(scene: &Scene, listing: u64, regular: &str, sale: &str) {
    scene.change(StoreChange::UpdateListing {
        listing,
        regular_price: Some(regular.to_owned()),
        sale_price: Some(sale.to_owned()),
        sku: None,
        stock: None,
    });
}

#[tokio::test]
async fn prices_go_to_products_and_variations_and_are_read_back() {
    let scene = Scene::usual().await;
    let mut listings = scene.simple();
    listings.truncate(20);
    assert!(listings.len() > 5);
    listings.extend(scene.variations());
    listings.truncate(100);
    for truth in &listings {
        set_prices(&scene, truth.id, "50.00", "");
    }
    let changes: Vec<_> = listings
        .iter()
        .enumerate()
        .map(|(place, truth)| change(truth, &format!("{}.95", place + 1)))
        .collect();
    let outcomes = push(&scene, &changes).await;
    assert_eq!(outcomes, vec![TAKEN; 100]);
    let refs: Vec<_> = changes
        .iter()
        .map(|change| change.listing.clone())
        .collect();
    let expected: Vec<_> = changes
        .iter()
        .map(|change| Some((change.price.to_decimal(), None)))
        .collect();
    assert_eq!(seen(&scene, &refs).await, expected);
    let truth = scene.truth();
    for change in &changes {
        let id: u64 = change.listing.external_id.parse().unwrap();
        assert_eq!(truth[&id].regular_price, change.price.to_decimal());
    }
    assert_eq!(scene.counters().prices_spoiled, 0);
}

#[tokio::test]
async fn a_price_goes_where_it_takes_effect() {
    let scene = Scene::usual().await;
    let truth = scene.simple().swap_remove(0);
    let push_with = async |price: &str, compare_at| {
        let change = PriceChange {
            compare_at,
            ..change(&truth, price)
        };
        let outcome = push(&scene, &[change]).await.swap_remove(0);
        let PushOutcome::Accepted { note } = outcome else {
            panic!("{outcome:?}");
        };
        let kept = scene.truth().remove(&truth.id).unwrap();
        (kept.regular_price, kept.sale_price, note.is_some())
    };
    let kept = |regular: &str, sale: &str, noted| (regular.to_owned(), sale.to_owned(), noted);

    set_prices(&scene, truth.id, "20.00", "");
    assert_eq!(
        push_with("18.00", CompareAt::Keep).await,
        kept("18.00", "", false)
    );
    assert_eq!(
        push_with("15.00", CompareAt::Set(euros("18.00"))).await,
        kept("18.00", "15.00", false)
    );
    // A sale that holds goes on at another price.
    assert_eq!(
        push_with("14.00", CompareAt::Keep).await,
        kept("18.00", "14.00", false)
    );
    // A sale price that never held must not come to hold by a new price.
    set_prices(&scene, truth.id, "20.00", "25.00");
    assert_eq!(
        push_with("30.00", CompareAt::Keep).await,
        kept("30.00", "", false)
    );
    set_prices(&scene, truth.id, "18.00", "14.00");
    // It cannot go on above the struck-through price.
    assert_eq!(
        push_with("19.00", CompareAt::Keep).await,
        kept("19.00", "", true)
    );
    set_prices(&scene, truth.id, "20.00", "10.00");
    assert_eq!(
        push_with("12.00", CompareAt::Clear).await,
        kept("12.00", "", false)
    );
    assert_eq!(
        push_with("12.00", CompareAt::Set(euros("11.00"))).await,
        kept("12.00", "", true)
    );
}

#[tokio::test]
async fn no_blank_unreadable_or_senseless_price_reaches_a_store() {
    let scene = Scene::of(StoreSettings {
        shown_decimals: 0,
        ..usual()
    })
    .await;
    let before = scene.woo().digest(STORE).unwrap();
    let mut bad = senseless("EUR");
    // The store shows whole euros.
    let euro = |minor| Money::new(minor, euros("1").currency);
    bad.extend([1, 10, 99, 101, 1_205, 99_999, i64::MAX].map(euro));
    let (simple, variation) = (
        scene.simple().swap_remove(0),
        scene.variations().swap_remove(0),
    );
    let mut codes = BTreeSet::new();
    for money in bad {
        for truth in [&simple, &variation] {
            let good = change(truth, "12");
            for outcome in push(&scene, &spoiled(&good, money)).await {
                let (code, class) = refusal(&outcome);
                assert_eq!(class, FailureClass::NeedsAction);
                codes.insert(code);
            }
        }
    }
    assert_eq!(
        codes.into_iter().collect::<Vec<_>>(),
        ["currency_differs", "price_not_positive", "price_too_fine"]
    );
    assert_eq!(scene.counters().writes, 0);
    assert_eq!(scene.counters().prices_spoiled, 0);
    assert_eq!(scene.woo().digest(STORE).unwrap(), before);
}

#[tokio::test]
async fn what_is_wrong_with_one_item_is_said_of_that_item_alone() {
    let scene = Scene::usual().await;
    let simple = scene.simple();
    let variation = scene.variations().swap_remove(0);
    for listing in [simple[1].id, variation.id] {
        scene.change(StoreChange::LockListing { listing });
    }
    scene.change(StoreChange::DeleteProduct {
        product: simple[2].id,
    });
    // A variable product has no price of its own.
    let parent = TrueListing {
        id: variation.product_id,
        ..variation.clone()
    };
    let changes: Vec<_> = [&simple[0], &simple[1], &simple[2], &variation, &parent]
        .map(|truth| change(truth, "9.00"))
        .into();
    let outcomes = push(&scene, &changes).await;
    assert_eq!(outcomes[0], TAKEN);
    assert_eq!(
        refusal(&outcomes[1]),
        ("missing_scope", FailureClass::NeedsAction)
    );
    assert_eq!(
        refusal(&outcomes[2]),
        ("listing_missing", FailureClass::NeedsAction)
    );
    assert_eq!(
        refusal(&outcomes[3]),
        ("missing_scope", FailureClass::NeedsAction)
    );
    assert_eq!(
        refusal(&outcomes[4]),
        ("listing_missing", FailureClass::NeedsAction)
    );
    let refs: Vec<_> = changes
        .iter()
        .map(|change| change.listing.clone())
        .collect();
    let observed = seen(&scene, &refs).await;
    assert_eq!(observed[2], None);
    assert_eq!(observed[4], None);
    assert!(observed[1].is_some() && observed[3].is_some());
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    for kind in [
        FaultKind::CutConnection,
        FaultKind::MalformedAnswer,
        FaultKind::ServerError { status: 502 },
    ] {
        let scene = Scene::usual().await;
        let truth = scene.simple().swap_remove(0);
        scene.fails(Failing::once(kind).of_operation("batch"));
        assert_eq!(push(&scene, &[change(&truth, "3.33")]).await, [TAKEN]);
        assert_eq!(scene.truth()[&truth.id].price, "3.33");
    }
}

#[tokio::test]
async fn a_call_that_fails_for_good_is_the_callers() {
    let scene = Scene::usual().await;
    let truth = scene.simple().swap_remove(0);
    let failing = Failing::once(FaultKind::ServerError { status: 503 }).with_probability(1.0);
    scene.fails(failing.of_operation("batch"));
    let store = scene.store();
    let target = store.prices().unwrap();
    let changes = [change(&truth, "3.33")];
    let error = target.push(&changes, PushMode::Apply).await.unwrap_err();
    assert_eq!(error.fault, Fault::Server);
    let error = target.push(&changes, PushMode::DryRun).await.unwrap_err();
    assert_eq!(error.fault, Fault::Refused);
    assert_eq!(scene.truth()[&truth.id].price, truth.price);
}

#[tokio::test]
async fn a_batch_whose_answer_is_too_long_goes_out_in_halves() {
    let scene = Scene::of(StoreSettings {
        description_length: 3_000_000,
        ..usual()
    })
    .await;
    let changes: Vec<_> = scene
        .simple()
        .iter()
        .take(14)
        .map(|truth| change(truth, "4.44"))
        .collect();
    let outcomes = push(&scene, &changes).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, PushOutcome::Accepted { .. })),
        "{outcomes:?}"
    );
}
