use std::fmt;

use rand::CryptoRng;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use uuid::Uuid;

use crate::{
    DataKey, MalformedReason, Sealed, VaultError,
    associated_data::AssociatedData,
    envelope::{self, Envelope},
};

/// The longest plaintext that is sealed, in bytes: far beyond any platform's credential.
pub const MAX_PLAINTEXT_BYTES: usize = 64 * 1024;

/// A value of an integration as it is stored: sealed by the integration's data key.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    data_key_id: Uuid,
    envelope: Envelope,
}

impl SealedValue {
    /// Reads stored bytes, without opening them.
    ///
    /// # Errors
    ///
    /// [`VaultError::Malformed`] where the bytes are not of this form.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, VaultError> {
        let malformed = |reason: MalformedReason| VaultError::Malformed {
            sealed: Sealed::Value,
            reason,
        };
        let envelope = Envelope::parse(bytes).map_err(malformed)?;
        let data_key_id =
            Uuid::from_slice(envelope.key_id()).map_err(|_| malformed(MalformedReason::KeyId))?;
        Ok(Self {
            data_key_id,
            envelope,
        })
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

    /// The data key that sealed it.
    #[must_use]
    pub fn data_key_id(&self) -> Uuid {
        self.data_key_id
    }
}

impl fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedValue")
            .field("data_key_id", &self.data_key_id)
            .finish_non_exhaustive()
    }
}

impl DataKey {
    /// Seals text, such as a token, as the `field` of this key's integration.
    ///
    /// # Errors
    ///
    /// [`VaultError::TooLong`] above [`MAX_PLAINTEXT_BYTES`].
    pub fn seal_text<R: CryptoRng + ?Sized>(
        &self,
        field: &str,
        secret: &SecretString,
        random: &mut R,
    ) -> Result<SealedValue, VaultError> {
        self.seal_slice(field, secret.expose_secret().as_bytes(), random)
    }

    /// Seals bytes as the `field` of this key's integration.
    ///
    /// # Errors
    ///
    /// [`VaultError::TooLong`] above [`MAX_PLAINTEXT_BYTES`].
    pub fn seal_bytes<R: CryptoRng + ?Sized>(
        &self,
        field: &str,
        secret: &SecretSlice<u8>,
        random: &mut R,
    ) -> Result<SealedValue, VaultError> {
        self.seal_slice(field, secret.expose_secret(), random)
    }

    /// Opens what [`DataKey::seal_text`] sealed for the same field.
    ///
    /// # Errors
    ///
    /// As [`DataKey::open_bytes`], and [`VaultError::NotText`] where bytes were sealed that are no text.
    pub fn open_text(&self, field: &str, sealed: &SealedValue) -> Result<SecretString, VaultError> {
        let opened = self.open_bytes(field, sealed)?;
        std::str::from_utf8(opened.expose_secret())
            .map(SecretString::from)
            .map_err(|_| VaultError::NotText)
    }

    /// Opens what [`DataKey::seal_bytes`] sealed for the same field.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongDataKey`] where the value names another data key, [`VaultError::DoesNotOpen`]
    /// where it was altered, or sealed for another field, integration or project.
    pub fn open_bytes(
        &self,
        field: &str,
        sealed: &SealedValue,
    ) -> Result<SecretSlice<u8>, VaultError> {
        let given = self.context().data_key_id;
        if sealed.data_key_id != given {
            return Err(VaultError::WrongDataKey {
                sealed_by: sealed.data_key_id,
                given,
            });
        }
        let associated_data = self.value_associated_data(field, sealed.envelope.header());
        sealed
            .envelope
            .open(self.bytes(), associated_data.as_bytes())
            .map_err(|_| VaultError::DoesNotOpen {
                sealed: Sealed::Value,
            })
    }

    fn seal_slice<R: CryptoRng + ?Sized>(
        &self,
        field: &str,
        plaintext: &[u8],
        random: &mut R,
    ) -> Result<SealedValue, VaultError> {
        if plaintext.len() > MAX_PLAINTEXT_BYTES {
            return Err(VaultError::TooLong {
                bytes: plaintext.len(),
                maximum: MAX_PLAINTEXT_BYTES,
            });
        }
        let data_key_id = self.context().data_key_id;
        let header = envelope::header(data_key_id.as_bytes());
        let associated_data = self.value_associated_data(field, &header);
        let envelope = Envelope::seal(
            self.bytes(),
            header,
            associated_data.as_bytes(),
            plaintext,
            random,
        )?;
        Ok(SealedValue {
            data_key_id,
            envelope,
        })
    }

    /// The data key's id and the format version are in the header.
    fn value_associated_data(&self, field: &str, header: &[u8]) -> AssociatedData {
        let context = self.context();
        AssociatedData::new("integration value", header)
            .with_id(context.project_id)
            .with_id(context.integration_id)
            .with(field.as_bytes())
    }
}

/// One step of a rotation of data keys: the value sealed anew by `new`, or `None` where `new` sealed it
/// already.
///
/// # Errors
///
/// As [`DataKey::open_bytes`].
pub fn reseal_value<R: CryptoRng + ?Sized>(
    sealed: &SealedValue,
    field: &str,
    old: &DataKey,
    new: &DataKey,
    random: &mut R,
) -> Result<Option<SealedValue>, VaultError> {
    if sealed.data_key_id == new.context().data_key_id {
        return Ok(None);
    }
    new.seal_bytes(field, &old.open_bytes(field, sealed)?, random)
        .map(Some)
}
