use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{
        ConflictDecisionId, ConflictId, IntegrationId, ListingId, PricePushId, ProductId, SyncRunId,
    },
    money::Money,
    settings::ConflictPolicy,
    status::words,
};

words!(
    /// What of a listing both sides want otherwise.
    ConflictField ("conflict field") {
        /// What it costs.
        Price = "price",
        /// The struck-through price.
        CompareAt = "compare_at",
    }
);

words!(
    /// Where a conflict stands.
    ConflictStatus ("conflict status") {
        /// It waits for somebody to decide.
        Open = "open",
        /// A person or the store's policy decided.
        Resolved = "resolved",
        /// It ended by itself: the store came back to Calibr's value, another
        /// price is wanted since, or the listing is gone.
        Superseded = "superseded",
    }
);

words!(
    /// Whose value stands.
    ConflictSide ("side of a conflict") {
        /// Calibr's: it is sent to the store again.
        Ours = "ours",
        /// The store's: it becomes what Calibr wants.
        Theirs = "theirs",
    }
);

words!(
    /// Why a conflict waits for a person although the store's policy would have
    /// decided it, or why it waits again.
    HeldReason ("reason of a held conflict") {
        /// The project has no floor for the currency: without one nothing is
        /// sent by itself.
        NoFloor = "no_floor",
        /// Prices are not sent by themselves in this store.
        NotAutomatic = "not_automatic",
        /// The store is in dry-run mode.
        DryRun = "dry_run",
        /// Calibr's value breaks the project's bounds.
        OutsideBounds = "outside_bounds",
        /// It was sent again by itself so often that somebody, or an app, at the
        /// store must be working against it.
        FoughtOver = "fought_over",
        /// Calibr's value was decided for, and could not be sent.
        NotSent = "not_sent",
    }
);

/// Why a conflict is not decided by the policy of its store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldView {
    /// The same for like reasons.
    pub reason: HeldReason,
    /// In words, with what to do.
    pub message: String,
}

/// A field of a listing for which the store shows another value than Calibr
/// wants, though both had agreed on a third or on Calibr's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConflictView {
    /// Its id.
    pub id: ConflictId,
    /// Counts up with each move of it: who decides says which one they looked
    /// at.
    pub version: i64,
    /// Where it stands.
    pub status: ConflictStatus,
    /// The listing.
    pub listing_id: ListingId,
    /// The product.
    pub product_id: ProductId,
    /// The store.
    pub integration_id: IntegrationId,
    /// That store's name.
    pub integration_name: String,
    /// The product's and the variant's title.
    pub title: Option<String>,
    /// The stock keeping unit.
    pub sku: Option<String>,
    /// What both sides want otherwise.
    pub field: ConflictField,
    /// What both last agreed on; `null` where it was nothing.
    pub base: Option<Money>,
    /// What Calibr wants; `null` where that is no struck-through price.
    pub ours: Option<Money>,
    /// What the store was last seen to have; `null` where that is nothing.
    pub theirs: Option<Money>,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// When the store was last seen to move it.
    pub moved_at: DateTime<Utc>,
    /// The sync run that found it; `null` where the run is no longer kept.
    pub run_id: Option<SyncRunId>,
    /// Why it waits for a person, where the store's policy is not `manual`.
    pub held: Option<HeldView>,
    /// Whose value stands, once that is decided.
    pub resolution: Option<ConflictSide>,
    /// The person who decided.
    pub decided_by: Option<String>,
    /// The policy that decided, where no person did.
    pub policy: Option<ConflictPolicy>,
    /// When it was decided, or ended by itself.
    pub decided_at: Option<DateTime<Utc>>,
    /// What was decided with it at once: undone together where asked for by this.
    pub decision_id: Option<ConflictDecisionId>,
    /// The push that sends Calibr's value.
    pub push_id: Option<PricePushId>,
    /// Whether the decision can still be undone.
    pub can_undo: bool,
}

/// Which conflicts are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictQuery {
    /// Only of this store.
    pub integration: Option<IntegrationId>,
    /// Only of this field.
    pub field: Option<ConflictField>,
    /// Only those that stand so; all where not given, the open ones first.
    pub status: Option<ConflictStatus>,
    /// Only products with these words in title, vendor or SKU.
    #[serde(default)]
    pub search: String,
}

/// How many conflicts are open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConflictCounts {
    /// In the project.
    pub open: i64,
    /// In each store that has any, most first.
    pub stores: Vec<StoreConflicts>,
}

/// How many conflicts a store has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreConflicts {
    /// The store.
    pub integration_id: IntegrationId,
    /// How many.
    pub open: i64,
}

/// A conflict as somebody looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeenConflict {
    /// Which.
    pub id: ConflictId,
    /// Its version then.
    pub version: i64,
}

/// The open conflicts that match a filter, as they were at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchingConflicts {
    /// Only of this store.
    #[serde(default)]
    pub integration: Option<IntegrationId>,
    /// Only of this field.
    #[serde(default)]
    pub field: Option<ConflictField>,
    /// Only products with these words in title, vendor or SKU.
    #[serde(default)]
    pub search: String,
    /// What was found after it is left alone, and what moved after it is
    /// counted as changed: when the list was read, in UTC.
    pub as_of: DateTime<Utc>,
}

/// The open conflicts that match a filter, counted: what is decided for all of
/// them at once is told before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchingCount {
    /// When they were counted, in UTC: what is found after it is not among them.
    pub as_of: DateTime<Utc>,
    /// How many there are, and where.
    pub counts: ConflictCounts,
}

/// What became of conflicts that were decided together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConflictsResolved {
    /// How many were decided now.
    pub decided: i64,
    /// How many were decided before, or ended by themselves.
    pub already_decided: i64,
    /// How many moved since they were looked at; they stay open.
    pub changed: i64,
    /// How many of these ids there are none of.
    pub missing: i64,
    /// How many stay open since Calibr's value cannot be sent.
    pub refused: i64,
    /// The first of those, each with why.
    pub refusals: Vec<RefusedConflict>,
    /// To undo them together; `null` where none was decided.
    pub decision_id: Option<ConflictDecisionId>,
    /// The push that sends Calibr's values; `null` where there is nothing to
    /// send.
    pub push_id: Option<PricePushId>,
}

/// A conflict that cannot be decided for Calibr.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedConflict {
    /// Which.
    pub id: ConflictId,
    /// A short code, the same for like reasons.
    pub code: String,
    /// Why, and what to do.
    pub message: String,
}

/// Which decisions are to be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UndoConflicts {
    /// Those of these conflicts; at most 1,000.
    Conflicts(Vec<ConflictId>),
    /// All that were decided together.
    Decision(ConflictDecisionId),
}

/// What became of decisions that were to be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConflictsUndone {
    /// How many conflicts are open again. Of two fields that were sent together,
    /// both are.
    pub reopened: i64,
    /// For how many it was too late.
    pub too_late: i64,
}
