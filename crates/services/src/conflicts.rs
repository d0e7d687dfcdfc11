//! Prices that both sides want otherwise, and who is right.

mod resolve;
mod undo;

use calibr_model::{
    Page, PageRequest, Problem, ProblemKind,
    views::{ConflictCounts, ConflictQuery, ConflictView, MatchingCount},
};

pub use self::{
    resolve::{resolve, resolve_matching, resolve_one},
    undo::undo,
};
use crate::{Actor, Services};

/// Most conflicts that are named one by one.
const MOST_NAMED: usize = 1_000;

/// A page of the project's conflicts: the open ones first, of each the newest.
///
/// # Errors
/// `invalid` where the cursor is of another list.
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: ConflictQuery,
    page: PageRequest,
) -> Result<Page<ConflictView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.conflicts(&query, &page).await?)
}

/// How many conflicts are open, in the project and in each store.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn counts(services: &Services, actor: &Actor) -> Result<ConflictCounts, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.conflict_counts(&ConflictQuery::default()).await?)
}

/// How many open conflicts match a filter, and in which stores.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn count_matching(
    services: &Services,
    actor: &Actor,
    query: ConflictQuery,
) -> Result<MatchingCount, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    // Before they are counted: what is found meanwhile is not decided along.
    let as_of = services.sources.now();
    Ok(MatchingCount {
        as_of,
        counts: tx.conflict_counts(&query).await?,
    })
}

fn missing() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such conflict in this project.",
    )
}
