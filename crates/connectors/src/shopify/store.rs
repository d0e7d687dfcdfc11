//! One connected shop.

use async_trait::async_trait;

use super::{api::Api, catalogue::read_currency, operations::Identity, settings::Scopes};
use crate::{
    catalogue::CatalogueSource,
    connector::{Store, StoreIdentity},
    error::{ConnectorError, Fault},
    transport::retry::Patience,
};

/// A shop with credentials.
pub(super) struct ShopifyStore {
    api: Api,
}

impl ShopifyStore {
    pub(super) fn new(api: Api) -> Self {
        Self { api }
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }
}

#[async_trait]
impl Store for ShopifyStore {
    async fn identify(&self) -> Result<StoreIdentity, ConnectorError> {
        let reply = self.api.call(&Identity, Patience::PERSON).await?;
        let granted = reply.data.current_app_installation.access_scopes;
        let granted = Scopes::of(granted.iter().map(|scope| scope.handle.as_str()));
        let needed = Scopes::needed();
        let missing = needed.missing_in(&granted);
        if !missing.is_empty() {
            return Err(ConnectorError::new(
                Fault::MissingScope,
                format!(
                    "The access token is good, but lacks the permission {}. Add it to the app in \
                     the Shopify admin (Admin API access scopes) and install the app again.",
                    missing.join(", ")
                ),
            ));
        }
        let asked = self.api.version();
        let notice = (reply.version > *asked).then(|| {
            format!(
                "Shopify no longer keeps version {asked} of its API and answers with {}. Calibr \
                 works on; look for a newer version of it.",
                reply.version
            )
        });
        Ok(StoreIdentity {
            name: reply.data.shop.name.replace('\0', ""),
            currency: read_currency(&reply.data.shop.currency_code)?,
            time_zone: reply
                .data
                .shop
                .iana_timezone
                .filter(|zone| !zone.is_empty()),
            api_version: reply.version.to_string(),
            notice,
        })
    }

    fn catalogue(&self) -> &dyn CatalogueSource {
        self
    }
}
