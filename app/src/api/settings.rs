//! Settings and credentials of a connected store.

use calibr_model::{
    IntegrationId, ProjectSlug,
    form::CredentialsForm,
    settings::{SettingsPatch, SettingsView},
    views::IntegrationDetail,
};
use leptos::prelude::*;

use super::{ApiError, JsonPost};
#[cfg(feature = "ssr")]
use crate::server::Caller;

/// The settings of an integration.
///
/// # Errors
/// `not-found` where there is no such integration in the project.
#[server(prefix = "/api/fn", endpoint = "get_settings", protocol = JsonPost)]
pub async fn get_settings(
    project: ProjectSlug,
    id: IntegrationId,
) -> Result<SettingsView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::settings(&services, &actor, id).await?)
}

/// Changes settings, where they are still those that were looked at.
///
/// # Errors
/// `invalid` with the fields at fault; `conflict` where another save came first;
/// `forbidden` below admin.
#[server(prefix = "/api/fn", endpoint = "save_settings", protocol = JsonPost)]
pub async fn save_settings(
    project: ProjectSlug,
    id: IntegrationId,
    patch: SettingsPatch,
) -> Result<SettingsView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::save_settings(&services, &actor, id, patch).await?)
}

/// One integration with what was entered for it, and what may be shown of its
/// credentials.
///
/// # Errors
/// `not-found` where there is no such integration in the project.
#[server(prefix = "/api/fn", endpoint = "get_integration", protocol = JsonPost)]
pub async fn get_integration(
    project: ProjectSlug,
    id: IntegrationId,
) -> Result<IntegrationDetail, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::get(&services, &actor, id).await?)
}

/// Replaces or removes single credentials; all of it is tried first.
///
/// # Errors
/// `invalid` with the fields at fault; `platform` with what the store refused;
/// `forbidden` below admin.
#[server(prefix = "/api/fn", endpoint = "put_credentials", protocol = JsonPost)]
pub async fn put_credentials(
    project: ProjectSlug,
    id: IntegrationId,
    form: CredentialsForm,
) -> Result<IntegrationDetail, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::put_credentials(&services, &actor, id, form).await?)
}
