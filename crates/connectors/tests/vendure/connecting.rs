//! Signing in, and what is said where that does not work.

use std::sync::Arc;

use async_trait::async_trait;
use calibr_connectors::{
    Connector, ConnectorError, CredentialSet, CredentialSource, Fault, FixedCredentials, Scope,
};
use calibr_testkit::vendure::VendureOptions;

use crate::harness::{Shop, create_channel, credentials, offer_in_channel, pull, variants};

#[tokio::test]
async fn a_shop_says_who_it_is_or_what_is_wrong() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;

    let identity = shop.store().identify().await.unwrap();
    assert_eq!(identity.name, shop.connector.address(&shop.config()));
    assert_eq!(identity.currency.code(), "USD");
    assert_eq!(identity.notice, None);

    let refused = async |set: CredentialSet| shop.store_by(set).identify().await.unwrap_err();
    let username = shop.server.username();
    let error = refused(credentials([("username", username), ("password", "wrong")])).await;
    assert_eq!(error.fault, Fault::CredentialsRefused);
    insta::assert_snapshot!(without_port(&shop, &error), @"the shop does not accept this username with this password.");
    let error = refused(credentials([])).await;
    assert_eq!(error.fault, Fault::Config);

    // By API key, whose role decides.
    let key = admin.create_api_key("inventory-manager").await.unwrap();
    let by_key = shop.store_by(credentials([("api_key", &key)]));
    let known = by_key.identify().await.unwrap();
    assert_eq!(known.name, identity.name);
    insta::assert_snapshot!(known.notice.unwrap(), @"This account may not read orders: give its role the permission ReadOrder.");
    let batches = pull(&by_key, Scope::Full, None).await.unwrap();
    assert_eq!(variants(&batches).len(), 88);
    let key = admin.create_api_key("order-manager").await.unwrap();
    let error = refused(credentials([("api_key", &key)])).await;
    assert_eq!(error.fault, Fault::MissingScope);
    insta::assert_snapshot!(without_port(&shop, &error), @"the shop does not let this account read the catalogue. Give its role the permission ReadCatalog (or ReadProduct) in the channel that is connected.");
    let error = refused(credentials([("api_key", "0123:4567")])).await;
    assert_eq!(error.fault, Fault::CredentialsRefused);
    insta::assert_snapshot!(without_port(&shop, &error), @"the shop does not accept the API key. Check that it was copied whole and still exists, and that the server admits keys (its authOptions.tokenMethod must hold 'api-key').");

    // At addresses where no admin API is.
    let at = async |url: &str| {
        let set = FixedCredentials::new(shop.password());
        let store = shop.connector.open(&shop.config_at(url), set).unwrap();
        store.identify().await.unwrap_err()
    };
    let url = shop.server.url();
    assert_eq!(
        at(url.join("other-api").unwrap().as_str()).await.fault,
        Fault::WrongVersion
    );
    assert_eq!(
        at(url.join("a/subfolder").unwrap().as_str()).await.fault,
        Fault::WrongVersion
    );
    assert_eq!(at("http://127.0.0.1:9").await.fault, Fault::Unreachable);
    shop.close().await;
}

#[tokio::test]
async fn a_channel_is_a_store_of_its_own() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let alone = shop.channel("nowhere").identify().await.unwrap_err();
    assert_eq!(
        alone.fault,
        Fault::Config,
        "with one channel Vendure ignores the token"
    );

    create_channel(&admin, "yen-shop", "y3n", "JPY").await;
    let created = admin.create_product("Fan", "FAN-1", 0).await.unwrap();
    offer_in_channel(&admin, &created.product_id, "yen-shop").await;

    let among_two = shop.channel("nowhere").identify().await.unwrap_err();
    assert_eq!(among_two.fault, Fault::Config);
    insta::assert_snapshot!(without_port(&shop, &among_two), @"the shop has no channel with this token. Copy it from Settings → Channels in Vendure, or leave it empty for the default channel.");
    let store = shop.channel("y3n");
    let identity = store.identify().await.unwrap();
    assert!(identity.name.starts_with("yen-shop ("), "{}", identity.name);
    assert_eq!(identity.currency.code(), "JPY");
    assert!(identity.notice.unwrap().contains("include tax"));
    let offered = variants(&pull(&store, Scope::Full, None).await.unwrap());
    assert_eq!(offered.len(), 1);
    assert_eq!(offered[0].price.unwrap().to_decimal(), "0");

    let rows = shop.store().identify().await.unwrap();
    assert_eq!(
        rows.currency.code(),
        "USD",
        "without a token it is the default channel"
    );
    shop.close().await;
}

#[tokio::test]
async fn a_session_that_ran_out_is_opened_again_in_silence() {
    let mut shop = Shop::open().await;
    let store = shop.store();
    store.identify().await.unwrap();
    shop.server.end_sessions().await.unwrap();
    let batches = pull(&store, Scope::Full, None).await.unwrap();
    assert_eq!(variants(&batches).len(), 88);

    // A password that was replaced meanwhile is taken up.
    let renewed = Renewed {
        before: Arc::new(credentials([
            ("username", shop.server.username()),
            ("password", "old"),
        ])),
        after: Arc::new(shop.password()),
    };
    let store = shop
        .connector
        .open(&shop.config(), Arc::new(renewed))
        .unwrap();
    store.identify().await.unwrap();
    shop.close().await;
}

#[tokio::test]
async fn a_server_that_keeps_sessions_in_cookies_only_is_signed_in_to_as_well() {
    let shop = Shop::open_with(VendureOptions {
        token_methods: vec!["cookie"],
        ..VendureOptions::default()
    })
    .await;
    assert_eq!(
        variants(&pull(&shop.store(), Scope::Full, None).await.unwrap()).len(),
        88
    );
    let key = shop.store_by(credentials([("api_key", "0123:4567")]));
    assert_eq!(
        key.identify().await.unwrap_err().fault,
        Fault::CredentialsRefused
    );
    shop.close().await;
}

/// Credentials that were replaced since they were last read.
struct Renewed {
    before: Arc<CredentialSet>,
    after: Arc<CredentialSet>,
}

#[async_trait]
impl CredentialSource for Renewed {
    async fn current(&self) -> Result<Arc<CredentialSet>, ConnectorError> {
        Ok(Arc::clone(&self.before))
    }

    async fn renew(&self, _refused: &CredentialSet) -> Result<Arc<CredentialSet>, ConnectorError> {
        Ok(Arc::clone(&self.after))
    }
}

/// An error's words, alike in every run.
fn without_port(shop: &Shop, error: &ConnectorError) -> String {
    error
        .message
        .replace(&shop.connector.address(&shop.config()), "the shop")
}
