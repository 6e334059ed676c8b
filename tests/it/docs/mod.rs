//! The pages that people read, held against what there is: their links, their command lines, the settings they name, and the commands that
//! they print, which are run.
//!
//! A block ```` ```sh run ```` is run as it is printed, ```` ```sh start ```` begins a server that goes on: see `run.rs`.

mod axum_api;
mod commands;
mod deploy;
mod links;
mod run;
mod settings;
mod snippets;

use std::path::Path;

/// Every page: its path from the root, and its text.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if name.ends_with(".md") {
                pages.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    pages.sort();
    assert!(pages.len() > 5, "the pages were not found");
    pages
}

/// A block of code.
struct Block {
    /// What stands behind the fence; nothing for an indented block.
    info: String,
    text: String,
    /// The line of the page where it begins.
    line: usize,
}

/// The blocks of code of a page.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut fenced, mut indented) = (false, false);
    let mut is_after_blank = true;
    for (at, line) in page.lines().enumerate() {
        let mut begin = |info: &str| blocks.push(Block { info: info.to_owned(), text: String::new(), line: at + 1 });
        if let Some(info) = line.strip_prefix("```") {
            fenced = !fenced;
            if fenced {
                begin(info);
            }
        } else if fenced {
            blocks.last_mut().unwrap().text.push_str(&format!("{line}\n"));
        } else if let Some(code) = line.strip_prefix("    ").filter(|_| is_after_blank || indented) {
            if !indented {
                begin("");
            }
            indented = true;
            blocks.last_mut().unwrap().text.push_str(&format!("{code}\n"));
        } else {
            indented = false;
        }
        is_after_blank = line.is_empty();
    }
    blocks
}

/// The page without its blocks of code.
fn prose(page: &str) -> String {
    let mut fenced = false;
    let mut is_prose = |line: &&str| {
        let is_fence = line.starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence && !line.starts_with("    ")
    };
    page.lines().filter(|line| is_prose(line)).map(|line| format!("{line}\n")).collect()
}

/// The spans of code in the prose.
fn spans(page: &str) -> Vec<String> {
    prose(page).split('`').skip(1).step_by(2).map(|span| span.replace("\\|", "|").replace('\n', " ")).collect()
}

#[test]
fn blocks_and_spans_are_found_where_they_stand() {
    let page = "Say `a\nb` and `c`.\n\n    one\n    two\n\n```sh run\nthree\n\nfour\n```\n- x\n    no code\n";
    let found: Vec<(String, String, usize)> = blocks(page).into_iter().map(|b| (b.info, b.text, b.line)).collect();
    let wanted = [("", "one\ntwo\n", 4), ("sh run", "three\n\nfour\n", 7)];
    assert_eq!(found, wanted.map(|(info, text, line)| (info.to_owned(), text.to_owned(), line)));
    assert_eq!(spans(page), ["a b", "c"]);
}
