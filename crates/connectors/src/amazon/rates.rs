//! How often each operation may be called, as Amazon's models publish it
//! ([usage plans](https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits-in-the-sp-api)).
//! Buckets belong to a pair of seller and application.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    budget::{Rate, RateBudget},
    error::ConnectorError,
    waits,
};

/// An operation of the Selling Partner API, by the name its model gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Limit {
    pub(super) operation: &'static str,
    /// Calls a second, in ten-thousandths.
    per_second_e4: u32,
    burst: u32,
}

const fn limit(operation: &'static str, per_second_e4: u32, burst: u32) -> Limit {
    Limit {
        operation,
        per_second_e4,
        burst,
    }
}

pub(super) const PARTICIPATIONS: Limit = limit("getMarketplaceParticipations", 160, 15);
pub(super) const GET_LISTING: Limit = limit("getListingsItem", 50_000, 10);
pub(super) const SEARCH_LISTINGS: Limit = limit("searchListingsItems", 50_000, 5);
pub(super) const PATCH_LISTING: Limit = limit("patchListingsItem", 50_000, 5);
pub(super) const CREATE_REPORT: Limit = limit("createReport", 167, 15);
pub(super) const GET_REPORT: Limit = limit("getReport", 20_000, 15);
pub(super) const GET_REPORT_DOCUMENT: Limit = limit("getReportDocument", 167, 15);
pub(super) const CREATE_FEED_DOCUMENT: Limit = limit("createFeedDocument", 5_000, 15);
pub(super) const CREATE_FEED: Limit = limit("createFeed", 83, 15);
pub(super) const GET_FEED: Limit = limit("getFeed", 20_000, 15);
pub(super) const GET_FEED_DOCUMENT: Limit = limit("getFeedDocument", 222, 10);
pub(super) const COMPETITIVE_SUMMARY: Limit = limit("getCompetitiveSummary", 330, 1);
pub(super) const GET_ORDER: Limit = limit("getOrder", 5_000, 30);
pub(super) const SEARCH_ORDERS: Limit = limit("searchOrders", 56, 20);

/// The share of a rate that is used: calls that were sent evenly may arrive
/// closer together.
const USED: f64 = 0.95;

/// Where there is no call in hand, each waits this much longer, in seconds: one
/// may be held up on its way, and the next not.
const SLACK: f64 = 0.25;

impl Limit {
    /// As Amazon publishes it: calls a second in the long run, and calls at once.
    pub(super) fn published(self) -> (f64, f64) {
        (
            f64::from(self.per_second_e4) / 10_000.0,
            f64::from(self.burst),
        )
    }

    /// The rate that is kept to; `told` is what Amazon said of this seller.
    fn rate(self, told: Option<f64>) -> Rate {
        let (published, burst) = self.published();
        let per_second = told.unwrap_or(published) * USED;
        if burst > 2.0 {
            // One call in hand for the same reason.
            Rate {
                per_second,
                burst: burst - 1.0,
            }
        } else {
            Rate {
                per_second: 1.0 / (1.0 / per_second + SLACK),
                burst,
            }
        }
    }
}

/// The buckets of one seller.
pub(super) struct Buckets {
    budget: Arc<dyn RateBudget>,
    /// `amazon:{region}:{seller}`.
    prefix: String,
    told: Told,
}

/// The rates that Amazon's answers named, by bucket; shared by all stores of a
/// process.
pub(super) type Told = Arc<Mutex<HashMap<String, f64>>>;

impl Buckets {
    pub(super) fn new(budget: Arc<dyn RateBudget>, prefix: String, told: Told) -> Self {
        Self {
            budget,
            prefix,
            told,
        }
    }

    fn key(&self, limit: Limit) -> String {
        format!("{}:{}", self.prefix, limit.operation)
    }

    fn rate(&self, key: &str, limit: Limit) -> Rate {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        limit.rate(told.get(key).copied())
    }

    /// Waits until a call may be made.
    ///
    /// # Errors
    /// [`crate::Fault::Throttled`] where that is longer than `longest`.
    pub(super) async fn wait(&self, limit: Limit, longest: Duration) -> Result<(), ConnectorError> {
        let key = self.key(limit);
        let rate = self.rate(&key, limit);
        let wait = self.budget.take(&key, rate, longest).await?;
        if !wait.is_zero() {
            tracing::debug!(
                operation = limit.operation,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "waiting for Amazon's rate"
            );
            let why = || format!("Amazon allows {} only so often.", limit.operation);
            waits::wait(wait, why).await;
        }
        Ok(())
    }

    /// Takes in the rate that an answer named (`x-amzn-RateLimit-Limit`).
    pub(super) fn learn(&self, limit: Limit, header: Option<&str>) {
        let named = header
            .and_then(|text| text.trim().parse::<f64>().ok())
            .filter(|rate| rate.is_finite() && *rate > 0.0 && *rate <= 10_000.0);
        if let Some(rate) = named {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.insert(self.key(limit), rate);
        }
    }

    /// Amazon said that it was too much: gives how long until a call fits again.
    /// The answer itself names no rate.
    pub(super) async fn drained(&self, limit: Limit) -> Result<Duration, ConnectorError> {
        let key = self.key(limit);
        let rate = self.rate(&key, limit);
        self.budget.drained(&key, rate).await?;
        Ok(Duration::try_from_secs_f64(1.0 / rate.per_second).unwrap_or(Duration::from_secs(60)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_leave_a_margin_below_what_is_published() {
        let orders = SEARCH_ORDERS.rate(None);
        assert!((orders.per_second - 0.0056 * 0.95).abs() < 1e-9);
        assert_eq!(orders.burst, 19.0);
        let offers = COMPETITIVE_SUMMARY.rate(None);
        assert_eq!(offers.burst, 1.0);
        let period = 1.0 / offers.per_second;
        assert!(
            (period - (1.0 / (0.033 * 0.95) + 0.25)).abs() < 1e-6,
            "{period}"
        );
        assert!((SEARCH_ORDERS.rate(Some(2.0)).per_second - 1.9).abs() < 1e-9);
    }
}
