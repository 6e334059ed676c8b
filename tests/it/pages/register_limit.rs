//! How many accounts one network may make, and that asking whether an address is taken costs as much as making one.

use doorward::config::Config;
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Form, PASSWORD, Server, eventually};

/// A server with the limits as they are out of the box.
async fn server() -> Server {
    Server::with(|config| config.limits = Config::load(None, []).unwrap().limits).await
}

/// Asks for an account from an address.
async fn register(server: &Server, from: &str, email: &str) -> Answer {
    let mut browser = server.browser();
    browser.address = from.to_owned();
    let form = browser.visit("/register").await.form("#register-submit");
    browser.submit(&form.with("name", "Ann Lee").with("email", email).with("password", PASSWORD)).await
}

async fn accounts(server: &Server) -> i64 {
    server.database.db_number("SELECT count(*) FROM users").await
}

#[tokio::test]
async fn a_network_makes_ten_accounts_at_once_and_one_in_each_further_six_minutes() {
    let server = server().await;
    for number in 0..10 {
        assert_eq!(register(&server, "203.0.113.7", &format!("{number}@example.org")).await.status, 303);
    }
    let hashes = server.app.hasher.hashes_computed();
    // Memory that has become a second old on a slow machine asks the database by itself: then it is tried again.
    let (mut refused, mut taken) = (None, u64::MAX);
    for _ in 0..20 {
        server.poll().await;
        let before = server.app.storage.connections_taken();
        refused = Some(register(&server, "203.0.113.7", "more@example.org").await);
        taken = server.app.storage.connections_taken() - before;
        if taken == 0 {
            break;
        }
    }
    assert_eq!(taken, 0, "a refusal asks the database nothing");
    let refused = refused.unwrap();
    refused.refused_page(429, Rejection::TooManyRegistrations);
    assert_eq!(refused.error_code().as_deref(), Some("too_many_requests"));
    assert_eq!(refused.header("retry-after"), "360");
    assert_eq!(refused.field("#email", "value").as_deref(), Some("more@example.org"), "nothing is typed again");
    assert_eq!(server.app.hasher.hashes_computed(), hashes);
    assert_eq!(register(&server, "203.0.113.8", "another@example.org").await.status, 303);
    server.turn(360);
    assert_eq!(register(&server, "203.0.113.7", "more@example.org").await.status, 303);
    assert_eq!(accounts(&server).await, 12);
}

#[tokio::test]
async fn asking_whether_an_address_is_taken_counts_as_an_account_and_a_form_with_a_mistake_does_not() {
    let server = server().await;
    server.db_user("ann@example.org").await;
    for _ in 0..20 {
        register(&server, "2001:db8::1", "no address").await.refused_page(400, Rejection::MalformedEmail);
    }
    for _ in 0..10 {
        register(&server, "2001:db8::1", "ann@example.org").await.refused_page(400, Rejection::EmailTaken);
    }
    // Another address of the same /64.
    let (taken, free) =
        (register(&server, "2001:db8::2", "ann@example.org"), register(&server, "2001:db8::2", "bob@example.org"));
    for answer in [taken.await, free.await] {
        answer.refused_page(429, Rejection::TooManyRegistrations);
    }
}

#[tokio::test]
async fn forms_with_a_mistake_are_judged_so_often_and_no_more() {
    let server = server().await;
    for _ in 0..30 {
        register(&server, "203.0.113.7", "no address").await.refused_page(400, Rejection::MalformedEmail);
    }
    let answer = register(&server, "203.0.113.7", "no address").await;
    assert_eq!(answer.refused_page(429, Rejection::TooManyRegistrations).header("retry-after"), "2");
    assert_eq!(register(&server, "203.0.113.8", "ann@example.org").await.status, 303);
}

#[tokio::test]
async fn who_goes_away_before_the_answer_has_made_the_account_all_the_same() {
    let server = server().await;
    let mut browser = server.browser();
    let form: Form = browser.visit("/register").await.form("#register-submit").with("name", "Ann Lee");
    for number in 0..10 {
        let form = form.clone().with("email", &format!("{number}@example.org")).with("password", PASSWORD);
        let mut browser = browser.clone();
        let request = tokio::spawn(async move { browser.submit(&form).await });
        // However far it has come.
        for _ in 0..number {
            tokio::task::yield_now().await;
        }
        request.abort();
        let _ = request.await;
    }
    // What has counted is done: as many accounts as the bucket has given away, whenever the senders went.
    let mut left = 0;
    while register(&server, "203.0.113.7", &format!("last{left}@example.org")).await.status == 303 {
        left += 1;
    }
    eventually("all are made", async || (accounts(&server).await == 10).then_some(())).await;
}
