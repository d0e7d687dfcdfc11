//! Sync runs: asking for them, stopping them, looking at them.

mod export;
mod metrics;

pub use export::{RunsFile, export};
pub use metrics::metrics;

use calibr_engine::{NewSync, schedule_prices, schedule_run};
use calibr_model::{
    FieldError, IntegrationId, Page, PageRequest, Problem, ProblemKind, Role, SyncRunId,
    status::{IntegrationStatus, RunTrigger, RunType, SyncStatus},
    views::{ItemFailureView, RunDetail, RunView, RunsAsked},
};
use calibr_store::{TenantTx, runs::RunFilter};
use chrono_tz::Tz;

use crate::{Actor, Services, integrations};

/// Runs shown over all integrations.
const RECENT: u16 = 10;

/// Asks for a run. An incremental one becomes a full one where nothing has come
/// through yet.
///
/// # Errors
/// `forbidden` below editor; `conflict` where a run is queued or under way, or
/// the store is disconnected.
pub async fn start(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    r#type: RunType,
) -> Result<RunView, Problem> {
    if r#type == RunType::Prices {
        return Err(Problem::invalid(vec![FieldError {
            field: "type".to_owned(),
            message: "Prices are sent by applying a price push; ask for a full or an incremental \
                      sync here."
                .to_owned(),
        }]));
    }
    begin(services, actor, integration, r#type, RunTrigger::Person).await
}

async fn begin(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    r#type: RunType,
    trigger: RunTrigger,
) -> Result<RunView, Problem> {
    actor.must_be(Role::Editor, "start a sync")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let integration = tx
        .hold_integration(id)
        .await?
        .ok_or_else(integrations::missing)?;
    if integration.status == IntegrationStatus::Disconnected {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "{} is disconnected. Reconnect it to sync.",
                integration.name
            ),
        ));
    }
    let wanted = NewSync {
        integration: id,
        r#type,
        trigger,
        triggered_by: Some(actor.user),
        watermark: integration.watermark,
    };
    let Some(run) = schedule_run(&mut tx, wanted, &services.sources).await? else {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "{} is being synced already. Wait for that sync to end, or cancel it.",
                integration.name
            ),
        ));
    };
    let run = tx.run(id, run).await?.ok_or_else(no_run)?;
    tx.commit().await?;
    Ok(run)
}

/// The last runs over all integrations, newest first.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn recent(services: &Services, actor: &Actor) -> Result<Vec<RunView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.recent_runs(RECENT).await?)
}

/// A page of an integration's runs, newest first.
///
/// # Errors
/// `not-found`; `invalid` where a filter is none, or the cursor is of another
/// list.
pub async fn list(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    asked: &RunsAsked,
    page: PageRequest,
) -> Result<Page<RunView>, Problem> {
    let filter = filter(services, actor, asked)?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.integration(integration)
        .await?
        .ok_or_else(integrations::missing)?;
    Ok(tx.runs(integration, &filter, &page).await?)
}

/// Reads filters, by this moment and the days of the project.
fn filter(services: &Services, actor: &Actor, asked: &RunsAsked) -> Result<RunFilter, Problem> {
    let query = asked.read()?;
    let time = query
        .time
        .between(services.sources.now(), &zone_of(actor))
        .map_err(|fault| Problem::invalid(vec![fault]))?;
    Ok(RunFilter {
        status: query.status,
        r#type: query.r#type,
        trigger: query.trigger,
        time,
    })
}

/// The project's time zone; UTC where its name is not known any more.
fn zone_of(actor: &Actor) -> Tz {
    actor.project.time_zone.parse().unwrap_or(Tz::UTC)
}

/// One run with its phases.
///
/// # Errors
/// `not-found`.
pub async fn get(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
) -> Result<RunDetail, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(RunDetail {
        run: one(&mut tx, integration, run).await?,
        phases: tx.run_phases(run).await?,
    })
}

/// A page of what a run could not bring through, in the order it was met.
///
/// # Errors
/// `not-found`; `invalid` where the cursor is of another list.
pub async fn failures(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
    page: PageRequest,
) -> Result<Page<ItemFailureView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    one(&mut tx, integration, run).await?;
    Ok(tx.item_failures(run, &page).await?)
}

/// Ends a queued or running run at once. What came through stays.
///
/// # Errors
/// `forbidden` below editor; `conflict` where the run has ended.
pub async fn cancel(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
) -> Result<RunView, Problem> {
    actor.must_be(Role::Editor, "cancel a sync")?;
    let now = services.sources.now();
    let mut tx = services.db.tenant(actor.project.id).await?;
    let before = one(&mut tx, integration, run).await?;
    if !tx.cancel_run(run, now).await? {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "This sync has ended already; there is nothing to cancel.",
        ));
    }
    if before.r#type == RunType::Prices {
        tx.fail_waiting_prices(
            integration,
            "cancelled",
            "The run that was to send it was cancelled.",
            now,
        )
        .await?;
    } else {
        schedule_prices(&mut tx, integration, None, &services.sources).await?;
    }
    let view = one(&mut tx, integration, run).await?;
    tx.commit().await?;
    Ok(view)
}

/// Asks for a run that brings through what this one did not.
///
/// # Errors
/// `forbidden` below editor; `conflict` where the run came through whole, or one
/// is queued or under way.
pub async fn retry(
    services: &Services,
    actor: &Actor,
    integration: IntegrationId,
    run: SyncRunId,
) -> Result<RunView, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    let before = one(&mut tx, integration, run).await?;
    drop(tx);
    let r#type = match before.status {
        SyncStatus::Success => {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "Everything came through in this sync; there is nothing to retry.",
            ));
        }
        _ if before.r#type == RunType::Prices => {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "Prices that were not taken are not sent again by themselves. Preview them again.",
            ));
        }
        // What failed may lie before what an incremental run reads.
        SyncStatus::Partial => RunType::Full,
        _ => before.r#type,
    };
    begin(services, actor, integration, r#type, RunTrigger::Retry).await
}

async fn one(
    tx: &mut TenantTx,
    integration: IntegrationId,
    run: SyncRunId,
) -> Result<RunView, Problem> {
    tx.run(integration, run).await?.ok_or_else(no_run)
}

fn no_run() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such sync of this integration.",
    )
}
