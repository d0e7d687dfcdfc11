//! Bad days: what Amazon and the way to it do to a caller.

use std::sync::Arc;

use calibr_connectors::{Fault, prices::PushMode};
use calibr_sandbox::{FaultKind, amazon::SellerSettings};

use crate::harness::{
    SELLER, Scene, TOKEN, by_hand, full, on_api, priced, pull, pull_all, sellable, usual,
};

#[tokio::test]
async fn what_passes_is_tried_again() {
    let scene = Scene::usual().await;
    for kind in [
        FaultKind::ServerError { status: 500 },
        FaultKind::ServerError { status: 503 },
        FaultKind::TooManyRequests {
            retry_after_seconds: None,
        },
        FaultKind::Throttled,
        FaultKind::CutConnection,
        FaultKind::MalformedAnswer,
        FaultKind::WrongContentType,
        FaultKind::BadToken,
    ] {
        scene.fails(on_api(kind));
        let pulled = pull_all(&scene.store(), full()).await;
        pulled.assert_is(&scene.truth());
        assert_eq!(scene.amazon().faults(SELLER).unwrap(), []);
    }
}

#[tokio::test]
async fn a_platform_that_stays_down_ends_the_stream_with_its_reason() {
    let scene = Scene::usual().await;
    scene.fails(on_api(FaultKind::ServerError { status: 503 }).with_probability(1.0));
    let pulled = pull(&scene.store(), full()).await;
    assert_eq!(pulled.error.unwrap().fault, Fault::Server);
}

#[tokio::test]
async fn a_price_push_that_fails_whole_is_an_error() {
    let scene = Scene::usual().await;
    let change = priced(&sellable(&scene, 1)[0], 999);
    scene.amazon().revoke_tokens(SELLER).unwrap();
    let store = scene.store();
    let target = store.prices().unwrap();
    let error = target.push(&[change], PushMode::Apply).await.unwrap_err();
    assert_eq!(error.fault, Fault::CredentialsRefused);
    assert!(!format!("{error:?}").contains(TOKEN));
}

/// Two workers with one budget at the published rates, more than the bursts hold.
#[tokio::test]
async fn stores_that_share_a_budget_never_exceed_a_rate() {
    let scene = Scene::of(SellerSettings {
        faster: 1.0,
        ..usual()
    })
    .await;
    let listings = sellable(&scene, 9);
    let run = |offset: i64| {
        let store = scene.store_with(calibr_connectors::FixedCredentials::new(by_hand(TOKEN)));
        let changes: Vec<_> = listings
            .iter()
            .map(|one| priced(one, 500 + offset))
            .collect();
        async move {
            let target = Arc::clone(&store);
            let target = target.prices().unwrap();
            target.push(&changes, PushMode::DryRun).await.unwrap();
            pull_all(&store, full()).await
        }
    };
    let (first, second) = futures::join!(run(1), run(2));
    first.assert_is(&scene.truth());
    second.assert_is(&scene.truth());
    scene.never_too_fast();
}
