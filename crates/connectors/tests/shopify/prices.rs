//! Sending prices, and reading back what became of them.

use std::collections::BTreeSet;

use calibr_connectors::{
    Fault,
    prices::{CompareAt, ListingRef, PriceChange, PushMode, PushOutcome},
};
use calibr_model::{Money, status::FailureClass};
use calibr_sandbox::{
    Fault as Failing, FaultKind,
    shopify::{Change, ShopSettings, TrueVariant},
};

use crate::harness::{SHOP, Scene, on_api, usual};
use crate::pushing::{TAKEN, pushed, refusal};
use crate::senseless::{senseless, spoiled};

fn euros(decimal: &str) -> Money {
    Money::parse_decimal(decimal, "EUR".parse().unwrap()).unwrap()
}

fn change(truth: &TrueVariant, price: &str) -> PriceChange {
    PriceChange {
        listing: ListingRef {
            external_id: truth.variant_id.clone(),
            product_external_id: truth.product_id.clone(),
            sku: truth.sku.clone(),
        },
        price: euros(price),
        compare_at: CompareAt::Keep,
    }
}

async fn push(scene: &Scene, changes: &[PriceChange]) -> Vec<PushOutcome> {
    pushed(&scene.store(), changes).await
}

/// The variants of the product that has most of them.
fn siblings(scene: &Scene) -> Vec<TrueVariant> {
    let truth = scene.truth();
    let of = |product: &str| {
        truth
            .values()
            .filter(|known| known.product_id == product)
            .count()
    };
    let most = truth
        .values()
        .max_by_key(|known| of(&known.product_id))
        .unwrap();
    let product = most.product_id.clone();
    truth
        .into_values()
        .filter(|known| known.product_id == product)
        .collect()
}

fn listings(changes: &[PriceChange]) -> Vec<ListingRef> {
    changes
        .iter()
        .map(|change| change.listing.clone())
        .collect()
}

#[tokio::test]
async fn prices_are_set_product_by_product_and_read_back() {
    let scene = Scene::usual().await;
    let changes: Vec<_> = scene
        .truth()
        .values()
        .take(200)
        .enumerate()
        .map(|(place, truth)| PriceChange {
            compare_at: CompareAt::Set(euros("999.00")),
            ..change(truth, &format!("{}.95", place + 1))
        })
        .collect();
    assert_eq!(push(&scene, &changes).await, vec![TAKEN; 200]);
    let products: BTreeSet<_> = changes
        .iter()
        .map(|change| &change.listing.product_external_id)
        .collect();
    assert_eq!(scene.asked("CalibrUpdatePrices"), products.len());
    let store = scene.store();
    let target = store.prices().unwrap();
    let observed = target.observe(&listings(&changes)).await.unwrap();
    let truth = scene.truth();
    for (change, observed) in changes.iter().zip(observed) {
        let observed = observed.unwrap();
        assert_eq!(observed.price, Some(change.price));
        assert_eq!(observed.compare_at, Some(euros("999.00")));
        let kept = &truth[&change.listing.external_id];
        assert_eq!(kept.price, change.price.to_decimal());
    }
    let counters = scene.shopify().counters(SHOP).unwrap();
    assert_eq!((counters.overdrawn, counters.throttled), (false, 0));
}

#[tokio::test]
async fn many_prices_are_read_in_batches_and_the_gone_are_none() {
    let scene = Scene::usual().await;
    let truth = scene.truth();
    let mut asked: Vec<ListingRef> = truth
        .values()
        .map(|truth| change(truth, "1.00").listing)
        .collect();
    let gone = asked[7].clone();
    scene
        .shopify()
        .change(
            SHOP,
            Change::DeleteProduct {
                product: gone.product_external_id.clone(),
            },
        )
        .unwrap();
    for wrong in ["", "7", "gid://shopify/Product/1"] {
        asked.push(ListingRef {
            external_id: wrong.to_owned(),
            ..gone.clone()
        });
    }
    let store = scene.store();
    let observed = store.prices().unwrap().observe(&asked).await.unwrap();
    assert_eq!(scene.asked("CalibrListingPrices"), 2);
    assert_eq!(observed.len(), asked.len());
    for (listing, observed) in asked.iter().zip(observed) {
        let known = truth
            .get(&listing.external_id)
            .filter(|known| known.product_id != gone.product_external_id);
        let price = known.map(|known| known.price.clone());
        let seen = observed
            .and_then(|observed| observed.price)
            .map(Money::to_decimal);
        assert_eq!(seen, price, "{listing:?}");
    }
}

#[tokio::test]
async fn the_struck_through_price_stays_goes_or_is_set() {
    let scene = Scene::usual().await;
    let truth = scene.truth().into_values().next().unwrap();
    let push_with = async |price: &str, compare_at| {
        let change = PriceChange {
            compare_at,
            ..change(&truth, price)
        };
        let PushOutcome::Accepted { note } = push(&scene, &[change]).await.swap_remove(0) else {
            panic!("it was refused");
        };
        let kept = scene.truth().remove(&truth.variant_id).unwrap();
        (kept.price, kept.compare_at_price, note.is_some())
    };
    let kept = |price: &str, compare_at: Option<&str>, noted| {
        (price.to_owned(), compare_at.map(str::to_owned), noted)
    };
    assert_eq!(
        push_with("10.00", CompareAt::Set(euros("12.00"))).await,
        kept("10.00", Some("12.00"), false)
    );
    assert_eq!(
        push_with("11.00", CompareAt::Keep).await,
        kept("11.00", Some("12.00"), false)
    );
    assert_eq!(
        push_with("12.00", CompareAt::Keep).await,
        kept("12.00", Some("12.00"), true)
    );
    assert_eq!(
        push_with("13.00", CompareAt::Clear).await,
        kept("13.00", None, false)
    );
    assert_eq!(
        push_with("14.00", CompareAt::Keep).await,
        kept("14.00", None, false)
    );
}

#[tokio::test]
async fn what_is_wrong_with_one_variant_is_said_of_it_alone() {
    let scene = Scene::usual().await;
    let mut variants = siblings(&scene);
    assert!(variants.len() > 4);
    scene
        .shopify()
        .change(
            SHOP,
            Change::DeleteVariant {
                variant: variants[1].variant_id.clone(),
            },
        )
        .unwrap();
    let locked = Change::LockVariant {
        variant: variants[4].variant_id.clone(),
    };
    scene.shopify().change(SHOP, locked).unwrap();
    let elsewhere = scene
        .truth()
        .into_values()
        .find(|known| known.product_id != variants[0].product_id)
        .unwrap();
    // A listing that has moved to another product since it was read.
    variants[2].variant_id.clone_from(&elsewhere.variant_id);
    let mut changes: Vec<_> = variants
        .iter()
        .take(5)
        .map(|truth| change(truth, "9.00"))
        .collect();
    changes.push(change(&elsewhere, "7.00"));
    let mut gone = change(&elsewhere, "7.00");
    gone.listing.product_external_id = "gid://shopify/Product/1".to_owned();
    changes.push(gone);
    let outcomes = push(&scene, &changes).await;
    let missing = ("listing_missing", FailureClass::NeedsAction);
    assert_eq!(outcomes[0], TAKEN);
    assert_eq!(refusal(&outcomes[1]), missing);
    assert_eq!(refusal(&outcomes[2]), missing);
    assert_eq!(outcomes[3], TAKEN);
    let PushOutcome::Refused(locked) = &outcomes[4] else {
        panic!("it was taken");
    };
    assert_eq!(
        (locked.code, locked.class),
        ("request_refused", FailureClass::Permanent)
    );
    insta::assert_snapshot!(locked.message, @"Shopify did not take the price: The price is part of a subscription and can't be changed");
    assert_eq!(locked.external_id.as_ref(), Some(&variants[4].variant_id));
    assert_eq!(outcomes[5], TAKEN);
    assert_eq!(refusal(&outcomes[6]), missing);
    let truth = scene.truth();
    assert_eq!(truth[&variants[0].variant_id].price, "9.00");
    assert_eq!(truth[&variants[3].variant_id].price, "9.00");
    assert_eq!(truth[&elsewhere.variant_id].price, "7.00");
}

#[tokio::test]
async fn no_senseless_price_reaches_a_shop() {
    let scene = Scene::usual().await;
    let before = scene.shopify().digest(SHOP).unwrap();
    let truth = scene.truth().into_values().next().unwrap();
    let good = change(&truth, "12.00");
    let mut bad = senseless("EUR");
    bad.extend([i64::MAX, 100_000_000_000_100].map(|minor| Money::new(minor, good.price.currency)));
    let mut codes = BTreeSet::new();
    for money in bad {
        for outcome in push(&scene, &spoiled(&good, money)).await {
            let (code, class) = refusal(&outcome);
            assert_eq!(class, FailureClass::NeedsAction);
            codes.insert(code);
        }
    }
    assert_eq!(
        codes.into_iter().collect::<Vec<_>>(),
        ["currency_differs", "price_absurd", "price_not_positive"]
    );
    assert_eq!(scene.asked("CalibrUpdatePrices"), 0);
    assert_eq!(scene.shopify().digest(SHOP).unwrap(), before);
    scene.server.sandbox().forget_requests();
    let nothing = PriceChange {
        price: euros("0.00"),
        ..good
    };
    push(&scene, &[nothing]).await;
    assert_eq!(scene.server.sandbox().requests(), [], "not a single call");
}

#[tokio::test]
async fn one_of_two_prices_for_the_same_variant_is_sent() {
    let scene = Scene::usual().await;
    let truth = scene.truth().into_values().next().unwrap();
    let outcomes = push(&scene, &[change(&truth, "5.00"), change(&truth, "6.00")]).await;
    assert_eq!(outcomes[0], TAKEN);
    assert_eq!(
        refusal(&outcomes[1]),
        ("price_twice", FailureClass::NeedsAction)
    );
    assert_eq!(scene.truth()[&truth.variant_id].price, "5.00");
}

#[tokio::test]
async fn prices_have_the_decimals_of_their_currency() {
    let scene = Scene::of(ShopSettings {
        currency: "JPY".to_owned(),
        ..usual()
    })
    .await;
    let truth = scene.truth().into_values().next().unwrap();
    let yen = PriceChange {
        price: Money::new(1_280, "JPY".parse().unwrap()),
        ..change(&truth, "1.00")
    };
    assert_eq!(push(&scene, &[yen]).await, [TAKEN]);
    assert_eq!(scene.truth()[&truth.variant_id].price, "1280");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    for kind in [
        FaultKind::CutConnection,
        FaultKind::MalformedAnswer,
        FaultKind::WrongContentType,
        FaultKind::Throttled,
        FaultKind::ServerError { status: 502 },
    ] {
        let scene = Scene::usual().await;
        let truth = scene.truth().into_values().next().unwrap();
        scene.fails(on_api(kind).of_operation("CalibrUpdatePrices"));
        assert_eq!(push(&scene, &[change(&truth, "3.33")]).await, [TAKEN]);
        assert_eq!(scene.truth()[&truth.variant_id].price, "3.33");
    }
}

#[tokio::test]
async fn a_push_that_fails_for_good_is_the_callers() {
    let scene = Scene::usual().await;
    let truth = scene.truth().into_values().next().unwrap();
    let changes = [change(&truth, "3.33")];
    let store = scene.store();
    let target = store.prices().unwrap();
    let refused = target.push(&changes, PushMode::DryRun).await.unwrap_err();
    assert_eq!(refused.fault, Fault::Refused);
    let many = vec![changes[0].clone(); target.batch_size() + 1];
    let refused = target.push(&many, PushMode::Apply).await.unwrap_err();
    assert_eq!(refused.fault, Fault::Refused);

    let reading = scene.store_with_scopes(&["read_products"]);
    let target = reading.prices().unwrap();
    let error = target.push(&changes, PushMode::Apply).await.unwrap_err();
    assert_eq!(error.fault, Fault::MissingScope);
    assert!(error.message.contains("write_products"), "{error}");
    assert!(target.observe(&listings(&changes)).await.is_ok());

    let failing = Failing::once(FaultKind::ServerError { status: 503 }).with_probability(1.0);
    scene.fails(failing.of_operation("CalibrUpdatePrices"));
    let error = store
        .prices()
        .unwrap()
        .push(&changes, PushMode::Apply)
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::Server);
    assert_eq!(scene.truth()[&truth.variant_id].price, truth.price);
}

#[tokio::test]
async fn where_some_calls_fail_their_prices_alone_do() {
    let scene = Scene::usual().await;
    let truth = scene.truth();
    let first = truth.values().next().unwrap();
    let other = truth
        .values()
        .find(|known| known.product_id != first.product_id)
        .unwrap();
    // As often as one call is tried, so that the other goes through.
    scene.fails(
        Failing::once(FaultKind::TooManyRequests {
            retry_after_seconds: Some(3_600),
        })
        .of_operation("CalibrUpdatePrices"),
    );
    let outcomes = push(&scene, &[change(first, "3.33"), change(other, "4.44")]).await;
    let refused: Vec<_> = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, PushOutcome::Refused(_)))
        .map(refusal)
        .collect();
    assert_eq!(refused, [("throttled", FailureClass::Retryable)]);
    assert!(outcomes.contains(&TAKEN));
}
