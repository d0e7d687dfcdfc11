//! The rates that Amazon publishes, and buckets that enforce them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Operation, calls a second, burst.
pub(super) const PUBLISHED: &[(&str, f64, f64)] = &[
    ("getMarketplaceParticipations", 0.016, 15.0),
    ("getListingsItem", 5.0, 10.0),
    ("searchListingsItems", 5.0, 5.0),
    ("patchListingsItem", 5.0, 5.0),
    ("createReport", 0.0167, 15.0),
    ("getReport", 2.0, 15.0),
    ("getReportDocument", 0.0167, 15.0),
    ("createFeedDocument", 0.5, 15.0),
    ("createFeed", 0.0083, 15.0),
    ("getFeed", 2.0, 15.0),
    ("getFeedDocument", 0.0222, 10.0),
    ("getCompetitiveSummary", 0.033, 1.0),
    ("searchOrders", 0.0056, 20.0),
    ("getOrder", 0.5, 30.0),
];

/// How often an operation was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Calls with a good token.
    pub calls: u64,
    /// Those of them that came faster than the published rate admits.
    pub too_fast: u64,
}

/// The buckets of one seller, by application and operation.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    buckets: HashMap<(String, &'static str), (f64, DateTime<Utc>)>,
    calls: BTreeMap<&'static str, Calls>,
}

impl Buckets {
    /// Takes a token; false where there is none. `faster` multiplies the rate,
    /// not the burst.
    pub(super) fn take(
        &mut self,
        app: &str,
        operation: &'static str,
        faster: f64,
        now: DateTime<Utc>,
    ) -> bool {
        let (rate, burst) = rate(operation);
        let bucket = self
            .buckets
            .entry((app.to_owned(), operation))
            .or_insert((burst, now));
        let seconds = (now - bucket.1).num_milliseconds().max(0) as f64 / 1_000.0;
        bucket.0 = (bucket.0 + seconds * rate * faster).min(burst);
        bucket.1 = now;
        let counted = self.calls.entry(operation).or_default();
        counted.calls += 1;
        if bucket.0 >= 1.0 {
            bucket.0 -= 1.0;
            return true;
        }
        counted.too_fast += 1;
        false
    }

    pub(super) fn calls(&self) -> BTreeMap<String, Calls> {
        self.calls
            .iter()
            .map(|(operation, calls)| ((*operation).to_owned(), *calls))
            .collect()
    }
}

pub(super) fn rate(operation: &str) -> (f64, f64) {
    PUBLISHED
        .iter()
        .find(|(name, ..)| *name == operation)
        .map_or((1.0, 1.0), |(_, rate, burst)| (*rate, *burst))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut buckets = Buckets::default();
        let start = DateTime::UNIX_EPOCH;
        let mut at = |seconds| {
            let now = start + TimeDelta::seconds(seconds);
            buckets.take("app", "getCompetitiveSummary", 1.0, now)
        };
        assert_eq!([at(0), at(0), at(20), at(31)], [true, false, false, true]);
        let calls = buckets.calls()["getCompetitiveSummary"];
        assert_eq!((calls.calls, calls.too_fast), (4, 2));
    }
}
