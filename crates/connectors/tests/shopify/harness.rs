//! A shop, the connector, and what came of a stream.

#[path = "../support/pulled.rs"]
mod pulled;
#[path = "../support/sources.rs"]
mod sources;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use calibr_connectors::{
    Config, Connector, ConnectorError, CredentialSet, CredentialSource, FixedCredentials,
    ShopifyConnector, ShopifySettings, Store,
    transport::{Outbound, Transport},
};
use calibr_sandbox::{
    Clock, Fault as Failing, FaultKind, Sandbox, Server, Target,
    shopify::{App, Pace, ShopSettings, Shopify, StaticToken, TrueVariant},
};
use chrono::{DateTime, Utc};
use secrecy::SecretString;

pub(crate) use self::{
    pulled::{Pulled, full, pull, pull_all},
    sources::sources,
};

/// How a variant is known here: by its id at the store.
pub(crate) type VariantId = String;

pub(crate) const SHOP: &str = "acme.myshopify.com";
pub(crate) const TOKEN: &str = "shpat_0123456789abcdef0123456789abcdef";
/// What Shopify shows of a custom app beside its token.
pub(crate) const CUSTOM_SECRET: &str = "shpss_of_the_custom_app";
pub(crate) const API_KEY: &str = "calibr-test-app";
pub(crate) const API_SECRET: &str = "calibr-test-secret";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:8080/api/oauth/shopify/callback";

/// A transport that may call nobody but public hosts.
pub(crate) fn transport() -> Transport {
    Transport::new(Outbound::default(), sources()).unwrap()
}

pub(crate) fn usual() -> ShopSettings {
    ShopSettings {
        variants: 300,
        bulk_pace: Pace::Polls(1),
        tokens: vec![StaticToken {
            token: TOKEN.to_owned(),
            scopes: ["write_products", "read_orders"]
                .map(str::to_owned)
                .to_vec(),
        }],
        ..ShopSettings::new(SHOP)
    }
}

/// A shop in the sandbox and the connector that knows where it is.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) connector: Arc<ShopifyConnector>,
}

impl Scene {
    pub(crate) async fn of(shop: ShopSettings) -> Self {
        let server = Sandbox::builder()
            .app(App {
                client_id: API_KEY.to_owned(),
                client_secret: API_SECRET.to_owned(),
                name: "Calibr".to_owned(),
                redirect_prefixes: vec![CALLBACK.to_owned()],
            })
            .shop(shop)
            .start("127.0.0.1:0")
            .await
            .unwrap();
        let base = format!("{}/{{shop}}", server.base_url());
        let settings = ShopifySettings::read(
            Some(API_KEY.to_owned()),
            Some(API_SECRET.into()),
            Some(&base),
        )
        .unwrap();
        let connector = Arc::new(ShopifyConnector::new(settings, &transport()).unwrap());
        Self { server, connector }
    }

    pub(crate) async fn usual() -> Self {
        Self::of(usual()).await
    }

    pub(crate) fn shopify(&self) -> &Shopify {
        self.server.shopify()
    }

    pub(crate) fn fails(&self, fault: Failing) {
        self.shopify().add_fault(SHOP, fault).unwrap();
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.server.sandbox().clock().now()
    }

    /// How often an operation was asked for.
    pub(crate) fn asked(&self, operation: &str) -> usize {
        let requests = self.server.sandbox().requests();
        requests
            .iter()
            .filter(|request| request.operation.as_deref() == Some(operation))
            .count()
    }

    /// A store whose token permits these scopes only.
    pub(crate) fn store_with_scopes(&self, scopes: &[&str]) -> Arc<dyn Store> {
        let token = StaticToken {
            token: "shpat_of_few_scopes".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        let credentials = FixedCredentials::new(token_set(&token.token));
        self.shopify().add_token(SHOP, "few", token).unwrap();
        self.store_with(credentials)
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.store_with(FixedCredentials::new(token_set(TOKEN)))
    }

    pub(crate) fn store_with(&self, credentials: Arc<dyn CredentialSource>) -> Arc<dyn Store> {
        self.connector.open(&config(SHOP), credentials).unwrap()
    }

    pub(crate) fn truth(&self) -> BTreeMap<String, TrueVariant> {
        let truth = self.shopify().truth(SHOP).unwrap();
        truth
            .map(|variant| (variant.variant_id.clone(), variant))
            .collect()
    }
}

pub(crate) fn config(shop: &str) -> Config {
    Config::from([("shop".to_owned(), shop.to_owned())])
}

pub(crate) fn token_set(token: &str) -> CredentialSet {
    CredentialSet::new(
        [
            ("access_token".to_owned(), SecretString::from(token)),
            ("api_secret".to_owned(), SecretString::from(CUSTOM_SECRET)),
        ],
        None,
    )
}

/// Credentials that are refreshed through the connector, as the engine does it.
pub(crate) struct Refreshing {
    pub(crate) connector: Arc<ShopifyConnector>,
    pub(crate) set: Mutex<Arc<CredentialSet>>,
}

impl Refreshing {
    pub(crate) fn new(connector: Arc<ShopifyConnector>, set: CredentialSet) -> Arc<Self> {
        Arc::new(Self {
            connector,
            set: Mutex::new(Arc::new(set)),
        })
    }
}

#[async_trait]
impl CredentialSource for Refreshing {
    async fn current(&self) -> Result<Arc<CredentialSet>, ConnectorError> {
        Ok(Arc::clone(&self.set.lock().unwrap()))
    }

    async fn renew(&self, refused: &CredentialSet) -> Result<Arc<CredentialSet>, ConnectorError> {
        let now = sources().now();
        let fresh = self
            .connector
            .refresh(&config(SHOP), refused, now)
            .await?
            .unwrap();
        let fresh = Arc::new(fresh);
        *self.set.lock().unwrap() = Arc::clone(&fresh);
        Ok(fresh)
    }
}

impl Pulled {
    /// Whether it is exactly what the shop holds.
    pub(crate) fn assert_is(&self, truth: &BTreeMap<String, TrueVariant>) {
        assert_eq!(self.faults, []);
        assert_eq!(self.doubled, 0);
        assert_eq!(
            self.variants.keys().collect::<Vec<_>>(),
            truth.keys().collect::<Vec<_>>()
        );
        for (id, expected) in truth {
            self.assert_variant_is(id, expected);
        }
    }

    pub(crate) fn assert_variant_is(&self, id: &str, expected: &TrueVariant) {
        let variant = &self.variants[id];
        let product = &self.products[&variant.product_external_id];
        assert_eq!(variant.product_external_id, expected.product_id);
        assert_eq!(product.title, expected.title);
        let only = expected.variant_title == "Default Title";
        assert_eq!(
            variant.title,
            if only { "" } else { &expected.variant_title }
        );
        assert_eq!(
            variant.sku.as_deref(),
            expected.sku.as_deref().filter(|sku| !sku.is_empty())
        );
        let decimal = |money: Option<calibr_model::Money>| money.map(|money| money.to_decimal());
        assert_eq!(decimal(variant.price).as_ref(), Some(&expected.price));
        assert_eq!(decimal(variant.compare_at), expected.compare_at_price);
        assert_eq!(variant.stock, Some(expected.stock));
        let at = DateTime::parse_from_rfc3339(&expected.updated_at).unwrap();
        assert_eq!(variant.updated_at, Some(at.to_utc()));
    }
}

pub(crate) fn on_api(kind: FaultKind) -> Failing {
    Failing::once(kind).on(Target::Api)
}

pub(crate) fn on_file(kind: FaultKind) -> Failing {
    Failing::once(kind).on(Target::File)
}
