//! The bytes that bind a sealed thing to its place.

use uuid::Uuid;

/// Every sealed thing begins its associated data with this, so that nothing sealed elsewhere with the same
/// key can be taken for it.
const DOMAIN: &[u8] = b"calibr-vault";

/// A list of parts, each preceded by its length: two different lists never give the same bytes.
pub(crate) struct AssociatedData(Vec<u8>);

impl AssociatedData {
    /// `purpose` tells the kinds of sealed things apart; `header` is what precedes the nonce in the stored
    /// bytes: format version and key id.
    pub(crate) fn new(purpose: &str, header: &[u8]) -> Self {
        Self(Vec::new())
            .with(DOMAIN)
            .with(purpose.as_bytes())
            .with(header)
    }

    pub(crate) fn with(mut self, part: &[u8]) -> Self {
        self.0.extend_from_slice(&(part.len() as u64).to_be_bytes());
        self.0.extend_from_slice(part);
        self
    }

    pub(crate) fn with_id(self, id: Uuid) -> Self {
        self.with(id.as_bytes())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(parts: &[Vec<u8>]) -> Vec<u8> {
        parts
            .iter()
            .fold(AssociatedData::new("test", &[1]), |data, part| {
                data.with(part)
            })
            .0
    }

    #[test]
    fn moving_bytes_between_neighbouring_parts_changes_the_encoding() {
        assert_ne!(
            encode(&[b"ab".to_vec(), b"c".to_vec()]),
            encode(&[b"a".to_vec(), b"bc".to_vec()])
        );
        assert_ne!(
            encode(&[b"abc".to_vec()]),
            encode(&[b"abc".to_vec(), Vec::new()])
        );
    }

    proptest! {
        #[test]
        fn different_parts_encode_differently(
            one: Vec<Vec<u8>>,
            other: Vec<Vec<u8>>,
        ) {
            prop_assert_eq!(one == other, encode(&one) == encode(&other));
        }
    }
}
