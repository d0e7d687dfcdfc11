//! What people set of an integration.

use calibr_engine::set_the_clock;
use calibr_model::{
    FieldError, IntegrationId, Problem, ProblemKind, Role,
    settings::{SettingsPatch, SettingsView},
    status::IntegrationStatus,
};
use calibr_store::TenantTx;

use super::{changed, missing};
use crate::{Actor, Services};

/// The settings of an integration.
///
/// # Errors
/// `not-found`.
pub async fn settings(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
) -> Result<SettingsView, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    view(&mut tx, id).await
}

/// Changes settings, where they are still those that were looked at; the clock
/// goes by them at once, a run that is under way from its next attempt on.
///
/// # Errors
/// `forbidden` below admin; `not-found`; `invalid` with the fields at fault;
/// `conflict` where another save came first: nothing is saved then.
pub async fn save_settings(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    patch: SettingsPatch,
) -> Result<SettingsView, Problem> {
    actor.must_be(Role::Admin, "change the settings of a store")?;
    let now = services.sources.now();
    let mut tx = services.db.tenant(actor.project.id).await?;
    let mut integration = tx.hold_integration(id).await?.ok_or_else(missing)?;
    let before = view(&mut tx, id).await?;
    if patch.version != before.version {
        return Err(came_first(&before));
    }
    if patch.is_empty() {
        return Ok(before);
    }
    let after = before.settings.clone().with(patch);
    let connector = services.connector(&integration.platform)?;
    let mut faults = after.faults(connector.info());
    integration.tuning = after.tuning.clone();
    if faults.is_empty()
        && integration.status != IntegrationStatus::Disconnected
        && let Err(error) = services.webhooks.open(&integration)
    {
        faults.push(FieldError {
            field: "tuning.ca_pem".to_owned(),
            message: Problem::from(error).detail,
        });
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    if !tx
        .save_settings(id, before.version, &after, actor.user, now)
        .await?
    {
        return Err(came_first(&before));
    }
    let clock =
        |settings: &calibr_model::settings::Settings| (settings.frequency, settings.daily_at);
    if clock(&after) != clock(&before.settings) {
        set_the_clock(&mut tx, id).await?;
    }
    let saved = view(&mut tx, id).await?;
    changed(tx, id).await?;
    tracing::info!(project = %actor.project.id, integration = %id, by = %actor.user, "settings were saved");
    Ok(saved)
}

async fn view(tx: &mut TenantTx, id: IntegrationId) -> Result<SettingsView, Problem> {
    tx.settings(id).await?.ok_or_else(missing)
}

fn came_first(saved: &SettingsView) -> Problem {
    let who = saved.saved_by.as_deref().unwrap_or("Somebody");
    Problem::new(
        ProblemKind::Conflict,
        format!(
            "{who} saved these settings after you opened them. Yours were not saved. Compare both, \
             then save again."
        ),
    )
}
