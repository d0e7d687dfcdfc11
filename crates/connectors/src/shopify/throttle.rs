//! Keeps within a shop's budget of points.
//!
//! Shopify keeps a bucket of points for each app at each shop, refilled at a
//! steady rate ([rate limits](https://shopify.dev/docs/api/usage/limits)).
//! Every answer tells how full it is; what is expected to not fit waits before
//! it is sent.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use tokio::time::Instant;

use crate::waits;

/// Points kept in hand, for others who use the same bucket.
const IN_HAND: f64 = 10.0;
/// The longest wait before a call; whatever the arithmetic says, then it is
/// tried.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// `extensions.cost` of an answer.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    #[serde(default)]
    requested_query_cost: Option<f64>,
    #[serde(default)]
    throttle_status: Option<ThrottleStatus>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThrottleStatus {
    maximum_available: f64,
    currently_available: f64,
    restore_rate: f64,
}

impl Cost {
    /// How long until a refused call fits; a second where Shopify does not say.
    pub(super) fn wait(&self) -> Duration {
        let seconds = match (self.requested_query_cost, self.throttle_status) {
            (Some(requested), Some(status)) if status.restore_rate > 0.0 => {
                (requested - status.currently_available) / status.restore_rate
            }
            _ => 1.0,
        };
        Duration::try_from_secs_f64(seconds.max(0.1))
            .unwrap_or(LONGEST_WAIT)
            .min(LONGEST_WAIT)
    }
}

/// The bucket of one shop, as far as it is known. Shared by all who call it.
#[derive(Debug, Default)]
pub(super) struct Budget {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What Shopify said last, and when.
    told: Option<(ThrottleStatus, Instant)>,
    /// What calls that are under way may cost.
    reserved: f64,
    /// What an operation was said to cost.
    costs: HashMap<&'static str, f64>,
}

/// Points set aside for a call; given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation<'a> {
    budget: &'a Budget,
    operation: &'static str,
    points: f64,
}

impl Budget {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call fits, and sets its points aside. `estimate` is what
    /// the operation costs until Shopify has said it.
    pub(super) async fn reserve(&self, operation: &'static str, estimate: u32) -> Reservation<'_> {
        let (reservation, wait) = self.set_aside(operation, estimate, Instant::now());
        if !wait.is_zero() {
            tracing::debug!(
                operation,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "waiting for the shop's budget"
            );
            let why = || "Shopify's budget of points is used up; it fills again.".to_owned();
            waits::wait(wait, why).await;
        }
        reservation
    }

    fn set_aside(
        &self,
        operation: &'static str,
        estimate: u32,
        now: Instant,
    ) -> (Reservation<'_>, Duration) {
        let mut state = self.state();
        let points = state
            .costs
            .get(operation)
            .copied()
            .unwrap_or(f64::from(estimate));
        let wait = state.wait_for(points, now);
        state.reserved += points;
        let reservation = Reservation {
            budget: self,
            operation,
            points,
        };
        (reservation, wait)
    }
}

impl State {
    fn wait_for(&self, points: f64, now: Instant) -> Duration {
        let Some((status, at)) = self.told else {
            return Duration::ZERO;
        };
        if status.restore_rate <= 0.0 {
            return Duration::ZERO;
        }
        let restored = now.saturating_duration_since(at).as_secs_f64() * status.restore_rate;
        let available = (status.currently_available + restored).min(status.maximum_available);
        // A call of more than the bucket holds can only go when it is full.
        let needed = (points + IN_HAND).min(status.maximum_available);
        let short = needed - (available - self.reserved);
        if short <= 0.0 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(short / status.restore_rate)
            .unwrap_or(LONGEST_WAIT)
            .min(LONGEST_WAIT)
    }
}

impl Reservation<'_> {
    /// Takes in what the answer says of cost and bucket.
    pub(super) fn settle(self, cost: Option<&Cost>) {
        let Some(cost) = cost else { return };
        let mut state = self.budget.state();
        if let Some(requested) = cost.requested_query_cost {
            state.costs.insert(self.operation, requested);
        }
        if let Some(status) = cost.throttle_status {
            state.told = Some((status, Instant::now()));
        }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        state.reserved = (state.reserved - self.points).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(requested: f64, available: f64) -> Cost {
        Cost {
            requested_query_cost: Some(requested),
            throttle_status: Some(ThrottleStatus {
                maximum_available: 2000.0,
                currently_available: available,
                restore_rate: 100.0,
            }),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_fits_goes_at_once_and_what_does_not_waits_for_it() {
        let budget = Budget::default();
        budget
            .reserve("Products", 50)
            .await
            .settle(Some(&cost(310.0, 330.0)));
        let begun = Instant::now();
        budget
            .reserve("Products", 50)
            .await
            .settle(Some(&cost(310.0, 20.0)));
        assert_eq!(begun.elapsed(), Duration::ZERO);
        let reservation = budget.reserve("Products", 50).await;
        // 310 and 10 in hand are wanted, 20 are there: 300 at 100 a second.
        let waited = begun.elapsed();
        assert!(
            waited >= Duration::from_secs(3) && waited < Duration::from_millis(3_100),
            "{waited:?}"
        );
        drop(reservation);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_at_the_same_time_line_up() {
        let budget = Budget::default();
        budget
            .reserve("Products", 50)
            .await
            .settle(Some(&cost(100.0, 110.0)));
        let (first, no_wait) = budget.set_aside("Products", 50, Instant::now());
        let (second, wait) = budget.set_aside("Products", 50, Instant::now());
        assert_eq!(no_wait, Duration::ZERO);
        assert_eq!(wait, Duration::from_secs(1));
        drop((first, second));
        assert_eq!(budget.state().reserved, 0.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_larger_than_the_bucket_waits_for_it_to_be_full() {
        let budget = Budget::default();
        budget
            .reserve("Large", 50)
            .await
            .settle(Some(&cost(5000.0, 1500.0)));
        let (_reservation, wait) = budget.set_aside("Large", 50, Instant::now());
        assert_eq!(wait, Duration::from_secs(5));
    }

    #[test]
    fn a_refused_call_says_how_long_to_wait() {
        assert_eq!(cost(310.0, 60.0).wait(), Duration::from_millis(2_500));
        let silent: Cost = serde_json::from_str("{}").unwrap();
        assert_eq!(silent.wait(), Duration::from_secs(1));
        let nonsense = Cost {
            requested_query_cost: Some(f64::NAN),
            ..cost(1.0, 1.0)
        };
        assert!(nonsense.wait() <= LONGEST_WAIT);
    }
}
