//! Connected stores of a project.

mod connect;
mod credentials;
mod one_click;
mod saved;
mod settings;

use std::time::Duration;

use calibr_engine::read_what_was_held_back;
use calibr_model::{
    FieldError, IntegrationId, Problem, ProblemKind, Role,
    event::ProjectEvent,
    form::name_fault,
    status::{IntegrationStatus, RunEvent},
    views::{Disconnected, IntegrationDetail, IntegrationView},
};
use calibr_store::{TenantTx, integrations::IntegrationRecord};

pub use connect::{connect, reconnect, test_form};
pub use credentials::put_credentials;
pub use one_click::{
    OneClickDone, OneClickFailed, complete_one_click, receive_delivery, start_one_click,
};
pub use saved::test;
pub use settings::{save_settings, settings};

use crate::{Actor, Services};

/// How long a store that is disconnected may take to end its webhooks.
const LONGEST_FAREWELL: Duration = Duration::from_secs(8);

/// Every integration of the project, disconnected ones too, oldest first.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn list(services: &Services, actor: &Actor) -> Result<Vec<IntegrationView>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.integrations().await?)
}

/// One integration, with what was entered and what may be shown of its
/// credentials.
///
/// # Errors
/// `not-found`.
pub async fn get(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
) -> Result<IntegrationDetail, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    let integration = view(&mut tx, id).await?;
    let record = tx.integration(id).await?.ok_or_else(missing)?;
    let credentials = tx.credential_views(id).await?;
    let fields: Vec<&str> = credentials.iter().map(|one| one.field.as_str()).collect();
    // A platform that this version does not know renews nothing.
    let connector = services.connector(&record.platform);
    Ok(IntegrationDetail {
        integration,
        config: record.config,
        renews: connector.is_ok_and(|connector| connector.renews(&fields)),
        credentials,
    })
}

/// Gives an integration another name.
///
/// # Errors
/// `forbidden` below admin; `invalid` where the name is empty or too long.
pub async fn rename(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    name: &str,
) -> Result<IntegrationView, Problem> {
    actor.must_be(Role::Admin, "rename a store")?;
    let name = checked_name(name)?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    if !tx
        .rename_integration(id, name, actor.user, services.sources.now())
        .await?
    {
        return Err(missing());
    }
    changed(tx, id).await
}

/// Holds back the runs by the clock and by webhooks. One that is queued or under way goes on.
///
/// # Errors
/// `forbidden` below admin; `not-found` where it is not there or disconnected.
pub async fn pause(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
) -> Result<IntegrationView, Problem> {
    set_paused(services, actor, id, true).await
}

/// Lets the runs by the clock go on; what webhooks told meanwhile is read.
///
/// # Errors
/// As [`pause`].
pub async fn resume(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
) -> Result<IntegrationView, Problem> {
    set_paused(services, actor, id, false).await
}

async fn set_paused(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    paused: bool,
) -> Result<IntegrationView, Problem> {
    actor.must_be(Role::Admin, "pause or resume a store")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    if !tx
        .set_integration_paused(id, paused, services.sources.now())
        .await?
    {
        return Err(missing());
    }
    if !paused {
        read_what_was_held_back(&mut tx, id, &services.sources).await?;
    }
    changed(tx, id).await
}

/// Disconnects a store: its credentials are destroyed, a sync that is queued or
/// under way is ended; products, listings and history stay. `typed_name` is the
/// integration's name as a person typed it to confirm.
///
/// # Errors
/// `forbidden` below admin; `invalid` where the name is another; `conflict`
/// where it is disconnected already.
pub async fn disconnect(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    typed_name: &str,
) -> Result<Disconnected, Problem> {
    end(services, actor, id, Some(typed_name)).await
}

/// The same for a program, which cannot be mistaken in the id.
///
/// # Errors
/// As [`disconnect`].
pub async fn disconnect_by_id(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
) -> Result<Disconnected, Problem> {
    end(services, actor, id, None).await
}

async fn end(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    typed_name: Option<&str>,
) -> Result<Disconnected, Problem> {
    actor.must_be(Role::Admin, "disconnect a store")?;
    let now = services.sources.now();
    end_webhooks(services, actor, id, typed_name).await?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    // Before the integration, as whoever refreshes or replaces them does: a
    // refresh that the platform has answered is waited for, and removed too.
    tx.lock_credentials(id).await?;
    let integration = tx.hold_integration(id).await?.ok_or_else(missing)?;
    must_be_named(&integration, typed_name)?;
    if let Some(run) = tx.active_run(id).await? {
        let text = format!("{} disconnected the store.", actor.name);
        tx.log_run(run.id, RunEvent::Ended, &text, now).await?;
        tx.cancel_run(run.id, now).await?;
    }
    tx.fail_waiting_prices(
        id,
        "store_disconnected",
        "The store was disconnected before it was sent.",
        now,
    )
    .await?;
    let Some(listings_kept) = tx.disconnect_integration(id, now).await? else {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("{} is disconnected already.", integration.name),
        ));
    };
    changed(tx, id).await?;
    tracing::info!(project = %actor.project.id, integration = %id, "a store was disconnected");
    Ok(Disconnected { id, listings_kept })
}

fn must_be_named(integration: &IntegrationRecord, typed: Option<&str>) -> Result<(), Problem> {
    if typed.is_some_and(|typed| typed.trim() != integration.name.trim()) {
        return Err(Problem::invalid(vec![FieldError {
            field: "typed_name".to_owned(),
            message: format!(
                "Type the name of the store, {}, to confirm.",
                integration.name
            ),
        }]));
    }
    Ok(())
}

/// Has the store send no more messages, while there are credentials to say so. A
/// store that does not answer is told so by the answers to its messages.
async fn end_webhooks(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    typed_name: Option<&str>,
) -> Result<(), Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    let integration = tx.integration(id).await?.ok_or_else(missing)?;
    must_be_named(&integration, typed_name)?;
    let subscribed = tx.subscriptions(id).await?;
    drop(tx);
    let may_be_told = integration.status == IntegrationStatus::Connected;
    if may_be_told && subscribed.iter().any(|one| one.external_id.is_some()) {
        let told = services.webhooks.withdraw(&integration);
        if tokio::time::timeout(LONGEST_FAREWELL, told).await.is_err() {
            tracing::info!(integration = %id, "a store took too long to end its webhooks");
        }
    }
    Ok(())
}

/// Tells the browsers, keeps what was done, and gives what it looks like now.
async fn changed(mut tx: TenantTx, id: IntegrationId) -> Result<IntegrationView, Problem> {
    let view = view(&mut tx, id).await?;
    tx.notify(ProjectEvent::IntegrationChanged {
        integration_id: id,
        status: view.status,
    })
    .await?;
    tx.commit().await?;
    Ok(view)
}

async fn view(tx: &mut TenantTx, id: IntegrationId) -> Result<IntegrationView, Problem> {
    tx.integration_view(id).await?.ok_or_else(missing)
}

/// The problem of an integration that is not there.
pub(crate) fn missing() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such integration in this project.",
    )
}

fn checked_name(name: &str) -> Result<&str, Problem> {
    match name_fault("The store's name", name) {
        None => Ok(name.trim()),
        Some(message) => Err(Problem::invalid(vec![FieldError {
            field: "name".to_owned(),
            message,
        }])),
    }
}
