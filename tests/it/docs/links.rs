//! Links lead somewhere: to a file of the repository and, behind a `#`, to a heading of it. What is elsewhere is not asked.

use std::path::{Component, Path, PathBuf};

use super::{blocks, pages, prose};

#[test]
fn every_link_of_a_page_leads_to_a_file_and_a_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = pages();
    let mut broken = Vec::new();
    for (path, text) in &pages {
        for link in links(text) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { path.into() } else { plain(&Path::new(path).parent().unwrap().join(file)) };
            let heads = || pages.iter().find(|(path, _)| Path::new(path) == target).map(|(_, text)| anchors(text));
            if !root.join(&target).exists() {
                broken.push(format!("{path}: there is no {link}"));
            } else if !anchor.is_empty() && !heads().is_some_and(|heads| heads.iter().any(|head| head == anchor)) {
                broken.push(format!("{path}: there is no heading {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let pages = pages();
    let mut reached = vec!["README.md".to_owned()];
    let mut at = 0;
    while let Some(path) = reached.get(at).cloned() {
        at += 1;
        let Some((_, text)) = pages.iter().find(|(name, _)| *name == path) else { continue };
        for link in links(text) {
            let file = link.split('#').next().unwrap();
            let target = plain(&Path::new(&path).parent().unwrap().join(file)).to_str().unwrap().to_owned();
            if !reached.contains(&target) {
                reached.push(target);
            }
        }
    }
    let lost: Vec<&str> =
        pages.iter().map(|(path, _)| path.as_str()).filter(|path| !reached.iter().any(|known| known == path)).collect();
    assert!(lost.is_empty(), "no link leads to {}", lost.join(", "));
}

/// The targets of the links that stay in the repository.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// The anchors of the headings, as code hosts make them.
fn anchors(page: &str) -> Vec<String> {
    let code: Vec<String> = blocks(page).into_iter().map(|block| block.text).collect();
    let is_heading = |line: &&str| line.starts_with('#') && !code.iter().any(|text| text.lines().any(|l| l == *line));
    let anchor = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    page.lines().filter(is_heading).map(anchor).collect()
}

/// The path without its `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}
