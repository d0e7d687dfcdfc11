//! Messages from platforms, and what the console shows of them.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest as _, Request, State},
    http::{HeaderMap, StatusCode, header},
};
use calibr_connectors::webhooks::Delivery;
use calibr_model::{
    IntegrationId, Page, PlatformId, ProblemKind, WebhookDeliveryId,
    views::{WebhookDeliveryDetail, WebhookDeliveryView, WebhooksView},
};
use calibr_services::webhooks::{self, LONGEST_MESSAGE, NotReceived};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, integrations::IntegrationPath};
use crate::http::{
    caller::Member,
    extract::{self, PageQuery},
    problem::Refusal,
    state::AppState,
};

/// Whose message.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MessagePath {
    /// The platform.
    #[param(value_type = String, example = "woocommerce")]
    platform: PlatformId,
    /// The integration.
    integration_id: IntegrationId,
}

/// Which message.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct DeliveryPath {
    /// The project's address.
    #[serde(rename = "slug")]
    #[param(rename = "slug")]
    _slug: String,
    /// The integration.
    id: IntegrationId,
    /// The message.
    delivery: WebhookDeliveryId,
}

/// Take a platform's message
///
/// For platforms, signed as each does it; nobody is signed in. Answered once the message is kept; what it says is
/// done afterwards. A message that came before is answered alike.
#[utoipa::path(
    post,
    operation_id = "take_webhook",
    path = "/api/webhooks/{platform}/{integration_id}",
    tag = "webhooks",
    params(MessagePath),
    request_body(content = String, description = "As the platform writes it.", content_type = "application/json"),
    responses(
        (status = 200, description = "It is kept, or had come before."),
        (status = 401, description = "It is not signed as it should be."),
        (status = 404, description = "There is no such integration."),
        (status = 410, description = "The integration was disconnected: nothing is wanted any more."),
        (status = 413, description = "It is longer than 4 MiB."),
    )
)]
pub(crate) async fn take(
    State(state): State<AppState>,
    extract::Path(path): extract::Path<MessagePath>,
    request: Request,
) -> Answer<StatusCode> {
    let headers = lower_case(request.headers());
    let body = Bytes::from_request(request, &state).await;
    let body = body.map_err(|rejected| match rejected.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::new(
            ProblemKind::TooLarge,
            format!(
                "The message is too long; at most {} MiB are taken.",
                LONGEST_MESSAGE / 1024 / 1024
            ),
        ),
        status => Refusal::of_status(status),
    })?;
    let message = Delivery {
        headers,
        body,
        received_at: state.services.sources.now(),
    };
    webhooks::receive(
        &state.services,
        &path.platform,
        path.integration_id,
        message,
    )
    .await?;
    Ok(StatusCode::OK)
}

/// The headers as text, but for those that are of this server alone.
fn lower_case(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| **name != header::COOKIE && **name != header::AUTHORIZATION)
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

impl From<NotReceived> for Refusal {
    fn from(why: NotReceived) -> Self {
        match why {
            NotReceived::Unknown => Self::new(
                ProblemKind::NotFound,
                "There is no such integration here. Delete this webhook.",
            ),
            NotReceived::Disconnected => {
                Self::gone("This store was disconnected from Calibr Console. Delete this webhook.")
            }
            NotReceived::NotGenuine => Self::new(
                ProblemKind::Unauthenticated,
                "The message is not signed with this integration's secret. Nothing was done.",
            ),
            NotReceived::Malformed(why) => Self::malformed(why),
            NotReceived::Failed(problem) => problem.into(),
        }
    }
}

/// The webhooks of an integration
///
/// The topics that are wanted, and how the platform stands to each.
#[utoipa::path(
    get,
    operation_id = "get_webhooks",
    path = "/api/projects/{slug}/integrations/{id}/webhooks",
    tag = "webhooks",
    params(IntegrationPath),
    security(("session" = [])),
    responses((status = 200, description = "Wanted against live.", body = WebhooksView))
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
) -> Answer<Json<WebhooksView>> {
    Ok(Json(
        webhooks::overview(&state.services, &actor, path.id).await?,
    ))
}

/// Make the webhooks of an integration anew
///
/// Every subscription is made anew, signed with a new secret; those of others are not touched. What the platform
/// refuses stands with the topic.
#[utoipa::path(
    post,
    operation_id = "recreate_webhooks",
    path = "/api/projects/{slug}/integrations/{id}/webhooks/recreate",
    tag = "webhooks",
    params(IntegrationPath),
    security(("session" = [])),
    responses((status = 200, description = "As they are now.", body = WebhooksView))
)]
pub(crate) async fn recreate(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
) -> Answer<Json<WebhooksView>> {
    Ok(Json(
        webhooks::recreate(&state.services, &actor, path.id).await?,
    ))
}

/// The messages of an integration
///
/// Newest first, of the last 30 days. Unsigned and repeated ones are listed as far as there were few.
#[utoipa::path(
    get,
    operation_id = "list_deliveries",
    path = "/api/projects/{slug}/integrations/{id}/webhooks/deliveries",
    tag = "webhooks",
    params(IntegrationPath, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of messages.", body = Page<WebhookDeliveryView>))
)]
pub(crate) async fn deliveries(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<WebhookDeliveryView>>> {
    Ok(Json(
        webhooks::deliveries(&state.services, &actor, path.id, page.into()).await?,
    ))
}

/// One message
#[utoipa::path(
    get,
    operation_id = "get_delivery",
    path = "/api/projects/{slug}/integrations/{id}/webhooks/deliveries/{delivery}",
    tag = "webhooks",
    params(DeliveryPath),
    security(("session" = [])),
    responses((status = 200, description = "With what is kept of its body.", body = WebhookDeliveryDetail))
)]
pub(crate) async fn delivery(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<DeliveryPath>,
) -> Answer<Json<WebhookDeliveryDetail>> {
    Ok(Json(
        webhooks::delivery(&state.services, &actor, path.id, path.delivery).await?,
    ))
}

/// Hand a message in again
///
/// What it means is done once more.
#[utoipa::path(
    post,
    operation_id = "redeliver",
    path = "/api/projects/{slug}/integrations/{id}/webhooks/deliveries/{delivery}/redeliver",
    tag = "webhooks",
    params(DeliveryPath),
    security(("session" = [])),
    responses((status = 201, description = "The message that waits now.", body = WebhookDeliveryView))
)]
pub(crate) async fn redeliver(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<DeliveryPath>,
) -> Answer<(StatusCode, Json<WebhookDeliveryView>)> {
    let again = webhooks::redeliver(&state.services, &actor, path.id, path.delivery).await?;
    Ok((StatusCode::CREATED, Json(again)))
}
