//! Messages that platforms send by themselves: having them sent (`keeper`,
//! `guardian`), doing what they say (`handle`), and reading once more what
//! changed while a run was under way (`follow`).

mod follow;
pub(crate) mod guardian;
mod handle;
mod keeper;

use std::time::Duration;

use calibr_connectors::webhooks::Meaning;
use calibr_model::{
    IntegrationId, Sources,
    views::{MeaningKind, WebhookMeaning},
};
use calibr_store::{StoreError, TenantTx};

pub use self::keeper::{Checked, WebhookKeeper};
pub(crate) use self::{
    follow::{came_to_an_end, forget_what_was_deleted},
    handle::handle,
};
use crate::queue::MessagesJob;

/// Sees to it that a worker handles an integration's messages that wait. Many
/// messages make one piece of work.
///
/// # Errors
/// [`StoreError`].
pub async fn enqueue_messages(
    tx: &mut TenantTx,
    integration: IntegrationId,
) -> Result<(), StoreError> {
    let job = MessagesJob {
        project: tx.project(),
        integration,
    };
    tx.enqueue(
        MessagesJob::TASK,
        &job.payload(),
        &format!("webhooks:{integration}"),
        None,
    )
    .await
}

/// Has read what messages told while an integration was paused or could not be
/// reached. The caller holds the integration.
///
/// # Errors
/// [`StoreError`].
pub async fn read_what_was_held_back(
    tx: &mut TenantTx,
    integration: IntegrationId,
    sources: &Sources,
) -> Result<(), StoreError> {
    read_what_was_told(tx, integration, Duration::ZERO, sources).await
}

/// Has read what may have been missed while a subscription was not there. The
/// caller holds the integration.
///
/// # Errors
/// [`StoreError`].
pub async fn read_the_gap(
    tx: &mut TenantTx,
    integration: IntegrationId,
    sources: &Sources,
) -> Result<(), StoreError> {
    tx.note_change(integration).await?;
    read_what_was_told(tx, integration, Duration::ZERO, sources).await
}

async fn read_what_was_told(
    tx: &mut TenantTx,
    integration: IntegrationId,
    wait: Duration,
    sources: &Sources,
) -> Result<(), StoreError> {
    if tx.has_unread_changes(integration).await?
        && let Some(integration) = tx.integration(integration).await?
    {
        reading::ask(tx, &integration, wait, sources).await?;
    }
    Ok(())
}

/// What a message means, in the form in which it is kept.
pub fn to_keep(means: Meaning) -> WebhookMeaning {
    let (kind, external_id) = match means {
        Meaning::CatalogueChanged {
            product_external_id,
        } => (MeaningKind::CatalogueChanged, product_external_id),
        Meaning::ProductDeleted {
            product_external_id,
        } => (MeaningKind::ProductDeleted, Some(product_external_id)),
        Meaning::OrdersChanged { order_external_id } => {
            (MeaningKind::OrdersChanged, order_external_id)
        }
        Meaning::AccessRevoked => (MeaningKind::AccessRevoked, None),
        Meaning::Other => (MeaningKind::Other, None),
    };
    WebhookMeaning { kind, external_id }
}

/// Reads what messages told, where the store is in a state to be read.
mod reading {
    use calibr_model::{
        SyncRunId,
        status::{IntegrationStatus, RunTrigger, RunType},
        views::DeliveryEffect,
    };
    use calibr_store::integrations::IntegrationRecord;

    use super::{Duration, Sources, StoreError, TenantTx};
    use crate::{NewSync, schedule};

    /// Asks for an incremental run. The caller holds the integration.
    pub(super) async fn ask(
        tx: &mut TenantTx,
        integration: &IntegrationRecord,
        wait: Duration,
        sources: &Sources,
    ) -> Result<(DeliveryEffect, Option<SyncRunId>), StoreError> {
        let can_be_read = matches!(
            integration.status,
            IntegrationStatus::Connected | IntegrationStatus::Error
        );
        if !can_be_read || integration.paused {
            return Ok((DeliveryEffect::HeldBack, None));
        }
        if integration.watermark.is_none() {
            return Ok((DeliveryEffect::FirstImport, None));
        }
        let wanted = NewSync {
            integration: integration.id,
            r#type: RunType::Incremental,
            trigger: RunTrigger::Webhook,
            triggered_by: None,
            watermark: integration.watermark,
            retry: None,
        };
        if let Some(run) = schedule::schedule_run_in(tx, wanted, wait, sources).await? {
            return Ok((DeliveryEffect::SyncQueued, Some(run)));
        }
        let waiting = tx
            .active_run(integration.id)
            .await?
            .filter(|run| run.started_at.is_none() && run.r#type.reads_changes());
        Ok(match waiting {
            Some(run) => (DeliveryEffect::SyncQueued, Some(run.id)),
            None => (DeliveryEffect::SyncFollows, None),
        })
    }
}
