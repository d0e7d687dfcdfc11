//! The traits every platform implements.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use calibr_model::{Currency, platform::PlatformInfo};
use chrono::{DateTime, Utc};

use crate::{
    calls::CallSettings,
    catalogue::CatalogueSource,
    competitors::CompetitorSource,
    credentials::{CredentialSet, CredentialSource},
    error::ConnectorError,
    estimate::{CallsEstimate, Workload},
    items::ItemSource,
    one_click::OneClick,
    orders::OrderSource,
    prices::PriceTarget,
    webhooks::{WebhookReceiver, WebhookTarget},
};

/// What was entered for an integration that is no secret, by field name, as
/// [`PlatformInfo::config_fields`] defines it.
pub type Config = BTreeMap<String, String>;

/// One platform.
#[async_trait]
pub trait Connector: Send + Sync {
    /// What the platform declares of itself.
    fn info(&self) -> &PlatformInfo;

    /// Brings a merchant's config into its normal form (`ACME.myshopify.com/`
    /// becomes `acme.myshopify.com`); makes no call.
    ///
    /// # Errors
    /// [`crate::Fault::Config`] where it cannot be right.
    fn normalise(&self, config: Config) -> Result<Config, ConnectorError>;

    /// Where the store is, for people: its domain or host.
    fn address(&self, config: &Config) -> String;

    /// What makes the store the same store: connecting it twice is refused by
    /// this. Config must be in normal form.
    fn store_key(&self, config: &Config) -> String;

    /// A store to work with; makes no call.
    ///
    /// # Errors
    /// [`crate::Fault::Config`] where the config cannot be right.
    fn open(
        &self,
        config: &Config,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Arc<dyn Store>, ConnectorError> {
        self.open_tuned(config, &CallSettings::default(), credentials)
    }

    /// The same, called as the store's own settings say.
    ///
    /// # Errors
    /// As [`Connector::open`]; [`crate::Fault::Config`] where the settings'
    /// certificates cannot be used.
    fn open_tuned(
        &self,
        config: &Config,
        calls: &CallSettings,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Arc<dyn Store>, ConnectorError>;

    /// About how many calls a run makes, and how long the platform's published
    /// rate makes that at least; makes none itself.
    fn estimate(&self, work: &Workload) -> CallsEstimate;

    /// Fresh credentials in place of `credentials`, where the platform's run
    /// out; `Ok(None)` where they do not. The caller keeps the new set before
    /// it uses it and sees to it that only one refresh runs at a time: on some
    /// platforms the old set is dead from this moment.
    ///
    /// # Errors
    /// What the platform said.
    async fn refresh(
        &self,
        config: &Config,
        credentials: &CredentialSet,
        now: DateTime<Utc>,
    ) -> Result<Option<CredentialSet>, ConnectorError> {
        let _unused = (config, credentials, now);
        Ok(None)
    }

    /// Whether [`Connector::refresh`] gives fresh credentials in place of a set of
    /// these fields.
    fn renews(&self, fields: &[&str]) -> bool {
        let _unused = fields;
        false
    }

    /// Consent on the platform's own page, where the platform has that and this
    /// installation is set up for it.
    fn one_click(&self) -> Option<&dyn OneClick> {
        None
    }

    /// Reads the platform's own messages, where it sends any.
    fn webhook_receiver(&self) -> Option<&dyn WebhookReceiver> {
        None
    }
}

/// One connected store.
#[async_trait]
pub trait Store: Send + Sync {
    /// Asks the store who it is: proves address, TLS, credentials, permissions
    /// and API version in one go. This is the connection test.
    ///
    /// # Errors
    /// What is wrong, in plain words.
    async fn identify(&self) -> Result<StoreIdentity, ConnectorError>;

    /// Its catalogue.
    fn catalogue(&self) -> &dyn CatalogueSource;

    /// Its prices, where they can be set.
    fn prices(&self) -> Option<&dyn PriceTarget> {
        None
    }

    /// Its orders, where they can be read.
    fn orders(&self) -> Option<&dyn OrderSource> {
        None
    }

    /// Its single products, variants and orders, where it can be asked for them.
    fn items(&self) -> Option<&dyn ItemSource> {
        None
    }

    /// Its subscriptions, where it sends messages.
    fn webhooks(&self) -> Option<&dyn WebhookTarget> {
        None
    }

    /// Competitors' offers, where it tells them.
    fn competitors(&self) -> Option<&dyn CompetitorSource> {
        None
    }
}

/// What a store says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreIdentity {
    /// Its name.
    pub name: String,
    /// The currency of its prices, or of the default ones where it has several.
    pub currency: Currency,
    /// Its time zone, an IANA name, where it tells.
    pub time_zone: Option<String>,
    /// The API version that answered.
    pub api_version: String,
    /// What a person should know although it works, such as a newer version
    /// having answered.
    pub notice: Option<String>,
}
