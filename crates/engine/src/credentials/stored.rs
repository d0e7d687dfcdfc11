//! The saved credentials as a connector takes them, call by call: refreshed in
//! time, once, and never lost.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use calibr_connectors::{
    Config, Connector, ConnectorError, CredentialSet, CredentialSource, Fault,
};
use calibr_model::{IntegrationId, ProjectId};
use calibr_store::{Db, TenantTx};
use chrono::TimeDelta;
use tokio::sync::Mutex;

use super::CredentialVault;
use crate::error::EngineError;

/// Credentials that run out sooner than this are refreshed before they are
/// used: no single call takes as long.
const MARGIN: TimeDelta = TimeDelta::minutes(2);

/// How often it is tried to keep a refreshed set, a second apart at first: the
/// set before it may be dead already.
const KEEPING_TRIES: u32 = 8;

/// The saved credentials of one integration, as a connector takes them.
pub struct StoredCredentials {
    saved: Arc<Saved>,
    /// What was read last. Its lock also lets one caller at a time go and
    /// refresh.
    last: Mutex<Option<Arc<CredentialSet>>>,
}

/// Where the credentials are kept, and who can refresh them.
struct Saved {
    db: Db,
    vault: Arc<CredentialVault>,
    connector: Arc<dyn Connector>,
    project: ProjectId,
    integration: IntegrationId,
    config: Config,
}

/// Why a refresh is asked for.
enum Reason {
    /// The set runs out soon.
    RunsOut,
    /// The platform refused this one.
    Refused(CredentialSet),
}

impl StoredCredentials {
    /// The credentials of an integration with this config, in normal form.
    pub fn new(
        db: Db,
        vault: Arc<CredentialVault>,
        connector: Arc<dyn Connector>,
        (project, integration): (ProjectId, IntegrationId),
        config: Config,
    ) -> Self {
        let saved = Saved {
            db,
            vault,
            connector,
            project,
            integration,
            config,
        };
        Self {
            saved: Arc::new(saved),
            last: Mutex::new(None),
        }
    }

    /// Refreshes apart from the caller. A caller who goes away in between (a
    /// browser that is closed, a run that is handed over) must not take the
    /// platform's answer along: on some platforms the set before it is dead.
    async fn refreshed(&self, reason: Reason) -> Result<CredentialSet, EngineError> {
        let saved = Arc::clone(&self.saved);
        let refresh = async move { saved.refreshed(reason).await };
        let refresh = self.saved.vault.refreshes.spawn(refresh);
        refresh
            .await
            .map_err(|broken| EngineError::Refresh(broken.to_string()))?
    }
}

impl Saved {
    /// What is saved, where nothing is wrong with it as far as is known here.
    async fn unless(&self, reason: &Reason) -> Result<Option<CredentialSet>, EngineError> {
        let mut tx = self.db.tenant(self.project).await?;
        let stored = self.stored(&mut tx).await?;
        Ok((!self.is_cause(reason, &stored)).then_some(stored))
    }

    async fn stored(&self, tx: &mut TenantTx) -> Result<CredentialSet, EngineError> {
        let stored = self.vault.open(tx, self.integration).await?;
        stored.ok_or(EngineError::Disconnected)
    }

    fn is_cause(&self, reason: &Reason, stored: &CredentialSet) -> bool {
        match reason {
            Reason::RunsOut => stored.expires_within(MARGIN, self.vault.sources.now()),
            Reason::Refused(refused) => stored.same_secrets(refused),
        }
    }

    /// Reads the set under a lock that all replicas respect; where it still
    /// gives cause, has the platform make a fresh one and keeps that before
    /// anybody uses it.
    async fn refreshed(&self, reason: Reason) -> Result<CredentialSet, EngineError> {
        let _turn = self.vault.turn(self.integration).await;
        let mut tx = self.locked().await?;
        let stored = self.stored(&mut tx).await?;
        if !self.is_cause(&reason, &stored) {
            return Ok(stored);
        }
        let now = self.vault.sources.now();
        let fresh = self.connector.refresh(&self.config, &stored, now).await?;
        match (fresh, reason) {
            (Some(fresh), _) => self.keep(tx, &stored, fresh).await,
            (None, Reason::RunsOut) => Ok(stored),
            (None, Reason::Refused(_)) => Err(refused_for_good().into()),
        }
    }

    async fn locked(&self) -> Result<TenantTx, EngineError> {
        let mut tx = self.db.tenant(self.project).await?;
        if !tx.lock_credentials(self.integration).await? {
            return Err(EngineError::Disconnected);
        }
        Ok(tx)
    }

    /// Keeps a set that took the place of `before`, if need be over a restart of
    /// the database; gives the set that counts from now on.
    async fn keep(
        &self,
        tx: TenantTx,
        before: &CredentialSet,
        fresh: CredentialSet,
    ) -> Result<CredentialSet, EngineError> {
        let mut kept = self.replace(tx, &fresh).await;
        let mut wait = Duration::from_secs(1);
        for _ in 0..KEEPING_TRIES {
            match kept {
                Err(EngineError::Store(error)) if error.is_transient() => {
                    tracing::warn!(%error, "refreshed credentials wait for the database");
                }
                done => return done.map(|()| fresh),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
            kept = match self.locked().await {
                Ok(mut tx) => {
                    let stored = self.stored(&mut tx).await?;
                    if !stored.same_secrets(before) {
                        // A person saved others, or these were kept and only the
                        // word of it was lost.
                        return Ok(stored);
                    }
                    self.replace(tx, &fresh).await
                }
                Err(error) => Err(error),
            };
        }
        kept.map(|()| fresh)
    }

    async fn replace(&self, mut tx: TenantTx, fresh: &CredentialSet) -> Result<(), EngineError> {
        self.vault
            .seal(&mut tx, self.integration, fresh, None)
            .await?;
        Ok(tx.commit().await?)
    }
}

fn refused_for_good() -> ConnectorError {
    ConnectorError::new(
        Fault::CredentialsRefused,
        "The store no longer accepts the saved credentials: the access was revoked, or the app \
         was removed from the store. Reconnect the store.",
    )
}

/// What a connector is told when its credentials are not to be had.
fn not_to_be_had(error: EngineError) -> ConnectorError {
    match error {
        EngineError::Connector(error) => error,
        EngineError::Store(error) if error.is_transient() => ConnectorError::new(
            Fault::Server,
            "The database did not answer while the credentials were read.",
        ),
        other => ConnectorError::new(
            Fault::Config,
            format!("The saved credentials cannot be used: {other}. Reconnect the store."),
        ),
    }
}

#[async_trait]
impl CredentialSource for StoredCredentials {
    async fn current(&self) -> Result<Arc<CredentialSet>, ConnectorError> {
        let mut last = self.last.lock().await;
        let now = self.saved.vault.sources.now();
        if let Some(set) = last.as_ref().filter(|set| !set.expires_within(MARGIN, now)) {
            return Ok(Arc::clone(set));
        }
        self.renewed(&mut last, Reason::RunsOut).await
    }

    async fn renew(&self, refused: &CredentialSet) -> Result<Arc<CredentialSet>, ConnectorError> {
        let mut last = self.last.lock().await;
        // Another caller has been here meanwhile.
        if let Some(set) = last.as_ref().filter(|set| !set.same_secrets(refused)) {
            return Ok(Arc::clone(set));
        }
        self.renewed(&mut last, Reason::Refused(refused.clone()))
            .await
    }
}

impl StoredCredentials {
    /// What is saved, or a fresh set where that gives cause.
    async fn renewed(
        &self,
        last: &mut Option<Arc<CredentialSet>>,
        reason: Reason,
    ) -> Result<Arc<CredentialSet>, ConnectorError> {
        let set = match self.saved.unless(&reason).await {
            Ok(Some(stored)) => Ok(stored),
            Ok(None) => self.refreshed(reason).await,
            Err(error) => Err(error),
        };
        let set = Arc::new(set.map_err(not_to_be_had)?);
        *last = Some(Arc::clone(&set));
        Ok(set)
    }
}
