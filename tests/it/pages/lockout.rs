//! What many failed sign-ins lead to, and whom they leave alone: every number of `[limits]`, with a clock that the test turns.

use doorward::config::Config;
use doorward::protocol::audit::Act;
use doorward::protocol::page::Page;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{LockoutView, Refused, Registry};

use crate::support::{Answer, Browser, Form, PASSWORD, Server, parallel};

pub(super) const ANN: &str = "ann@example.org";
pub(super) const BOB: &str = "bob@example.org";
const NOBODY: &str = "nobody@example.org";
const WRONG: &str = "a wrong password of some length";

/// A server with Ann and Bob, and a browser that nobody knows at its sign-in page.
pub(super) struct Door {
    pub server: Server,
    browser: Browser,
    form: Form,
}

impl Door {
    pub async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let server = Server::with(change).await;
        server.db_user(ANN).await;
        server.db_user(BOB).await;
        let mut browser = server.browser();
        let form = browser.visit("/login").await.form("#login-submit");
        Self { server, browser, form }
    }

    /// One attempt of a browser that nobody knows.
    async fn tries(&self, address: &str, email: &str, password: &str) -> Answer {
        let mut browser = self.browser.clone();
        browser.address = address.to_owned();
        browser.submit(&self.form.clone().with("email", email).with("password", password)).await
    }

    /// So many wrong guesses that are evaluated, no more in a minute than that has places.
    pub async fn fails(&self, address: &str, email: &str, times: usize) {
        for at in 0..times {
            if at > 0 && at % 5 == 0 {
                self.server.turn(60);
            }
            self.tries(address, email, WRONG).await.refused_page(400, Rejection::WrongCredentials);
        }
    }

    /// Asserts that no attempt is evaluated, for so many seconds, and that the page says so in these words.
    pub async fn is_closed(&self, address: &str, email: &str, (seconds, words): (u64, &str)) {
        let hashes = self.server.app.hasher.hashes_computed();
        let answer = self.tries(address, email, PASSWORD).await;
        answer.refused_page(429, Rejection::TooManyFailures);
        assert_eq!(answer.error_code().as_deref(), Some("too_many_attempts"));
        assert_eq!(answer.header("retry-after"), seconds.to_string());
        assert_eq!(answer.text_of("#error"), Some(format!("Too many attempts. Try again in {words}.")));
        assert_eq!(self.server.app.hasher.hashes_computed(), hashes);
    }

    pub async fn opens(&self, address: &str, email: &str) {
        assert_eq!(self.tries(address, email, PASSWORD).await.location(), "/account", "{address} {email}");
    }
}

#[tokio::test]
async fn ten_in_a_row_from_one_network_wait_a_quarter_of_an_hour_and_fifteen_an_hour() {
    let door = Door::open().await;
    door.fails("192.0.2.1", ANN, 10).await;
    door.is_closed("192.0.2.1", ANN, (900, "15 minutes")).await;
    door.server.turn(61);
    door.is_closed("192.0.2.1", ANN, (839, "14 minutes")).await;
    // It is this account from this network that waits, nobody else.
    door.opens("192.0.2.1", BOB).await;
    door.fails("192.0.2.2", BOB, 1).await;
    door.server.turn(838);
    door.is_closed("192.0.2.1", ANN, (1, "1 minute")).await;
    door.server.turn(1);
    door.fails("192.0.2.1", ANN, 5).await;
    door.is_closed("192.0.2.1", ANN, (3600, "1 hour")).await;
    door.server.turn(3600);
    door.fails("192.0.2.1", ANN, 5).await;
    door.is_closed("192.0.2.1", ANN, (3600, "1 hour")).await;
    door.server.turn(3600);
    door.opens("192.0.2.1", ANN).await;
}

#[tokio::test]
async fn a_right_password_ends_the_row() {
    let door = Door::open().await;
    for _ in 0..3 {
        door.fails("192.0.2.1", ANN, 9).await;
        door.server.turn(60);
        door.opens("192.0.2.1", ANN).await;
    }
    // But one's own password ends nobody else's row, nor the minute of the network.
    door.server.turn(60);
    for _ in 0..2 {
        for _ in 0..4 {
            door.fails("192.0.2.1", ANN, 1).await;
            door.opens("192.0.2.1", BOB).await;
        }
        door.fails("192.0.2.1", ANN, 1).await;
        door.is_closed("192.0.2.1", BOB, (60, "1 minute")).await;
        door.server.turn(60);
    }
    door.is_closed("192.0.2.1", ANN, (840, "14 minutes")).await;
}

#[tokio::test]
async fn from_all_networks_together_fifty_slow_strangers_down_and_a_hundred_close_the_account() {
    let door = Door::open().await;
    for at in 0..10 {
        door.fails(&format!("192.0.2.{at}"), ANN, 5).await;
        door.server.turn(60);
    }
    let mut pause = 900;
    door.is_closed("198.51.100.1", ANN, (840, "14 minutes")).await;
    door.server.turn(840);
    for in_row in 51..100 {
        let network = format!("198.51.100.{in_row}");
        door.fails(&network, ANN, 1).await;
        pause = (pause * 2).min(86_400);
        let hours = (pause / 3600).to_string();
        let words = match pause {
            1800 => "30 minutes".to_owned(),
            3600 => "1 hour".to_owned(),
            _ => format!("{hours} hours"),
        };
        door.is_closed("203.0.113.1", ANN, (pause, &words)).await;
        door.opens("203.0.113.1", BOB).await;
        door.server.turn(i64::try_from(pause).unwrap());
    }
    door.fails("198.51.100.100", ANN, 1).await;
    door.server.turn(300 * 86_400);
    let hashes = door.server.app.hasher.hashes_computed();
    let answer = door.tries("203.0.113.1", ANN, PASSWORD).await;
    answer.refused_page(429, Rejection::ClosedToStrangers);
    assert_eq!((answer.error_code().as_deref(), answer.header("retry-after")), (Some("too_many_attempts"), "86400"));
    assert_eq!(door.server.app.hasher.hashes_computed(), hashes);
    // No memory of one process: a new one on the same database says the same.
    let restarted = door.server.another_node().await;
    let mut browser = door.browser.at(&restarted);
    let form = door.form.clone().with("email", ANN).with("password", PASSWORD);
    browser.submit(&form).await.refused_page(429, Rejection::ClosedToStrangers);
}

#[tokio::test]
async fn names_that_do_not_exist_count_alike() {
    let door = Door::with(|config| (config.limits.slow_after, config.limits.close_after) = (12, 14)).await;
    let mut seen = Vec::new();
    for name in [ANN, NOBODY] {
        let mut answers = Vec::new();
        for at in 0..40 {
            let before = (door.server.app.hasher.hashes_computed(), door.server.app.storage.statements_run());
            let answer = door.tries("192.0.2.1", name, WRONG).await;
            answers.push((
                answer.status,
                answer.text_of("#error"),
                answer.headers.get("retry-after").cloned(),
                door.server.app.hasher.hashes_computed() - before.0,
                door.server.app.storage.statements_run() - before.1,
            ));
            door.server.turn(if at % 4 == 3 { 900 } else { 12 });
        }
        seen.push(answers);
        door.server.turn(7200);
    }
    assert_eq!(seen[0], seen[1]);
    let last = seen[0].last().unwrap().1.as_deref();
    assert_eq!(last, Some(Rejection::ClosedToStrangers.description()));
    let everything = String::from_utf8_lossy(&door.server.database.db_everything().await).into_owned();
    assert!(!everything.contains(NOBODY), "what was typed stands in the database");
}

#[tokio::test]
async fn a_refusal_writes_nothing_and_hashes_nothing() {
    let door = Door::open().await;
    door.fails("192.0.2.1", ANN, 5).await;
    let (storage, hasher) = (&door.server.app.storage, &door.server.app.hasher);
    // Nobody can write now: on SQLite there is one writer, and it is taken.
    let held = storage.begin().await.unwrap();
    let work = || [hasher.hashes_computed(), storage.connections_taken(), storage.statements_run()];
    let [hashes, connections, statements] = work();
    for at in 0..200 {
        let name = if at % 2 == 0 { ANN } else { NOBODY };
        door.tries("192.0.2.1", name, WRONG).await.refused_page(429, Rejection::TooManyFailures);
    }
    // A reader each, for the account and the counters.
    assert_eq!(work(), [hashes, connections + 200, statements + 400]);
    drop(held);
}

#[tokio::test]
async fn a_walk_through_an_ipv6_network_comes_to_twenty_a_minute() {
    let door = Door::open().await;
    let hashes = door.server.app.hasher.hashes_computed();
    for at in 0..300 {
        let email = format!("person-{at}@example.org");
        let answer = door.tries(&format!("2001:db8:1:{at:x}::1"), &email, WRONG).await;
        let expected = if at < 20 { (400, Rejection::WrongCredentials) } else { (429, Rejection::TooManyFailures) };
        answer.refused_page(expected.0, expected.1);
    }
    assert_eq!(door.server.app.hasher.hashes_computed(), hashes + 20);
    door.opens("2001:db8:2::1", ANN).await;
}

#[tokio::test]
async fn two_hundred_guesses_at_once_from_as_many_networks_on_two_nodes_are_evaluated_fifty_times() {
    let door = Door::with(|config| config.limits.many_networks = 1000).await;
    let other = door.server.another_node_with(|config| config.limits.many_networks = 1000).await;
    let wrong = door.form.clone().with("email", ANN).with("password", WRONG);
    let hashes = || door.server.app.hasher.hashes_computed() + other.app.hasher.hashes_computed();
    let before = hashes();
    let answers = parallel(200, |at| {
        let mut browser = door.browser.at(if at % 2 == 0 { &door.server } else { &other });
        browser.address = format!("192.0.2.{at}");
        let wrong = wrong.clone();
        async move { browser.submit(&wrong).await }
    })
    .await;
    assert_eq!(hashes() - before, 50);
    assert_eq!(answers.iter().filter(|answer| answer.status == 400).count(), 50);
    assert!(answers.iter().all(|answer| [400, 429].contains(&answer.status.as_u16())));
    let rows = "SELECT in_row FROM attempt_counters WHERE id LIKE 'a %'";
    assert_eq!(door.server.database.db_number(rows).await, 50);
}

#[tokio::test]
async fn a_network_that_tries_many_accounts_is_slowed_down_for_an_hour() {
    let door = Door::open().await;
    for at in 0..20 {
        door.fails("192.0.2.1", &format!("person-{at}@example.org"), 1).await;
        door.server.turn(60);
    }
    let recorded = "SELECT COUNT(*) FROM audit WHERE event = 'sign_in.sprayed' AND subject = 'network:192.0.2.1'";
    assert_eq!(door.server.database.db_number(recorded).await, 1);
    for _ in 0..10 {
        door.fails("192.0.2.1", BOB, 1).await;
        door.is_closed("192.0.2.1", ANN, (60, "1 minute")).await;
        // Elsewhere and in a right attempt nobody notices.
        door.opens("192.0.2.2", ANN).await;
        door.server.turn(60);
        door.opens("192.0.2.1", ANN).await;
    }
    door.server.turn(3600);
    door.fails("192.0.2.1", ANN, 5).await;
}

#[tokio::test]
async fn an_account_that_is_tried_from_many_networks_is_slowed_down_for_strangers() {
    let door = Door::open().await;
    for at in 0..20 {
        door.fails(&format!("192.0.2.{at}"), ANN, 1).await;
    }
    let recorded = "SELECT COUNT(*) FROM audit WHERE event = 'sign_in.sprayed' AND subject LIKE 'user:%'";
    assert_eq!(door.server.database.db_number(recorded).await, 1);
    door.is_closed("198.51.100.1", ANN, (900, "15 minutes")).await;
    door.server.turn(900);
    door.opens("198.51.100.1", ANN).await;
    door.fails("198.51.100.1", ANN, 1).await;
    door.is_closed("198.51.100.1", ANN, (900, "15 minutes")).await;
    door.server.turn(3600);
    door.fails("198.51.100.1", ANN, 2).await;
}

#[tokio::test]
async fn a_trusted_network_has_no_limit_but_that_of_each_account() {
    let door = Door::with(|config| config.limits.trusted_networks = vec!["192.0.2.0/24".parse().unwrap()]).await;
    for at in 0..30 {
        door.fails("192.0.2.1", &format!("person-{at}@example.org"), 1).await;
    }
    door.fails("192.0.2.1", ANN, 5).await;
    door.is_closed("192.0.2.1", ANN, (60, "1 minute")).await;
    door.opens("192.0.2.1", BOB).await;
}

#[tokio::test]
async fn counters_go_a_day_for_each_failure_after_the_last_and_a_closed_account_stays_closed() {
    let door = Door::with(|config| (config.limits.slow_after, config.limits.close_after) = (3, 4)).await;
    let counters = async |which: &str| {
        door.server.app.storage.clean(86_400, door.server.clock.now()).await.unwrap();
        let sql = format!("SELECT COUNT(*) FROM attempt_counters WHERE id LIKE '{which}%'");
        door.server.database.db_number(&sql).await
    };
    door.fails("192.0.2.1", NOBODY, 2).await;
    door.fails("192.0.2.2", ANN, 3).await;
    door.server.turn(900);
    door.fails("192.0.2.2", ANN, 1).await;
    assert_eq!((counters("n ").await, counters("a ").await, counters("p ").await), (2, 2, 2));
    door.server.turn(7201);
    assert_eq!((counters("n ").await, counters("a ").await, counters("p ").await), (0, 2, 2));
    door.server.turn(2 * 86_400);
    assert_eq!((counters("a ").await, counters("p ").await), (1, 1));
    door.server.turn(390 * 86_400);
    assert_eq!((counters("a ").await, counters("p ").await), (1, 0));
    door.tries("192.0.2.9", ANN, PASSWORD).await.refused_page(429, Rejection::ClosedToStrangers);
    door.server.turn(20 * 86_400);
    assert_eq!(counters("").await, 0);
}

async fn lockouts(door: &Door, registry: &Registry) -> Vec<LockoutView> {
    let now = door.server.clock.now();
    let mut all = registry.lockouts(Page::after(None), now).await.unwrap().items;
    all.extend(registry.lockouts_beside(now).await.unwrap());
    all
}

#[tokio::test]
async fn an_operator_sees_who_is_refused_and_opens_an_account_at_once_on_every_node() {
    let door = Door::with(|config| (config.limits.slow_after, config.limits.close_after) = (12, 13)).await;
    let other = door.server.another_node().await;
    let registry = door.server.registry();
    assert!(lockouts(&door, &registry).await.is_empty());
    for name in [ANN, NOBODY] {
        door.fails("192.0.2.1", name, 10).await;
        door.server.turn(60);
    }
    door.fails("192.0.2.2", ANN, 2).await;
    door.server.turn(900);
    door.fails("192.0.2.3", ANN, 1).await;
    door.fails("192.0.2.3", NOBODY, 2).await;
    let seen = lockouts(&door, &registry).await;
    let ann = door.server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user.id;
    let kinds: Vec<_> = seen.iter().map(|view| (view.refused, view.failures, view.count)).collect();
    assert_eq!(kinds, [(Refused::Strangers, Some(13), 1), (Refused::UnknownNames, None, 1)]);
    assert_eq!((seen[0].user_id.as_deref(), seen[0].email.as_deref()), (Some(ann.as_str()), Some(ANN)));
    assert_eq!((&seen[0].until, &seen[1].user_id, &seen[1].email), (&None, &None, &None));
    let mut browser = door.browser.at(&other);
    browser.address = "198.51.100.1".to_owned();
    let right = door.form.clone().with("email", ANN).with("password", PASSWORD);
    browser.submit(&right).await.refused_page(429, Rejection::ClosedToStrangers);

    let act = Act::of_operator(door.server.clock.now());
    let unlocked = registry.unlock_user(ANN, &act).await.unwrap();
    assert_eq!((unlocked.view.as_str(), unlocked.event.name.as_str()), (ann.as_str(), "user.unlocked"));
    assert_eq!(lockouts(&door, &registry).await.len(), 1);
    // A guess counts from the beginning, and the person is told of what was.
    door.fails("192.0.2.1", ANN, 1).await;
    assert_eq!(browser.submit(&right).await.location(), "/account");
    let account = browser.visit("/account").await;
    let notice = account.text_of("#attempts-notice").unwrap();
    assert!(
        notice.starts_with("Somebody failed 13 times in a row to sign in as you, the last time just now."),
        "{notice}"
    );
    door.server.turn(30 * 86_400);
    browser.cookies.remove("doorward_sign_in");
    browser.submit(&right).await;
    assert!(!browser.visit("/account").await.has("#attempts-notice"));
    assert!(registry.unlock_user("nobody@example.org", &act).await.is_err());
}

#[tokio::test]
async fn a_deleted_account_leaves_no_counters() {
    let door = Door::open().await;
    door.fails("192.0.2.1", ANN, 3).await;
    let registry = door.server.registry();
    registry.delete_user(ANN, &Act::of_operator(door.server.clock.now())).await.unwrap();
    let left = "SELECT COUNT(*) FROM attempt_counters WHERE account IS NOT NULL";
    assert_eq!(door.server.database.db_number(left).await, 0);
}
