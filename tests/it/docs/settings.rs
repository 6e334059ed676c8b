//! The settings that pages and deployments name exist: variables, `[section] key`, and whole files of settings.

use std::collections::BTreeSet;

use doorward::config::{Config, UpstreamConfig};
use serde_json::Value;

use super::{blocks, pages, spans};
use crate::sources::text;

/// The files of `deploy/`.
const DEPLOY: &[&str] =
    &["doorward.service", "doorward.toml", "nginx.conf", "Caddyfile", "compose.yaml", "kubernetes.yaml"];

/// Every key, as `section.key`, and every section.
fn known() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    collect("", &serde_json::to_value(Config::load(None, []).unwrap()).unwrap(), &mut keys);
    keys
}

fn collect(path: &str, value: &Value, keys: &mut BTreeSet<String>) {
    keys.insert(path.to_owned());
    for (name, inner) in value.as_object().into_iter().flatten() {
        collect(&if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, inner, keys);
    }
}

#[test]
fn every_setting_that_a_page_names_exists() {
    let known = known();
    let deployed = DEPLOY.iter().map(|name| (format!("deploy/{name}"), text(&format!("deploy/{name}"))));
    let mut wrong = Vec::new();
    for (path, page) in pages().into_iter().chain(deployed) {
        for variable in variables(&page) {
            let key = variable.to_lowercase().replace("__", ".");
            if !known.contains(&key) && key != "section.key" && !is_of_a_provider(&key) {
                wrong.push(format!("{path}: DOORWARD__{variable}"));
            }
        }
        for key in spans(&page).iter().filter_map(|span| named(span)) {
            if !known.contains(&key) && path != "CHANGELOG.md" {
                wrong.push(format!("{path}: {key}"));
            }
        }
    }
    assert!(wrong.is_empty(), "no such settings:\n{}\n", wrong.join("\n"));
}

#[test]
fn every_file_of_settings_that_a_page_shows_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<(String, String)> = pages()
        .iter()
        .flat_map(|(path, page)| blocks(page).into_iter().map(move |block| (path.clone(), block)))
        .filter(|(_, block)| block.info == "toml")
        .map(|(path, block)| (format!("{path}:{}", block.line), block.text))
        .collect();
    files.push(("deploy/doorward.toml".to_owned(), text("deploy/doorward.toml")));
    assert!(files.len() > 1, "the files were not found");
    for (place, text) in files {
        let file = folder.path().join("doorward.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file), []).unwrap_or_else(|why| panic!("{place}: {why}"));
    }
}

/// `upstream.ID.key`.
fn is_of_a_provider(key: &str) -> bool {
    let provider = serde_json::to_value(UpstreamConfig::default()).unwrap();
    let key = key.strip_prefix("upstream.").and_then(|rest| rest.split_once('.'));
    key.is_some_and(|(_, key)| provider.get(key).is_some())
}

/// What stands behind `DOORWARD__` wherever it does.
fn variables(page: &str) -> impl Iterator<Item = &str> {
    let rests = page.split("DOORWARD__").skip(1);
    rests.map(|rest| rest.split(|c: char| !c.is_ascii_uppercase() && c != '_').next().unwrap_or_default())
}

/// `[section]`, `[section] key` or `[section] key = value`.
fn named(span: &str) -> Option<String> {
    let (section, rest) = span.strip_prefix('[')?.split_once(']')?;
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'.'));
    let key = rest.split('=').next()?.trim();
    if section.is_empty() || !is_name(section) || !is_name(key) || rest.starts_with('(') {
        return None;
    }
    Some(if key.is_empty() { section.to_owned() } else { format!("{section}.{key}") })
}
