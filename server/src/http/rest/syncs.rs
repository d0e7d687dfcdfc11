//! Sync runs of an integration.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use calibr_model::{
    IntegrationId, Page, SyncRunId,
    status::{RunType, SyncStatus},
    views::{RunDetail, RunQuery, RunView},
};
use calibr_services::{Actor, syncs};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{Answer, integrations::IntegrationPath};
use crate::http::{
    caller::Member,
    extract::{self, PageQuery},
    state::AppState,
};

/// Which run.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RunPath {
    /// The project's address.
    #[serde(rename = "slug")]
    #[param(rename = "slug")]
    _slug: String,
    /// The integration.
    pub(super) id: IntegrationId,
    /// The run.
    pub(super) run: SyncRunId,
}

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsQuery {
    /// Only these states, with commas between them: `error,partial`.
    status: Option<String>,
    /// Only this kind.
    r#type: Option<RunType>,
}

/// What is to be run.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub(crate) struct StartSync {
    /// What it covers; only what changed where not given.
    #[serde(default = "incremental")]
    r#type: RunType,
}

const fn incremental() -> RunType {
    RunType::Incremental
}

/// A run that was made, and where it is.
pub(super) type Made = (StatusCode, [(HeaderName, String); 1], Json<RunView>);

pub(super) fn made(actor: &Actor, run: RunView) -> Made {
    let (slug, integration) = (&actor.project.slug, run.integration_id);
    let location = format!(
        "/api/projects/{slug}/integrations/{integration}/syncs/{}",
        run.id
    );
    (
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(run),
    )
}

/// The runs of an integration
///
/// Newest first.
#[utoipa::path(
    get,
    operation_id = "list_syncs",
    path = "/api/projects/{slug}/integrations/{id}/syncs",
    tag = "syncs",
    params(IntegrationPath, RunsQuery, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of runs.", body = Page<RunView>))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::Query(query): extract::Query<RunsQuery>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<RunView>>> {
    let status = extract::words::<SyncStatus>("status", query.status.as_deref())?;
    let query = RunQuery {
        status,
        r#type: query.r#type,
    };
    Ok(Json(
        syncs::list(&state.services, &actor, path.id, query, page.into()).await?,
    ))
}

/// Start a sync
///
/// Answered with `conflict` where a run is queued or under way.
#[utoipa::path(
    post,
    operation_id = "start_sync",
    path = "/api/projects/{slug}/integrations/{id}/syncs",
    tag = "syncs",
    params(IntegrationPath),
    request_body(content = Option<StartSync>, description = "May be left out."),
    security(("session" = [])),
    responses((status = 201, description = "Queued; Location says where it is.", body = RunView))
)]
pub(crate) async fn start(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::OptionalJson(wanted): extract::OptionalJson<StartSync>,
) -> Answer<Made> {
    let r#type = wanted.map_or(RunType::Incremental, |wanted| wanted.r#type);
    let run = syncs::start(&state.services, &actor, path.id, r#type).await?;
    Ok(made(&actor, run))
}

/// One run
#[utoipa::path(
    get,
    operation_id = "get_sync",
    path = "/api/projects/{slug}/integrations/{id}/syncs/{run}",
    tag = "syncs",
    params(RunPath),
    security(("session" = [])),
    responses((status = 200, description = "The run with its phases.", body = RunDetail))
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<RunPath>,
) -> Answer<Json<RunDetail>> {
    Ok(Json(
        syncs::get(&state.services, &actor, path.id, path.run).await?,
    ))
}

/// Cancel a run
///
/// What came through stays. Answered with `conflict` where the run has ended.
#[utoipa::path(
    post,
    operation_id = "cancel_sync",
    path = "/api/projects/{slug}/integrations/{id}/syncs/{run}/cancel",
    tag = "syncs",
    params(RunPath),
    security(("session" = [])),
    responses((status = 200, description = "The run as it stands now.", body = RunView))
)]
pub(crate) async fn cancel(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<RunPath>,
) -> Answer<Json<RunView>> {
    Ok(Json(
        syncs::cancel(&state.services, &actor, path.id, path.run).await?,
    ))
}
