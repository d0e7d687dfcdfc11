//! Prices: tried, set, read back.

use std::sync::Arc;

use calibr_connectors::{
    Store,
    prices::{PriceChange, PushAnswer, PushMode, PushOutcome},
};
use calibr_model::Money;
use calibr_sandbox::amazon::SellerSettings;

use crate::harness::{SELLER, Scene, calls, listing, minor, priced, sellable, usual};

async fn push(store: &Arc<dyn Store>, changes: &[PriceChange], mode: PushMode) -> Vec<PushOutcome> {
    let target = store.prices().unwrap();
    let mut answer = target.push(changes, mode).await.unwrap();
    for _ in 0..10 {
        match answer {
            PushAnswer::Done(outcomes) => return outcomes,
            PushAnswer::UnderWay { ticket, .. } => {
                answer = target.follow_up(&ticket).await.unwrap();
            }
        }
    }
    panic!("the push does not end");
}

async fn observed(store: &Arc<dyn Store>, changes: &[PriceChange]) -> Vec<Option<i64>> {
    let listings: Vec<_> = changes
        .iter()
        .map(|change| change.listing.clone())
        .collect();
    let observed = store.prices().unwrap().observe(&listings).await.unwrap();
    observed
        .into_iter()
        .map(|seen| Some(seen?.price?.amount_minor))
        .collect()
}

fn wanted(changes: &[PriceChange]) -> Vec<Option<i64>> {
    let wanted = changes.iter().map(|change| change.price.amount_minor);
    wanted.map(Some).collect()
}

const TAKEN: PushOutcome = PushOutcome::Accepted { note: None };

#[tokio::test]
async fn a_dry_run_changes_nothing_and_a_push_shows_after_a_while() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let listings = sellable(&scene, 3);
    let changes: Vec<_> = listings
        .iter()
        .map(|one| priced(one, minor(one) + 101))
        .collect();
    let before: Vec<_> = listings.iter().map(|one| Some(minor(one))).collect();

    assert_eq!(
        push(&store, &changes, PushMode::DryRun).await,
        vec![TAKEN; 3]
    );
    scene.pass(3_600);
    assert_eq!(observed(&store, &changes).await, before);

    assert_eq!(
        push(&store, &changes, PushMode::Apply).await,
        vec![TAKEN; 3]
    );
    assert_eq!(
        observed(&store, &changes).await,
        before,
        "acceptance is not observation"
    );
    scene.pass(61);
    assert_eq!(observed(&store, &changes).await, wanted(&changes));
    assert_eq!(calls(&scene)["patchListingsItem"], 6);
    scene.never_too_fast();
}

#[tokio::test]
async fn a_dry_run_says_what_amazon_would_make_of_each_price_and_writes_none() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let listings = sellable(&scene, 60);
    let mut changes: Vec<_> = listings
        .iter()
        .map(|one| priced(one, minor(one) + 7))
        .collect();
    changes[5].listing.external_id = "NO-SUCH-SKU".to_owned();
    changes[6].price.amount_minor = 0;
    changes[7].price.amount_minor = minor(&listings[7]) * 6;
    changes[8].price.amount_minor = minor(&listings[8]) / 3;
    let before = scene.truth();
    let outcomes = push(&store, &changes, PushMode::DryRun).await;
    for (place, outcome) in outcomes.iter().enumerate() {
        match (place, outcome) {
            (5, PushOutcome::Refused(fault)) => {
                assert!(fault.message.contains("no such listing"), "{fault:?}");
            }
            (6, PushOutcome::Refused(fault)) => assert_eq!(fault.code, "price_not_positive"),
            // With an error the price would not show, although it is valid.
            (7, PushOutcome::Refused(fault)) => {
                assert!(fault.message.contains("Error 18320"), "{fault:?}");
            }
            (8, PushOutcome::Accepted { note: Some(note) }) => {
                assert!(note.contains("Warning 99022"), "{note}");
            }
            (_, outcome) => assert_eq!(*outcome, TAKEN, "{place}"),
        }
    }
    scene.pass(3_600);
    assert_eq!(scene.truth(), before);
    let counters = scene.amazon().counters(SELLER).unwrap();
    assert_eq!((counters.prices_tried, counters.prices_sent), (59, 0));
    assert_eq!(calls(&scene).get("createFeed"), None);
}

#[tokio::test]
async fn a_dry_run_of_many_keeps_to_the_published_rate() {
    let scene = Scene::of(SellerSettings {
        faster: 4.0,
        ..usual()
    })
    .await;
    let store = scene.store();
    let changes: Vec<_> = sellable(&scene, 40)
        .iter()
        .map(|one| priced(one, minor(one) + 7))
        .collect();
    assert_eq!(
        push(&store, &changes, PushMode::DryRun).await,
        vec![TAKEN; 40]
    );
    scene.never_too_fast();
}

#[tokio::test]
async fn many_prices_go_by_a_feed_and_each_gets_its_outcome() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let listings = sellable(&scene, 60);
    let mut changes: Vec<_> = listings
        .iter()
        .map(|one| priced(one, minor(one) + 7))
        .collect();
    changes[5].listing.external_id = "NO-SUCH-SKU".to_owned();
    changes[6].price.amount_minor = 0;
    changes[7].price.amount_minor = minor(&listings[7]) * 6;
    changes[8].price.amount_minor = minor(&listings[8]) / 3;
    let outcomes = push(&store, &changes, PushMode::Apply).await;
    assert_eq!(outcomes.len(), 60);
    for (place, outcome) in outcomes.iter().enumerate() {
        match (place, outcome) {
            (5, PushOutcome::Refused(fault)) => assert_eq!(fault.code, "price_refused"),
            (6, PushOutcome::Refused(fault)) => assert_eq!(fault.code, "price_not_positive"),
            (7, PushOutcome::Refused(fault)) => assert!(fault.message.contains("pricing error")),
            (8, PushOutcome::Accepted { note }) => assert!(note.is_some()),
            (_, outcome) => assert_eq!(*outcome, TAKEN, "{place}"),
        }
    }
    let calls = calls(&scene);
    assert_eq!(
        (calls["createFeed"], calls.get("patchListingsItem")),
        (1, None)
    );
    scene.pass(61);
    let seen = observed(&store, &changes).await;
    assert_eq!(seen[5], None, "there is no such listing");
    assert_eq!(seen[6], Some(minor(&listings[6])));
    assert_eq!(seen[7], Some(minor(&listings[7])));
    assert_eq!(seen[8..], wanted(&changes)[8..]);
    scene.never_too_fast();
}

#[tokio::test]
async fn acceptance_with_issues_is_no_plain_acceptance() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let listings = sellable(&scene, 2);
    let changes = [
        priced(&listings[0], minor(&listings[0]) * 10),
        priced(&listings[1], minor(&listings[1]) / 4),
    ];
    let outcomes = push(&store, &changes, PushMode::Apply).await;
    for outcome in &outcomes {
        assert!(
            matches!(outcome, PushOutcome::Accepted { note: Some(_) }),
            "{outcome:?}"
        );
    }
    scene.pass(61);
    let seen = observed(&store, &changes).await;
    assert_eq!(seen[0], Some(minor(&listings[0])), "Amazon held it back");
    assert_eq!(seen[1], Some(changes[1].price.amount_minor));
}

#[tokio::test]
async fn skus_of_any_letters_are_set_and_seen() {
    let scene = Scene::of(SellerSettings {
        oddities: true,
        ..usual()
    })
    .await;
    let odd: Vec<_> = scene
        .truth()
        .into_values()
        .filter(|one| one.sku.contains(',') && one.price.is_some() && minor(one) > 0)
        .take(3)
        .collect();
    assert_eq!(odd.len(), 3);
    let store = scene.store();
    let changes: Vec<_> = odd.iter().map(|one| priced(one, minor(one) + 1)).collect();
    assert_eq!(
        push(&store, &changes, PushMode::Apply).await,
        vec![TAKEN; 3]
    );
    scene.pass(61);
    assert_eq!(observed(&store, &changes).await, wanted(&changes));
}

#[tokio::test]
async fn nothing_that_is_no_price_is_ever_sent() {
    let texts = [
        "",
        " ",
        "\t",
        "\n",
        "0",
        "0.00",
        "-0",
        "-0.00",
        "0.001",
        "-1",
        "-3",
        "-0.01",
        "-99999999",
        "abc",
        "NaN",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "null",
        "none",
        "N/A",
        "-",
        "--1",
        "+5",
        "1,50",
        "1.234,56",
        "1,234.56",
        "1 000",
        "1'000",
        "€5",
        "5€",
        "$5",
        "5 EUR",
        "EUR",
        "1e3",
        "1E3",
        "0x10",
        "1.",
        ".5",
        ".",
        "1..2",
        "1.2.3",
        "1.005",
        "½",
        "١٢",
        "１２",
        "99999999999999999999",
        "99999999999999.99",
        "1\u{0}2",
        "true",
        "<b>5</b>",
        "5;6",
    ];
    assert!(texts.len() >= 50);
    let scene = Scene::usual().await;
    let store = scene.store();
    let listings = sellable(&scene, 60);
    let euros = "EUR".parse().unwrap();
    let read: Vec<_> = texts
        .iter()
        .filter_map(|text| Money::parse_decimal(text, euros).ok())
        .collect();
    assert!(read.len() < 20, "most are no amounts at all");
    let mut changes: Vec<_> = read
        .iter()
        .zip(&listings)
        .map(|(price, one)| priced(one, price.amount_minor))
        .collect();
    for (minor, one) in [0, -1, i64::MIN, i64::MAX].into_iter().zip(&listings[30..]) {
        changes.push(priced(one, minor));
    }
    let mut dollars = priced(&listings[40], 100);
    dollars.price.currency = "USD".parse().unwrap();
    changes.push(dollars);
    for mode in [PushMode::DryRun, PushMode::Apply] {
        for outcome in push(&store, &changes, mode).await {
            assert!(matches!(outcome, PushOutcome::Refused(_)), "{outcome:?}");
        }
    }
    let calls = calls(&scene);
    assert!(calls.is_empty(), "nothing was sent: {calls:?}");
    let before = scene.truth();
    scene.pass(3_600);
    assert_eq!(scene.truth(), before);
}

#[tokio::test]
async fn listings_that_are_not_there_are_seen_as_none() {
    let scene = Scene::usual().await;
    let mut gone = sellable(&scene, 1).remove(0);
    gone.sku = "GONE".to_owned();
    let mut odd = gone.clone();
    odd.sku = "GONE, TOO".to_owned();
    let target = scene.store();
    let listings = [listing(&gone), listing(&odd)];
    let seen = target.prices().unwrap().observe(&listings).await.unwrap();
    assert_eq!(seen, [None, None]);
}
