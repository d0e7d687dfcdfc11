//! What the operator decides about calls to the outside.

use std::{net::IpAddr, str::FromStr, time::Duration};

use ipnet::IpNet;
use url::Host;

use super::address;
use crate::error::{ConnectorError, Fault};

/// The operator's settings for every call that leaves the server.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Certificates in PEM that are trusted beside the system's own
    /// (`OUTBOUND_CA_FILE`'s content).
    pub ca_pem: Option<Vec<u8>>,
    /// What may be called although it is not on the public internet
    /// (`OUTBOUND_ALLOW`).
    pub allow: AllowList,
    /// How long a connection may take to stand, name lookup and TLS included.
    pub connect_timeout: Duration,
    /// How long a call may take in all.
    pub request_timeout: Duration,
    /// How long a host may be silent while it sends.
    pub idle_timeout: Duration,
    /// The longest answer that is held in memory, in bytes, unpacked.
    pub max_answer_bytes: usize,
    /// What Calibr calls itself.
    pub user_agent: String,
}

impl Default for Outbound {
    fn default() -> Self {
        Self {
            ca_pem: None,
            allow: AllowList::default(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            max_answer_bytes: 32 * 1024 * 1024,
            user_agent: concat!("Calibr-Console/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Hosts and networks that may be called although they are not public. Written
/// as in `OUTBOUND_ALLOW`: separated by commas, each a host name
/// (`shop.internal`), all names under one (`*.shop.internal`), an address
/// (`10.0.0.7`) or a network (`10.0.0.0/8`, `fd00::/8`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Host(String),
    HostsUnder(String),
    Network(IpNet),
}

impl AllowList {
    /// Whether a name may be called wherever it leads.
    pub(super) fn allows_host(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.entries.iter().any(|entry| match entry {
            Entry::Host(name) => *name == host,
            Entry::HostsUnder(parent) => host
                .strip_suffix(parent.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            Entry::Network(_) => false,
        })
    }

    /// Whether an address may be called.
    pub(super) fn allows_address(&self, address: IpAddr) -> bool {
        self.entries.iter().any(|entry| match entry {
            Entry::Network(network) => address::in_network(network, address),
            Entry::Host(_) | Entry::HostsUnder(_) => false,
        })
    }

    /// This list and another's entries.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self
    }

    fn entry(text: &str) -> Result<Entry, ConnectorError> {
        let wrong = |why: &str| {
            let shown: String = text.chars().take(80).collect();
            ConnectorError::new(
                Fault::Config,
                format!(
                    "OUTBOUND_ALLOW: \"{shown}\" {why}; give host names, addresses or networks \
                     separated by commas, such as shop.internal, 10.0.0.7 or 10.0.0.0/8."
                ),
            )
        };
        if text.contains("://") {
            return Err(wrong("is a web address"));
        }
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Entry::Network(address.into()));
        }
        if text.contains('/') {
            return match text.parse::<IpNet>() {
                Ok(network) => Ok(Entry::Network(network.trunc())),
                Err(_) => Err(wrong("is not a network")),
            };
        }
        if text.contains(':') {
            return Err(wrong("names a port"));
        }
        let (under, name) = match text.strip_prefix("*.") {
            Some(parent) => (true, parent),
            None => (false, text),
        };
        match Host::parse(name.trim_end_matches('.')) {
            Ok(Host::Domain(name)) if !name.is_empty() && !name.contains('*') => Ok(if under {
                Entry::HostsUnder(name)
            } else {
                Entry::Host(name)
            }),
            _ => Err(wrong("is neither a host name nor an address")),
        }
    }
}

impl FromStr for AllowList {
    type Err = ConnectorError;

    fn from_str(text: &str) -> Result<Self, ConnectorError> {
        let entries = text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(Self::entry)
            .collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(text: &str) -> AllowList {
        text.parse().unwrap()
    }

    #[test]
    fn names_addresses_and_networks_are_read() {
        let allow = list(" Shop.Internal, *.stores.internal ,10.0.0.7, 192.168.0.0/16,[fd00::1],,");
        assert!(allow.allows_host("shop.internal"));
        assert!(allow.allows_host("SHOP.internal."));
        assert!(!allow.allows_host("evil-shop.internal"));
        assert!(allow.allows_host("a.stores.internal"));
        assert!(allow.allows_host("a.b.stores.internal"));
        assert!(!allow.allows_host("stores.internal"));
        assert!(!allow.allows_host("xstores.internal"));
        assert!(allow.allows_address("10.0.0.7".parse().unwrap()));
        assert!(!allow.allows_address("10.0.0.8".parse().unwrap()));
        assert!(allow.allows_address("192.168.44.1".parse().unwrap()));
        assert!(allow.allows_address("fd00::1".parse().unwrap()));
        assert!(!allow.allows_host("10.0.0.7.example"));
    }

    #[test]
    fn an_empty_setting_allows_nothing() {
        assert_eq!(list(""), AllowList::default());
        assert_eq!(list(" , "), AllowList::default());
    }

    #[test]
    fn a_wrong_entry_is_named_with_what_is_wrong() {
        let message = |text: &str| text.parse::<AllowList>().unwrap_err().message;
        insta::assert_snapshot!(message("10.0.0.0/40"), @r#"OUTBOUND_ALLOW: "10.0.0.0/40" is not a network; give host names, addresses or networks separated by commas, such as shop.internal, 10.0.0.7 or 10.0.0.0/8."#);
        assert!(message("http://a.b").contains("\"http://a.b\" is a web address"));
        assert!(message("localhost:8080").contains("names a port"));
        assert!(message("ok.example,a b").contains("\"a b\" is neither"));
        assert!(message("*").contains("\"*\" is neither"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _read = text.parse::<AllowList>();
        }
    }
}
