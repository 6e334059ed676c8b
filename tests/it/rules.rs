//! The quick guard of the rules: every refusal is named by a test of `tests/it`, and every parameter can be named by a refusal.
//!
//! It reads text, and a name proves nothing: `tests/rules.rs` demands, after a whole run, that an answer carried each.

use doorward::protocol::params::KNOWN;
use doorward::protocol::rejection::Rejection;

use crate::sources::sources;

#[test]
fn every_rejection_is_named_by_a_test() {
    let tests: String = sources("tests/it")
        .into_iter()
        .filter(|(path, _)| path != "rules.rs" && !path.starts_with("support/"))
        .flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let missing: Vec<&str> =
        Rejection::ALL.iter().map(|rejection| rejection.reason()).filter(|name| !names(&tests, name)).collect();
    assert!(missing.is_empty(), "no test of tests/it names these as Rejection::...: {}", missing.join(", "));
}

#[test]
fn a_longer_name_does_not_stand_in_for_a_shorter_one() {
    assert!(names("refused(400, Rejection::UnknownClient)", "UnknownClient"));
    assert!(!names("refused(400, Rejection::UnknownClientOfMine)", "UnknownClient"));
    assert!(!names("UnknownClient", "UnknownClient"));
}

#[test]
fn every_parameter_that_is_read_can_be_named_in_a_refusal() {
    let unknown: Vec<String> = sources("src")
        .iter()
        .flat_map(|(_, text)| text.split("\nmod tests {").next().unwrap().split(".single(\"").skip(1))
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .filter(|name| name.len() > 1 && !KNOWN.contains(&name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "add to KNOWN in protocol/params.rs: {}", unknown.join(", "));
}

fn names(text: &str, name: &str) -> bool {
    let wanted = format!("Rejection::{name}");
    text.match_indices(&wanted).any(|(at, _)| !text[at + wanted.len()..].starts_with(|c: char| c.is_alphanumeric()))
}
