//! Webhook subscriptions of a shop.

use std::sync::Mutex;

use chrono::{DateTime, Utc};

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

/// The subscriptions of all apps, oldest first.
#[derive(Debug)]
pub(crate) struct Webhooks {
    state: Mutex<(u64, Vec<Subscription>)>,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            state: Mutex::new((1_400_000_000_001, Vec::new())),
        }
    }
}

impl Webhooks {
    /// Subscribes; `None` if the app has the same topic at the same address already.
    pub(crate) fn create(
        &self,
        app: &str,
        topic: &str,
        input: Input,
        now: DateTime<Utc>,
    ) -> Option<Subscription> {
        let (next, subscriptions) = &mut *lock(&self.state);
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
        let (_, subscriptions) = &mut *lock(&self.state);
        let known = subscriptions
            .iter_mut()
            .find(|s| s.app == app && s.number == number)?;
        known.input = input;
        known.updated_at = now;
        Some(known.clone())
    }

    /// Ends a subscription of the app; false if it has no such one.
    pub(crate) fn delete(&self, app: &str, number: u64) -> bool {
        let (_, subscriptions) = &mut *lock(&self.state);
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
        lock(&self.state)
            .1
            .iter()
            .filter(|s| s.app == app)
            .cloned()
            .collect()
    }
}
