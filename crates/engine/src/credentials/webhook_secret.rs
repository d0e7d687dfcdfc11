//! What signs the messages of stores that let the subscriber choose it: made
//! here, sealed as credentials are, shown to nobody but the store.

use calibr_model::IntegrationId;
use calibr_store::{TenantTx, webhooks::SealedWebhookSecret};
use calibr_vault::SealedValue;
use secrecy::SecretString;

use super::CredentialVault;
use crate::error::EngineError;

/// The field that such a secret is sealed for.
const FIELD: &str = "webhook_secret";

impl CredentialVault {
    /// Makes a secret for an integration; the one before it is still believed.
    ///
    /// # Errors
    /// [`EngineError::Store`]; [`EngineError::Vault`].
    pub async fn new_webhook_secret(
        &self,
        tx: &mut TenantTx,
        integration: IntegrationId,
    ) -> Result<SecretString, EngineError> {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(64);
        for byte in self.sources.bytes::<32>() {
            // Writing to a String cannot fail.
            let _infallible = write!(text, "{byte:02x}");
        }
        let secret = SecretString::from(text);
        let key = self.data_key(tx, integration).await?;
        let sealed = SealedWebhookSecret {
            id: self.sources.id::<uuid::Uuid>(),
            data_key_id: key.context().data_key_id,
            sealed: key
                .seal_text(FIELD, &secret, &mut self.random())?
                .into_bytes(),
        };
        tx.add_webhook_secret(integration, &sealed, self.sources.now())
            .await?;
        Ok(secret)
    }

    /// The secrets that may have signed a message, newest first.
    ///
    /// # Errors
    /// [`EngineError::Store`]; [`EngineError::Vault`].
    pub async fn webhook_secrets(
        &self,
        tx: &mut TenantTx,
        integration: IntegrationId,
    ) -> Result<Vec<SecretString>, EngineError> {
        let sealed = tx.webhook_secrets(integration).await?;
        let mut secrets = Vec::with_capacity(sealed.len());
        for one in sealed {
            let key = tx.data_key_by_id(integration, one.data_key_id).await?;
            let key = key.ok_or(EngineError::DataKeyMissing)?;
            let key = self.opened(tx.project(), integration, key)?;
            secrets.push(key.open_text(FIELD, &SealedValue::from_bytes(one.sealed)?)?);
        }
        Ok(secrets)
    }
}
