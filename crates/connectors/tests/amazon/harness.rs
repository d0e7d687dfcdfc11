//! A seller, the connector, and what came of a stream.

#[path = "../support/pulled.rs"]
mod pulled;
#[path = "../support/sources.rs"]
mod sources;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use calibr_connectors::{
    AmazonConnector, AmazonSettings, Config, Connector, ConnectorError, CredentialSet,
    CredentialSource, FixedCredentials, LocalBudget, Store,
    prices::{CompareAt, ListingRef, PriceChange},
    transport::{Outbound, Transport},
};
use calibr_model::Money;
use calibr_sandbox::{
    Fault as Failing, FaultKind, Sandbox, Server, Target,
    amazon::{Amazon, AmazonApp, SellerSettings, SellerToken, TrueListing},
};
use secrecy::SecretString;

pub(crate) use self::{
    pulled::{Pulled, full, pull, pull_all},
    sources::sources,
};

/// How a variant is known here: by its id at the store.
pub(crate) type VariantId = String;

pub(crate) const SELLER: &str = "A2EXAMPLE1234";
pub(crate) const TOKEN: &str = "Atzr|test-refresh-token";
pub(crate) const APPLICATION: &str = "amzn1.sp.solution.test";
pub(crate) const CLIENT: &str = "amzn1.application-oa2-client.test";
pub(crate) const SECRET: &str = "amzn1.oa2-cs.v1.test";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:8080/api/oauth/amazon/callback";

pub(crate) fn app() -> AmazonApp {
    AmazonApp {
        application_id: APPLICATION.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.to_owned(),
        name: "Calibr".to_owned(),
        redirect_prefixes: vec![CALLBACK.to_owned()],
        secret_made_at: None,
    }
}

/// How many times the published rates the usual seller is admitted.
pub(crate) const FASTER: f64 = 1_000.0;

/// A seller whom Amazon admits a thousand times the published rates, so that
/// only the tests of rates wait.
pub(crate) fn usual() -> SellerSettings {
    SellerSettings {
        name: "Acme".to_owned(),
        listings: 300,
        faster: FASTER,
        polls: 1,
        tokens: vec![SellerToken {
            refresh_token: TOKEN.to_owned(),
            client_id: CLIENT.to_owned(),
        }],
        ..SellerSettings::new(SELLER)
    }
}

/// A seller in the sandbox and the connector that knows where it is.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) base_url: String,
    pub(crate) connector: Arc<AmazonConnector>,
    _server: Option<Server>,
}

impl Scene {
    pub(crate) async fn of(seller: SellerSettings) -> Self {
        Self::with(app(), seller).await
    }

    pub(crate) async fn usual() -> Self {
        Self::of(usual()).await
    }

    pub(crate) async fn with(app: AmazonApp, seller: SellerSettings) -> Self {
        let server = Sandbox::builder()
            .amazon_app(app)
            .seller(seller)
            .start("127.0.0.1:0")
            .await
            .unwrap();
        let base_url = server.base_url().to_owned();
        Self::at(server.sandbox().clone(), base_url, Some(server))
    }

    pub(crate) fn at(sandbox: Sandbox, base_url: String, server: Option<Server>) -> Self {
        let connector = Arc::new(connector(&base_url, true));
        Self {
            sandbox,
            base_url,
            connector,
            _server: server,
        }
    }

    pub(crate) fn amazon(&self) -> &Amazon {
        self.sandbox.amazon()
    }

    pub(crate) fn fails(&self, fault: Failing) {
        self.amazon().add_fault(SELLER, fault).unwrap();
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.store_with(FixedCredentials::new(by_hand(TOKEN)))
    }

    pub(crate) fn store_with(&self, credentials: Arc<dyn CredentialSource>) -> Arc<dyn Store> {
        self.connector.open(&self.config(), credentials).unwrap()
    }

    pub(crate) fn config(&self) -> Config {
        self.connector.normalise(typed("amazon.de")).unwrap()
    }

    pub(crate) fn truth(&self) -> BTreeMap<String, TrueListing> {
        let truth = self.amazon().truth(SELLER).unwrap();
        truth
            .into_iter()
            .map(|listing| (listing.sku.clone(), listing))
            .collect()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.sandbox
            .clock()
            .advance(chrono::TimeDelta::seconds(seconds));
    }

    pub(crate) fn never_too_fast(&self) {
        let counters = self.amazon().counters(SELLER).unwrap();
        assert!(!counters.exceeded, "{counters:?}");
    }
}

pub(crate) fn connector(base_url: &str, with_app: bool) -> AmazonConnector {
    let text = |text: &str| with_app.then(|| text.to_owned());
    let settings = AmazonSettings::read(
        text(APPLICATION),
        text(CLIENT),
        with_app.then(|| SecretString::from(SECRET)),
        Some(&format!("{base_url}/amazon")),
        Some(&format!("{base_url}/amazon/{{region}}")),
    )
    .unwrap();
    let transport = Transport::new(Outbound::default(), sources()).unwrap();
    let budget = Arc::new(LocalBudget::new(sources()));
    AmazonConnector::new(settings, &transport, budget).unwrap()
}

pub(crate) fn typed(store: &str) -> Config {
    Config::from([
        ("marketplace_id".to_owned(), store.to_owned()),
        ("seller_id".to_owned(), SELLER.to_lowercase()),
    ])
}

/// What a person types: no access token is among it.
pub(crate) fn by_hand(refresh_token: &str) -> CredentialSet {
    let token = SecretString::from(refresh_token);
    CredentialSet::new([("refresh_token".to_owned(), token)], None)
}

/// Credentials that are refreshed through the connector, as the engine does it.
pub(crate) struct Refreshing {
    pub(crate) connector: Arc<AmazonConnector>,
    pub(crate) set: Mutex<Arc<CredentialSet>>,
    pub(crate) renewals: Mutex<u32>,
}

impl Refreshing {
    pub(crate) fn new(connector: Arc<AmazonConnector>, set: CredentialSet) -> Arc<Self> {
        Arc::new(Self {
            connector,
            set: Mutex::new(Arc::new(set)),
            renewals: Mutex::new(0),
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
            .refresh(&Config::new(), refused, now)
            .await?
            .unwrap();
        *self.renewals.lock().unwrap() += 1;
        let fresh = Arc::new(fresh);
        *self.set.lock().unwrap() = Arc::clone(&fresh);
        Ok(fresh)
    }
}

impl Pulled {
    /// Whether it is exactly what the seller offers.
    pub(crate) fn assert_is(&self, truth: &BTreeMap<String, TrueListing>) {
        assert_eq!(self.faults, []);
        assert_eq!(
            self.variants.keys().collect::<Vec<_>>(),
            truth.keys().collect::<Vec<_>>()
        );
        for (sku, expected) in truth {
            let variant = &self.variants[sku];
            let product = &self.products[&variant.product_external_id];
            assert_eq!(product.title, expected.title);
            let asin = expected.asin.clone().unwrap_or(format!("sku:{sku}"));
            assert_eq!(variant.product_external_id, asin);
            let price = variant.price.map(Money::to_decimal);
            assert_eq!(price, expected.price, "{sku}");
            assert_eq!(variant.stock, expected.stock, "{sku}");
            let active = variant.state == Some(calibr_model::status::ListingState::Active);
            assert_eq!(active, expected.buyable, "{sku}");
        }
    }
}

pub(crate) fn listing(truth: &TrueListing) -> ListingRef {
    ListingRef {
        external_id: truth.sku.clone(),
        product_external_id: truth.asin.clone().unwrap_or_default(),
        sku: Some(truth.sku.clone()),
    }
}

pub(crate) fn priced(truth: &TrueListing, minor: i64) -> PriceChange {
    PriceChange {
        listing: listing(truth),
        price: Money::new(minor, "EUR".parse().unwrap()),
        compare_at: CompareAt::Keep,
    }
}

/// A price of a listing in minor units.
pub(crate) fn minor(truth: &TrueListing) -> i64 {
    let price = truth.price.as_deref().unwrap();
    Money::parse_decimal(price, "EUR".parse().unwrap())
        .unwrap()
        .amount_minor
}

/// Listings with a price above two euros.
pub(crate) fn sellable(scene: &Scene, count: usize) -> Vec<TrueListing> {
    let found: Vec<TrueListing> = scene
        .truth()
        .into_values()
        .filter(|listing| listing.price.is_some() && minor(listing) > 200)
        .take(count)
        .collect();
    assert_eq!(found.len(), count);
    found
}

/// How often each operation was called.
pub(crate) fn calls(scene: &Scene) -> HashMap<String, u64> {
    let counters = scene.amazon().counters(SELLER).unwrap();
    let calls = counters.operations.into_iter();
    calls.map(|(name, calls)| (name, calls.calls)).collect()
}

pub(crate) fn on_api(kind: FaultKind) -> Failing {
    Failing::once(kind).on(Target::Api)
}

pub(crate) fn on_file(kind: FaultKind) -> Failing {
    Failing::once(kind).on(Target::File)
}
