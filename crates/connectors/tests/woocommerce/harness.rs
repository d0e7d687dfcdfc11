//! A store, the connector, and what came of a stream.

#[path = "../support/pulled.rs"]
mod pulled;
#[path = "../support/sources.rs"]
mod sources;

use std::{collections::BTreeMap, sync::Arc};

use calibr_connectors::{
    Config, Connector, CredentialSet, FixedCredentials, Store, WooCommerceConnector,
    prices::ListingRef,
    transport::{Outbound, Transport},
};
use calibr_model::{Currency, Money};
use calibr_sandbox::{
    Clock, Fault as Failing, Sandbox, Server,
    woocommerce::{
        ApiKey, StoreChange, StoreChanged, StoreCounters, StoreSettings, TrueListing, WooCommerce,
    },
};
use chrono::{DateTime, Utc};
use secrecy::SecretString;

pub(crate) use self::{
    pulled::{Pulled, full, pull, pull_all},
    sources::sources,
};

/// How a variant is known here: by its id at the store.
pub(crate) type VariantId = u64;

pub(crate) const STORE: &str = "woo";
pub(crate) const KEY: &str = "ck_0123456789abcdef0123456789abcdef01234567";
pub(crate) const SECRET: &str = "cs_0123456789abcdef0123456789abcdef01234567";

/// A transport that may call this machine.
pub(crate) fn transport() -> Transport {
    let outbound = Outbound {
        allow: "127.0.0.1".parse().unwrap(),
        ..Outbound::default()
    };
    Transport::new(outbound, sources()).unwrap()
}

pub(crate) fn usual() -> StoreSettings {
    StoreSettings {
        variants: 300,
        seed: 7,
        keys: vec![ApiKey::new(KEY, SECRET)],
        ..StoreSettings::new(STORE)
    }
}

/// A store in the sandbox and a connector.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) connector: WooCommerceConnector,
}

impl Scene {
    pub(crate) async fn of(store: StoreSettings) -> Self {
        let server = Sandbox::builder()
            .store(store)
            .start("127.0.0.1:0")
            .await
            .unwrap();
        let connector = WooCommerceConnector::new(&transport()).unwrap();
        Self { server, connector }
    }

    pub(crate) async fn usual() -> Self {
        Self::of(usual()).await
    }

    pub(crate) fn woo(&self) -> &WooCommerce {
        self.server.woocommerce()
    }

    /// Where the store is; every store of the sandbox is in a folder.
    pub(crate) fn url(&self) -> String {
        format!("{}/{STORE}", self.server.base_url())
    }

    pub(crate) fn fails(&self, fault: Failing) {
        self.woo().add_fault(STORE, fault).unwrap();
    }

    pub(crate) fn change(&self, change: StoreChange) -> StoreChanged {
        self.woo().change(STORE, change).unwrap()
    }

    /// The moment that the store's clock shows, in whole seconds.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let now = self.server.sandbox().clock().now();
        DateTime::from_timestamp(now.timestamp(), 0).unwrap()
    }

    pub(crate) fn counters(&self) -> StoreCounters {
        self.woo().counters(STORE).unwrap()
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.store_with(&self.url(), KEY, SECRET)
    }

    pub(crate) fn store_with(&self, url: &str, key: &str, secret: &str) -> Arc<dyn Store> {
        let config = self.connector.normalise(config(url)).unwrap();
        let credentials = FixedCredentials::new(keys(key, secret));
        self.connector.open(&config, credentials).unwrap()
    }

    pub(crate) fn truth(&self) -> BTreeMap<u64, TrueListing> {
        let truth = self.woo().truth(STORE).unwrap();
        truth.map(|listing| (listing.id, listing)).collect()
    }

    /// Simple products, in the order of their ids.
    pub(crate) fn simple(&self) -> Vec<TrueListing> {
        self.truth()
            .into_values()
            .filter(|listing| listing.id == listing.product_id)
            .collect()
    }

    /// Variations, in the order of their ids.
    pub(crate) fn variations(&self) -> Vec<TrueListing> {
        self.truth()
            .into_values()
            .filter(|listing| listing.id != listing.product_id)
            .collect()
    }
}

pub(crate) fn config(url: &str) -> Config {
    Config::from([("url".to_owned(), url.to_owned())])
}

pub(crate) fn keys(key: &str, secret: &str) -> CredentialSet {
    CredentialSet::new(
        [
            ("consumer_key".to_owned(), SecretString::from(key)),
            ("consumer_secret".to_owned(), SecretString::from(secret)),
        ],
        None,
    )
}

pub(crate) fn listing(truth: &TrueListing) -> ListingRef {
    ListingRef {
        external_id: truth.id.to_string(),
        product_external_id: truth.product_id.to_string(),
        sku: Some(truth.sku.clone()),
    }
}

pub(crate) fn euros(text: &str) -> Money {
    let euro: Currency = "EUR".parse().unwrap();
    Money::parse_decimal(text, euro).unwrap()
}

impl Pulled {
    /// Whether it is exactly what the store sells.
    pub(crate) fn assert_is(&self, truth: &BTreeMap<u64, TrueListing>) {
        assert_eq!(self.faults, []);
        assert_eq!(self.doubled, 0);
        assert_eq!(
            self.variants.keys().collect::<Vec<_>>(),
            truth.keys().collect::<Vec<_>>()
        );
        assert_eq!(self.expected, Some(truth.len() as u64));
        for expected in truth.values() {
            self.assert_variant_is(expected);
        }
    }

    pub(crate) fn assert_variant_is(&self, expected: &TrueListing) {
        let variant = &self.variants[&expected.id];
        let product = &self.products[&variant.product_external_id];
        assert_eq!(variant.product_external_id, expected.product_id.to_string());
        assert_eq!(product.title, expected.title);
        assert_eq!(variant.title, expected.values.join(" / "));
        assert_eq!(variant.sku.as_deref().unwrap_or_default(), expected.sku);
        let decimal = |money: Option<Money>| money.map(Money::to_decimal).unwrap_or_default();
        assert_eq!(decimal(variant.price), expected.price);
        if variant.compare_at.is_some() {
            assert_eq!(decimal(variant.compare_at), expected.regular_price);
            assert_eq!(expected.price, expected.sale_price);
        } else {
            assert_eq!(expected.price, expected.regular_price);
        }
        assert_eq!(variant.stock, Some(expected.stock));
        let at = format!("{}Z", expected.updated_at);
        let at = DateTime::parse_from_rfc3339(&at).unwrap();
        assert_eq!(variant.updated_at, Some(at.to_utc()));
    }
}
