use calibr_model::views::{DeliveryEffect, DeliveryState, SignatureResult, SubscriptionState};

use crate::text::words::{Tone, Worded};

impl Worded for SubscriptionState {
    fn word(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Inactive => "Stopped",
            Self::Missing => "Missing",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Good,
            Self::Inactive | Self::Missing => Tone::Warn,
        }
    }
}

impl Worded for DeliveryState {
    fn word(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Done => "Handled",
            Self::Duplicate => "Duplicate",
            Self::Refused => "Refused",
            Self::Failed => "Failed",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Queued => Tone::Info,
            Self::Done => Tone::Good,
            Self::Duplicate => Tone::Neutral,
            Self::Refused => Tone::Warn,
            Self::Failed => Tone::Bad,
        }
    }

    fn is_live(self) -> bool {
        self == Self::Queued
    }
}

/// Whether it was signed, in a word or two.
pub(super) const fn signature(result: SignatureResult) -> &'static str {
    match result {
        SignatureResult::Valid => "Signature valid",
        SignatureResult::Invalid => "Signature not valid",
    }
}

/// What a message led to.
pub(super) const fn effect(effect: DeliveryEffect) -> &'static str {
    match effect {
        DeliveryEffect::SyncQueued => "Started a sync",
        DeliveryEffect::SyncFollows => "A sync was running; another followed it",
        DeliveryEffect::FirstImport => "Left to the first import",
        DeliveryEffect::HeldBack => "Held back until the store goes on",
        DeliveryEffect::Removed => "Took the product off the list",
        DeliveryEffect::AccessRevoked => "The store asks to be reconnected",
        DeliveryEffect::AccessStands => "The store still answers; nothing changed",
        DeliveryEffect::Nothing => "Nothing to do",
    }
}
