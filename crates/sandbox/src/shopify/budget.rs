//! The leaking bucket of query cost that an app has with a shop.
//!
//! Rates by plan and the bucket of twenty seconds' worth: "GraphQL Admin API rate limits",
//! shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The most a single query may cost, whatever is in the bucket.
pub(crate) const MAXIMUM_QUERY_COST: u32 = 1_000;

/// What a merchant pays Shopify for, as far as it matters to an API client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// 100 points a second.
    #[default]
    Standard,
    /// 200 points a second.
    Advanced,
    /// 1,000 points a second.
    Plus,
    /// 2,000 points a second.
    Enterprise,
}

impl Plan {
    /// The plan's bucket.
    pub fn rate(self) -> Rate {
        let restore = match self {
            Self::Standard => 100,
            Self::Advanced => 200,
            Self::Plus => 1_000,
            Self::Enterprise => 2_000,
        };
        Rate {
            maximum: restore * 20,
            restore,
        }
    }

    /// The name that the API gives to the plan.
    pub(crate) fn display_name(self) -> &'static str {
        match self {
            Self::Standard => "Basic",
            Self::Advanced => "Advanced",
            Self::Plus => "Shopify Plus",
            Self::Enterprise => "Commerce Components",
        }
    }
}

/// Size and refill of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Points of a full bucket.
    pub maximum: u32,
    /// Points that come back in a second.
    pub restore: u32,
}

/// One app's bucket with one shop.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    available: f64,
    at: DateTime<Utc>,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: DateTime<Utc>) -> Self {
        Self {
            rate,
            available: f64::from(rate.maximum),
            at: now,
        }
    }

    /// Takes `cost` out, unless there is too little.
    pub(crate) fn take(&mut self, cost: u32, now: DateTime<Utc>) -> bool {
        self.refill(now);
        let enough = self.available >= f64::from(cost);
        if enough {
            self.available -= f64::from(cost);
        }
        enough
    }

    /// Gives back what a query cost less than it might have.
    pub(crate) fn refund(&mut self, points: u32, now: DateTime<Utc>) {
        self.refill(now);
        self.available = (self.available + f64::from(points)).min(f64::from(self.rate.maximum));
    }

    /// Whole points that can be spent.
    pub(crate) fn available(&self) -> u32 {
        self.available as u32
    }

    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    fn refill(&mut self, now: DateTime<Utc>) {
        let seconds = (now - self.at).num_milliseconds().max(0) as f64 / 1_000.0;
        self.available = (self.available + seconds * f64::from(self.rate.restore))
            .min(f64::from(self.rate.maximum));
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_bucket_refuses_what_it_does_not_hold_and_refills_with_time() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut bucket = Bucket::full(Plan::Standard.rate(), now);

        assert!(bucket.take(2_000, now));
        assert!(!bucket.take(1, now));
        assert!(!bucket.take(101, now + TimeDelta::seconds(1)));
        assert!(bucket.take(100, now + TimeDelta::seconds(1)));
        bucket.refund(50, now + TimeDelta::seconds(1));
        assert_eq!(bucket.available(), 50);
        bucket.refund(1, now + TimeDelta::hours(1));
        assert_eq!(bucket.available(), 2_000);
    }
}
