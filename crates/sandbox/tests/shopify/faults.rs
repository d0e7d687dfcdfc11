//! Faults that are switched on, as a client meets them.

use calibr_sandbox::{Fault, FaultKind, Target};
use serde_json::{Value, json};

use crate::support::{SHOP, World};

const QUERY: &str = "query Name { shop { name } }";

impl World {
    fn fault(&self, fault: Fault) {
        self.shopify().add_fault(SHOP, fault).unwrap();
    }

    async fn ask(&self) -> reqwest::Response {
        self.request(QUERY, json!({})).send().await.unwrap()
    }
}

#[tokio::test]
async fn servers_fail_as_often_as_asked() {
    let world = World::of(100).await;
    world.fault(Fault::once(FaultKind::ServerError { status: 500 }).times(2));
    world.fault(Fault::once(FaultKind::ServerError { status: 502 }));
    world.fault(Fault::once(FaultKind::ServerError { status: 503 }));

    for (status, content_type) in [
        (500, "application/json"),
        (500, "application/json"),
        (502, "text/html; charset=utf-8"),
        (503, "text/html; charset=utf-8"),
    ] {
        let response = world.ask().await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["content-type"], content_type);
    }
    assert_eq!(world.ask().await.status(), 200);
    assert_eq!(world.shopify().counters(SHOP).unwrap().faults, 4);
}

#[tokio::test]
async fn a_slow_answer_is_still_an_answer() {
    let world = World::of(100).await;
    world.fault(Fault::once(FaultKind::Slow {
        delay_milliseconds: 1,
    }));
    assert_eq!(
        world.ask().await.json::<Value>().await.unwrap()["data"]["shop"]["name"],
        "acme"
    );
}

#[tokio::test]
async fn a_connection_is_cut_in_the_middle_of_the_answer() {
    let world = World::of(100).await;
    world.fault(Fault::once(FaultKind::CutConnection));
    let response = world.ask().await;
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn a_good_token_is_refused() {
    let world = World::of(100).await;
    world.fault(Fault::once(FaultKind::BadToken));
    assert_eq!(world.ask().await.status(), 401);
    assert_eq!(world.ask().await.status(), 200);
}

#[tokio::test]
async fn an_answer_is_not_what_it_should_be() {
    let world = World::of(100).await;
    world.fault(Fault::once(FaultKind::MalformedAnswer));
    world.fault(Fault::once(FaultKind::WrongContentType));

    let half = world.ask().await.text().await.unwrap();
    assert!(half.starts_with('{') && serde_json::from_str::<Value>(&half).is_err());
    let page = world.ask().await;
    assert_eq!(page.status(), 200);
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
}

#[tokio::test]
async fn too_fast_is_said_in_both_ways() {
    let world = World::of(100).await;
    world.fault(Fault::once(FaultKind::Throttled));
    world.fault(Fault::once(FaultKind::TooManyRequests {
        retry_after_seconds: Some(3),
    }));
    world.fault(Fault::once(FaultKind::TooManyRequests {
        retry_after_seconds: None,
    }));

    let throttled: Value = world.ask().await.json().await.unwrap();
    assert_eq!(throttled["errors"][0]["extensions"]["code"], "THROTTLED");
    let later = world.ask().await;
    assert_eq!(
        (later.status().as_u16(), &later.headers()["retry-after"]),
        (429, &"3".parse().unwrap())
    );
    let unsaid = world.ask().await;
    assert_eq!(
        (
            unsaid.status().as_u16(),
            unsaid.headers().get("retry-after")
        ),
        (429, None)
    );
    assert!(!world.shopify().counters(SHOP).unwrap().overdrawn);
}

#[tokio::test]
async fn faults_strike_only_what_they_are_for() {
    let world = World::of(100).await;
    world.fault(Fault::once(FaultKind::ServerError { status: 503 }).on(Target::Token));
    world.fault(Fault::once(FaultKind::ServerError { status: 503 }).of_operation("Other"));

    assert_eq!(world.ask().await.status(), 200);
    let url = world.url(&format!("/{SHOP}/admin/oauth/access_token"));
    assert_eq!(world.client.post(url).send().await.unwrap().status(), 503);
    assert_eq!(world.shopify().faults(SHOP).unwrap().len(), 1);
    world.shopify().clear_faults(SHOP).unwrap();
    assert!(world.shopify().faults(SHOP).unwrap().is_empty());
}
