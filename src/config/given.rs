//! What the operator gave: the keys of the file and of the environment, each with its value and the place where it stands.
//!
//! A variable is text, and becomes what its key holds when that is read: `007` is a name where a name is wanted, and a number where a
//! number is. Only lists are told apart here, by what the default is: separated by commas, and an empty text is an empty list.

use std::path::Path;

use config::{Config as Sources, File, FileFormat, Map, Value, ValueKind};

/// What every variable of ours begins with.
const PREFIX: &str = "DOORWARD__";

/// A key that was given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// `section.key`.
    pub key: String,
    pub value: Value,
    /// What has it, up to the name of the key there.
    pub place: Place,
}

/// Where a key was given.
#[derive(Clone, Debug)]
pub(super) enum Place {
    File(String),
    Variable(String),
}

/// The keys of a file.
///
/// # Errors
/// A sentence when it cannot be read or is not TOML.
pub(super) fn of_file(path: &Path) -> Result<Vec<Given>, String> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the configuration file {shown} cannot be read: {error}"))?;
    let alone = Sources::builder().add_source(File::from_str(&text, FileFormat::Toml)).build();
    let leaves = alone.and_then(leaves);
    let leaves =
        leaves.map_err(|error| format!("the configuration file {shown} is not TOML: {}", in_one_line(&error)))?;
    let given = |(key, value)| Given { key, value, place: Place::File(shown.clone()) };
    Ok(leaves.into_iter().map(given).collect())
}

/// The keys of the variables that begin with `DOORWARD__`, in the order of their names.
pub(super) fn of_environment(
    environment: impl IntoIterator<Item = (String, String)>,
    defaults: &[(String, Value)],
) -> Vec<Given> {
    let is_list =
        |key: &str| defaults.iter().any(|(known, value)| known == key && matches!(value.kind, ValueKind::Array(_)));
    let mut ours: Vec<Given> = environment
        .into_iter()
        .filter_map(|(name, text)| {
            let key = name.strip_prefix(PREFIX)?.to_lowercase().replace("__", ".");
            let kind = if is_list(&key) { ValueKind::Array(items(&text)) } else { ValueKind::String(text) };
            Some(Given { key, value: Value::new(None, kind), place: Place::Variable(name) })
        })
        .collect();
    ours.sort_by(|a, b| a.key.cmp(&b.key));
    ours
}

/// The items of a list that is text.
pub(super) fn items(text: &str) -> Vec<Value> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| Value::new(None, ValueKind::String(item.to_owned()))).collect()
}

/// Every key with its value, as `section.key`; a section without keys is one itself.
pub(super) fn leaves(sources: Sources) -> Result<Vec<(String, Value)>, config::ConfigError> {
    let mut leaves = Vec::new();
    collect("", sources.try_deserialize()?, &mut leaves);
    leaves.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(leaves)
}

fn collect(path: &str, tree: Map<String, Value>, leaves: &mut Vec<(String, Value)>) {
    for (name, value) in tree {
        let key = if path.is_empty() { name } else { format!("{path}.{name}") };
        match value.kind {
            ValueKind::Table(table) if !table.is_empty() => collect(&key, table, leaves),
            _ => leaves.push((key, value)),
        }
    }
}

impl Given {
    /// Whether it is a section of these keys without a key in it, which says nothing.
    pub fn is_empty_section(&self, known: &[(String, Value)]) -> bool {
        let begin = format!("{}.", self.key);
        matches!(self.value.kind, ValueKind::Table(_)) && known.iter().any(|(key, _)| key.starts_with(&begin))
    }

    /// That the key is none of ours, and which one may have been meant.
    pub fn unknown(&self, known: &[(String, Value)]) -> String {
        let leaf = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
        // Of keys that share as much, the one that is as long.
        let likeness = |known: &&str| {
            let (known, own) = (leaf(known), leaf(&self.key));
            (shared_letters(&known, &own) + usize::from(known == own) * 9) * 4 + 100
                - known.len().abs_diff(own.len()).min(100)
        };
        let nearest = known.iter().map(|(key, _)| key.as_str()).max_by_key(likeness).unwrap_or_default();
        let has = match &self.place {
            Place::File(path) => format!("the configuration file {path} has the unknown key '{}'", self.key),
            Place::Variable(name) => format!("the environment has {name}, an unknown key"),
        };
        format!("{has}: remove it, or write '{nearest}' if that was meant (`doorward config keys` lists all)")
    }

    /// That its value cannot be read.
    pub fn unreadable(&self, why: &config::ConfigError) -> String {
        let place = match &self.place {
            Place::File(path) => format!("in {path}"),
            Place::Variable(name) => format!("from {name}"),
        };
        let why = why.to_string();
        format!("{} ({place}): {}", self.key, why.split(" for key `").next().unwrap_or_default())
    }
}

/// The parser's words without the picture of the place.
fn in_one_line(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let words = text.lines().filter(|line| !line.contains('|') && !line.trim().is_empty());
    words.map(str::trim).collect::<Vec<_>>().join(": ")
}

fn shared_letters(a: &str, b: &str) -> usize {
    let pairs = |text: &str| text.as_bytes().windows(2).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let of_b = pairs(b);
    pairs(a).iter().filter(|pair| of_b.contains(pair)).count()
}
