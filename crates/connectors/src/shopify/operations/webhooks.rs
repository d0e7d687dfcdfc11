//! Subscriptions to a shop's messages.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, PageInfo, UserError};

/// Asks for the app's subscriptions.
pub(in crate::shopify) struct Webhooks<'a> {
    /// Where the page before ended.
    pub(in crate::shopify) after: Option<&'a str>,
}

impl Operation for Webhooks<'_> {
    const NAME: &'static str = "CalibrWebhooks";
    const DOCUMENT: &'static str = "query CalibrWebhooks($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri }
    pageInfo { hasNextPage endCursor }
  }
}";
    const COST: u32 = 110;
    type Data = WebhooksData;

    fn variables(&self) -> Value {
        json!({ "after": self.after })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct WebhooksData {
    pub(in crate::shopify) webhook_subscriptions: WebhookPage,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct WebhookPage {
    pub(in crate::shopify) nodes: Vec<WebhookData>,
    pub(in crate::shopify) page_info: PageInfo,
}

/// A subscription.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::shopify) struct WebhookData {
    pub(in crate::shopify) id: String,
    pub(in crate::shopify) topic: String,
    pub(in crate::shopify) uri: String,
}

/// Subscribes to a topic.
pub(in crate::shopify) struct CreateWebhook<'a> {
    /// The topic, such as `PRODUCTS_UPDATE`.
    pub(in crate::shopify) topic: &'a str,
    /// Where messages go.
    pub(in crate::shopify) uri: &'a str,
    /// What of the record is put into a message.
    pub(in crate::shopify) fields: &'a [&'a str],
}

impl CreateWebhook<'_> {
    pub(super) fn example() -> Self {
        Self {
            topic: "PRODUCTS_UPDATE",
            uri: "https://calibr.example/hooks/1",
            fields: &["id", "updated_at"],
        }
    }
}

impl Operation for CreateWebhook<'_> {
    const NAME: &'static str = "CalibrCreateWebhook";
    const DOCUMENT: &'static str = "mutation CalibrCreateWebhook($topic: WebhookSubscriptionTopic!, $webhook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhook) {
    webhookSubscription { id topic uri }
    userErrors { field message }
  }
}";
    const COST: u32 = 10;
    type Data = CreateWebhookData;

    fn variables(&self) -> Value {
        json!({
            "topic": self.topic,
            "webhook": { "uri": self.uri, "format": "JSON", "includeFields": self.fields },
        })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct CreateWebhookData {
    webhook_subscription_create: Option<Created>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    webhook_subscription: Option<WebhookData>,
    #[serde(default)]
    user_errors: Vec<UserError>,
}

impl CreateWebhookData {
    /// The subscription, or why there is none.
    pub(in crate::shopify) fn created(self) -> Result<WebhookData, String> {
        let payload = self.webhook_subscription_create;
        let (webhook, errors) = payload.map_or((None, Vec::new()), |payload| {
            (payload.webhook_subscription, payload.user_errors)
        });
        webhook.ok_or_else(|| UserError::joined(&errors))
    }
}

/// Ends a subscription.
pub(in crate::shopify) struct DeleteWebhook<'a> {
    /// Its id.
    pub(in crate::shopify) id: &'a str,
}

impl DeleteWebhook<'_> {
    pub(super) fn example() -> Self {
        Self {
            id: "gid://shopify/WebhookSubscription/1",
        }
    }
}

impl Operation for DeleteWebhook<'_> {
    const NAME: &'static str = "CalibrDeleteWebhook";
    const DOCUMENT: &'static str = "mutation CalibrDeleteWebhook($id: ID!) {
  webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId
    userErrors { field message }
  }
}";
    const COST: u32 = 10;
    type Data = DeleteWebhookData;

    fn variables(&self) -> Value {
        json!({ "id": self.id })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::shopify) struct DeleteWebhookData {
    webhook_subscription_delete: Option<Deleted>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    deleted_webhook_subscription_id: Option<String>,
    #[serde(default)]
    user_errors: Vec<UserError>,
}

impl DeleteWebhookData {
    /// Whether it is no more, or why it still is.
    pub(in crate::shopify) fn deleted(self) -> Result<(), String> {
        let Some(payload) = self.webhook_subscription_delete else {
            return Err(UserError::joined(&[]));
        };
        // The only thing that can be wrong with the id is that nothing has it.
        let unknown = |error: &UserError| error.field.as_deref() == Some(&["id".to_owned()]);
        let gone = payload.deleted_webhook_subscription_id.is_some()
            || payload.user_errors.iter().any(unknown);
        if gone {
            Ok(())
        } else {
            Err(UserError::joined(&payload.user_errors))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deleted(payload: Value) -> Result<(), String> {
        serde_json::from_value::<DeleteWebhookData>(json!({ "webhookSubscriptionDelete": payload }))
            .unwrap()
            .deleted()
    }

    #[test]
    fn one_that_is_not_there_is_gone_as_well() {
        let gone = json!({ "deletedWebhookSubscriptionId": null, "userErrors": [
            { "field": ["id"], "message": "Webhook subscription does not exist" },
        ] });
        assert_eq!(deleted(gone), Ok(()));
        let refused = json!({ "deletedWebhookSubscriptionId": null, "userErrors": [
            { "field": null, "message": "no" }, { "field": null, "message": "never" },
        ] });
        assert_eq!(deleted(refused), Err("no; never".to_owned()));
        assert_eq!(deleted(Value::Null), Err("no reason was given".to_owned()));
    }
}
