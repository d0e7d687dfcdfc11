//! Platforms' rates, kept to by all replicas together.

use std::time::Duration;

use async_trait::async_trait;
use calibr_connectors::{ConnectorError, Fault, Rate, RateBudget, budget::too_long};
use calibr_store::{
    Db, StoreError,
    rate_buckets::{BucketRate, Token},
};

/// Token buckets in the database, for every process that works on it.
#[derive(Debug, Clone)]
pub struct SharedBudget {
    db: Db,
}

impl SharedBudget {
    /// The buckets of this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl RateBudget for SharedBudget {
    async fn take(
        &self,
        key: &str,
        rate: Rate,
        longest: Duration,
    ) -> Result<Duration, ConnectorError> {
        match self.db.take_token(key, stored(rate), longest).await {
            Ok(Token::Taken(wait)) => Ok(wait),
            Ok(Token::TooFar(wait)) => Err(too_long(wait)),
            Err(error) => Err(not_counted(&error)),
        }
    }

    async fn drained(&self, key: &str, rate: Rate) -> Result<(), ConnectorError> {
        let drained = self.db.drain_bucket(key, stored(rate)).await;
        drained.map_err(|error| not_counted(&error))
    }
}

fn stored(rate: Rate) -> BucketRate {
    BucketRate {
        per_second: rate.per_second,
        burst: rate.burst,
    }
}

/// A call that cannot be counted is not made.
fn not_counted(error: &StoreError) -> ConnectorError {
    tracing::warn!(%error, "calls of a platform cannot be counted");
    ConnectorError::new(
        Fault::Server,
        "The database did not answer, so the store was not called: its platform allows only so \
         many calls, and they are counted there.",
    )
}
