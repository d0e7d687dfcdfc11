//! Words, numbers and times as people read them.

#[cfg(feature = "csr")]
pub(crate) mod fuzzy;
#[cfg(feature = "csr")]
pub(crate) mod json;
pub(crate) mod number;
#[cfg(feature = "csr")]
pub(crate) mod time;
pub(crate) mod words;
