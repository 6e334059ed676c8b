//! Text as forms carry it (application/x-www-form-urlencoded), which is also how credentials stand in a Basic header (RFC 6749 §2.3.1).

use std::fmt::Write;

/// A text as forms carry it.
pub(crate) fn escaped(text: &str) -> String {
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
    #[test]
    fn whatever_means_something_in_a_form_is_escaped() {
        assert_eq!(super::escaped("a b&c=d%+é:~*-._"), "a+b%26c%3Dd%25%2B%C3%A9%3A%7E*-._");
    }
}
