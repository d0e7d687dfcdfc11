//! What runs could not bring through, and what is left alone.

use axum::{Json, extract::State, http::StatusCode};
use calibr_model::{
    IntegrationId, Page, SyncRunId,
    status::{FailureClass, FailureKind},
    views::{
        FailureGroupView, FailureQuery, ItemFailureDetail, ItemFailureView, ParkedItemView,
        ParkedQuery,
    },
};
use calibr_services::failures;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Answer, integrations::IntegrationPath, syncs::RunPath};
use crate::http::{
    caller::Member,
    extract::{self, PageQuery},
    state::AppState,
};

/// Which failure.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct FailurePath {
    /// The project's address.
    #[serde(rename = "slug")]
    #[param(rename = "slug")]
    _slug: String,
    /// The integration.
    id: IntegrationId,
    /// The run.
    run: SyncRunId,
    /// The failure's number within the run.
    failure: i64,
}

/// Which failures.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FailuresQuery {
    /// Only of this code.
    code: Option<String>,
    /// Only of this class.
    class: Option<FailureClass>,
    /// Only of this kind of record.
    kind: Option<FailureKind>,
}

/// How much was removed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Expunged {
    /// Of how many failures.
    expunged: i64,
}

/// How much was taken up again.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Unparked {
    /// Items.
    unparked: i64,
}

/// What a run could not bring through
///
/// In the order it was met. What became of each since stands with it.
#[utoipa::path(
    get,
    operation_id = "list_failures",
    path = "/api/projects/{slug}/integrations/{id}/syncs/{run}/failures",
    tag = "syncs",
    params(RunPath, FailuresQuery, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of failures.", body = Page<ItemFailureView>))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<RunPath>,
    extract::Query(query): extract::Query<FailuresQuery>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<ItemFailureView>>> {
    let query = FailureQuery {
        code: query.code.filter(|code| !code.is_empty()),
        class: query.class,
        kind: query.kind,
    };
    let failures = failures::list(
        &state.services,
        &actor,
        path.id,
        path.run,
        query,
        page.into(),
    );
    Ok(Json(failures.await?))
}

/// What a run could not bring through, by what is wrong
///
/// By code, kind and class, most first.
#[utoipa::path(
    get,
    operation_id = "list_failure_groups",
    path = "/api/projects/{slug}/integrations/{id}/syncs/{run}/failures/groups",
    tag = "syncs",
    params(RunPath),
    security(("session" = [])),
    responses((status = 200, description = "All groups.", body = Page<FailureGroupView>))
)]
pub(crate) async fn groups(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<RunPath>,
) -> Answer<Json<Page<FailureGroupView>>> {
    let groups = failures::groups(&state.services, &actor, path.id, path.run).await?;
    Ok(Json(Page::whole(groups)))
}

/// One failure
///
/// With what was asked of the platform for it and what the platform answered, as far as that is kept: secrets and
/// personal data are taken out before, and all of it goes after 30 days.
#[utoipa::path(
    get,
    operation_id = "get_failure",
    path = "/api/projects/{slug}/integrations/{id}/syncs/{run}/failures/{failure}",
    tag = "syncs",
    params(FailurePath),
    security(("session" = [])),
    responses((status = 200, description = "The failure.", body = ItemFailureDetail))
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<FailurePath>,
) -> Answer<Json<ItemFailureDetail>> {
    let FailurePath {
        id, run, failure, ..
    } = path;
    Ok(Json(
        failures::get(&state.services, &actor, id, run, failure).await?,
    ))
}

/// Remove what was asked and answered in one failure
///
/// The failure itself stays.
#[utoipa::path(
    delete,
    operation_id = "expunge_failure",
    path = "/api/projects/{slug}/integrations/{id}/syncs/{run}/failures/{failure}/exchange",
    tag = "syncs",
    params(FailurePath),
    security(("session" = [])),
    responses((status = 204, description = "Nothing of it is kept."))
)]
pub(crate) async fn expunge(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<FailurePath>,
) -> Answer<StatusCode> {
    let FailurePath {
        id, run, failure, ..
    } = path;
    failures::expunge(&state.services, &actor, id, run, Some(failure)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove what was asked and answered in all failures of a run
///
/// The failures themselves stay.
#[utoipa::path(
    delete,
    operation_id = "expunge_failures",
    path = "/api/projects/{slug}/integrations/{id}/syncs/{run}/failures/exchanges",
    tag = "syncs",
    params(RunPath),
    security(("session" = [])),
    responses((status = 200, description = "Of how many.", body = Expunged))
)]
pub(crate) async fn expunge_all(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<RunPath>,
) -> Answer<Json<Expunged>> {
    let expunged = failures::expunge(&state.services, &actor, path.id, path.run, None).await?;
    Ok(Json(Expunged { expunged }))
}

/// What is left alone
///
/// Items that failed the same way three times in a row. They are not retried until something about them changes, or
/// a person asks for it.
#[utoipa::path(
    get,
    operation_id = "list_parked",
    path = "/api/projects/{slug}/integrations/{id}/parked",
    tag = "syncs",
    params(IntegrationPath, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of parked items.", body = Page<ParkedItemView>))
)]
pub(crate) async fn parked(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<ParkedItemView>>> {
    let (page, _) = failures::parked(&state.services, &actor, path.id, page.into()).await?;
    Ok(Json(page))
}

/// Take up again what is left alone
///
/// All of it where the body is left out.
#[utoipa::path(
    post,
    operation_id = "unpark",
    path = "/api/projects/{slug}/integrations/{id}/parked/unpark",
    tag = "syncs",
    params(IntegrationPath),
    request_body(content = Option<ParkedQuery>, description = "May be left out."),
    security(("session" = [])),
    responses((status = 200, description = "How many.", body = Unparked))
)]
pub(crate) async fn unpark(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::OptionalJson(which): extract::OptionalJson<Option<ParkedQuery>>,
) -> Answer<Json<Unparked>> {
    let which = which.flatten().unwrap_or_default();
    let unparked = failures::unpark(&state.services, &actor, path.id, which).await?;
    Ok(Json(Unparked { unparked }))
}
