//! `[server]`: who we are and where we listen.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Mistakes, TlsConfig};
use crate::protocol::forwarded::ForwardedHeader;
use crate::protocol::issuer::Issuer;

/// `[server]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// The public address.
    pub issuer: String,
    /// Address and port.
    pub listen: String,
    /// The folder of what is made at the first start.
    pub data: PathBuf,
    /// Networks whose forwarded headers count.
    pub trusted_proxies: Vec<Network>,
    /// The header of theirs that counts.
    pub forwarded_header: ForwardedHeader,
    /// Seconds that a connection may idle after an answered request.
    pub keep_alive: i64,
    /// Seconds that the head of a request may take, and a handshake.
    pub head_timeout: i64,
    /// Seconds that an answer waits to be taken.
    pub unread_timeout: i64,
    /// Connections at most; from nine tenths on, idle ones are closed for new ones.
    pub max_connections: u32,
    /// Connections of one network at most, but for trusted proxies.
    pub max_connections_per_network: u32,
    /// Seconds that new connections are still taken after SIGTERM.
    pub notice: i64,
    /// Seconds that requests under way may take after SIGTERM.
    pub drain: i64,
    /// `[server.tls]`.
    pub tls: TlsConfig,
}

impl ServerConfig {
    /// Whether the word of this peer counts: it is one of the trusted proxies.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(peer))
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        mistakes.note(Issuer::parse(&self.issuer).map(drop).map_err(|why| format!("server.issuer: {why}")));
        mistakes.within("server.keep_alive", self.keep_alive, 1, 3600);
        mistakes.within("server.head_timeout", self.head_timeout, 1, 600);
        mistakes.within("server.unread_timeout", self.unread_timeout, 1, 600);
        mistakes.within("server.max_connections", self.max_connections, 10, 1_000_000);
        mistakes.within("server.max_connections_per_network", self.max_connections_per_network, 1, 1_000_000);
        mistakes.within("server.notice", self.notice, 0, 600);
        mistakes.within("server.drain", self.drain, 0, 600);
        self.tls.check(mistakes);
    }

    /// Whether browsers are told to come by TLS, and neither we speak it nor a proxy is named that does.
    pub(super) fn is_exposed(&self) -> bool {
        self.issuer.starts_with("https:") && !self.tls.is_on() && self.trusted_proxies.is_empty()
    }
}

/// A network: an address with or without the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Whether the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                same_prefix(u32::from(net).into(), u32::from(ip).into(), self.prefix, 32)
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => same_prefix(net.into(), ip.into(), self.prefix, 128),
            _ => false,
        }
    }
}

fn same_prefix(a: u128, b: u128, prefix: u32, width: u32) -> bool {
    prefix == 0 || (a ^ b) >> (width - prefix) == 0
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a network such as 10.0.0.0/8 or an address");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(width), |prefix| prefix.trim().parse().map_err(|_| wrong()))?;
        if prefix > width { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_the_addresses_of_its_prefix() {
        let within = |network: &str, ip: &str| network.parse::<Network>().unwrap().contains(ip.parse().unwrap());
        assert!(within("10.0.0.0/8", "10.200.1.1"));
        assert!(!within("10.0.0.0/8", "11.0.0.1"));
        assert!(within("127.0.0.1", "127.0.0.1") && !within("127.0.0.1", "127.0.0.2"));
        assert!(within("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(within("::/0", "2001:db8::1") && !within("::/0", "10.0.0.1"));
        assert!(within("2001:db8::/32", "2001:db8:1::1"));
    }
}
