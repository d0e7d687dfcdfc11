//! Time as the sandbox sees it: injected, and movable so that tokens, signed links and cost
//! buckets can be made to age without waiting.

use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

/// Where the sandbox gets the time from.
pub trait Clock: Debug + Send + Sync {
    /// The present moment, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The time of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the sandbox's only reading of the wall clock; everything else takes a `Clock`"
    )]
    fn now(&self) -> DateTime<Utc> {
        std::time::SystemTime::now().into()
    }
}

/// A clock that stands still at one moment; move it with [`MovableClock::advance`].
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

/// A clock that runs as its base does, ahead of it by what it was advanced.
#[derive(Debug)]
pub struct MovableClock {
    base: Arc<dyn Clock>,
    ahead_milliseconds: AtomicI64,
    moved: Notify,
}

impl MovableClock {
    /// Starts level with `base`.
    pub fn new(base: Arc<dyn Clock>) -> Self {
        Self {
            base,
            ahead_milliseconds: AtomicI64::new(0),
            moved: Notify::new(),
        }
    }

    /// Moves the clock forward (or back, for a negative step).
    pub fn advance(&self, step: TimeDelta) {
        self.ahead_milliseconds
            .fetch_add(step.num_milliseconds(), Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    /// Waits until it is `moment`, whether time brings it or somebody moves the clock.
    pub(crate) async fn reach(&self, moment: DateTime<Utc>) {
        loop {
            let mut moved = pin!(self.moved.notified());
            moved.as_mut().enable();
            let Ok(left) = (moment - self.now()).to_std() else {
                return;
            };
            if left.is_zero() {
                return;
            }
            // Whichever comes first: then the clock is looked at again.
            tokio::time::timeout(left, moved).await.ok();
        }
    }
}

impl Clock for MovableClock {
    fn now(&self) -> DateTime<Utc> {
        let ahead = TimeDelta::milliseconds(self.ahead_milliseconds.load(Ordering::SeqCst));
        self.base
            .now()
            .checked_add_signed(ahead)
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movable_clock_is_ahead_by_what_it_was_advanced() {
        let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let clock = MovableClock::new(Arc::new(FixedClock(start)));

        clock.advance(TimeDelta::hours(2));
        clock.advance(TimeDelta::minutes(-30));

        assert_eq!(clock.now() - start, TimeDelta::minutes(90));
    }
}
