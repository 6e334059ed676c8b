//! The limit of failed sign-ins counts failures: attempts under way hold a place each, and who finds none waits for them.

use doorward::protocol::rejection::Rejection;
use doorward::storage::{Asked, Place};

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

/// A place as another node takes it for an attempt that is under way there.
async fn take(server: &Server) -> Place {
    let mut transaction = server.app.storage.begin().await.unwrap();
    let asked = transaction.take_place("203.0.113.7", 5, server.clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
    match asked {
        Asked::Taken(place) => place,
        Asked::Full { failures, .. } => panic!("all are taken, {failures} by failures"),
    }
}

async fn settle(server: &Server, place: &Place, failed: bool) {
    let mut transaction = server.app.storage.begin().await.unwrap();
    if failed {
        transaction.count_failure(place).await.unwrap();
    } else {
        transaction.give_place_back(place).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Places taken, failures.
async fn places(server: &Server) -> (i64, i64) {
    let number = server.database.db_number("SELECT 1000 * count + failed FROM sign_in_failures").await;
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
    let asked = async || (server.app.storage.connections_taken() > before + 1).then_some(());
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
        let taken = "SELECT count(*) FROM sign_in_failures WHERE count > failed";
        let is_under_way = async || {
            let done = server.app.hasher.hashes_computed() > before;
            (done || server.database.db_number(taken).await > 0).then_some(())
        };
        eventually("it has a place", is_under_way).await;
        request.abort();
        eventually("the place is settled", async || (places(&server).await == left).then_some(())).await;
    }
}
