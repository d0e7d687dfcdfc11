//! WooCommerce: a shop in a WordPress of the merchant's own, by its REST API
//! version 3 ([reference](https://woocommerce.github.io/woocommerce-rest-api-docs/)).
//!
//! What the connector asks of a store is in `operations`, how it goes through
//! lists in `paging`, what answers say in `record`, `order_record` and
//! `failure`, how a store consents in `one_click`.

mod address;
mod api;
mod catalogue;
mod estimate;
mod failure;
mod items;
mod one_click;
mod operations;
mod order_record;
mod orders;
mod paging;
mod prices;
mod receiver;
mod record;
mod store;
mod webhooks;

use std::sync::Arc;

use async_trait::async_trait;
use calibr_model::platform::{
    Capability, Field, FieldKind, PlatformIdError, PlatformInfo, TuningLimits,
};
use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;

use self::{
    api::{AT_ONCE, Api},
    one_click::{Consent, address_of},
    receiver::Receiver,
    store::WooCommerceStore,
};
use crate::{
    calls::CallSettings,
    connector::{Config, Connector, Store},
    credentials::{CredentialSet, CredentialSource},
    error::{ConnectorError, Fault},
    estimate::{CallsEstimate, Workload},
    one_click::OneClick,
    per_store::PerStore,
    transport::Transport,
    webhooks::WebhookReceiver,
};

/// Config: where the shop is.
const CONFIG_URL: &str = "url";
/// Credential: the name of a key.
const CONSUMER_KEY: &str = "consumer_key";
/// Credential: its secret.
const CONSUMER_SECRET: &str = "consumer_secret";

/// Speaks WooCommerce's REST API, version 3.
pub struct WooCommerceConnector {
    info: PlatformInfo,
    transport: Transport,
    consent: Consent,
    /// How much room there is for calls at each store, shared by all who call it.
    rooms: PerStore<Semaphore>,
}

impl std::fmt::Debug for WooCommerceConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WooCommerceConnector")
            .finish_non_exhaustive()
    }
}

impl WooCommerceConnector {
    /// A connector that calls through `transport`.
    ///
    /// # Errors
    /// None that a caller could meet: the platform's word is fixed here.
    pub fn new(transport: &Transport) -> Result<Self, ConnectorError> {
        let info = info().map_err(|error| ConnectorError::new(Fault::Config, error.to_string()))?;
        let transport = transport.to_own_servers();
        Ok(Self {
            info,
            consent: Consent {
                transport: transport.clone(),
            },
            transport,
            rooms: PerStore::default(),
        })
    }
}

#[async_trait]
impl Connector for WooCommerceConnector {
    fn info(&self) -> &PlatformInfo {
        &self.info
    }

    fn normalise(&self, config: Config) -> Result<Config, ConnectorError> {
        let address = address_of(&config)?;
        address.must_be_safe(&self.transport)?;
        Ok(Config::from([(
            CONFIG_URL.to_owned(),
            address.root().to_string(),
        )]))
    }

    fn address(&self, config: &Config) -> String {
        match address_of(config) {
            Ok(address) => address.place().to_owned(),
            Err(_) => config.get(CONFIG_URL).cloned().unwrap_or_default(),
        }
    }

    fn store_key(&self, config: &Config) -> String {
        // The same shop by http and https is the same store.
        self.address(config)
    }

    fn open_tuned(
        &self,
        config: &Config,
        calls: &CallSettings,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Arc<dyn Store>, ConnectorError> {
        let address = address_of(config)?;
        address.must_be_safe(&self.transport)?;
        let room = self.rooms.of(address.place(), || Semaphore::new(AT_ONCE));
        let api = Api::new(self.transport.tuned(calls)?, address, credentials, room);
        Ok(Arc::new(WooCommerceStore::new(api)))
    }

    fn estimate(&self, work: &Workload) -> CallsEstimate {
        estimate::estimate(work)
    }

    /// Keys do not run out.
    async fn refresh(
        &self,
        _config: &Config,
        _credentials: &CredentialSet,
        _now: DateTime<Utc>,
    ) -> Result<Option<CredentialSet>, ConnectorError> {
        Ok(None)
    }

    fn one_click(&self) -> Option<&dyn OneClick> {
        Some(&self.consent)
    }

    fn webhook_receiver(&self) -> Option<&dyn WebhookReceiver> {
        Some(&Receiver)
    }
}

fn info() -> Result<PlatformInfo, PlatformIdError> {
    let url = Field {
        name: CONFIG_URL.to_owned(),
        label: "Store address".to_owned(),
        help: "The address of the shop, with its folder where it is in one.".to_owned(),
        placeholder: "https://shop.example.com".to_owned(),
        kind: FieldKind::Url,
        required: true,
    };
    let secret = |name: &str, label: &str, help: &str, placeholder: &str| Field {
        name: name.to_owned(),
        label: label.to_owned(),
        help: help.to_owned(),
        placeholder: placeholder.to_owned(),
        kind: FieldKind::Secret,
        required: true,
    };
    Ok(PlatformInfo {
        id: "woocommerce".parse()?,
        name: "WooCommerce".to_owned(),
        description: "Products, prices and orders of a WordPress shop.".to_owned(),
        capabilities: vec![
            Capability::Catalogue,
            Capability::OneClickConnect,
            Capability::IncrementalImport,
            Capability::PricePush,
            Capability::CompareAt,
            Capability::Orders,
            Capability::ReadById,
            Capability::Webhooks,
        ],
        one_click_fields: vec![url.clone()],
        one_click_ready: true,
        config_fields: vec![url],
        credential_fields: vec![
            secret(
                CONSUMER_KEY,
                "Consumer key",
                "From WooCommerce → Settings → Advanced → REST API, with the permissions \
                 Read/Write, for a user who manages the shop.",
                "ck_…",
            ),
            secret(
                CONSUMER_SECRET,
                "Consumer secret",
                "Shown once, together with the consumer key.",
                "cs_…",
            ),
        ],
        tuning: TuningLimits::default().pages_of(100).own_certificates(),
    })
}

#[cfg(test)]
mod tests {
    use calibr_model::Sources;

    use super::*;
    use crate::transport::Outbound;

    fn connector() -> WooCommerceConnector {
        let outbound = Outbound {
            allow: "shop.internal".parse().unwrap(),
            ..Outbound::default()
        };
        let transport = Transport::new(outbound, Sources::system()).unwrap();
        WooCommerceConnector::new(&transport).unwrap()
    }

    fn config(url: &str) -> Config {
        Config::from([("url".to_owned(), url.to_owned())])
    }

    #[test]
    fn config_is_brought_into_one_form() {
        let entered = config("https://Shop.Example/eu/wp-admin/?page=1");
        let normal = connector().normalise(entered).unwrap();
        assert_eq!(normal, config("https://shop.example/eu/"));
        assert_eq!(connector().normalise(normal.clone()).unwrap(), normal);
        assert_eq!(connector().address(&normal), "shop.example/eu");
    }

    #[test]
    fn keys_go_out_without_tls_only_where_the_operator_says_so() {
        let refused = connector()
            .normalise(config("http://shop.example"))
            .unwrap_err();
        assert_eq!(refused.fault, Fault::Config);
        insta::assert_snapshot!(refused, @"Calibr sends a store's keys over https:// only, and this address begins with http://. Give the https:// address. If the store is on your own network, the operator of this installation can allow it with OUTBOUND_ALLOW=shop.example.");
        assert!(
            connector()
                .normalise(config("http://shop.internal"))
                .is_ok()
        );
    }

    #[test]
    fn a_shop_is_one_store_whatever_the_scheme() {
        let key = |url| connector().store_key(&connector().normalise(config(url)).unwrap());
        assert_eq!(
            key("http://shop.internal/a"),
            key("https://shop.internal/a/")
        );
        assert_ne!(
            key("https://shop.internal/a"),
            key("https://shop.internal/b")
        );
    }
}
