//! Bad days: what is waited out, and what is said of what lasts.

use calibr_connectors::Fault;
use calibr_sandbox::{Fault as Failing, FaultKind};

use crate::harness::{Scene, full, pull, pull_all};

#[tokio::test]
async fn what_passes_is_waited_out() {
    for kind in [
        FaultKind::ServerError { status: 500 },
        FaultKind::ServerError { status: 502 },
        FaultKind::ServerError { status: 503 },
        FaultKind::CutConnection,
        FaultKind::MalformedAnswer,
        FaultKind::WrongContentType,
        FaultKind::Throttled,
        FaultKind::TooManyRequests {
            retry_after_seconds: Some(1),
        },
        FaultKind::TooManyRequests {
            retry_after_seconds: None,
        },
    ] {
        let scene = Scene::usual().await;
        scene.fails(Failing::once(kind.clone()).of_operation("products"));
        scene.fails(
            Failing::once(kind.clone())
                .times(2)
                .of_operation("variations"),
        );
        scene.fails(Failing::once(kind.clone()).of_operation("system_status"));
        let pulled = pull_all(&scene.store(), full()).await;
        pulled.assert_is(&scene.truth());
        assert_eq!(scene.counters().faults, 4, "{kind:?}");
    }
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
            "does not know the consumer key",
        ),
        (
            FaultKind::TooManyRequests {
                retry_after_seconds: None,
            },
            Fault::Throttled,
            "asks for fewer calls",
        ),
    ] {
        let scene = Scene::usual().await;
        let lasting = Failing::once(kind.clone()).with_probability(1.0);
        scene.fails(lasting.of_operation("products"));
        let error = pull(&scene.store(), full()).await.error.unwrap();
        assert_eq!(error.fault, fault, "{kind:?}");
        assert!(error.message.contains(words), "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn a_long_wish_to_be_left_alone_goes_to_the_caller() {
    let scene = Scene::usual().await;
    let wish = FaultKind::TooManyRequests {
        retry_after_seconds: Some(3_600),
    };
    scene.fails(Failing::once(wish).of_operation("variations"));
    let error = pull(&scene.store(), full()).await.error.unwrap();
    assert_eq!(error.fault, Fault::Throttled);
    assert_eq!(error.retry_after.unwrap().as_secs(), 3_600);
}

#[tokio::test]
async fn a_share_of_bad_answers_costs_no_record() {
    let scene = Scene::usual().await;
    for kind in [
        FaultKind::ServerError { status: 502 },
        FaultKind::MalformedAnswer,
        FaultKind::CutConnection,
    ] {
        scene.fails(Failing::once(kind).with_probability(0.05));
    }
    let pulled = pull_all(&scene.store(), full()).await;
    pulled.assert_is(&scene.truth());
}
