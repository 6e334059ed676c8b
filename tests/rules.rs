//! The guard of the rules: every refusal was carried by an answer whose test demanded this very one, in the last run of `tests/it`.
//!
//! And of the secrets: none that went over the wire in that run stood in a log line or in a database (`tests/it/support/canaries.rs`).
//!
//! It stands in a program of its own because it must come after all others: Cargo runs the programs of tests by name, and this one only
//! when `it` has passed. A part of `it` leaves rules unseen, and then this guard says so; a filter leaves the guard out as well.

use std::path::Path;

use doorward::protocol::rejection::Rejection;

#[test]
fn every_rejection_was_demanded_of_an_answer_and_given() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rejections");
    let unseen: Vec<&str> =
        Rejection::ALL.iter().map(|rejection| rejection.reason()).filter(|name| !folder.join(name).exists()).collect();
    assert!(
        unseen.is_empty(),
        "no test of the last `cargo test --test it` (was it a whole run?) got an answer with: {}",
        unseen.join(", ")
    );
}

#[test]
fn no_secret_of_the_run_stood_in_a_log_or_in_a_database() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("canaries");
    let files = std::fs::read_dir(&folder).expect("`cargo test --test it` has run before");
    let findings: Vec<String> =
        files.filter_map(Result::ok).filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}
