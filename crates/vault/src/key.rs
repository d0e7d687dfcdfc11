use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rand::CryptoRng;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    VaultError,
    cipher::KeyBytes,
    error::{KeyPlace, KeyProblem},
};

/// Longest id, in characters.
const MAX_ID_LENGTH: usize = 32;

/// Keeps the hash that a derived id is cut from apart from any other hash of the same key.
const DERIVED_ID_LABEL: &[u8] = b"calibr master key id\0";

/// The name of a master key: `[a-z0-9][a-z0-9_-]{0,31}`. Not secret; it stands in every sealed data key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() <= MAX_ID_LENGTH
            && text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
            && text.starts_with(|first: char| first.is_ascii_alphanumeric());
        well_formed.then(|| Self(text.to_owned()))
    }

    /// `k` and 8 hexadecimal digits from a hash of the key: the same key always gets the same id.
    fn derived_from(bytes: &KeyBytes) -> Self {
        let digest = Sha256::new()
            .chain_update(DERIVED_ID_LABEL)
            .chain_update(bytes.expose())
            .finalize();
        Self(format!("k{}", hex::encode(&digest[..4])))
    }
}

impl FromStr for KeyId {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, VaultError> {
        Self::parse(text).ok_or(VaultError::KeyMalformed {
            place: KeyPlace::KeyId,
            problem: KeyProblem::Id,
        })
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for KeyId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// A 256-bit key that seals data keys, with its id. Its bytes are wiped when it is dropped.
pub struct MasterKey {
    id: KeyId,
    bytes: KeyBytes,
}

impl MasterKey {
    /// A fresh key whose id derives from it, as for a key given by `ENCRYPTION_KEY`.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(random: &mut R) -> Self {
        Self::with_derived_id(KeyBytes::generate(random))
    }

    /// A fresh key under a chosen id.
    #[must_use]
    pub fn generate_with_id<R: CryptoRng + ?Sized>(id: KeyId, random: &mut R) -> Self {
        Self {
            id,
            bytes: KeyBytes::generate(random),
        }
    }

    /// The name of this key.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The key as `id:base64`: an entry of `ENCRYPTION_KEYS`, or a line of a key file. This is the key
    /// itself: show it once to the operator, or write it to a file that only the server's user reads.
    #[must_use]
    pub fn to_entry(&self) -> SecretString {
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(self.bytes.expose()));
        let mut entry = String::with_capacity(self.id.0.len() + 1 + encoded.len());
        entry.push_str(&self.id.0);
        entry.push(':');
        entry.push_str(&encoded);
        SecretString::from(entry)
    }

    pub(crate) fn new(id: KeyId, bytes: KeyBytes) -> Self {
        Self { id, bytes }
    }

    pub(crate) fn with_derived_id(bytes: KeyBytes) -> Self {
        Self {
            id: KeyId::derived_from(&bytes),
            bytes,
        }
    }

    pub(crate) fn bytes(&self) -> &KeyBytes {
        &self.bytes
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey")
            .field("id", &self.id.0)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_lower_case_and_starts_with_a_letter_or_digit() {
        for good in [
            "a",
            "2026",
            "main-2026_11",
            "k0123456789abcdef0123456789abcde",
        ] {
            assert_eq!(good.parse::<KeyId>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-a",
            "_a",
            "A",
            "a b",
            "a:b",
            "é",
            "k0123456789abcdef0123456789abcdef",
        ] {
            assert!(bad.parse::<KeyId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_derived_id_of_a_key_never_changes() {
        let bytes = KeyBytes::from_slice(&[7; 32]).unwrap();
        assert_eq!(KeyId::derived_from(&bytes).as_str(), "k7ebba466");
    }
}
