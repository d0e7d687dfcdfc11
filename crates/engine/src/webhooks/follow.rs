//! The end of a run, as far as messages came while it was under way.

use std::time::Duration;

use calibr_model::status::SyncStatus;
use calibr_store::{
    StoreError, TenantTx,
    runs::{ClaimedRun, Outcome},
};

use super::read_what_was_told;
use crate::Engine;

/// A store that changes all the time is read again and again, with at least this
/// in between.
const BREATH: Duration = Duration::from_secs(2);

/// A product that the run read before it was deleted came back by that: it goes
/// again. One that was restored since is read by the run that follows. Must come
/// first in its transaction.
pub(crate) async fn forget_what_was_deleted(
    engine: &Engine,
    tx: &mut TenantTx,
    run: &ClaimedRun,
) -> Result<(), StoreError> {
    let deleted = tx
        .deletions_told_since(run.integration, run.started_at)
        .await?;
    if !deleted.is_empty() {
        let now = engine.settings.sources.now();
        tx.mark_deleted(run.integration, &deleted, now).await?;
    }
    Ok(())
}

/// Lets another run follow where more was told than this one has read. After a
/// failure none follows: the next message or the guardian asks for it.
pub(crate) async fn came_to_an_end(
    engine: &Engine,
    tx: &mut TenantTx,
    run: &ClaimedRun,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    // Others read nothing, or only what they were told to.
    if run.r#type.reads_changes() {
        if !matches!(outcome.status, SyncStatus::Success | SyncStatus::Partial) {
            return Ok(());
        }
        tx.changes_were_read(run.id).await?;
    }
    let sources = &engine.settings.sources;
    read_what_was_told(tx, run.integration, BREATH, sources).await
}
