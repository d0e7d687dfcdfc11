//! Prices that both sides want otherwise, and who is right.

use calibr_model::{
    Page, PageRequest, ProjectSlug,
    views::{
        self, ConflictCounts, ConflictQuery, ConflictSide, ConflictView, ConflictsResolved,
        ConflictsUndone, MatchingConflicts, MatchingCount, SeenConflict,
    },
};
use leptos::prelude::*;

use super::{ApiError, JsonPost};
#[cfg(feature = "ssr")]
use crate::server::Caller;

/// A page of the project's conflicts: the open ones first, of each the newest.
///
/// # Errors
/// `not-found` where the project is not the caller's.
#[server(prefix = "/api/fn", endpoint = "list_conflicts", protocol = JsonPost)]
pub async fn list_conflicts(
    project: ProjectSlug,
    query: ConflictQuery,
    page: PageRequest,
) -> Result<Page<ConflictView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::conflicts::list(&services, &actor, query, page).await?)
}

/// How many conflicts are open, in the project and in each store.
///
/// # Errors
/// `not-found` where the project is not the caller's.
#[server(prefix = "/api/fn", endpoint = "count_conflicts", protocol = JsonPost)]
pub async fn count_conflicts(project: ProjectSlug) -> Result<ConflictCounts, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::conflicts::counts(&services, &actor).await?)
}

/// How many open conflicts match a filter, and in which stores.
///
/// # Errors
/// `not-found` where the project is not the caller's.
#[server(prefix = "/api/fn", endpoint = "count_matching_conflicts", protocol = JsonPost)]
pub async fn count_matching_conflicts(
    project: ProjectSlug,
    query: ConflictQuery,
) -> Result<MatchingCount, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::conflicts::count_matching(&services, &actor, query).await?)
}

/// Decides one conflict, as it was looked at.
///
/// # Errors
/// `conflict` where somebody decided before, with who, what and when, or where it
/// moved since; `invalid` where Calibr's value cannot be sent; `forbidden` below
/// editor.
#[server(prefix = "/api/fn", endpoint = "resolve_conflict", protocol = JsonPost)]
pub async fn resolve_conflict(
    project: ProjectSlug,
    seen: SeenConflict,
    to: ConflictSide,
) -> Result<ConflictView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::conflicts::resolve_one(&services, &actor, seen, to).await?)
}

/// Decides several conflicts, at most 1,000; what cannot be decided stays as it
/// is and is counted.
///
/// # Errors
/// `invalid` where none or too many are given; `forbidden` below editor.
#[server(prefix = "/api/fn", endpoint = "resolve_conflicts", protocol = JsonPost)]
pub async fn resolve_conflicts(
    project: ProjectSlug,
    seen: Vec<SeenConflict>,
    to: ConflictSide,
) -> Result<ConflictsResolved, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::conflicts::resolve(&services, &actor, seen, to).await?)
}

/// Decides the open conflicts that match a filter, as they were at a moment.
///
/// # Errors
/// `invalid` where more than 100,000 match; `forbidden` below editor.
#[server(prefix = "/api/fn", endpoint = "resolve_matching_conflicts", protocol = JsonPost)]
pub async fn resolve_matching_conflicts(
    project: ProjectSlug,
    matching: MatchingConflicts,
    to: ConflictSide,
) -> Result<ConflictsResolved, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::conflicts::resolve_matching(&services, &actor, matching, to).await?)
}

/// Opens decided conflicts again, where it is not too late.
///
/// # Errors
/// `conflict` where it is too late for every one; `forbidden` below editor.
#[server(prefix = "/api/fn", endpoint = "undo_conflicts", protocol = JsonPost)]
pub async fn undo_conflicts(
    project: ProjectSlug,
    which: views::UndoConflicts,
) -> Result<ConflictsUndone, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::conflicts::undo(&services, &actor, which).await?)
}
