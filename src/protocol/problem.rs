//! What is wrong with what somebody wants registered, field by field (RFC 7591 §3.2.2 knows only one error for all of it).
//!
//! A field is called as the JSON of its noun calls it, with the place in a list: `redirect_uris[1]`. Each face prints problems in its own
//! way; the sentences are for people and may hold what was given, escaped.

use std::fmt;

use serde::Serialize;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The field.
    pub field: String,
    /// What is wrong and what to do, without a full stop.
    pub sentence: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.sentence)
    }
}

/// Everything that is wrong, in the order in which it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// One problem with one field.
    pub fn one(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self(vec![Problem { field: field.into(), sentence: sentence.into() }])
    }

    /// Adds a problem.
    pub fn add(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.0.push(Problem { field: field.into(), sentence: sentence.into() });
    }

    /// Adds what a check of one field found.
    pub fn note(&mut self, field: impl Into<String>, checked: Result<(), impl fmt::Display>) {
        if let Err(sentence) = checked {
            self.add(field, sentence.to_string());
        }
    }

    /// Adds what was found below something: `line 3, email`.
    pub fn add_below(&mut self, place: &str, found: Self) {
        for Problem { field, sentence } in found.0 {
            let field = if field == "line" { place.to_owned() } else { format!("{place}, {field}") };
            self.add(field, sentence);
        }
    }

    /// Whether something is wrong with the field.
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|problem| problem.field == field)
    }

    /// Each problem.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// The value when nothing is wrong.
    ///
    /// # Errors
    /// The problems, when there are any.
    pub fn unless_any<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    /// A line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}
