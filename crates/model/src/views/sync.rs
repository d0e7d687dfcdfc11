use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{IntegrationId, SyncRunId},
    platform::PlatformId,
    status::{RunEvent, RunPhase, RunTrigger, RunType, SyncStatus},
};

use super::RetryView;

/// One run in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunView {
    /// Its id.
    pub id: SyncRunId,
    /// The integration it belongs to.
    pub integration_id: IntegrationId,
    /// That integration's name.
    pub integration_name: String,
    /// That integration's platform.
    pub platform: PlatformId,
    /// What it covers.
    pub r#type: RunType,
    /// Who asked for it.
    pub trigger: RunTrigger,
    /// The person's name, where a person asked.
    pub triggered_by: Option<String>,
    /// How it stands or ended.
    pub status: SyncStatus,
    /// Where it stands, or stood last.
    pub phase: RunPhase,
    /// Items that came through.
    pub items_synced: i64,
    /// Of these, new ones.
    pub items_created: i64,
    /// Of these, changed ones.
    pub items_updated: i64,
    /// Of these, ones that were the same.
    pub items_unchanged: i64,
    /// Items the store no longer has; known after a clean full run.
    pub items_removed: i64,
    /// Items that could not be synced.
    pub items_failed: i64,
    /// Items the store said it has; `null` while unknown.
    pub items_expected: Option<i64>,
    /// Orders that were read.
    #[serde(default)]
    pub orders_read: i64,
    /// Prices that the store took.
    #[serde(default)]
    pub prices_pushed: i64,
    /// When it was asked for.
    pub queued_at: DateTime<Utc>,
    /// When a worker first took it.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// How often a worker took it up: more than 1 after a lost worker or a
    /// transient fault.
    pub attempts: i32,
    /// What went wrong and what to do, where it ended in `error` or `partial`.
    pub error: Option<String>,
    /// The short code of what went wrong.
    pub error_code: Option<String>,
}

/// A run with its timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDetail {
    /// The list's fields.
    #[serde(flatten)]
    pub run: RunView,
    /// The phases it went through, in order.
    pub phases: Vec<PhaseView>,
    /// What it retries, where it does.
    #[serde(default)]
    pub retry: Option<RetryView>,
    /// What happened, in words, oldest first: of a very long course the beginning
    /// and the end.
    #[serde(default)]
    pub log: Vec<RunLogLine>,
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunLogLine {
    /// Counts up within the run; where lines were left out, numbers are missing.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// What kind of thing.
    pub event: RunEvent,
    /// What it was.
    pub text: String,
}

/// One phase of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhaseView {
    /// Which.
    pub phase: RunPhase,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; `null` while it goes on.
    pub ended_at: Option<DateTime<Utc>>,
}
