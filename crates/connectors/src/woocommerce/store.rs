//! One connected store.

use async_trait::async_trait;
use calibr_model::Currency;

use super::{
    api::Api,
    failure,
    operations::{SystemStatus, SystemStatusData, TaxSetting, WriteProbe},
    record::Reading,
};
use crate::{
    catalogue::CatalogueSource,
    connector::{Store, StoreIdentity},
    error::{ConnectorError, Fault},
    items::ItemSource,
    orders::OrderSource,
    prices::PriceTarget,
    transport::retry::Patience,
    webhooks::WebhookTarget,
};

/// A store with keys.
pub(super) struct WooCommerceStore {
    pub(super) api: Api,
}

impl WooCommerceStore {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    /// How the store's records are to be read. Asked for anew each time: a
    /// merchant may change the currency, and a price must not go out in another.
    pub(super) async fn reading(&self, patience: Patience) -> Result<Reading, ConnectorError> {
        reading(&self.api.call(&SystemStatus, patience).await?)
    }
}

#[async_trait]
impl Store for WooCommerceStore {
    async fn identify(&self) -> Result<StoreIdentity, ConnectorError> {
        let status = self.api.call(&SystemStatus, Patience::PERSON).await?;
        let reading = reading(&status)?;
        // The key has just let us read; refused now, it lets nobody write.
        match self.api.call(&WriteProbe, Patience::PERSON).await {
            Err(error) if error.fault == Fault::CredentialsRefused => {
                return Err(failure::missing_permission(self.api.place()));
            }
            outcome => outcome?,
        }
        let with_tax = self.api.call(&TaxSetting, Patience::PERSON).await?;
        let site = self.api.site(Patience::PERSON).await?;
        let place = self.api.place();
        Ok(StoreIdentity {
            name: site.name.clone().unwrap_or_else(|| place.to_owned()),
            currency: reading.currency,
            time_zone: site.time_zone.clone(),
            api_version: match status.environment.version {
                Some(version) => format!("wc/v3 (WooCommerce {version})"),
                None => "wc/v3".to_owned(),
            },
            notice: notice(&reading, with_tax),
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

    fn webhooks(&self) -> Option<&dyn WebhookTarget> {
        Some(self)
    }
}

fn notice(reading: &Reading, with_tax: bool) -> Option<String> {
    let mut notes = Vec::new();
    if with_tax {
        notes.push(
            "Prices in this store are entered with tax. Calibr shows and compares them as they are \
             kept there, tax included."
                .to_owned(),
        );
    }
    if reading.decimals < reading.currency.exponent() {
        notes.push(format!(
            "The store shows prices with {} decimals; Calibr sends no finer ones.",
            reading.decimals
        ));
    }
    (!notes.is_empty()).then(|| notes.join(" "))
}

fn reading(status: &SystemStatusData) -> Result<Reading, ConnectorError> {
    let currency: Currency = status.settings.currency.parse().map_err(|error| {
        ConnectorError::new(
            Fault::Malformed,
            format!("The store's currency cannot be read: {error}."),
        )
    })?;
    Ok(Reading {
        currency,
        decimals: status
            .settings
            .number_of_decimals
            .unwrap_or_else(|| currency.exponent()),
    })
}
