//! Random histories of two people and three applications against a small reference model: authorizing, redeeming, refreshing, lost answers,
//! replays, revocation, sign-out, withdrawal, coming through a provider, whose word may count as a class of ours, and what ends and changes there, passwords and addresses that change by
//! mail and on the account page, accounts whose address goes to its owner or that are left, roles that come, go and guard scopes, of people and of a
//! service, second factors that are set up, shown, replaced and taken away, recovery codes that are made anew, passkeys of devices for which makers vouch, and of others, that are added, shown, asked for and taken away, security keys that are added, shown beside a password or wrongly, waited for and taken away, devices on which a code is lent, context classes that a role, an application or a request demands, API keys of both and what they are traded for, secrets that an API shares with us, switching off and on, and clock steps from
//! seconds to weeks, in any order. Every answer is compared, and after each step whether tokens and keys hold. What differs is shown as the shortest
//! history that shows it.
//!
//! No token is of a class above the proofs that were given: every one is held against those.
//!
//! `reference.rs` says what must happen, written from the design and not from the code; `history.rs` makes it happen on the server.
//! Histories follow one another on one server, each with people and applications of its own.

mod history;
mod lockout;
mod operation;
mod reference;

use std::sync::atomic::{AtomicUsize, Ordering};

use doorward::protocol::on_reuse::OnReuse;
use proptest::test_runner::{Config, TestError, TestRunner};

use history::{History, Place};
use operation::operations;

#[test]
fn server_and_model_agree_when_a_reuse_ends_everything_of_the_person() {
    compare(OnReuse::User);
}

#[test]
fn server_and_model_agree_when_a_reuse_ends_the_grant() {
    compare(OnReuse::Grant);
}

/// What comes dozens of times in half a short round: where one of these never does, others are not tried either.
const REACHED: &[&str] = &[
    "add a passkey Done",
    "add a security key Done",
    "met a security key Ok(())",
    "met a sign-in by a passkey",
    "an id_token of class Some(\"https://refeds.org/profile/mfa\") by a security key",
    "an id_token of class Some(\"phr\")",
    "an id_token of class Some(\"phrh\")",
];
/// What comes dozens of times in half a long one.
const REACHED_IN_LONG: &[&str] = &[
    "add a passkey Asked",
    "add a passkey Nobody",
    "add a security key Asked",
    "add a security key Nobody",
    "a security key alone WrongPasskey",
    "a security key for which a password has waited Some(Anew)",
    "a security key for which a password has waited Some(In)",
    "authorize WrongPasskey",
    "bring a security key Asked",
    "bring a security key Done",
    "bring a security key Stale",
    "met a new passkey Added { codes: false }",
    "met a new passkey Added { codes: true }",
    "met a new passkey that hardware must keep Added { codes: false }",
    "met a new passkey that hardware must keep Added { codes: true }",
    "met a new passkey that hardware must keep Refused { is_kept: false }",
    "met a new passkey that hardware must keep Refused { is_kept: true }",
    "met a passkey where hardware must keep it Ok(())",
    "met Both there",
    "met Hardware there",
    "met Passkey there",
    "met Password there",
    "met a passkey Ok(())",
    "met a passkey as a security key Err(WrongSecurityKey)",
    "met a recovery code Ok(())",
    "met a security key of somebody else Err(WrongSecurityKey)",
    "met a security key that was removed Err(WrongSecurityKey)",
    "met an answer of a security key again Err(StalePasskeyRequest)",
    "met another password where only a word was given",
    "new codes Asked",
    "new codes Done",
    "new codes Nobody",
    "new codes Nothing",
    "remove a passkey Asked",
    "remove a passkey Done",
    "remove a passkey LastFactor",
    "remove a passkey LastFactor beside others",
    "remove a passkey LastWayIn",
    "remove a security key Asked",
    "remove a security key Done",
    "remove a security key LastFactor",
];

/// Half of the steps: 2,000 in all, 100,000 in the long round.
fn compare(on_reuse: OnReuse) {
    let enough = crate::support::rounds(1000, 50_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let place = runtime.block_on(Place::open(on_reuse));
    let steps = AtomicUsize::new(0);
    let config = Config { cases: 10, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    while steps.load(Ordering::SeqCst) < enough {
        // A runner is good for one run.
        let ran = TestRunner::new(config.clone()).run(&operations(), |operations| {
            runtime.block_on(async {
                let mut history = History::begin(&place).await;
                for operation in &operations {
                    steps.fetch_add(1, Ordering::SeqCst);
                    history.step(operation).await?;
                }
                history.end().await
            })
        });
        match ran {
            Ok(()) if crate::support::is_long() => {
                eprintln!("model, on_reuse {on_reuse:?}: {} steps so far", steps.load(Ordering::SeqCst));
            }
            Ok(()) => {}
            Err(TestError::Fail(why, history)) => {
                panic!("{why}\nafter this history, on_reuse {on_reuse:?}: {history:#?}")
            }
            Err(aborted) => panic!("{aborted}"),
        }
    }
    let tried = place.tried();
    let further = if crate::support::is_long() { REACHED_IN_LONG } else { &[] };
    for what in REACHED.iter().chain(further) {
        assert!(tried.contains_key(*what), "{what} never came: {tried:?}");
    }
    eprintln!("model, on_reuse {on_reuse:?}: {} steps, none diverging; answers: {tried:?}", steps.into_inner());
}
