//! Which group of routes answers with which headers (OWASP ASVS 3.4): the one table. What depends on the answer is made in `headers.rs`.
//!
//! Measured in Chromium, so keep: `Referrer-Policy` must be `same-origin` on pages, or our own forms send `Origin: null`; COOP stands on the
//! account pages alone, elsewhere it would sever sign-in in a pop-up.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use Value::{Is, Made, No};

/// The groups of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Group {
    /// Public facts: metadata and keys.
    Facts,
    /// Endpoints for machines.
    Machine,
    /// Pages and their files.
    Page,
    /// Pages of the account.
    Account,
    /// What belongs to no route, such as a request for another host.
    Beside,
}

/// What a group has of a header.
#[derive(Clone, Copy)]
enum Value {
    /// It is not there.
    No,
    /// This, unless the answer has its own.
    Is(&'static str),
    /// What fits the answer.
    Made,
}

/// A policy for what shows and loads nothing.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// What no page of ours needs of a device.
const DEVICE: &str = "camera=(), geolocation=(), microphone=(), payment=()";

/// Each header, and what each group has of it, in the order of [`Group`].
#[rustfmt::skip]
const TABLE: [(&str, [Value; 5]); 10] = [
    //                               public facts         machines           pages              account            beside
    ("x-content-type-options",       [Is("nosniff"),      Is("nosniff"),     Is("nosniff"),     Is("nosniff"),     Is("nosniff")]),
    ("x-frame-options",              [Is("DENY"),         Is("DENY"),        Is("DENY"),        Is("DENY"),        Is("DENY")]),
    ("content-security-policy",      [Is(NOTHING),        Is(NOTHING),       Made,              Made,              Is(NOTHING)]),
    ("referrer-policy",              [Is("no-referrer"),  Is("no-referrer"), Is("same-origin"), Is("same-origin"), Is("no-referrer")]),
    // Never kept (RFC 6749 §5.1), but for facts, which are kept for as long as the publication of new keys reckons with.
    ("cache-control",                [Made,               Is("no-store"),    Is("no-store"),    Is("no-store"),    Is("no-store")]),
    ("pragma",                       [No,                 Is("no-cache"),    No,                No,                No]),
    // Facts are for any site's script; answers of /token, /revoke and /userinfo for those of registered apps.
    ("access-control-allow-origin",  [Is("*"),            Made,              No,                No,                No]),
    ("cross-origin-resource-policy", [Is("cross-origin"), No,                Is("same-origin"), Is("same-origin"), No]),
    ("cross-origin-opener-policy",   [No,                 No,                No,                Is("same-origin"), No]),
    ("permissions-policy",           [No,                 No,                Is(DEVICE),        Is(DEVICE),        No]),
];

/// Puts on an answer what its group has and it has not of its own.
pub(in crate::http) fn dress(headers: &mut HeaderMap, group: Group) {
    for (name, values) in &TABLE {
        if let Is(value) = values[group as usize] {
            headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
        }
    }
}
