//! The phases of a run, over what the connector can do.

use std::sync::Arc;

use calibr_connectors::{CataloguePlan, Checkpoint, Scope, Store};
use calibr_model::{
    IntegrationId,
    event::ProjectEvent,
    status::{IntegrationStatus, RunPhase, RunType},
};
use calibr_store::{
    StoreError, TenantTx,
    catalogue::{BatchContext, BatchInput},
    integrations::IntegrationRecord,
    runs::{ClaimedRun, Outcome},
};
use futures::TryStreamExt;

use super::{
    orders,
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

    let reads = run.r#type != RunType::Prices;
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
    };
    let reads_catalogue = run.reads_catalogue;
    if reads_catalogue && run.phase <= RunPhase::PullCatalogue {
        enter(engine, run, RunPhase::PullCatalogue).await?;
        pull_catalogue(engine, run, Arc::clone(&store), &mut figures).await?;
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
    let mut tx = engine.settings.db.tenant(run.project).await?;
    tx.enter_phase(run.id, run.worker, phase, engine.settings.sources.now())
        .await?;
    tx.commit().await?;
    if run.phase != phase {
        run.checkpoint = None;
    }
    run.phase = phase;
    Ok(())
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
    let mut tx = engine.settings.db.tenant(run.project).await?;
    let gone = tx.mark_gone(&context(engine, run)).await?;
    tx.commit().await?;
    if gone > 0 {
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
