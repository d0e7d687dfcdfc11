//! Messages that platforms send: taking them, and what people see and do about
//! them.

mod receive;

use calibr_engine::{enqueue_messages, read_the_gap};
use calibr_model::{
    IntegrationId, Page, PageRequest, Problem, ProblemKind, Role, WebhookDeliveryId,
    status::IntegrationStatus,
    views::{
        SubscriptionState, WebhookDeliveryDetail, WebhookDeliveryView, WebhookSubscriptionView,
        WebhooksView,
    },
};
use calibr_store::{TenantTx, integrations::IntegrationRecord, webhooks::NewDelivery};
use chrono::TimeDelta;

pub use self::receive::{LONGEST_MESSAGE, NotReceived, receive};
use crate::{Actor, Services, integrations};

/// How long the last messages are that are summed up.
const LAST_DAY: TimeDelta = TimeDelta::hours(24);

/// The subscriptions of an integration: wanted against live.
///
/// # Errors
/// `not-found`.
pub async fn overview(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
) -> Result<WebhooksView, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    let integration = tx
        .integration(id)
        .await?
        .ok_or_else(integrations::missing)?;
    view(services, &mut tx, &integration).await
}

/// Makes all subscriptions of an integration anew, signed with a new secret, and
/// has read what happened meanwhile.
/// What a platform refuses stands with the topic.
///
/// # Errors
/// `forbidden` below editor; `not-found`; `conflict` where the store is
/// disconnected, no messages can come, or they are being looked after just now;
/// `platform` where it took too long.
pub async fn recreate(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
) -> Result<WebhooksView, Problem> {
    actor.must_be(Role::Editor, "re-create webhooks")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let integration = tx
        .integration(id)
        .await?
        .ok_or_else(integrations::missing)?;
    drop(tx);
    if let Some(notice) = why_none_can_come(services, &integration) {
        return Err(Problem::new(ProblemKind::Conflict, notice));
    }
    let checked = services
        .webhooks
        .check(actor.project.id, id, true)
        .await?
        .ok_or_else(|| {
            Problem::new(
                ProblemKind::Conflict,
                "The webhooks of this store are being looked after at this moment. Look again in a \
                 few seconds.",
            )
        })?;
    tracing::info!(
        project = %actor.project.id, integration = %id, by = %actor.user,
        mended = checked.mended, amiss = checked.amiss, "webhooks were made anew"
    );
    let mut tx = services.db.tenant(actor.project.id).await?;
    if checked.mended > 0 && tx.hold_integration(id).await?.is_some() {
        read_the_gap(&mut tx, id, &services.sources).await?;
        tx.commit().await?;
    }
    overview(services, actor, id).await
}

/// A page of an integration's messages, newest first.
///
/// # Errors
/// `not-found`; `invalid` where the cursor is of another list.
pub async fn deliveries(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    page: PageRequest,
) -> Result<Page<WebhookDeliveryView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.integration(id)
        .await?
        .ok_or_else(integrations::missing)?;
    Ok(tx.deliveries(id, &page).await?)
}

/// One message with what is kept of its body.
///
/// # Errors
/// `not-found`.
pub async fn delivery(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    delivery: WebhookDeliveryId,
) -> Result<WebhookDeliveryDetail, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    one(&mut tx, id, delivery).await
}

/// Hands a message in again: what it means is done once more.
///
/// # Errors
/// `forbidden` below editor; `not-found`; `conflict` where the message was not
/// believed, or the store is disconnected.
pub async fn redeliver(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    delivery: WebhookDeliveryId,
) -> Result<WebhookDeliveryView, Problem> {
    actor.must_be(Role::Editor, "redeliver a webhook")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let integration = tx
        .integration(id)
        .await?
        .ok_or_else(integrations::missing)?;
    must_be_connected(&integration)?;
    let before = one(&mut tx, id, delivery).await?;
    let (Some(means), Some(topic)) = (&before.delivery.means, &before.delivery.topic) else {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "Nothing was kept of this message, because it was not taken: there is nothing to \
             redeliver. Use Sync now to read what changed.",
        ));
    };
    let again = NewDelivery {
        id: services.sources.id(),
        integration: id,
        topic,
        dedupe_key: None,
        happened_at: before.delivery.happened_at,
        means,
        size_bytes: before.delivery.size_bytes,
        payload: before.payload.as_deref(),
        replay_of: Some(before.delivery.replay_of.unwrap_or(delivery)),
    };
    tx.add_delivery(&again, services.sources.now()).await?;
    enqueue_messages(&mut tx, id).await?;
    let view = one(&mut tx, id, again.id).await?.delivery;
    tx.commit().await?;
    Ok(view)
}

async fn one(
    tx: &mut TenantTx,
    id: IntegrationId,
    delivery: WebhookDeliveryId,
) -> Result<WebhookDeliveryDetail, Problem> {
    tx.delivery(id, delivery).await?.ok_or_else(|| {
        Problem::new(
            ProblemKind::NotFound,
            "There is no such webhook delivery of this integration; deliveries are kept for 30 \
             days.",
        )
    })
}

fn must_be_connected(integration: &IntegrationRecord) -> Result<(), Problem> {
    if integration.status == IntegrationStatus::Disconnected {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("{} is disconnected. Reconnect it first.", integration.name),
        ));
    }
    Ok(())
}

async fn view(
    services: &Services,
    tx: &mut TenantTx,
    integration: &IntegrationRecord,
) -> Result<WebhooksView, Problem> {
    let id = integration.id;
    let notice = why_none_can_come(services, integration);
    let known = tx.subscriptions(id).await?;
    let subscriptions = if notice.is_some() {
        Vec::new()
    } else {
        wanted(services, integration, known)?
    };
    let since = services.sources.now() - LAST_DAY;
    let (refused_last_day, duplicates_last_day) = tx.not_taken_since(id, since).await?;
    let address = services.webhooks.address(&integration.platform, id);
    Ok(WebhooksView {
        integration_id: id,
        address: address.filter(|_| notice.is_none()).map(Into::into),
        checked_at: subscriptions.iter().filter_map(|one| one.checked_at).max(),
        notice,
        last_delivery_at: tx.last_delivery_at(id).await?,
        refused_last_day,
        duplicates_last_day,
        subscriptions,
    })
}

/// The wanted topics with what is known of them.
fn wanted(
    services: &Services,
    integration: &IntegrationRecord,
    known: Vec<WebhookSubscriptionView>,
) -> Result<Vec<WebhookSubscriptionView>, Problem> {
    let store = services.webhooks.open(integration)?;
    let topics = store.webhooks().map(|target| target.topics());
    let of_topic = |topic: &&str| {
        let found = known.iter().find(|known| known.topic == *topic).cloned();
        found.unwrap_or_else(|| WebhookSubscriptionView {
            topic: (*topic).to_owned(),
            state: SubscriptionState::Missing,
            external_id: None,
            checked_at: None,
            last_delivery_at: None,
            error: None,
        })
    };
    Ok(topics.unwrap_or_default().iter().map(of_topic).collect())
}

/// Why a store sends no messages here, and what to do.
fn why_none_can_come(services: &Services, integration: &IntegrationRecord) -> Option<String> {
    let connector = services.connector(&integration.platform).ok()?;
    let platform = &connector.info().name;
    if connector.webhook_receiver().is_none() {
        Some(format!(
            "{platform} sends no webhooks. Changes are read by syncs."
        ))
    } else if integration.status == IntegrationStatus::Disconnected {
        Some(format!(
            "{} is disconnected. Reconnect it to receive webhooks.",
            integration.name
        ))
    } else if services.webhooks.reached_at.is_none() {
        Some(format!(
            "{platform} cannot reach this console, because its public address is not set. Ask \
             whoever runs it to set PUBLIC_URL; until then changes are read by syncs."
        ))
    } else {
        None
    }
}
