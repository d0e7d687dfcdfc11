use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{IntegrationId, ListingId},
    money::Money,
};

/// What a listing sold on one day in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DaySales {
    /// The day, in the project's time zone.
    pub day: NaiveDate,
    /// Units bought.
    pub units: i64,
    /// Of these, given back.
    pub refunded_units: i64,
    /// What was paid, discounts taken off.
    pub revenue: Money,
    /// What of it was paid back.
    pub refunded: Money,
}

/// What a product's listings in one store sold of late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSales {
    /// The store.
    pub integration_id: IntegrationId,
    /// Every order that was placed or changed before is counted; `null` where
    /// none was read yet.
    pub as_of: Option<DateTime<Utc>>,
    /// Why the store's orders cannot be read, and what to do.
    pub refused: Option<String>,
    /// By listing and currency; what sold nothing in 30 days is left out.
    pub listings: Vec<ListingSales>,
}

/// What a listing sold of late in one currency. Days are those of the project's
/// time zone, and today is the last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingSales {
    /// The listing.
    pub listing_id: ListingId,
    /// Today and the six days before.
    pub last_7_days: Sold,
    /// Today and the 29 days before.
    pub last_30_days: Sold,
}

/// Units and what they brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// Units bought.
    pub units: i64,
    /// Of these, given back.
    pub refunded_units: i64,
    /// What was paid, discounts taken off.
    pub revenue: Money,
    /// What of it was paid back.
    pub refunded: Money,
}
