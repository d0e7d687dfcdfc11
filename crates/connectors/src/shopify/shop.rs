//! A shop's permanent address.

use std::fmt;

use url::Url;

use crate::{
    error::{ConnectorError, Fault},
    transport::AddressSetting,
};

const SUFFIX: &str = ".myshopify.com";
/// Longest label of a host name (RFC 1035).
const LONGEST_LABEL: usize = 63;

/// A shop's permanent address, such as `acme.myshopify.com`: in lower case and
/// of the form that Shopify's documentation prescribes to be checked,
/// `[a-zA-Z0-9][a-zA-Z0-9-_]*\.myshopify\.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Shop(String);

impl Shop {
    /// The address as a host name.
    pub(super) fn domain(&self) -> &str {
        &self.0
    }

    /// Reads what people paste: the address itself in any case, its first part
    /// alone, a link into the shop or into its admin.
    pub(super) fn read(typed: &str) -> Result<Self, ConnectorError> {
        let typed = typed.trim();
        let host_and_path = typed
            .split_once("://")
            .map_or(typed, |(_, rest)| rest)
            .trim_matches('/');
        let address = host_and_path.to_ascii_lowercase();
        let mut parts = address.split(['/', '?', '#']);
        let host = parts.next().unwrap_or_default().trim_end_matches('.');
        if host == "admin.shopify.com" {
            return match (parts.next(), parts.next()) {
                (Some("store"), Some(name)) => Self::named(name, typed),
                _ => Err(unreadable(typed)),
            };
        }
        match host.strip_suffix(SUFFIX) {
            Some(name) => Self::named(name, typed),
            None if host.contains('.') => Err(custom_domain(host)),
            None => Self::named(host, typed),
        }
    }

    fn named(name: &str, typed: &str) -> Result<Self, ConnectorError> {
        let mut letters = name.bytes();
        let begins_well = letters
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric());
        let goes_on_well =
            letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if begins_well && goes_on_well && name.len() <= LONGEST_LABEL {
            Ok(Self(format!("{name}{SUFFIX}")))
        } else {
            Err(unreadable(typed))
        }
    }
}

impl fmt::Display for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn shown(typed: &str) -> String {
    typed.chars().take(80).filter(|c| !c.is_control()).collect()
}

fn unreadable(typed: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::Config,
        format!(
            "\"{}\" is not a Shopify store's address. Give the address that ends in \
             .myshopify.com, such as acme.myshopify.com.",
            shown(typed)
        ),
    )
}

fn custom_domain(host: &str) -> ConnectorError {
    ConnectorError::new(
        Fault::Config,
        format!(
            "{} is the address that customers see. Shopify needs the permanent one, which ends in \
             .myshopify.com: it stands in the Shopify admin under Settings, Domains.",
            shown(host)
        ),
    )
}

/// What the operator set in place of `https://{shop}` (`SHOPIFY_BASE_URL`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    template: String,
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self {
            template: format!("https://{PLACEHOLDER}"),
        }
    }
}

const PLACEHOLDER: &str = "{shop}";

impl BaseUrl {
    /// Reads a base address. `{shop}` in it stands for the shop's domain;
    /// without it, all shops are at the same address.
    ///
    /// # Errors
    /// [`Fault::Config`] where it is no address.
    pub fn parse(template: &str) -> Result<Self, ConnectorError> {
        let template = template.trim().trim_end_matches('/').to_owned();
        let setting = AddressSetting {
            name: "SHOPIFY_BASE_URL",
            shown: &template,
            example: "https://{shop} or http://127.0.0.1:4010/{shop}",
        };
        let example = template.replace(PLACEHOLDER, "acme.myshopify.com");
        setting.read(&example)?;
        if example.contains(['{', '}']) {
            return Err(setting.wrong("holds a placeholder other than {shop}"));
        }
        Ok(Self { template })
    }

    /// An address at a shop; `path` begins with a slash.
    pub(super) fn at(&self, shop: &Shop, path: &str) -> Result<Url, ConnectorError> {
        let address = format!(
            "{}{path}",
            self.template.replace(PLACEHOLDER, shop.domain())
        );
        address.parse().map_err(|_| {
            ConnectorError::new(
                Fault::Config,
                format!("The address of {shop} could not be made from SHOPIFY_BASE_URL."),
            )
        })
    }

    /// The hosts that the operator named by it, in the form of an allow-list;
    /// empty for Shopify's own.
    pub(super) fn hosts(&self) -> String {
        const STAND_IN: &str = "shop-stand-in.invalid";
        let url: Option<Url> = self.template.replace(PLACEHOLDER, STAND_IN).parse().ok();
        let host = url
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        match host.strip_prefix(STAND_IN) {
            Some("") => String::new(),
            Some(rest) => format!("*{rest}"),
            None if host.contains(STAND_IN) => String::new(),
            None => host,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(typed: &str) -> Result<String, String> {
        Shop::read(typed)
            .map(|shop| shop.domain().to_owned())
            .map_err(|error| error.message)
    }

    #[test]
    fn what_people_paste_becomes_the_permanent_address() {
        for typed in [
            "acme",
            "  ACME ",
            "acme.myshopify.com",
            "ACME.MyShopify.com",
            "acme.myshopify.com/",
            "acme.myshopify.com.",
            "https://acme.myshopify.com",
            "https://acme.myshopify.com/admin/products?page=2",
            "http://acme.myshopify.com#top",
            "admin.shopify.com/store/acme",
            "https://admin.shopify.com/store/acme/settings/domains",
        ] {
            assert_eq!(read(typed), Ok("acme.myshopify.com".into()), "{typed}");
        }
        assert_eq!(read("a-b_9"), Ok("a-b_9.myshopify.com".into()));
    }

    #[test]
    fn anything_else_is_refused_in_words() {
        insta::assert_snapshot!(read("www.acme.example").unwrap_err(), @"www.acme.example is the address that customers see. Shopify needs the permanent one, which ends in .myshopify.com: it stands in the Shopify admin under Settings, Domains.");
        insta::assert_snapshot!(read("acme shop").unwrap_err(), @r#""acme shop" is not a Shopify store's address. Give the address that ends in .myshopify.com, such as acme.myshopify.com."#);
        for typed in [
            "",
            "-acme",
            "_acme",
            ".myshopify.com",
            "a.b.myshopify.com",
            "acme.myshopify.com.evil.example",
            "evil.example/acme.myshopify.com",
            "acme.myshopify.com@evil.example",
            "evil.example?acme.myshopify.com",
            "user:secret@acme.myshopify.com",
            "acme.myshopify.com:8443",
            "admin.shopify.com",
            "admin.shopify.com/settings/acme",
            "ácme",
            "acme\u{0}",
        ] {
            assert!(read(typed).is_err(), "{typed:?}");
        }
        assert!(read(&"a".repeat(64)).is_err());
    }

    #[test]
    fn a_base_address_stands_for_every_shop_or_names_it() {
        let shop = Shop::read("acme").unwrap();
        let at = |template: &str| {
            BaseUrl::parse(template)
                .unwrap()
                .at(&shop, "/admin")
                .unwrap()
                .to_string()
        };
        assert_eq!(at("http://127.0.0.1:4010"), "http://127.0.0.1:4010/admin");
        assert_eq!(
            at("http://127.0.0.1:4010/{shop}/"),
            "http://127.0.0.1:4010/acme.myshopify.com/admin"
        );
        assert_eq!(at("https://{shop}"), "https://acme.myshopify.com/admin");
        assert_eq!(
            BaseUrl::default().at(&shop, "/admin").unwrap().as_str(),
            "https://acme.myshopify.com/admin"
        );
    }

    #[test]
    fn a_wrong_base_address_is_refused_in_words() {
        let message = |template: &str| BaseUrl::parse(template).unwrap_err().message;
        insta::assert_snapshot!(message("shops.example"), @r#"SHOPIFY_BASE_URL: "shops.example" is not a web address; give an address such as https://{shop} or http://127.0.0.1:4010/{shop}."#);
        assert!(message("ftp://shops.example").contains("does not begin with"));
        assert!(message("https://shops.example/?shop={shop}").contains("holds a ?"));
        assert!(message("https://me:pw@shops.example").contains("user name"));
        assert!(message("https://shops.example/{store}").contains("placeholder other"));
    }

    #[test]
    fn the_operators_hosts_are_known() {
        let hosts = |template: &str| BaseUrl::parse(template).unwrap().hosts();
        assert_eq!(hosts("http://127.0.0.1:4010/{shop}"), "127.0.0.1");
        assert_eq!(hosts("https://proxy.internal"), "proxy.internal");
        assert_eq!(hosts("https://{shop}.proxy.internal"), "*.proxy.internal");
        assert_eq!(hosts("http://[::1]:4010"), "[::1]");
        assert_eq!(hosts("https://{shop}"), "");
        assert_eq!(BaseUrl::default().hosts(), "");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_ends_at_shopify_or_nowhere(typed in ".{0,80}") {
            if let Ok(domain) = read(&typed) {
                let name = domain.strip_suffix(".myshopify.com").unwrap().to_owned();
                prop_assert!(!name.is_empty() && !name.contains(['.', '/', '@', ':']));
                prop_assert_eq!(read(&domain), Ok(domain.clone()));
            }
            let _template = BaseUrl::parse(&typed);
        }
    }
}
