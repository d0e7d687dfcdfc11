//! Credentials that a platform delivered before there is an integration to keep
//! them with.

use calibr_connectors::CredentialSet;
use calibr_model::ProjectId;
use calibr_store::connect_attempts::SealedDelivery;
use calibr_vault::{DataKey, DataKeyContext, SealedDataKey, SealedValue};
use uuid::Uuid;

use super::CredentialVault;
use crate::error::EngineError;

impl CredentialVault {
    /// Seals a delivered set under a data key of its own. It opens for this
    /// project and attempt alone; `attempt` is the digest of its state.
    ///
    /// # Errors
    /// [`EngineError::Vault`] where a secret is too long.
    pub fn seal_delivery(
        &self,
        project: ProjectId,
        attempt: &[u8],
        set: &CredentialSet,
    ) -> Result<SealedDelivery, EngineError> {
        let mut random = self.random();
        let key = DataKey::generate(place(project, attempt, self.sources.uuid())?, &mut random);
        let fields = set
            .iter()
            .map(|(field, secret)| {
                let sealed = key.seal_text(field, secret, &mut random)?;
                Ok((field.to_owned(), sealed.into_bytes()))
            })
            .collect::<Result<_, EngineError>>()?;
        let data_key = key.seal(&self.keyring, &mut random)?;
        Ok(SealedDelivery {
            key_id: data_key.key_id().to_string(),
            data_key: data_key.into_bytes(),
            fields,
            expires_at: set.expires_at,
        })
    }

    /// Opens what [`CredentialVault::seal_delivery`] sealed for the same attempt.
    ///
    /// # Errors
    /// [`EngineError::Vault`] where it was moved, changed, or sealed under a key
    /// that is not configured.
    pub fn open_delivery(
        &self,
        project: ProjectId,
        attempt: &[u8],
        delivery: SealedDelivery,
    ) -> Result<CredentialSet, EngineError> {
        let data_key = SealedDataKey::from_bytes(delivery.data_key)?;
        let opened = delivery
            .fields
            .into_iter()
            .map(|(field, sealed)| {
                let sealed = SealedValue::from_bytes(sealed)?;
                let place = place(project, attempt, sealed.data_key_id())?;
                let key = DataKey::open(&data_key, place, &self.keyring)?;
                let secret = key.open_text(&field, &sealed)?;
                Ok((field, secret))
            })
            .collect::<Result<Vec<_>, EngineError>>()?;
        Ok(CredentialSet::new(opened, delivery.expires_at))
    }
}

/// An attempt stands in the integration's place: half of its digest is as good
/// as an id.
fn place(
    project: ProjectId,
    attempt: &[u8],
    data_key_id: Uuid,
) -> Result<DataKeyContext, EngineError> {
    let half = attempt.first_chunk().ok_or(EngineError::DataKeyMissing)?;
    Ok(DataKeyContext {
        project_id: project.0,
        integration_id: Uuid::from_bytes(*half),
        data_key_id,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use calibr_model::Sources;
    use calibr_vault::{Keyring, MasterKey};
    use chrono::DateTime;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    const ATTEMPT: [u8; 32] = [7; 32];

    fn vault() -> CredentialVault {
        let key = MasterKey::generate(&mut StdRng::from_seed([1; 32]));
        let keyring = Keyring::new(key, Vec::new()).unwrap();
        CredentialVault::new(Arc::new(keyring), Sources::system())
    }

    fn delivered() -> CredentialSet {
        let fields = [("consumer_key", "ck_hush"), ("consumer_secret", "cs_hush")];
        let fields = fields.map(|(field, secret)| (field.to_owned(), secret.into()));
        CredentialSet::new(fields, Some(DateTime::UNIX_EPOCH))
    }

    #[test]
    fn a_delivery_opens_for_its_own_attempt_alone() {
        let (vault, project, other) = (vault(), ProjectId(Uuid::nil()), ProjectId(Uuid::max()));
        let sealed = vault
            .seal_delivery(project, &ATTEMPT, &delivered())
            .unwrap();
        let opened = vault
            .open_delivery(project, &ATTEMPT, sealed.clone())
            .unwrap();
        assert!(opened.same_secrets(&delivered()));
        assert_eq!(opened.expires_at, delivered().expires_at);

        assert!(
            vault
                .open_delivery(other, &ATTEMPT, sealed.clone())
                .is_err()
        );
        assert!(
            vault
                .open_delivery(project, &[8; 32], sealed.clone())
                .is_err()
        );
        let mut swapped = sealed;
        let secret = swapped.fields[0].1.clone();
        swapped.fields[1].1 = secret;
        assert!(vault.open_delivery(project, &ATTEMPT, swapped).is_err());
    }

    #[test]
    fn nothing_of_it_is_in_clear() {
        let sealed = vault()
            .seal_delivery(ProjectId(Uuid::nil()), &ATTEMPT, &delivered())
            .unwrap();
        for (_, sealed) in sealed.fields {
            assert!(!sealed.windows(4).any(|bytes| bytes == b"hush"));
        }
    }
}
