//! What is wrong with the settings: everything at once, a sentence each, so that an operator starts once more and not once per mistake.

use std::fmt;

use super::LogConfig;

/// Everything that is wrong with the settings.
#[derive(Clone, Debug, Default)]
pub struct Mistakes {
    sentences: Vec<String>,
    /// How the log would be written, as far as that can be read: who stops because of mistakes says them in it.
    pub log: Option<LogConfig>,
}

impl Mistakes {
    /// Adds a sentence.
    pub(super) fn add(&mut self, sentence: impl Into<String>) {
        self.sentences.push(sentence.into());
    }

    /// Adds what a check found.
    pub(super) fn note(&mut self, checked: Result<(), String>) {
        if let Err(sentence) = checked {
            self.add(sentence);
        }
    }

    /// Adds a sentence when a number is not within bounds.
    pub(super) fn within(&mut self, key: &str, value: impl TryInto<i64>, least: i64, most: i64) {
        let value = value.try_into().unwrap_or(i64::MAX);
        if !(least..=most).contains(&value) {
            self.add(format!("{key} is {value}, but must be from {least} to {most}"));
        }
    }

    /// The value when nothing is wrong.
    pub(super) fn unless_any<T>(self, value: T) -> Result<T, Self> {
        if self.sentences.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Mistakes {
    /// A line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentences.join("\n"))
    }
}

impl std::error::Error for Mistakes {}
