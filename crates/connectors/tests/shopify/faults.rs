//! Bad days: what is waited out, what is left out, and what is said.

use std::sync::Arc;

use calibr_connectors::{Fault, FixedCredentials};
use calibr_model::status::FailureClass;
use calibr_sandbox::{
    Fault as Failing, FaultKind,
    shopify::{Rate, ShopSettings, StaticToken},
};

use crate::harness::{SHOP, Scene, TOKEN, full, on_api, on_file, pull, pull_all, token_set, usual};

#[tokio::test]
async fn what_passes_is_waited_out() {
    for kind in [
        FaultKind::ServerError { status: 500 },
        FaultKind::ServerError { status: 502 },
        FaultKind::CutConnection,
        FaultKind::MalformedAnswer,
        FaultKind::WrongContentType,
        FaultKind::Throttled,
        FaultKind::TooManyRequests {
            retry_after_seconds: Some(1),
        },
    ] {
        let scene = Scene::of(ShopSettings {
            rate: Some(Rate {
                maximum: 20_000,
                restore: 10_000,
            }),
            ..usual()
        })
        .await;
        scene.fails(
            on_api(kind.clone())
                .times(2)
                .of_operation("CalibrExportStatus"),
        );
        scene.fails(on_api(kind.clone()).of_operation("CalibrCatalogueStart"));
        let pulled = pull_all(&scene.store(), full()).await;
        pulled.assert_is(&scene.truth());
        assert_eq!(
            scene.shopify().counters(SHOP).unwrap().faults,
            3,
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_start_whose_answer_was_lost_starts_no_second_export() {
    let scene = Scene::usual().await;
    scene.fails(on_api(FaultKind::CutConnection).of_operation("CalibrStartExport"));
    pull_all(&scene.store(), full())
        .await
        .assert_is(&scene.truth());
    assert_eq!(scene.asked("CalibrStartExport"), 1);
}

#[tokio::test]
async fn what_lasts_is_said_for_what_it_is() {
    for (kind, fault, words) in [
        (
            FaultKind::ServerError { status: 503 },
            Fault::Server,
            "127.0.0.1 failed to answer (HTTP 503)",
        ),
        (FaultKind::CutConnection, Fault::Server, "cut the line"),
        (
            FaultKind::MalformedAnswer,
            Fault::Malformed,
            "something unreadable",
        ),
        (
            FaultKind::WrongContentType,
            Fault::Malformed,
            "a web page in place of data",
        ),
        (
            FaultKind::BadToken,
            Fault::CredentialsRefused,
            "does not accept these credentials",
        ),
        (
            FaultKind::Throttled,
            Fault::Throttled,
            "asks for fewer calls",
        ),
    ] {
        let scene = Scene::usual().await;
        scene.fails(on_api(kind.clone()).with_probability(1.0));
        let error = scene.store().identify().await.unwrap_err();
        assert_eq!(error.fault, fault, "{kind:?}");
        assert!(error.message.contains(words), "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn a_long_wish_to_be_left_alone_goes_to_the_caller() {
    let scene = Scene::usual().await;
    scene.fails(on_api(FaultKind::TooManyRequests {
        retry_after_seconds: Some(3_600),
    }));
    let error = pull(&scene.store(), full()).await.error.unwrap();
    assert_eq!(error.fault, Fault::Throttled);
    assert_eq!(error.retry_after.unwrap().as_secs(), 3_600);
}

#[tokio::test]
async fn lines_that_are_no_records_fail_alone() {
    let scene = Scene::usual().await;
    scene.fails(on_file(FaultKind::MalformedLines {
        lines: vec![1, 5, 40],
        truncate_last: false,
    }));
    let pulled = pull_all(&scene.store(), full()).await;
    let unread = |code| {
        pulled
            .faults
            .iter()
            .filter(|fault| fault.code == code)
            .count()
    };
    assert_eq!(unread("malformed_record"), 3);
    assert_eq!(
        pulled.variants.len() + unread("malformed_record") + unread("product_missing"),
        300 + lost_products(&scene, pulled.products.len()),
        "every record came or is accounted for"
    );
    let fault = pulled
        .faults
        .iter()
        .find(|fault| fault.code == "malformed_record")
        .unwrap();
    assert_eq!(fault.class, FailureClass::Retryable);
    assert!(
        fault.answer.as_ref().unwrap().contains("gid://shopify/"),
        "{fault:?}"
    );
}

/// How many of the shop's products did not come.
fn lost_products(scene: &Scene, came: usize) -> usize {
    let mut products: Vec<_> = scene
        .truth()
        .into_values()
        .map(|variant| variant.product_id)
        .collect();
    products.dedup();
    products.len() - came
}

#[tokio::test]
async fn a_file_that_breaks_off_is_taken_up_where_it_did() {
    for kind in [
        FaultKind::CutConnection,
        FaultKind::ServerError { status: 502 },
        FaultKind::MalformedLines {
            lines: vec![],
            truncate_last: true,
        },
    ] {
        let scene = Scene::of(ShopSettings {
            variants: 3_000,
            ..usual()
        })
        .await;
        scene.fails(on_file(kind.clone()).times(2));
        let pulled = pull_all(&scene.store(), full()).await;
        pulled.assert_is(&scene.truth());
        assert_eq!(
            scene.shopify().counters(SHOP).unwrap().faults,
            2,
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn an_export_that_fails_once_is_made_again() {
    let scene = Scene::usual().await;
    scene.fails(Failing::once(FaultKind::ExportFails { after_objects: 20 }));
    let pulled = pull_all(&scene.store(), full()).await;
    pulled.assert_is(&scene.truth());
}

#[tokio::test]
async fn an_export_that_fails_twice_gives_its_part_and_then_the_failure() {
    let scene = Scene::usual().await;
    scene.fails(Failing::once(FaultKind::ExportFails { after_objects: 20 }).times(2));
    let pulled = pull(&scene.store(), full()).await;
    let error = pulled.error.unwrap();
    assert_eq!(error.fault, Fault::Server);
    assert!(error.message.contains("ended early, twice"), "{error}");
    assert!(!pulled.variants.is_empty() && pulled.variants.len() < 300);
    let truth = scene.truth();
    for id in pulled.variants.keys() {
        assert!(truth.contains_key(id));
    }
    assert_eq!(
        pulled.checkpoints.last().unwrap(),
        &None,
        "there is nothing to go on with"
    );
}

#[tokio::test]
async fn a_token_without_the_permission_reads_nothing_and_says_so() {
    let scene = Scene::of(ShopSettings {
        tokens: vec![StaticToken {
            token: TOKEN.to_owned(),
            scopes: vec!["read_orders".to_owned()],
        }],
        ..usual()
    })
    .await;
    let error = pull(&scene.store(), full()).await.error.unwrap();
    assert_eq!(error.fault, Fault::MissingScope);
    assert!(error.message.contains("read_products"), "{error}");
}

#[tokio::test]
async fn no_answer_that_is_kept_holds_the_token() {
    let scene = Scene::usual().await;
    scene.fails(on_api(FaultKind::BadToken).with_probability(1.0));
    let credentials = FixedCredentials::new(token_set(TOKEN));
    let error = scene
        .store_with(Arc::clone(&credentials) as _)
        .identify()
        .await
        .unwrap_err();
    assert!(!format!("{error:?}").contains(TOKEN));
    assert!(!format!("{:?}", credentials).contains(TOKEN));
}
