//! Connected stores of a project.

use std::collections::BTreeMap;

use calibr_model::{
    IntegrationId, PlatformId, ProjectSlug,
    form::ConnectForm,
    views::{ConnectionTest, Disconnected, IntegrationView, OneClickStart},
};
use leptos::prelude::*;

use super::{ApiError, JsonPost};
#[cfg(feature = "ssr")]
use crate::server::Caller;

/// Every integration of the project, disconnected ones too.
///
/// # Errors
/// `not-found` where the project is not the caller's.
#[server(prefix = "/api/fn", endpoint = "list_integrations", protocol = JsonPost)]
pub async fn list_integrations(project: ProjectSlug) -> Result<Vec<IntegrationView>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::list(&services, &actor).await?)
}

/// What an integration was connected with that is no secret, by field.
///
/// # Errors
/// `not-found` where there is no such integration in the project.
#[server(prefix = "/api/fn", endpoint = "integration_config", protocol = JsonPost)]
pub async fn integration_config(
    project: ProjectSlug,
    id: IntegrationId,
) -> Result<BTreeMap<String, String>, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    let detail = calibr_services::integrations::get(&services, &actor, id).await?;
    Ok(detail.config)
}

/// Tries what was entered, and keeps nothing of it.
///
/// # Errors
/// `invalid` with the fields at fault. A store that refuses is no error: the
/// test says so.
#[server(prefix = "/api/fn", endpoint = "test_connection", protocol = JsonPost)]
pub async fn test_connection(
    project: ProjectSlug,
    form: ConnectForm,
) -> Result<ConnectionTest, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::test_form(&services, &actor, form).await?)
}

/// Asks a connected store, with what is saved for it.
///
/// # Errors
/// `forbidden` for viewers; `conflict` where it is disconnected. A store that
/// refuses is no error: the test says so.
#[server(prefix = "/api/fn", endpoint = "test_integration", protocol = JsonPost)]
pub async fn test_integration(
    project: ProjectSlug,
    id: IntegrationId,
) -> Result<ConnectionTest, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::test(&services, &actor, id).await?)
}

/// Connects a store by hand: tests first, seals the credentials, starts the
/// first sync.
///
/// # Errors
/// `invalid` with the fields at fault; `platform` with what the store refused;
/// `conflict` where the store is connected already.
#[server(prefix = "/api/fn", endpoint = "connect_integration", protocol = JsonPost)]
pub async fn connect_integration(
    project: ProjectSlug,
    form: ConnectForm,
) -> Result<IntegrationView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::connect(&services, &actor, form).await?)
}

/// Gives an integration new credentials by hand: tests first.
///
/// # Errors
/// As [`connect_integration`].
#[server(prefix = "/api/fn", endpoint = "reconnect_integration", protocol = JsonPost)]
pub async fn reconnect_integration(
    project: ProjectSlug,
    id: IntegrationId,
    form: ConnectForm,
) -> Result<IntegrationView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::reconnect(&services, &actor, id, form).await?)
}

/// Begins a one-click connect, or a reconnect of `reconnect`; the browser goes
/// to the address that comes back.
///
/// # Errors
/// `invalid` with the fields at fault; `unavailable` where this installation is
/// not set up for it.
#[server(prefix = "/api/fn", endpoint = "start_one_click", protocol = JsonPost)]
pub async fn start_one_click(
    project: ProjectSlug,
    platform: PlatformId,
    fields: BTreeMap<String, String>,
    reconnect: Option<IntegrationId>,
) -> Result<OneClickStart, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::start_one_click(
        &services, &actor, platform, fields, reconnect,
    )
    .await?)
}

/// Gives an integration another name.
///
/// # Errors
/// `invalid` where the name is empty or too long.
#[server(prefix = "/api/fn", endpoint = "rename_integration", protocol = JsonPost)]
pub async fn rename_integration(
    project: ProjectSlug,
    id: IntegrationId,
    name: String,
) -> Result<IntegrationView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::rename(&services, &actor, id, &name).await?)
}

/// Holds back the runs by the clock.
///
/// # Errors
/// `forbidden` for viewers.
#[server(prefix = "/api/fn", endpoint = "pause_integration", protocol = JsonPost)]
pub async fn pause_integration(
    project: ProjectSlug,
    id: IntegrationId,
) -> Result<IntegrationView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::pause(&services, &actor, id).await?)
}

/// Lets the runs by the clock go on.
///
/// # Errors
/// `forbidden` for viewers.
#[server(prefix = "/api/fn", endpoint = "resume_integration", protocol = JsonPost)]
pub async fn resume_integration(
    project: ProjectSlug,
    id: IntegrationId,
) -> Result<IntegrationView, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::resume(&services, &actor, id).await?)
}

/// Disconnects a store and destroys its credentials; products, listings and
/// history stay. `typed_name` is the integration's name as a person typed it to
/// confirm.
///
/// # Errors
/// `invalid` where the name is another; `forbidden` below admin.
#[server(prefix = "/api/fn", endpoint = "disconnect_integration", protocol = JsonPost)]
pub async fn disconnect_integration(
    project: ProjectSlug,
    id: IntegrationId,
    typed_name: String,
) -> Result<Disconnected, ApiError> {
    let Caller { services, actor } = Caller::of(&project).await?;
    Ok(calibr_services::integrations::disconnect(&services, &actor, id, &typed_name).await?)
}
