//! `README.md` of this folder, made from the rows, the tests and what waits. The test compares; with DOORWARD_WRITE=1 it writes it.

use std::collections::BTreeMap;
use std::path::Path;

use super::later::LATER;
use super::rows::ROWS;
use crate::sources::sources;

const RENEW: &str = "DOORWARD_WRITE=1 cargo test --locked --test it attacks::page";

/// A test of a row.
struct Test {
    name: String,
    file: String,
    /// What it shows: its comment.
    words: String,
}

/// The row that a test is of: `a1_redirect_uri_...` is of A1.
fn row_of(name: &str) -> Option<String> {
    let (row, _) = name.split_once('_')?;
    let number = row.strip_prefix(|c: char| c.is_ascii_lowercase())?;
    let is_row = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_row.then(|| row.to_uppercase())
}

/// Every test of a row, by row.
fn tests() -> BTreeMap<String, Vec<Test>> {
    let mut tests: BTreeMap<String, Vec<Test>> = BTreeMap::new();
    for (file, source) in sources("tests/it/attacks") {
        let (mut comment, mut is_test) = (Vec::new(), false);
        for line in source.lines().map(str::trim) {
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')).map(|(name, _)| name.trim());
            if let Some(words) = line.strip_prefix("///") {
                comment.push(words.trim().to_owned());
            } else if line.starts_with("#[") {
                is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            } else {
                if let Some(row) = name.filter(|_| is_test).and_then(row_of) {
                    let (name, words) = (name.unwrap_or_default().to_owned(), comment.join(" "));
                    tests.entry(row).or_default().push(Test { name, file: file.clone(), words });
                }
                (comment, is_test) = (Vec::new(), false);
            }
        }
    }
    tests
}

/// What waits of a row, and for what.
fn waiting(row: &str) -> Vec<String> {
    let of = |later: &'static super::later::Later| {
        let rows = later.rows.iter().filter(|(waits, _)| *waits == row);
        rows.map(|(_, what)| format!("{what}: waits for {}", later.feature))
    };
    LATER.iter().flat_map(of).collect()
}

fn page() -> String {
    let mut page = format!(
        "# Attacks\n\nWhat attackers have done to servers like this one, and the test that does it to ours. The rows are those of a list \
         made from advisories; a row whose words begin with *Class* stands in a gap of that list. What a row says stands on SQLite and on \
         PostgreSQL as long as its test passes; races run a few times, and as often as the list says with `DOORWARD_LONG=1`.\n\nThis page \
         is made by `{RENEW}`.\n\n| Row | Attack | Test | What stands |\n| --- | --- | --- | --- |\n"
    );
    let tests = tests();
    for (row, attack) in ROWS {
        for test in tests.get(*row).map(Vec::as_slice).unwrap_or_default() {
            let words = test.words.replace('|', "\\|").replace("Class:", "*Class*:");
            page.push_str(&format!("| {row} | {attack} | [`{}`]({}) | {words} |\n", test.name, test.file));
        }
        for later in waiting(row) {
            page.push_str(&format!("| {row} | {attack} | (later) | {later} |\n"));
        }
    }
    page
}

#[test]
fn the_page_of_the_attacks_is_what_the_tests_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/attacks/README.md");
    let page = page();
    if std::env::var_os("DOORWARD_WRITE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(std::fs::read_to_string(&path).ok() == Some(page), "tests/it/attacks/README.md must be made anew: {RENEW}");
}

#[test]
fn every_row_has_a_test_or_waits_for_a_feature() {
    let tests = tests();
    let missing = ROWS.iter().map(|(row, _)| *row).filter(|row| !tests.contains_key(*row));
    let missing: Vec<&str> = missing.collect();
    let missing: Vec<&str> = missing.into_iter().filter(|row| waiting(row).is_empty()).collect();
    assert!(missing.is_empty(), "no test and no reason in later.rs: {}", missing.join(", "));
    let unknown: Vec<&String> = tests.keys().filter(|row| ROWS.iter().all(|(known, _)| known != row)).collect();
    assert!(unknown.is_empty(), "not in rows.rs: {unknown:?}");
    let silent: Vec<&str> =
        tests.values().flatten().filter(|test| test.words.is_empty()).map(|test| test.name.as_str()).collect();
    assert!(silent.is_empty(), "say in a comment what stands: {}", silent.join(", "));
    for (row, _) in LATER.iter().flat_map(|later| later.rows) {
        assert!(ROWS.iter().any(|(known, _)| known == row), "{row} of later.rs is not in rows.rs");
    }
    // No number of a group is left out.
    for pair in ROWS.windows(2) {
        let (one, next) = (pair[0].0, pair[1].0);
        let number = |row: &str| row[1..].parse::<u32>().unwrap();
        assert!(number(next) == 1 || number(next) == number(one) + 1, "between {one} and {next}");
    }
}
