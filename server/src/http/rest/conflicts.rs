//! Prices that both sides want otherwise, and who is right.

use axum::{Json, extract::State};
use calibr_model::{
    ConflictId, IntegrationId, Page,
    views::{
        ConflictField, ConflictQuery, ConflictSide, ConflictStatus, ConflictView,
        ConflictsResolved, ConflictsUndone, MatchingConflicts, SeenConflict, UndoConflicts,
    },
};
use calibr_services::conflicts;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use crate::http::{
    caller::Member,
    extract::{self, PageQuery},
    state::AppState,
};

/// Which conflict.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ConflictPath {
    /// The project's address.
    #[serde(rename = "slug")]
    #[param(rename = "slug")]
    _slug: String,
    /// The conflict.
    id: ConflictId,
}

/// Which conflicts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConflictsQuery {
    /// Only of this integration.
    integration: Option<IntegrationId>,
    /// Only of this field: `price` or `compare_at`.
    #[param(inline)]
    field: Option<ConflictField>,
    /// Only those that stand so: `open`, `resolved` or `superseded`; all where not
    /// given, the open ones first.
    #[param(inline)]
    status: Option<ConflictStatus>,
    /// Only products with these words in title, vendor or SKU.
    #[serde(default)]
    search: String,
}

/// How one conflict is decided.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ResolveConflict {
    /// Whose value stands.
    to: ConflictSide,
    /// The `version` that was looked at.
    version: i64,
}

/// How several conflicts are decided: those named, or those that match.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ResolveConflicts {
    /// Whose value stands.
    to: ConflictSide,
    /// Which.
    which: WhichConflicts,
}

/// Ways to say which conflicts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhichConflicts {
    /// These, as they were looked at; at most 1,000.
    Conflicts(Vec<SeenConflict>),
    /// All open ones that match, as they were at a moment; at most 100,000.
    Matching(MatchingConflicts),
}

/// Conflicts
///
/// Fields of listings for which the store shows another value than is wanted here,
/// though that one was there before or is on its way: what both agreed on, what
/// Calibr wants, what the store has. Open ones first, of each the newest.
#[utoipa::path(
    get,
    operation_id = "list_conflicts",
    path = "/api/projects/{slug}/conflicts",
    tag = "prices",
    params(("slug" = String, Path, description = "The project's address."), ConflictsQuery, PageQuery),
    security(("session" = [])),
    responses((status = 200, description = "A page of conflicts.", body = Page<ConflictView>))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Query(query): extract::Query<ConflictsQuery>,
    extract::Query(page): extract::Query<PageQuery>,
) -> Answer<Json<Page<ConflictView>>> {
    let query = ConflictQuery {
        integration: query.integration,
        field: query.field,
        status: query.status,
        search: query.search,
    };
    Ok(Json(
        conflicts::list(&state.services, &actor, query, page.into()).await?,
    ))
}

/// Decide a conflict
///
/// `theirs` makes the store's value the wanted one. `ours` sends Calibr's value to
/// the store, within the project's bounds and only over the value that the store
/// had. `conflict` where somebody decided before or it moved since `version`.
#[utoipa::path(
    post,
    operation_id = "resolve_conflict",
    path = "/api/projects/{slug}/conflicts/{id}/resolve",
    tag = "prices",
    params(ConflictPath),
    request_body = ResolveConflict,
    security(("session" = [])),
    responses((status = 200, description = "It is decided.", body = ConflictView))
)]
pub(crate) async fn resolve_one(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<ConflictPath>,
    extract::Json(ResolveConflict { to, version }): extract::Json<ResolveConflict>,
) -> Answer<Json<ConflictView>> {
    let seen = SeenConflict {
        id: path.id,
        version,
    };
    Ok(Json(
        conflicts::resolve_one(&state.services, &actor, seen, to).await?,
    ))
}

/// Decide conflicts
///
/// Those that are named with the versions that were looked at, or all open ones
/// that match a filter: none that was found or moved after `as_of`. What cannot be
/// decided stays as it is and is counted. `ours` makes one push of all.
#[utoipa::path(
    post,
    operation_id = "resolve_conflicts",
    path = "/api/projects/{slug}/conflicts/resolve",
    tag = "prices",
    params(("slug" = String, Path, description = "The project's address.")),
    request_body = ResolveConflicts,
    security(("session" = [])),
    responses((status = 200, description = "What became of them.", body = ConflictsResolved))
)]
pub(crate) async fn resolve(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Json(ResolveConflicts { to, which }): extract::Json<ResolveConflicts>,
) -> Answer<Json<ConflictsResolved>> {
    let resolved = match which {
        WhichConflicts::Conflicts(seen) => {
            conflicts::resolve(&state.services, &actor, seen, to).await?
        }
        WhichConflicts::Matching(matching) => {
            conflicts::resolve_matching(&state.services, &actor, matching, to).await?
        }
    };
    Ok(Json(resolved))
}

/// Undo decisions
///
/// Opens conflicts again: decided for Calibr's value while that is not sent, for
/// the store's while it stands and nothing newer is wanted. `conflict` where it is
/// too late for every one.
#[utoipa::path(
    post,
    operation_id = "undo_conflicts",
    path = "/api/projects/{slug}/conflicts/undo",
    tag = "prices",
    params(("slug" = String, Path, description = "The project's address.")),
    request_body = UndoConflicts,
    security(("session" = [])),
    responses((status = 200, description = "How many are open again.", body = ConflictsUndone))
)]
pub(crate) async fn undo(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Json(which): extract::Json<UndoConflicts>,
) -> Answer<Json<ConflictsUndone>> {
    Ok(Json(conflicts::undo(&state.services, &actor, which).await?))
}
