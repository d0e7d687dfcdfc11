//! Consent, keys by hand, and what the connection test says.

use calibr_connectors::{
    Connector, ConnectorError, Fault, FixedCredentials, OneClick, OneClickCallback,
    OneClickRequest, transport::Request,
};
use calibr_sandbox::{
    Fault as Failing, FaultKind,
    woocommerce::{ApiKey, Permissions, StoreSettings, StoreState},
};
use http::Method;
use url::Url;

use crate::console::console;
use crate::harness::{
    KEY, SECRET, STORE, Scene, config, full, pull_all, sources, transport, usual,
};

/// What is said, alike in every run.
fn without_port(scene: &Scene, error: &ConnectorError) -> String {
    let place = scene.server.base_url().trim_start_matches("http://");
    error.message.replace(place, "the-host")
}

#[tokio::test]
async fn a_store_says_who_it_is() {
    let scene = Scene::of(StoreSettings {
        title: "Socks & More".to_owned(),
        ..usual()
    })
    .await;
    let identity = scene.store().identify().await.unwrap();
    assert_eq!(identity.name, "Socks & More");
    assert_eq!(identity.currency.code(), "EUR");
    assert_eq!(identity.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(identity.api_version, "wc/v3 (WooCommerce 10.3.5)");
    assert!(identity.notice.unwrap().contains("entered with tax"));
    assert_eq!(scene.counters().prices_spoiled, 0);
}

#[tokio::test]
async fn a_store_with_plain_permalinks_is_found_as_well() {
    let scene = Scene::of(StoreSettings {
        plain_permalinks: true,
        prices_include_tax: false,
        time_zone: String::new(),
        ..usual()
    })
    .await;
    let store = scene.store();
    let identity = store.identify().await.unwrap();
    assert_eq!((identity.notice, identity.time_zone), (None, None));
    pull_all(&store, full()).await.assert_is(&scene.truth());
}

#[tokio::test]
async fn keys_that_do_not_do_are_told_apart() {
    let scene = Scene::usual().await;
    let reader = ApiKey {
        permissions: Permissions::Read,
        ..ApiKey::new("ck_reader", "cs_reader")
    };
    let customer = ApiKey {
        manager: false,
        ..ApiKey::new("ck_customer", "cs_customer")
    };
    scene.woo().add_key(STORE, reader).unwrap();
    scene.woo().add_key(STORE, customer).unwrap();
    let refused = async |key: &str, secret: &str| {
        let store = scene.store_with(&scene.url(), key, secret);
        store.identify().await.unwrap_err()
    };

    let unknown = refused("ck_nobody", SECRET).await;
    assert_eq!(unknown.fault, Fault::CredentialsRefused);
    assert!(unknown.message.contains("X-Forwarded-Proto"), "{unknown}");
    let wrong = refused(KEY, "cs_wrong").await;
    assert_eq!(wrong.fault, Fault::CredentialsRefused);
    insta::assert_snapshot!(without_port(&scene, &wrong), @"the-host/woo does not accept the consumer key and secret. Check that both were copied whole and belong together, and that the key was not revoked.");
    let reader = refused("ck_reader", "cs_reader").await;
    assert_eq!(reader.fault, Fault::MissingScope);
    insta::assert_snapshot!(without_port(&scene, &reader), @"The key is good, but the-host/woo does not let it both read and write. Set its permissions to Read/Write (WooCommerce → Settings → Advanced → REST API).");
    let customer = refused("ck_customer", "cs_customer").await;
    assert_eq!(customer.fault, Fault::MissingScope);
    assert!(
        customer.message.contains("may not manage the shop"),
        "{customer}"
    );
    for error in [unknown, wrong] {
        assert!(!error.message.contains("cs_"), "{error}");
        assert!(!error.answer.unwrap_or_default().contains("cs_"));
    }
}

#[tokio::test]
async fn an_address_without_a_shop_says_what_is_missing() {
    let scene = Scene::usual().await;
    let failed = async |state| {
        scene.woo().set_state(STORE, state).unwrap();
        scene.store().identify().await.unwrap_err()
    };
    for (state, words) in [
        (StoreState::Gone, "There is no WordPress REST API"),
        (StoreState::NoWordpress, "There is no WordPress REST API"),
        (StoreState::NoWoocommerce, "without WooCommerce"),
        (StoreState::RestDisabled, "keeps its REST API closed"),
    ] {
        let error = failed(state).await;
        assert_eq!(error.fault, Fault::WrongVersion, "{state:?}");
        assert!(error.message.contains(words), "{state:?}: {error}");
    }
    scene.woo().set_state(STORE, StoreState::Open).unwrap();

    let other = scene.store_with(scene.server.base_url(), KEY, SECRET);
    assert_eq!(
        other.identify().await.unwrap_err().fault,
        Fault::WrongVersion
    );
    let nobody = scene.store_with("http://127.0.0.1:9/shop", KEY, SECRET);
    assert_eq!(
        nobody.identify().await.unwrap_err().fault,
        Fault::Unreachable
    );
    // What answers speaks no TLS.
    let url = scene.url().replace("http://", "https://");
    let secure = scene.store_with(&url, KEY, SECRET);
    assert_eq!(secure.identify().await.unwrap_err().fault, Fault::Tls);
}

#[tokio::test]
async fn the_connection_test_waits_out_one_bad_answer() {
    let scene = Scene::usual().await;
    scene.fails(Failing::once(FaultKind::ServerError { status: 502 }).of_operation("index"));
    scene.fails(Failing::once(FaultKind::CutConnection).of_operation("system_status"));
    scene.store().identify().await.unwrap();
    assert_eq!(scene.counters().faults, 2);
}

/// Goes through the store's consent page with a console that answers `status`
/// to the delivery; gives where the browser was sent, and what was delivered.
async fn consent(scene: &Scene, status: u16) -> (Option<Url>, Vec<u8>, Url) {
    let (callback, mut posted) = console(status).await;
    let one_click = scene.connector.one_click().unwrap();
    let page = one_click
        .start(&OneClickRequest {
            fields: config(&scene.url()),
            redirect_uri: callback.clone(),
            state: "unguessable".to_owned(),
        })
        .unwrap();
    let shown = transport().send(Request::get(page.clone())).await.unwrap();
    assert!(shown.status.is_success() && shown.is_html(), "{shown:?}");
    assert!(
        shown
            .text()
            .contains("Calibr Console would like to connect")
    );
    let agreed = Request::new(Method::POST, page);
    let sent_back = transport().send(agreed).await.unwrap();
    let location = sent_back
        .header("location")
        .map(|location| location.parse().unwrap());
    let (_, body) = posted.recv().await.unwrap();
    (location, body, callback)
}

#[tokio::test]
async fn a_store_that_consents_is_connected_with_the_keys_it_delivered() {
    let scene = Scene::of(StoreSettings {
        keys: Vec::new(),
        ..usual()
    })
    .await;
    let (location, body, callback) = consent(&scene, 200).await;
    let one_click: &dyn OneClick = scene.connector.one_click().unwrap();
    let query: Vec<(String, String)> = location.unwrap().query_pairs().into_owned().collect();
    assert_eq!(one_click.state_of(&query), Some("unguessable"));
    let delivered = one_click.receive(&body).unwrap();
    assert_eq!(delivered.state, "unguessable");

    let connection = one_click
        .complete(&OneClickCallback {
            query,
            started_with: config(&scene.url()),
            redirect_uri: callback,
            received_at: sources().now(),
            delivered: Some(delivered.credentials),
        })
        .await
        .unwrap();
    let credentials = FixedCredentials::new(connection.credentials);
    let store = scene
        .connector
        .open(&connection.config, credentials)
        .unwrap();
    store.identify().await.unwrap();
    assert_eq!(scene.counters().keys_issued, 1);
}

#[tokio::test]
async fn a_delivery_that_is_not_taken_leaves_no_key_behind() {
    let scene = Scene::of(StoreSettings {
        keys: Vec::new(),
        ..usual()
    })
    .await;
    let (location, body, _) = consent(&scene, 404).await;
    assert_eq!(location, None);
    let delivered = scene.connector.one_click().unwrap().receive(&body).unwrap();
    let config = scene.connector.normalise(config(&scene.url())).unwrap();
    let credentials = FixedCredentials::new(delivered.credentials);
    let store = scene.connector.open(&config, credentials).unwrap();
    let error = store.identify().await.unwrap_err();
    assert_eq!(error.fault, Fault::CredentialsRefused);
    assert_eq!(scene.counters().keys_issued, 0);
}
