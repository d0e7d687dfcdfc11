//! What a project's open browsers are told while things happen.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{IntegrationId, PricePushId, ProjectId, SyncRunId},
    status::{IntegrationStatus, RunPhase, SyncStatus},
    views::PricePushStatus,
};

/// One message of `GET /api/projects/{slug}/events`. The server-sent event's
/// name is `type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProjectEvent {
    /// A run moved: phase, counters or outcome.
    SyncProgress(SyncProgress),
    /// An integration was connected, changed or disconnected: read it again.
    IntegrationChanged {
        /// Which.
        integration_id: IntegrationId,
        /// Its status now.
        status: IntegrationStatus,
    },
    /// A price push moved on: read it again.
    PricePushChanged {
        /// Which.
        push_id: PricePushId,
        /// Where it stands.
        status: PricePushStatus,
    },
    /// Conflicts were found, moved, decided or opened again: read them again.
    ConflictsChanged {
        /// How many are open in the project.
        open: i64,
    },
    /// Events may have been missed (the line was cut): read everything again.
    Resync,
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncProgress {
    /// The integration.
    pub integration_id: IntegrationId,
    /// The run.
    pub run_id: SyncRunId,
    /// Queued, syncing or how it ended.
    pub status: SyncStatus,
    /// Where it stands.
    pub phase: RunPhase,
    /// Items that came through so far.
    pub items_synced: i64,
    /// Items that could not be synced.
    pub items_failed: i64,
    /// Items the store said it has; `null` while unknown.
    pub items_expected: Option<i64>,
    /// When the run began, in UTC.
    pub started_at: Option<DateTime<Utc>>,
    /// When these figures were true, in UTC.
    pub at: DateTime<Utc>,
}

impl SyncProgress {
    /// Per cent done of what is expected, 0 to 100, while that is known.
    pub fn percent(&self) -> Option<u8> {
        let expected = self.items_expected.filter(|expected| *expected > 0)?;
        let done = (self.items_synced + self.items_failed).clamp(0, expected);
        u8::try_from(done * 100 / expected).ok()
    }

    /// Items a second since the run began, where that can be said.
    pub fn rate_per_second(&self) -> Option<f64> {
        let seconds = (self.at - self.started_at?).num_milliseconds() as f64 / 1_000.0;
        (seconds >= 1.0 && self.items_synced > 0).then(|| self.items_synced as f64 / seconds)
    }

    /// Seconds until the expected items are through at the present rate.
    pub fn seconds_left(&self) -> Option<i64> {
        let left = self.items_expected? - self.items_synced - self.items_failed;
        let rate = self.rate_per_second()?;
        (left > 0).then(|| (left as f64 / rate).ceil() as i64)
    }
}

/// A [`ProjectEvent`] with the project it belongs to, as it travels inside the
/// server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// Whose browsers may see it.
    pub project_id: ProjectId,
    /// The message.
    pub event: ProjectEvent,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn progress_says_share_rate_and_time_left() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let progress = SyncProgress {
            integration_id: IntegrationId(Uuid::nil()),
            run_id: SyncRunId(Uuid::nil()),
            status: SyncStatus::Syncing,
            phase: RunPhase::PullCatalogue,
            items_synced: 200,
            items_failed: 50,
            items_expected: Some(1_000),
            started_at: Some(start),
            at: start + TimeDelta::seconds(10),
        };
        assert_eq!(progress.percent(), Some(25));
        assert_eq!(progress.rate_per_second(), Some(20.0));
        assert_eq!(progress.seconds_left(), Some(38));
        let unknown = SyncProgress {
            items_expected: None,
            ..progress
        };
        assert_eq!(unknown.percent(), None);
        assert_eq!(unknown.seconds_left(), None);
    }
}
