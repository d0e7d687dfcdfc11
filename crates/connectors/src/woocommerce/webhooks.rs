//! Subscriptions at a store. WooCommerce tries a message once, and switches a
//! subscription off without a word when some failed: whoever relies on it
//! compares what is wanted with what is there.

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

use super::{
    operations::{CreateWebhook, DeleteWebhook, WebhookData, Webhooks},
    store::WooCommerceStore,
};
use crate::{
    error::ConnectorError,
    transport::retry::Patience,
    webhooks::{Subscription, WebhookTarget},
};

/// What is wanted: everything that moves the catalogue or the figures.
const TOPICS: &[&str] = &[
    "product.created",
    "product.updated",
    "product.deleted",
    "product.restored",
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
];
/// A subscription whose answer was lost may have come about; the caller looks
/// before it asks again.
const ONCE: Patience = Patience {
    attempts: 1,
    ..Patience::PERSON
};

#[async_trait]
impl WebhookTarget for WooCommerceStore {
    fn topics(&self) -> &'static [&'static str] {
        TOPICS
    }

    async fn subscriptions(&self) -> Result<Vec<Subscription>, ConnectorError> {
        let mut all = Vec::new();
        for page in 1.. {
            let (list, more) = self.api.call(&Webhooks { page }, Patience::RUN).await?;
            let empty = list.is_empty();
            all.extend(list.into_iter().map(Subscription::from));
            if !more || empty {
                break;
            }
        }
        Ok(all)
    }

    async fn subscribe(
        &self,
        topic: &str,
        address: &Url,
        secret: &SecretString,
    ) -> Result<Subscription, ConnectorError> {
        let operation = CreateWebhook {
            topic,
            delivery_url: address.as_str(),
            secret,
        };
        // The index may be asked for twice; the subscription may not.
        self.api.site(Patience::RUN).await?;
        Ok(self.api.call(&operation, ONCE).await?.into())
    }

    async fn unsubscribe(&self, external_id: &str) -> Result<(), ConnectorError> {
        // What is no number is no subscription of WooCommerce's.
        let Ok(id) = external_id.parse() else {
            return Ok(());
        };
        self.api.call(&DeleteWebhook { id }, Patience::RUN).await
    }
}

impl From<WebhookData> for Subscription {
    fn from(webhook: WebhookData) -> Self {
        Self {
            external_id: webhook.id.to_string(),
            active: webhook.status == "active",
            topic: webhook.topic,
            address: webhook.delivery_url,
        }
    }
}
