use std::fmt;

use rand::CryptoRng;
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::{
    KeyId, Keyring, MasterKey, Sealed, VaultError,
    associated_data::AssociatedData,
    cipher::KeyBytes,
    envelope::{self, Envelope},
    error::MalformedReason,
};

/// Where a data key belongs. A sealed data key, and each value it seals, opens in this place only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataKeyContext {
    /// The tenant.
    pub project_id: Uuid,
    /// The integration whose credentials the key seals.
    pub integration_id: Uuid,
    /// The key itself: an integration gets another one when its data key is rotated.
    pub data_key_id: Uuid,
}

/// The key of one integration, open in memory. Drop it as soon as the values are sealed or read.
///
/// Values are sealed and opened by the methods in `sealed_value.rs`.
pub struct DataKey {
    context: DataKeyContext,
    bytes: KeyBytes,
}

impl DataKey {
    /// A fresh data key for the place given.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(context: DataKeyContext, random: &mut R) -> Self {
        Self {
            context,
            bytes: KeyBytes::generate(random),
        }
    }

    /// Where the key belongs.
    #[must_use]
    pub fn context(&self) -> DataKeyContext {
        self.context
    }

    /// The form in which the key is stored, sealed by the keyring's primary.
    ///
    /// # Errors
    ///
    /// None in practice: a key is never too long to be sealed.
    pub fn seal<R: CryptoRng + ?Sized>(
        &self,
        keyring: &Keyring,
        random: &mut R,
    ) -> Result<SealedDataKey, VaultError> {
        self.seal_under(keyring.primary(), random)
    }

    /// Opens a stored data key with whichever key of the ring sealed it.
    ///
    /// # Errors
    ///
    /// [`VaultError::UnknownKey`] where the ring lacks that key, [`VaultError::DoesNotOpen`] where the
    /// bytes were altered or belong to another `context`.
    pub fn open(
        sealed: &SealedDataKey,
        context: DataKeyContext,
        keyring: &Keyring,
    ) -> Result<Self, VaultError> {
        let master = keyring.find(&sealed.key_id, Sealed::DataKey)?;
        let associated_data = associated_data(context, sealed.envelope.header());
        let not_opened = VaultError::DoesNotOpen {
            sealed: Sealed::DataKey,
        };
        let Ok(opened) = sealed
            .envelope
            .open(master.bytes(), associated_data.as_bytes())
        else {
            return Err(not_opened);
        };
        let bytes = KeyBytes::from_slice(opened.expose_secret()).ok_or(not_opened)?;
        Ok(Self { context, bytes })
    }

    fn seal_under<R: CryptoRng + ?Sized>(
        &self,
        master: &MasterKey,
        random: &mut R,
    ) -> Result<SealedDataKey, VaultError> {
        let header = envelope::header(master.id().as_str().as_bytes());
        let associated_data = associated_data(self.context, &header);
        let envelope = Envelope::seal(
            master.bytes(),
            header,
            associated_data.as_bytes(),
            self.bytes.expose(),
            random,
        )?;
        Ok(SealedDataKey {
            key_id: master.id().clone(),
            envelope,
        })
    }

    pub(crate) fn bytes(&self) -> &KeyBytes {
        &self.bytes
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// A data key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedDataKey {
    key_id: KeyId,
    envelope: Envelope,
}

impl SealedDataKey {
    /// Reads stored bytes, without opening them.
    ///
    /// # Errors
    ///
    /// [`VaultError::Malformed`] where the bytes are not of this form.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, VaultError> {
        let (key_id, envelope) =
            parse_under_master_key(bytes).map_err(|reason| VaultError::Malformed {
                sealed: Sealed::DataKey,
                reason,
            })?;
        Ok(Self { key_id, envelope })
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.envelope.as_bytes()
    }

    /// The bytes to store.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.envelope.into_bytes()
    }

    /// The master key that sealed it: while one sealed data key names it, that master key is needed.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }
}

impl fmt::Debug for SealedDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedDataKey")
            .field("key_id", &self.key_id.as_str())
            .finish_non_exhaustive()
    }
}

/// One step of a rotation of master keys: the data key sealed anew under the primary, or `None` where the
/// primary sealed it already. The values that the data key sealed stay as they are.
///
/// # Errors
///
/// As [`DataKey::open`].
pub fn reseal_data_key<R: CryptoRng + ?Sized>(
    sealed: &SealedDataKey,
    context: DataKeyContext,
    keyring: &Keyring,
    random: &mut R,
) -> Result<Option<SealedDataKey>, VaultError> {
    if sealed.key_id() == keyring.primary().id() {
        return Ok(None);
    }
    DataKey::open(sealed, context, keyring)?
        .seal(keyring, random)
        .map(Some)
}

/// Reads an envelope whose header names a master key.
pub(crate) fn parse_under_master_key(bytes: Vec<u8>) -> Result<(KeyId, Envelope), MalformedReason> {
    let envelope = Envelope::parse(bytes)?;
    let key_id = std::str::from_utf8(envelope.key_id())
        .ok()
        .and_then(KeyId::parse)
        .ok_or(MalformedReason::KeyId)?;
    Ok((key_id, envelope))
}

fn associated_data(context: DataKeyContext, header: &[u8]) -> AssociatedData {
    AssociatedData::new("integration data key", header)
        .with_id(context.project_id)
        .with_id(context.integration_id)
        .with_id(context.data_key_id)
}
