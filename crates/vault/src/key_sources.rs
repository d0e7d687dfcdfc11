use std::fmt;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use crate::{
    KeyId, Keyring, MasterKey, VaultError,
    cipher::{KEY_BYTES, KeyBytes},
    error::{KeyPlace, KeyProblem},
};

/// The usual alphabet, with or without the padding that people lose in copying.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const ENCRYPTION_KEYS: &str = "ENCRYPTION_KEYS";
const ENCRYPTION_KEY: &str = "ENCRYPTION_KEY";
const KEY_FILE: &str = "the key file";

/// The texts that master keys can come from. The caller reads them; a key file should be readable by the
/// server's user alone, which is for the caller to check.
#[derive(Clone, Copy, Default)]
pub struct KeySources<'a> {
    /// The variable `ENCRYPTION_KEYS`: `id:base64,id:base64`, the first one is the primary. Blank is unset.
    pub encryption_keys: Option<&'a str>,
    /// The variable `ENCRYPTION_KEY`: 64 hexadecimal digits; its id derives from it. Blank is unset.
    pub encryption_key: Option<&'a str>,
    /// The content of a key file: `id:base64`, one a line, the first one is the primary; `#` begins a
    /// comment line.
    pub key_file: Option<&'a str>,
}

impl KeySources<'_> {
    /// The ring these sources give. The first of `ENCRYPTION_KEYS`, `ENCRYPTION_KEY` and the key file that
    /// is set counts, and must hold every key of the others.
    ///
    /// # Errors
    ///
    /// [`VaultError::KeysMissing`] where none is set, [`VaultError::SourcesDisagree`] where a later source
    /// has a key that the first lacks; [`VaultError::KeyMalformed`], [`VaultError::DuplicateKeyId`] and
    /// [`VaultError::SameKeyTwice`] where one of them is wrong in itself. None of them repeats what stood
    /// in the place of a key.
    pub fn keyring(&self) -> Result<Keyring, VaultError> {
        let mut given = Vec::new();
        if let Some(text) = self.encryption_keys.and_then(non_blank) {
            given.push((ENCRYPTION_KEYS, parse_list(text)?));
        }
        if let Some(text) = self.encryption_key.and_then(non_blank) {
            given.push((ENCRYPTION_KEY, parse_single(text)?));
        }
        if let Some(text) = self.key_file {
            given.push((KEY_FILE, parse_file(text)?));
        }

        let mut given = given.into_iter();
        let (leading, keyring) = given.next().ok_or(VaultError::KeysMissing)?;
        for (other, subset) in given {
            let missing = subset.iter().find(|key| !holds(&keyring, key));
            if let Some(key) = missing {
                return Err(VaultError::SourcesDisagree {
                    leading,
                    other,
                    id: key.id().clone(),
                });
            }
        }
        Ok(keyring)
    }
}

impl fmt::Debug for KeySources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySources")
            .field("encryption_keys_set", &self.encryption_keys.is_some())
            .field("encryption_key_set", &self.encryption_key.is_some())
            .field("key_file_set", &self.key_file.is_some())
            .finish()
    }
}

fn holds(keyring: &Keyring, key: &MasterKey) -> bool {
    keyring
        .iter()
        .any(|held| held.id() == key.id() && held.bytes().expose() == key.bytes().expose())
}

fn non_blank(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then_some(trimmed)
}

fn parse_list(text: &str) -> Result<Keyring, VaultError> {
    let entries = text.split(',').enumerate();
    ring(entries.map(|(index, entry)| (KeyPlace::EncryptionKeys(index + 1), entry)))
}

fn parse_file(text: &str) -> Result<Keyring, VaultError> {
    // Editors on Windows begin a file with a byte order mark.
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let entries = lines.filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    ring(entries.map(|(index, line)| (KeyPlace::KeyFileLine(index + 1), line)))
}

fn parse_single(text: &str) -> Result<Keyring, VaultError> {
    let malformed = |problem| VaultError::KeyMalformed {
        place: KeyPlace::EncryptionKey,
        problem,
    };
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(malformed(KeyProblem::Hexadecimal));
    }
    let mut decoded = Zeroizing::new([0; KEY_BYTES]);
    hex::decode_to_slice(text, decoded.as_mut_slice())
        .map_err(|_| malformed(KeyProblem::Digits(text.len())))?;
    let bytes = KeyBytes::from_slice(decoded.as_slice())
        .ok_or(malformed(KeyProblem::Digits(text.len())))?;
    Keyring::new(MasterKey::with_derived_id(bytes), Vec::new())
}

fn ring<'a>(entries: impl Iterator<Item = (KeyPlace, &'a str)>) -> Result<Keyring, VaultError> {
    let mut keys = entries.map(|(place, entry)| {
        parse_entry(entry.trim()).map_err(|problem| VaultError::KeyMalformed { place, problem })
    });
    let primary = keys.next().ok_or(VaultError::KeyMalformed {
        place: KeyPlace::KeyFile,
        problem: KeyProblem::NoKey,
    })??;
    let others = keys.collect::<Result<Vec<_>, _>>()?;
    Keyring::new(primary, others)
}

fn parse_entry(entry: &str) -> Result<MasterKey, KeyProblem> {
    if entry.is_empty() {
        return Err(KeyProblem::Empty);
    }
    let (id, encoded) = entry.split_once(':').ok_or(KeyProblem::NoColon)?;
    let id = KeyId::parse(id.trim()).ok_or(KeyProblem::Id)?;
    // Decoding in one allocation of known size leaves no copy behind.
    let encoded = encoded.trim();
    let mut decoded = Zeroizing::new(vec![0; encoded.len()]);
    let length = BASE64
        .decode_slice(encoded, &mut decoded)
        .map_err(|_| KeyProblem::Base64)?;
    let bytes = KeyBytes::from_slice(&decoded[..length]).ok_or(KeyProblem::Length(length))?;
    Ok(MasterKey::new(id, bytes))
}
