//! Sealing and opening credentials, and handing them to a connector call by
//! call, refreshed in time and only once.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use calibr_connectors::{
    Config, Connector, ConnectorError, CredentialSet, CredentialSource, Fault,
};
use calibr_model::{IntegrationId, ProjectId, Sources, UserId};
use calibr_store::{
    Db, TenantTx,
    credentials::{SealedCredential, SealedDataKeyRecord},
};
use calibr_vault::{DataKey, DataKeyContext, Keyring, SealedDataKey, SealedValue, ends_in};
use chrono::TimeDelta;
use rand::{SeedableRng, rngs::StdRng};
use tokio::sync::Mutex;

use crate::error::EngineError;

/// Credentials that run out sooner than this are refreshed before they are
/// used: no single call takes as long.
const MARGIN: TimeDelta = TimeDelta::minutes(2);

/// How often it is tried to keep a refreshed set, a second apart at first: the
/// set before it may be dead already.
const KEEPING_TRIES: u32 = 8;

/// Seals credentials on their way into the database and opens them on their way
/// to a connector.
#[derive(Debug)]
pub struct CredentialVault {
    keyring: Arc<Keyring>,
    sources: Sources,
}

impl CredentialVault {
    /// A vault that seals under the keyring's primary key.
    pub fn new(keyring: Arc<Keyring>, sources: Sources) -> Self {
        Self { keyring, sources }
    }

    /// Seals a whole set and puts it in place of what the integration has, in
    /// this transaction. `saved_by` is `None` for a refresh: a field keeps the
    /// person who saved it.
    ///
    /// # Errors
    /// [`EngineError::Store`]; [`EngineError::Vault`].
    pub async fn seal(
        &self,
        tx: &mut TenantTx,
        integration: IntegrationId,
        set: &CredentialSet,
        saved_by: Option<UserId>,
    ) -> Result<(), EngineError> {
        let key = self.data_key(tx, integration).await?;
        let mut random = self.random();
        let sealed = set
            .iter()
            .map(|(field, secret)| {
                Ok(SealedCredential {
                    field: field.to_owned(),
                    data_key_id: key.context().data_key_id,
                    sealed: key.seal_text(field, secret, &mut random)?.into_bytes(),
                    ends_in: ends_in(secret),
                    expires_at: set.expires_at,
                })
            })
            .collect::<Result<Vec<_>, EngineError>>()?;
        tx.replace_credentials(integration, &sealed, saved_by, self.sources.now())
            .await?;
        Ok(())
    }

    /// Opens what an integration has; `None` where nothing is saved.
    ///
    /// # Errors
    /// [`EngineError::Store`]; [`EngineError::Vault`] where a value was moved,
    /// changed, or sealed under a key that is not configured.
    pub async fn open(
        &self,
        tx: &mut TenantTx,
        integration: IntegrationId,
    ) -> Result<Option<CredentialSet>, EngineError> {
        let sealed = tx.credentials(integration).await?;
        let expires_at = sealed.iter().filter_map(|one| one.expires_at).min();
        let mut keys = BTreeMap::new();
        let mut opened = Vec::with_capacity(sealed.len());
        for one in sealed {
            if !keys.contains_key(&one.data_key_id) {
                let key = tx.data_key_by_id(integration, one.data_key_id).await?;
                let key = key.ok_or(EngineError::DataKeyMissing)?;
                keys.insert(
                    one.data_key_id,
                    self.opened(tx.project(), integration, key)?,
                );
            }
            let key = keys
                .get(&one.data_key_id)
                .ok_or(EngineError::DataKeyMissing)?;
            let secret = key.open_text(&one.field, &SealedValue::from_bytes(one.sealed)?)?;
            opened.push((one.field, secret));
        }
        Ok((!opened.is_empty()).then(|| CredentialSet::new(opened, expires_at)))
    }

    /// The integration's data key; its first one is made here.
    async fn data_key(
        &self,
        tx: &mut TenantTx,
        integration: IntegrationId,
    ) -> Result<DataKey, EngineError> {
        if let Some(record) = tx.data_key(integration).await? {
            return self.opened(tx.project(), integration, record);
        }
        let mut random = self.random();
        let context = DataKeyContext {
            project_id: tx.project().0,
            integration_id: integration.0,
            data_key_id: self.sources.uuid(),
        };
        let key = DataKey::generate(context, &mut random);
        let sealed = key.seal(&self.keyring, &mut random)?;
        let record = SealedDataKeyRecord {
            id: context.data_key_id,
            key_id: sealed.key_id().to_string(),
            sealed: sealed.into_bytes(),
        };
        tx.add_data_key(integration, &record, self.sources.now())
            .await?;
        Ok(key)
    }

    fn opened(
        &self,
        project: ProjectId,
        integration: IntegrationId,
        record: SealedDataKeyRecord,
    ) -> Result<DataKey, EngineError> {
        let context = DataKeyContext {
            project_id: project.0,
            integration_id: integration.0,
            data_key_id: record.id,
        };
        let sealed = SealedDataKey::from_bytes(record.sealed)?;
        Ok(DataKey::open(&sealed, context, &self.keyring)?)
    }

    fn random(&self) -> StdRng {
        StdRng::from_seed(self.sources.bytes())
    }
}

/// The saved credentials of one integration, as a connector takes them.
pub struct StoredCredentials {
    db: Db,
    vault: Arc<CredentialVault>,
    connector: Arc<dyn Connector>,
    project: ProjectId,
    integration: IntegrationId,
    config: Config,
    /// What was read last. Its lock also lets one caller of this process at a
    /// time go and refresh.
    last: Mutex<Option<Arc<CredentialSet>>>,
}

/// Why a refresh is asked for.
enum Reason<'a> {
    /// The set runs out soon.
    RunsOut,
    /// The platform refused this one.
    Refused(&'a CredentialSet),
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
        Self {
            db,
            vault,
            connector,
            project,
            integration,
            config,
            last: Mutex::new(None),
        }
    }

    /// Reads the set under a lock that all replicas respect; where it still
    /// gives cause, has the platform make a fresh one and keeps that before
    /// anybody uses it.
    async fn refreshed(&self, reason: Reason<'_>) -> Result<CredentialSet, EngineError> {
        let now = self.vault.sources.now();
        let mut tx = self.db.tenant(self.project).await?;
        if !tx.lock_credentials(self.integration).await? {
            return Err(EngineError::Disconnected);
        }
        let stored = self
            .vault
            .open(&mut tx, self.integration)
            .await?
            .ok_or(EngineError::Disconnected)?;
        let has_cause = match &reason {
            Reason::RunsOut => stored.expires_within(MARGIN, now),
            Reason::Refused(refused) => stored.same_secrets(refused),
        };
        if !has_cause {
            return Ok(stored);
        }
        let fresh = self.connector.refresh(&self.config, &stored, now).await?;
        match (fresh, reason) {
            (Some(fresh), _) => {
                self.keep(tx, &fresh).await?;
                Ok(fresh)
            }
            (None, Reason::RunsOut) => Ok(stored),
            (None, Reason::Refused(_)) => Err(refused_for_good().into()),
        }
    }

    /// Keeps a set that took the place of a dead one, if need be over a restart
    /// of the database.
    async fn keep(&self, tx: TenantTx, fresh: &CredentialSet) -> Result<(), EngineError> {
        let mut open = Some(tx);
        let mut wait = Duration::from_secs(1);
        let mut tries = 0;
        loop {
            let kept = async {
                let mut tx = match open.take() {
                    Some(tx) => tx,
                    None => self.db.tenant(self.project).await?,
                };
                self.vault
                    .seal(&mut tx, self.integration, fresh, None)
                    .await?;
                Ok::<_, EngineError>(tx.commit().await?)
            };
            match kept.await {
                Ok(()) => return Ok(()),
                Err(EngineError::Store(error)) if error.is_transient() && tries < KEEPING_TRIES => {
                    tries += 1;
                    tracing::warn!(%error, "refreshed credentials wait for the database");
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                Err(error) => return Err(error),
            }
        }
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
        let now = self.vault.sources.now();
        if let Some(set) = last.as_ref().filter(|set| !set.expires_within(MARGIN, now)) {
            return Ok(Arc::clone(set));
        }
        let set = self
            .refreshed(Reason::RunsOut)
            .await
            .map_err(not_to_be_had)?;
        let set = Arc::new(set);
        *last = Some(Arc::clone(&set));
        Ok(set)
    }

    async fn renew(&self, refused: &CredentialSet) -> Result<Arc<CredentialSet>, ConnectorError> {
        let mut last = self.last.lock().await;
        // Another caller of this process has been here meanwhile.
        if let Some(set) = last.as_ref().filter(|set| !set.same_secrets(refused)) {
            return Ok(Arc::clone(set));
        }
        let set = self
            .refreshed(Reason::Refused(refused))
            .await
            .map_err(not_to_be_had)?;
        let set = Arc::new(set);
        *last = Some(Arc::clone(&set));
        Ok(set)
    }
}
