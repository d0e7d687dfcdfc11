use serde::{Deserialize, Serialize};

use crate::{
    ids::SyncRunId,
    status::{FailureKind, RunType},
};

/// What of a run is to be retried.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RetryWish {
    /// Everything it was to do, in place of what failed.
    pub whole: bool,
    /// Only failures of this code.
    pub code: Option<String>,
    /// Only failures of this kind of record.
    pub kind: Option<FailureKind>,
    /// Only this failure, by its number within the run.
    pub failure: Option<i64>,
    /// Parked items too. One that is asked for by its number is retried in any
    /// case.
    pub parked: bool,
}

/// What a run retries, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetryView {
    /// The run whose failures it retries; `null` where it takes up items that
    /// were parked before their settings changed.
    pub of: Option<SyncRunId>,
    /// Only those of this code.
    pub code: Option<String>,
    /// The number of the retry, where it follows by itself; 0 where a person asked.
    pub number: i16,
    /// Items that are read again, or prices looked at again.
    pub items: i64,
    /// Of these, how many came through.
    pub came_through: i64,
    /// How many failed again.
    pub failed: i64,
    /// How many the store no longer has.
    pub gone: i64,
    /// Items of the earlier run that were left out as they came through since.
    pub skipped: i64,
    /// Items of the earlier run that were left out as they are parked.
    pub parked: i64,
}

/// What a run would do, before it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncPlanView {
    /// What kind of run it would be: a full one where items cannot be read one by
    /// one.
    pub r#type: RunType,
    /// About how many calls it makes.
    pub calls: i64,
    /// How long the platform's published rate makes that at least, in seconds; 0
    /// where it publishes none, or they fit at once.
    pub at_least_seconds: i64,
    /// What the figures rest on, in words.
    pub how: String,
    /// Items that are read again; `null` where everything is, or what changed.
    pub items: Option<i64>,
    /// Items that came through since and are left out.
    pub skipped: i64,
    /// Items that are parked and left out.
    pub parked: i64,
    /// Prices among what failed: they are previewed again and never sent blindly.
    pub prices: i64,
    /// What should be known before it starts, in words: why it is a full run, or
    /// that nothing is left to do.
    pub notes: Vec<String>,
    /// Whether it can be asked for.
    pub possible: bool,
}
