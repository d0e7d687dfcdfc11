//! Connecting a store by hand, and what both ways of connecting share.

use std::sync::Arc;

use calibr_connectors::{
    CallSettings, Config, Connector, ConnectorError, CredentialSet, Fault, FixedCredentials,
    StoreIdentity,
};
use calibr_engine::{
    EngineError, NewSync, call_settings, retry_what_was_parked, schedule_run, set_the_clock,
};
use calibr_model::{
    FieldError, IntegrationId, PlatformId, Problem, ProblemKind, Role,
    form::{ConnectForm, NAME_MAX_CHARS, check_fields},
    status::{IntegrationStatus, RunTrigger, RunType},
    views::{ConnectionTest, IntegrationView},
};
use calibr_store::{
    StoreError,
    integrations::{IntegrationRecord, NewIntegration},
};
use secrecy::SecretString;

use super::{changed, checked_name, missing};
use crate::{Actor, Services};

/// A store that answered, ready to be kept.
pub(super) struct Proven {
    pub(super) platform: PlatformId,
    pub(super) config: Config,
    pub(super) credentials: CredentialSet,
    pub(super) identity: StoreIdentity,
    pub(super) store_key: String,
    pub(super) address: String,
}

/// What to do with a store that is connected already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfConnected {
    /// The person may have meant another store.
    Refuse,
    /// Its old credentials are dead from now on, or it was asked for.
    Replace,
}

/// What was entered, brought into form but not yet tried.
struct Entered<'a> {
    connector: &'a Arc<dyn Connector>,
    config: Config,
    credentials: CredentialSet,
}

fn entered(services: &Services, form: ConnectForm) -> Result<Entered<'_>, Problem> {
    let connector = services.connector(&form.platform)?;
    let info = connector.info();
    let config = check_fields("config", &info.config_fields, &form.config);
    let credentials = check_fields("credentials", &info.credential_fields, &form.credentials);
    let name = match form.name.trim() {
        "" => Ok(""),
        typed => checked_name(typed),
    };
    match (config, credentials, name) {
        (Ok(config), Ok(credentials), Ok(_)) => {
            let secrets = credentials
                .into_iter()
                .map(|(field, secret)| (field, SecretString::from(secret)));
            Ok(Entered {
                connector,
                config: connector.normalise(config)?,
                credentials: CredentialSet::new(secrets, None),
            })
        }
        (config, credentials, name) => {
            let mut faults: Vec<FieldError> =
                name.err().map(|fault| fault.errors).unwrap_or_default();
            faults.extend(config.err().unwrap_or_default());
            faults.extend(credentials.err().unwrap_or_default());
            Err(Problem::invalid(faults))
        }
    }
}

/// Asks a store who it is, with credentials that are not kept yet.
pub(super) async fn prove(
    connector: &Arc<dyn Connector>,
    config: Config,
    credentials: CredentialSet,
    calls: &CallSettings,
) -> Result<Proven, ConnectorError> {
    let fixed = FixedCredentials::new(credentials.clone());
    let store = connector.open_tuned(&config, calls, fixed)?;
    let identity = store.identify().await?;
    Ok(Proven {
        platform: connector.info().id.clone(),
        store_key: connector.store_key(&config),
        address: connector.address(&config),
        config,
        credentials,
        identity,
    })
}

/// What a test says of a store that answered, or did not.
pub(super) fn told(answer: Result<&StoreIdentity, &ConnectorError>) -> ConnectionTest {
    match answer {
        Ok(identity) => ConnectionTest {
            ok: true,
            message: match &identity.notice {
                Some(notice) => format!("Connected to {}. {notice}", identity.name),
                None => format!("Connected to {}.", identity.name),
            },
            store_name: Some(identity.name.clone()),
            currency: Some(identity.currency.code().to_owned()),
            api_version: Some(identity.api_version.clone()),
        },
        Err(error) => ConnectionTest {
            ok: false,
            message: error.message.clone(),
            store_name: None,
            currency: None,
            api_version: None,
        },
    }
}

/// Tries what was entered, and keeps nothing of it. A store that refuses is no
/// problem: the test says so.
///
/// # Errors
/// `forbidden` below admin; `invalid` with the fields at fault.
pub async fn test_form(
    services: &Services,
    actor: &Actor,
    form: ConnectForm,
) -> Result<ConnectionTest, Problem> {
    actor.must_be(Role::Admin, "test a connection")?;
    let entered = entered(services, form)?;
    let calls = CallSettings::default();
    match prove(
        entered.connector,
        entered.config,
        entered.credentials,
        &calls,
    )
    .await
    {
        Err(error) if error.fault == Fault::Config => Err(error.into()),
        answer => Ok(told(answer.as_ref().map(|proven| &proven.identity))),
    }
}

/// Connects a store by hand: tries the credentials, seals them, and asks for the
/// first sync. A store that was disconnected comes back as it was.
///
/// # Errors
/// `forbidden` below admin; `invalid` with the fields at fault; `platform` with
/// what the store refused; `conflict` where it is connected already.
pub async fn connect(
    services: &Services,
    actor: &Actor,
    form: ConnectForm,
) -> Result<IntegrationView, Problem> {
    actor.must_be(Role::Admin, "connect a store")?;
    let name = form.name.trim().to_owned();
    let entered = entered(services, form)?;
    let proven = prove(
        entered.connector,
        entered.config,
        entered.credentials,
        &CallSettings::default(),
    )
    .await?;
    keep(services, actor, &proven, &name, IfConnected::Refuse).await
}

/// Gives an integration new credentials by hand.
///
/// # Errors
/// As [`connect`]; `invalid` where they are of another store.
pub async fn reconnect(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
    form: ConnectForm,
) -> Result<IntegrationView, Problem> {
    actor.must_be(Role::Admin, "reconnect a store")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let integration = tx.integration(id).await?.ok_or_else(missing)?;
    drop(tx);
    let name = form.name.trim().to_owned();
    let entered = entered(services, form)?;
    let calls = call_settings(&services.db, &integration);
    let proven = prove(
        entered.connector,
        entered.config,
        entered.credentials,
        &calls,
    )
    .await?;
    proven.must_be(&integration)?;
    keep(services, actor, &proven, &name, IfConnected::Replace).await
}

impl Proven {
    /// Goes on only where this is the integration's own store.
    pub(super) fn must_be(&self, integration: &IntegrationRecord) -> Result<(), Problem> {
        if self.platform == integration.platform && self.store_key == integration.store_key {
            return Ok(());
        }
        Err(Problem::new(
            ProblemKind::Invalid,
            format!(
                "This is {} ({}), not {} ({}). To add it, connect it as a store of its own.",
                self.identity.name, self.address, integration.name, integration.address
            ),
        ))
    }
}

/// Keeps a proven store and asks for its sync, in one transaction.
pub(super) async fn keep(
    services: &Services,
    actor: &Actor,
    proven: &Proven,
    typed_name: &str,
    if_connected: IfConnected,
) -> Result<IntegrationView, Problem> {
    match try_keep(services, actor, proven, typed_name, if_connected).await {
        // Another request added the same store between the look and the write:
        // now it is there to be found.
        Err(Kept::Raced) => try_keep(services, actor, proven, typed_name, if_connected)
            .await
            .map_err(Problem::from),
        done => done.map_err(Problem::from),
    }
}

enum Kept {
    Raced,
    Refused(Problem),
}

impl From<Problem> for Kept {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<StoreError> for Kept {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<EngineError> for Kept {
    fn from(error: EngineError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Kept> for Problem {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Raced => StoreError::Duplicate {
                constraint: "integrations".to_owned(),
            }
            .into(),
            Kept::Refused(problem) => problem,
        }
    }
}

async fn try_keep(
    services: &Services,
    actor: &Actor,
    proven: &Proven,
    typed_name: &str,
    if_connected: IfConnected,
) -> Result<IntegrationView, Kept> {
    let sources = &services.sources;
    let now = sources.now();
    let mut tx = services.db.tenant(actor.project.id).await?;
    let mut there = tx
        .integration_of_store(&proven.platform, &proven.store_key)
        .await?;
    if let Some(found) = &there {
        // Before the integration, as whoever refreshes or removes them does; it
        // may have been disconnected or connected while this waited.
        tx.lock_credentials(found.id).await?;
        there = tx.integration(found.id).await?;
    }
    if let Some(there) = &there
        && there.status == IntegrationStatus::Connected
        && if_connected == IfConnected::Refuse
    {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "{} is connected already, as {}. To give it new credentials, choose Reconnect \
                 there.",
                proven.address, there.name
            ),
        )
        .into());
    }
    let name = match (typed_name, &there) {
        ("", Some(there)) => there.name.clone(),
        ("", None) => proven.identity.name.chars().take(NAME_MAX_CHARS).collect(),
        (typed, _) => typed.to_owned(),
    };
    let kept = NewIntegration {
        id: there
            .as_ref()
            .map_or_else(|| sources.id(), |there| there.id),
        platform: &proven.platform,
        name: &name,
        store_key: &proven.store_key,
        address: &proven.address,
        config: &proven.config,
        connected_by: actor.user,
    };
    match &there {
        Some(_) => tx.revive_integration(&kept, now).await?,
        None => match tx.add_integration(&kept, now).await {
            Err(StoreError::Duplicate { .. }) => return Err(Kept::Raced),
            done => done?,
        },
    }
    services
        .vault
        .seal(&mut tx, kept.id, &proven.credentials, Some(actor.user))
        .await?;
    tx.integration_answered(
        kept.id,
        proven.identity.currency,
        &proven.identity.api_version,
        now,
    )
    .await?;
    set_the_clock(&mut tx, kept.id).await?;
    let wanted = NewSync {
        integration: kept.id,
        r#type: RunType::Incremental,
        trigger: RunTrigger::Person,
        triggered_by: Some(actor.user),
        // Without one, which is so at first, the run is a full one.
        watermark: there.as_ref().and_then(|there| there.watermark),
        retry: None,
    };
    // Where a run is queued or under way, that one goes on with what was kept.
    schedule_run(&mut tx, wanted, sources).await?;
    if there.is_some() {
        retry_what_was_parked(&mut tx, kept.id, sources).await?;
    }
    let view = changed(tx, kept.id).await?;
    tracing::info!(
        project = %actor.project.id, integration = %view.id, platform = %view.platform,
        "a store was connected"
    );
    Ok(view)
}
