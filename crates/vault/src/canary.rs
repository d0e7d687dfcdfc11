use std::fmt;

use rand::CryptoRng;
use secrecy::ExposeSecret;

use crate::{
    KeyId, Keyring, Sealed, VaultError,
    associated_data::AssociatedData,
    data_key::parse_under_master_key,
    envelope::{self, Envelope},
};

/// What a canary says when its key is right.
const TEXT: &[u8] = b"The key that sealed this opens the credentials stored beside it.";

/// A fixed text sealed under a master key and stored beside the credentials. Whether it opens tells a wrong
/// key from missing credentials before any of them is touched. Keep one for each key id that is in use.
#[derive(Clone, PartialEq, Eq)]
pub struct Canary {
    key_id: KeyId,
    envelope: Envelope,
}

impl Canary {
    /// A canary under the keyring's primary.
    ///
    /// # Errors
    ///
    /// None in practice: the text is never too long to be sealed.
    pub fn seal<R: CryptoRng + ?Sized>(
        keyring: &Keyring,
        random: &mut R,
    ) -> Result<Self, VaultError> {
        let master = keyring.primary();
        let header = envelope::header(master.id().as_str().as_bytes());
        let associated_data = AssociatedData::new("canary", &header);
        let envelope = Envelope::seal(
            master.bytes(),
            header,
            associated_data.as_bytes(),
            TEXT,
            random,
        )?;
        Ok(Self {
            key_id: master.id().clone(),
            envelope,
        })
    }

    /// Reads stored bytes, without opening them.
    ///
    /// # Errors
    ///
    /// [`VaultError::Malformed`] where the bytes are not of this form.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, VaultError> {
        let (key_id, envelope) =
            parse_under_master_key(bytes).map_err(|reason| VaultError::Malformed {
                sealed: Sealed::Canary,
                reason,
            })?;
        Ok(Self { key_id, envelope })
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.envelope.as_bytes()
    }

    /// The key it was sealed under.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// Whether the keyring holds the key this canary was sealed under.
    ///
    /// # Errors
    ///
    /// [`VaultError::UnknownKey`] where the ring has no key of that id, [`VaultError::KeyMismatch`] where
    /// it has another key under that id.
    pub fn check(&self, keyring: &Keyring) -> Result<(), VaultError> {
        let master = keyring.find(&self.key_id, Sealed::Canary)?;
        let associated_data = AssociatedData::new("canary", self.envelope.header());
        match self
            .envelope
            .open(master.bytes(), associated_data.as_bytes())
        {
            Ok(text) if text.expose_secret() == TEXT => Ok(()),
            _ => Err(VaultError::KeyMismatch {
                id: self.key_id.clone(),
            }),
        }
    }
}

impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canary")
            .field("key_id", &self.key_id.as_str())
            .finish_non_exhaustive()
    }
}

/// [`Canary::from_bytes`] and [`Canary::check`] in one: what start-up asks before it serves.
///
/// # Errors
///
/// [`VaultError::Malformed`], [`VaultError::UnknownKey`] or [`VaultError::KeyMismatch`], which ask for
/// different things of the operator.
pub fn check_canary(keyring: &Keyring, stored: &[u8]) -> Result<(), VaultError> {
    Canary::from_bytes(stored.to_vec())?.check(keyring)
}
