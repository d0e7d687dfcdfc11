//! Keyset pages: `?limit=&cursor=` → `items`, `next_cursor`.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One page of a list, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// Hand this back as `cursor` for the next page; `null` on the last one.
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page with nothing on it.
    pub const fn empty() -> Self {
        Self {
            items: Vec::new(),
            next_cursor: None,
        }
    }

    /// A list that always fits on one page.
    pub const fn whole(items: Vec<T>) -> Self {
        Self {
            items,
            next_cursor: None,
        }
    }

    /// Cuts a page out of rows that were asked for with one more than `limit`;
    /// `cursor_of` tells where the last kept row stands.
    pub fn cut(mut rows: Vec<T>, limit: u16, cursor_of: impl FnOnce(&T) -> Cursor) -> Self {
        let more = rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        let next_cursor = if more {
            rows.last().map(cursor_of)
        } else {
            None
        };
        Self {
            items: rows,
            next_cursor,
        }
    }
}

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct PageRequest {
    /// Rows a page, 1 to [`PageRequest::MAX_LIMIT`].
    pub limit: Option<u16>,
    /// The `next_cursor` of the page before; none for the first page.
    pub cursor: Option<Cursor>,
}

impl PageRequest {
    /// Rows a page where nothing is asked for.
    pub const DEFAULT_LIMIT: u16 = 50;
    /// Most rows a page.
    pub const MAX_LIMIT: u16 = 250;

    /// The limit within its bounds.
    pub fn limit(&self) -> u16 {
        self.limit
            .unwrap_or(Self::DEFAULT_LIMIT)
            .clamp(1, Self::MAX_LIMIT)
    }

    /// The sort key after which the page begins; `None` for the first page.
    ///
    /// # Errors
    /// [`CursorError`] where the cursor is of another list or not ours.
    pub fn after<K: for<'de> Deserialize<'de>>(&self) -> Result<Option<K>, CursorError> {
        self.cursor.as_ref().map(Cursor::decode).transpose()
    }
}

/// Where a page begins: opaque to callers, URL-safe. Inside, the sort key of
/// the last row seen, as JSON in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
#[serde(transparent)]
pub struct Cursor(String);

/// A cursor that this server did not make.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("this cursor is not one of ours; ask for the first page again")]
pub struct CursorError;

impl Cursor {
    /// Longest cursor that is looked at, in characters.
    const MAX_CHARS: usize = 2_000;

    /// Writes a sort key.
    pub fn encode<K: Serialize>(key: &K) -> Self {
        use std::fmt::Write;
        let json = serde_json::to_vec(key).unwrap_or_default();
        let mut text = String::with_capacity(json.len() * 2);
        for byte in json {
            // Writing to a String cannot fail.
            let _infallible = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Reads the sort key back.
    ///
    /// # Errors
    /// [`CursorError`] where it was not made by [`Cursor::encode`] of the same
    /// kind of key.
    pub fn decode<K: for<'de> Deserialize<'de>>(&self) -> Result<K, CursorError> {
        let text = self.0.as_bytes();
        if text.len() > Self::MAX_CHARS || !text.len().is_multiple_of(2) {
            return Err(CursorError);
        }
        let nibble = |byte: u8| char::from(byte).to_digit(16).ok_or(CursorError);
        let json = text
            .chunks_exact(2)
            .map(|pair| Ok((nibble(pair[0])? * 16 + nibble(pair[1])?) as u8))
            .collect::<Result<Vec<u8>, CursorError>>()?;
        serde_json::from_slice(&json).map_err(|_| CursorError)
    }

    /// Takes a cursor from a URL as it is; it is checked on decoding.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text for a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_begins() {
        let page = Page::cut(vec![1, 2, 3], 2, Cursor::encode);
        assert_eq!(page.items, vec![1, 2]);
        assert_eq!(page.next_cursor.unwrap().decode::<i32>(), Ok(2));
        assert_eq!(Page::cut(vec![1, 2], 2, Cursor::encode).next_cursor, None);
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back(title in ".{0,60}", id in any::<u64>()) {
            let key = (title, id);
            prop_assert_eq!(Cursor::encode(&key).decode::<(String, u64)>(), Ok(key));
        }

        #[test]
        fn a_foreign_cursor_is_refused_without_panic(text in ".{0,80}") {
            prop_assert!(Cursor::from_text(text).decode::<(String, u64)>().is_err());
        }
    }
}
