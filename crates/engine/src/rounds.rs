//! What is looked at again and again while the engine runs.

use std::time::Duration;

use calibr_store::StoreError;
use tokio::time::MissedTickBehavior;

use crate::Engine;

/// Looks at once, and then this often, until the engine stops: a look that is
/// under way is then given up. A look that failed is followed by the next one;
/// `who` is named in the log.
pub(crate) async fn go<Look>(
    engine: Engine,
    every: Duration,
    who: &'static str,
    look: impl Fn(Engine) -> Look + Send,
) where
    Look: Future<Output = Result<(), StoreError>> + Send,
{
    let mut clock = tokio::time::interval(every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let looks = async {
        loop {
            clock.tick().await;
            match look(engine.clone()).await {
                Ok(()) => {}
                Err(error) if error.is_transient() => {
                    tracing::debug!(%error, who, "a round waits for the database");
                }
                Err(error) => tracing::error!(%error, who, "a round failed"),
            }
        }
    };
    tokio::select! {
        () = engine.stopping.cancelled() => {}
        () = looks => {}
    }
}
