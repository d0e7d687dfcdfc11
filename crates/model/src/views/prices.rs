use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use super::{PriceCheckView, PriceTrialView};
use crate::{
    ids::{IntegrationId, ListingId, PricePushId, ProductId},
    money::Money,
    status::words,
};

words!(
    /// Where a price push stands.
    PricePushStatus ("price push status") {
        /// What was asked for is being read.
        Preparing = "preparing",
        /// It can be looked at and applied.
        Preview = "preview",
        /// Applied; waits for the stores' runs.
        Queued = "queued",
        /// Prices are on their way.
        Pushing = "pushing",
        /// Every price was taken.
        Done = "done",
        /// Some were taken.
        Partial = "partial",
        /// None was taken.
        Failed = "failed",
        /// A person threw it away, or it could not be prepared.
        Discarded = "discarded",
        /// Nobody applied it in time.
        Expired = "expired",
    }
);

words!(
    /// Where one price of a push stands.
    PriceItemStatus ("price item status") {
        /// To be sent once the push is applied.
        Planned = "planned",
        /// The store has this price already.
        Same = "same",
        /// It breaks a rule and is left out.
        Refused = "refused",
        /// Waits for the store's run.
        Queued = "queued",
        /// Sent; the platform has not answered yet.
        Sent = "sent",
        /// The platform took it; the store does not show it yet.
        Accepted = "accepted",
        /// The store shows it.
        Observed = "observed",
        /// It was not taken.
        Failed = "failed",
        /// Thrown away before it was sent.
        Discarded = "discarded",
    }
);

words!(
    /// Who moved a price.
    PriceSource ("price source") {
        /// Somebody at the store.
        Platform = "platform",
        /// A push from here.
        Push = "push",
        /// A push that took another back.
        Revert = "revert",
    }
);

words!(
    /// What becomes of the last digits of a price that a percentage gives.
    Rounding ("rounding") {
        /// To the nearest minor unit.
        Nearest = "nearest",
        /// To the nearest whole unit.
        Whole = "whole",
        /// To the nearest price that ends in .99 (or in 9 where the currency
        /// has no decimals).
        Ninetynine = "99",
        /// To the nearest price that ends in .95 (or in 5).
        Ninetyfive = "95",
    }
);

/// Prices that are wanted: what `POST …/price-pushes` takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPricePush {
    /// Why, for the record of price changes; at most 500 characters.
    #[serde(default)]
    pub reason: String,
    /// Only listings of this integration; of all where not given.
    #[serde(default)]
    pub integration_id: Option<IntegrationId>,
    /// Which prices.
    pub prices: WantedPrices,
}

/// Ways to say which prices are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WantedPrices {
    /// One price a listing; at most 10,000.
    Listings(Vec<WantedPrice>),
    /// Lines of a table, as they are pasted or come from a CSV file: SKU, price
    /// and, where wanted, the struck-through price; a first line may name the
    /// columns (`sku` or `listing_id` or `external_id`, `price`, `compare_at`,
    /// `currency`).
    Table(String),
    /// Every price moved by a share.
    Change(PriceShift),
}

/// A price wanted for one listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WantedPrice {
    /// Which.
    pub listing_id: ListingId,
    /// The price, in the listing's currency.
    pub price: Money,
    /// The struck-through price: left as it is where not given, taken away
    /// where `null`.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Money>))]
    pub compare_at: Option<Option<Money>>,
}

/// Tells a field that is `null` from one that is not there.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A share by which prices move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceShift {
    /// In hundredths of a per cent: 1,000 adds a tenth, -1,000 takes it off.
    pub basis_points: i32,
    /// What becomes of the last digits.
    #[serde(default = "PriceShift::nearest")]
    pub rounding: Rounding,
    /// Only listings of this product.
    #[serde(default)]
    pub product_id: Option<ProductId>,
    /// Only products with these words in title, vendor or SKU.
    #[serde(default)]
    pub search: String,
}

impl PriceShift {
    const fn nearest() -> Rounding {
        Rounding::Nearest
    }
}

/// What `PUT …/listings/{id}/price` takes: a push of one price, applied at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewPrice {
    /// The price, in the listing's currency.
    pub price: Money,
    /// The struck-through price: left as it is where not given, taken away
    /// where `null`.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Money>))]
    pub compare_at: Option<Option<Money>>,
    /// The price that the caller last saw: refused where it has moved since.
    #[serde(default)]
    pub expected: Option<Money>,
    /// Why, for the record of price changes.
    #[serde(default)]
    pub reason: String,
}

/// A push as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PricePushView {
    /// Its id.
    pub id: PricePushId,
    /// Where it stands.
    pub status: PricePushStatus,
    /// Why, as the person said.
    pub reason: String,
    /// The push whose prices this one takes back.
    pub reverts: Option<PricePushId>,
    /// Of what the preview saw and means to do, in hexadecimal: what is applied
    /// names it. `null` while it is being prepared.
    pub hash: Option<String>,
    /// Who asked for it.
    pub created_by: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was applied.
    pub applied_at: Option<DateTime<Utc>>,
    /// When the last price came to its end.
    pub completed_at: Option<DateTime<Utc>>,
    /// Why it could not be prepared.
    pub error: Option<String>,
    /// Prices to send.
    pub items_planned: i64,
    /// Prices that the stores have already.
    pub items_same: i64,
    /// Prices that break a rule, and are left out.
    pub items_refused: i64,
    /// Of those refused, how many are only counted: of a table with very many
    /// that cannot be read or name nothing, the first are listed.
    pub items_refused_unlisted: i64,
    /// While it is being prepared: lines or listings looked at so far.
    pub items_read: i64,
    /// Of those to send: the store shows them.
    pub items_observed: i64,
    /// Of those to send: taken, not shown yet.
    pub items_accepted: i64,
    /// Of those to send: not taken.
    pub items_failed: i64,
    /// What the platforms of its stores said when they were asked before: one
    /// for each store that was.
    pub checks: Vec<PriceCheckView>,
}

impl PricePushView {
    /// Prices that are still to be sent or answered.
    pub const fn items_waiting(&self) -> i64 {
        self.items_planned - self.items_observed - self.items_accepted - self.items_failed
    }

    /// Whether a platform is being asked about its prices.
    pub fn is_being_checked(&self) -> bool {
        self.checks.iter().any(|check| check.status.is_active())
    }

    /// Prices that the platforms refused in the trial.
    pub fn items_refused_in_trial(&self) -> i64 {
        self.checks.iter().map(|check| check.items_refused).sum()
    }
}

/// One price of a push: a line of its diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceItemView {
    /// Its number within the push.
    pub ordinal: i64,
    /// Where it stood in what was pasted or uploaded, from 1.
    pub line: Option<i64>,
    /// How the line named the listing.
    pub reference: String,
    /// The listing; `null` where none was found.
    pub listing_id: Option<ListingId>,
    /// Its store.
    pub integration_id: Option<IntegrationId>,
    /// That store's name.
    pub integration_name: Option<String>,
    /// The product's and the variant's title.
    pub title: Option<String>,
    /// The stock keeping unit.
    pub sku: Option<String>,
    /// What it costs at the moment of the preview.
    pub old_price: Option<Money>,
    /// What it is to cost.
    pub new_price: Option<Money>,
    /// The struck-through price at the moment of the preview.
    pub old_compare_at: Option<Money>,
    /// What that is to be.
    pub new_compare_at: Option<Money>,
    /// Where it stands.
    pub status: PriceItemStatus,
    /// A short code of what is wrong.
    pub code: Option<String>,
    /// What is wrong, and what to do; or what the platform said beside.
    pub message: Option<String>,
    /// What the platform said when it was asked before; `null` where it was not.
    pub trial: Option<PriceTrialView>,
}

/// A price that moved on a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceChangeView {
    /// The listing.
    pub listing_id: ListingId,
    /// What it cost before; `null` where it had no price.
    pub old_price: Option<Money>,
    /// What it costs since; `null` where it has no price.
    pub new_price: Option<Money>,
    /// Since when, as well as that is known.
    pub at: DateTime<Utc>,
    /// Who moved it.
    pub source: PriceSource,
    /// Why.
    pub reason: String,
    /// The person's name, where a person asked for it here.
    pub by: Option<String>,
    /// The push that moved it.
    pub push_id: Option<PricePushId>,
}

/// Where a listing's price stands on its way to the store. Each step has its
/// price and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceLedgerView {
    /// The push that wanted it.
    pub push_id: PricePushId,
    /// What was wanted.
    pub desired: LedgerStep,
    /// What was sent.
    pub sent: Option<LedgerStep>,
    /// What the platform took.
    pub accepted: Option<LedgerStep>,
    /// What the store was last seen to have.
    pub observed: Option<LedgerStep>,
    /// Whether the store was seen with another price after it took this one.
    pub drifted: bool,
}

/// Where the last price that was wanted for a listing stands, with what became
/// of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingLedgerView {
    /// The listing.
    pub listing_id: ListingId,
    /// The steps with their times.
    pub ledger: PriceLedgerView,
    /// Where the price stands.
    pub status: PriceItemStatus,
    /// What is wrong, or what the platform said beside.
    pub message: Option<String>,
}

/// One step of a price on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerStep {
    /// The price.
    pub price: Money,
    /// When.
    pub at: DateTime<Utc>,
}
