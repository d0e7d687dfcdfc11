//! Retrying what failed, and what a run would cost before it is asked for.

use axum::{Json, extract::State, http::StatusCode};
use calibr_model::{
    SyncRunId,
    status::{FailureKind, RunType},
    views::{PricePushView, RetryWish, SyncPlanView},
};
use calibr_services::retries;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Answer,
    integrations::IntegrationPath,
    syncs::{Made, RunPath, made},
};
use crate::http::{caller::Member, extract, state::AppState};

/// What is to be planned.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanQuery {
    /// What kind of run: `full`, `incremental`, or `retry` of `run`.
    r#type: RunType,
    /// The run that is retried.
    run: Option<SyncRunId>,
    /// Of a retry: everything the run was to do, in place of what failed.
    #[serde(default)]
    whole: bool,
    /// Of a retry: only failures of this code.
    code: Option<String>,
    /// Of a retry: only failures of this kind of record.
    kind: Option<FailureKind>,
    /// Of a retry: only this failure, by its number within the run.
    failure: Option<i64>,
    /// Of a retry: parked items too.
    #[serde(default)]
    parked: bool,
}

/// What a run would do and cost
///
/// About how many calls it makes, and how long the platform's published rate makes that at least. Nothing is asked of
/// the store.
#[utoipa::path(
    get,
    operation_id = "plan_sync",
    path = "/api/projects/{slug}/integrations/{id}/syncs/plan",
    tag = "syncs",
    params(IntegrationPath, PlanQuery),
    security(("session" = [])),
    responses((status = 200, description = "The plan.", body = SyncPlanView))
)]
pub(crate) async fn plan(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::Query(query): extract::Query<PlanQuery>,
) -> Answer<Json<SyncPlanView>> {
    let wish = RetryWish {
        whole: query.whole,
        code: query.code.filter(|code| !code.is_empty()),
        kind: query.kind,
        failure: query.failure,
        parked: query.parked,
    };
    let (r#type, run) = (query.r#type, query.run);
    let plan = retries::plan(&state.services, &actor, path.id, r#type, run, wish);
    Ok(Json(plan.await?))
}

/// Retry what failed
///
/// A new run that reads what an ended one did not bring through, item by item, and leaves out what came through since.
/// Where items cannot be read one by one, it reads everything. Prices are previewed again instead. Answered with
/// `conflict` where nothing is left to retry.
#[utoipa::path(
    post,
    operation_id = "retry_sync",
    path = "/api/projects/{slug}/integrations/{id}/syncs/{run}/retry",
    tag = "syncs",
    params(RunPath),
    request_body(content = Option<RetryWish>, description = "What to retry; everything that failed where left out."),
    security(("session" = [])),
    responses((status = 201, description = "Queued; Location says where it is.", body = calibr_model::views::RunView))
)]
pub(crate) async fn retry(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<RunPath>,
    extract::OptionalJson(wish): extract::OptionalJson<Option<RetryWish>>,
) -> Answer<Made> {
    let wish = wish.flatten().unwrap_or_default();
    let run = retries::retry(&state.services, &actor, path.id, path.run, wish).await?;
    Ok(made(&actor, run))
}

/// Preview prices again that were not taken
///
/// A price push by today's prices and bounds, to be looked at and applied like any other: nothing is sent blindly.
#[utoipa::path(
    post,
    operation_id = "preview_prices_again",
    path = "/api/projects/{slug}/integrations/{id}/syncs/{run}/preview-prices",
    tag = "syncs",
    params(RunPath),
    request_body(content = Option<RetryWish>, description = "Which; all that were not taken where left out."),
    security(("session" = [])),
    responses((status = 201, description = "The preview.", body = PricePushView))
)]
pub(crate) async fn preview_prices(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<RunPath>,
    extract::OptionalJson(wish): extract::OptionalJson<Option<RetryWish>>,
) -> Answer<(StatusCode, Json<PricePushView>)> {
    let wish = wish.flatten().unwrap_or_default();
    let push = retries::preview_prices(&state.services, &actor, path.id, path.run, wish).await?;
    Ok((StatusCode::CREATED, Json(push)))
}
