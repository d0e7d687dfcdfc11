//! One connected channel.

use std::sync::atomic::AtomicU32;

use async_trait::async_trait;
use calibr_model::Currency;

use super::{
    api::Api,
    catalogue::PAGE,
    failure,
    operations::{CataloguePeek, ShopSettings, ShopSettingsData},
    record::Reading,
};
use crate::{
    catalogue::CatalogueSource,
    connector::{Store, StoreIdentity},
    error::{ConnectorError, Fault},
    transport::retry::Patience,
};

/// The code of the channel that every server has.
const DEFAULT_CHANNEL: &str = "__default_channel__";

/// A channel with credentials.
pub(super) struct VendureStore {
    pub(super) api: Api,
    /// Rows a page; less where the server admits no more.
    pub(super) page: AtomicU32,
}

impl VendureStore {
    pub(super) fn new(api: Api) -> Self {
        Self {
            api,
            page: AtomicU32::new(PAGE),
        }
    }

    /// What has to be known to read the catalogue; proves that the channel is
    /// the one that was asked for.
    async fn settings(&self, patience: Patience) -> Result<ShopSettingsData, ConnectorError> {
        let settings = self.api.call(&ShopSettings, patience).await?;
        // A server with one channel answers for it whatever token it is given.
        match self.api.channel_token() {
            Some(token) if token != settings.active_channel.token => {
                Err(failure::no_such_channel(self.api.address().place()))
            }
            _ => Ok(settings),
        }
    }

    /// How the channel's records are to be read.
    pub(super) async fn reading(&self, patience: Patience) -> Result<Reading, ConnectorError> {
        let settings = self.settings(patience).await?;
        Ok(Reading {
            currency: currency(&settings)?,
            precision: settings
                .global_settings
                .server_config
                .money_strategy_precision,
            counts_stock: settings.global_settings.track_inventory,
        })
    }
}

#[async_trait]
impl Store for VendureStore {
    async fn identify(&self) -> Result<StoreIdentity, ConnectorError> {
        let settings = self.settings(Patience::PERSON).await?;
        self.api.call(&CataloguePeek, Patience::PERSON).await?;
        let channel = &settings.active_channel;
        let place = self.api.address().place();
        let notice = channel.prices_include_tax.then(|| {
            "Prices in this channel include tax. Calibr shows and compares them as they are kept \
             there, tax included."
                .to_owned()
        });
        Ok(StoreIdentity {
            name: if channel.code == DEFAULT_CHANNEL {
                place.to_owned()
            } else {
                format!("{} ({place})", channel.code.replace('\0', ""))
            },
            currency: currency(&settings)?,
            time_zone: None,
            // Vendure does not tell its version.
            api_version: "admin-api".to_owned(),
            notice,
        })
    }

    fn catalogue(&self) -> &dyn CatalogueSource {
        self
    }
}

fn currency(settings: &ShopSettingsData) -> Result<Currency, ConnectorError> {
    settings
        .active_channel
        .default_currency_code
        .parse()
        .map_err(|error| {
            ConnectorError::new(
                Fault::Malformed,
                format!("The channel's currency cannot be read: {error}."),
            )
        })
}
