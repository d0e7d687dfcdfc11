//! Sync runs of an integration.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::IntoResponse,
};
use calibr_model::{
    IntegrationId, Page, SyncRunId,
    status::RunType,
    views::{RunDetail, RunMetrics, RunView, RunsAsked},
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
/// Newest first by when they were asked for, which is the `queued_at` that
/// `range`, `from` and `to` go by.
#[utoipa::path(
    get,
    operation_id = "list_syncs",
    path = "/api/projects/{slug}/integrations/{id}/syncs",
    tag = "syncs",
    params(IntegrationPath, RunsAsked, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of runs.", body = Page<RunView>))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::Query(asked): extract::Query<RunsAsked>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<RunView>>> {
    Ok(Json(
        syncs::list(&state.services, &actor, path.id, &asked, page.into()).await?,
    ))
}

/// How runs went
///
/// Figures of the runs that have ended, as a whole and piece by piece, and what
/// failed most. The same parameters as the list's. Ranges of up to two days
/// within the last week are rounded out to whole hours, others to whole days of
/// the project's time zone.
#[utoipa::path(
    get,
    operation_id = "get_sync_metrics",
    path = "/api/projects/{slug}/integrations/{id}/syncs/metrics",
    tag = "syncs",
    params(IntegrationPath, RunsAsked),
    security(("session" = [])),
    responses((status = 200, description = "The figures.", body = RunMetrics))
)]
pub(crate) async fn metrics(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::Query(asked): extract::Query<RunsAsked>,
) -> Answer<Json<RunMetrics>> {
    Ok(Json(
        syncs::metrics(&state.services, &actor, path.id, &asked).await?,
    ))
}

/// Runs as a file
///
/// All runs that the list goes through with the same parameters, newest first:
/// CSV (RFC 4180) in UTF-8, times in UTC (RFC 3339). A cell that a spreadsheet
/// would take for a formula has an apostrophe before it.
#[utoipa::path(
    get,
    operation_id = "export_syncs",
    path = "/api/projects/{slug}/integrations/{id}/syncs/export",
    tag = "syncs",
    params(IntegrationPath, RunsAsked),
    security(("session" = [])),
    responses((
        status = 200, description = "The file; it is cut off where it cannot be read to its end.", body = String,
        content_type = "text/csv"
    ))
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::Query(asked): extract::Query<RunsAsked>,
) -> Answer<impl IntoResponse> {
    let file = syncs::export(&state.services, &actor, path.id, &asked).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", file.name),
        ),
    ];
    // Without a reader nobody asks for the next piece, and the reading ends.
    Ok((headers, Body::from_stream(file.content)))
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
