//! The reference pages, `docs/reference/*.md`: made from the very tables, comments and command tree that the code uses. The test compares;
//! with DOORWARD_WRITE=1 it writes them.

mod claims;
mod commands;
mod endpoints;
mod errors;
mod settings;

use std::path::Path;

/// Makes a page.
type Make = fn() -> String;

/// Every page.
const PAGES: &[(&str, Make)] = &[
    ("endpoints.md", endpoints::page),
    ("claims.md", claims::page),
    ("errors.md", errors::page),
    ("settings.md", settings::page),
    ("commands.md", commands::page),
];

const RENEW: &str = "DOORWARD_WRITE=1 cargo test --locked --test it reference";

#[test]
fn every_page_of_the_reference_is_what_its_sources_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    let mut stale = Vec::new();
    for (name, make) in PAGES {
        let (path, page) = (folder.join(name), make());
        if std::env::var_os("DOORWARD_WRITE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &page).unwrap();
        }
        if std::fs::read_to_string(&path).ok() != Some(page) {
            stale.push(*name);
        }
    }
    assert!(stale.is_empty(), "docs/reference: {} must be made anew: {RENEW}", stale.join(", "));
}

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A row of a table.
fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(" | "))
}

/// The head of a table.
fn head(columns: &[&str]) -> String {
    let names: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    row(&names) + &row(&vec!["---".to_owned(); columns.len()])
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// The text of comments that begin with this mark, up to an empty one.
fn comment<'a>(lines: impl IntoIterator<Item = &'a str>, mark: &str) -> String {
    let lines = lines.into_iter().map_while(|line| line.trim_start().strip_prefix(mark)).map(str::trim);
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
