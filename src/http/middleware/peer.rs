//! The client's network address: the peer's, or what trusted proxies say of it (OWASP ASVS 4.1.3).
//!
//! The header that the settings name is read from its right end, past every address that is itself a trusted proxy; the first other one is
//! the client. From anybody else no header is looked at, and the other header never is. An entry that is no address leaves the client's
//! unknown: neither what stands left of it, which anybody can have sent, nor the proxy's own, which would be everybody's, takes its place.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::extract::Request;
use axum::http::HeaderMap;

use crate::config::ServerConfig;
use crate::protocol::forwarded::{ForwardedHeader, address};

/// How many different things are hinted at in the life of a process: strangers can bring any number of them.
const MOST_HINTS: usize = 50;

/// The other end of the connection; the listener puts it into every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The client's address; `None` when the trusted proxies do not say it in a way that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct ClientAddress(pub Option<IpAddr>);

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

/// What the log has been told of forwarded headers: each thing once.
#[derive(Debug, Default)]
pub(in crate::http) struct Hints(Mutex<HashSet<String>>);

impl Hints {
    fn is_new(&self, what: String) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MOST_HINTS && told.insert(what)
    }

    fn unlisted(&self, peer: IpAddr, header: &'static str) {
        if self.is_new(peer.to_string()) {
            tracing::warn!(
                %peer,
                header,
                "a request with a forwarded header comes from an address that server.trusted_proxies does not name: if that is your proxy, \
                 name it there, or all people share its address and one limit of failed sign-ins"
            );
        }
    }

    fn unreadable(&self, peer: IpAddr, header: &'static str, entry: &str) {
        if self.is_new(entry.to_owned()) {
            tracing::warn!(%peer, header, ?entry, "an entry of the forwarded header is no address: the client's address is unknown");
        }
    }

    fn other(&self, peer: IpAddr, header: &'static str, other: &'static str) {
        if self.is_new(format!("{peer} {other}")) {
            tracing::warn!(%peer, header, other, "the proxy sends another header than the one that server.forwarded_header names");
        }
    }
}

/// Finds the client's address, and puts it into the request's extensions.
pub(in crate::http) fn resolve(request: &mut Request, config: &ServerConfig, hints: &Hints) -> ClientAddress {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    let address = client_address(peer.to_canonical(), request.headers(), config, hints);
    request.extensions_mut().insert(address);
    address
}

/// Whether the peer is one of those whose word counts: a trusted proxy.
pub(in crate::http) fn is_trusted(request: &Request, config: &ServerConfig) -> bool {
    request.extensions().get::<Peer>().is_some_and(|peer| config.trusts(peer.0.ip()))
}

fn client_address(peer: IpAddr, headers: &HeaderMap, config: &ServerConfig, hints: &Hints) -> ClientAddress {
    let counts = config.forwarded_header;
    let other = match counts {
        ForwardedHeader::XForwardedFor => ForwardedHeader::Forwarded,
        ForwardedHeader::Forwarded => ForwardedHeader::XForwardedFor,
    };
    if !config.trusts(peer) {
        // Whoever names no proxy at all may well be without one.
        if let Some(header) = [counts, other].into_iter().find(|header| headers.contains_key(header.name())) {
            hints.unlisted(peer, header.name());
        }
        return ClientAddress(Some(peer));
    }
    if !headers.contains_key(counts.name()) && headers.contains_key(other.name()) {
        hints.other(peer, counts.name(), other.name());
    }
    let values: Vec<&str> =
        headers.get_all(counts.name()).iter().map(|value| value.to_str().unwrap_or("not ASCII")).collect();
    let mut nearest = peer;
    for entry in values.iter().flat_map(|value| counts.entries(value)).rev() {
        let Some(named) = address(entry) else {
            hints.unreadable(peer, counts.name(), entry);
            return ClientAddress(None);
        };
        nearest = named.to_canonical();
        if !config.trusts(nearest) {
            break;
        }
    }
    ClientAddress(Some(nearest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn seen(counts: ForwardedHeader, peer: &str, sent: &[(&'static str, &'static str)]) -> String {
        let mut config = Config::load(None, []).unwrap().server;
        config.trusted_proxies = ["10.0.0.0/8", "::1"].iter().map(|network| network.parse().unwrap()).collect();
        config.forwarded_header = counts;
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, value.parse().unwrap());
        }
        let peer: IpAddr = peer.parse().unwrap();
        client_address(peer.to_canonical(), &headers, &config, &Hints::default()).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let seen = |peer: &str, values: &[&'static str]| {
            let sent: Vec<_> = values.iter().map(|value| ("x-forwarded-for", *value)).collect();
            seen(ForwardedHeader::XForwardedFor, peer, &sent)
        };
        assert_eq!(seen("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.0.0.2"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 1.2.3.4:443, [::1]:80"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, garbage"]), "unknown");
        assert_eq!(seen("10.0.0.1", &["unknown"]), "unknown");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn one_header_counts_and_the_other_never_does() {
        let both = [("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=2.2.2.2")];
        assert_eq!(seen(ForwardedHeader::XForwardedFor, "10.0.0.1", &both), "1.1.1.1");
        assert_eq!(seen(ForwardedHeader::Forwarded, "10.0.0.1", &both), "2.2.2.2");
        assert_eq!(seen(ForwardedHeader::XForwardedFor, "10.0.0.1", &both[1..]), "10.0.0.1");
        let chain =
            [("forwarded", "for=6.6.6.6;by=x"), ("forwarded", "for=\"[2001:db8::7]:1\", for=10.0.0.3:80;proto=https")];
        assert_eq!(seen(ForwardedHeader::Forwarded, "10.0.0.1", &chain), "2001:db8::7");
        assert_eq!(seen(ForwardedHeader::Forwarded, "10.0.0.1", &[("forwarded", "proto=https")]), "unknown");
    }

    #[test]
    fn each_thing_is_hinted_at_once_and_not_without_end() {
        let hints = Hints::default();
        assert!(hints.is_new("a".to_owned()) && !hints.is_new("a".to_owned()) && hints.is_new("b".to_owned()));
        assert_eq!((0..1000).filter(|number| hints.is_new(number.to_string())).count(), MOST_HINTS - 2);
    }
}
