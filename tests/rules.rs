//! The guard of the rules: every refusal was carried by an answer whose test demanded this very one, in the last run of `tests/it`.
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
