//! Consent, codes, tokens, and their ends.

use std::collections::HashMap;

use calibr_sandbox::shopify::ShopState;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::support::{CALLBACK, SECRET, SHOP, World};

const SHOP_NAME: &str = "{ shop { name } }";

fn ask<'a>(changed: &[(&'a str, &'a str)]) -> HashMap<&'a str, &'a str> {
    let mut ask = HashMap::from([
        ("client_id", "calibr"),
        ("scope", "write_products,read_locations"),
        ("redirect_uri", CALLBACK),
        ("state", "a b&c"),
    ]);
    ask.extend(changed.iter().copied());
    ask
}

impl World {
    async fn consent_page(&self, changed: &[(&str, &str)]) -> (u16, String) {
        let url = self.url(&format!("/{SHOP}/admin/oauth/authorize"));
        let response = self
            .client
            .get(url)
            .query(&ask(changed))
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Where the merchant is sent after pressing the button of that name.
    async fn decide(&self, decision: &str) -> HashMap<String, String> {
        let mut form = ask(&[]);
        form.insert("decision", decision);
        let url = self.url(&format!("/{SHOP}/admin/oauth/authorize"));
        let response = self.client.post(url).form(&form).send().await.unwrap();
        assert_eq!(response.status(), 302);
        let location = response.headers()["location"].to_str().unwrap();
        assert!(location.starts_with(CALLBACK), "{location}");
        Url::parse(location)
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect()
    }

    async fn trade(&self, body: Value) -> (u16, Value) {
        let mut whole = json!({ "client_id": "calibr", "client_secret": SECRET });
        whole
            .as_object_mut()
            .unwrap()
            .extend(body.as_object().unwrap().clone());
        let url = self.url(&format!("/{SHOP}/admin/oauth/access_token"));
        let response = self.client.post(url).json(&whole).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Installs the app with expiring tokens.
    async fn install(&self) -> Value {
        let code = self.decide("install").await.remove("code").unwrap();
        let (status, issued) = self.trade(json!({ "code": code, "expiring": 1 })).await;
        assert_eq!(status, 200, "{issued}");
        issued
    }

    async fn status_with(&self, token: &Value) -> u16 {
        let url = self.url(&format!("/{SHOP}/admin/api/2026-07/graphql.json"));
        let request = self.client.post(url).json(&json!({ "query": SHOP_NAME }));
        let request = request.header("X-Shopify-Access-Token", token.as_str().unwrap());
        request.send().await.unwrap().status().as_u16()
    }

    fn advance(&self, step: TimeDelta) {
        self.server.sandbox().clock().advance(step);
    }
}

#[tokio::test]
async fn the_consent_page_names_app_shop_and_scopes() {
    let world = World::of(100).await;

    let (status, page) = world.consent_page(&[]).await;

    assert_eq!(status, 200);
    for expected in [
        "Calibr Console",
        SHOP,
        "write_products",
        "read_locations",
        "Install",
        "Cancel",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    assert!(page.contains(r#"value="a b&amp;c""#));
}

#[tokio::test]
async fn an_unknown_app_or_callback_gets_a_page_that_says_so() {
    let world = World::of(100).await;
    for (changed, expected) in [
        (("client_id", "stranger"), "application_cannot_be_found"),
        (
            ("redirect_uri", "https://evil.example/callback"),
            "redirect_uri is not whitelisted",
        ),
        (
            ("redirect_uri", "http://127.0.0.1:9/apish"),
            "redirect_uri is not whitelisted",
        ),
        (("scope", ""), "invalid_scope"),
    ] {
        let (status, page) = world.consent_page(&[changed]).await;
        assert_eq!(status, 400, "{changed:?}");
        assert!(page.contains(expected), "{changed:?}");
    }
}

#[tokio::test]
async fn consent_is_answered_with_a_verifiable_signature() {
    let world = World::of(100).await;

    let mut answer = world.decide("install").await;

    let signature = answer.remove("hmac").unwrap();
    let mut sorted: Vec<_> = answer.iter().collect();
    sorted.sort();
    let message = Serializer::new(String::new()).extend_pairs(sorted).finish();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.verify_slice(&hex::decode(signature).unwrap()).unwrap();
    assert_eq!(answer["shop"], SHOP);
    assert_eq!(answer["state"], "a b&c");
    assert_eq!(answer["timestamp"], "1790000000");
    assert!(!answer["host"].is_empty());
}

#[tokio::test]
async fn a_declined_consent_comes_back_as_an_error() {
    let world = World::of(100).await;
    let answer = world.decide("cancel").await;
    assert_eq!(answer["error"], "access_denied");
    assert!(!answer.contains_key("code"));
}

#[tokio::test]
async fn a_code_is_good_for_one_exchange() {
    let world = World::of(100).await;
    let code = world.decide("install").await.remove("code").unwrap();

    let (status, issued) = world.trade(json!({ "code": code, "expiring": "1" })).await;
    assert_eq!(status, 200);
    assert_eq!(issued["expires_in"], 3_600);
    assert_eq!(issued["refresh_token_expires_in"], 7_776_000);
    assert_eq!(issued["scope"], "read_locations,write_products");
    assert_eq!(world.status_with(&issued["access_token"]).await, 200);

    let (status, refused) = world.trade(json!({ "code": code })).await;
    assert_eq!(status, 400);
    assert_eq!(
        refused,
        json!({
            "error": "invalid_request",
            "error_description": "The authorization code was not found or was already used",
        })
    );
}

#[tokio::test]
async fn without_expiring_the_token_is_for_ever_and_forms_are_taken_too() {
    let world = World::of(100).await;
    let code = world.decide("install").await.remove("code").unwrap();
    let form = [
        ("client_id", "calibr"),
        ("client_secret", SECRET),
        ("code", &code),
    ];
    let url = world.url(&format!("/{SHOP}/admin/oauth/access_token"));

    let issued: Value = world
        .client
        .post(url)
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();

    assert_eq!(issued["expires_in"], Value::Null);
    assert_eq!(issued["refresh_token"], Value::Null);
    world.advance(TimeDelta::days(400));
    assert_eq!(world.status_with(&issued["access_token"]).await, 200);
}

#[tokio::test]
async fn refreshing_rotates_both_tokens_and_an_old_one_is_refused() {
    let world = World::of(100).await;
    let first = world.install().await;
    let refresh = |token: &Value| json!({ "grant_type": "refresh_token", "refresh_token": token });

    let (status, second) = world.trade(refresh(&first["refresh_token"])).await;
    assert_eq!(status, 200);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(world.status_with(&second["access_token"]).await, 200);

    let (status, refused) = world.trade(refresh(&first["refresh_token"])).await;
    assert_eq!(status, 401);
    assert_eq!(
        refused,
        json!({
            "error": "invalid_request",
            "error_description": "This request requires an active refresh_token",
        })
    );
}

#[tokio::test]
async fn tokens_end_when_the_clock_says_so() {
    let world = World::of(100).await;
    let issued = world.install().await;
    let refresh =
        json!({ "grant_type": "refresh_token", "refresh_token": issued["refresh_token"] });

    world.advance(TimeDelta::seconds(3_599));
    assert_eq!(world.status_with(&issued["access_token"]).await, 200);
    world.advance(TimeDelta::seconds(1));
    assert_eq!(world.status_with(&issued["access_token"]).await, 401);
    world.advance(TimeDelta::days(90));
    assert_eq!(world.trade(refresh).await.0, 401);
}

#[tokio::test]
async fn tokens_can_be_expired_and_revoked() {
    let world = World::of(100).await;
    let issued = world.install().await;
    let refresh =
        json!({ "grant_type": "refresh_token", "refresh_token": issued["refresh_token"] });

    world.shopify().expire_tokens(SHOP).unwrap();
    assert_eq!(world.status_with(&issued["access_token"]).await, 401);
    let (status, renewed) = world.trade(refresh).await;
    assert_eq!(status, 200);

    world.shopify().revoke_tokens(SHOP).unwrap();
    assert_eq!(world.status_with(&renewed["access_token"]).await, 401);
}

#[tokio::test]
async fn a_wrong_secret_gets_no_token() {
    let world = World::of(100).await;
    let code = world.decide("install").await.remove("code").unwrap();
    let (status, refused) = world
        .trade(json!({ "code": code, "client_secret": "guessed" }))
        .await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_client")));
}

#[tokio::test]
async fn a_shop_that_is_not_open_answers_with_its_status() {
    let world = World::of(100).await;
    for (state, expected) in [
        (ShopState::Frozen, 402),
        (ShopState::Gone, 404),
        (ShopState::Locked, 423),
    ] {
        world.shopify().set_state(SHOP, state).unwrap();
        let response = world.request(SHOP_NAME, json!({})).send().await.unwrap();
        assert_eq!(response.status(), expected);
        assert!(response.json::<Value>().await.unwrap()["errors"].is_string());
        assert_eq!(world.consent_page(&[]).await.0, expected);
    }
    world.shopify().set_state(SHOP, ShopState::Open).unwrap();
    assert_eq!(
        world.data(SHOP_NAME, json!({})).await["shop"]["name"],
        "acme"
    );
}

#[tokio::test]
async fn consent_is_in_the_request_log_without_its_query() {
    let world = World::of(100).await;
    world.consent_page(&[]).await;
    world.decide("install").await;

    let log = world.server.sandbox().requests();

    let seen: Vec<_> = log
        .iter()
        .map(|entry| (entry.method.as_str(), entry.status))
        .collect();
    assert_eq!(seen, [("GET", 200), ("POST", 302)]);
    assert!(
        log.iter()
            .all(|entry| entry.path == "/acme.myshopify.com/admin/oauth/authorize")
    );
}
