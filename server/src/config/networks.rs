use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// Addresses and networks, written with commas between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether an address is one of these or in one of them. An IPv4 address that came over an IPv6 socket
    /// counts as what it is.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = |entry: &str| {
            let address = entry.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| entry.parse::<IpNet>()).map_err(|_| {
                let shown: String = entry.chars().take(60).collect();
                format!("\"{shown}\" is neither an address nor a network")
            })
        };
        let entries = text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        entries.map(read).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_read_and_matched() {
        let networks: Networks = " 10.0.0.5, 192.168.0.0/16,fd00::/8 ".parse().unwrap();
        for inside in ["10.0.0.5", "192.168.7.7", "fd00::1", "::ffff:10.0.0.5"] {
            assert!(networks.contain(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["10.0.0.6", "::1", "127.0.0.1"] {
            assert!(!networks.contain(outside.parse().unwrap()), "{outside}");
        }
        assert_eq!("".parse(), Ok(Networks::default()));
        assert_eq!(
            "10.0.0.5,proxy".parse::<Networks>(),
            Err("\"proxy\" is neither an address nor a network".to_owned())
        );
    }
}
