//! The limit of failed sign-ins counts failures: attempts under way hold a place each, and who finds none waits for them.

use doorward::protocol::attempts::{Counter, Subject};
use doorward::protocol::network::ClientNetwork;
use doorward::protocol::rejection::Rejection;
use doorward::storage::Place;

use crate::support::{Answer, Browser, Form, PASSWORD, Server, eventually, parallel};

const ANN: &str = "ann@example.org";
const WRONG: &str = "a wrong password of some length";

/// A server with Ann, a browser at the sign-in page, and its form, filled in with a password.
async fn at_the_form() -> (Server, Browser, impl Fn(&str) -> Form) {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let form = browser.visit("/login").await.form("#login-submit").with("email", ANN);
    (server, browser, move |password: &str| form.clone().with("password", password))
}

/// Places as another node takes them for an attempt on Ann's account that is under way there.
async fn take(server: &Server) -> Vec<Place> {
    let mut transaction = server.app.storage.begin().await.unwrap();
    let ann = transaction.user_by_email(ANN).await.unwrap().unwrap().user.id;
    let (limits, now) = (server.app.config.limits.attempts(), server.clock.now());
    let subjects = Subject::of_stranger(&ann, ClientNetwork::of("203.0.113.7".parse().ok()), false);
    let asked = |subject| Place::asked(subject, &limits, &Counter::default(), now);
    let mut places: Vec<Place> = subjects.into_iter().map(asked).collect();
    assert!(transaction.take_places(&mut places, now).await.unwrap(), "all are taken");
    transaction.commit().await.unwrap();
    places
}

async fn settle(server: &Server, places: &[Place], failed: bool) {
    let mut transaction = server.app.storage.begin().await.unwrap();
    if failed {
        transaction.count_failures(places, server.clock.now()).await.unwrap();
    } else {
        transaction.give_places_back(places).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Places taken, failures: of the network.
async fn places(server: &Server) -> (i64, i64) {
    let number = "SELECT 1000 * taken + failed FROM attempt_counters WHERE id LIKE 'n %'";
    let number = server.database.db_number(number).await;
    (number / 1000, number % 1000)
}

#[tokio::test]
async fn twelve_right_passwords_at_once_from_one_office_all_pass() {
    let (server, browser, with) = at_the_form().await;
    let other = server.another_node().await;
    let right = with(PASSWORD);
    let answers = parallel(12, |at| {
        let mut browser = browser.at(if at % 3 == 0 { &other } else { &server });
        let right = right.clone();
        async move { browser.submit(&right).await }
    })
    .await;
    assert_eq!(answers.iter().map(Answer::location).collect::<Vec<_>>(), ["/account"; 12]);
    assert_eq!(places(&server).await, (0, 0));
}

#[tokio::test]
async fn who_finds_all_places_taken_by_attempts_under_way_waits_for_them() {
    let (server, browser, with) = at_the_form().await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(take(&server).await);
    }
    let begin = |password: &str| {
        let (mut browser, form) = (browser.clone(), with(password));
        tokio::spawn(async move { browser.submit(&form).await })
    };
    let before = server.app.storage.connections_taken();
    let waiting = begin(PASSWORD);
    let asked = async || (server.app.storage.connections_taken() > before + 4).then_some(());
    eventually("it has asked twice", asked).await;
    assert!(!waiting.is_finished());
    settle(&server, &held.pop().unwrap(), false).await;
    assert_eq!(waiting.await.unwrap().location(), "/account");
    // Beside four that are under way one wrong password fits, and the next waits until it is known that they failed.
    begin(WRONG).await.unwrap().refused_page(400, Rejection::WrongCredentials);
    let waiting = begin(WRONG);
    for place in &held {
        settle(&server, place, true).await;
    }
    waiting.await.unwrap().refused_page(429, Rejection::TooManyFailures);
    assert_eq!(places(&server).await, (5, 5));
}

/// On SQLite there is one writer, and it is taken: whoever waits for a place goes on asking all the same.
#[tokio::test]
async fn who_waits_for_a_place_reads_and_does_not_write() {
    let (server, browser, with) = at_the_form().await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(take(&server).await);
    }
    let writer = server.app.storage.begin().await.unwrap();
    let before = server.app.storage.connections_taken();
    let (mut browser, form) = (browser.clone(), with(PASSWORD));
    let waiting = tokio::spawn(async move { browser.submit(&form).await });
    let asked = async || (server.app.storage.connections_taken() > before + 6).then_some(());
    eventually("it has asked again and again", asked).await;
    assert!(!waiting.is_finished());
    drop(writer);
    settle(&server, &held.pop().unwrap(), false).await;
    assert_eq!(waiting.await.unwrap().location(), "/account");
}

#[tokio::test]
async fn a_place_of_the_minute_before_changes_nothing_in_the_next() {
    let (server, ..) = at_the_form().await;
    let (old, other) = (take(&server).await, take(&server).await);
    server.turn(60);
    take(&server).await;
    settle(&server, &old, false).await;
    settle(&server, &other, true).await;
    assert_eq!(places(&server).await, (1, 0));
}

#[tokio::test]
async fn an_attempt_whose_browser_has_gone_is_settled_all_the_same() {
    let (server, browser, with) = at_the_form().await;
    for (password, left) in [(PASSWORD, (0, 0)), (WRONG, (1, 1))] {
        let before = server.app.hasher.hashes_computed();
        let (mut browser, form) = (browser.clone(), with(password));
        let request = tokio::spawn(async move { browser.submit(&form).await });
        let taken = "SELECT count(*) FROM attempt_counters WHERE taken > failed";
        let is_under_way = async || {
            let done = server.app.hasher.hashes_computed() > before;
            (done || server.database.db_number(taken).await > 0).then_some(())
        };
        eventually("it has a place", is_under_way).await;
        request.abort();
        eventually("the place is settled", async || (places(&server).await == left).then_some(())).await;
    }
}
