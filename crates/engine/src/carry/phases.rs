//! The phases of a run, over what the connector can do.

use std::sync::Arc;

use calibr_connectors::{CataloguePlan, Checkpoint, Scope, Store};
use calibr_model::{
    IntegrationId,
    event::ProjectEvent,
    status::{IntegrationStatus, RunEvent, RunPhase, RunType},
};
use calibr_store::{
    StoreError, TenantTx,
    catalogue::{BatchContext, BatchInput},
    integrations::IntegrationRecord,
    runs::{ClaimedRun, Outcome},
};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};

use super::{
    items, notes, orders,
    outcome::{self, Figures},
    prices,
    read_ahead::{ReadAhead, pass_on},
};
use crate::{Engine, error::EngineError, records, webhooks::guardian};

/// Goes on from where the run stands, to its end.
pub(super) async fn work(engine: &Engine, run: &mut ClaimedRun) -> Result<Outcome, EngineError> {
    let integration = integration(engine, run).await?;
    let store = engine.settings.keeper().open(&integration)?;
    if run.phase == RunPhase::Authenticate {
        enter(engine, run, RunPhase::Authenticate).await?;
    }
    tokio::select! {
        biased;
        () = engine.stopping.cancelled() => return Err(EngineError::Stopping),
        proven = authenticate(engine, run, store.as_ref()) => proven?,
    }

    settings_changed(engine, run, &integration).await?;
    let reads = run.r#type.reads_changes();
    let again = run.r#type == RunType::Retry;
    if reads && run.phase <= RunPhase::PullCatalogue {
        tokio::select! {
            biased;
            () = engine.stopping.cancelled() => return Err(EngineError::Stopping),
            () = guardian::before_reading(engine, run) => {}
        }
    }

    let mut figures = Figures {
        synced: run.items_synced,
        failed: run.failed.listings,
        expected: run.items_expected,
        orders_read: run.orders_read,
        orders_failed: run.failed.orders,
        prices_pushed: run.prices_pushed,
        prices_failed: run.failed.prices,
        gone: run.failed.gone,
    };
    let reads_catalogue = run.reads_catalogue;
    if reads_catalogue && run.phase <= RunPhase::PullCatalogue {
        enter(engine, run, RunPhase::PullCatalogue).await?;
        pull_catalogue(engine, run, Arc::clone(&store), &mut figures).await?;
        note(engine, run, &notes::catalogue(figures)).await?;
    }
    if again && run.phase <= RunPhase::PullCatalogue {
        if run.phase < RunPhase::PullCatalogue {
            items::announce(engine, run).await?;
        }
        enter(engine, run, RunPhase::PullCatalogue).await?;
        items::read_catalogue(engine, run, store.as_ref(), &mut figures).await?;
        note(engine, run, &notes::catalogue(figures)).await?;
    }
    if reads_catalogue && run.phase <= RunPhase::Reconcile {
        enter(engine, run, RunPhase::Reconcile).await?;
        reconcile(engine, run, figures).await?;
    }
    if run.phase <= RunPhase::PushPrices && prices::are_waiting(engine, run).await? {
        enter(engine, run, RunPhase::PushPrices).await?;
        prices::push(engine, run, store.as_ref(), &mut figures).await?;
    }
    if reads && run.phase <= RunPhase::PullOrders && store.orders().is_some() {
        enter(engine, run, RunPhase::PullOrders).await?;
        orders::pull(engine, run, store, &mut figures).await?;
        note(engine, run, &notes::orders(figures)).await?;
    } else if again && run.phase <= RunPhase::PullOrders && items::has_orders(engine, run).await? {
        enter(engine, run, RunPhase::PullOrders).await?;
        items::read_orders(engine, run, store.as_ref(), &mut figures).await?;
        note(engine, run, &notes::orders(figures)).await?;
    }
    enter(engine, run, RunPhase::Finish).await?;
    // Nothing of the catalogue is nothing amiss where it was not to be read.
    let r#type = match run.r#type {
        RunType::Full if !reads_catalogue => RunType::Incremental,
        other => other,
    };
    Ok(outcome::of(figures, r#type, integration.item_count))
}

async fn integration(engine: &Engine, run: &ClaimedRun) -> Result<IntegrationRecord, EngineError> {
    let mut tx = engine.settings.db.tenant(run.project).await?;
    tx.integration(run.integration)
        .await?
        .filter(|integration| integration.status != IntegrationStatus::Disconnected)
        .ok_or(EngineError::Disconnected)
}

/// Moves the run into a phase; a run that is taken up again in it stays there.
async fn enter(engine: &Engine, run: &mut ClaimedRun, phase: RunPhase) -> Result<(), StoreError> {
    let now = engine.settings.sources.now();
    let mut tx = engine.settings.db.tenant(run.project).await?;
    tx.enter_phase(run.id, run.worker, phase, now).await?;
    if run.phase != phase || phase == RunPhase::Authenticate {
        tx.log_run(run.id, RunEvent::Phase, &notes::phase(phase), now)
            .await?;
    }
    tx.commit().await?;
    if run.phase != phase {
        run.checkpoint = None;
    }
    run.phase = phase;
    Ok(())
}

/// Adds a line to the run's log.
async fn note(engine: &Engine, run: &ClaimedRun, text: &str) -> Result<(), StoreError> {
    let now = engine.settings.sources.now();
    let mut tx = engine.settings.db.tenant(run.project).await?;
    tx.log_run(run.id, RunEvent::Note, text, now).await?;
    tx.commit().await
}

/// Where the store is asked with other settings than when the run began, what
/// was begun is of no use: it is begun anew.
async fn settings_changed(
    engine: &Engine,
    run: &mut ClaimedRun,
    integration: &IntegrationRecord,
) -> Result<(), StoreError> {
    let hash = settings_hash(integration);
    if run.config_hash.as_deref() == Some(&hash[..]) {
        return Ok(());
    }
    let mut tx = engine.settings.db.tenant(run.project).await?;
    tx.note_settings(run.id, run.worker, &hash).await?;
    if run.config_hash.is_some() && run.checkpoint.is_some() {
        tx.drop_checkpoint(run.id, run.worker).await?;
        let now = engine.settings.sources.now();
        let text = "The store's settings were changed meanwhile. What was being read is read from \
                    the start.";
        tx.log_run(run.id, RunEvent::Anew, text, now).await?;
        run.checkpoint = None;
    }
    run.config_hash = Some(hash.to_vec());
    tx.commit().await
}

/// What tells what a store is asked with from anything else. Credentials are left
/// out: they say who asks, not for what.
fn settings_hash(integration: &IntegrationRecord) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (name, value) in &integration.config {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        hash.update((value.len() as u64).to_le_bytes());
        hash.update(value.as_bytes());
    }
    // Where a list goes on may be a number of its page.
    hash.update(integration.tuning.page_size.unwrap_or(0).to_le_bytes());
    hash.finalize().into()
}

/// Proves that the store can be worked with, also when a run is taken up again:
/// much may have happened meanwhile.
async fn authenticate(
    engine: &Engine,
    run: &ClaimedRun,
    store: &dyn Store,
) -> Result<(), EngineError> {
    let identity = store.identify().await?;
    let mut tx = engine.settings.db.tenant(run.project).await?;
    tx.integration_answered(
        run.integration,
        identity.currency,
        &identity.api_version,
        engine.settings.sources.now(),
    )
    .await?;
    notify_status(&mut tx, run.integration).await?;
    Ok(tx.commit().await?)
}

/// Tells the browsers what an integration's status is: a disconnected one keeps
/// that, whatever a run says.
pub(super) async fn notify_status(tx: &mut TenantTx, id: IntegrationId) -> Result<(), StoreError> {
    if let Some(integration) = tx.integration(id).await? {
        tx.notify(ProjectEvent::IntegrationChanged {
            integration_id: id,
            status: integration.status,
        })
        .await?;
    }
    Ok(())
}

/// Reads the catalogue and writes it, one batch being read and decoded while
/// the one before is written.
async fn pull_catalogue(
    engine: &Engine,
    run: &ClaimedRun,
    store: Arc<dyn Store>,
    figures: &mut Figures,
) -> Result<(), EngineError> {
    let scope = match (run.r#type, run.since) {
        (RunType::Incremental, Some(since)) => Scope::Since(since),
        _ => Scope::Full,
    };
    let plan = CataloguePlan {
        scope,
        resume: run.checkpoint.clone().map(Checkpoint),
    };
    let mut batches = ReadAhead::begin(engine, |batches| async move {
        let stream = store.catalogue().pull(plan);
        pass_on(stream.map_ok(records::batch), batches).await;
    });
    while let Some(batch) = batches.next().await? {
        write(engine, run, &batch, figures).await?;
    }
    Ok(())
}

async fn write(
    engine: &Engine,
    run: &ClaimedRun,
    batch: &BatchInput,
    figures: &mut Figures,
) -> Result<(), StoreError> {
    let mut tx = engine.settings.db.tenant(run.project).await?;
    let counts = tx.write_batch(batch, &context(engine, run)).await?;
    tx.commit().await?;
    figures.synced += counts.created + counts.updated + counts.unchanged;
    figures.failed += counts.failed;
    figures.expected = batch.expected.or(figures.expected);
    Ok(())
}

/// Marks what a clean full run did not meet as gone from the store.
async fn reconcile(engine: &Engine, run: &ClaimedRun, figures: Figures) -> Result<(), StoreError> {
    // A store that gives nothing at all is more likely to be at fault than
    // empty.
    if run.r#type != RunType::Full || !figures.is_clean() || figures.synced == 0 {
        return Ok(());
    }
    let mut gone = 0;
    loop {
        let mut tx = engine.settings.db.tenant(run.project).await?;
        let removed = tx.mark_gone(&context(engine, run)).await?;
        tx.commit().await?;
        gone += removed.listings;
        if !removed.more {
            break;
        }
    }
    if gone > 0 {
        note(engine, run, &notes::gone(gone)).await?;
        tracing::info!(run = %run.id, listings = gone, "listings are gone from the store");
    }
    Ok(())
}

pub(super) fn context<'a>(engine: &'a Engine, run: &ClaimedRun) -> BatchContext<'a> {
    BatchContext {
        run: run.id,
        integration: run.integration,
        worker: run.worker,
        sources: &engine.settings.sources,
    }
}
