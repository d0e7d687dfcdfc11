//! The phases of a run, over what the connector can do.

use std::sync::Arc;

use calibr_connectors::{CataloguePlan, Checkpoint, Connector, ConnectorError, Scope, Store};
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
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::outcome::{self, Figures};
use crate::{Engine, StoredCredentials, error::EngineError, records};

/// Goes on from where the run stands, to its end.
pub(super) async fn work(engine: &Engine, run: &mut ClaimedRun) -> Result<Outcome, EngineError> {
    let integration = integration(engine, run).await?;
    let store = open(engine, run, &integration)?;
    if run.phase == RunPhase::Authenticate {
        enter(engine, run, RunPhase::Authenticate).await?;
    }
    tokio::select! {
        biased;
        () = engine.stopping.cancelled() => return Err(EngineError::Stopping),
        proven = authenticate(engine, run, store.as_ref()) => proven?,
    }

    let mut figures = Figures {
        synced: run.items_synced,
        failed: run.items_failed,
        expected: run.items_expected,
    };
    if run.phase <= RunPhase::PullCatalogue {
        enter(engine, run, RunPhase::PullCatalogue).await?;
        pull_catalogue(engine, run, store, &mut figures).await?;
    }
    if run.phase <= RunPhase::Reconcile {
        enter(engine, run, RunPhase::Reconcile).await?;
        reconcile(engine, run, figures).await?;
    }
    enter(engine, run, RunPhase::Finish).await?;
    Ok(outcome::of(figures, run.r#type, integration.item_count))
}

async fn integration(engine: &Engine, run: &ClaimedRun) -> Result<IntegrationRecord, EngineError> {
    let mut tx = engine.settings.db.tenant(run.project).await?;
    tx.integration(run.integration)
        .await?
        .filter(|integration| integration.status != IntegrationStatus::Disconnected)
        .ok_or(EngineError::Disconnected)
}

fn open(
    engine: &Engine,
    run: &ClaimedRun,
    integration: &IntegrationRecord,
) -> Result<Arc<dyn Store>, EngineError> {
    let settings = &engine.settings;
    let connector: &Arc<dyn Connector> = settings
        .registry
        .get(&integration.platform)
        .ok_or_else(|| EngineError::NoConnector(integration.platform.to_string()))?;
    let credentials = StoredCredentials::new(
        settings.db.clone(),
        Arc::clone(&settings.vault),
        Arc::clone(connector),
        (run.project, run.integration),
        integration.config.clone(),
    );
    Ok(connector.open(&integration.config, Arc::new(credentials))?)
}

/// Moves the run into a phase; a run that is taken up again in it stays there.
async fn enter(engine: &Engine, run: &mut ClaimedRun, phase: RunPhase) -> Result<(), StoreError> {
    let mut tx = engine.settings.db.tenant(run.project).await?;
    tx.enter_phase(run.id, run.worker, phase, engine.settings.sources.now())
        .await?;
    tx.commit().await?;
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
    let (batches, mut read) = mpsc::channel(1);
    let reader = AbortOnDropHandle::new(tokio::spawn(read_all(store, plan, batches)));
    loop {
        let batch = tokio::select! {
            biased;
            () = engine.stopping.cancelled(), if !read.is_closed() => {
                // What has been read is kept, so that it need not be read again.
                read.close();
                continue;
            }
            batch = read.recv() => batch,
        };
        let Some(batch) = batch else { break };
        write(engine, run, &batch?, figures).await?;
    }
    if engine.stopping.is_cancelled() {
        return Err(EngineError::Stopping);
    }
    // A reader that broke must not pass for one that came to the end.
    reader
        .await
        .map_err(|broken| EngineError::Reader(broken.to_string()))
}

async fn read_all(
    store: Arc<dyn Store>,
    plan: CataloguePlan,
    batches: mpsc::Sender<Result<BatchInput, ConnectorError>>,
) {
    let mut stream = store.catalogue().pull(plan);
    while let Some(batch) = stream.next().await {
        // Nobody takes it where the run was stopped.
        if batches.send(batch.map(records::batch)).await.is_err() {
            return;
        }
    }
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

fn context<'a>(engine: &'a Engine, run: &ClaimedRun) -> BatchContext<'a> {
    BatchContext {
        run: run.id,
        integration: run.integration,
        worker: run.worker,
        sources: &engine.settings.sources,
    }
}
