//! Prices that are wanted, on their way to the stores, and those that moved.

mod apply;
mod carry;
mod changes;
mod check;
mod guardrails;
mod listings;
mod overdue;
mod prepare;
mod read;

use calibr_model::{
    Currency, IntegrationId, ListingId, PricePushId, UserId, status::ListingState,
    views::PriceItemStatus,
};

pub(crate) use self::changes::Seen;
pub use self::{
    apply::{Applied, NotApplied, RefusedInTrial},
    carry::{PriceOutcome, SeenPrice, SettledPrice, TakenPrice},
    check::{NextTrials, NotChecked, TriedPrice},
    listings::{NamedBy, RevertedPrice, ShiftedListings},
    overdue::Overdue,
    read::ItemFilter,
};

/// A push to prepare.
#[derive(Debug, Clone)]
pub struct NewPush<'a> {
    /// Its id.
    pub id: PricePushId,
    /// Why.
    pub reason: &'a str,
    /// The push that it takes back.
    pub reverts: Option<PricePushId>,
    /// Who asks; `None` where a store's policy does.
    pub created_by: Option<UserId>,
}

/// A listing with what a new price for it is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedListing {
    /// Its id.
    pub id: ListingId,
    /// Its store.
    pub integration: IntegrationId,
    /// Its stock keeping unit.
    pub sku: Option<String>,
    /// Whether it is on sale.
    pub state: ListingState,
    /// The currency of its prices, where it has one or its store tells.
    pub currency: Option<Currency>,
    /// What it costs, in minor units.
    pub price_minor: Option<i64>,
    /// The struck-through price, in minor units.
    pub compare_at_minor: Option<i64>,
}

/// What becomes of the struck-through price, in minor units of the listing's
/// currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CompareAtMinor {
    /// It stays as it is.
    #[default]
    Keep,
    /// It goes.
    Clear,
    /// It becomes this.
    Set(i64),
}

impl CompareAtMinor {
    const fn word(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Clear => "clear",
            Self::Set(_) => "set",
        }
    }

    const fn amount(self) -> Option<i64> {
        match self {
            Self::Set(amount) => Some(amount),
            _ => None,
        }
    }

    pub(crate) fn read(word: &str, amount: Option<i64>) -> Self {
        match (word, amount) {
            ("set", Some(amount)) => Self::Set(amount),
            ("clear", _) => Self::Clear,
            _ => Self::Keep,
        }
    }

    /// What it is after the change.
    pub const fn after(self, before: Option<i64>) -> Option<i64> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(amount) => Some(amount),
        }
    }
}

/// A judged price of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushItem {
    /// Where it stood in what was pasted or uploaded, from 1.
    pub line: Option<i64>,
    /// How it named the listing.
    pub reference: String,
    /// The listing, where one was found.
    pub listing: Option<PricedListing>,
    /// What it is to cost, in minor units, where that could be read.
    pub new_minor: Option<i64>,
    /// What becomes of the struck-through price.
    pub compare_at: CompareAtMinor,
    /// Whether the price is sent as the store has it, beside the struck-through
    /// price: then it says nothing of which price is wanted.
    pub keeps_price: bool,
    /// `planned`, `same` or `refused`.
    pub status: PriceItemStatus,
    /// A short code, where it is refused.
    pub code: Option<&'static str>,
    /// What is wrong, and what to do, where it is refused.
    pub message: Option<String>,
}
