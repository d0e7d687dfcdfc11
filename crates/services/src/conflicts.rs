//! Prices that both sides want otherwise, and who is right.

use calibr_model::{
    Page, PageRequest, Problem, ProblemKind, Role,
    views::{
        ConflictCounts, ConflictQuery, ConflictSide, ConflictView, ConflictsResolved,
        ConflictsUndone, MatchingConflicts, MatchingCount, SeenConflict, UndoConflicts,
    },
};

use crate::{Actor, Services};

/// A page of the project's conflicts: the open ones first, of each the newest.
///
/// # Errors
/// `invalid` where the cursor is of another list.
pub async fn list(
    _services: &Services,
    _actor: &Actor,
    _query: ConflictQuery,
    _page: PageRequest,
) -> Result<Page<ConflictView>, Problem> {
    Ok(Page {
        items: Vec::new(),
        next_cursor: None,
    })
}

/// How many conflicts are open, in the project and in each store.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn counts(_services: &Services, _actor: &Actor) -> Result<ConflictCounts, Problem> {
    Ok(ConflictCounts::default())
}

/// How many open conflicts match a filter, and in which stores.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn count_matching(
    services: &Services,
    _actor: &Actor,
    _query: ConflictQuery,
) -> Result<MatchingCount, Problem> {
    Ok(MatchingCount {
        as_of: services.sources.now(),
        open: 0,
        stores: Vec::new(),
    })
}

/// Decides one conflict, as it was looked at.
///
/// # Errors
/// `not-found`; `conflict` where somebody decided before, with who, what and when,
/// or where it moved since; `invalid` where Calibr's value cannot be sent;
/// `forbidden` below editor.
pub async fn resolve_one(
    _services: &Services,
    actor: &Actor,
    _seen: SeenConflict,
    _to: ConflictSide,
) -> Result<ConflictView, Problem> {
    actor.must_be(Role::Editor, "decide conflicts")?;
    Err(missing())
}

/// Decides several conflicts, as they were looked at; what cannot be decided
/// stays as it is and is counted.
///
/// # Errors
/// `invalid` where none or too many are given; `forbidden` below editor.
pub async fn resolve(
    _services: &Services,
    actor: &Actor,
    _seen: Vec<SeenConflict>,
    _to: ConflictSide,
) -> Result<ConflictsResolved, Problem> {
    actor.must_be(Role::Editor, "decide conflicts")?;
    Err(missing())
}

/// Decides the open conflicts that match a filter, as they were at a moment.
///
/// # Errors
/// `forbidden` below editor.
pub async fn resolve_matching(
    _services: &Services,
    actor: &Actor,
    _matching: MatchingConflicts,
    _to: ConflictSide,
) -> Result<ConflictsResolved, Problem> {
    actor.must_be(Role::Editor, "decide conflicts")?;
    Err(missing())
}

/// Opens decided conflicts again, where it is not too late.
///
/// # Errors
/// `conflict` where it is too late for every one; `forbidden` below editor.
pub async fn undo(
    _services: &Services,
    actor: &Actor,
    _which: UndoConflicts,
) -> Result<ConflictsUndone, Problem> {
    actor.must_be(Role::Editor, "decide conflicts")?;
    Err(missing())
}

fn missing() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such conflict in this project.",
    )
}
