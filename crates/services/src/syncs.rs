//! Sync runs: asking for them, stopping them, looking at them.

mod export;
mod metrics;

pub use export::{RunsFile, export};
pub use metrics::metrics;

use calibr_engine::{NewSync, schedule_prices, schedule_run};
use calibr_model::{
    FieldError, IntegrationId, Page, PageRequest, Problem, ProblemKind, Role, SyncRunId,
    status::{IntegrationStatus, RunEvent, RunTrigger, RunType},
    views::{RunDetail, RunView, RunsAsked},
};
use calibr_store::{TenantTx, integrations::IntegrationRecord, runs::RunFilter};
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
    let message = match r#type {
        RunType::Full | RunType::Incremental => {
            actor.must_be(Role::Editor, "start a sync")?;
            let mut tx = services.db.tenant(actor.project.id).await?;
            let integration = held(&mut tx, integration).await?;
            let wanted = NewSync {
                integration: integration.id,
                r#type,
                trigger: RunTrigger::Person,
                triggered_by: Some(actor.user),
                watermark: integration.watermark,
                retry: None,
            };
            return begin(services, tx, &integration, wanted).await;
        }
        RunType::Prices => {
            "Prices are sent by applying a price push; ask for a full or an incremental sync here."
        }
        RunType::Retry => {
            "What failed is retried by the run it failed in; ask for a full or an incremental sync \
             here."
        }
    };
    Err(Problem::invalid(vec![FieldError {
        field: "type".to_owned(),
        message: message.to_owned(),
    }]))
}

/// The integration, held as it is until the transaction ends.
///
/// # Errors
/// `not-found`; `conflict` where it is disconnected.
pub(crate) async fn held(
    tx: &mut TenantTx,
    id: IntegrationId,
) -> Result<IntegrationRecord, Problem> {
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
    Ok(integration)
}

/// Puts a run in the queue.
///
/// # Errors
/// `conflict` where one is queued or under way.
pub(crate) async fn begin(
    services: &Services,
    mut tx: TenantTx,
    integration: &IntegrationRecord,
    wanted: NewSync,
) -> Result<RunView, Problem> {
    let Some(run) = schedule_run(&mut tx, wanted, &services.sources).await? else {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "{} is being synced already. Wait for that sync to end, or cancel it.",
                integration.name
            ),
        ));
    };
    let run = one(&mut tx, integration.id, run).await?;
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
        retry: tx.retry_view(run).await?,
        log: tx.run_log(run).await?,
    })
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
    let text = format!("{} cancelled it. What came before is kept.", actor.name);
    tx.log_run(run, RunEvent::Ended, &text, now).await?;
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

pub(crate) async fn one(
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
