//! Subscriptions at a shop. Shopify tries a message 8 times in 4 hours and then
//! deletes the subscription: whoever relies on it compares what is wanted with
//! what is there.

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

use super::{
    API_SECRET, gid,
    operations::{CreateWebhook, DeleteWebhook, WebhookData, Webhooks},
    store::ShopifyStore,
    token::REFRESH_TOKEN,
};
use crate::{
    circle::Circle,
    error::{ConnectorError, Fault},
    transport::{redact, retry::Patience},
    webhooks::{Subscription, WebhookTarget},
};

/// What is wanted: everything that moves the catalogue or the figures, and the
/// end of the access. Changes of stock alone come by the thousand and are not.
const TOPICS: &[&str] = &[
    "PRODUCTS_CREATE",
    "PRODUCTS_UPDATE",
    "PRODUCTS_DELETE",
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "REFUNDS_CREATE",
    "APP_UNINSTALLED",
];

/// What of the record is put into a message: what it is about, and no name or
/// address. Messages that are the same word for word count as the same, so the
/// time of the change goes with them.
fn fields(topic: &str) -> &'static [&'static str] {
    match topic {
        "PRODUCTS_DELETE" => &["id"],
        "REFUNDS_CREATE" => &["id", "order_id", "created_at"],
        "APP_UNINSTALLED" => &["id", "myshopify_domain"],
        _ => &["id", "updated_at"],
    }
}

#[async_trait]
impl WebhookTarget for ShopifyStore {
    fn topics(&self) -> &'static [&'static str] {
        TOPICS
    }

    async fn subscriptions(&self) -> Result<Vec<Subscription>, ConnectorError> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        let mut circle = Circle::at("Shopify");
        loop {
            let operation = Webhooks {
                after: after.as_deref(),
            };
            let page = self.api().call(&operation, Patience::RUN).await?.data;
            let page = page.webhook_subscriptions;
            all.extend(page.nodes.into_iter().map(Subscription::from));
            if !page.page_info.has_next_page {
                return Ok(all);
            }
            circle.go_on(page.page_info.end_cursor.as_deref())?;
            after = page.page_info.end_cursor;
        }
    }

    /// Shopify signs with the app's secret; `secret` has no part in it. What is
    /// subscribed to already is given as it is.
    async fn subscribe(
        &self,
        topic: &str,
        address: &Url,
        _secret: &SecretString,
    ) -> Result<Subscription, ConnectorError> {
        self.must_be_verifiable().await?;
        let operation = CreateWebhook {
            topic,
            uri: address.as_str(),
            fields: fields(topic),
        };
        let reply = self.api().call(&operation, Patience::RUN).await?;
        let why = match reply.data.created() {
            Ok(webhook) => return Ok(webhook.into()),
            Err(why) => why,
        };
        // Perhaps by ourselves a moment ago, and the answer was lost.
        let known = self
            .subscriptions()
            .await?
            .into_iter()
            .find(|known| known.topic == topic && known.address == address.as_str());
        known.ok_or_else(|| self.refused(topic, &why))
    }

    async fn unsubscribe(&self, external_id: &str) -> Result<(), ConnectorError> {
        if !gid::is(external_id, "WebhookSubscription") {
            return Ok(());
        }
        let operation = DeleteWebhook { id: external_id };
        let reply = self.api().call(&operation, Patience::RUN).await?;
        reply.data.deleted().map_err(|why| {
            ConnectorError::new(
                Fault::Refused,
                format!(
                    "{} did not end the subscription: {}",
                    self.api().shop,
                    redact::shorten(&redact::text(&why), 300)
                ),
            )
        })
    }
}

impl ShopifyStore {
    /// Messages that nobody can verify are not asked for. Tokens that can be
    /// refreshed are of the app whose secret is known.
    async fn must_be_verifiable(&self) -> Result<(), ConnectorError> {
        let api = self.api();
        if api.has_credential(API_SECRET).await? || api.has_credential(REFRESH_TOKEN).await? {
            return Ok(());
        }
        Err(ConnectorError::new(
            Fault::Config,
            format!(
                "{} signs its messages with the secret of the custom app. Enter the app's API \
                 secret key in the settings to have them; until then changes are seen with the \
                 next sync.",
                api.shop
            ),
        ))
    }

    fn refused(&self, topic: &str, why: &str) -> ConnectorError {
        let shop = &self.api().shop;
        let said = redact::shorten(&redact::text(why), 300);
        // There is no code for it, only words.
        let permission = ["scope", "permission", "not approved", "access"]
            .iter()
            .any(|word| why.to_lowercase().contains(word));
        if permission {
            return ConnectorError::new(
                Fault::MissingScope,
                format!(
                    "{shop} has not given Calibr a permission that messages of {topic} need: \
                     {said} Connect the store again, or add the permission to the custom app."
                ),
            );
        }
        ConnectorError::new(
            Fault::Refused,
            format!("{shop} does not send messages of {topic}: {said}"),
        )
    }
}

impl From<WebhookData> for Subscription {
    fn from(webhook: WebhookData) -> Self {
        Self {
            external_id: webhook.id,
            topic: webhook.topic,
            address: webhook.uri,
            active: true,
        }
    }
}
