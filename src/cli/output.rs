//! What commands print: for a person or, with `--json`, one JSON value on stdout. Everything else goes to stderr.

use std::fmt::Display;
use std::io::Write;

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::protocol::printable;
use crate::telemetry;

/// What stands first of a thing: what names it, and what is shown this once.
const FIRST: &[&str] = &["id", "client_id", "client_secret", "identifier", "kid", "secret"];

/// `--json`.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct Output {
    /// Print one JSON value.
    #[arg(long)]
    pub json: bool,
}

impl Output {
    /// Prints one thing: as JSON, or as lines of `name: value`.
    pub fn thing(self, thing: &Value) {
        match (self.json, thing) {
            (false, Value::Object(fields)) => line(aligned(fields)),
            _ => line(thing),
        }
    }

    /// Prints a list: as JSON, or as a table of the named columns.
    pub fn list(self, things: &[Value], columns: &[&str], none: &str) {
        if self.json {
            return line(Value::Array(things.to_vec()));
        }
        if things.is_empty() {
            return line(none);
        }
        let mut rows: Vec<Vec<String>> = vec![columns.iter().map(|column| column.replace('_', " ")).collect()];
        rows.extend(things.iter().map(|thing| columns.iter().map(|column| shown(&thing[*column])).collect()));
        let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns.len()).map(width).collect();
        for row in &rows {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            line(cells.join("  ").trim_end());
        }
    }

    /// Tells a person that something is done; prints the thing when JSON is wanted.
    pub fn done(self, thing: &Value, words: impl Display) {
        if self.json { line(thing) } else { line(words) }
    }
}

/// A view as the JSON that is printed.
pub(super) fn value<T: Serialize>(view: &T) -> Value {
    serde_json::to_value(view).unwrap_or_default()
}

/// A line on stdout. A reader that has gone away is no error of ours.
pub(super) fn line(text: impl Display) {
    let _ = try_line(text);
}

/// A line on stdout, for whoever goes on only as long as somebody reads.
///
/// # Errors
/// When nobody does any more.
pub(super) fn try_line(text: impl Display) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}

/// A part of a line on stdout.
pub(super) fn part(text: impl Display) {
    let _ = write!(std::io::stdout().lock(), "{text}");
}

/// A line on stderr.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// What a server says of itself beside its log: a line on stderr, or a line of the log when that is JSON, which whoever collects it
/// expects to be JSON from the first line to the last.
pub(super) fn say(text: impl Display) {
    if telemetry::is_json() { tracing::info!("{text}") } else { note(text) }
}

/// The one sentence of a command that failed; a line for each when several things are wrong with what was given. As [`say`] says it.
pub(super) fn complain(why: &impl Display) {
    for line in why.to_string().lines() {
        if telemetry::is_json() { tracing::error!("{line}") } else { note(format!("doorward: {line}")) }
    }
}

/// What may be a mistake in what was done: a line for each.
pub(super) fn warn(warnings: &[String]) {
    warnings.iter().for_each(|warning| note(format!("doorward: warning: {warning}")));
}

fn aligned(fields: &Map<String, Value>) -> String {
    let width = fields.keys().map(String::len).max().unwrap_or(0);
    let first = FIRST.iter().filter_map(|name| fields.get_key_value(*name));
    let rest = fields.iter().filter(|(name, _)| !FIRST.contains(&name.as_str()));
    let line = |(name, value): (&String, &Value)| format!("{:width$}  {}", name.replace('_', " "), shown(value));
    let lines: Vec<String> = first.chain(rest).map(line).collect();
    lines.join("\n")
}

/// A value in words: what controls the text around it is escaped, so that no name can write to the terminal.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    printable::escaped(&text)
}
