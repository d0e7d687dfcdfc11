use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::money::Money;

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
