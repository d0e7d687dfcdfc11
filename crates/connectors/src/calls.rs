//! How one store is called: what its settings say beside the operator's.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    budget::{Rate, RateBudget},
    error::ConnectorError,
};

/// How long a call waits for its turn; where it would be longer, the run goes
/// back to the queue meanwhile.
const LONGEST_TURN: Duration = Duration::from_secs(60);

/// How a store is called; what is `None` is the connector's own choice.
#[derive(Debug, Clone, Default)]
pub struct CallSettings {
    /// Records asked for at once, where the platform lets that be chosen.
    pub page_size: Option<u32>,
    /// How long one call may take.
    pub request_timeout: Option<Duration>,
    /// Certificates in PEM that are trusted for this store beside the operator's.
    pub ca_pem: Option<Vec<u8>>,
    /// How often it may be called.
    pub pace: Option<Pace>,
}

/// A cap on the calls to one store, kept to by all replicas together.
#[derive(Clone)]
pub struct Pace {
    /// The bucket.
    pub key: String,
    /// Calls a minute.
    pub per_minute: u32,
    /// Where calls are counted.
    pub budget: Arc<dyn RateBudget>,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace")
            .field("key", &self.key)
            .field("per_minute", &self.per_minute)
            .finish_non_exhaustive()
    }
}

impl Pace {
    /// Waits until a call may be made.
    ///
    /// # Errors
    /// [`crate::Fault::Throttled`] where that is not soon;
    /// [`crate::Fault::Server`] where calls cannot be counted.
    pub(crate) async fn wait(&self) -> Result<(), ConnectorError> {
        let rate = Rate {
            per_second: f64::from(self.per_minute) / 60.0,
            // Some at once: a page of a person's is several calls.
            burst: f64::from(self.per_minute).clamp(1.0, 10.0),
        };
        let wait = self.budget.take(&self.key, rate, LONGEST_TURN).await?;
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
