use std::fmt;

use uuid::Uuid;

use crate::KeyId;

/// What can go wrong with keys and sealed values. No message carries key material or plaintext.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// None of the places a master key can come from has one.
    #[error(
        "no encryption key is set: set ENCRYPTION_KEYS (id:base64,id:base64, the first one seals) or \
         ENCRYPTION_KEY (64 hex digits), or name a key file; `calibr keys generate` makes a key"
    )]
    KeysMissing,

    /// An entry of the configuration is not a key.
    #[error("{place}: {problem}")]
    KeyMalformed {
        /// Where the entry stands.
        place: KeyPlace,
        /// What is wrong with it.
        problem: KeyProblem,
    },

    /// An id stands for two keys.
    #[error("key id `{id}` is given twice: give each key an id of its own")]
    DuplicateKeyId {
        /// The id in question.
        id: KeyId,
    },

    /// One key stands under two ids, which would let one be retired while the other still needs it.
    #[error(
        "keys `{first}` and `{second}` are the same key: keep the id that values were sealed under"
    )]
    SameKeyTwice {
        /// The id that came first.
        first: KeyId,
        /// The id that came later.
        second: KeyId,
    },

    /// Two places give keys, and the one that counts lacks a key of the other.
    #[error(
        "{leading} and {other} are both set and disagree: key `{id}` of {other} is not in {leading}. Unset one \
         of the two, or add the key to {leading} under the id `{id}`"
    )]
    SourcesDisagree {
        /// The place that counts.
        leading: &'static str,
        /// The place that disagrees with it.
        other: &'static str,
        /// The id of the key that the leading place lacks, or holds differently.
        id: KeyId,
    },

    /// Something was sealed under a master key that is not at hand.
    #[error(
        "the {sealed} is sealed under key `{id}`, which is not configured (configured: {}): add that key to \
         ENCRYPTION_KEYS, or to the key file",
        join(.configured)
    )]
    UnknownKey {
        /// What was to be opened.
        sealed: Sealed,
        /// The id that the sealed bytes name.
        id: KeyId,
        /// The ids at hand, primary first.
        configured: Vec<KeyId>,
    },

    /// The canary does not open under the key it names: this key is not the one it was sealed with.
    #[error(
        "key mismatch: key `{id}` is not the key that this database's credentials were sealed with. Nothing was \
         changed; start with the original key under that id"
    )]
    KeyMismatch {
        /// The id whose key differs.
        id: KeyId,
    },

    /// The authentication tag does not match.
    #[error(
        "the {sealed} does not open: it was altered, it belongs to another row or field, or it was sealed with \
         another key. Restore it from a backup, or enter the credential again"
    )]
    DoesNotOpen {
        /// What was to be opened.
        sealed: Sealed,
    },

    /// A value was given to a data key that did not seal it.
    #[error(
        "the credential was sealed by data key {sealed_by}, not by {given}: load the data key it names"
    )]
    WrongDataKey {
        /// The data key that the value names.
        sealed_by: Uuid,
        /// The data key it was given to.
        given: Uuid,
    },

    /// Stored bytes are not of a sealed form.
    #[error(
        "the stored {sealed} is not readable: {reason}. Restore it from a backup, or enter it again"
    )]
    Malformed {
        /// What the bytes were to be.
        sealed: Sealed,
        /// Why they are not.
        reason: MalformedReason,
    },

    /// The value opened, but is not text.
    #[error("the credential opened but is not UTF-8 text: enter it again")]
    NotText,

    /// The plaintext is too long to be a credential.
    #[error("the credential is {bytes} bytes long, at most {maximum} are taken")]
    TooLong {
        /// Length of what was given.
        bytes: usize,
        /// [`crate::MAX_PLAINTEXT_BYTES`].
        maximum: usize,
    },
}

/// What kind of sealed thing an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// A value of an integration, sealed by its data key.
    Value,
    /// A data key, sealed by a master key.
    DataKey,
    /// The fixed text by which a wrong key is found at start-up.
    Canary,
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "credential",
            Self::DataKey => "data key",
            Self::Canary => "key check value",
        })
    }
}

/// Why stored bytes are not of a sealed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedReason {
    /// The bytes end before the format does.
    #[error("it is cut short")]
    Truncated,
    /// The first byte names a format that this release does not know.
    #[error("it is of format version {0}, which this release does not know")]
    UnknownVersion(u8),
    /// The key id in the header is none.
    #[error("its key id is not valid")]
    KeyId,
}

/// Where an entry of the key configuration stands, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyPlace {
    /// The variable `ENCRYPTION_KEYS`.
    #[error("ENCRYPTION_KEYS, entry {0}")]
    EncryptionKeys(usize),
    /// The variable `ENCRYPTION_KEY`.
    #[error("ENCRYPTION_KEY")]
    EncryptionKey,
    /// A line of the key file.
    #[error("key file, line {0}")]
    KeyFileLine(usize),
    /// The key file as a whole.
    #[error("key file")]
    KeyFile,
    /// An id given by itself, on a command line.
    #[error("key id")]
    KeyId,
}

/// What is wrong with an entry of the key configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Nothing stands between two commas.
    #[error("the entry is empty: remove the spare comma")]
    Empty,
    /// A file without a single key.
    #[error("it holds no key: write one a line, as id:base64")]
    NoKey,
    /// There is no colon between id and key.
    #[error("a key is written as id:base64, and there is no colon")]
    NoColon,
    /// The id breaks the rule for ids.
    #[error("an id is 1 to 32 of a-z, 0-9, `_` and `-`, and starts with a letter or digit")]
    Id,
    /// The key is not base64.
    #[error("the key is not valid base64")]
    Base64,
    /// The key is not made of hexadecimal digits.
    #[error("the key is not hexadecimal: give 64 of 0-9 and a-f")]
    Hexadecimal,
    /// The key has another number of hexadecimal digits than 64.
    #[error("the key has {0} hexadecimal digits, it must have 64")]
    Digits(usize),
    /// The key is of another length than 32 bytes.
    #[error("the key is {0} bytes long, it must be 32")]
    Length(usize),
}

fn join(ids: &[KeyId]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    quoted.join(", ")
}
