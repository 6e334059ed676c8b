//! A message with what is to stand in it. As HTML it may hold tags of its own, and what stands in it is escaped, whoever it came from; as
//! plain text neither is touched.

use std::fmt;

use fluent_bundle::{FluentArgs, FluentValue};

use super::Language;

/// A message of one language, with its arguments. Its `Display` is HTML, for between tags and for attributes in double quotes.
#[derive(Clone, Debug)]
pub struct Words {
    language: Language,
    key: &'static str,
    arguments: Vec<(&'static str, Value)>,
}

/// What stands in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, which is escaped in HTML.
    Text(String),
    /// A number, which plurals go by.
    Number(i64),
    /// HTML that we have made.
    Markup(String),
}

/// HTML that we have made: it stands in a message as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markup(pub String);

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What can stand in a message.
pub trait Argument {
    /// As the message takes it.
    fn value(&self) -> Value;
}

impl Argument for str {
    fn value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl Argument for String {
    fn value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl Argument for Markup {
    fn value(&self) -> Value {
        Value::Markup(self.0.clone())
    }
}

/// Another message of the same language.
impl Argument for Words {
    fn value(&self) -> Value {
        Value::Markup(self.to_string())
    }
}

impl<T: Argument + ?Sized> Argument for &T {
    fn value(&self) -> Value {
        (**self).value()
    }
}

macro_rules! numbers {
    ($($kind:ty)+) => { $(impl Argument for $kind {
        fn value(&self) -> Value {
            Value::Number(i64::try_from(*self).unwrap_or(i64::MAX))
        }
    })+ };
}

numbers! { i64 u64 u32 u8 usize i32 }

impl Words {
    pub(super) fn new(language: Language, key: &'static str) -> Self {
        Self { language, key, arguments: Vec::new() }
    }

    /// The message with this in the place of `{ $name }`.
    pub fn with(mut self, name: &'static str, value: impl Argument) -> Self {
        self.arguments.push((name, value.value()));
        self
    }

    /// The message as plain text: for mails without markup, and for what is escaped later.
    pub fn plain(&self) -> String {
        self.rendered(str::to_owned)
    }

    fn rendered(&self, text: impl Fn(&str) -> String) -> String {
        let mut arguments = FluentArgs::with_capacity(self.arguments.len());
        for (name, value) in &self.arguments {
            arguments.set(
                *name,
                match value {
                    Value::Text(words) => FluentValue::from(text(words)),
                    Value::Number(number) => FluentValue::from(*number),
                    Value::Markup(markup) => FluentValue::from(markup.clone()),
                },
            );
        }
        self.language.message(self.key, &arguments)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered(escaped))
    }
}

/// The text as it stands in HTML, also within an attribute in quotes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&#38;"),
            '<' => safe.push_str("&#60;"),
            '>' => safe.push_str("&#62;"),
            '"' => safe.push_str("&#34;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_message_is_escaped_in_html_and_nowhere_else() {
        let words = Language::default().say("to-continue-to").with("client", "<b>\"'&{ $client }");
        let html = "to continue to <strong class=\"name\">&#60;b&#62;&#34;&#39;&#38;{ $client }</strong>";
        assert_eq!(words.to_string(), html);
        let words = Language::default().say("privacy-policy-of").with("client", Markup("<i>x</i>".to_owned()));
        assert_eq!(words.to_string(), "Privacy policy of <span class=\"name\"><i>x</i></span>");
        assert!(words.with("client", "a & b").plain().contains("a & b"));
    }
}
