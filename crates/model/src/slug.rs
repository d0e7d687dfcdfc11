//! A project's address in the URL.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// 1 to 40 lower-case letters, digits and hyphens, starting and ending with a
/// letter or digit: `acme-outdoor`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "acme"))]
#[serde(into = "String", try_from = "String")]
pub struct ProjectSlug(String);

/// Why a text is not a project's address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" cannot be a project's address; use 1 to 40 lower-case letters, digits and hyphens, \
     beginning and ending with a letter or digit"
)]
pub struct SlugError(String);

impl ProjectSlug {
    /// The longest slug, in characters.
    pub const MAX_CHARS: usize = 40;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A slug made of a project's name: `Ärger & Söhne` becomes `rger-s-hne`,
    /// a name without any Latin letter or digit becomes `project`.
    pub fn suggest(name: &str) -> Self {
        let mut slug = String::new();
        for character in name.chars() {
            if slug.len() >= Self::MAX_CHARS {
                break;
            }
            if character.is_ascii_alphanumeric() {
                slug.push(character.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let trimmed = slug.trim_end_matches('-');
        Self(if trimmed.is_empty() {
            "project".to_owned()
        } else {
            trimmed.to_owned()
        })
    }
}

impl FromStr for ProjectSlug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = (1..=Self::MAX_CHARS).contains(&text.len())
            && text.bytes().all(|byte| inner(byte) || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(SlugError(text.chars().take(60).collect()))
        }
    }
}

impl TryFrom<String> for ProjectSlug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        text.parse()
    }
}

impl From<ProjectSlug> for String {
    fn from(slug: ProjectSlug) -> Self {
        slug.0
    }
}

impl fmt::Display for ProjectSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProjectSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn admits_addresses_and_refuses_the_rest() {
        for good in ["a", "acme", "acme-outdoor-2"] {
            assert_eq!(good.parse::<ProjectSlug>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "a-", "Acme", "a b", "ä", "a/b", &"a".repeat(41)] {
            assert!(bad.parse::<ProjectSlug>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_suggestion_is_an_address(name in ".{0,80}") {
            let slug = ProjectSlug::suggest(&name);
            prop_assert!(slug.as_str().parse::<ProjectSlug>().is_ok(), "{}", slug);
        }
    }
}
