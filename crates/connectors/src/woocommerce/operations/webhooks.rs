//! Subscriptions.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{Call, Operation, PER_PAGE, Reply};

const FIELDS: &str = "id,status,topic,delivery_url";

/// A subscription as the store has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::woocommerce) struct WebhookData {
    pub(in crate::woocommerce) id: u64,
    /// `active`, `paused` or `disabled`.
    pub(in crate::woocommerce) status: String,
    pub(in crate::woocommerce) topic: String,
    pub(in crate::woocommerce) delivery_url: String,
}

/// Asks for a page of all subscriptions, counted from 1.
pub(in crate::woocommerce) struct Webhooks {
    pub(in crate::woocommerce) page: u64,
}

impl Operation for Webhooks {
    /// The page, and whether there are more.
    type Data = (Vec<WebhookData>, bool);

    fn call(&self) -> Call {
        Call::get("wc/v3/webhooks")
            .with("per_page", PER_PAGE.to_string())
            .with("page", self.page.to_string())
            .with("order", "asc")
            .with("_fields", FIELDS)
    }

    fn read(&self, reply: Reply) -> Option<Self::Data> {
        let more = reply.pages.is_some_and(|pages| pages > self.page);
        let list = serde_json::from_value(reply.value).ok()?;
        Some((list, more))
    }
}

/// Subscribes.
pub(in crate::woocommerce) struct CreateWebhook<'a> {
    pub(in crate::woocommerce) topic: &'a str,
    pub(in crate::woocommerce) delivery_url: &'a str,
    pub(in crate::woocommerce) secret: &'a SecretString,
}

impl Operation for CreateWebhook<'_> {
    type Data = WebhookData;

    fn call(&self) -> Call {
        Call::post(
            "wc/v3/webhooks",
            json!({
                "name": format!("Calibr: {}", self.topic),
                "topic": self.topic,
                "delivery_url": self.delivery_url,
                "secret": self.secret.expose_secret(),
                "status": "active",
            }),
        )
        .with("_fields", FIELDS)
    }

    fn read(&self, reply: Reply) -> Option<WebhookData> {
        serde_json::from_value(reply.value).ok()
    }
}

/// Ends a subscription.
pub(in crate::woocommerce) struct DeleteWebhook {
    pub(in crate::woocommerce) id: u64,
}

impl Operation for DeleteWebhook {
    type Data = ();

    fn call(&self) -> Call {
        Call {
            method: Method::DELETE,
            ..Call::get(format!("wc/v3/webhooks/{}", self.id))
        }
        .with("force", "true")
        .with("_fields", "id")
    }

    fn read(&self, _reply: Reply) -> Option<()> {
        Some(())
    }

    fn missing(&self) -> Option<()> {
        Some(())
    }
}
