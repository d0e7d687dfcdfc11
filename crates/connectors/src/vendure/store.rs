//! One connected channel.

use async_trait::async_trait;
use calibr_model::Currency;

use super::{
    api::Api,
    catalogue::PAGE,
    failure,
    operations::{
        CataloguePeek, ChannelSettings, OrdersPeek, Permission, Rights, ShopSettings,
        ShopSettingsData,
    },
    orders::GLANCE,
    paging::{PageSize, SMALLEST_PAGE},
    record::Reading,
};
use crate::{
    catalogue::CatalogueSource,
    connector::{Store, StoreIdentity},
    error::{ConnectorError, Fault},
    items::ItemSource,
    orders::OrderSource,
    prices::PriceTarget,
    text,
    transport::retry::Patience,
};

/// The code of the channel that every server has.
const DEFAULT_CHANNEL: &str = "__default_channel__";

/// A channel with credentials.
pub(super) struct VendureStore {
    pub(super) api: Api,
    /// Rows a page.
    pub(super) page: PageSize,
    /// Rows a page where little is asked of each.
    pub(super) glance: PageSize,
}

impl VendureStore {
    /// With so many rows a page, where that was set.
    pub(super) fn new(api: Api, page: Option<u32>) -> Self {
        Self {
            api,
            page: PageSize::new(page.unwrap_or(PAGE).clamp(SMALLEST_PAGE, PAGE)),
            glance: PageSize::new(GLANCE),
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

    /// What a person should know although the channel can be read.
    async fn notices(&self, channel: &ChannelSettings) -> Result<Vec<String>, ConnectorError> {
        let mut notices = Vec::new();
        if channel.prices_include_tax {
            notices.push(
                "Prices in this channel include tax. Calibr shows and compares them as they are \
                 kept there, tax included."
                    .to_owned(),
            );
        }
        let missing = [
            (
                Permission::SetPrices,
                self.may_not_set_prices(channel).await?,
            ),
            (Permission::ReadOrders, self.may_not_read_orders().await?),
        ];
        for (permission, _) in missing.into_iter().filter(|(_, missing)| *missing) {
            notices.push(format!(
                "This account may not {}: give its role the permission {}.",
                permission.purpose(),
                permission.in_words()
            ));
        }
        Ok(notices)
    }

    /// Whether it is known that the account may not; an API key finds out when
    /// it is used.
    async fn may_not_set_prices(&self, channel: &ChannelSettings) -> Result<bool, ConnectorError> {
        match self.api.call(&Rights, Patience::PERSON).await {
            Ok(rights) => Ok(rights.lack(Permission::SetPrices, &channel.token)),
            Err(error) if error.fault == Fault::MissingScope => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn may_not_read_orders(&self) -> Result<bool, ConnectorError> {
        match self.api.call(&OrdersPeek, Patience::PERSON).await {
            Ok(_) => Ok(false),
            Err(error) if error.fault == Fault::MissingScope => Ok(true),
            Err(error) => Err(error),
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
            prices_include_tax: settings.active_channel.prices_include_tax,
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
        let notices: Vec<String> = self.notices(channel).await?;
        Ok(StoreIdentity {
            name: if channel.code == DEFAULT_CHANNEL {
                place.to_owned()
            } else {
                format!("{} ({place})", text::clean(channel.code.as_str()))
            },
            currency: currency(&settings)?,
            time_zone: None,
            // Vendure does not tell its version.
            api_version: "admin-api".to_owned(),
            notice: (!notices.is_empty()).then(|| notices.join(" ")),
        })
    }

    fn catalogue(&self) -> &dyn CatalogueSource {
        self
    }

    fn prices(&self) -> Option<&dyn PriceTarget> {
        Some(self)
    }

    fn orders(&self) -> Option<&dyn OrderSource> {
        Some(self)
    }

    fn items(&self) -> Option<&dyn ItemSource> {
        Some(self)
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
