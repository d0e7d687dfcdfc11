//! Giving a store other credentials, or another address, field by field.

use std::collections::BTreeMap;

use calibr_connectors::{Config, CredentialSet};
use calibr_engine::call_settings;
use calibr_model::{
    FieldError, IntegrationId, Problem, ProblemKind, Role,
    form::{CredentialsForm, check_fields},
    platform::{Field, FieldKind, PlatformInfo},
    status::IntegrationStatus,
    views::IntegrationDetail,
};
use calibr_store::integrations::IntegrationRecord;
use secrecy::{ExposeSecret, SecretString};

use super::{
    changed,
    connect::{Proven, prove},
    get, missing,
};
use crate::{Actor, Services};

/// Replaces or removes single credentials of an integration, and where its store
/// is on a server of the merchant's own, its address. All of it is tried first,
/// together with what stays.
///
/// # Errors
/// `forbidden` below admin; `not-found`; `invalid` with the fields at fault;
/// `platform` with what the store refused: nothing is saved then; `conflict`
/// where it is disconnected, or the address is that of another integration.
pub async fn put_credentials(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    form: CredentialsForm,
) -> Result<IntegrationDetail, Problem> {
    actor.must_be(Role::Admin, "change the credentials of a store")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let integration = tx.integration(id).await?.ok_or_else(missing)?;
    if integration.status == IntegrationStatus::Disconnected {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("{} is disconnected. Reconnect it first.", integration.name),
        ));
    }
    let saved = services.vault.open(&mut tx, id).await?.unwrap_or_default();
    drop(tx);
    let connector = services.connector(&integration.platform)?;
    let info = connector.info();
    let set = merged(info, &saved, &form.credentials)?;
    let config = connector.normalise(moved(info, &integration, &form.config)?)?;
    let calls = call_settings(&services.db, &integration);
    let proven = prove(connector, config, set.clone(), &calls).await?;
    keep(services, actor, &integration, &saved, &proven, &form).await?;
    get(services, actor, id).await
}

async fn keep(
    services: &Services,
    actor: &Actor,
    integration: &IntegrationRecord,
    saved: &CredentialSet,
    proven: &Proven,
    form: &CredentialsForm,
) -> Result<(), Problem> {
    let (id, now) = (integration.id, services.sources.now());
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.lock_credentials(id).await?;
    if let Some(other) = tx
        .integration_of_store(&integration.platform, &proven.store_key)
        .await?
        && other.id != id
    {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "{} is connected already, as {}.",
                proven.address, other.name
            ),
        ));
    }
    let replaced: Vec<(String, SecretString)> = proven
        .credentials
        .iter()
        .filter(|(field, _)| form.credentials.contains_key(*field))
        .map(|(field, secret)| (field.to_owned(), secret.clone()))
        .collect();
    let removed: Vec<&str> = saved
        .iter()
        .map(|(field, _)| field)
        .filter(|field| proven.credentials.get(field).is_none())
        .collect();
    services
        .vault
        .change(
            &mut tx,
            id,
            &CredentialSet::new(replaced, None),
            &removed,
            actor.user,
        )
        .await?;
    tx.move_integration(id, &proven.store_key, &proven.address, &proven.config, now)
        .await?;
    tx.integration_answered(
        id,
        proven.identity.currency,
        &proven.identity.api_version,
        now,
    )
    .await?;
    changed(tx, id).await?;
    tracing::info!(
        project = %actor.project.id, integration = %id, by = %actor.user,
        "the credentials of a store were changed"
    );
    Ok(())
}

/// What is saved, with what was entered in its place.
fn merged(
    info: &PlatformInfo,
    saved: &CredentialSet,
    entered: &BTreeMap<String, Option<String>>,
) -> Result<CredentialSet, Problem> {
    let known = |name: &str| {
        info.credential_fields
            .iter()
            .any(|field| field.name == name)
    };
    let mut faults: Vec<FieldError> = entered
        .keys()
        .filter(|name| !known(name))
        .map(|name| fault(name, format!("{} has no credential \"{name}\".", info.name)))
        .collect();
    // What the platform issued together with what is replaced goes with it.
    let replaces = entered.values().any(Option::is_some);
    let mut values: BTreeMap<String, SecretString> = saved
        .iter()
        .filter(|(name, _)| !replaces || known(name))
        .map(|(name, secret)| (name.to_owned(), secret.clone()))
        .collect();
    for field in &info.credential_fields {
        match entered.get(&field.name) {
            None => {}
            Some(None) if field.required => faults.push(fault(
                &field.name,
                format!(
                    "{} is needed to reach the store. Replace it, or disconnect the store to \
                     remove it.",
                    field.label
                ),
            )),
            Some(None) => {
                values.remove(&field.name);
            }
            Some(Some(typed)) => match field.check(Some(typed)) {
                Ok(Some(value)) => {
                    values.insert(field.name.clone(), SecretString::from(value));
                }
                Ok(None) => faults.push(fault(&field.name, format!("{} is empty.", field.label))),
                Err(message) => faults.push(fault(&field.name, message)),
            },
        }
    }
    if faults.is_empty() {
        let same = values.len() == saved.iter().count()
            && saved.iter().all(|(name, secret)| {
                values
                    .get(name)
                    .is_some_and(|value| value.expose_secret() == secret.expose_secret())
            });
        let expires_at = saved.expires_at.filter(|_| same);
        Ok(CredentialSet::new(values, expires_at))
    } else {
        Err(Problem::invalid(faults))
    }
}

fn fault(field: &str, message: String) -> FieldError {
    FieldError {
        field: format!("credentials.{field}"),
        message,
    }
}

/// Where the store is, with what was entered in its place: an address may
/// change, what makes it another store may not.
fn moved(
    info: &PlatformInfo,
    integration: &IntegrationRecord,
    entered: &BTreeMap<String, String>,
) -> Result<Config, Problem> {
    let may_move = |field: &Field| field.kind == FieldKind::Url;
    let mut config = integration.config.clone();
    let mut faults = Vec::new();
    for (name, value) in entered {
        let field = info.config_fields.iter().find(|field| field.name == *name);
        match field {
            Some(field) if may_move(field) || config.get(name) == Some(value) => {
                config.insert(name.clone(), value.clone());
            }
            Some(field) => faults.push(FieldError {
                field: format!("config.{name}"),
                message: format!(
                    "{} makes it another store; connect that as a store of its own.",
                    field.label
                ),
            }),
            None => faults.push(FieldError {
                field: format!("config.{name}"),
                message: format!("{} has no \"{name}\".", info.name),
            }),
        }
    }
    match check_fields("config", &info.config_fields, &config) {
        Ok(config) if faults.is_empty() => Ok(config),
        Ok(_) => Err(Problem::invalid(faults)),
        Err(more) => {
            faults.extend(more);
            Err(Problem::invalid(faults))
        }
    }
}
