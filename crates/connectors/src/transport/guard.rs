//! Keeps calls from reaching networks they must not reach, after the name was
//! looked up: what a name says is no proof of where it leads.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use url::{Host, Url};

use super::{address, outbound::AllowList};
use crate::error::{ConnectorError, Fault};

/// Looks names up and gives only addresses that may be called.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    allow: Arc<AllowList>,
}

/// Why a name leads nowhere.
#[derive(Debug, Error)]
pub(super) enum LookupError {
    /// It leads to where calls must not go.
    #[error("{host} is at {address}, {what}")]
    Blocked {
        /// The name.
        host: String,
        /// Where it leads.
        address: IpAddr,
        /// What that is.
        what: &'static str,
    },
    /// Nobody knows it.
    #[error("{host} was not found: {why}")]
    Unknown {
        /// The name.
        host: String,
        /// What the system said.
        why: String,
    },
}

impl LookupError {
    /// As it is said to a merchant.
    pub(super) fn to_connector_error(&self) -> ConnectorError {
        match self {
            Self::Blocked {
                host,
                address,
                what,
            } => blocked(host, *address, what),
            Self::Unknown { host, .. } => ConnectorError::new(
                Fault::Unreachable,
                format!("There is no host named {host}. Check the address for typing errors."),
            ),
        }
    }
}

fn blocked(host: &str, address: IpAddr, what: &str) -> ConnectorError {
    let place = if address.to_string() == host {
        format!("{host} is {what}")
    } else {
        format!("{host} leads to {address}, {what}")
    };
    ConnectorError::new(
        Fault::BlockedAddress,
        format!(
            "{place}, which Calibr does not call. If the store really is there, the operator of \
             this installation can allow it with OUTBOUND_ALLOW={host}."
        ),
    )
}

impl Guard {
    pub(super) fn new(allow: AllowList) -> Self {
        Self {
            allow: Arc::new(allow),
        }
    }

    /// Checks what no name lookup will see: scheme, user information, and hosts
    /// that are addresses already.
    pub(super) fn check_url(&self, url: &Url) -> Result<(), ConnectorError> {
        let refuse = |why: &str| Err(ConnectorError::new(Fault::Config, why));
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("Only addresses that begin with https:// or http:// can be called.");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(
                "The address holds a user name or password before an @; leave it out and use \
                 the fields for credentials.",
            );
        }
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            Some(Host::Domain(_)) => return Ok(()),
            None => return refuse("The address names no host."),
        };
        match address::not_public(address) {
            Some(what) if !self.allow.allows_address(address) => {
                Err(blocked(&address.to_string(), address, what))
            }
            _ => Ok(()),
        }
    }

    /// Whether the operator allowed the host by name or address.
    pub(super) fn is_allowed(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(v4)) => self.allow.allows_address(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => self.allow.allows_address(IpAddr::V6(v6)),
            Some(Host::Domain(name)) => self.allow.allows_host(name),
            None => false,
        }
    }

    fn admit(&self, host: &str, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, LookupError> {
        if self.allow.allows_host(host) {
            return Ok(found);
        }
        let mut admitted = Vec::with_capacity(found.len());
        let mut refused = None;
        for address in found {
            match address::not_public(address) {
                Some(what) if !self.allow.allows_address(address) => {
                    refused.get_or_insert((address, what));
                }
                _ => admitted.push(address),
            }
        }
        match refused {
            Some((address, what)) if admitted.is_empty() => Err(LookupError::Blocked {
                host: host.to_owned(),
                address,
                what,
            }),
            _ => Ok(admitted),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            let unknown = |why: String| LookupError::Unknown {
                host: host.to_owned(),
                why,
            };
            let found: Vec<IpAddr> = tokio::net::lookup_host((host, 0))
                .await
                .map_err(|error| unknown(error.to_string()))?
                .map(|socket| socket.ip())
                .collect();
            if found.is_empty() {
                return Err(unknown("it has no address".to_owned()).into());
            }
            let admitted = guard.admit(host, found)?;
            let addresses: Addrs = Box::new(
                admitted
                    .into_iter()
                    .map(|address| SocketAddr::new(address, 0)),
            );
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: &str) -> Guard {
        Guard::new(allow.parse().unwrap())
    }

    fn addresses(list: &[&str]) -> Vec<IpAddr> {
        list.iter()
            .map(|address| address.parse().unwrap())
            .collect()
    }

    #[test]
    fn a_name_that_leads_inside_is_refused_unless_allowed() {
        let inside = addresses(&["127.0.0.1", "::1"]);
        assert!(guard("").admit("evil.example", inside.clone()).is_err());
        assert_eq!(
            guard("evil.example")
                .admit("evil.example", inside.clone())
                .unwrap(),
            inside
        );
        assert_eq!(
            guard("127.0.0.0/8").admit("evil.example", inside).unwrap(),
            addresses(&["127.0.0.1"])
        );
    }

    #[test]
    fn of_mixed_answers_only_public_addresses_are_called() {
        let mixed = addresses(&["10.0.0.1", "23.227.38.74"]);
        assert_eq!(
            guard("").admit("mixed.example", mixed).unwrap(),
            addresses(&["23.227.38.74"])
        );
    }

    #[test]
    fn addresses_written_into_the_url_are_checked_too() {
        let check = |url: &str| guard("10.0.0.7").check_url(&url.parse().unwrap());
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]:8080/",
            "https://169.254.169.254/latest/meta-data",
        ] {
            assert_eq!(
                check(url).unwrap_err().fault,
                Fault::BlockedAddress,
                "{url}"
            );
        }
        for url in [
            "https://acme.myshopify.com/",
            "http://10.0.0.7/",
            "http://1.1.1.1/",
        ] {
            assert!(check(url).is_ok(), "{url}");
        }
        for url in ["file:///etc/passwd", "https://user:secret@shop.example/"] {
            assert_eq!(check(url).unwrap_err().fault, Fault::Config, "{url}");
        }
    }

    #[test]
    fn the_words_name_the_host_and_the_setting() {
        let error = guard("")
            .admit("nas.example", addresses(&["192.168.1.9"]))
            .unwrap_err()
            .to_connector_error();
        insta::assert_snapshot!(error, @"nas.example leads to 192.168.1.9, a private network, which Calibr does not call. If the store really is there, the operator of this installation can allow it with OUTBOUND_ALLOW=nas.example.");
    }
}
