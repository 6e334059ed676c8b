//! What proxies say of where a request comes from: `X-Forwarded-For` as it is written in the wild, and `Forwarded` (RFC 7239).
//!
//! One of the two counts, as the settings say: a proxy that sets one passes the other through as anybody has sent it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The header that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses, separated by commas.
    XForwardedFor,
    /// `Forwarded`: elements with a `for` among others.
    Forwarded,
}

impl ForwardedHeader {
    /// Its name, in small letters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }

    /// The entries of one header field, from left to right: each as it says from where, which [`address`] reads.
    pub fn entries(self, value: &str) -> Vec<&str> {
        let entries = split(value, ',').into_iter().map(str::trim).filter(|entry| !entry.is_empty());
        match self {
            Self::XForwardedFor => entries.collect(),
            Self::Forwarded => entries.map(|element| node(element).unwrap_or(element)).collect(),
        }
    }
}

/// The address of an entry, which may stand in quotes, with a port, with brackets; `None` for `unknown`, a name, and anything else
/// (RFC 7239 §6).
pub fn address(entry: &str) -> Option<IpAddr> {
    let text = entry.trim().trim_matches('"').trim();
    let plain = |text: &str| text.split('%').next().unwrap_or_default().parse::<Ipv6Addr>().ok().map(IpAddr::from);
    if let Some(rest) = text.strip_prefix('[') {
        let (inner, port) = rest.split_once(']')?;
        return plain(inner).filter(|_| port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    match text.split_once(':') {
        None => text.parse::<Ipv4Addr>().ok().map(IpAddr::from),
        Some((host, port)) if is_port(port) && host.contains('.') => host.parse::<Ipv4Addr>().ok().map(IpAddr::from),
        Some(_) => plain(text),
    }
}

/// A number, or an obfuscated one (RFC 7239 §6).
fn is_port(text: &str) -> bool {
    let is_name = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    text.parse::<u16>().is_ok() || text.strip_prefix('_').is_some_and(is_name)
}

/// The value of `for` of an element.
fn node(element: &str) -> Option<&str> {
    split(element, ';').into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    })
}

/// Splits at a separator that stands in no quoted string.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut begin, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == separator && !quoted => {
                parts.push(&text[begin..at]);
                begin = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_proxies_write_them() {
        for (entry, read) in [
            ("192.0.2.43", "192.0.2.43"),
            ("192.0.2.43:47011", "192.0.2.43"),
            ("\"192.0.2.43:47011\"", "192.0.2.43"),
            ("2001:db8::17", "2001:db8::17"),
            ("[2001:db8::17]", "2001:db8::17"),
            ("\"[2001:db8::17]:4711\"", "2001:db8::17"),
            ("[2001:db8::17]:_hidden", "2001:db8::17"),
            ("fe80::1%eth0", "fe80::1"),
            ("::ffff:192.0.2.43", "::ffff:192.0.2.43"),
        ] {
            assert_eq!(address(entry).map(|ip| ip.to_string()).as_deref(), Some(read), "{entry}");
        }
        for entry in [
            "unknown",
            "_SEVKISEK",
            "",
            "proxy.example.org",
            "192.0.2.43:",
            "192.0.2.43:99999",
            "[2001:db8::17",
            "[::1]x",
            "1.2.3",
        ] {
            assert_eq!(address(entry), None, "{entry}");
        }
    }

    #[test]
    fn elements_are_told_apart_by_commas_outside_of_quotes() {
        let forwarded = |value: &'static str| ForwardedHeader::Forwarded.entries(value);
        assert_eq!(
            forwarded("for=192.0.2.43, For=\"[2001:db8:cafe::17]:47\" ;proto=http;by=203.0.113.43"),
            ["192.0.2.43", "\"[2001:db8:cafe::17]:47\""]
        );
        assert_eq!(forwarded("host=\"a,for=6.6.6.6\";for=192.0.2.43"), ["192.0.2.43"]);
        assert_eq!(forwarded("host=\"a\\\",for=6.6.6.6\";for=192.0.2.43"), ["192.0.2.43"]);
        assert_eq!(forwarded("proto=https"), ["proto=https"]);
        assert_eq!(ForwardedHeader::XForwardedFor.entries("6.6.6.6 , ,1.2.3.4:5,"), ["6.6.6.6", "1.2.3.4:5"]);
    }
}
