//! Messages that platforms send.

use calibr_model::{
    IntegrationId, Page, PageRequest, ProjectSlug, WebhookDeliveryId,
    views::{WebhookDeliveryView, WebhooksView},
};
use leptos::prelude::*;

use super::{ApiError, JsonPost};
#[cfg(feature = "ssr")]
use crate::server::Caller;

/// The webhooks of a store: wanted against live.
///
/// # Errors
/// `not-found` where there is no such integration in the project.
#[server(prefix = "/api/fn", endpoint = "get_webhooks", protocol = JsonPost)]
pub async fn get_webhooks(
    project: ProjectSlug,
    id: IntegrationId,
) -> Result<WebhooksView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::webhooks::overview(&services, &actor, id).await?)
}

/// Makes all webhooks of a store anew.
///
/// # Errors
/// `conflict` where no messages can come.
#[server(prefix = "/api/fn", endpoint = "recreate_webhooks", protocol = JsonPost)]
pub async fn recreate_webhooks(
    project: ProjectSlug,
    id: IntegrationId,
) -> Result<WebhooksView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::webhooks::recreate(&services, &actor, id).await?)
}

/// One page of a store's messages, newest first.
///
/// # Errors
/// `not-found` where there is no such integration in the project.
#[server(prefix = "/api/fn", endpoint = "list_deliveries", protocol = JsonPost)]
pub async fn list_deliveries(
    project: ProjectSlug,
    id: IntegrationId,
    page: PageRequest,
) -> Result<Page<WebhookDeliveryView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::webhooks::deliveries(&services, &actor, id, page).await?)
}

/// What is kept of a message's body, where anything is.
///
/// # Errors
/// `not-found` where there is no such message of the integration.
#[server(prefix = "/api/fn", endpoint = "delivery_payload", protocol = JsonPost)]
pub async fn delivery_payload(
    project: ProjectSlug,
    id: IntegrationId,
    delivery: WebhookDeliveryId,
) -> Result<Option<String>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    let detail = calibr_services::webhooks::delivery(&services, &actor, id, delivery).await?;
    Ok(detail.payload)
}

/// Hands a message in again.
///
/// # Errors
/// `conflict` where nothing was kept of it.
#[server(prefix = "/api/fn", endpoint = "redeliver", protocol = JsonPost)]
pub async fn redeliver(
    project: ProjectSlug,
    id: IntegrationId,
    delivery: WebhookDeliveryId,
) -> Result<WebhookDeliveryView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::webhooks::redeliver(&services, &actor, id, delivery).await?)
}
