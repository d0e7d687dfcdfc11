//! Doing what messages say. They are only believed in that something happened:
//! what it was is asked of the store, so that their order does not matter, nor
//! how often they come.

use std::{sync::Arc, time::Duration};

use calibr_connectors::ConnectorError;
use calibr_model::{
    IntegrationId, ProjectId, WebhookDeliveryId,
    event::ProjectEvent,
    status::IntegrationStatus,
    views::{DeliveryEffect, MeaningKind},
};
use calibr_store::{StoreError, TenantTx, webhooks::QueuedDelivery};

use super::reading;
use crate::{Engine, error::EngineError};

/// Messages that are handled in one transaction.
const AT_ONCE: i64 = 500;

/// Handles an integration's messages that wait.
///
/// # Errors
/// [`EngineError::Store`] while the database is away: then they go on waiting.
pub(crate) async fn handle(
    engine: &Engine,
    project: ProjectId,
    integration: IntegrationId,
) -> Result<(), EngineError> {
    loop {
        match some(engine, project, integration).await {
            Ok(0) => return Ok(()),
            Ok(handled) => {
                tracing::debug!(%project, %integration, handled, "handled messages of a store");
            }
            Err(EngineError::Store(error)) if error.is_transient() => return Err(error.into()),
            Err(error) => {
                tracing::error!(%project, %integration, %error, "messages of a store could not be handled");
                let mut tx = engine.settings.db.tenant(project).await?;
                let words = "The console could not handle this message. Redeliver it; if it \
                             stays so, tell whoever runs this console.";
                tx.fail_deliveries(integration, words, engine.settings.sources.now())
                    .await?;
                return Ok(tx.commit().await?);
            }
        }
    }
}

/// What waits, by what is to be done.
#[derive(Default)]
struct Sorted {
    changes: Vec<WebhookDeliveryId>,
    deletions: Vec<WebhookDeliveryId>,
    deleted: Vec<String>,
    revocations: Vec<WebhookDeliveryId>,
    others: Vec<WebhookDeliveryId>,
}

impl Sorted {
    fn of(queued: Vec<QueuedDelivery>) -> Self {
        let mut sorted = Self::default();
        for QueuedDelivery { id, means, .. } in queued {
            match means.kind {
                MeaningKind::CatalogueChanged | MeaningKind::OrdersChanged => {
                    sorted.changes.push(id);
                }
                MeaningKind::ProductDeleted => {
                    sorted.deletions.push(id);
                    sorted.deleted.extend(means.external_id);
                }
                MeaningKind::AccessRevoked => sorted.revocations.push(id),
                MeaningKind::Other => sorted.others.push(id),
            }
        }
        sorted
    }
}

/// Handles some of what waits; gives how many.
async fn some(
    engine: &Engine,
    project: ProjectId,
    id: IntegrationId,
) -> Result<usize, EngineError> {
    let sources = &engine.settings.sources;
    let now = sources.now();
    let mut tx = engine.settings.db.tenant(project).await?;
    let queued = tx.queued_deliveries(id, AT_ONCE).await?;
    let handled = queued.len();
    if handled == 0 {
        return Ok(0);
    }
    let sorted = Sorted::of(queued);
    // Before the integration: whoever writes the catalogue begins with that.
    let gone = if sorted.deleted.is_empty() {
        0
    } else {
        tx.mark_deleted(id, &sorted.deleted, now).await?
    };
    if gone > 0 {
        tracing::info!(%project, integration = %id, listings = gone, "a store deleted products");
    }
    let Some(integration) = tx.hold_integration(id).await? else {
        return Ok(0);
    };
    if !sorted.changes.is_empty() || !sorted.deletions.is_empty() {
        tx.note_change(id).await?;
        // After a deletion, too: should it have been taken back since, the run finds that.
        let (effect, run) = reading::ask(&mut tx, &integration, Duration::ZERO, sources).await?;
        tx.settle_deliveries(&sorted.changes, effect, run, now)
            .await?;
        tx.settle_deliveries(&sorted.deletions, DeliveryEffect::Removed, run, now)
            .await?;
    }
    tx.settle_deliveries(&sorted.others, DeliveryEffect::Nothing, None, now)
        .await?;
    tell(&mut tx, id, integration.status).await?;
    tx.commit().await?;
    if !sorted.revocations.is_empty() {
        revoked(engine, project, id, &sorted.revocations).await?;
    }
    Ok(handled)
}

async fn tell(
    tx: &mut TenantTx,
    id: IntegrationId,
    status: IntegrationStatus,
) -> Result<(), StoreError> {
    tx.notify(ProjectEvent::IntegrationChanged {
        integration_id: id,
        status,
    })
    .await
}

/// The merchant took the access away, says the platform. A store that answers
/// all the same was connected anew since.
async fn revoked(
    engine: &Engine,
    project: ProjectId,
    id: IntegrationId,
    messages: &[WebhookDeliveryId],
) -> Result<(), EngineError> {
    let answers = answers(engine, project, id).await?;
    let now = engine.settings.sources.now();
    let mut tx = engine.settings.db.tenant(project).await?;
    let effect = if answers {
        DeliveryEffect::AccessStands
    } else {
        let words = "The access was revoked at the store: the app was removed, or its \
                     permissions were taken away. Nothing was removed here. Reconnect the store.";
        tx.set_integration_status(id, IntegrationStatus::Expired, Some(words), now)
            .await?;
        tracing::warn!(%project, integration = %id, "a store revoked the access");
        DeliveryEffect::AccessRevoked
    };
    tx.settle_deliveries(messages, effect, None, now).await?;
    if let Some(integration) = tx.integration(id).await? {
        tell(&mut tx, id, integration.status).await?;
    }
    Ok(tx.commit().await?)
}

async fn answers(
    engine: &Engine,
    project: ProjectId,
    id: IntegrationId,
) -> Result<bool, EngineError> {
    let mut tx = engine.settings.db.tenant(project).await?;
    let integration = tx.integration(id).await?;
    drop(tx);
    let Some(integration) = integration else {
        return Ok(false);
    };
    let keeper = engine.settings.keeper();
    let identity: Result<_, ConnectorError> = match keeper.open(&integration) {
        Ok(store) => Arc::clone(&store).identify().await,
        Err(EngineError::Connector(error)) => Err(error),
        Err(error) => return Err(error),
    };
    Ok(identity.is_ok())
}
