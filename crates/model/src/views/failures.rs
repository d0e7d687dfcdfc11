use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ProductId, SyncRunId},
    status::{Captured, FailureClass, FailureKind, FailureState},
};

/// One record of a run that could not be synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemFailureView {
    /// The record's number within the run.
    pub id: i64,
    /// What kind of record it is.
    pub kind: FailureKind,
    /// The platform's id of it, where it could be read.
    pub external_id: Option<String>,
    /// A title or SKU to know it by, where it could be read.
    pub label: Option<String>,
    /// The product it is of, where that is in the catalogue here.
    pub product_id: Option<ProductId>,
    /// A short code, the same for like failures.
    pub code: String,
    /// What is wrong, and what to do.
    pub message: String,
    /// What can be done about it.
    pub class: FailureClass,
    /// What became of it since.
    pub state: FailureState,
    /// In how many runs in a row it had failed this way by then, this one
    /// included.
    pub attempts: i32,
    /// Whether the platform's part in it can be looked at.
    pub captured: Captured,
    /// When it was seen last.
    pub at: DateTime<Utc>,
}

/// A failure with the platform's part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemFailureDetail {
    /// The list's fields.
    #[serde(flatten)]
    pub failure: ItemFailureView,
    /// The platform's part.
    #[serde(flatten)]
    pub exchange: FailureExchange,
}

/// The platform's part in a failure. Secrets and personal data are taken out of
/// it before it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailureExchange {
    /// What was asked of the platform for this item alone, where it was.
    pub request: Option<String>,
    /// What the platform answered or sent.
    pub answer: Option<String>,
    /// When request and answer are removed by themselves; `null` where there are
    /// none.
    pub kept_until: Option<DateTime<Utc>>,
    /// When they were removed.
    pub expunged_at: Option<DateTime<Utc>>,
    /// Who removed them; `null` where their time was over.
    pub expunged_by: Option<String>,
    /// Since when the item fails this way, while it does.
    pub failing_since: Option<DateTime<Utc>>,
}

/// Failures of a run that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailureGroupView {
    /// Their code.
    pub code: String,
    /// What kind of record they are of.
    pub kind: FailureKind,
    /// What can be done about them.
    pub class: FailureClass,
    /// How many.
    pub count: i64,
    /// Of these, how many have not come through since and are not parked.
    pub open: i64,
    /// How many are parked.
    pub parked: i64,
    /// How many have no id that could be read.
    pub unnamed: i64,
    /// What is wrong with the first of them, and what to do.
    pub message: String,
}

/// Which failures of a run are wanted, in the order they were met.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FailureQuery {
    /// Only of this code.
    pub code: Option<String>,
    /// Only of this class.
    pub class: Option<FailureClass>,
    /// Only of this kind.
    pub kind: Option<FailureKind>,
}

/// Which items of an integration fail in run after run; what of it is `None`
/// does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ParkedQuery {
    /// Only of this kind.
    pub kind: Option<FailureKind>,
    /// Only this item, by the platform's id.
    pub external_id: Option<String>,
}

/// An item that is left alone because it failed the same way three times in a
/// row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParkedItemView {
    /// What kind of record it is.
    pub kind: FailureKind,
    /// The platform's id of it.
    pub external_id: String,
    /// A title or SKU to know it by, where it could be read.
    pub label: Option<String>,
    /// The product it is of, where that is in the catalogue here.
    pub product_id: Option<ProductId>,
    /// How it fails.
    pub code: String,
    /// What can be done about it.
    pub class: FailureClass,
    /// In how many runs in a row.
    pub times: i32,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The run that it failed in last.
    pub last_run_id: SyncRunId,
}
