//! What users of the crate rely on, as a listing: a change of it shows in a diff, and is meant.
//!
//! `DOORWARD_WRITE=1 cargo test -p doorward-client --all-features public_api` writes it anew.

use std::path::{Path, PathBuf};

#[test]
fn the_public_api_is_as_it_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    files.sort();
    let mut listing = String::new();
    for file in files {
        let items = items(&std::fs::read_to_string(&file).unwrap());
        if !items.is_empty() {
            let name = file.strip_prefix(root).unwrap().display().to_string();
            listing += &format!("{name}\n    {}\n\n", items.join("\n    "));
        }
    }
    let listed = root.join("tests/it/public_api.txt");
    if std::env::var_os("DOORWARD_WRITE").is_some() {
        std::fs::write(&listed, &listing).unwrap();
    }
    let expected = std::fs::read_to_string(&listed).unwrap_or_default();
    assert!(listing == expected, "{} is not what is public; the change in it is to be meant", listed.display());
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// What a file makes public: items, fields, and the variants of enumerations and methods of traits, by their text.
fn items(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut items = Vec::new();
    let mut lines = text.lines();
    let mut inside = false;
    while let Some(line) = lines.next() {
        if line == "}" {
            inside = false;
        }
        let member = inside && line.starts_with("    ") && !line.starts_with("     ");
        let trimmed = line.trim();
        let counts = trimmed.starts_with("pub ") || (member && trimmed.starts_with(char::is_alphabetic));
        let implements = line.starts_with("impl") && line.contains(" for ");
        if !counts && !implements {
            continue;
        }
        inside |= trimmed.starts_with("pub enum ") || trimmed.starts_with("pub trait ");
        let mut item = trimmed.to_owned();
        while !item.ends_with(['{', ';', ',', '}']) {
            let Some(more) = lines.next() else { break };
            item = format!("{item} {}", more.trim());
        }
        items.push(item.trim_end_matches(['{', ';', ',']).trim_end().to_owned());
    }
    items
}
