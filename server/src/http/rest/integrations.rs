//! Connected stores of a project.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use calibr_model::{
    IntegrationId, Page,
    form::ConnectForm,
    views::{ConnectionTest, Disconnected, IntegrationDetail, IntegrationView},
};
use calibr_services::integrations;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use crate::http::{caller::Member, extract, state::AppState};

/// Which integration.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct IntegrationPath {
    /// The project's address.
    #[serde(rename = "slug")]
    #[param(rename = "slug")]
    _slug: String,
    /// The integration.
    pub(super) id: IntegrationId,
}

/// All integrations
///
/// Disconnected ones too: their history stays. All of them are on one page.
#[utoipa::path(
    get,
    operation_id = "list_integrations",
    path = "/api/projects/{slug}/integrations",
    tag = "integrations",
    params(("slug" = String, Path, description = "The project's address.")),
    security(("session" = [])),
    responses((status = 200, description = "The integrations.", body = Page<IntegrationView>))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Member(actor): Member,
) -> Answer<Json<Page<IntegrationView>>> {
    let all = integrations::list(&state.services, &actor).await?;
    Ok(Json(Page::whole(all)))
}

/// Connect a store
///
/// Tries the credentials first, seals them, and starts the first sync. Answered with `invalid` and the fields at
/// fault, with `platform` and what the store refused, or with `conflict` where the store is connected already.
#[utoipa::path(
    post,
    operation_id = "connect_integration",
    path = "/api/projects/{slug}/integrations",
    tag = "integrations",
    params(("slug" = String, Path, description = "The project's address.")),
    request_body = ConnectForm,
    security(("session" = [])),
    responses((status = 201, description = "Connected; Location says where it is.", body = IntegrationView))
)]
pub(crate) async fn connect(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Json(form): extract::Json<ConnectForm>,
) -> Answer<(StatusCode, [(HeaderName, String); 1], Json<IntegrationView>)> {
    let integration = integrations::connect(&state.services, &actor, form).await?;
    let location = format!(
        "/api/projects/{}/integrations/{}",
        actor.project.slug, integration.id
    );
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(integration),
    ))
}

/// One integration
///
/// With its configuration, and of its credentials what may be shown: that they are set, never what they are.
#[utoipa::path(
    get,
    operation_id = "get_integration",
    path = "/api/projects/{slug}/integrations/{id}",
    tag = "integrations",
    params(IntegrationPath),
    security(("session" = [])),
    responses((status = 200, description = "The integration.", body = IntegrationDetail))
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
) -> Answer<Json<IntegrationDetail>> {
    Ok(Json(
        integrations::get(&state.services, &actor, path.id).await?,
    ))
}

/// Disconnect a store
///
/// Destroys its credentials and stops its syncs. Products, listings and history stay.
#[utoipa::path(
    delete,
    operation_id = "disconnect_integration",
    path = "/api/projects/{slug}/integrations/{id}",
    tag = "integrations",
    params(IntegrationPath),
    security(("session" = [])),
    responses((status = 200, description = "Disconnected; what was kept.", body = Disconnected))
)]
pub(crate) async fn disconnect(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
) -> Answer<Json<Disconnected>> {
    Ok(Json(
        integrations::disconnect_by_id(&state.services, &actor, path.id).await?,
    ))
}

/// Test a connection
///
/// Asks the store with the saved credentials. A store that refuses is a result, not a problem: see `ok`.
#[utoipa::path(
    post,
    operation_id = "test_integration",
    path = "/api/projects/{slug}/integrations/{id}/test",
    tag = "integrations",
    params(IntegrationPath),
    security(("session" = [])),
    responses((status = 200, description = "What was found.", body = ConnectionTest))
)]
pub(crate) async fn test(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
) -> Answer<Json<ConnectionTest>> {
    Ok(Json(
        integrations::test(&state.services, &actor, path.id).await?,
    ))
}
