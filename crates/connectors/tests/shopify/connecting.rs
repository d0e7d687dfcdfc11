//! Consent, token exchange, refresh, and the connection test.

use calibr_connectors::{
    Connection, Connector, ConnectorError, Fault, FixedCredentials, OneClickCallback,
    OneClickRequest, ShopifyConnector, ShopifySettings,
    transport::{AllowList, Request, Transport},
};
use calibr_sandbox::shopify::{ShopSettings, ShopState, StaticToken};
use secrecy::ExposeSecret;
use url::Url;

use crate::harness::{
    API_KEY, CALLBACK, Refreshing, SHOP, Scene, TOKEN, config, full, pull_all, sources, token_set,
    transport, usual,
};

fn browser() -> Transport {
    let loopback: AllowList = "127.0.0.1".parse().unwrap();
    transport().allowing(loopback).unwrap()
}

/// What the browser comes back with after the merchant's decision.
async fn decide(scene: &Scene, decision: &str) -> OneClickCallback {
    decide_on(scene, decision, |_| {}).await
}

async fn decide_on(scene: &Scene, decision: &str, change: impl Fn(&mut Url)) -> OneClickCallback {
    let request = OneClickRequest {
        fields: config("ACME"),
        redirect_uri: CALLBACK.parse().unwrap(),
        state: "unguessable".to_owned(),
    };
    let mut page = scene
        .connector
        .one_click()
        .unwrap()
        .start(&request)
        .unwrap();
    change(&mut page);
    let shown = browser().send(Request::get(page.clone())).await.unwrap();
    assert!(shown.status.is_success() && shown.is_html(), "{shown:?}");
    let form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    let mut form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form.push(("decision", decision));
    page.set_query(None);
    let sent_back = browser()
        .send(Request::post_form(page, form))
        .await
        .unwrap();
    let target: Url = sent_back.header("location").unwrap().parse().unwrap();
    assert!(target.as_str().starts_with(CALLBACK));
    OneClickCallback {
        query: target.query_pairs().into_owned().collect(),
        started_with: config(SHOP),
        redirect_uri: CALLBACK.parse().unwrap(),
        received_at: sources().now(),
        delivered: None,
    }
}

async fn complete(
    scene: &Scene,
    callback: &OneClickCallback,
) -> Result<Connection, ConnectorError> {
    scene
        .connector
        .one_click()
        .unwrap()
        .complete(callback)
        .await
}

#[tokio::test]
async fn consent_connects_the_store_and_its_tokens_work() {
    let scene = Scene::usual().await;
    let callback = decide(&scene, "install").await;
    assert!(
        callback
            .query
            .contains(&("state".to_owned(), "unguessable".to_owned()))
    );

    let connection = complete(&scene, &callback).await.unwrap();

    assert_eq!(connection.config, config(SHOP));
    let lifetime = connection.credentials.expires_at.unwrap() - callback.received_at;
    assert_eq!(lifetime.num_minutes(), 60);
    let store = scene.store_with(FixedCredentials::new(connection.credentials));
    let identity = store.identify().await.unwrap();
    assert_eq!(
        (
            identity.name.as_str(),
            identity.currency.code(),
            identity.time_zone.as_deref()
        ),
        ("acme", "EUR", Some("Europe/Berlin"))
    );
    assert_eq!(identity.api_version, "2026-07");
    insta::assert_snapshot!(identity.notice.unwrap(), @"Shopify lets Calibr read the orders of the last 60 days.");
}

#[tokio::test]
async fn a_declined_consent_is_no_error_of_anybodys() {
    let scene = Scene::usual().await;
    let callback = decide(&scene, "cancel").await;
    let refused = complete(&scene, &callback).await.unwrap_err();
    assert_eq!(refused.fault, Fault::ConsentRefused);
    assert!(refused.message.starts_with("You declined"), "{refused}");
}

#[tokio::test]
async fn a_callback_used_twice_connects_once() {
    let scene = Scene::usual().await;
    let callback = decide(&scene, "install").await;
    complete(&scene, &callback).await.unwrap();
    let refused = complete(&scene, &callback).await.unwrap_err();
    assert_eq!(refused.fault, Fault::ConsentRefused);
    assert!(refused.message.contains("used already"), "{refused}");
}

#[tokio::test]
async fn a_callback_that_was_changed_is_not_traded() {
    let scene = Scene::usual().await;
    let mut callback = decide(&scene, "install").await;
    callback.query.retain(|(name, _)| name != "host");
    let refused = complete(&scene, &callback).await.unwrap_err();
    assert_eq!(refused.fault, Fault::ConsentRefused);
    assert_eq!(scene.shopify().counters(SHOP).unwrap().tokens_issued, 0);
}

#[tokio::test]
async fn a_consent_without_the_needed_permission_is_refused() {
    let scene = Scene::usual().await;
    let callback = decide_on(&scene, "install", |page| {
        let changed = page
            .query()
            .unwrap()
            .replace("write_products", "read_locations");
        page.set_query(Some(&changed));
    })
    .await;
    let refused = complete(&scene, &callback).await.unwrap_err();
    assert_eq!(refused.fault, Fault::MissingScope);
    assert!(refused.message.contains("write_products"), "{refused}");
}

#[tokio::test]
async fn an_expired_token_is_refreshed_in_the_middle_of_things() {
    let scene = Scene::usual().await;
    let callback = decide(&scene, "install").await;
    let connection = complete(&scene, &callback).await.unwrap();
    let first = connection.credentials.clone();
    let credentials = Refreshing::new(scene.connector.clone(), connection.credentials);
    let store = scene.store_with(credentials.clone());

    scene.shopify().expire_tokens(SHOP).unwrap();
    pull_all(&store, full()).await.assert_is(&scene.truth());

    let now = credentials.set.lock().unwrap().clone();
    assert!(!now.same_secrets(&first), "the pair was not kept");
    assert_eq!(scene.shopify().counters(SHOP).unwrap().tokens_issued, 2);
}

#[tokio::test]
async fn a_refresh_token_that_was_used_means_to_reconnect() {
    let scene = Scene::usual().await;
    let callback = decide(&scene, "install").await;
    let set = complete(&scene, &callback).await.unwrap().credentials;
    let acme = config(SHOP);
    let refresh = || scene.connector.refresh(&acme, &set, callback.received_at);
    let fresh = refresh().await.unwrap().unwrap();
    let secret = |set: &calibr_connectors::CredentialSet| {
        set.get("refresh_token").unwrap().expose_secret().to_owned()
    };
    assert_ne!(secret(&fresh), secret(&set));
    let refused = refresh().await.unwrap_err();
    assert_eq!(refused.fault, Fault::CredentialsRefused);
    assert!(refused.message.contains("Reconnect"), "{refused}");
}

#[tokio::test]
async fn a_custom_apps_token_is_not_refreshed() {
    let scene = Scene::usual().await;
    let set = token_set(TOKEN);
    let refreshed = scene
        .connector
        .refresh(&config(SHOP), &set, sources().now())
        .await;
    assert!(refreshed.unwrap().is_none());
    assert_eq!(scene.store().identify().await.unwrap().name, "acme");
}

#[tokio::test]
async fn the_connection_test_names_what_is_wrong() {
    let scene = Scene::of(ShopSettings {
        tokens: vec![StaticToken {
            token: TOKEN.to_owned(),
            scopes: vec!["read_orders".to_owned()],
        }],
        ..usual()
    })
    .await;
    let identify = async |token: &str| {
        let store = scene.store_with(FixedCredentials::new(token_set(token)));
        store.identify().await.unwrap_err()
    };
    let scope = identify(TOKEN).await;
    assert_eq!(scope.fault, Fault::MissingScope);
    insta::assert_snapshot!(scope, @"The access token is good, but lacks the permission read_products. Add it to the app in the Shopify admin (Admin API access scopes) and install the app again.");
    let token = identify("shpat_wrong").await;
    assert_eq!(token.fault, Fault::CredentialsRefused);
    let unusable = identify("shpat_\n").await;
    assert_eq!(unusable.fault, Fault::Config);
    for (state, words) in [
        (
            ShopState::Gone,
            "There is no Shopify store at acme.myshopify.com",
        ),
        (ShopState::Frozen, "acme.myshopify.com is frozen"),
        (ShopState::Locked, "Shopify has locked acme.myshopify.com"),
    ] {
        scene.shopify().set_state(SHOP, state).unwrap();
        let gone = identify(TOKEN).await;
        assert_eq!(gone.fault, Fault::StoreGone);
        assert!(gone.message.starts_with(words), "{gone}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_in_words() {
    let scene = Scene::usual().await;
    scene.shopify().revoke_tokens(SHOP).unwrap();
    let refused = scene.store().identify().await.unwrap_err();
    assert_eq!(refused.fault, Fault::CredentialsRefused);
}

#[tokio::test]
async fn a_version_that_is_no_longer_kept_gives_a_notice_and_no_error() {
    let scene = Scene::usual().await;
    let base = format!("{}/{{shop}}", scene.server.base_url());
    let settings = ShopifySettings {
        api_version: "2024-01".parse().unwrap(),
        ..ShopifySettings::read(None, None, Some(&base)).unwrap()
    };
    let connector = ShopifyConnector::new(settings, &transport()).unwrap();
    assert!(connector.one_click().is_none());
    let credentials = FixedCredentials::new(token_set(TOKEN));
    let store = connector.open(&config(SHOP), credentials).unwrap();
    let identity = store.identify().await.unwrap();
    assert!(identity.api_version.as_str() > "2024-01");
    assert!(
        identity
            .notice
            .unwrap()
            .contains("no longer keeps version 2024-01")
    );
}

#[test]
fn the_platform_declares_what_it_asks_for() {
    let settings = ShopifySettings::read(Some(API_KEY.into()), Some("s".into()), None).unwrap();
    let connector = ShopifyConnector::new(settings, &transport()).unwrap();
    let info = connector.info();
    assert!(info.one_click_ready);
    assert_eq!(info.id.as_str(), "shopify");
    let names = |fields: &[calibr_model::platform::Field]| {
        fields
            .iter()
            .map(|field| field.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&info.one_click_fields), ["shop"]);
    assert_eq!(names(&info.config_fields), ["shop"]);
    assert_eq!(
        names(&info.credential_fields),
        ["access_token", "api_secret"]
    );
    assert!(!info.credential_fields[1].required);
    let normal = connector
        .normalise(config("https://ACME.myshopify.com/admin"))
        .unwrap();
    assert_eq!(connector.store_key(&normal), SHOP);
    assert_eq!(
        connector.normalise(config("")).unwrap_err().fault,
        Fault::Config
    );
}
