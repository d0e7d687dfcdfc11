//! Tokens that run out: renewed once, however many need them, and never lost.

use calibr_sandbox::{Fault, FaultKind, Target};
use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::{Client, Console, SHOP, Scene, slow_export, until, usual_shop};

/// A shop connected with one click, and a second console on the same database.
async fn two_consoles(
    settings: calibr_sandbox::shopify::ShopSettings,
) -> (Scene, Console, Client, String) {
    let scene = Scene::of(settings).await;
    let integration = scene.shop.connect(&scene.client).await;
    let second = scene.launch.start().await;
    let client = second.client();
    client.set_cookie(&scene.client.cookie().unwrap());
    (scene, second, client, integration)
}

/// Many tests of the connection at both consoles at once, all of which have to succeed.
async fn all_test_at_once(scene: &Scene, other: &Client, integration: &str) {
    let path = Scene::at(integration, "/test");
    let empty = json!({});
    let tests = (0..12).map(|number| {
        let client = if number % 2 == 0 {
            &scene.client
        } else {
            other
        };
        client.post(&path, &empty)
    });
    for test in join_all(tests).await {
        let test = test.expect(200);
        assert_eq!(test["ok"], true, "{test}");
    }
}

#[tokio::test]
async fn a_dead_token_is_renewed_once_for_a_run_and_all_who_test_at_both_consoles() {
    let (scene, _second, other, integration) = two_consoles(slow_export(300)).await;
    let run = scene.newest_run(&integration).await;
    let run = run["id"].as_str().unwrap();
    scene.run_reaches(&integration, run, "pull_catalogue").await;
    scene.export_begins(1).await;
    scene.shop.forget_calls();
    scene.shop.shopify().expire_tokens(SHOP).unwrap();
    all_test_at_once(&scene, &other, &integration).await;
    scene.shop.advance(TimeDelta::minutes(20));
    let run = scene.run_ended(&integration, run).await;
    assert_eq!(
        (&run["status"], &run["attempts"]),
        (&json!("success"), &json!(1)),
        "{run}"
    );
    assert_eq!(scene.shop.token_calls(), 1);
    scene.assert_all_there().await;
}

#[tokio::test]
async fn a_token_that_is_about_to_run_out_is_renewed_once_before_it_is_used() {
    let (scene, _second, other, integration) = two_consoles(usual_shop(60)).await;
    scene.newest_run_ended(&integration).await;
    scene.shop.forget_calls();
    scene
        .database
        .run("UPDATE credentials SET expires_at = now() + interval '1 minute'")
        .await;
    all_test_at_once(&scene, &other, &integration).await;
    assert_eq!(scene.shop.token_calls(), 1);
    assert_eq!(scene.shop.shopify().counters(SHOP).unwrap().unauthorized, 0);
    let soon = "SELECT count(*) FROM credentials WHERE expires_at < now() + interval '50 minutes'";
    assert_eq!(scene.database.number(soon).await, 0);
    assert_eq!(scene.sync(&integration, "full").await["status"], "success");
    assert_eq!(scene.shop.token_calls(), 1);
}

#[tokio::test]
async fn a_run_whose_token_another_console_renewed_reads_it_again() {
    let (scene, _second, other, integration) = two_consoles(slow_export(300)).await;
    let run = scene.newest_run(&integration).await;
    let run = run["id"].as_str().unwrap();
    scene.run_reaches(&integration, run, "pull_catalogue").await;
    scene.export_begins(1).await;
    scene.shop.forget_calls();
    scene.shop.shopify().expire_tokens(SHOP).unwrap();
    let path = Scene::at(&integration, "/test");
    assert_eq!(other.post(&path, &json!({})).await.expect(200)["ok"], true);
    assert_eq!(scene.shop.token_calls(), 1);
    scene.shop.advance(TimeDelta::minutes(20));
    let run = scene.run_ended(&integration, run).await;
    assert_eq!(
        (&run["status"], &run["attempts"]),
        (&json!("success"), &json!(1)),
        "{run}"
    );
    assert_eq!(scene.shop.token_calls(), 1);
}

/// Lets a test of the connection renew a dead token, and waits until the shop has the request.
async fn renewal_under_way(scene: &Scene, integration: &str) -> tokio::task::JoinHandle<()> {
    scene.shop.forget_calls();
    scene.shop.shopify().expire_tokens(SHOP).unwrap();
    let slow = FaultKind::Slow {
        delay_milliseconds: 1_500,
    };
    scene.shop.fails(Fault::once(slow).on(Target::Token));
    let request = scene
        .client
        .request(Method::POST, &Scene::at(integration, "/test"));
    let asking = tokio::spawn(async move {
        let _nobody_reads_it = request.json(&json!({})).send().await;
    });
    until("the shop was asked", async || {
        scene
            .shop
            .shopify()
            .faults(SHOP)
            .unwrap()
            .is_empty()
            .then_some(())
    })
    .await;
    asking
}

#[tokio::test]
async fn a_renewal_is_kept_although_whoever_asked_for_it_left() {
    let scene = Scene::of(usual_shop(60)).await;
    let integration = scene.shop.connect(&scene.client).await;
    scene.newest_run_ended(&integration).await;
    renewal_under_way(&scene, &integration).await.abort();
    assert_eq!(scene.test(&integration).await["ok"], true);
    assert_eq!(scene.shop.token_calls(), 1);
}

#[tokio::test]
async fn a_renewal_is_kept_although_the_console_is_stopped() {
    let scene = Scene::of(usual_shop(60)).await;
    let integration = scene.shop.connect(&scene.client).await;
    scene.newest_run_ended(&integration).await;
    let asking = renewal_under_way(&scene, &integration).await;
    let Scene {
        shop,
        launch,
        console,
        client,
        ..
    } = scene;
    assert_eq!(console.stop().await, Some(0));
    asking.await.unwrap();
    let started = launch.start().await;
    let again = started.client();
    again.set_cookie(&client.cookie().unwrap());
    let test = again
        .post(&Scene::at(&integration, "/test"), &json!({}))
        .await
        .expect(200);
    assert_eq!(test["ok"], true, "{test}");
    assert_eq!(shop.token_calls(), 1);
}

#[tokio::test]
async fn a_renewal_under_way_does_not_bring_back_a_disconnected_store() {
    let scene = Scene::of(usual_shop(60)).await;
    let integration = scene.shop.connect(&scene.client).await;
    scene.newest_run_ended(&integration).await;
    let asking = renewal_under_way(&scene, &integration).await;
    scene
        .client
        .delete(&Scene::at(&integration, ""))
        .await
        .expect(200);
    asking.await.unwrap();
    let secrets = "SELECT (SELECT count(*) FROM credentials) + (SELECT count(*) FROM data_keys)";
    assert_eq!(scene.database.number(secrets).await, 0);
    assert_eq!(
        scene.integration(&integration).await["status"],
        "disconnected"
    );
}
