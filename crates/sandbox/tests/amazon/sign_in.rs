//! Login with Amazon, and what a token opens.

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{CLIENT, REFRESH, SELLER, World};

const WHO: &str = "/sellers/v1/marketplaceParticipations";

async fn why(world: &World) -> String {
    let response = world.get(WHO).await;
    assert_eq!(response.status(), 403);
    assert!(!response.headers().contains_key("x-amzn-ratelimit-limit"));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["errors"][0]["code"], "Unauthorized");
    body["errors"][0]["details"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_access_token_lasts_an_hour_and_the_refresh_token_stays() {
    let mut world = World::of(10).await;
    assert_eq!(world.get(WHO).await.status(), 200);
    world.pass(TimeDelta::minutes(60));
    assert!(why(&world).await.contains("expired"));
    let issued: Value = world.refresh().await.json().await.unwrap();
    assert_eq!(issued["refresh_token"], REFRESH);
    assert_eq!(issued["expires_in"], 3_600);
    world.sign_in().await;
    assert_eq!(world.get(WHO).await.status(), 200);
    world.amazon().revoke_tokens(SELLER).unwrap();
    assert!(why(&world).await.contains("revoked"));
    assert_eq!(world.refresh().await.status(), 400);
}

#[tokio::test]
async fn a_client_secret_runs_out_after_180_days() {
    let world = World::of(10).await;
    world.pass(TimeDelta::days(180));
    let refused = world.refresh().await;
    assert_eq!(refused.status(), 401);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"], "invalid_client");
}

#[tokio::test]
async fn tokens_are_traded_by_forms_of_the_right_client() {
    let world = World::of(10).await;
    let wrong = world
        .trade(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", REFRESH),
            ("client_id", CLIENT),
            ("client_secret", "another"),
        ])
        .await;
    assert_eq!(wrong.status(), 401);
    let json = world.client.post(world.url("/amazon/auth/o2/token"));
    let json = json.json(&serde_json::json!({})).send().await.unwrap();
    assert_eq!(json.status(), 400);
}

#[tokio::test]
async fn another_regions_api_is_closed() {
    let world = World::of(10).await;
    let open = world.get(WHO).await.status();
    let url = world.url(&format!("/amazon/na{WHO}"));
    let issued: Value = world.refresh().await.json().await.unwrap();
    let token = issued["access_token"].as_str().unwrap();
    let closed = world.client.get(url).header("x-amz-access-token", token);
    assert_eq!(
        (
            open.as_u16(),
            closed.send().await.unwrap().status().as_u16()
        ),
        (200, 403)
    );
}
