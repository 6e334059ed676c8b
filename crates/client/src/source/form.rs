//! What is posted (`application/x-www-form-urlencoded`, RFC 6749 Appendix B).

use crate::form::escaped;

/// A form.
#[derive(Default)]
pub(super) struct Form(String);

impl Form {
    /// Adds a field.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(&escaped(name));
        self.0.push('=');
        self.0.push_str(&escaped(value));
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_as_the_specification_has_it() {
        let mut form = Form::default();
        form.add("scope", "notes:read notes:write");
        form.add("a&b", "");
        // The example of RFC 6749 Appendix B.
        form.add("c", " %&+\u{a3}\u{20ac}");
        assert_eq!(form.into_text(), "scope=notes%3Aread+notes%3Awrite&a%26b=&c=+%25%26%2B%C2%A3%E2%82%AC");
    }
}
