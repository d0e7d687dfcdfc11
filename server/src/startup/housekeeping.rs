use std::time::Duration;

use calibr_services::{Services, failures::ANSWERS_KEPT};
use calibr_store::StoreError;
use chrono::TimeDelta;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::http::Limits;

const EVERY: Duration = Duration::from_mins(10);

/// How long after the end of a connect attempt somebody who comes back is told that it was too late.
const TOLD_LATE: TimeDelta = TimeDelta::hours(1);

/// How long messages of platforms stay in the log.
const MESSAGES_KEPT: TimeDelta = TimeDelta::days(30);

/// How long previews of prices that were thrown away, or that nobody applied, can still be looked at. They may have a
/// million prices each.
const PREVIEWS_KEPT: TimeDelta = TimeDelta::days(7);

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
        for (what, removed) in [
            ("sessions", remove_sessions(&services).await),
            ("connect attempts", remove_connect_attempts(&services).await),
            ("webhook deliveries", remove_deliveries(&services).await),
            ("platforms' answers", remove_answers(&services).await),
            ("price previews", remove_previews(&services).await),
            ("rate buckets", services.db.remove_full_buckets().await),
        ] {
            match removed {
                Ok(0) => {}
                Ok(removed) => tracing::debug!(what, removed, "removed what had run out"),
                Err(error) => {
                    tracing::warn!(what, %error, "what has run out could not be removed; trying again later");
                }
            }
        }
    }
}

async fn remove_sessions(services: &Services) -> Result<u64, StoreError> {
    let mut tx = services.db.system().await?;
    let removed = tx.remove_expired_sessions(services.sources.now()).await?;
    tx.commit().await?;
    Ok(removed)
}

async fn remove_connect_attempts(services: &Services) -> Result<u64, StoreError> {
    let before = services.sources.now() - TOLD_LATE;
    let mut tx = services.db.system().await?;
    let removed = tx.remove_connect_attempts(before).await?;
    tx.commit().await?;
    Ok(removed)
}

async fn remove_deliveries(services: &Services) -> Result<u64, StoreError> {
    let before = services.sources.now() - MESSAGES_KEPT;
    let mut tx = services.db.system().await?;
    let removed = tx.remove_webhook_deliveries(before).await?;
    tx.commit().await?;
    Ok(removed)
}

async fn remove_answers(services: &Services) -> Result<u64, StoreError> {
    let before = services.sources.now() - ANSWERS_KEPT;
    let mut tx = services.db.system().await?;
    let removed = tx.expunge_old_answers(before).await?;
    tx.commit().await?;
    Ok(removed)
}

async fn remove_previews(services: &Services) -> Result<u64, StoreError> {
    let before = services.sources.now() - PREVIEWS_KEPT;
    let mut tx = services.db.system().await?;
    let removed = tx.remove_unapplied_price_pushes(before).await?;
    tx.commit().await?;
    Ok(removed)
}
