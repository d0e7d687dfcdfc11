//! A platform's own messages: having them sent, and telling what they say.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use thiserror::Error;
use url::Url;

use crate::error::ConnectorError;

/// Keeps subscriptions at a store.
#[async_trait]
pub trait WebhookTarget: Send + Sync {
    /// The topics that Calibr wants, in the platform's words.
    fn topics(&self) -> &'static [&'static str];

    /// What is subscribed to now, by this console or anybody.
    ///
    /// # Errors
    /// What the platform said.
    async fn subscriptions(&self) -> Result<Vec<Subscription>, ConnectorError>;

    /// Subscribes to a topic. `secret` signs the messages where the platform lets
    /// the subscriber choose it.
    ///
    /// # Errors
    /// What the platform said.
    async fn subscribe(
        &self,
        topic: &str,
        address: &Url,
        secret: &SecretString,
    ) -> Result<Subscription, ConnectorError>;

    /// Ends a subscription; one that is not there is no error.
    ///
    /// # Errors
    /// What the platform said.
    async fn unsubscribe(&self, external_id: &str) -> Result<(), ConnectorError>;
}

/// A subscription as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The platform's id.
    pub external_id: String,
    /// The topic, in the platform's word.
    pub topic: String,
    /// Where messages go.
    pub address: String,
    /// Whether the platform sends them; it may stop after failures.
    pub active: bool,
}

/// Tells genuine messages from others and what they say. Makes no call and keeps
/// no state.
pub trait WebhookReceiver: Send + Sync {
    /// The credential field whose secret signs messages, where the platform and
    /// not the subscriber chooses it and the merchant enters it.
    fn secret_field(&self) -> Option<&'static str> {
        None
    }

    /// Verifies a message over its raw body, in constant time, and reads it.
    /// `secrets` are those that may have signed it, newest first.
    ///
    /// # Errors
    /// [`WebhookRefusal`].
    fn receive(
        &self,
        delivery: &Delivery,
        secrets: &[SecretString],
    ) -> Result<Received, WebhookRefusal>;
}

/// A message as it came in.
#[derive(Clone)]
pub struct Delivery {
    /// Header names in lower case, and their values.
    pub headers: Vec<(String, String)>,
    /// The body, untouched.
    pub body: Bytes,
    /// When it came, in UTC.
    pub received_at: DateTime<Utc>,
}

impl Delivery {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Whether `secret` has signed a body: HMAC-SHA256, in base64. Takes the same time
/// whatever the signature; an empty secret has signed nothing.
pub(crate) fn is_signed(body: &[u8], signature: &str, secret: &SecretString) -> bool {
    let secret = secret.expose_secret().as_bytes();
    let (Ok(signature), false) = (STANDARD.decode(signature.trim()), secret.is_empty()) else {
        return false;
    };
    Hmac::<Sha256>::new_from_slice(secret).is_ok_and(|mut mac| {
        mac.update(body);
        mac.verify_slice(&signature).is_ok()
    })
}

/// What a genuine message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// The platform tries the address out; nothing happened.
    Ping,
    /// Something happened.
    Event(WebhookEvent),
}

/// Something that happened at the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEvent {
    /// The topic, in the platform's word.
    pub topic: String,
    /// The same for messages that are the same: what is seen twice is done once.
    pub dedupe_key: String,
    /// When it happened, in UTC, where the platform says.
    pub happened_at: Option<DateTime<Utc>>,
    /// What it means.
    pub means: Meaning,
}

/// What an event means for the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A product or one of its variants changed: read what changed.
    CatalogueChanged {
        /// The platform's id of the product.
        product_external_id: Option<String>,
    },
    /// A product is gone.
    ProductDeleted {
        /// The platform's id of the product.
        product_external_id: String,
    },
    /// An order was placed, changed or refunded: read what changed.
    OrdersChanged {
        /// The platform's id of the order.
        order_external_id: Option<String>,
    },
    /// The merchant took the access away.
    AccessRevoked,
    /// Nothing that matters here.
    Other,
}

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebhookRefusal {
    /// It is not signed, or not by whom it says.
    #[error("the message is not signed with this integration's secret")]
    NotGenuine,
    /// It is older than is believed.
    #[error("the message is too old to be believed")]
    TooOld,
    /// It is not what the platform sends.
    #[error("the message cannot be read: {0}")]
    Malformed(String),
}
