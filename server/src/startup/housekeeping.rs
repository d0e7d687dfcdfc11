use std::time::Duration;

use calibr_services::Services;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::http::Limits;

const EVERY: Duration = Duration::from_mins(10);

/// Clears away what has run out, until `stopping` is cancelled.
pub(super) async fn keep_house(services: Services, limits: Limits, stopping: CancellationToken) {
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = clock.tick() => {}
            () = stopping.cancelled() => return,
        }
        limits.forget_idle();
        match remove_sessions(&services).await {
            Ok(0) => {}
            Ok(sessions) => tracing::debug!(sessions, "sessions that had run out were removed"),
            Err(error) => {
                tracing::warn!(%error, "sessions that have run out could not be removed; trying again later")
            }
        }
    }
}

async fn remove_sessions(services: &Services) -> Result<u64, calibr_store::StoreError> {
    let mut tx = services.db.system().await?;
    let removed = tx.remove_expired_sessions(services.sources.now()).await?;
    tx.commit().await?;
    Ok(removed)
}
