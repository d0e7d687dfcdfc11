//! Sync runs.

use calibr_model::{
    IntegrationId, Page, PageRequest, ProjectSlug, SyncRunId,
    status::RunType,
    views::{PhaseView, RetryView, RunLogLine, RunView, RunsAsked},
};
use leptos::prelude::*;

use super::{ApiError, JsonPost};
use crate::charts::RunCharts;
#[cfg(feature = "ssr")]
use crate::server::Caller;

/// A run in its parts.
pub type RunParts = (RunView, Vec<PhaseView>, Option<RetryView>, Vec<RunLogLine>);

/// Asks for a run.
///
/// # Errors
/// `conflict` where one is queued or under way.
#[server(prefix = "/api/fn", endpoint = "start_sync", protocol = JsonPost)]
pub async fn start_sync(
    project: ProjectSlug,
    id: IntegrationId,
    run_type: RunType,
) -> Result<RunView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::syncs::start(&services, &actor, id, run_type).await?)
}

/// The last runs over all integrations, newest first.
///
/// # Errors
/// `not-found` where the project is not the caller's.
#[server(prefix = "/api/fn", endpoint = "recent_syncs", protocol = JsonPost)]
pub async fn recent_syncs(project: ProjectSlug) -> Result<Vec<RunView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::syncs::recent(&services, &actor).await?)
}

/// One page of an integration's runs, newest first.
///
/// # Errors
/// `not-found` where there is no such integration in the project.
#[server(prefix = "/api/fn", endpoint = "list_syncs", protocol = JsonPost)]
pub async fn list_syncs(
    project: ProjectSlug,
    id: IntegrationId,
    asked: RunsAsked,
    page: PageRequest,
) -> Result<Page<RunView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::syncs::list(&services, &actor, id, &asked, page).await?)
}

/// How an integration's runs went, in figures and charts.
///
/// # Errors
/// `not-found` where there is no such integration in the project.
#[server(prefix = "/api/fn", endpoint = "sync_charts", protocol = JsonPost)]
pub async fn sync_charts(
    project: ProjectSlug,
    id: IntegrationId,
    asked: RunsAsked,
) -> Result<RunCharts, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    let metrics = calibr_services::syncs::metrics(&services, &actor, id, &asked).await?;
    let zone = actor
        .project
        .time_zone
        .parse()
        .unwrap_or(chrono_tz::Tz::UTC);
    Ok(crate::charts::of_runs(&metrics, zone))
}

/// One run: the phases it went through, what it retries where it does, and its
/// log.
///
/// # Errors
/// `not-found` where there is no such run of the integration.
#[server(prefix = "/api/fn", endpoint = "get_sync", protocol = JsonPost)]
pub async fn get_sync(
    project: ProjectSlug,
    id: IntegrationId,
    run: SyncRunId,
) -> Result<RunParts, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    let detail = calibr_services::syncs::get(&services, &actor, id, run).await?;
    Ok((detail.run, detail.phases, detail.retry, detail.log))
}

/// Stops a run that is queued or under way. What came through stays.
///
/// # Errors
/// `conflict` where it has ended.
#[server(prefix = "/api/fn", endpoint = "cancel_sync", protocol = JsonPost)]
pub async fn cancel_sync(
    project: ProjectSlug,
    id: IntegrationId,
    run: SyncRunId,
) -> Result<RunView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::syncs::cancel(&services, &actor, id, run).await?)
}
