//! Settings and credentials of a connected store.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use calibr_model::{
    form::CredentialsForm,
    settings::{SettingsPatch, SettingsView},
    views::IntegrationDetail,
};
use calibr_services::integrations;

use super::{Answer, integrations::IntegrationPath};
use crate::http::{caller::Member, extract, state::AppState};

/// The settings of an integration
///
/// `daily_at` is in the project's `time_zone`. What is `null` in `tuning` is the connector's own choice; the platform's
/// `tuning` says what may be set.
#[utoipa::path(
    get,
    operation_id = "get_settings",
    path = "/api/projects/{slug}/integrations/{id}/settings",
    tag = "integrations",
    params(IntegrationPath),
    security(("session" = [])),
    responses((status = 200, description = "The settings.", body = SettingsView))
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
) -> Answer<Json<SettingsView>> {
    Ok(Json(
        integrations::settings(&state.services, &actor, path.id).await?,
    ))
}

/// Change settings
///
/// What is left out stays. `version` is that of the settings that were looked at: where another save came first, nothing
/// is saved and the answer is `conflict`.
#[utoipa::path(
    patch,
    operation_id = "patch_settings",
    path = "/api/projects/{slug}/integrations/{id}/settings",
    tag = "integrations",
    params(IntegrationPath),
    request_body = SettingsPatch,
    security(("session" = [])),
    responses((status = 200, description = "The settings as they are now.", body = SettingsView))
)]
pub(crate) async fn patch(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::Json(patch): extract::Json<SettingsPatch>,
) -> Answer<Json<SettingsView>> {
    Ok(Json(
        integrations::save_settings(&state.services, &actor, path.id, patch).await?,
    ))
}

/// Export settings
///
/// The same as a file to keep. No secret is in it.
#[utoipa::path(
    get,
    operation_id = "export_settings",
    path = "/api/projects/{slug}/integrations/{id}/settings/export",
    tag = "integrations",
    params(IntegrationPath),
    security(("session" = [])),
    responses((status = 200, description = "The settings and the configuration, as a file.", body = IntegrationDetail))
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
) -> Answer<([(HeaderName, String); 1], Json<serde_json::Value>)> {
    let settings = integrations::settings(&state.services, &actor, path.id).await?;
    let detail = integrations::get(&state.services, &actor, path.id).await?;
    let name = format!(
        "attachment; filename=\"{}-settings-{}.json\"",
        detail.integration.platform, path.id
    );
    let content = serde_json::json!({
        "platform": detail.integration.platform,
        "address": detail.integration.address,
        "config": detail.config,
        "settings": settings.settings,
        "time_zone": settings.time_zone,
        "version": settings.version,
    });
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(content)))
}

/// Replace credentials
///
/// A text replaces what is saved of a field, `null` removes it, and what is left out stays. All of it is tried first:
/// where the store refuses, nothing is saved and the answer is `platform` with what it said.
#[utoipa::path(
    put,
    operation_id = "put_credentials",
    path = "/api/projects/{slug}/integrations/{id}/credentials",
    tag = "integrations",
    params(IntegrationPath),
    request_body = CredentialsForm,
    security(("session" = [])),
    responses((status = 200, description = "The integration as it is now.", body = IntegrationDetail))
)]
pub(crate) async fn put_credentials(
    State(state): State<AppState>,
    Member(actor): Member,
    extract::Path(path): extract::Path<IntegrationPath>,
    extract::Json(form): extract::Json<CredentialsForm>,
) -> Answer<Json<IntegrationDetail>> {
    Ok(Json(
        integrations::put_credentials(&state.services, &actor, path.id, form).await?,
    ))
}
