//! States of integrations and sync runs, and how they are written.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::problem::FieldError;

/// A stored or received word that is none of an enumeration's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{word}\" is not a {of}; one of {expected} was expected")]
pub struct UnknownWord {
    /// The word as it came, shortened.
    pub word: String,
    /// What it should have been.
    pub of: &'static str,
    /// The words that are known.
    pub expected: &'static str,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident ($of:literal) { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every value, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands in the database, the REST API and URLs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::status::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::status::UnknownWord {
                        word: word.chars().take(40).collect(),
                        of: $of,
                        expected: concat!($("`", $word, "` "),+),
                    }),
                }
            }
        }
    };
}
pub(crate) use words;

/// Reads one word of an address; an empty text is none. What is no such word
/// goes to `faults`, under the field's name.
pub fn one_word<T>(field: &str, text: &str, faults: &mut Vec<FieldError>) -> Option<T>
where
    T: FromStr,
    T::Err: Display,
{
    match text.trim() {
        "" => None,
        word => word
            .parse()
            .map_err(|error: T::Err| faults.push(FieldError::new(field, format!("{error}."))))
            .ok(),
    }
}

/// Reads words with commas between them, as [`one_word`] reads one.
pub fn all_words<T>(field: &str, text: &str, faults: &mut Vec<FieldError>) -> Vec<T>
where
    T: FromStr,
    T::Err: Display,
{
    text.split(',')
        .filter_map(|word| one_word(field, word, faults))
        .collect()
}

words!(
    /// Whether a store can be reached with what we hold for it.
    IntegrationStatus ("integration status") {
        /// Made, but not yet proven to work.
        Pending = "pending",
        /// The last call was answered.
        Connected = "connected",
        /// The store refuses or cannot be reached; a person should look.
        Error = "error",
        /// The credentials have run out or were revoked: reconnect.
        Expired = "expired",
        /// Disconnected by a person; the credentials are gone.
        Disconnected = "disconnected",
    }
);

words!(
    /// State of the latest sync run of an integration, and of a run itself
    /// (a run is never `idle`).
    SyncStatus ("sync status") {
        /// Nothing has run yet.
        Idle = "idle",
        /// Waiting for a worker.
        Queued = "queued",
        /// A worker carries it.
        Syncing = "syncing",
        /// All that was there came through.
        Success = "success",
        /// Some items failed; the rest came through.
        Partial = "partial",
        /// It could not finish.
        Error = "error",
        /// A person stopped it.
        Cancelled = "cancelled",
    }
);

impl SyncStatus {
    /// Whether a run in this state will change no more.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Partial | Self::Error | Self::Cancelled
        )
    }

    /// Whether a run in this state is waiting or under way.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Syncing)
    }
}

words!(
    /// What a run covers.
    RunType ("run type") {
        /// Everything the store has; finds deletions.
        Full = "full",
        /// What changed since the watermark.
        Incremental = "incremental",
        /// Nothing is read; prices that wait are pushed.
        Prices = "prices",
        /// Only what an earlier run could not bring through, item by item.
        Retry = "retry",
    }
);

impl RunType {
    /// Whether such a run reads all that changed at the store, and not only what
    /// it was told to.
    pub const fn reads_changes(self) -> bool {
        matches!(self, Self::Full | Self::Incremental)
    }
}

words!(
    /// Who asked for a run.
    RunTrigger ("run trigger") {
        /// The clock.
        Schedule = "schedule",
        /// A person, or a program with a person's token.
        Person = "person",
        /// A message from the platform.
        Webhook = "webhook",
        /// Repeats what failed.
        Retry = "retry",
    }
);

words!(
    /// Where a run stands, in this order.
    RunPhase ("run phase") {
        /// Proving the credentials.
        Authenticate = "authenticate",
        /// Reading products, variants and listings.
        PullCatalogue = "pull_catalogue",
        /// Bringing the catalogue into line, finding what is gone.
        Reconcile = "reconcile",
        /// Sending the prices that are wanted.
        PushPrices = "push_prices",
        /// Reading orders.
        PullOrders = "pull_orders",
        /// Closing the books.
        Finish = "finish",
    }
);

impl RunPhase {
    /// What a person reads while the phase goes on.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Authenticate => "Signing in",
            Self::PullCatalogue => "Reading catalogue",
            Self::Reconcile => "Reconciling",
            Self::PushPrices => "Pushing prices",
            Self::PullOrders => "Reading orders",
            Self::Finish => "Finishing",
        }
    }
}

words!(
    /// What can be done about a failure.
    FailureClass ("failure class") {
        /// The same call may go through later.
        Retryable = "retryable",
        /// A person must change something first.
        NeedsAction = "needs_action",
        /// It will never go through.
        Permanent = "permanent",
    }
);

words!(
    /// What kind of record a failure is of.
    FailureKind ("failure kind") {
        /// A variant as the store offers it.
        Listing = "listing",
        /// A product as a whole; it takes its variants along.
        Product = "product",
        /// An order.
        Order = "order",
        /// A price that was to be pushed.
        Price = "price",
    }
);

words!(
    /// What became of something that failed.
    FailureState ("failure state") {
        /// It has not come through since.
        Open = "open",
        /// It failed the same way three times in a row: it is left alone until
        /// something about it changes, or a person asks for it.
        Parked = "parked",
        /// It came through since, or is gone from the store.
        Resolved = "resolved",
        /// The record had no id that could be read, so nobody knows; only reading
        /// everything brings it.
        Unnamed = "unnamed",
    }
);

words!(
    /// Whether the platform's part in a failure can be looked at.
    Captured ("captured") {
        /// It is kept.
        Kept = "kept",
        /// There was none, or there were too many to keep.
        None = "none",
        /// It was kept, and is no longer.
        Expunged = "expunged",
    }
);

words!(
    /// What a line of a run's log tells.
    RunEvent ("run event") {
        /// A worker took the run up.
        TakenUp = "taken_up",
        /// A phase began.
        Phase = "phase",
        /// The platform is waited for.
        Waiting = "waiting",
        /// It goes back to the queue, to be tried again.
        TriedAgain = "tried_again",
        /// The process that carried it ends; another goes on.
        HandedOver = "handed_over",
        /// Its worker was lost; another goes on.
        WorkerLost = "worker_lost",
        /// What was read does not count any more; it begins from the start.
        Anew = "anew",
        /// Something that a person should know.
        Note = "note",
        /// It came to its end.
        Ended = "ended",
    }
);

words!(
    /// Whether a product or listing is on sale.
    ListingState ("listing state") {
        /// On sale.
        Active = "active",
        /// Not yet published.
        Draft = "draft",
        /// Taken off sale, kept by the store.
        Archived = "archived",
        /// No longer in the store; found by a full run.
        Gone = "gone",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for status in SyncStatus::ALL {
            assert_eq!(status.as_str().parse::<SyncStatus>(), Ok(*status));
            assert_eq!(
                serde_json::to_string(status).unwrap(),
                format!("\"{status}\""),
            );
        }
        let error = "done".parse::<SyncStatus>().unwrap_err().to_string();
        assert!(error.contains("\"done\" is not a sync status"), "{error}");
    }
}
