//! How values stand in columns: JSON for lists and maps, names for enums, 0 and 1 for yes and no.

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::{Algorithm, AlgorithmChoice};
use crate::protocol::scope::ScopeSet;

/// A value as JSON text.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(Failure::internal)
}

/// A value as JSON text, if it is to be written at all.
pub(super) fn json_if<T: Serialize>(wanted: bool, value: &T) -> Result<Option<String>, Failure> {
    if wanted { json(value).map(Some) } else { Ok(None) }
}

/// A value from JSON text.
pub(super) fn from_json<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| damaged(column, error))
}

/// An enum from its name.
pub(super) fn from_name<T: FromStr>(column: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| damaged(column, "an unknown name"))
}

/// What algorithm is wanted, and was before.
pub(super) fn algorithm_choice(wanted: Option<String>, former: Option<String>) -> Result<AlgorithmChoice, Failure> {
    let read = |text: Option<String>| text.map(|text| from_name::<Algorithm>("algorithm", &text)).transpose();
    Ok(AlgorithmChoice { wanted: read(wanted)?, former: read(former)? })
}

/// A scope set from its text.
pub(super) fn scopes(text: &str) -> Result<ScopeSet, Failure> {
    ScopeSet::parse(text).map_err(|error| damaged("scopes", error))
}

/// A moment that may be missing.
pub(super) fn moment(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.map(Timestamp::from_seconds)
}

/// A pattern for `LIKE ... ESCAPE '!'`: the text anywhere.
pub(super) fn containing(text: &str) -> String {
    let escape = |c: char| if matches!(c, '%' | '_' | '!') { format!("!{c}") } else { c.to_string() };
    format!("%{}%", text.chars().map(escape).collect::<String>())
}

/// What a column holds cannot be: somebody changed it by hand, or a newer version did.
pub(super) fn damaged(column: &str, why: impl std::fmt::Display) -> Failure {
    Failure::internal(format!("the column {column} holds what this version cannot read: {why}"))
}
