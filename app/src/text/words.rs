//! States in a word and a tone.

use calibr_model::{
    platform::Capability,
    settings::{ConflictPolicy, Frequency, FullSync},
    status::{
        FailureClass, FailureKind, FailureState, IntegrationStatus, ListingState, RunTrigger,
        RunType, SyncStatus,
    },
    views::{
        ConflictField, ConflictSide, ConflictStatus, PriceItemStatus, PricePushStatus, PriceSource,
        RunView, TrialResult,
    },
};

/// What a colour says. Always beside a word, never alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tone {
    /// Nothing to say.
    #[default]
    Neutral,
    /// Under way, or worth knowing.
    Info,
    /// As it should be.
    Good,
    /// Somebody should look.
    Warn,
    /// Broken.
    Bad,
}

impl Tone {
    /// The style sheet's class for it.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "tone-neutral",
            Self::Info => "tone-info",
            Self::Good => "tone-good",
            Self::Warn => "tone-warn",
            Self::Bad => "tone-bad",
        }
    }
}

/// Something with a word and a tone.
pub(crate) trait Worded: Copy {
    /// What a person reads.
    fn word(self) -> &'static str;
    /// What the colour says.
    fn tone(self) -> Tone;
    /// Whether it moves on by itself.
    fn is_live(self) -> bool {
        false
    }
}

impl Worded for IntegrationStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Pending => "Checking",
            Self::Connected => "Connected",
            Self::Error => "Error",
            Self::Expired => "Access expired",
            Self::Disconnected => "Disconnected",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Pending => Tone::Info,
            Self::Connected => Tone::Good,
            Self::Error => Tone::Bad,
            Self::Expired => Tone::Warn,
            Self::Disconnected => Tone::Neutral,
        }
    }
}

impl Worded for SyncStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Idle => "Never synced",
            Self::Queued => "Queued",
            Self::Syncing => "Syncing",
            Self::Success => "Success",
            Self::Partial => "Partial",
            Self::Error => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Idle | Self::Cancelled => Tone::Neutral,
            Self::Queued | Self::Syncing => Tone::Info,
            Self::Success => Tone::Good,
            Self::Partial => Tone::Warn,
            Self::Error => Tone::Bad,
        }
    }

    fn is_live(self) -> bool {
        self.is_active()
    }
}

impl Worded for ListingState {
    fn word(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Draft => "Draft",
            Self::Archived => "Archived",
            Self::Gone => "Gone from store",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Good,
            Self::Draft => Tone::Info,
            Self::Archived | Self::Gone => Tone::Neutral,
        }
    }
}

impl Worded for FailureClass {
    fn word(self) -> &'static str {
        match self {
            Self::Retryable => "Can be retried",
            Self::NeedsAction => "Needs action",
            Self::Permanent => "Permanent",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Retryable => Tone::Info,
            Self::NeedsAction => Tone::Warn,
            Self::Permanent => Tone::Bad,
        }
    }
}

impl Worded for FailureState {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "Still fails",
            Self::Parked => "Parked",
            Self::Resolved => "Came through since",
            Self::Unnamed => "Not known",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Open => Tone::Warn,
            Self::Parked | Self::Unnamed => Tone::Neutral,
            Self::Resolved => Tone::Good,
        }
    }
}

impl Worded for PricePushStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Preparing => "Preparing",
            Self::Preview => "Preview",
            Self::Queued => "Queued",
            Self::Pushing => "Sending",
            Self::Done => "Done",
            Self::Partial => "Partial",
            Self::Failed => "Failed",
            Self::Discarded => "Thrown away",
            Self::Expired => "Expired",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Discarded | Self::Expired => Tone::Neutral,
            Self::Preparing | Self::Preview | Self::Queued | Self::Pushing => Tone::Info,
            Self::Done => Tone::Good,
            Self::Partial => Tone::Warn,
            Self::Failed => Tone::Bad,
        }
    }

    fn is_live(self) -> bool {
        matches!(self, Self::Preparing | Self::Queued | Self::Pushing)
    }
}

impl Worded for PriceItemStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Planned => "Will change",
            Self::Same => "Same",
            Self::Refused => "Refused",
            Self::Queued => "Waiting",
            Self::Sent => "Sent",
            Self::Accepted => "Accepted",
            Self::Observed => "Observed",
            Self::Failed => "Failed",
            Self::Discarded => "Thrown away",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Same | Self::Discarded => Tone::Neutral,
            Self::Planned | Self::Queued | Self::Sent | Self::Accepted => Tone::Info,
            Self::Observed => Tone::Good,
            Self::Refused => Tone::Warn,
            Self::Failed => Tone::Bad,
        }
    }

    fn is_live(self) -> bool {
        matches!(self, Self::Queued | Self::Sent)
    }
}

impl Worded for TrialResult {
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted in the trial",
            Self::Refused => "Refused in the trial",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Accepted => Tone::Good,
            Self::Refused => Tone::Bad,
        }
    }
}

impl Worded for ConflictStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Resolved => "Decided",
            Self::Superseded => "Ended",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Open => Tone::Warn,
            Self::Resolved => Tone::Good,
            Self::Superseded => Tone::Neutral,
        }
    }
}

impl Worded for ConflictSide {
    fn word(self) -> &'static str {
        match self {
            Self::Ours => "Kept Calibr's",
            Self::Theirs => "Kept the store's",
        }
    }

    fn tone(self) -> Tone {
        Tone::Good
    }
}

/// What of a listing is in conflict.
pub(crate) const fn conflict_field(field: ConflictField) -> &'static str {
    match field {
        ConflictField::Price => "Price",
        ConflictField::CompareAt => "Struck-through price",
    }
}

/// Who moved a price.
pub(crate) const fn price_source(source: PriceSource) -> &'static str {
    match source {
        PriceSource::Platform => "Changed at the store",
        PriceSource::Push => "Set here",
        PriceSource::Revert => "Taken back here",
    }
}

/// What kind of record a failure is of.
pub(crate) const fn failure_kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Listing => "Variant",
        FailureKind::Product => "Product",
        FailureKind::Order => "Order",
        FailureKind::Price => "Price",
    }
}

/// What to do about failures of a class.
pub(crate) const fn what_to_do(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Retryable => "It may go through when it is tried again.",
        FailureClass::NeedsAction => "Something has to be changed first, then it can be retried.",
        FailureClass::Permanent => {
            "It does not go through as it is: change it at the store, or leave it."
        }
    }
}

/// What a run covers, in a word or two.
pub(crate) const fn run_type(run_type: RunType) -> &'static str {
    match run_type {
        RunType::Full => "Full",
        RunType::Incremental => "Incremental",
        RunType::Prices => "Price push",
        RunType::Retry => "Retry",
    }
}

/// Who asked for a run.
pub(crate) fn trigger(run: &RunView) -> String {
    match (run.trigger, &run.triggered_by) {
        (RunTrigger::Person, Some(name)) => name.clone(),
        // Its type says that it is one.
        (RunTrigger::Retry, Some(name)) if run.r#type == RunType::Retry => name.clone(),
        (RunTrigger::Retry, None) if run.r#type == RunType::Retry => "By itself".to_owned(),
        (RunTrigger::Retry, Some(name)) => format!("Retry by {name}"),
        (trigger, _) => trigger_kind(trigger).to_owned(),
    }
}

/// Who or what can ask for runs.
pub(crate) const fn trigger_kind(trigger: RunTrigger) -> &'static str {
    match trigger {
        RunTrigger::Schedule => "Schedule",
        RunTrigger::Person => "A person",
        RunTrigger::Webhook => "Webhook",
        RunTrigger::Retry => "Retry",
    }
}

/// Why a run was started, to end a sentence.
pub(crate) fn cause(run: &RunView) -> String {
    match (run.trigger, &run.triggered_by) {
        (RunTrigger::Person, Some(name)) => format!("started by {name}"),
        (RunTrigger::Person, None) => "started by hand".to_owned(),
        (RunTrigger::Schedule, _) => "on schedule".to_owned(),
        (RunTrigger::Webhook, _) => "after word from the store".to_owned(),
        (RunTrigger::Retry, Some(name)) if run.r#type == RunType::Retry => {
            format!("started by {name}")
        }
        (RunTrigger::Retry, None) if run.r#type == RunType::Retry => "by itself".to_owned(),
        (RunTrigger::Retry, Some(name)) => format!("run again by {name}"),
        (RunTrigger::Retry, None) => "run again".to_owned(),
    }
}

/// What a platform's connector can do.
pub(crate) const fn capability(capability: Capability) -> &'static str {
    match capability {
        Capability::Catalogue => "Products and prices",
        Capability::OneClickConnect => "One-click connect",
        Capability::BulkImport => "Bulk import",
        Capability::IncrementalImport => "Reads only changes",
        Capability::PricePush => "Price updates",
        Capability::CompareAt => "Struck-through prices",
        Capability::DryRun => "Price checks",
        Capability::Orders => "Orders",
        Capability::Webhooks => "Live changes",
        Capability::CompetitorPrices => "Competitor prices",
        Capability::ReadById => "Single retries",
    }
}

/// How often the clock starts a run.
pub(crate) const fn frequency(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Manual => "By hand",
        Frequency::Hourly => "Every hour",
        Frequency::SixHourly => "Every 6 hours",
        Frequency::Daily => "Daily",
    }
}

/// How often a run by the clock reads everything.
pub(crate) const fn full_sync(often: FullSync) -> &'static str {
    match often {
        FullSync::Daily => "Once a day",
        FullSync::Weekly => "Once a week",
        FullSync::Never => "Only when asked",
    }
}

/// Who is right where both sides changed a field.
pub(crate) const fn conflict_policy(policy: ConflictPolicy) -> &'static str {
    match policy {
        ConflictPolicy::Platform => "The store",
        ConflictPolicy::Calibr => "Calibr",
        ConflictPolicy::Manual => "A person decides",
    }
}
