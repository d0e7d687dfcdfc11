//! The main job on a real Vendure, which others wrote: connect, sync, reprice,
//! read back, sell, count.

use calibr_testkit::{RealVendure, database_url};
use serde_json::{Value, json};

use crate::support::{Client, Counter, Scene, until, usual_shop};

async fn listing(scene: &Scene, variant: &str) -> Value {
    let listings = scene.client.all(&Client::in_project("listings")).await;
    listings
        .into_iter()
        .find(|listing| listing["external_id"] == variant)
        .unwrap()
}

#[tokio::test]
async fn a_real_shop_is_synced_repriced_read_back_and_its_sales_are_counted() {
    let vendure = RealVendure::start(&database_url().unwrap()).await.unwrap();
    let admin = vendure.admin().await.unwrap();
    let scene = Scene::of(usual_shop(1)).await;
    let form = json!({
        "platform": "vendure", "name": "Real shop",
        "config": { "url": vendure.url() },
        "credentials": { "username": vendure.username(), "password": vendure.password() },
    });
    let integration = scene.connect_by(&form).await;
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");

    let variant = admin.variant_id("L2201308").await.unwrap();
    let one = listing(&scene, &variant).await;
    let path = Client::in_project(&format!("listings/{}/price", one["id"].as_str().unwrap()));
    let price = json!({ "amount_minor": 123_400, "currency": one["price"]["currency"] });
    let body = json!({ "price": price, "expected": one["price"], "reason": "Reprice" });
    let push = scene.client.put(&path, &body).await.expect(202);
    let push_path = Client::in_project(&format!("price-pushes/{}", push["id"].as_str().unwrap()));
    let done = until("the price is there", async || {
        let push = scene.client.get(&push_path).await.expect(200);
        push["completed_at"].is_string().then_some(push)
    })
    .await;
    assert_eq!(
        (&done["status"], &done["items_observed"]),
        (&json!("done"), &json!(1)),
        "{done}"
    );
    let there = admin.prices(&variant).await.unwrap();
    assert_eq!(
        there.get(one["price"]["currency"].as_str().unwrap()),
        Some(&123_400)
    );

    let placed = vendure.buy(&[(&variant, 2)]).await.unwrap();
    admin.settle_payments(&placed.id).await.unwrap();
    let run = scene.sync(&integration, "incremental").await;
    assert_eq!(
        (&run["status"], &run["orders_read"]),
        (&json!("success"), &json!(1)),
        "{run}"
    );
    let sales = Client::in_project(&format!("listings/{}/sales", one["id"].as_str().unwrap()));
    let days = scene.client.get(&sales).await.expect(200);
    assert_eq!(days.as_array().unwrap().len(), 1, "{days}");
    assert_eq!(days[0]["units"], 2, "{days}");
    assert_eq!(days[0]["revenue"]["amount_minor"], 2 * 123_400, "{days}");

    let changes = Client::in_project(&format!(
        "listings/{}/price-changes",
        one["id"].as_str().unwrap()
    ));
    let changes = scene.client.get(&changes).await.expect(200);
    assert_eq!(changes["items"].as_array().unwrap().len(), 1, "{changes}");
    assert_eq!(changes["items"][0]["reason"], "Reprice");
}

#[tokio::test]
async fn what_a_sync_of_a_real_shop_costs_is_told_before_it_starts() {
    let vendure = RealVendure::start(&database_url().unwrap()).await.unwrap();
    let counter = Counter::before(vendure.url()).await;
    let admin = vendure.admin().await.unwrap();
    let scene = Scene::of(usual_shop(1)).await;
    let form = json!({
        "platform": "vendure", "name": "Real shop",
        "config": { "url": counter.url() },
        "credentials": { "username": vendure.username(), "password": vendure.password() },
    });
    let integration = scene.connect_by(&form).await;
    scene.newest_run_ended(&integration).await;
    for kind in ["full", "incremental"] {
        let variant = admin.variant_id("L2201308").await.unwrap();
        admin.set_price(&variant, 125_000).await.unwrap();
        let path = Scene::at(&integration, &format!("/syncs/plan?type={kind}"));
        let plan = scene.client.get(&path).await.expect(200);
        assert_eq!(
            (&plan["type"], &plan["possible"]),
            (&json!(kind), &json!(true)),
            "{plan}"
        );
        counter.take();
        let run = scene.sync(&integration, kind).await;
        assert_eq!(run["status"], "success", "{run}");
        let (told, made) = (plan["calls"].as_u64().unwrap(), counter.take() as u64);
        // As close as the plans of the other platforms: a fifth, and three calls.
        assert!(
            told.abs_diff(made) <= made / 5 + 3,
            "{told} were planned, {made} made: {plan}"
        );
    }
}
