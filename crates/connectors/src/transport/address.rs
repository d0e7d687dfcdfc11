//! Which addresses on the network may be called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// IPv4 networks that are not the public internet, with what they are
/// ([IANA special-purpose registry](https://www.iana.org/assignments/iana-ipv4-special-registry/)),
/// and the one public address that is a cloud's host agent.
const IPV4: &[([u8; 4], u8, &str)] = &[
    ([0, 0, 0, 0], 8, "an unspecified address"),
    ([10, 0, 0, 0], 8, "a private network"),
    ([100, 64, 0, 0], 10, "a carrier's private network"),
    ([127, 0, 0, 0], 8, "this machine itself"),
    ([168, 63, 129, 16], 32, "a cloud's metadata service"),
    ([169, 254, 0, 0], 16, "a link-local or metadata address"),
    ([172, 16, 0, 0], 12, "a private network"),
    ([192, 0, 0, 0], 24, "a reserved network"),
    ([192, 0, 2, 0], 24, "a documentation network"),
    ([192, 88, 99, 0], 24, "a reserved network"),
    ([192, 168, 0, 0], 16, "a private network"),
    ([198, 18, 0, 0], 15, "a benchmarking network"),
    ([198, 51, 100, 0], 24, "a documentation network"),
    ([203, 0, 113, 0], 24, "a documentation network"),
    ([224, 0, 0, 0], 4, "a multicast address"),
    ([240, 0, 0, 0], 4, "a reserved network"),
];

/// Parts of the global unicast space `2000::/3` that are no public hosts
/// ([IANA special-purpose registry](https://www.iana.org/assignments/iana-ipv6-special-registry/)).
const IPV6: &[([u16; 8], u8, &str)] = &[
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "a reserved network"),
    (
        [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0],
        32,
        "a documentation network",
    ),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "a documentation network"),
];

/// What an address is, where it is not one of the public internet; `None` where
/// anybody may call it. IPv4 addresses inside IPv6 ones count as what they are.
pub(super) fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => not_public_v4(v4),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => not_public_v4(v4),
            None => not_public_v6(v6),
        },
    }
}

/// Whether an address lies in a network the operator allows. An IPv4 address
/// counts as itself also where it comes inside an IPv6 one.
pub(super) fn in_network(network: &IpNet, address: IpAddr) -> bool {
    let within = match address {
        IpAddr::V6(v6) => embedded_v4(v6).map(IpAddr::V4),
        IpAddr::V4(_) => None,
    };
    network.contains(&address) || within.is_some_and(|v4| network.contains(&v4))
}

fn not_public_v4(address: Ipv4Addr) -> Option<&'static str> {
    IPV4.iter()
        .find(|(network, prefix, _)| {
            Ipv4Net::new(Ipv4Addr::from(*network), *prefix)
                .is_ok_and(|network| network.contains(&address))
        })
        .map(|(_, _, what)| *what)
}

fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_loopback() {
        return Some("this machine itself");
    }
    let first = address.segments()[0];
    if first & 0xffc0 == 0xfe80 {
        return Some("a link-local address");
    }
    if first & 0xfe00 == 0xfc00 {
        return Some("a private network");
    }
    if first & 0xff00 == 0xff00 {
        return Some("a multicast address");
    }
    // Everything else outside the global unicast space is reserved.
    if first & 0xe000 != 0x2000 {
        return Some("a reserved network");
    }
    IPV6.iter()
        .find(|(network, prefix, _)| {
            Ipv6Net::new(Ipv6Addr::from(*network), *prefix)
                .is_ok_and(|network| network.contains(&address))
        })
        .map(|(_, _, what)| *what)
}

/// The IPv4 address that a packet to this IPv6 address ends at: mapped,
/// compatible and translated forms, NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let at = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => at(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn public_addresses_are_free() {
        for address in [
            "23.227.38.74",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2620:fe::fe",
            "::ffff:23.227.38.74",
            "64:ff9b::1.1.1.1",
        ] {
            assert_eq!(not_public(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn everything_else_is_named_for_what_it_is() {
        for (address, what) in [
            ("127.0.0.1", "this machine itself"),
            ("127.255.0.9", "this machine itself"),
            ("0.0.0.0", "an unspecified address"),
            ("10.1.2.3", "a private network"),
            ("172.31.255.255", "a private network"),
            ("192.168.0.1", "a private network"),
            ("100.64.0.1", "a carrier's private network"),
            ("100.100.100.200", "a carrier's private network"),
            ("169.254.169.254", "a link-local or metadata address"),
            ("168.63.129.16", "a cloud's metadata service"),
            ("192.0.2.7", "a documentation network"),
            ("224.0.0.1", "a multicast address"),
            ("255.255.255.255", "a reserved network"),
            ("::", "a reserved network"),
            ("::1", "this machine itself"),
            ("fe80::1", "a link-local address"),
            ("fd00:ec2::254", "a private network"),
            ("ff02::1", "a multicast address"),
            ("2001:db8::1", "a documentation network"),
            ("2001::1", "a reserved network"),
            ("64:ff9b:1::1", "a reserved network"),
            ("::ffff:127.0.0.1", "this machine itself"),
            ("::127.0.0.1", "this machine itself"),
            ("::ffff:0:10.0.0.1", "a private network"),
            ("64:ff9b::a9fe:a9fe", "a link-local or metadata address"),
            ("2002:7f00:1::", "this machine itself"),
        ] {
            assert_eq!(
                not_public(address.parse().unwrap()),
                Some(what),
                "{address}"
            );
        }
    }

    #[test]
    fn an_allowed_network_holds_its_addresses_in_any_dress() {
        let network: IpNet = "10.0.0.0/8".parse().unwrap();
        assert!(in_network(&network, "10.9.8.7".parse().unwrap()));
        assert!(in_network(&network, "::ffff:10.9.8.7".parse().unwrap()));
        assert!(!in_network(&network, "11.0.0.1".parse().unwrap()));
        assert!(!in_network(&network, "fd00::1".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn a_mapped_address_is_judged_as_the_address_itself(bits: u32) {
            let v4 = Ipv4Addr::from(bits);
            let mapped = IpAddr::V6(v4.to_ipv6_mapped());
            prop_assert_eq!(not_public(IpAddr::V4(v4)), not_public(mapped));
        }

        #[test]
        fn every_address_gets_a_verdict(bits: u128) {
            let _verdict = not_public(IpAddr::V6(Ipv6Addr::from(bits)));
        }
    }
}
