//! Token buckets that all replicas share: how often a platform may be called.

use std::time::Duration;

use crate::{
    db::{Db, SystemTx},
    error::StoreError,
};

/// The slowest rate that is reckoned with: a token in eleven days.
const SLOWEST: f64 = 1e-6;

/// How a bucket fills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BucketRate {
    /// Tokens that come back a second.
    pub per_second: f64,
    /// Tokens that it holds when it is full; one at least.
    pub burst: f64,
}

impl BucketRate {
    fn per_second(self) -> f64 {
        self.per_second.max(SLOWEST)
    }
}

/// What became of asking for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// It is the caller's, who waits for so long before using it.
    Taken(Duration),
    /// It would have to be waited for longer than the caller will: nothing was
    /// taken.
    TooFar(Duration),
}

impl Db {
    /// Takes a token of a bucket, by the database's clock. A bucket that nobody
    /// has touched is full; one whose tokens are waited for gives them in the
    /// order of asking.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_token(
        &self,
        bucket: &str,
        rate: BucketRate,
        longest: Duration,
    ) -> Result<Token, StoreError> {
        let mut tx = self.system().await?;
        let token = tx.take_token(bucket, rate, longest).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Leaves nothing in a bucket. One that is waited for already stays so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drain_bucket(&self, bucket: &str, rate: BucketRate) -> Result<(), StoreError> {
        let mut tx = self.system().await?;
        sqlx::query(
            "INSERT INTO rate_buckets AS b (key, tokens, counted_at, full_at)
             SELECT sha256(convert_to($1, 'UTF8')), 0, t, t + make_interval(secs => $3 / $2)
             FROM (SELECT clock_timestamp() AS t) clock
             ON CONFLICT (key) DO UPDATE SET (tokens, counted_at, full_at) = (
                 SELECT held, t, t + make_interval(secs => ($3 - held) / $2)
                 FROM (SELECT t, least(calibr_refilled(b.tokens, t - b.counted_at, $2, $3), 0) AS held
                       FROM (SELECT clock_timestamp() AS t) clock) counted)",
        )
        .bind(bucket)
        .bind(rate.per_second())
        .bind(rate.burst)
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Clears away the buckets that are full again; gives how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_full_buckets(&self) -> Result<u64, StoreError> {
        let mut tx = self.system().await?;
        let removed = sqlx::query("DELETE FROM rate_buckets WHERE full_at <= clock_timestamp()")
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(removed.rows_affected())
    }
}

impl SystemTx {
    /// One statement takes it: whoever else asks waits for the row, and counts
    /// from what is left.
    async fn take_token(
        &mut self,
        bucket: &str,
        rate: BucketRate,
        longest: Duration,
    ) -> Result<Token, StoreError> {
        let left: Option<f64> = sqlx::query_scalar(
            "INSERT INTO rate_buckets AS b (key, tokens, counted_at, full_at)
             SELECT sha256(convert_to($1, 'UTF8')), $3 - 1, t, t + make_interval(secs => 1 / $2)
             FROM (SELECT clock_timestamp() AS t) clock
             ON CONFLICT (key) DO UPDATE SET (tokens, counted_at, full_at) = (
                 SELECT held, t, t + make_interval(secs => ($3 - held) / $2)
                 FROM (SELECT t, calibr_refilled(b.tokens, t - b.counted_at, $2, $3) - 1 AS held
                       FROM (SELECT clock_timestamp() AS t) clock) counted)
             WHERE calibr_refilled(b.tokens, clock_timestamp() - b.counted_at, $2, $3) - 1
                   >= -$2 * $4
             RETURNING tokens",
        )
        .bind(bucket)
        .bind(rate.per_second())
        .bind(rate.burst)
        .bind(longest.as_secs_f64())
        .fetch_optional(self.conn())
        .await?;
        if let Some(left) = left {
            return Ok(Token::Taken(wait_for(left, rate)));
        }
        let left: Option<f64> = sqlx::query_scalar(
            "SELECT calibr_refilled(tokens, clock_timestamp() - counted_at, $2, $3) - 1
             FROM rate_buckets WHERE key = sha256(convert_to($1, 'UTF8'))",
        )
        .bind(bucket)
        .bind(rate.per_second())
        .bind(rate.burst)
        .fetch_optional(self.conn())
        .await?;
        Ok(Token::TooFar(
            left.map_or(longest, |left| wait_for(left, rate)),
        ))
    }
}

/// How long until a bucket that holds so many has them all.
fn wait_for(left: f64, rate: BucketRate) -> Duration {
    Duration::try_from_secs_f64((-left / rate.per_second()).max(0.0)).unwrap_or(Duration::MAX)
}
