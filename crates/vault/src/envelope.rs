//! The stored form that all sealed things share.
//!
//! ```text
//! format version (1 byte) · length of key id (1 byte) · key id · nonce (12) · ciphertext · tag (16)
//! ```

use rand::CryptoRng;
use secrecy::SecretSlice;

use crate::{
    MAX_PLAINTEXT_BYTES, MalformedReason, VaultError,
    cipher::{self, KeyBytes, NONCE_BYTES, TAG_BYTES},
};

/// The format that is written. Reading knows this one alone.
pub(crate) const FORMAT_VERSION: u8 = 1;

/// What precedes the nonce: it says which key to open with, and is part of the associated data.
pub(crate) fn header(key_id: &[u8]) -> Vec<u8> {
    // Ids are at most 32 bytes long.
    let length = u8::try_from(key_id.len()).unwrap_or(u8::MAX);
    let mut header = Vec::with_capacity(2 + key_id.len());
    header.push(FORMAT_VERSION);
    header.push(length);
    header.extend_from_slice(key_id);
    header
}

/// Bytes that are known to have the stored form.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Envelope {
    bytes: Vec<u8>,
    header_length: usize,
}

/// The parts of an envelope.
struct Parts<'a> {
    nonce: &'a [u8; NONCE_BYTES],
    ciphertext: &'a [u8],
    tag: &'a [u8; TAG_BYTES],
}

impl Envelope {
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self, MalformedReason> {
        let header_length = match bytes.as_slice() {
            [] => return Err(MalformedReason::Truncated),
            [FORMAT_VERSION, id_length, ..] => 2 + usize::from(*id_length),
            [FORMAT_VERSION] => return Err(MalformedReason::Truncated),
            [version, ..] => return Err(MalformedReason::UnknownVersion(*version)),
        };
        let envelope = Self {
            bytes,
            header_length,
        };
        envelope.parts().ok_or(MalformedReason::Truncated)?;
        Ok(envelope)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn header(&self) -> &[u8] {
        &self.bytes[..self.header_length]
    }

    pub(crate) fn key_id(&self) -> &[u8] {
        &self.bytes[2..self.header_length]
    }

    fn parts(&self) -> Option<Parts<'_>> {
        let (nonce, rest) = self.bytes.get(self.header_length..)?.split_first_chunk()?;
        let (ciphertext, tag) = rest.split_last_chunk()?;
        Some(Parts {
            nonce,
            ciphertext,
            tag,
        })
    }

    /// `header` is what [`header`] made; `associated_data` has it inside.
    pub(crate) fn seal<R: CryptoRng + ?Sized>(
        key: &KeyBytes,
        header: Vec<u8>,
        associated_data: &[u8],
        plaintext: &[u8],
        random: &mut R,
    ) -> Result<Self, VaultError> {
        let header_length = header.len();
        let mut nonce = [0; NONCE_BYTES];
        random.fill_bytes(&mut nonce);

        // Of full capacity from the start: growing it would leave a copy of the plaintext behind.
        let mut bytes =
            Vec::with_capacity(header_length + NONCE_BYTES + plaintext.len() + TAG_BYTES);
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(plaintext);
        let tag = cipher::encrypt(
            key,
            &nonce,
            associated_data,
            &mut bytes[header_length + NONCE_BYTES..],
        )
        .map_err(|_| VaultError::TooLong {
            bytes: plaintext.len(),
            maximum: MAX_PLAINTEXT_BYTES,
        })?;
        bytes.extend_from_slice(&tag);
        Ok(Self {
            bytes,
            header_length,
        })
    }

    pub(crate) fn open(
        &self,
        key: &KeyBytes,
        associated_data: &[u8],
    ) -> Result<SecretSlice<u8>, aes_gcm::Error> {
        let Parts {
            nonce,
            ciphertext,
            tag,
        } = self.parts().ok_or(aes_gcm::Error)?;
        cipher::decrypt(key, nonce, associated_data, ciphertext, tag)
    }
}
