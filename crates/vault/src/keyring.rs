use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{KeyId, MasterKey, Sealed, VaultError};

/// The master keys at hand. The primary seals; all of them open.
pub struct Keyring {
    primary: MasterKey,
    others: Vec<MasterKey>,
}

impl Keyring {
    /// A ring of a primary and of the keys that only open.
    ///
    /// # Errors
    ///
    /// [`VaultError::DuplicateKeyId`] and [`VaultError::SameKeyTwice`].
    pub fn new(primary: MasterKey, others: Vec<MasterKey>) -> Result<Self, VaultError> {
        let keyring = Self { primary, others };
        for (position, key) in keyring.iter().enumerate() {
            for earlier in keyring.iter().take(position) {
                if earlier.id() == key.id() {
                    return Err(VaultError::DuplicateKeyId {
                        id: key.id().clone(),
                    });
                }
                if earlier.bytes().expose() == key.bytes().expose() {
                    return Err(VaultError::SameKeyTwice {
                        first: earlier.id().clone(),
                        second: key.id().clone(),
                    });
                }
            }
        }
        Ok(keyring)
    }

    /// The key that seals.
    #[must_use]
    pub fn primary(&self) -> &MasterKey {
        &self.primary
    }

    /// The ids at hand, primary first.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.iter().map(MasterKey::id)
    }

    /// Whether a key of that id is at hand.
    #[must_use]
    pub fn contains(&self, id: &KeyId) -> bool {
        self.ids().any(|held| held == id)
    }

    /// The ring as the text of a key file. This is the keys themselves.
    #[must_use]
    pub fn to_key_file(&self) -> SecretString {
        const NOTE: &str = "# Master keys of Calibr Console, one a line; the first one seals, all of them open.\n\
                            # Without them the stored credentials cannot be read: back this file up, apart from\n\
                            # the database.\n";
        let entries: Vec<SecretString> = self.iter().map(MasterKey::to_entry).collect();
        let length = entries
            .iter()
            .map(|entry| entry.expose_secret().len() + 1)
            .sum::<usize>();
        let mut text = Zeroizing::new(String::with_capacity(NOTE.len() + length));
        text.push_str(NOTE);
        for entry in &entries {
            text.push_str(entry.expose_secret());
            text.push('\n');
        }
        SecretString::from(text.as_str())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.primary).chain(&self.others)
    }

    /// The key of that id, or an error that says which `sealed` thing wanted it.
    pub(crate) fn find(&self, id: &KeyId, sealed: Sealed) -> Result<&MasterKey, VaultError> {
        self.iter()
            .find(|key| key.id() == id)
            .ok_or_else(|| VaultError::UnknownKey {
                sealed,
                id: id.clone(),
                configured: self.ids().cloned().collect(),
            })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.ids().map(KeyId::as_str).collect();
        f.debug_struct("Keyring")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}
