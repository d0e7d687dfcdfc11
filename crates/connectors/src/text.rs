//! Texts of a store's, made fit to be kept.

use std::borrow::Cow;

/// A text without NUL, which no database column holds.
pub fn clean<'a>(text: impl Into<Cow<'a, str>>) -> String {
    let text = text.into();
    if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text.into_owned()
    }
}

/// A text that says something; `None` where it is blank.
pub fn filled<'a>(text: Option<impl Into<Cow<'a, str>>>) -> Option<String> {
    text.map(clean).filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_hold_no_nul_and_say_something() {
        assert_eq!(clean("a\0b"), "ab");
        assert_eq!(filled(Some("a\0b".to_owned())).as_deref(), Some("ab"));
        assert_eq!(filled(Some(" a ")).as_deref(), Some(" a "));
        for nothing in [None, Some(""), Some(" \n"), Some("\0")] {
            assert_eq!(filled(nothing), None);
        }
    }
}
