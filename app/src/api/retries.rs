//! Retrying what failed, and what a run would cost.

use calibr_model::{
    IntegrationId, PricePushId, ProjectSlug, SyncRunId,
    status::RunType,
    views::{RetryWish, RunView, SyncPlanView},
};
use leptos::prelude::*;

use super::{ApiError, JsonPost};
#[cfg(feature = "ssr")]
use crate::server::Caller;

/// What a run would do and cost, if it was asked for now.
///
/// # Errors
/// `not-found` where there is no such integration or run.
#[server(prefix = "/api/fn", endpoint = "plan_sync", protocol = JsonPost)]
pub async fn plan_sync(
    project: ProjectSlug,
    id: IntegrationId,
    run_type: RunType,
    run: Option<SyncRunId>,
    wish: RetryWish,
) -> Result<SyncPlanView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::retries::plan(&services, &actor, id, run_type, run, wish).await?)
}

/// Retries what a run did not bring through.
///
/// # Errors
/// `conflict` where nothing is left to retry, or a run is queued or under way.
#[server(prefix = "/api/fn", endpoint = "retry_sync", protocol = JsonPost)]
pub async fn retry_sync(
    project: ProjectSlug,
    id: IntegrationId,
    run: SyncRunId,
    wish: RetryWish,
) -> Result<RunView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::retries::retry(&services, &actor, id, run, wish).await?)
}

/// Previews prices again that a run's store did not take; gives the preview's id.
///
/// # Errors
/// `conflict` where no price is left.
#[server(prefix = "/api/fn", endpoint = "preview_prices_again", protocol = JsonPost)]
pub async fn preview_prices_again(
    project: ProjectSlug,
    id: IntegrationId,
    run: SyncRunId,
    wish: RetryWish,
) -> Result<PricePushId, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    let push = calibr_services::retries::preview_prices(&services, &actor, id, run, wish).await?;
    Ok(push.id)
}
