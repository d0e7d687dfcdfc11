//! A platform's published rates, kept to by all workers together.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use calibr_model::Sources;
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use crate::error::ConnectorError;

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
    /// may be made. The token is taken whether or not the call is made.
    ///
    /// # Errors
    /// [`crate::Fault::Server`] where the bucket cannot be reached.
    async fn take(&self, key: &str, rate: Rate) -> Result<Duration, ConnectorError>;

    /// The platform said that the bucket is empty: nothing is left in it.
    ///
    /// # Errors
    /// As [`RateBudget::take`].
    async fn drained(&self, key: &str, rate: Rate) -> Result<(), ConnectorError>;
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
    async fn take(&self, key: &str, rate: Rate) -> Result<Duration, ConnectorError> {
        let mut buckets = self.buckets.lock().await;
        let now = self.sources.now();
        let tokens = Self::refilled(buckets.get(key), rate, now) - 1.0;
        buckets.insert(key.to_owned(), Bucket { tokens, at: now });
        let wait = if tokens >= 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(-tokens / rate.per_second)
        };
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
