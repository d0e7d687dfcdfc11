use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ids::IntegrationId, status::words};

words!(
    /// Where the check of a preview by a store's platform stands.
    PriceCheckStatus ("price check status") {
        /// It begins in a moment, or goes on after a pause.
        Queued = "queued",
        /// The platform is being asked.
        Checking = "checking",
        /// The platform was asked about every price.
        Done = "done",
        /// It could not be brought to its end.
        Failed = "failed",
        /// It was stopped: by a person, or since the push was applied or thrown
        /// away.
        Cancelled = "cancelled",
    }
);

impl PriceCheckStatus {
    /// Whether it goes on by itself.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Checking)
    }
}

words!(
    /// What a platform would make of a price.
    TrialResult ("trial result") {
        /// It would take it.
        Accepted = "accepted",
        /// It would not.
        Refused = "refused",
    }
);

/// What a platform said of a price when it was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceTrialView {
    /// Whether it would take it.
    pub result: TrialResult,
    /// A short code, where it would not.
    pub code: Option<String>,
    /// What the platform said, in its words.
    pub message: Option<String>,
}

/// The check of a push by the platform of one of its stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceCheckView {
    /// The store.
    pub integration_id: IntegrationId,
    /// Where it stands.
    pub status: PriceCheckStatus,
    /// Prices that the push has for the store.
    pub items_planned: i64,
    /// Prices that are checked: the first ones of those planned, where they are
    /// too many for the platform's rate.
    pub items_total: i64,
    /// Prices that the platform was asked about so far.
    pub items_tried: i64,
    /// Of those, accepted in the trial.
    pub items_accepted: i64,
    /// Of those, refused in the trial.
    pub items_refused: i64,
    /// Why it waits, or why it ended before its end.
    pub error: Option<String>,
    /// When it was asked for.
    pub begun_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
}
