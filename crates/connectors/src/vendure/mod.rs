//! Vendure: self-hosted, open-source commerce with a GraphQL admin API
//! ([reference](https://docs.vendure.io/reference/graphql-api/admin/queries)).
//!
//! A store is one channel of a Vendure server. What the connector asks of it is
//! in `operations`, how it signs in in `access`, how it goes through a list that
//! changes meanwhile in `paging`, what the answers say in `record`,
//! `order_record`, `money` and `failure`.

mod access;
mod address;
mod api;
mod catalogue;
mod estimate;
mod failure;
mod items;
mod money;
mod operations;
mod order_record;
mod orders;
mod paging;
mod prices;
mod record;
mod store;

use std::sync::Arc;

use async_trait::async_trait;
use calibr_model::platform::{
    Capability, Field, FieldKind, PlatformIdError, PlatformInfo, TuningLimits,
};

use self::{address::ApiAddress, api::Api, catalogue::PAGE, store::VendureStore};
use crate::{
    calls::CallSettings,
    connector::{Config, Connector, Store},
    credentials::CredentialSource,
    error::{ConnectorError, Fault},
    estimate::{CallsEstimate, Workload},
    transport::Transport,
};

/// Config: where the server is.
const URL: &str = "url";
/// Config: which channel of it.
const CHANNEL_TOKEN: &str = "channel_token";

/// Speaks Vendure's admin API, version 2.2 and later; API keys need 3.6.
#[derive(Debug)]
pub struct VendureConnector {
    info: PlatformInfo,
    transport: Transport,
}

impl VendureConnector {
    /// A connector that calls through `transport`.
    ///
    /// # Errors
    /// None that a caller could meet: the platform's word is fixed here.
    pub fn new(transport: &Transport) -> Result<Self, ConnectorError> {
        let info = info().map_err(|error| ConnectorError::new(Fault::Config, error.to_string()))?;
        Ok(Self {
            info,
            transport: transport.to_own_servers(),
        })
    }
}

#[async_trait]
impl Connector for VendureConnector {
    fn info(&self) -> &PlatformInfo {
        &self.info
    }

    fn normalise(&self, mut config: Config) -> Result<Config, ConnectorError> {
        let entered = config.get(URL).map(String::as_str).unwrap_or_default();
        let address = ApiAddress::from_entered(entered)?;
        config.insert(URL.to_owned(), address.url().to_string());
        match config.remove(CHANNEL_TOKEN) {
            Some(token) if !token.trim().is_empty() => {
                let token = token.trim();
                if !token.chars().all(|c| c.is_ascii_graphic()) {
                    return Err(ConnectorError::new(
                        Fault::Config,
                        "The channel token holds a character that cannot be part of one; copy it \
                         again from Settings → Channels in Vendure.",
                    ));
                }
                config.insert(CHANNEL_TOKEN.to_owned(), token.to_owned());
            }
            _ => {}
        }
        Ok(config)
    }

    fn address(&self, config: &Config) -> String {
        match address_of(config) {
            Ok(address) => address.place().to_owned(),
            Err(_) => config.get(URL).cloned().unwrap_or_default(),
        }
    }

    fn store_key(&self, config: &Config) -> String {
        // The same channel by http and https is the same store.
        let place = self.address(config);
        match config.get(CHANNEL_TOKEN) {
            Some(token) => format!("{place}#{token}"),
            None => place,
        }
    }

    fn open_tuned(
        &self,
        config: &Config,
        calls: &CallSettings,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Arc<dyn Store>, ConnectorError> {
        let api = Api::new(
            self.transport.tuned(calls)?,
            address_of(config)?,
            config.get(CHANNEL_TOKEN).cloned(),
            credentials,
        );
        Ok(Arc::new(VendureStore::new(api, calls.page_size)))
    }

    fn estimate(&self, work: &Workload) -> CallsEstimate {
        estimate::estimate(work)
    }
}

fn address_of(config: &Config) -> Result<ApiAddress, ConnectorError> {
    ApiAddress::from_entered(config.get(URL).map(String::as_str).unwrap_or_default())
}

fn info() -> Result<PlatformInfo, PlatformIdError> {
    Ok(PlatformInfo {
        id: "vendure".parse()?,
        name: "Vendure".to_owned(),
        description: "Open-source commerce on your own server.".to_owned(),
        capabilities: vec![
            Capability::Catalogue,
            Capability::IncrementalImport,
            Capability::PricePush,
            Capability::Orders,
            Capability::ReadById,
        ],
        one_click_fields: Vec::new(),
        one_click_ready: false,
        config_fields: vec![
            field(
                URL,
                "Address",
                "Where the Vendure server is. The address of its dashboard or of its admin API \
                 will do.",
                "https://shop.example.com",
                FieldKind::Url,
                true,
            ),
            field(
                CHANNEL_TOKEN,
                "Channel token",
                "Only where the server has several channels: the one to connect, from Settings → \
                 Channels.",
                "",
                FieldKind::Text,
                false,
            ),
        ],
        credential_fields: vec![
            field(
                access::API_KEY,
                "API key",
                "From Settings → API keys (Vendure 3.6 and later), with a role that may read and \
                 update the catalogue and read orders. Leave it empty to sign in with a username.",
                "",
                FieldKind::Secret,
                false,
            ),
            field(
                access::USERNAME,
                "Username",
                "Of an administrator whose role may read and update the catalogue and read orders; \
                 in place of an API key.",
                "",
                FieldKind::Text,
                false,
            ),
            field(
                access::PASSWORD,
                "Password",
                "The administrator's password.",
                "",
                FieldKind::Secret,
                false,
            ),
        ],
        tuning: TuningLimits::default().pages_of(PAGE).own_certificates(),
    })
}

fn field(
    name: &str,
    label: &str,
    help: &str,
    placeholder: &str,
    kind: FieldKind,
    required: bool,
) -> Field {
    Field {
        name: name.to_owned(),
        label: label.to_owned(),
        help: help.to_owned(),
        placeholder: placeholder.to_owned(),
        kind,
        required,
    }
}

#[cfg(test)]
mod tests {
    use calibr_model::Sources;

    use super::*;
    use crate::transport::Outbound;

    fn connector() -> VendureConnector {
        let transport = Transport::new(Outbound::default(), Sources::system()).unwrap();
        VendureConnector::new(&transport).unwrap()
    }

    fn config<const N: usize>(fields: [(&str, &str); N]) -> Config {
        fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn config_is_brought_into_one_form() {
        let entered = config([
            ("url", "HTTPS://Shop.Example/dashboard/products?page=2"),
            ("channel_token", " uk "),
        ]);
        let normal = connector().normalise(entered).unwrap();
        assert_eq!(
            normal,
            config([
                ("url", "https://shop.example/admin-api"),
                ("channel_token", "uk")
            ])
        );
        assert_eq!(connector().normalise(normal.clone()).unwrap(), normal);
        assert_eq!(connector().address(&normal), "shop.example");
    }

    #[test]
    fn an_empty_channel_token_is_none() {
        let entered = config([("url", "https://shop.example"), ("channel_token", "  ")]);
        assert_eq!(
            connector().normalise(entered).unwrap(),
            config([("url", "https://shop.example/admin-api")])
        );
    }

    #[test]
    fn a_channel_is_a_store_of_its_own_whatever_the_scheme() {
        let key = |fields| connector().store_key(&connector().normalise(fields).unwrap());
        let whole = key(config([("url", "https://shop.example/admin")]));
        assert_eq!(
            whole,
            key(config([("url", "http://shop.example/admin-api")]))
        );
        assert_ne!(
            whole,
            key(config([
                ("url", "https://shop.example"),
                ("channel_token", "uk")
            ]))
        );
        assert_ne!(whole, key(config([("url", "https://shop.example:8443")])));
        assert_ne!(whole, key(config([("url", "https://shop.example/eu/")])));
    }

    #[test]
    fn config_that_cannot_be_right_is_refused_in_words() {
        let refused = |fields| connector().normalise(fields).unwrap_err();
        assert_eq!(refused(config([])).fault, Fault::Config);
        let token = refused(config([
            ("url", "https://shop.example"),
            ("channel_token", "ü\n"),
        ]));
        assert!(token.message.contains("channel token"), "{token}");
    }
}
