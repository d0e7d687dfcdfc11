//! Shopify, by its Admin GraphQL API.
//!
//! What the connector asks of a shop is in `operations`, how it goes through
//! lists in `bulk`, `changes` and `orders`, what answers say in `record`,
//! `order_record` and `failure`, how a shop consents in `one_click`, what its
//! messages say in `receiver`. Rules and names come from Shopify's documentation at <https://shopify.dev>;
//! the documents are checked against its published schemas in the tests.

mod api;
mod bulk;
mod catalogue;
mod changes;
mod download;
mod estimate;
mod failure;
mod gid;
mod items;
mod job;
mod one_click;
mod operations;
mod order_record;
mod orders;
mod prices;
mod receiver;
mod record;
mod settings;
mod shop;
mod signature;
mod store;
mod throttle;
mod token;
mod webhooks;

use std::sync::Arc;

use async_trait::async_trait;
use calibr_model::{
    platform::PlatformIdError,
    platform::{Capability, Field, FieldKind, PlatformInfo, TuningLimits},
};
use chrono::{DateTime, Utc};

use self::{
    api::Api,
    one_click::{Consent, shop_of},
    receiver::Receiver,
    store::ShopifyStore,
    throttle::Budget,
    token::{ACCESS_TOKEN, Grant, REFRESH_TOKEN},
};
pub use self::{
    operations::{DOCUMENTS, Document},
    settings::{ApiVersion, Scopes, ShopifyApp, ShopifySettings},
    shop::BaseUrl,
};
use crate::{
    calls::CallSettings,
    connector::{Config, Connector, Store},
    credentials::{CredentialSet, CredentialSource},
    error::{ConnectorError, Fault},
    estimate::{CallsEstimate, Workload},
    one_click::OneClick,
    per_store::PerStore,
    transport::{AllowList, Transport},
    webhooks::WebhookReceiver,
};

/// The config field that names the shop.
const CONFIG_SHOP: &str = "shop";
/// The credential that a custom app signs its messages with.
pub const API_SECRET: &str = "api_secret";

/// Shopify as this installation is set up for it.
pub struct ShopifyConnector {
    info: PlatformInfo,
    settings: ShopifySettings,
    transport: Transport,
    consent: Option<Consent>,
    receiver: Receiver,
    /// What is known of the shops' budgets, shared by all who call a shop.
    budgets: PerStore<Budget>,
}

impl std::fmt::Debug for ShopifyConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShopifyConnector")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl ShopifyConnector {
    /// Shopify by the operator's settings. Hosts that the operator named as the
    /// base address may be called wherever they are.
    ///
    /// # Errors
    /// [`Fault::Config`] where the settings cannot be used.
    pub fn new(settings: ShopifySettings, transport: &Transport) -> Result<Self, ConnectorError> {
        let hosts: AllowList = settings.base_url.hosts().parse()?;
        let transport = if hosts == AllowList::default() {
            transport.clone()
        } else {
            transport.allowing(hosts)?
        };
        let consent = settings.app.clone().map(|app| Consent {
            app,
            base: settings.base_url.clone(),
            transport: transport.clone(),
        });
        let app_secret = settings.app.as_ref().map(|app| app.api_secret.clone());
        Ok(Self {
            info: info(consent.is_some())
                .map_err(|error| ConnectorError::new(Fault::Config, error.to_string()))?,
            settings,
            transport,
            consent,
            receiver: Receiver { app_secret },
            budgets: PerStore::default(),
        })
    }
}

#[async_trait]
impl Connector for ShopifyConnector {
    fn info(&self) -> &PlatformInfo {
        &self.info
    }

    fn normalise(&self, config: Config) -> Result<Config, ConnectorError> {
        let shop = shop_of(&config)?;
        Ok(Config::from([(
            CONFIG_SHOP.to_owned(),
            shop.domain().to_owned(),
        )]))
    }

    fn address(&self, config: &Config) -> String {
        config.get(CONFIG_SHOP).cloned().unwrap_or_default()
    }

    fn store_key(&self, config: &Config) -> String {
        self.address(config)
    }

    fn open_tuned(
        &self,
        config: &Config,
        calls: &CallSettings,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Arc<dyn Store>, ConnectorError> {
        let shop = shop_of(config)?;
        let budget = self.budgets.of(shop.domain(), Budget::default);
        let api = Api::new(
            self.transport.tuned(calls)?,
            &self.settings.base_url,
            shop,
            self.settings.api_version.clone(),
            credentials,
            budget,
        )?;
        Ok(Arc::new(ShopifyStore::new(api)))
    }

    fn estimate(&self, work: &Workload) -> CallsEstimate {
        estimate::estimate(work)
    }

    async fn refresh(
        &self,
        config: &Config,
        credentials: &CredentialSet,
        now: DateTime<Utc>,
    ) -> Result<Option<CredentialSet>, ConnectorError> {
        let Some(refresh_token) = credentials.get(REFRESH_TOKEN) else {
            return Ok(None);
        };
        let shop = shop_of(config)?;
        let Some(app) = &self.settings.app else {
            return Err(ConnectorError::new(
                Fault::Config,
                "This store was connected through Shopify's consent page, which this installation \
                 is no longer set up for. The operator has to set SHOPIFY_API_KEY and \
                 SHOPIFY_API_SECRET.",
            ));
        };
        let grant = Grant::Refresh(refresh_token);
        let base = &self.settings.base_url;
        let issued = token::trade(&self.transport, base, &shop, app, grant, now).await?;
        Ok(Some(issued.credentials))
    }

    fn renews(&self, fields: &[&str]) -> bool {
        fields.contains(&REFRESH_TOKEN)
    }

    fn one_click(&self) -> Option<&dyn OneClick> {
        self.consent
            .as_ref()
            .map(|consent| consent as &dyn OneClick)
    }

    fn webhook_receiver(&self) -> Option<&dyn WebhookReceiver> {
        Some(&self.receiver)
    }
}

fn info(one_click_ready: bool) -> Result<PlatformInfo, PlatformIdError> {
    let shop = Field {
        name: CONFIG_SHOP.to_owned(),
        label: "Store address".to_owned(),
        help: "The permanent address that ends in .myshopify.com; a link from the Shopify admin \
               does as well."
            .to_owned(),
        placeholder: "acme.myshopify.com".to_owned(),
        kind: FieldKind::Text,
        required: true,
    };
    let access_token = Field {
        name: ACCESS_TOKEN.to_owned(),
        label: "Admin API access token".to_owned(),
        help: "Of a custom app with the permissions write_products and read_orders; with \
               read_products alone, the catalogue can be read."
            .to_owned(),
        placeholder: "shpat_…".to_owned(),
        kind: FieldKind::Secret,
        required: true,
    };
    let api_secret = Field {
        name: API_SECRET.to_owned(),
        label: "API secret key".to_owned(),
        help: "Of the same custom app; needed to verify webhooks. Without it, changes are seen \
               with the next sync."
            .to_owned(),
        placeholder: "shpss_…".to_owned(),
        kind: FieldKind::Secret,
        required: false,
    };
    Ok(PlatformInfo {
        id: "shopify".parse()?,
        name: "Shopify".to_owned(),
        description: "Products, prices and orders of a Shopify store.".to_owned(),
        capabilities: vec![
            Capability::Catalogue,
            Capability::OneClickConnect,
            Capability::BulkImport,
            Capability::IncrementalImport,
            Capability::PricePush,
            Capability::CompareAt,
            Capability::Orders,
            Capability::ReadById,
            Capability::Webhooks,
        ],
        one_click_fields: vec![shop.clone()],
        one_click_ready,
        config_fields: vec![shop],
        credential_fields: vec![access_token, api_secret],
        tuning: TuningLimits::default(),
    })
}
