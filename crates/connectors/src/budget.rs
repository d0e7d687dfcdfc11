//! A platform's published rates, kept to by all workers together.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use calibr_model::Sources;
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use crate::error::{ConnectorError, Fault};

/// A published rate: tokens come back at `per_second`, up to `burst`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Calls a second in the long run.
    pub per_second: f64,
    /// Calls at once after a rest.
    pub burst: f64,
}

/// Hands out calls within a rate. Kept outside the process where several
/// replicas call with the same credentials.
#[async_trait]
pub trait RateBudget: Send + Sync {
    /// Takes a token of the bucket `key`: gives how long to wait before the call
    /// may be made. The token is taken whether or not the call is made. Where the
    /// wait would be longer than `longest`, no token is taken: whoever comes
    /// again later does not find the bucket emptier for having asked.
    ///
    /// # Errors
    /// [`Fault::Throttled`] with the wait as `retry_after` where it is longer
    /// than `longest` (see [`too_long`]); [`Fault::Server`] where the bucket
    /// cannot be reached.
    async fn take(
        &self,
        key: &str,
        rate: Rate,
        longest: Duration,
    ) -> Result<Duration, ConnectorError>;

    /// The platform said that the bucket is empty: nothing is left in it.
    ///
    /// # Errors
    /// [`Fault::Server`] where the bucket cannot be reached.
    async fn drained(&self, key: &str, rate: Rate) -> Result<(), ConnectorError>;
}

/// What [`RateBudget::take`] answers where the wait is too long.
pub fn too_long(wait: Duration) -> ConnectorError {
    let seconds = wait.as_secs().max(1);
    let later = match seconds {
        1 => "in a second".to_owned(),
        2..120 => format!("in {seconds} seconds"),
        _ => format!("in {} minutes", seconds.div_ceil(60)),
    };
    ConnectorError::new(
        Fault::Throttled,
        format!("The platform allows only so many calls, and they are used up. Try again {later}."),
    )
    .retry_after(Some(wait))
}

/// Buckets of this process alone.
#[derive(Debug)]
pub struct LocalBudget {
    sources: Sources,
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// A bucket; fewer than none means that calls are waited for.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: DateTime<Utc>,
}

impl LocalBudget {
    /// Full buckets by this clock.
    pub fn new(sources: Sources) -> Self {
        Self {
            sources,
            buckets: Mutex::new(HashMap::new()),
        }
    }

    fn refilled(bucket: Option<&Bucket>, rate: Rate, now: DateTime<Utc>) -> f64 {
        let Some(bucket) = bucket else {
            return rate.burst;
        };
        let seconds = (now - bucket.at).num_milliseconds().max(0) as f64 / 1_000.0;
        (bucket.tokens + seconds * rate.per_second).min(rate.burst)
    }
}

#[async_trait]
impl RateBudget for LocalBudget {
    async fn take(
        &self,
        key: &str,
        rate: Rate,
        longest: Duration,
    ) -> Result<Duration, ConnectorError> {
        let mut buckets = self.buckets.lock().await;
        let now = self.sources.now();
        let tokens = Self::refilled(buckets.get(key), rate, now) - 1.0;
        let wait = if tokens >= 0.0 {
            Duration::ZERO
        } else {
            Duration::try_from_secs_f64(-tokens / rate.per_second).unwrap_or(Duration::MAX)
        };
        if wait > longest {
            return Err(too_long(wait));
        }
        buckets.insert(key.to_owned(), Bucket { tokens, at: now });
        Ok(wait)
    }

    async fn drained(&self, key: &str, rate: Rate) -> Result<(), ConnectorError> {
        let mut buckets = self.buckets.lock().await;
        let now = self.sources.now();
        let tokens = Self::refilled(buckets.get(key), rate, now).min(0.0);
        buckets.insert(key.to_owned(), Bucket { tokens, at: now });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex as Held};

    use calibr_model::{Clock, Random};
    use chrono::TimeDelta;

    use super::*;

    #[derive(Debug)]
    struct Hands(Held<DateTime<Utc>>);

    impl Clock for Hands {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }
    }

    #[derive(Debug)]
    struct NoChance;

    impl Random for NoChance {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    const RATE: Rate = Rate {
        per_second: 0.5,
        burst: 2.0,
    };
    const MINUTE: Duration = Duration::from_secs(60);

    fn budget() -> (LocalBudget, Arc<Hands>) {
        let hands = Arc::new(Hands(Held::new(DateTime::UNIX_EPOCH)));
        let sources = Sources {
            clock: hands.clone(),
            random: Arc::new(NoChance),
        };
        (LocalBudget::new(sources), hands)
    }

    #[tokio::test]
    async fn what_is_beyond_the_burst_lines_up_at_the_rate() {
        let (budget, hands) = budget();
        let mut waits = Vec::new();
        for _ in 0..4 {
            waits.push(budget.take("a", RATE, MINUTE).await.unwrap().as_secs());
        }
        assert_eq!(waits, [0, 0, 2, 4]);
        assert!(budget.take("b", RATE, MINUTE).await.unwrap().is_zero());
        *hands.0.lock().unwrap() += TimeDelta::minutes(1);
        assert!(budget.take("a", RATE, MINUTE).await.unwrap().is_zero());
    }

    #[tokio::test]
    async fn a_wait_that_is_too_long_takes_nothing() {
        let (budget, _hands) = budget();
        budget.drained("a", RATE).await.unwrap();
        for _ in 0..3 {
            let refused = budget
                .take("a", RATE, Duration::from_secs(1))
                .await
                .unwrap_err();
            assert_eq!(refused.fault, Fault::Throttled);
            assert_eq!(refused.retry_after, Some(Duration::from_secs(2)));
        }
        assert_eq!(
            budget.take("a", RATE, MINUTE).await.unwrap(),
            Duration::from_secs(2)
        );
    }
}
