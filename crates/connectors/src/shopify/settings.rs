//! What the operator sets for Shopify.

use std::{fmt, str::FromStr};

use secrecy::SecretString;

use super::shop::BaseUrl;
use crate::error::{ConnectorError, Fault};

/// The operator's settings for Shopify.
#[derive(Debug, Clone, Default)]
pub struct ShopifySettings {
    /// The app that merchants consent to; `None` leaves connecting by hand.
    pub app: Option<ShopifyApp>,
    /// Where shops are, if not at Shopify (`SHOPIFY_BASE_URL`).
    pub base_url: BaseUrl,
    /// The version of the Admin API that is asked for.
    pub api_version: ApiVersion,
}

impl ShopifySettings {
    /// Settings from the operator's texts, empty ones counting as not set.
    ///
    /// # Errors
    /// [`Fault::Config`] where one is wrong, or a key comes without its secret.
    pub fn read(
        api_key: Option<String>,
        api_secret: Option<SecretString>,
        base_url: Option<&str>,
    ) -> Result<Self, ConnectorError> {
        let half = |there: &str, missing: &str| {
            Err(ConnectorError::new(
                Fault::Config,
                format!(
                    "{there} is set but {missing} is not. Set both, as the app's page in Shopify \
                     shows them, or neither."
                ),
            ))
        };
        let api_key = api_key.filter(|key| !key.trim().is_empty());
        let api_secret = api_secret.filter(|secret| {
            !secrecy::ExposeSecret::expose_secret(secret)
                .trim()
                .is_empty()
        });
        let app = match (api_key, api_secret) {
            (Some(key), Some(secret)) => Some(ShopifyApp::new(key, secret)),
            (None, None) => None,
            (Some(_), None) => return half("SHOPIFY_API_KEY", "SHOPIFY_API_SECRET"),
            (None, Some(_)) => return half("SHOPIFY_API_SECRET", "SHOPIFY_API_KEY"),
        };
        let base_url = match base_url.filter(|url| !url.trim().is_empty()) {
            Some(template) => BaseUrl::parse(template)?,
            None => BaseUrl::default(),
        };
        Ok(Self {
            app,
            base_url,
            api_version: ApiVersion::default(),
        })
    }
}

/// The app as it is registered with Shopify.
#[derive(Clone)]
pub struct ShopifyApp {
    /// The client id (`SHOPIFY_API_KEY`).
    pub api_key: String,
    /// The client secret (`SHOPIFY_API_SECRET`).
    pub api_secret: SecretString,
    /// What merchants are asked to permit.
    pub scopes: Scopes,
}

impl ShopifyApp {
    /// An app that asks for what the connector makes use of and no more.
    pub fn new(api_key: String, api_secret: SecretString) -> Self {
        Self {
            api_key,
            api_secret,
            scopes: Scopes::wanted(),
        }
    }
}

impl fmt::Debug for ShopifyApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShopifyApp")
            .field("api_key", &self.api_key)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Permissions of Shopify's, such as `read_products`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// What the connector cannot do without: the catalogue is read by it.
    pub fn needed() -> Self {
        Self::of(["read_products"])
    }

    /// What the connector makes use of. Without all of it a store can be
    /// connected, but not everything be done with it.
    pub fn wanted() -> Self {
        Self::of(["write_products", "read_orders"])
    }

    /// Reads a list separated by commas, as the token endpoint gives it.
    pub fn read(list: &str) -> Self {
        Self::of(list.split(','))
    }

    /// These scopes.
    pub fn of<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let scopes = scopes.into_iter().map(str::trim);
        Self(
            scopes
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    /// The list as the consent page takes it.
    pub fn joined(&self) -> String {
        self.0.join(",")
    }

    /// Whether `scope` is permitted; writing implies reading.
    pub fn permit(&self, scope: &str) -> bool {
        let by_writing = scope.strip_prefix("read_").map(|of| format!("write_{of}"));
        self.0
            .iter()
            .any(|granted| *granted == scope || Some(granted) == by_writing.as_ref())
    }

    /// Which of these `granted` lacks.
    pub fn missing_in(&self, granted: &Self) -> Vec<&str> {
        self.0
            .iter()
            .map(String::as_str)
            .filter(|scope| !granted.permit(scope))
            .collect()
    }
}

/// A version of the Admin API: a year and the first month of a quarter. Ordered
/// by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(String);

impl ApiVersion {
    /// As it stands in paths and headers.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self("2026-07".to_owned())
    }
}

impl FromStr for ApiVersion {
    type Err = ConnectorError;

    fn from_str(text: &str) -> Result<Self, ConnectorError> {
        let fits = text.len() == 7
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            let shown: String = text.chars().take(40).collect();
            Err(ConnectorError::new(
                Fault::Config,
                format!("\"{shown}\" is not a version of Shopify's API; give one such as 2026-07."),
            ))
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_and_secret_come_together() {
        let key = || Some("key".to_owned());
        let secret = || Some(SecretString::from("s3cret"));
        assert!(
            ShopifySettings::read(key(), secret(), None)
                .unwrap()
                .app
                .is_some()
        );
        assert!(
            ShopifySettings::read(None, None, Some(" "))
                .unwrap()
                .app
                .is_none()
        );
        assert!(
            ShopifySettings::read(Some(String::new()), None, None)
                .unwrap()
                .app
                .is_none()
        );
        insta::assert_snapshot!(
            ShopifySettings::read(key(), None, None).unwrap_err(),
            @"SHOPIFY_API_KEY is set but SHOPIFY_API_SECRET is not. Set both, as the app's page in Shopify shows them, or neither."
        );
        assert!(ShopifySettings::read(None, secret(), None).is_err());
    }

    #[test]
    fn the_secret_is_not_shown() {
        let settings = ShopifySettings::read(Some("key".into()), Some("s3cret".into()), None);
        assert!(!format!("{settings:?}").contains("s3cret"));
    }

    #[test]
    fn writing_implies_reading() {
        let needed = Scopes::needed();
        assert!(
            needed
                .missing_in(&Scopes::read("write_products, read_orders"))
                .is_empty()
        );
        assert!(needed.missing_in(&Scopes::read("read_products")).is_empty());
        assert_eq!(
            needed.missing_in(&Scopes::read("read_orders,")),
            ["read_products"]
        );
        assert!(!Scopes::read("read_products").permit("write_products"));
        assert!(needed.missing_in(&Scopes::wanted()).is_empty());
    }

    #[test]
    fn versions_are_ordered_by_time() {
        let version = |text: &str| text.parse::<ApiVersion>();
        assert!(version("2026-10").unwrap() > ApiVersion::default());
        assert!(version("2025-10").unwrap() < ApiVersion::default());
        for wrong in ["unstable", "2026", "26-07", "2026-7x", ""] {
            assert!(version(wrong).is_err(), "{wrong}");
        }
    }
}
