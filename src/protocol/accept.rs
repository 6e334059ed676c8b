//! Which form of an answer a request likes best (RFC 9110 §12.5.1).

use std::cmp::Reverse;

/// How much somebody wants a form: its weight in thousandths, and how closely it was named, from `*/*` to the media type itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Wish {
    weight: u16,
    closeness: u8,
}

/// Of the media types on offer the one that the `Accept` headers like best: by weight, then the one that is named more closely, then the one
/// that is offered first. Who likes none of them gets the first (§12.4.1), and so does who says nothing.
///
/// Parameters of a media type other than its weight are not looked at, and neither is an entry that cannot be read.
pub fn preferred<'a>(accept: &[&[u8]], first: &'a str, others: &[&'a str]) -> &'a str {
    let entries: Vec<(&str, u16)> = accept
        .iter()
        .filter_map(|header| std::str::from_utf8(header).ok())
        .flat_map(|header| header.split(',').filter_map(entry))
        .collect();
    let best = others.iter().enumerate().map(|(at, offer)| (wish(&entries, offer), Reverse(at), *offer)).max();
    match best {
        Some((wanted, _, offer)) if wanted.weight > 0 && wanted > wish(&entries, first) => offer,
        _ => first,
    }
}

/// Whether the `Accept-Encoding` headers allow for gzip (RFC 9110 §12.5.3).
pub fn takes_gzip(accept_encoding: &[&[u8]]) -> bool {
    let headers = accept_encoding.iter().filter_map(|header| std::str::from_utf8(header).ok());
    let mut entries = headers.flat_map(|header| header.split(',').filter_map(entry));
    entries.any(|(coding, weight)| {
        weight > 0 && (coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip"))
    })
}

/// What the entries say of one media type: the closest that fits it counts.
fn wish(entries: &[(&str, u16)], offer: &str) -> Wish {
    let general = offer.split_once('/').map_or("", |(general, _)| general);
    let closeness = |range: &str| match range.split_once('/')? {
        _ if range.eq_ignore_ascii_case(offer) => Some(3),
        (kind, "*") if kind.eq_ignore_ascii_case(general) => Some(2),
        ("*", "*") => Some(1),
        _ => None,
    };
    let fitting = entries.iter().filter_map(|(range, weight)| Some((closeness(range)?, *weight)));
    fitting.max().map_or(Wish::default(), |(closeness, weight)| Wish { weight, closeness })
}

/// One entry: a media range and its weight; nothing when it cannot be read.
fn entry(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let weight = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    Some((range, weight.map_or(Some(1000), |(_, value)| thousandths(value.trim()))?))
}

/// A weight: 0 to 1 with at most three decimals (§12.4.2).
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let weight = format!("{whole}{decimals:0<3}").parse().ok()?;
    (weight <= 1000).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json";
    const JWT: &str = "application/token-introspection+jwt";

    #[test]
    fn gzip_is_given_to_whoever_names_it() {
        for (asked, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.1", true),
            ("x-gzip", true),
            ("gzip;q=0", false),
            ("*", false),
            ("br, deflate", false),
            ("", false),
            ("gzip;q=2", false),
        ] {
            assert_eq!(takes_gzip(&[asked.as_bytes()]), takes, "{asked}");
        }
        assert!(!takes_gzip(&[]) && !takes_gzip(&[b"\xff"]) && takes_gzip(&[b"br", b"gzip"]));
    }

    #[test]
    fn what_is_named_is_given_by_weight_and_then_by_how_closely_it_was_named() {
        for (accept, given) in [
            (JWT, JWT),
            ("Application/Token-Introspection+JWT", JWT),
            ("application/token-introspection+jwt; q=0.001", JWT),
            ("application/token-introspection+jwt;q=0.5, application/json;q=0.4", JWT),
            ("application/json;q=0.4 , application/token-introspection+jwt ; Q=0.5", JWT),
            ("application/token-introspection+jwt, */*", JWT),
            ("application/token-introspection+jwt, application/*", JWT),
            ("*/*;q=0.8, application/token-introspection+jwt;q=0.9", JWT),
            ("application/json;q=0, application/*", JWT),
            ("application/json;q=0, */*", JWT),
            ("text/html, application/token-introspection+jwt;charset=utf-8", JWT),
            ("", JSON),
            (JSON, JSON),
            ("*/*", JSON),
            ("application/*", JSON),
            ("application/json, application/token-introspection+jwt", JSON),
            ("application/token-introspection+jwt, application/json", JSON),
            ("application/token-introspection+jwt;q=0.4, application/json;q=0.5", JSON),
            ("application/token-introspection+jwt;q=0.9, */*", JSON),
            ("application/token-introspection+jwt;q=0", JSON),
            ("application/token-introspection+jwt;q=0, */*", JSON),
            ("application/token-introspection+jwt;q=0.000, application/json;q=0", JSON),
            ("application/jwt, text/html", JSON),
            ("application/token-introspection+jwt/x, application/token-introspection", JSON),
            ("*/token-introspection+jwt", JSON),
        ] {
            assert_eq!(preferred(&[accept.as_bytes()], JSON, &[JWT]), given, "{accept}");
        }
        assert_eq!(preferred(&[], JSON, &[JWT]), JSON);
        assert_eq!(preferred(&[b"text/html", JWT.as_bytes()], JSON, &[JWT]), JWT);
        assert_eq!(preferred(&[b"\xff", b"*/*"], JSON, &[JWT]), JSON);
    }

    #[test]
    fn a_weight_that_is_none_is_an_entry_that_is_none() {
        for odd in ["2", "1.001", "-1", "0.0001", "", ".5", "0,5", "1e0", "x", "00", "0.5.5", "\u{661}"] {
            let accept = format!("{JWT};q={odd}");
            assert_eq!(preferred(&[accept.as_bytes()], JSON, &[JWT]), JSON, "{odd}");
        }
        for weight in ["1", "1.", "1.000", "0.5", "0.05", "0.005"] {
            let accept = format!("{JWT};q={weight}");
            assert_eq!(preferred(&[accept.as_bytes()], JSON, &[JWT]), JWT, "{weight}");
        }
    }
}
