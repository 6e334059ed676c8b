//! What is posted (`application/x-www-form-urlencoded`, RFC 6749 Appendix B), and credentials, which are escaped like it.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// A form.
#[derive(Default)]
pub(crate) struct Form(String);

impl Form {
    /// Adds a field.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(&escaped(name));
        self.0.push('=');
        self.0.push_str(&escaped(value));
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// The value of `Authorization` by which a client says who it is (RFC 6749 §2.3.1). Both are escaped first, so that a colon in the name is none that
/// separates the two.
pub(crate) fn basic(client: &str, secret: &str) -> HeaderValue {
    let pair = STANDARD.encode(format!("{}:{}", escaped(client), escaped(secret)));
    // What base64 is made of may stand in a header.
    let mut value = HeaderValue::try_from(format!("Basic {pair}")).unwrap_or(HeaderValue::from_static("Basic Og=="));
    value.set_sensitive(true);
    value
}

/// A text as forms carry it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => escaped.push(char::from(byte)),
            b' ' => escaped.push('+'),
            // Into a string nothing fails.
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_means_something_in_a_form_is_escaped() {
        assert_eq!(escaped("a b&c=d%+é:~*-._"), "a+b%26c%3Dd%25%2B%C3%A9%3A%7E*-._");
    }

    #[test]
    fn a_form_is_as_the_specification_has_it() {
        let mut form = Form::default();
        form.add("scope", "notes:read notes:write");
        form.add("a&b", "");
        // The example of RFC 6749 Appendix B.
        form.add("c", " %&+\u{a3}\u{20ac}");
        assert_eq!(form.into_text(), "scope=notes%3Aread+notes%3Awrite&a%26b=&c=+%25%26%2B%C2%A3%E2%82%AC");
    }

    #[test]
    fn a_colon_in_a_name_separates_nothing() {
        let value = basic("a:b", "c d");
        assert_eq!(value, format!("Basic {}", STANDARD.encode("a%3Ab:c+d")));
        assert!(value.is_sensitive());
    }
}
