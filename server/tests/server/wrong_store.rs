//! Stores that cannot be worked with, each said in words, with nothing kept and nothing lost.

use calibr_sandbox::shopify::ShopState;
use serde_json::{Value, json};

use crate::support::{Client, PROJECT, SHOP, Scene, Shop, TOKEN, usual_shop};

#[track_caller]
fn assert_says(answer: &Value, words: &str) {
    let message = answer["message"].as_str().unwrap();
    assert_eq!(answer["ok"], false, "{answer}");
    assert!(
        message.contains(words) && message.ends_with('.'),
        "{message}"
    );
}

/// What the shop refuses is said by the form's test and by connecting, and nothing is kept.
async fn assert_refused(scene: &Scene, form: &Value, words: &str) {
    assert_says(&scene.test_form(form).await, words);
    let integrations = Client::in_project("integrations");
    let refused = scene.client.post(&integrations, form).await;
    let problem = refused.problem(502, "platform");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(words), "{detail}");
    assert!(scene.client.all(&integrations).await.is_empty());
    let kept = "SELECT (SELECT count(*) FROM credentials) + (SELECT count(*) FROM data_keys)
                     + (SELECT count(*) FROM sync_runs)";
    assert_eq!(scene.database.number(kept).await, 0);
}

/// A connected store that refuses: its test says so, a run fails, the store's card tells what to do, and what came
/// through before stays.
async fn assert_fails(scene: &Scene, integration: &str, code: &str, status: &str, words: &str) {
    let goods = Shop::shown(&scene.client).await;
    assert_says(&scene.test(integration).await, words);
    assert_eq!(scene.integration(integration).await["status"], status);
    let run = scene.sync(integration, "full").await;
    assert_eq!(
        (run["status"].as_str(), run["error_code"].as_str()),
        (Some("error"), Some(code)),
        "{run}"
    );
    assert!(run["error"].as_str().unwrap().contains(words), "{run}");
    let card = scene.integration(integration).await;
    assert_eq!(card["status"], status, "{card}");
    assert_eq!(card["status_detail"], run["error"]);
    assert_eq!(card["item_count"], goods.len());
    assert_eq!(Shop::shown(&scene.client).await, goods);
}

#[tokio::test]
async fn an_address_that_is_none_is_said_without_a_call() {
    let scene = Scene::of(usual_shop(10)).await;
    for typed in [
        "www.acme.example",
        "acme.myshopify.com.evil.example",
        "-acme.myshopify.com",
        "acme shop",
        "..",
        "🧶.myshopify.com",
    ] {
        let form = Scene::form(typed, TOKEN);
        let path = Client::in_project("integrations");
        let problem = scene
            .client
            .post(&path, &form)
            .await
            .problem(422, "invalid");
        assert!(problem.to_string().contains(".myshopify.com"), "{problem}");
        let body = json!({ "project": PROJECT, "form": form });
        let test = scene.client.post("/api/fn/test_connection", &body).await;
        assert_eq!(test.status, 422, "{typed}: {}", test.text());
        let query: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        let start = format!("/api/oauth/shopify/start?project={PROJECT}&shop={query}");
        scene.client.get(&start).await.problem(422, "invalid");
    }
    let without = json!({ "platform": "shopify", "config": {}, "credentials": {} });
    let path = Client::in_project("integrations");
    let problem = scene
        .client
        .post(&path, &without)
        .await
        .problem(422, "invalid");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    assert!(scene.shop.server.sandbox().requests().is_empty());
    assert!(scene.client.all(&path).await.is_empty());
}

#[tokio::test]
async fn a_store_that_is_not_there_is_said() {
    let scene = Scene::of(usual_shop(10)).await;
    let form = Scene::form("nobody-is-here.myshopify.com", TOKEN);
    let words = "There is no Shopify store at nobody-is-here.myshopify.com";
    assert_refused(&scene, &form, words).await;
}

#[tokio::test]
async fn a_token_that_is_not_good_or_may_not_read_products_is_said() {
    let scene = Scene::of(usual_shop(10)).await;
    let unknown = Scene::form(SHOP, "shpat_ffffffffffffffffffffffffffffffff");
    assert_refused(&scene, &unknown, "does not accept these credentials").await;
    let orders_alone = "shpat_22222222222222222222222222222222";
    scene.give_token(orders_alone, "read_orders");
    assert_refused(&scene, &Scene::form(SHOP, orders_alone), "read_products").await;
}

#[tokio::test]
async fn a_store_that_shopify_closed_is_said_in_the_form() {
    let scene = Scene::of(usual_shop(10)).await;
    for (state, words) in [
        (ShopState::Frozen, "its Shopify bill is unpaid"),
        (ShopState::Gone, "or it was closed"),
        (ShopState::Locked, "has locked acme.myshopify.com"),
    ] {
        scene.shop.shopify().set_state(SHOP, state).unwrap();
        assert_refused(&scene, &Scene::form(SHOP, TOKEN), words).await;
    }
}

#[tokio::test]
async fn a_connected_store_that_closes_keeps_its_products_and_comes_back() {
    let (scene, integration) = Scene::connected(usual_shop(120)).await;
    for (state, words) in [
        (ShopState::Frozen, "its Shopify bill is unpaid"),
        (ShopState::Gone, "or it was closed"),
        (ShopState::Locked, "has locked acme.myshopify.com"),
    ] {
        scene.shop.shopify().set_state(SHOP, state).unwrap();
        assert_fails(&scene, &integration, "store_gone", "error", words).await;
        scene
            .shop
            .shopify()
            .set_state(SHOP, ShopState::Open)
            .unwrap();
        let run = scene.sync(&integration, "full").await;
        assert_eq!(run["status"], "success", "{run}");
        let card = scene.integration(&integration).await;
        assert_eq!(
            (&card["status"], &card["status_detail"]),
            (&json!("connected"), &Value::Null)
        );
        scene.assert_all_there().await;
    }
}

#[tokio::test]
async fn a_connected_store_that_takes_the_permission_away_says_which() {
    let (scene, integration) = Scene::connected(usual_shop(120)).await;
    scene.give_token(TOKEN, "read_orders");
    assert_fails(
        &scene,
        &integration,
        "missing_scope",
        "error",
        "read_products",
    )
    .await;
    scene.give_token(TOKEN, "read_products");
    assert_eq!(scene.test(&integration).await["ok"], true);
    assert_eq!(scene.integration(&integration).await["status"], "connected");
    assert_eq!(
        scene.sync(&integration, "incremental").await["status"],
        "success"
    );
}

#[tokio::test]
async fn a_revoked_token_is_said_and_another_heals_the_store() {
    let (scene, integration) = Scene::connected(usual_shop(120)).await;
    scene.shop.shopify().revoke_tokens(SHOP).unwrap();
    let words = "Reconnect the store";
    assert_fails(
        &scene,
        &integration,
        "credentials_refused",
        "expired",
        words,
    )
    .await;

    let other = "shpat_33333333333333333333333333333333";
    scene.give_token(other, "read_products");
    let reconnect = async |token: &str| {
        let form = Scene::form(SHOP, token);
        let body = json!({ "project": PROJECT, "id": integration, "form": form });
        scene
            .client
            .post("/api/fn/reconnect_integration", &body)
            .await
    };
    // A token that is no good either changes nothing.
    let refused = reconnect(TOKEN).await;
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert_eq!(scene.integration(&integration).await["status"], "expired");

    reconnect(other).await.expect(200);
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    let card = scene.integration(&integration).await;
    assert_eq!(
        (&card["status"], &card["status_detail"]),
        (&json!("connected"), &Value::Null)
    );
    scene.assert_all_there().await;
}

#[tokio::test]
async fn an_app_that_was_removed_is_reconnected_with_one_click() {
    let scene = Scene::of(usual_shop(120)).await;
    let integration = scene.shop.connect(&scene.client).await;
    scene.newest_run_ended(&integration).await;
    scene.shop.shopify().revoke_tokens(SHOP).unwrap();
    let words = "no longer renews the access";
    assert_fails(
        &scene,
        &integration,
        "credentials_refused",
        "expired",
        words,
    )
    .await;

    let start =
        format!("/api/oauth/shopify/start?project={PROJECT}&shop={SHOP}&reconnect={integration}");
    let consent = scene.client.get(&start).await;
    let consent = consent.header("location").parse().unwrap();
    let callback = scene.shop.answer(&scene.client, &consent, "install").await;
    let done = scene.client.get(&callback).await;
    assert!(
        done.header("location").ends_with(&integration),
        "{}",
        done.header("location")
    );
    let run = scene.newest_run_ended(&integration).await;
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(scene.integration(&integration).await["status"], "connected");
    scene.assert_all_there().await;
}
