//! Words, numbers and times as people read them.

pub(crate) mod fuzzy;
pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod time;
pub(crate) mod words;
