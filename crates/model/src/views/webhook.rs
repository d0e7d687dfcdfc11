use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{IntegrationId, SyncRunId, WebhookDeliveryId},
    status::words,
};

words!(
    /// How a platform stands to a wanted topic.
    SubscriptionState ("subscription state") {
        /// It sends messages.
        Active = "active",
        /// It is subscribed to, and the platform stopped sending.
        Inactive = "inactive",
        /// It is not subscribed to.
        Missing = "missing",
    }
);

words!(
    /// What became of a message.
    DeliveryState ("delivery state") {
        /// It waits for a worker.
        Queued = "queued",
        /// It was handled.
        Done = "done",
        /// The same had come before: nothing was done.
        Duplicate = "duplicate",
        /// It was not believed: nothing was done.
        Refused = "refused",
        /// It could not be handled.
        Failed = "failed",
    }
);

words!(
    /// Whether a message was signed by whom it should be.
    SignatureResult ("signature result") {
        /// It was.
        Valid = "valid",
        /// It was not, or not at all.
        Invalid = "invalid",
    }
);

words!(
    /// What a message led to.
    DeliveryEffect ("delivery effect") {
        /// A sync that reads what changed.
        SyncQueued = "sync_queued",
        /// A sync was reading already; another one follows it.
        SyncFollows = "sync_follows",
        /// The first import, which reads everything, is not done yet.
        FirstImport = "first_import",
        /// The store is paused or cannot be reached: read when it goes on.
        HeldBack = "held_back",
        /// Listings are gone.
        Removed = "removed",
        /// The store needs to be connected anew.
        AccessRevoked = "access_revoked",
        /// The store still answers, so nothing was changed.
        AccessStands = "access_stands",
        /// Nothing: it says nothing that matters here.
        Nothing = "nothing",
    }
);

words!(
    /// What a message means.
    MeaningKind ("meaning") {
        /// A product or one of its variants changed.
        CatalogueChanged = "catalogue_changed",
        /// A product, or a variant of it, is gone.
        ProductDeleted = "product_deleted",
        /// An order was placed, changed or refunded.
        OrdersChanged = "orders_changed",
        /// The merchant took the access away.
        AccessRevoked = "access_revoked",
        /// Nothing that matters here.
        Other = "other",
    }
);

/// What a message means, as it is kept to be handled and handed in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookMeaning {
    /// What happened.
    pub kind: MeaningKind,
    /// The platform's id of the product or order, where it says.
    pub external_id: Option<String>,
}

/// The messages of a store: what is wanted, and what the platform sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhooksView {
    /// The integration.
    pub integration_id: IntegrationId,
    /// Where messages are to be sent; `null` where none can come.
    pub address: Option<String>,
    /// Why none can come, and what to do.
    pub notice: Option<String>,
    /// When wanted and live were last compared.
    pub checked_at: Option<DateTime<Utc>>,
    /// When the last genuine message came.
    pub last_delivery_at: Option<DateTime<Utc>>,
    /// Messages of the last 24 hours that were not signed as they should be.
    pub refused_last_day: i64,
    /// Messages of the last 24 hours that had come before.
    pub duplicates_last_day: i64,
    /// The wanted topics, in the platform's order.
    pub subscriptions: Vec<WebhookSubscriptionView>,
}

/// A wanted topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookSubscriptionView {
    /// The topic, in the platform's word.
    pub topic: String,
    /// How the platform stands to it.
    pub state: SubscriptionState,
    /// The platform's id of the subscription.
    pub external_id: Option<String>,
    /// When that was seen; `null` where nobody has looked yet.
    pub checked_at: Option<DateTime<Utc>>,
    /// When the last genuine message of the topic came.
    pub last_delivery_at: Option<DateTime<Utc>>,
    /// What the platform said when it was asked to subscribe.
    pub error: Option<String>,
}

/// A message in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookDeliveryView {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When the platform says it happened.
    pub happened_at: Option<DateTime<Utc>>,
    /// The topic, in the platform's word; `null` where nobody has signed it.
    pub topic: Option<String>,
    /// Whether it was signed as it should be.
    pub signature: SignatureResult,
    /// What became of it.
    pub state: DeliveryState,
    /// What it means; `null` where it was not believed.
    pub means: Option<WebhookMeaning>,
    /// What it led to.
    pub effect: Option<DeliveryEffect>,
    /// The sync that it led to.
    pub run_id: Option<SyncRunId>,
    /// The message that was handed in again by a person.
    pub replay_of: Option<WebhookDeliveryId>,
    /// How often it was handled.
    pub attempts: i32,
    /// What is wrong with it, or went wrong.
    pub error: Option<String>,
    /// The length of its body, in bytes.
    pub size_bytes: i64,
    /// When it was handled.
    pub handled_at: Option<DateTime<Utc>>,
}

/// A message with what is kept of its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookDeliveryDetail {
    /// The list's fields.
    #[serde(flatten)]
    pub delivery: WebhookDeliveryView,
    /// The body without secrets, cut where it was long; `null` for orders, of
    /// which no personal data is kept.
    pub payload: Option<String>,
}
