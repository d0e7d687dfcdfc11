//! Trying again what failed for a while: when, and when no longer.

use std::time::Duration;

use calibr_model::Sources;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::{
    error::{ConnectorError, Fault},
    waits,
};

/// How patient a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often a call is made in all, the first time included.
    pub attempts: u32,
    /// The longest the first pause may be; it doubles with every further one.
    pub first_pause: Duration,
    /// The longest any pause may be that nobody asked for.
    pub longest_pause: Duration,
    /// The longest pause a host may ask for; beyond that the failure goes to
    /// the caller, with the wish.
    pub longest_wish: Duration,
    /// How long pauses and calls may take together.
    pub total: Duration,
}

impl Patience {
    /// For runs in the background.
    pub const RUN: Self = Self {
        attempts: 5,
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(30),
        longest_wish: Duration::from_secs(300),
        total: Duration::from_secs(600),
    };

    /// For a person who waits for the answer.
    pub const PERSON: Self = Self {
        attempts: 2,
        first_pause: Duration::from_millis(500),
        longest_pause: Duration::from_millis(500),
        longest_wish: Duration::from_secs(2),
        total: Duration::from_secs(15),
    };
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try again after this long.
    Pause(Duration),
    /// Give the failure to the caller.
    GiveUp,
}

/// The attempts at one call: pure, so that a test can go through all of it.
#[derive(Debug, Clone)]
pub struct Attempts {
    patience: Patience,
    failed: u32,
}

impl Attempts {
    /// None made yet.
    pub const fn new(patience: Patience) -> Self {
        Self {
            patience,
            failed: 0,
        }
    }

    /// How many have failed.
    pub const fn failed(&self) -> u32 {
        self.failed
    }

    /// Decides after a failure. `elapsed` is the time since the first attempt
    /// began; `chance` any evenly spread number, which the pause is drawn by
    /// (full jitter: anything from nothing to the step's longest), so that many
    /// who failed together do not come back together. A wish of the host is
    /// never undercut, and gets up to a tenth on top.
    pub fn after(&mut self, error: &ConnectorError, elapsed: Duration, chance: u32) -> Verdict {
        self.failed += 1;
        if !may_pass(error) || self.failed >= self.patience.attempts {
            return Verdict::GiveUp;
        }
        let spread = f64::from(chance) / f64::from(u32::MAX);
        let pause = match error.retry_after {
            Some(wish) if wish > self.patience.longest_wish => return Verdict::GiveUp,
            Some(wish) => wish + wish.mul_f64(spread / 10.0),
            None => {
                let doubled = 2_u32.saturating_pow(self.failed - 1);
                self.patience
                    .first_pause
                    .saturating_mul(doubled)
                    .min(self.patience.longest_pause)
                    .mul_f64(spread)
            }
        };
        if elapsed.saturating_add(pause) > self.patience.total {
            return Verdict::GiveUp;
        }
        Verdict::Pause(pause)
    }
}

/// Whether the same call may go through a moment later. A lost checkpoint is
/// not mended by asking again for the same.
fn may_pass(error: &ConnectorError) -> bool {
    error.is_retryable() && error.fault != Fault::CheckpointLost
}

/// The attempts at reading on where a stream was cut: patience begins anew with
/// whatever comes.
#[derive(Debug)]
pub(crate) struct Resumption {
    attempts: Attempts,
    failing_since: Option<Instant>,
}

impl Resumption {
    /// Nothing has failed yet.
    pub(crate) const fn new(patience: Patience) -> Self {
        Self {
            attempts: Attempts::new(patience),
            failing_since: None,
        }
    }

    /// Something came.
    pub(crate) fn went_on(&mut self) {
        *self = Self::new(self.attempts.patience);
    }

    /// Pauses before the stream is taken up at `offset`, in bytes.
    ///
    /// # Errors
    /// The failure, where patience has ended.
    pub(crate) async fn pause_after(
        &mut self,
        error: ConnectorError,
        offset: u64,
        sources: &Sources,
    ) -> Result<(), ConnectorError> {
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        let chance = u32::from_le_bytes(sources.bytes());
        match self.attempts.after(&error, since.elapsed(), chance) {
            Verdict::GiveUp => Err(error),
            Verdict::Pause(pause) => {
                tracing::debug!(
                    offset,
                    code = error.fault.code(),
                    "a download was cut and is taken up again"
                );
                waits::wait(pause, || error.message.clone()).await;
                Ok(())
            }
        }
    }
}

/// Makes `call` until it succeeds or patience ends; only for calls that may be
/// repeated. `call` is given how many attempts failed before.
///
/// # Errors
/// The last failure.
pub async fn run<T, Call, Calling>(
    patience: Patience,
    sources: &Sources,
    mut call: Call,
) -> Result<T, ConnectorError>
where
    Call: FnMut(u32) -> Calling,
    Calling: Future<Output = Result<T, ConnectorError>>,
{
    let begun = Instant::now();
    let mut attempts = Attempts::new(patience);
    loop {
        let error = match call(attempts.failed()).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let chance = u32::from_le_bytes(sources.bytes());
        match attempts.after(&error, begun.elapsed(), chance) {
            Verdict::GiveUp => return Err(error),
            Verdict::Pause(pause) => {
                tracing::debug!(
                    code = error.fault.code(),
                    pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    failed = attempts.failed(),
                    "a call failed and is tried again"
                );
                waits::wait(pause, || error.message.clone()).await;
            }
        }
    }
}

/// Reads `Retry-After`: seconds (also with a fraction, which some hosts send)
/// or an HTTP date ([RFC 9110, 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
/// A date gone by is no wait; anything else is `None`.
pub fn parse_retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = DateTime::parse_from_rfc2822(value).ok()?;
    Some((at.to_utc() - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    fn error(fault: Fault) -> ConnectorError {
        ConnectorError::new(fault, "it failed")
    }

    #[test]
    fn pauses_double_up_to_their_longest_and_then_patience_ends() {
        let patience = Patience {
            attempts: 8,
            longest_pause: Duration::from_secs(5),
            ..Patience::RUN
        };
        let mut attempts = Attempts::new(patience);
        let verdicts: Vec<_> = (0..8)
            .map(|_| attempts.after(&error(Fault::Server), Duration::ZERO, u32::MAX))
            .collect();
        let seconds = |s| Verdict::Pause(Duration::from_secs(s));
        assert_eq!(
            verdicts,
            [
                seconds(1),
                seconds(2),
                seconds(4),
                seconds(5),
                seconds(5),
                seconds(5),
                seconds(5),
                Verdict::GiveUp
            ]
        );
    }

    #[test]
    fn a_hosts_wish_is_obeyed_unless_it_asks_too_much() {
        let wish =
            |seconds| error(Fault::Throttled).retry_after(Some(Duration::from_secs(seconds)));
        let after = |error| Attempts::new(Patience::RUN).after(&error, Duration::ZERO, 0);
        assert_eq!(after(wish(7)), Verdict::Pause(Duration::from_secs(7)));
        assert_eq!(after(wish(300)), Verdict::Pause(Duration::from_secs(300)));
        assert_eq!(after(wish(301)), Verdict::GiveUp);
    }

    #[test]
    fn what_waiting_does_not_mend_is_not_tried_again() {
        for fault in [
            Fault::CredentialsRefused,
            Fault::Refused,
            Fault::BlockedAddress,
            Fault::CheckpointLost,
        ] {
            let verdict = Attempts::new(Patience::RUN).after(&error(fault), Duration::ZERO, 0);
            assert_eq!(verdict, Verdict::GiveUp, "{fault:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_recovers_is_waited_for() {
        let calls = Cell::new(0);
        let begun = Instant::now();
        let wish = Some(Duration::from_secs(20));
        let result = run(Patience::RUN, &Sources::system(), |failed| {
            calls.set(calls.get() + 1);
            async move {
                match failed {
                    0 | 1 => Err(error(Fault::Throttled).retry_after(wish)),
                    _ => Ok("there"),
                }
            }
        })
        .await;
        assert_eq!(result.unwrap(), "there");
        assert_eq!(calls.get(), 3);
        assert!(begun.elapsed() >= Duration::from_secs(40));
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_all_is_bounded() {
        let patience = Patience {
            attempts: 1000,
            ..Patience::RUN
        };
        let begun = Instant::now();
        let refused = run(patience, &Sources::system(), |_| async {
            Err::<(), _>(error(Fault::Unreachable))
        })
        .await
        .unwrap_err();
        assert_eq!(refused.fault, Fault::Unreachable);
        assert!(begun.elapsed() <= patience.total);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:00Z")
            .unwrap()
            .to_utc();
        let read = |value| parse_retry_after(value, now);
        assert_eq!(read(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(read("2.0"), Some(Duration::from_secs(2)));
        assert_eq!(
            read("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::from_secs(37))
        );
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["", "soon", "-1", "NaN", "inf"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(value in ".{0,40}", seconds: f64) {
            let now = DateTime::UNIX_EPOCH;
            let _text = parse_retry_after(&value, now);
            let _number = parse_retry_after(&seconds.to_string(), now);
        }

        #[test]
        fn pauses_stay_within_their_bounds(chances: [u32; 4], wish in prop::option::of(0_u64..300)) {
            let mut attempts = Attempts::new(Patience::RUN);
            let failure = error(Fault::Server).retry_after(wish.map(Duration::from_secs));
            for chance in chances {
                if let Verdict::Pause(pause) = attempts.after(&failure, Duration::ZERO, chance) {
                    let asked = wish.map(Duration::from_secs);
                    prop_assert!(pause >= asked.unwrap_or_default());
                    prop_assert!(pause <= asked.map_or(Patience::RUN.longest_pause, |a| a * 11 / 10 + Duration::from_millis(1)));
                }
            }
        }
    }
}
