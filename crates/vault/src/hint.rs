use secrecy::{ExposeSecret, SecretString};

/// A secret shorter than this gives no hint: four characters would be too much of it.
const SHORTEST_HINTED: usize = 12;
/// How many characters a hint has.
const HINT_LENGTH: usize = 4;

/// The last four characters of a secret, by which a person recognises it ("ends in …4f2a"). `None` where it
/// has fewer than 12 characters, or where its end is not letters, digits and signs of ASCII.
#[must_use]
pub fn ends_in(secret: &SecretString) -> Option<String> {
    let secret = secret.expose_secret().trim();
    if secret.chars().count() < SHORTEST_HINTED {
        return None;
    }
    let end = secret.get(secret.len() - HINT_LENGTH..)?;
    end.bytes()
        .all(|byte| byte.is_ascii_graphic())
        .then(|| end.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(secret: &str) -> Option<String> {
        ends_in(&SecretString::from(secret))
    }

    #[test]
    fn a_long_secret_shows_its_last_four_characters() {
        assert_eq!(hint("shpat_0123456789abcdef4f2a").as_deref(), Some("4f2a"));
        assert_eq!(hint("exactly12car").as_deref(), Some("2car"));
        assert_eq!(hint("pasted-with-newline-4f2a\n").as_deref(), Some("4f2a"));
    }

    #[test]
    fn a_short_secret_shows_nothing() {
        assert_eq!(hint(""), None);
        assert_eq!(hint("eleven-char"), None);
        assert_eq!(hint("ééééééé"), None, "7 characters, though 14 bytes");
    }

    #[test]
    fn an_end_that_would_not_print_shows_nothing() {
        assert_eq!(hint("a passphrase in words é"), None);
        assert_eq!(hint("a passphrase of 1 2 3"), None);
        assert_eq!(hint("a-passphrase-\u{1F511}"), None);
    }
}
