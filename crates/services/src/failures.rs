//! What runs could not bring through, and what is left alone.

use calibr_model::{
    IntegrationId, Page, PageRequest, Problem, ProblemKind, Role, SyncRunId,
    views::{
        FailureGroupView, FailureQuery, ItemFailureDetail, ItemFailureView, ParkedItemView,
        ParkedQuery,
    },
};
use calibr_store::TenantTx;
use chrono::TimeDelta;

use crate::{Actor, Services, integrations, syncs};

/// How long what was asked of a platform and what it answered stay with a
/// failure.
pub const ANSWERS_KEPT: TimeDelta = TimeDelta::days(30);

/// A page of what a run could not bring through, in the order it was met.
///
/// # Errors
/// `not-found`; `invalid` where the cursor is of another list.
pub async fn list(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
    query: FailureQuery,
    page: PageRequest,
) -> Result<Page<ItemFailureView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    syncs::one(&mut tx, integration, run).await?;
    Ok(tx.item_failures(run, &query, &page).await?)
}

/// The same by code, kind and class, most first.
///
/// # Errors
/// `not-found`.
pub async fn groups(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
) -> Result<Vec<FailureGroupView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    syncs::one(&mut tx, integration, run).await?;
    Ok(tx.failure_groups(run).await?)
}

/// One failure with the platform's part in it, as far as that is kept.
///
/// # Errors
/// `not-found`.
pub async fn get(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
    failure: i64,
) -> Result<ItemFailureDetail, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    syncs::one(&mut tx, integration, run).await?;
    tx.item_failure(run, failure, ANSWERS_KEPT)
        .await?
        .ok_or_else(no_failure)
}

/// Removes what was asked of the platform and what it answered: of one failure,
/// or of all of a run. Gives of how many.
///
/// # Errors
/// `forbidden` below editor; `not-found`.
pub async fn expunge(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
    failure: Option<i64>,
) -> Result<i64, Problem> {
    actor.must_be(Role::Editor, "remove what a platform answered")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    syncs::one(&mut tx, integration, run).await?;
    if let Some(failure) = failure {
        tx.item_failure(run, failure, ANSWERS_KEPT)
            .await?
            .ok_or_else(no_failure)?;
    }
    let now = services.sources.now();
    let expunged = tx.expunge_answers(run, failure, actor.user, now).await?;
    tx.commit().await?;
    Ok(i64::try_from(expunged).unwrap_or(i64::MAX))
}

/// A page of the items of an integration that are left alone, and how many there
/// are in all.
///
/// # Errors
/// `not-found`; `invalid` where the cursor is of another list.
pub async fn parked(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    page: PageRequest,
) -> Result<(Page<ParkedItemView>, i64), Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    known(&mut tx, integration).await?;
    let count = tx.parked_count(integration).await?;
    Ok((tx.parked_items(integration, &page).await?, count))
}

/// Takes parked items up again, as if they had never failed that way. Gives how
/// many.
///
/// # Errors
/// `forbidden` below editor; `not-found`.
pub async fn unpark(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    which: ParkedQuery,
) -> Result<i64, Problem> {
    actor.must_be(Role::Editor, "take parked items up again")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    known(&mut tx, integration).await?;
    let unparked = tx.unpark(integration, &which).await?;
    tx.commit().await?;
    Ok(i64::try_from(unparked).unwrap_or(i64::MAX))
}

async fn known(tx: &mut TenantTx, integration: IntegrationId) -> Result<(), Problem> {
    tx.integration(integration)
        .await?
        .map(drop)
        .ok_or_else(integrations::missing)
}

fn no_failure() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such failure of this sync.",
    )
}
