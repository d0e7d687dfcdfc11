//! What runs could not bring through, and what is left alone.

use calibr_model::{
    IntegrationId, Page, PageRequest, ProjectSlug, SyncRunId,
    views::{
        FailureExchange, FailureGroupView, FailureQuery, ItemFailureView, ParkedItemView,
        ParkedQuery,
    },
};
use leptos::prelude::*;

use super::{ApiError, JsonPost};
#[cfg(feature = "ssr")]
use crate::server::Caller;

/// One page of what a run could not sync.
///
/// # Errors
/// `not-found` where there is no such run of the integration.
#[server(prefix = "/api/fn", endpoint = "list_failures", protocol = JsonPost)]
pub async fn list_failures(
    project: ProjectSlug,
    id: IntegrationId,
    run: SyncRunId,
    query: FailureQuery,
    page: PageRequest,
) -> Result<Page<ItemFailureView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::failures::list(&services, &actor, id, run, query, page).await?)
}

/// What a run could not sync, by what is wrong.
///
/// # Errors
/// `not-found` where there is no such run of the integration.
#[server(prefix = "/api/fn", endpoint = "list_failure_groups", protocol = JsonPost)]
pub async fn list_failure_groups(
    project: ProjectSlug,
    id: IntegrationId,
    run: SyncRunId,
) -> Result<Vec<FailureGroupView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::failures::groups(&services, &actor, id, run).await?)
}

/// The platform's part in one failure.
///
/// # Errors
/// `not-found` where there is no such failure of the run.
#[server(prefix = "/api/fn", endpoint = "get_failure_exchange", protocol = JsonPost)]
pub async fn get_failure_exchange(
    project: ProjectSlug,
    id: IntegrationId,
    run: SyncRunId,
    failure: i64,
) -> Result<FailureExchange, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    let detail = calibr_services::failures::get(&services, &actor, id, run, failure).await?;
    Ok(detail.exchange)
}

/// Removes the platform's part in one failure, or in all of a run. Gives of how
/// many.
///
/// # Errors
/// `forbidden` below editor.
#[server(prefix = "/api/fn", endpoint = "expunge_failures", protocol = JsonPost)]
pub async fn expunge_failures(
    project: ProjectSlug,
    id: IntegrationId,
    run: SyncRunId,
    failure: Option<i64>,
) -> Result<i64, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::failures::expunge(&services, &actor, id, run, failure).await?)
}

/// One page of the items that are left alone, and how many there are.
///
/// # Errors
/// `not-found` where there is no such integration in the project.
#[server(prefix = "/api/fn", endpoint = "list_parked", protocol = JsonPost)]
pub async fn list_parked(
    project: ProjectSlug,
    id: IntegrationId,
    page: PageRequest,
) -> Result<(Page<ParkedItemView>, i64), ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::failures::parked(&services, &actor, id, page).await?)
}

/// Takes parked items up again. Gives how many.
///
/// # Errors
/// `forbidden` below editor.
#[server(prefix = "/api/fn", endpoint = "unpark_items", protocol = JsonPost)]
pub async fn unpark_items(
    project: ProjectSlug,
    id: IntegrationId,
    which: ParkedQuery,
) -> Result<i64, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::failures::unpark(&services, &actor, id, which).await?)
}
