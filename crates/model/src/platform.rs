//! What a platform declares of itself: the forms, cards and REST answers are
//! drawn from it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The word for a kind of store, such as `shopify`: 2 to 32 lower-case letters
/// and digits. Which platforms exist is for the connectors' registry to say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "shopify"))]
#[serde(into = "String", try_from = "String")]
pub struct PlatformId(String);

/// A text that is no platform's word.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a platform; GET /api/platforms lists them")]
pub struct PlatformIdError(String);

impl PlatformId {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PlatformId {
    type Err = PlatformIdError;

    fn from_str(text: &str) -> Result<Self, PlatformIdError> {
        let fits = (2..=32).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(PlatformIdError(text.chars().take(40).collect()))
        }
    }
}

impl TryFrom<String> for PlatformId {
    type Error = PlatformIdError;

    fn try_from(text: String) -> Result<Self, PlatformIdError> {
        text.parse()
    }
}

impl From<PlatformId> for String {
    fn from(id: PlatformId) -> Self {
        id.0
    }
}

impl fmt::Display for PlatformId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PlatformId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing a platform's connector can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Products, variants and listings can be read.
    Catalogue,
    /// The merchant consents on the platform's own page; nothing is typed.
    OneClickConnect,
    /// The first import uses the platform's bulk way.
    BulkImport,
    /// Later runs read only what changed.
    IncrementalImport,
    /// Prices can be sent.
    PricePush,
    /// A struck-through price can be set beside the price.
    CompareAt,
    /// A price push can be tried without effect.
    DryRun,
    /// Orders can be read.
    Orders,
    /// The platform tells of changes by itself.
    Webhooks,
    /// Competitors' offers can be read.
    CompetitorPrices,
    /// Single items can be read again by their ids.
    ReadById,
}

/// A platform as `GET /api/platforms` and the integrations page show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlatformInfo {
    /// The word for it.
    pub id: PlatformId,
    /// Its name for people: `Shopify`.
    pub name: String,
    /// One line.
    pub description: String,
    /// What the connector can do.
    pub capabilities: Vec<Capability>,
    /// What one-click connect asks for before it sends the browser off; empty
    /// where the platform has no one-click connect.
    pub one_click_fields: Vec<Field>,
    /// Whether this installation is set up for one-click connect (has the app's
    /// key and secret).
    pub one_click_ready: bool,
    /// What connecting by hand asks for that is no secret: addresses, ids.
    pub config_fields: Vec<Field>,
    /// What connecting by hand asks for that is sealed.
    pub credential_fields: Vec<Field>,
    /// How its stores may be called otherwise than the connector does by itself.
    pub tuning: TuningLimits,
}

impl PlatformInfo {
    /// Whether the connector can do `capability`.
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

/// The bounds of a number that a person may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bounds {
    /// The least that is admitted.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// What the connector takes by itself; `null` where that is no fixed number.
    pub usual: Option<u32>,
}

/// What may be set of how a platform's stores are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TuningLimits {
    /// Records asked for at once; `null` where the platform fixes that.
    pub page_size: Option<Bounds>,
    /// Calls a minute.
    pub calls_per_minute: Bounds,
    /// How long one call may take, in seconds.
    pub request_timeout_seconds: Bounds,
    /// Whether stores are on servers of the merchant's own, whose certificates may
    /// be signed by themselves.
    pub custom_ca: bool,
}

impl Default for TuningLimits {
    fn default() -> Self {
        Self {
            page_size: None,
            calls_per_minute: Bounds {
                least: 1,
                most: 6_000,
                usual: None,
            },
            request_timeout_seconds: Bounds {
                least: 5,
                most: 300,
                usual: Some(60),
            },
            custom_ca: false,
        }
    }
}

impl TuningLimits {
    /// With pages of so many records at most and usually.
    #[must_use]
    pub const fn pages_of(mut self, most: u32) -> Self {
        self.page_size = Some(Bounds {
            least: 1,
            most,
            usual: Some(most),
        });
        self
    }

    /// With certificates of the merchant's own.
    #[must_use]
    pub const fn own_certificates(mut self) -> Self {
        self.custom_ca = true;
        self
    }
}

/// One field of a form: how it is drawn, and the rules that browser and server
/// both apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Field {
    /// The key in `config` or `credentials`.
    pub name: String,
    /// The label over the input.
    pub label: String,
    /// A line of help under it.
    pub help: String,
    /// An example shown while it is empty.
    pub placeholder: String,
    /// How it is entered.
    pub kind: FieldKind,
    /// Whether it may be left out.
    pub required: bool,
}

/// How a field is entered and what it admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line, at most 500 characters.
    Text,
    /// Hidden while typed, sealed when stored, never shown again; at most
    /// 4,000 characters.
    Secret,
    /// An `http` or `https` address.
    Url,
    /// A host name such as `acme.myshopify.com`.
    Host,
}

impl Field {
    /// Applies the field's own rules to what was typed, and gives it trimmed.
    /// `Ok(None)` is an optional field left empty.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub fn check(&self, typed: Option<&str>) -> Result<Option<String>, String> {
        let value = typed.map(str::trim).unwrap_or_default();
        if value.is_empty() {
            return if self.required {
                Err(format!("{} is needed.", self.label))
            } else {
                Ok(None)
            };
        }
        let most = match self.kind {
            FieldKind::Secret => 4_000,
            FieldKind::Text | FieldKind::Url | FieldKind::Host => 500,
        };
        if value.chars().count() > most {
            return Err(format!(
                "{} is too long; at most {most} characters.",
                self.label
            ));
        }
        if value.chars().any(char::is_control) {
            return Err(format!(
                "{} holds a line break or another control character; paste it again without.",
                self.label
            ));
        }
        match self.kind {
            FieldKind::Url => check_url(&self.label, value)?,
            FieldKind::Host => check_host(&self.label, value)?,
            FieldKind::Text | FieldKind::Secret => {}
        }
        Ok(Some(value.to_owned()))
    }
}

fn check_url(label: &str, value: &str) -> Result<(), String> {
    let rest = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    match host {
        Some(host) if !host.is_empty() && !value.contains(char::is_whitespace) => Ok(()),
        _ => Err(format!(
            "{label} must be a web address that begins with https:// (or http:// on your own network)."
        )),
    }
}

fn check_host(label: &str, value: &str) -> Result<(), String> {
    let admitted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if value.chars().all(admitted) && !value.starts_with('.') && !value.ends_with('.') {
        Ok(())
    } else {
        Err(format!(
            "{label} must be a host name alone, such as acme.myshopify.com, without https:// or a path."
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: FieldKind, required: bool) -> Field {
        Field {
            name: "x".into(),
            label: "Shop address".into(),
            help: String::new(),
            placeholder: String::new(),
            kind,
            required,
        }
    }

    #[test]
    fn required_means_not_blank() {
        assert_eq!(
            field(FieldKind::Text, true).check(Some("  ")),
            Err("Shop address is needed.".into())
        );
        assert_eq!(field(FieldKind::Text, false).check(None), Ok(None));
        assert_eq!(
            field(FieldKind::Text, true).check(Some(" a ")),
            Ok(Some("a".into()))
        );
    }

    #[test]
    fn addresses_are_checked_by_kind() {
        let url = field(FieldKind::Url, true);
        assert!(url.check(Some("https://shop.example/admin-api")).is_ok());
        for bad in ["shop.example", "ftp://x", "https://", "https:// x"] {
            assert!(url.check(Some(bad)).is_err(), "{bad}");
        }
        let host = field(FieldKind::Host, true);
        assert!(host.check(Some("acme.myshopify.com")).is_ok());
        for bad in ["https://acme.myshopify.com", "a b", "acme/", ".acme"] {
            assert!(host.check(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets_with_line_breaks_or_of_absurd_length_are_refused() {
        let secret = field(FieldKind::Secret, true);
        assert!(secret.check(Some("shpat_\n1")).is_err());
        assert!(secret.check(Some(&"a".repeat(4_001))).is_err());
    }
}
