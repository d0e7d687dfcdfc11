//! Time and randomness, passed in wherever they are needed, so that a test can
//! hold time still and repeat chance.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// This moment, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// Gives unpredictable bytes.
pub trait Random: Send + Sync + fmt::Debug {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// Where a process takes time and randomness from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness, fit for secrets.
    pub random: Arc<dyn Random>,
}

impl Sources {
    /// This moment, in UTC.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// `N` unpredictable bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A new UUIDv7 for this moment.
    pub fn uuid(&self) -> Uuid {
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// A new id of any kind.
    pub fn id<I: From<Uuid>>(&self) -> I {
        self.uuid().into()
    }
}

#[cfg(feature = "system")]
mod system {
    use std::sync::Arc;

    use chrono::{DateTime, Utc};

    use super::{Clock, Random, Sources};

    /// The machine's clock.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct SystemClock;

    impl Clock for SystemClock {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the machine's clock"
        )]
        fn now(&self) -> DateTime<Utc> {
            Utc::now()
        }
    }

    /// The operating system's randomness.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct SystemRandom;

    impl Random for SystemRandom {
        #[expect(
            clippy::expect_used,
            reason = "without randomness from the system no secret can be made: stop"
        )]
        fn fill(&self, bytes: &mut [u8]) {
            getrandom::fill(bytes).expect("the operating system gives random bytes");
        }
    }

    impl Sources {
        /// The machine's own clock and randomness.
        pub fn system() -> Self {
            Self {
                clock: Arc::new(SystemClock),
                random: Arc::new(SystemRandom),
            }
        }
    }
}

#[cfg(feature = "system")]
pub use system::{SystemClock, SystemRandom};
