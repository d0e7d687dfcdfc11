//! Reading stored words back into types.

use std::{fmt::Display, str::FromStr};

use calibr_model::{Currency, Cursor, Money, Page, PageRequest};

use crate::error::StoreError;

/// Characters of a text that take part in order and search: keeps index entries
/// and cursors within their bounds whatever a store sends.
const KEY_CHARS: usize = 200;

/// The text as order and search go by it: lower-case by character (a word's end
/// changes nothing), control characters as spaces, shortened.
pub(crate) fn search_key(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .flat_map(char::to_lowercase)
        .take(KEY_CHARS)
        .collect()
}

/// One column of the rows, as a statement with UNNEST takes it.
pub(crate) fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// A count as PostgreSQL has it.
pub(crate) fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Reads a word that the schema's check constraints admit.
pub(crate) fn word<T>(what: &'static str, stored: &str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: Display,
{
    stored
        .parse()
        .map_err(|error| StoreError::corrupt(what, error))
}

/// Puts an amount and a currency together.
pub(crate) fn money(
    amount_minor: Option<i64>,
    currency: Option<&str>,
) -> Result<Option<Money>, StoreError> {
    match (amount_minor, currency) {
        (Some(amount), Some(code)) => {
            let currency: Currency = word("currency", code)?;
            Ok(Some(Money::new(amount, currency)))
        }
        (None, _) => Ok(None),
        (Some(_), None) => Err(StoreError::corrupt("price", "it has no currency")),
    }
}

/// Cuts a page out of rows that were asked for with one more than its limit, and
/// makes of each what is shown; `cursor_of` tells where a row stands.
pub(crate) fn page_of<R, V>(
    rows: Vec<R>,
    request: &PageRequest,
    cursor_of: impl FnOnce(&R) -> Cursor,
    view: impl FnMut(R) -> Result<V, StoreError>,
) -> Result<Page<V>, StoreError> {
    let Page { items, next_cursor } = Page::cut(rows, request.limit(), cursor_of);
    Ok(Page {
        items: items.into_iter().map(view).collect::<Result<_, _>>()?,
        next_cursor,
    })
}
