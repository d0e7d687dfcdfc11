//! Webhook subscriptions of a shop.

use std::sync::Mutex;

use chrono::{DateTime, Utc};

use super::delivery::{DeliveryManner, Message, SentMessage};
use super::ids::gid;
use crate::dice::Dice;
use crate::lock::lock;

/// What a subscriber asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) uri: String,
    pub(crate) format: String,
    pub(crate) filter: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) include_fields: Vec<String>,
    pub(crate) metafield_namespaces: Vec<String>,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            uri: String::new(),
            format: "JSON".to_owned(),
            filter: None,
            name: None,
            include_fields: Vec::new(),
            metafield_namespaces: Vec::new(),
        }
    }
}

/// A subscription of an app.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) number: u64,
    pub(crate) app: String,
    pub(crate) topic: String,
    pub(crate) input: Input,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Subscription {
    pub(crate) fn id(&self) -> String {
        gid("WebhookSubscription", self.number)
    }
}

/// The subscriptions of all apps, and what is sent to them.
#[derive(Debug)]
pub(crate) struct Webhooks {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: u64,
    /// Oldest first.
    subscriptions: Vec<Subscription>,
    manner: DeliveryManner,
    held: Vec<Message>,
    sent: Vec<SentMessage>,
    dice: Dice,
}

impl Webhooks {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new(State {
                next: 1_400_000_000_001,
                subscriptions: Vec::new(),
                manner: DeliveryManner::default(),
                held: Vec::new(),
                sent: Vec::new(),
                dice: Dice::of(seed, 0x3EB),
            }),
        }
    }

    /// An id of the form that messages and events have.
    pub(crate) fn new_id(&self) -> String {
        let hex = lock(&self.state).dice.hex(16);
        let parts = [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ];
        parts.join("-")
    }

    pub(crate) fn manner(&self) -> DeliveryManner {
        lock(&self.state).manner
    }

    /// Sends in another manner from now on; gives what is no longer kept back, newest first.
    pub(crate) fn set_manner(&self, manner: DeliveryManner) -> Vec<Message> {
        let mut state = lock(&self.state);
        state.manner = manner;
        if manner.held {
            return Vec::new();
        }
        let mut released = std::mem::take(&mut state.held);
        released.reverse();
        released
    }

    /// Keeps a message back if that is the manner; gives it back otherwise.
    pub(crate) fn hold(&self, message: Message) -> Option<Message> {
        let mut state = lock(&self.state);
        if !state.manner.held {
            return Some(message);
        }
        state.held.push(message);
        None
    }

    pub(crate) fn note(&self, sent: SentMessage) {
        lock(&self.state).sent.push(sent);
    }

    pub(crate) fn sent(&self) -> Vec<SentMessage> {
        lock(&self.state).sent.clone()
    }

    /// Ends all subscriptions, as uninstalling every app does.
    pub(crate) fn delete_all(&self) {
        lock(&self.state).subscriptions.clear();
    }

    pub(crate) fn of_topic(&self, topic: &str) -> Vec<Subscription> {
        let mut subscriptions = self.all();
        subscriptions.retain(|subscription| subscription.topic == topic);
        subscriptions
    }

    pub(crate) fn all(&self) -> Vec<Subscription> {
        lock(&self.state).subscriptions.clone()
    }

    /// Subscribes; `None` if the app has the same topic at the same address already.
    pub(crate) fn create(
        &self,
        app: &str,
        topic: &str,
        input: Input,
        now: DateTime<Utc>,
    ) -> Option<Subscription> {
        let State {
            next,
            subscriptions,
            ..
        } = &mut *lock(&self.state);
        let taken = subscriptions.iter().any(|known| {
            known.app == app
                && known.topic == topic
                && known.input.uri == input.uri
                && known.input.filter == input.filter
        });
        if taken {
            return None;
        }
        let subscription = Subscription {
            number: *next,
            app: app.to_owned(),
            topic: topic.to_owned(),
            input,
            created_at: now,
            updated_at: now,
        };
        *next += 1;
        subscriptions.push(subscription.clone());
        Some(subscription)
    }

    /// Changes a subscription of the app; `None` if it has no such one.
    pub(crate) fn update(
        &self,
        app: &str,
        number: u64,
        input: Input,
        now: DateTime<Utc>,
    ) -> Option<Subscription> {
        let subscriptions = &mut lock(&self.state).subscriptions;
        let known = subscriptions
            .iter_mut()
            .find(|s| s.app == app && s.number == number)?;
        known.input = input;
        known.updated_at = now;
        Some(known.clone())
    }

    /// Ends a subscription of the app; false if it has no such one.
    pub(crate) fn delete(&self, app: &str, number: u64) -> bool {
        let subscriptions = &mut lock(&self.state).subscriptions;
        let before = subscriptions.len();
        subscriptions.retain(|s| s.app != app || s.number != number);
        subscriptions.len() < before
    }

    pub(crate) fn find(&self, app: &str, number: u64) -> Option<Subscription> {
        self.of_app(app)
            .into_iter()
            .find(|subscription| subscription.number == number)
    }

    pub(crate) fn of_app(&self, app: &str) -> Vec<Subscription> {
        let mut subscriptions = self.all();
        subscriptions.retain(|subscription| subscription.app == app);
        subscriptions
    }
}
