//! Messages to subscribers: signed, tried again and again, and at last no longer sent.
//!
//! Five seconds to answer, eight attempts within four hours, then the subscription is deleted
//! ("Webhooks delivery", shopify.dev/docs/apps/build/webhooks).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::payload::only;
use super::shop::Shop;
use super::version;
use super::webhooks::Subscription;
use crate::clock::Clock;
use crate::post::{post, signature};

/// How long a subscriber may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Minutes between the attempts, four hours in all.
const PAUSES: [i64; 7] = [1, 4, 10, 20, 40, 75, 90];

/// How messages are sent, so that clients can be tried against what happens to some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryManner {
    /// Each is sent a second time, as the very same message.
    pub twice: bool,
    /// They are kept back; when that ends they are sent, the newest first.
    pub held: bool,
}

/// Something that was sent, or could not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMessage {
    /// The subscription's global id.
    pub subscription: String,
    /// Such as `products/update`.
    pub topic: String,
    /// `X-Shopify-Webhook-Id`: the same for every attempt at one message.
    pub webhook_id: String,
    /// `X-Shopify-Event-Id`: the same for all messages of one event.
    pub event_id: String,
    /// Which attempt it was, from 1.
    pub attempt: usize,
    /// The status of the answer; `None` where none came in time.
    pub status: Option<u16>,
}

/// A message that is ready to go.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    subscription: Subscription,
    topic: String,
    webhook_id: String,
    event_id: String,
    triggered_at: DateTime<Utc>,
    body: Vec<u8>,
}

/// Something that happened, about which messages of several topics may be sent.
pub(crate) struct Event<'a> {
    shop: &'a Arc<Shop>,
    id: String,
    at: DateTime<Utc>,
}

impl<'a> Event<'a> {
    pub(crate) fn new(shop: &'a Arc<Shop>, at: DateTime<Utc>) -> Self {
        Self {
            id: shop.webhooks.new_id(),
            shop,
            at,
        }
    }

    /// Tells all who are subscribed to `topic`. `body` is made only if somebody is.
    pub(crate) fn tell(&self, topic: &str, body: impl Fn() -> Value) {
        let (subject, verb) = topic.rsplit_once('_').unwrap_or((topic, ""));
        for subscription in self.shop.webhooks.of_topic(topic) {
            let body = only(body(), &subscription.input.include_fields);
            let message = Message {
                topic: format!("{subject}/{verb}").to_lowercase(),
                webhook_id: self.shop.webhooks.new_id(),
                event_id: self.id.clone(),
                triggered_at: self.at,
                body: body.to_string().into_bytes(),
                subscription,
            };
            if let Some(message) = self.shop.webhooks.hold(message) {
                let twice = self.shop.webhooks.manner().twice;
                let copies = if twice { 2 } else { 1 };
                send(self.shop, vec![message; copies]);
            }
        }
    }
}

/// Sends messages one after the other; those that fail are tried again beside the rest.
pub(crate) fn send(shop: &Arc<Shop>, messages: Vec<Message>) {
    // Outside a server there is nobody to send.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let shop = Arc::clone(shop);
    runtime.spawn(async move {
        for message in messages {
            if !attempt(&shop, &message, 1).await {
                tokio::spawn(try_again(Arc::clone(&shop), message));
            }
        }
    });
}

async fn try_again(shop: Arc<Shop>, message: Message) {
    let Subscription { app, number, .. } = message.subscription.clone();
    for (failed, minutes) in PAUSES.into_iter().enumerate() {
        let clock = &shop.surroundings.clock;
        clock.reach(clock.now() + TimeDelta::minutes(minutes)).await;
        let subscribed = shop.webhooks.find(&app, number).is_some();
        if !subscribed || attempt(&shop, &message, failed + 2).await {
            return;
        }
    }
    shop.webhooks.delete(&app, number);
}

/// Whether the message was taken.
async fn attempt(shop: &Arc<Shop>, message: &Message, attempt: usize) -> bool {
    let secret = shop.surroundings.secret_of(&message.subscription.app);
    let triggered_at = message
        .triggered_at
        .to_rfc3339_opts(SecondsFormat::Nanos, true);
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("X-Shopify-Topic", message.topic.clone()),
        ("X-Shopify-Shop-Domain", shop.settings.domain.clone()),
        ("X-Shopify-Api-Version", version::STABLE[0].to_owned()),
        ("X-Shopify-Hmac-Sha256", signature(&secret, &message.body)),
        ("X-Shopify-Webhook-Id", message.webhook_id.clone()),
        ("X-Shopify-Event-Id", message.event_id.clone()),
        ("X-Shopify-Triggered-At", triggered_at),
    ];
    let status = match Url::parse(&message.subscription.input.uri) {
        Ok(url) => post(&url, &headers, &message.body, PATIENCE).await,
        Err(_) => None,
    };
    shop.webhooks.note(SentMessage {
        subscription: message.subscription.id(),
        topic: message.topic.clone(),
        webhook_id: message.webhook_id.clone(),
        event_id: message.event_id.clone(),
        attempt,
        status,
    });
    status.is_some_and(|status| (200..300).contains(&status))
}
