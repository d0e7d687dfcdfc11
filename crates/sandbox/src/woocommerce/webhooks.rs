//! A store's webhooks: what is subscribed to, what is sent, and when sending stops.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::goods::gmt;
use super::store::Store;
use crate::dice::Dice;
use crate::lock::lock;
use crate::post::{post, signature};

/// How long a subscriber may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// After so many failed deliveries in a row a webhook is disabled, without a word.
const MOST_FAILURES: u32 = 5;
/// Topics that can be subscribed to.
pub(crate) const TOPICS: &[&str] = &[
    "coupon.created",
    "coupon.deleted",
    "coupon.updated",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "order.created",
    "order.deleted",
    "order.restored",
    "order.updated",
    "product.created",
    "product.deleted",
    "product.restored",
    "product.updated",
];

/// A subscription.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) topic: String,
    pub(crate) delivery_url: String,
    pub(crate) secret: String,
    pub(crate) status: String,
    pub(crate) failures: u32,
    pub(crate) created_at: DateTime<Utc>,
}

impl Webhook {
    pub(crate) fn json(&self) -> Value {
        let (resource, event) = self.topic.split_once('.').unwrap_or_default();
        let at = gmt(self.created_at.timestamp());
        json!({
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "topic": self.topic,
            "resource": resource,
            "event": event,
            "hooks": [],
            "delivery_url": self.delivery_url,
            "date_created": at,
            "date_created_gmt": at,
            "date_modified": at,
            "date_modified_gmt": at,
        })
    }
}

/// Something that was sent, or could not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentWebhook {
    /// The webhook.
    pub webhook_id: u64,
    /// Its topic; empty for a ping.
    pub topic: String,
    /// `X-WC-Webhook-Delivery-ID`: a hash of webhook and second, so that two events of one
    /// second have the same.
    pub delivery_id: String,
    /// The status of the answer; `None` where none came.
    pub status: Option<u16>,
}

/// The webhooks of a store, oldest first.
#[derive(Debug)]
pub(crate) struct Webhooks {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    list: Vec<Webhook>,
    sent: Vec<SentWebhook>,
    next_id: u64,
    dice: Dice,
}

impl Webhooks {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new(State {
                list: Vec::new(),
                sent: Vec::new(),
                next_id: 1,
                dice: Dice::of(seed, 0x3EB),
            }),
        }
    }

    pub(crate) fn create(
        &self,
        name: &str,
        topic: &str,
        delivery_url: &str,
        secret: Option<&str>,
        now: DateTime<Utc>,
    ) -> Webhook {
        let mut state = lock(&self.state);
        let secret = match secret.filter(|secret| !secret.is_empty()) {
            Some(secret) => secret.to_owned(),
            None => state.dice.hex(25),
        };
        let webhook = Webhook {
            id: state.next_id,
            name: if name.is_empty() {
                format!("Webhook created on {}", gmt(now.timestamp()))
            } else {
                name.to_owned()
            },
            topic: topic.to_owned(),
            delivery_url: delivery_url.to_owned(),
            secret,
            status: "active".to_owned(),
            failures: 0,
            created_at: now,
        };
        state.next_id += 1;
        state.list.push(webhook.clone());
        webhook
    }

    pub(crate) fn delete(&self, id: u64) -> Option<Webhook> {
        let list = &mut lock(&self.state).list;
        let place = list.iter().position(|webhook| webhook.id == id)?;
        Some(list.remove(place))
    }

    pub(crate) fn find(&self, id: u64) -> Option<Webhook> {
        self.list().into_iter().find(|webhook| webhook.id == id)
    }

    pub(crate) fn list(&self) -> Vec<Webhook> {
        lock(&self.state).list.clone()
    }

    /// Gives a webhook another status, as a merchant can; false if there is none.
    pub(crate) fn set_status(&self, id: u64, status: &str) -> bool {
        let list = &mut lock(&self.state).list;
        let Some(webhook) = list.iter_mut().find(|webhook| webhook.id == id) else {
            return false;
        };
        webhook.status = status.to_owned();
        webhook.failures = 0;
        true
    }

    pub(crate) fn sent(&self) -> Vec<SentWebhook> {
        lock(&self.state).sent.clone()
    }

    fn note(&self, sent: SentWebhook) {
        let state = &mut *lock(&self.state);
        let good = sent
            .status
            .is_some_and(|status| (200..=302).contains(&status));
        let ping = sent.topic.is_empty();
        if let Some(webhook) = state
            .list
            .iter_mut()
            .find(|webhook| webhook.id == sent.webhook_id && !ping)
        {
            webhook.failures = if good { 0 } else { webhook.failures + 1 };
            if webhook.failures >= MOST_FAILURES {
                webhook.status = "disabled".to_owned();
            }
        }
        state.sent.push(sent);
    }
}

/// Tries a new webhook's address out: unsigned, as a form.
pub(crate) fn ping(store: &Arc<Store>, webhook: &Webhook) {
    let body = format!("webhook_id={}", webhook.id);
    let headers = vec![(
        "Content-Type",
        "application/x-www-form-urlencoded".to_owned(),
    )];
    send(
        store,
        webhook.clone(),
        String::new(),
        String::new(),
        headers,
        body.into_bytes(),
    );
}

/// Tells all who are subscribed to `topic` what happened. `body` is made only if somebody is.
pub(crate) fn tell(
    store: &Arc<Store>,
    topic: &str,
    base_url: &str,
    now: DateTime<Utc>,
    body: impl Fn() -> Value,
) {
    for webhook in store.webhooks.list() {
        if webhook.topic != topic || webhook.status != "active" {
            continue;
        }
        let body = body().to_string().into_bytes();
        let delivery_id = delivery_id(webhook.id, now);
        let (resource, event) = topic.split_once('.').unwrap_or_default();
        let headers = vec![
            ("Content-Type", "application/json".to_owned()),
            (
                "User-Agent",
                format!(
                    "WooCommerce/{} Hookshot (WordPress/6.9)",
                    store.settings.version
                ),
            ),
            ("X-WC-Webhook-Source", format!("{base_url}/")),
            ("X-WC-Webhook-Topic", topic.to_owned()),
            ("X-WC-Webhook-Resource", resource.to_owned()),
            ("X-WC-Webhook-Event", event.to_owned()),
            ("X-WC-Webhook-Signature", signature(&webhook.secret, &body)),
            ("X-WC-Webhook-ID", webhook.id.to_string()),
            ("X-WC-Webhook-Delivery-ID", delivery_id.clone()),
        ];
        send(store, webhook, topic.to_owned(), delivery_id, headers, body);
    }
}

fn send(
    store: &Arc<Store>,
    webhook: Webhook,
    topic: String,
    delivery_id: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
) {
    // Outside a server there is nobody to send.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let store = Arc::clone(store);
    runtime.spawn(async move {
        let status = match Url::parse(&webhook.delivery_url) {
            Ok(url) => post(&url, &headers, &body, PATIENCE).await,
            Err(_) => None,
        };
        store.webhooks.note(SentWebhook {
            webhook_id: webhook.id,
            topic,
            delivery_id,
            status,
        });
    });
}

fn delivery_id(webhook: u64, now: DateTime<Utc>) -> String {
    let hash = Sha256::digest(format!("{webhook}{}", now.timestamp()));
    hex::encode(&hash[..16])
}
