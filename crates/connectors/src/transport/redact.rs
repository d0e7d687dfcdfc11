//! Takes secrets and personal data out of what a platform answered, before it
//! is kept or shown.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

/// How long a kept answer may be, in characters.
const MOST_CHARS: usize = 2_000;
/// How much of an answer is looked at; more could not be kept.
const MOST_READ_CHARS: usize = 64_000;
/// What stands in a secret's place.
const MASK: &str = "[redacted]";

/// Names whose values are masked, wherever they appear in a key (lower case,
/// separators taken out).
const SECRET_NAMES: &[&str] = &[
    "token",
    "secret",
    "password",
    "passwd",
    "authorization",
    "apikey",
    "signature",
    "hmac",
    "cookie",
    "session",
    "credential",
    "clientkey",
    "privatekey",
    "email",
    "phone",
    "firstname",
    "lastname",
    "address1",
    "address2",
    "postcode",
    "zipcode",
];

/// Words that begin or end a secret in running text.
static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        // Shopify's tokens and secrets.
        (r"\bshp[a-z]{2}_[A-Za-z0-9_-]+", MASK),
        // WooCommerce's keys.
        (r"\bc[ks]_[A-Za-z0-9]{8,}", MASK),
        // JSON web tokens.
        (r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*", MASK),
        // Login With Amazon's tokens and secrets.
        (r"\b(?:Atza|Atzr|amzn1)[|.][A-Za-z0-9|._/+=-]+", MASK),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=|-]+", "$1 [redacted]"),
        (r"(?i)([a-z0-9._%+-]+)@[a-z0-9-]+(?:\.[a-z0-9-]+)+", MASK),
        // name=value, as in queries and forms.
        (
            r"(?i)\b([a-z0-9_-]*(?:token|secret|password|signature|credential|hmac|api_?key|session)[a-z0-9_-]*)=([^&\s\x22'<>]+)",
            "$1=[redacted]",
        ),
        (r"(?i)([?&](?:sig|code|key|state)=)([^&\s\x22'<>]+)", "$1[redacted]"),
        // Anything long and dense enough to be a key.
        (r"\b[0-9a-fA-F]{32,}\b", MASK),
        (r"\b[A-Za-z0-9+/_-]{48,}={0,2}", MASK),
    ]
    .into_iter()
    .filter_map(|(pattern, mask)| Some((Regex::new(pattern).ok()?, mask)))
    .collect()
});

/// `"name": "value"` in JSON that is not whole.
static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#""([A-Za-z0-9_-]+)"\s*:\s*("(?:[^"\\]|\\.)*"?|[^,}\]\s]+)"#).ok()
});

/// A text from a platform without its secrets, at most 2,000 characters long.
/// JSON is masked by its keys too, also where it is cut.
pub fn text(text: &str) -> String {
    let read = shorten(text, MOST_READ_CHARS);
    let masked = match serde_json::from_str::<Value>(&read) {
        Ok(mut value) => {
            mask_value(&mut value);
            value.to_string()
        }
        Err(_) => mask_fields(&read),
    };
    shorten(&mask_text(&masked), MOST_CHARS)
}

/// The body of a message from a platform without its secrets, at most `most`
/// bytes long: a longer one is cut before it is looked at.
pub fn body(body: &[u8], most: usize) -> String {
    let read = String::from_utf8_lossy(&body[..body.len().min(most)]);
    let masked = match serde_json::from_str::<Value>(&read) {
        Ok(mut value) => {
            mask_value(&mut value);
            value.to_string()
        }
        Err(_) => mask_fields(&read),
    };
    let masked = mask_text(&masked).replace('\0', "");
    match masked.char_indices().find(|(start, _)| *start >= most) {
        Some((end, _)) => masked[..end].to_owned(),
        None => masked,
    }
}

/// A JSON value from a platform without its secrets, at most 2,000 characters
/// long.
pub fn json(value: &Value) -> String {
    let mut value = value.clone();
    mask_value(&mut value);
    shorten(&mask_text(&value.to_string()), MOST_CHARS)
}

/// The first `most` characters of a text, with an ellipsis where it was longer.
pub fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            let kept = text[..end].chars().count().saturating_sub(1);
            let mut short: String = text.chars().take(kept).collect();
            short.push('…');
            short
        }
    }
}

fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SECRET_NAMES.iter().any(|secret| plain.contains(secret))
}

fn mask_value(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let holds_text = matches!(value, Value::String(_) | Value::Number(_));
                if holds_text && is_secret_name(name) {
                    *value = Value::String(MASK.to_owned());
                } else {
                    mask_value(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_value),
        _ => {}
    }
}

fn mask_fields(text: &str) -> String {
    let Some(field) = FIELD.as_ref() else {
        return text.to_owned();
    };
    field
        .replace_all(text, |found: &Captures<'_>| {
            if is_secret_name(&found[1]) {
                format!("\"{}\":\"{MASK}\"", &found[1])
            } else {
                found[0].to_owned()
            }
        })
        .into_owned()
}

fn mask_text(text: &str) -> String {
    PATTERNS
        .iter()
        .fold(text.to_owned(), |text, (pattern, mask)| {
            pattern.replace_all(&text, *mask).into_owned()
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_body_is_cut_and_masked_also_where_it_is_cut() {
        let whole = body(br#"{"id":7,"consumer_secret":"hush"}"#, 64);
        assert_eq!(whole, r#"{"consumer_secret":"[redacted]","id":7}"#);
        let cut = body(br#"{"token":"hush","text":"long, long, long"}"#, 30);
        assert!(cut.len() <= 31 && !cut.contains("hush"), "{cut}");
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), 10);
        assert!(FIELD.is_some());
    }

    #[test]
    fn json_is_masked_by_its_keys() {
        let answer = r#"{"access_token":"abc","scope":"read_products","expires_in":3600,"customer":{"email":"a@b.co","id":7},"extensions":{"code":"THROTTLED"}}"#;
        insta::assert_snapshot!(text(answer), @r#"{"access_token":"[redacted]","customer":{"email":"[redacted]","id":7},"expires_in":3600,"extensions":{"code":"THROTTLED"},"scope":"read_products"}"#);
    }

    #[test]
    fn json_that_was_cut_is_masked_as_well() {
        let cut = r#"{"refresh_token": "r3fr\"esh", "scope":"x", "client_secret": "s3cr"#;
        let masked = text(cut);
        assert!(
            !masked.contains("r3fr") && !masked.contains("s3cr"),
            "{masked}"
        );
        assert!(masked.contains("\"scope\":\"x\""), "{masked}");
    }

    #[test]
    fn running_text_loses_what_looks_like_a_secret() {
        for (answer, expected) in [
            ("token shpat_0123abc refused", "token [redacted] refused"),
            (
                "Authorization was Bearer a.b-c_d",
                "Authorization was Bearer [redacted]",
            ),
            ("mail jane.doe+x@shop.example now", "mail [redacted] now"),
            (
                "https://f.example/x?X-Goog-Signature=ab12&alt=media",
                "https://f.example/x?X-Goog-Signature=[redacted]&alt=media",
            ),
            (
                "/callback?code=abc&shop=acme",
                "/callback?code=[redacted]&shop=acme",
            ),
            (
                "id 0198b1a0-5a3c-7000-8000-000000000001",
                "id 0198b1a0-5a3c-7000-8000-000000000001",
            ),
            ("hash 0123456789abcdef0123456789abcdef!", "hash [redacted]!"),
        ] {
            assert_eq!(text(answer), expected);
        }
    }

    #[test]
    fn a_long_answer_is_cut_between_characters() {
        let long = "ä 🧦 ".repeat(2_000);
        let short = text(&long);
        assert_eq!(short.chars().count(), MOST_CHARS);
        assert!(short.ends_with('…'));
        assert_eq!(shorten("abc", 3), "abc");
        assert_eq!(shorten("abcd", 3), "ab…");
    }

    proptest! {
        #[test]
        fn a_token_never_stays(before in "[ -~]{0,20}", token in "[a-zA-Z0-9]{12,32}") {
            let answer = format!("{before} shpat_{token} ");
            prop_assert!(!text(&answer).contains(&token));
            let object = serde_json::json!({ "note": before, "accessToken": token });
            prop_assert!(!json(&object).contains(&token));
        }

        #[test]
        fn no_text_panics(answer in ".{0,200}") {
            prop_assert!(text(&answer).chars().count() <= MOST_CHARS);
        }
    }
}
