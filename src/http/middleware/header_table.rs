//! Which group of routes answers with which headers (OWASP ASVS 3.4): the one table. What depends on the answer is made in `headers.rs`.
//!
//! Measured in Chromium, so keep: `Referrer-Policy` must be `same-origin` on pages, or our own forms send `Origin: null`; COOP stands on the
//! account pages alone, elsewhere it would sever sign-in in a pop-up.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

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
enum Value {
    /// It is not there.
    No,
    /// This, unless the answer has its own.
    Is(HeaderValue),
    /// What fits the answer.
    Made,
}

/// A policy for what shows and loads nothing.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// What no page of ours needs of a device, and what no frame of another site may do in our name.
const DEVICE: &str = "camera=(), geolocation=(), microphone=(), payment=()";

const fn is(value: &'static str) -> Value {
    Is(HeaderValue::from_static(value))
}

/// Each header, and what each group has of it, in the order of [`Group`].
#[rustfmt::skip]
static TABLE: [(HeaderName, [Value; 5]); 10] = [
    //                               public facts         machines           pages              account            beside
    (header::X_CONTENT_TYPE_OPTIONS,       [is("nosniff"),      is("nosniff"),     is("nosniff"),     is("nosniff"),     is("nosniff")]),
    (header::X_FRAME_OPTIONS,              [is("DENY"),         is("DENY"),        is("DENY"),        is("DENY"),        is("DENY")]),
    (header::CONTENT_SECURITY_POLICY,      [is(NOTHING),        is(NOTHING),       Made,              Made,              is(NOTHING)]),
    (header::REFERRER_POLICY,              [is("no-referrer"),  is("no-referrer"), is("same-origin"), is("same-origin"), is("no-referrer")]),
    // Never kept (RFC 6749 §5.1), but for facts, which are kept for as long as the publication of new keys reckons with.
    (header::CACHE_CONTROL,                [Made,               is("no-store"),    is("no-store"),    is("no-store"),    is("no-store")]),
    (header::PRAGMA,                       [No,                 is("no-cache"),    No,                No,                No]),
    // Facts are for any site's script; answers of /token, /revoke and /userinfo for those of registered apps.
    (header::ACCESS_CONTROL_ALLOW_ORIGIN,  [is("*"),            Made,              No,                No,                No]),
    (HeaderName::from_static("cross-origin-resource-policy"), [is("cross-origin"), No,                is("same-origin"), is("same-origin"), No]),
    (HeaderName::from_static("cross-origin-opener-policy"),   [No,                 No,                No,                is("same-origin"), No]),
    (HeaderName::from_static("permissions-policy"),           [No,                 No,                is(DEVICE),        is(DEVICE),        No]),
];

/// Puts on an answer what its group has and it has not of its own.
pub(in crate::http) fn dress(headers: &mut HeaderMap, group: Group) {
    for (name, values) in &TABLE {
        if let Is(value) = &values[group as usize] {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}
