//! Sealing and opening credentials.

mod delivered;
mod stored;
mod webhook_secret;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use calibr_connectors::CredentialSet;
use calibr_model::{IntegrationId, ProjectId, Sources, UserId};
use calibr_store::{
    TenantTx,
    credentials::{SealedCredential, SealedDataKeyRecord},
};
use calibr_vault::{DataKey, DataKeyContext, Keyring, SealedDataKey, SealedValue, ends_in};
use rand::{SeedableRng, rngs::StdRng};
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::task::TaskTracker;

pub use self::stored::StoredCredentials;
use crate::error::EngineError;

/// Refreshes of one process that may wait at once; those of one integration go
/// one by one, so that a slow platform holds one connection to the database and
/// not all of them.
const TURNS: usize = 32;

/// Seals credentials on their way into the database and opens them on their way
/// to a connector.
#[derive(Debug)]
pub struct CredentialVault {
    keyring: Arc<Keyring>,
    sources: Sources,
    turns: [Mutex<()>; TURNS],
    refreshes: TaskTracker,
}

impl CredentialVault {
    /// A vault that seals under the keyring's primary key.
    pub fn new(keyring: Arc<Keyring>, sources: Sources) -> Self {
        Self {
            keyring,
            sources,
            turns: std::array::from_fn(|_| Mutex::new(())),
            refreshes: TaskTracker::new(),
        }
    }

    /// Waits until no refresh is under way: one that the platform has answered
    /// must be kept before the process ends, or the store is lost.
    pub(crate) async fn settled(&self) {
        self.refreshes.close();
        self.refreshes.wait().await;
    }

    /// Gives one caller of this process at a time the turn to refresh an
    /// integration's credentials.
    async fn turn(&self, integration: IntegrationId) -> MutexGuard<'_, ()> {
        // The low bytes of an id are random.
        let low = usize::from(integration.0.as_bytes()[15]);
        self.turns[low % TURNS].lock().await
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
        let sealed = self.sealed(tx, integration, set).await?;
        tx.replace_credentials(integration, &sealed, saved_by, self.sources.now())
            .await?;
        Ok(())
    }

    /// Seals what a person replaced, takes away what they removed, and leaves the
    /// rest as it is, in this transaction.
    ///
    /// # Errors
    /// As [`CredentialVault::seal`].
    pub async fn change(
        &self,
        tx: &mut TenantTx,
        integration: IntegrationId,
        replaced: &CredentialSet,
        removed: &[&str],
        by: UserId,
    ) -> Result<(), EngineError> {
        let sealed = self.sealed(tx, integration, replaced).await?;
        let now = self.sources.now();
        tx.change_credentials(integration, &sealed, removed, by, now)
            .await?;
        Ok(())
    }

    async fn sealed(
        &self,
        tx: &mut TenantTx,
        integration: IntegrationId,
        set: &CredentialSet,
    ) -> Result<Vec<SealedCredential>, EngineError> {
        let key = self.data_key(tx, integration).await?;
        let mut random = self.random();
        set.iter()
            .map(|(field, secret)| {
                Ok(SealedCredential {
                    field: field.to_owned(),
                    data_key_id: key.context().data_key_id,
                    sealed: key.seal_text(field, secret, &mut random)?.into_bytes(),
                    ends_in: ends_in(secret),
                    expires_at: set.expires_at,
                })
            })
            .collect()
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
            let key = match keys.entry(one.data_key_id) {
                Entry::Occupied(opened) => opened.into_mut(),
                Entry::Vacant(place) => {
                    let key = tx.data_key_by_id(integration, one.data_key_id).await?;
                    let key = key.ok_or(EngineError::DataKeyMissing)?;
                    place.insert(self.opened(tx.project(), integration, key)?)
                }
            };
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
