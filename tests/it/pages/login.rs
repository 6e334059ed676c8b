//! Signing in: what a wrong attempt gets, how many are evaluated, and what a new sign-in does to the browser.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, PASSWORD, Server, filled, login_form};

const ANN: &str = "ann@example.org";

#[tokio::test]
async fn an_incomplete_form_is_pointed_out_and_costs_no_hash() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let before = server.app.hasher.hashes_computed();
    let (mut browser, form) = login_form(&server).await;
    for (email, password, rejection, at_fault) in [
        ("", "", Rejection::MissingEmail, "#email-error"),
        ("", PASSWORD, Rejection::MissingEmail, "#email-error"),
        (ANN, "", Rejection::MissingPassword, "#password-error"),
        (ANN, &"x".repeat(257), Rejection::PasswordTooLong, "#password-error"),
    ] {
        let answer = browser.submit(&filled(&form, email, password)).await;
        answer.refused_page(400, rejection);
        assert_eq!(answer.text_of(at_fault).as_deref(), Some(rejection.description()));
        // Every field that is empty is marked, not the first alone.
        assert_eq!(answer.has("#email-error"), email.is_empty());
        assert_eq!(answer.has("#password-error"), password.is_empty() || at_fault == "#password-error");
        assert!(answer.has("#login-submit"));
        assert_eq!(answer.field("#password", "value"), None);
    }
    browser.submit(&form.without("email").without("password")).await.refused_page(400, Rejection::MissingEmail);
    assert_eq!(server.app.hasher.hashes_computed(), before);
}

#[tokio::test]
async fn every_way_to_be_wrong_gets_the_same_answer_for_the_same_work() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let disabled = server.db_user("off@example.org").await;
    server.db_change_user(&disabled, |account| account.user.disabled_at = Some(account.user.created_at)).await;
    let federated = server.db_user("github@example.org").await;
    server.db_change_user(&federated, |account| account.password_hash = None).await;
    let (browser, form) = login_form(&server).await;
    let mut answers: Vec<(Answer, String, [u64; 2])> = Vec::new();
    for (at, (email, password)) in [
        (ANN, "a wrong password of some length"),
        ("nobody@example.org", PASSWORD),
        ("off@example.org", PASSWORD),
        ("off@example.org", "a wrong password of some length"),
        ("github@example.org", PASSWORD),
        ("no address at all", PASSWORD),
        ("\u{430}nn@example.org", PASSWORD),
        ("ann@example.org,eve@example.org", PASSWORD),
    ]
    .into_iter()
    .enumerate()
    {
        let mut browser = browser.clone();
        browser.address = format!("203.0.113.{at}");
        let work = || [server.app.hasher.hashes_computed(), server.app.storage.connections_taken()];
        let before = work();
        let mut answer = browser.submit(&filled(&form, email, password)).await;
        let [hashes, connections] = work();
        answer.refused_page(400, Rejection::WrongCredentials);
        for of_its_own in ["x-trace-id", "content-length"] {
            answer.headers.remove(of_its_own);
        }
        let text = answer.text_but_for_passkeys().replace(email, "ADDRESS");
        answers.push((answer, text, [hashes - before[0], connections - before[1]]));
    }
    let (first, text, work) = &answers[0];
    assert_eq!(*work, [1, 3]);
    for (answer, other_text, other_work) in &answers {
        assert_eq!((&answer.headers, other_text, other_work[0]), (&first.headers, text, work[0]));
    }
    // What cannot be an address is not looked up: it tells nothing of anybody.
    assert!(answers.iter().take(5).all(|(.., other_work)| other_work == work));
    assert_eq!(server.database.db_number("SELECT count(*) FROM sign_ins").await, 0);
}

#[tokio::test]
async fn five_failures_a_minute_are_evaluated_and_no_more() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut browser, form) = login_form(&server).await;
    let wrong = filled(&form, ANN, "a wrong password of some length");
    let hashes = server.app.hasher.hashes_computed();
    for at in 0..100 {
        let answer = browser.submit(&wrong).await;
        match at < 5 {
            true => drop(answer.refused_page(400, Rejection::WrongCredentials)),
            false => {
                answer.refused_page(429, Rejection::TooManyFailures);
                assert_eq!(answer.header("retry-after"), "60");
            }
        }
    }
    // The minute began with the first attempt.
    for (passes, left) in [(1, "59"), (58, "1")] {
        server.turn(passes);
        let answer = browser.submit(&wrong).await;
        assert_eq!(answer.refused_page(429, Rejection::TooManyFailures).header("retry-after"), left);
    }
    // The right password and other people's wait too; another network does not.
    let right = filled(&form, ANN, PASSWORD);
    browser.submit(&right).await.refused_page(429, Rejection::TooManyFailures);
    let other = filled(&form, "bob@example.org", PASSWORD);
    browser.submit(&other).await.refused_page(429, Rejection::TooManyFailures);
    assert_eq!(server.app.hasher.hashes_computed(), hashes + 5);
    let mut elsewhere = browser.clone();
    elsewhere.address = "203.0.113.8".to_owned();
    assert!(elsewhere.press(&right).await.has("#sign-out"));
    server.turn(1);
    assert!(browser.press(&right).await.has("#sign-out"));
}

#[tokio::test]
async fn a_sign_in_that_succeeds_is_no_failure() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for _ in 0..10 {
        server.browser().sign_in(ANN).await;
    }
    let (mut browser, form) = login_form(&server).await;
    let wrong = filled(&form, ANN, "a wrong password of some length");
    for _ in 0..4 {
        browser.submit(&wrong).await.refused_page(400, Rejection::WrongCredentials);
    }
    // A success in between does not open the door again for who knows one password and guesses another.
    assert!(browser.clone().press(&filled(&form, ANN, PASSWORD)).await.has("#sign-out"));
    browser.submit(&wrong).await.refused_page(400, Rejection::WrongCredentials);
    browser.submit(&wrong).await.refused_page(429, Rejection::TooManyFailures);
}

#[tokio::test]
async fn a_sign_in_ends_after_a_day_without_use_and_after_thirty_days_in_any_case() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut idle = server.browser();
    idle.sign_in(ANN).await;
    let mut used = idle.clone();
    server.turn(86_399);
    assert!(used.visit("/account").await.has("#sign-out"));
    server.turn(86_399);
    assert!(used.visit("/account").await.has("#sign-out"));
    server.turn(86_400);
    assert!(used.visit("/account").await.has("#login-submit"));

    let mut busy = server.browser();
    busy.sign_in(ANN).await;
    for _ in 0..59 {
        server.turn(43_200);
        assert!(busy.visit("/account").await.has("#sign-out"));
    }
    server.turn(43_200);
    assert!(busy.visit("/account").await.has("#login-submit"));
}

#[tokio::test]
async fn a_person_who_is_switched_off_is_signed_out_everywhere_at_once() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    browser.code(&client, ANN, "").await;
    let other = server.another_node().await;
    server.db_change_user(&ann, |account| account.user.disabled_at = Some(account.user.created_at)).await;
    for node in [&server, &other] {
        let mut browser = browser.at(node);
        assert!(browser.visit("/account").await.has("#login-submit"));
        let silent = browser.visit(&client.authorization_url("prompt=none")).await;
        silent.refused_redirect(Rejection::SignInNeeded);
    }
}
