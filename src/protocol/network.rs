//! The network that somebody comes from: what limits count by. An IPv4 address is one; of IPv6 it is the /64, which one customer has whole
//! (RFC 6177 §2), and in a wider sense the /48, which one customer may have.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network, without what of the address says which machine in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClientNetwork {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// The first 64 bits of an IPv6 address.
    V6(u64),
    /// The first 48 bits of one, in the lower bits.
    V6Site(u64),
    /// The trusted proxies do not say it in a way that can be read.
    Unknown,
}

impl ClientNetwork {
    /// Of an address; `None` when that is not known.
    pub fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Self::V4(address),
            Some(IpAddr::V6(address)) => Self::V6(upper(address)),
            None => Self::Unknown,
        }
    }

    /// The network in the wider sense: the /48 of a /64, and what else there is as it is.
    pub fn site(self) -> Self {
        match self {
            Self::V6(upper) => Self::V6Site(upper >> 16),
            other => other,
        }
    }
}

fn upper(address: Ipv6Addr) -> u64 {
    u64::try_from(u128::from(address) >> 64).unwrap_or_default()
}

impl fmt::Display for ClientNetwork {
    /// `203.0.113.7`, `2001:db8:1:2::/64`, `2001:db8:1::/48` or `unknown`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |upper: u64| Ipv6Addr::from(u128::from(upper) << 64);
        match *self {
            Self::V4(address) => address.fmt(f),
            Self::V6(upper) => write!(f, "{}/64", address(upper)),
            Self::V6Site(site) => write!(f, "{}/48", address(site << 16)),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_or_a_64_and_its_site_a_48() {
        for (address, network, site) in [
            ("203.0.113.7", "203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("2001:db8::1", "2001:db8::/64", "2001:db8::/48"),
        ] {
            let own = ClientNetwork::of(address.parse().ok());
            assert_eq!((own.to_string().as_str(), own.site().to_string().as_str()), (network, site));
        }
        assert_eq!(ClientNetwork::of(None).site().to_string(), "unknown");
        let of = |address: &str| ClientNetwork::of(address.parse().ok());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("2001:db8:1:2::1").site(), of("2001:db8:1:ffff::1").site());
    }
}
