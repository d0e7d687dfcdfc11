//! Looks after the subscriptions: platforms end them without a word.

use std::time::Duration;

use calibr_model::{IntegrationId, ProjectId};
use calibr_store::{StoreError, runs::ClaimedRun};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};

use super::{Checked, read_the_gap, read_what_was_held_back};
use crate::{Engine, error::EngineError, rounds};

/// How often the database is asked whose turn it is.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often an integration's subscriptions are compared, in seconds.
const CHECK_EVERY_SECONDS: f64 = 15.0 * 60.0;

/// Stores that are compared at once.
const AT_ONCE: usize = 4;

/// Watches until the engine stops.
pub(crate) async fn watch(engine: Engine) {
    let keeper = engine.settings.keeper();
    if keeper.reached_at.is_none() {
        return;
    }
    let platforms: Vec<String> = keeper
        .registry
        .platforms()
        .filter(|platform| keeper.sends(&platform.id))
        .map(|platform| platform.id.to_string())
        .collect();
    rounds::go(engine, LOOK_EVERY, "guardian of webhooks", |engine| {
        let platforms = platforms.clone();
        async move { look(&engine, &platforms).await }
    })
    .await;
}

async fn look(engine: &Engine, platforms: &[String]) -> Result<(), StoreError> {
    let mut tx = engine.settings.db.system().await?;
    let due = tx
        .due_webhook_checks(platforms, CHECK_EVERY_SECONDS)
        .await?;
    tx.commit().await?;
    let checks: Vec<BoxFuture<'_, ()>> = due
        .into_iter()
        .map(|(project, integration)| guard(engine, project, integration).boxed())
        .collect();
    stream::iter(checks)
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
    Ok(())
}

async fn guard(engine: &Engine, project: ProjectId, integration: IntegrationId) {
    if let Err(error) = check_and_reconcile(engine, project, integration).await {
        tracing::warn!(%project, %integration, %error, "webhooks could not be looked after");
    }
}

/// Compares one integration's subscriptions, and has read what was missed
/// meanwhile.
async fn check_and_reconcile(
    engine: &Engine,
    project: ProjectId,
    id: IntegrationId,
) -> Result<(), EngineError> {
    let Some(checked) = check(engine, project, id).await? else {
        return Ok(());
    };
    let mut tx = engine.settings.db.tenant(project).await?;
    let sources = &engine.settings.sources;
    if tx.hold_integration(id).await?.is_some() {
        if checked.mended > 0 {
            read_the_gap(&mut tx, id, sources).await?;
        } else {
            // What a run that failed has not read.
            read_what_was_held_back(&mut tx, id, sources).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Before a run reads: what is subscribed to now cannot be missed by it, and
/// what was missed it reads. Whatever comes of it, the run goes on.
pub(crate) async fn before_reading(engine: &Engine, run: &ClaimedRun) {
    if engine.settings.reached_at.is_none() {
        return;
    }
    match check(engine, run.project, run.integration).await {
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(run = %run.id, %error, "webhooks could not be looked after");
        }
    }
}

/// `None` where it is not the time, or another is at it.
async fn check(
    engine: &Engine,
    project: ProjectId,
    id: IntegrationId,
) -> Result<Option<Checked>, EngineError> {
    let mut tx = engine.settings.db.tenant(project).await?;
    if !tx.claim_webhook_check(id, CHECK_EVERY_SECONDS).await? {
        return Ok(None);
    }
    tx.commit().await?;
    engine.settings.keeper().check(project, id, false).await
}
