//! Signing in: what a wrong attempt gets, how many are evaluated, and what a new sign-in does to the browser.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::password::Waiter;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Browser, Form, PASSWORD, Server, parallel};

const ANN: &str = "ann@example.org";

/// The sign-in form of a new browser.
async fn login_form(server: &Server) -> (Browser, Form) {
    let mut browser = server.browser();
    let form = browser.visit("/login").await.form("#login-submit");
    (browser, form)
}

/// The same form filled in.
fn filled(form: &Form, email: &str, password: &str) -> Form {
    form.clone().with("email", email).with("password", password)
}

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
        let text = answer.text().replace(email, "ADDRESS");
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
async fn an_address_is_known_in_every_case_and_with_blanks_around_it() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for typed in ["ANN@EXAMPLE.ORG", " ann@example.org ", "Ann@Example.org\n"] {
        let (mut browser, form) = login_form(&server).await;
        assert!(browser.press(&filled(&form, typed, PASSWORD)).await.has("#sign-out"), "{typed}");
    }
}

#[tokio::test]
async fn all_of_a_long_password_counts() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let long = "0123456789 ü".repeat(30).chars().take(256).collect::<String>();
    let hash = server.app.hasher.hash(&long, Waiter::operator()).await.unwrap();
    server.db_change_user(&ann, |account| account.password_hash = Some(hash)).await;
    let (mut browser, form) = login_form(&server).await;
    let last_changed = long.chars().take(255).chain(['x']).collect::<String>();
    browser.submit(&filled(&form, ANN, &last_changed)).await.refused_page(400, Rejection::WrongCredentials);
    let cut: String = long.chars().take(72).collect();
    browser.submit(&filled(&form, ANN, &cut)).await.refused_page(400, Rejection::WrongCredentials);

    let hashes = server.app.hasher.hashes_computed();
    let huge = filled(&form, ANN, &"x".repeat(1 << 20));
    browser.submit(&huge).await.refused_page(413, Rejection::BodyTooLarge);
    let with_nul = filled(&form, ANN, &format!("{long}\0"));
    browser.submit(&with_nul).await.refused_page(400, Rejection::MalformedParameters);
    assert_eq!(server.app.hasher.hashes_computed(), hashes);
    assert!(browser.press(&filled(&form, ANN, &long)).await.has("#sign-out"));
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
async fn two_hundred_guesses_at_once_on_two_nodes_are_evaluated_five_times() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let other = server.another_node().await;
    let (browser, form) = login_form(&server).await;
    let wrong = filled(&form, ANN, "a wrong password of some length");
    let before = server.app.hasher.hashes_computed() + other.app.hasher.hashes_computed();
    let answers = parallel(200, |at| {
        let mut browser = browser.at(if at % 2 == 0 { &server } else { &other });
        let wrong = wrong.clone();
        async move { browser.submit(&wrong).await }
    })
    .await;
    let after = server.app.hasher.hashes_computed() + other.app.hasher.hashes_computed();
    assert_eq!(after - before, 5);
    let (evaluated, turned_away): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 400);
    assert_eq!(evaluated.len(), 5);
    for answer in evaluated {
        answer.refused_page(400, Rejection::WrongCredentials);
    }
    for answer in turned_away {
        answer.refused_page(429, Rejection::TooManyFailures);
    }
}

#[tokio::test]
async fn forwarded_headers_of_strangers_open_no_door() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut browser, form) = login_form(&server).await;
    let wrong = filled(&form, ANN, "a wrong password of some length");
    let names = ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip"];
    for at in 0..12 {
        let mut request = Request::post("/login").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for name in names {
            let value = if name == "forwarded" { format!("for=198.51.100.{at}") } else { format!("198.51.100.{at}") };
            request = request.header(name, "10.0.0.1").header(name, &value);
        }
        let answer = browser.send(request.body(Body::from(wrong.body())).unwrap()).await;
        let (status, rejection) =
            if at < 5 { (400, Rejection::WrongCredentials) } else { (429, Rejection::TooManyFailures) };
        answer.refused_page(status, rejection);
    }
    assert_eq!(server.database.db_number("SELECT count(*) FROM attempt_counters WHERE id LIKE 'n %'").await, 1);
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_address_that_it_names_is_counted() {
    let server = Server::with(|config| config.server.trusted_proxies = vec!["203.0.113.7".parse().unwrap()]).await;
    server.db_user(ANN).await;
    let (mut browser, form) = login_form(&server).await;
    let wrong = filled(&form, ANN, "a wrong password of some length");
    let mut guess = async |forwarded: &str| {
        let request = Request::post("/login").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header("x-forwarded-for", forwarded).body(Body::from(wrong.body())).unwrap();
        browser.send(request).await
    };
    for at in 0..5 {
        // What stands before the last entry is the client's own word.
        guess(&format!("192.0.2.{at}, 198.51.100.1")).await.refused_page(400, Rejection::WrongCredentials);
    }
    guess("192.0.2.9, 198.51.100.1").await.refused_page(429, Rejection::TooManyFailures);
    guess("198.51.100.2").await.refused_page(400, Rejection::WrongCredentials);
}

#[tokio::test]
async fn an_ipv6_network_counts_as_one_address() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut browser, form) = login_form(&server).await;
    let wrong = filled(&form, ANN, "a wrong password of some length");
    for at in 0..5 {
        browser.address = format!("2001:db8:1:2::{at}");
        browser.submit(&wrong).await.refused_page(400, Rejection::WrongCredentials);
    }
    browser.address = "2001:db8:1:2:ffff::1".to_owned();
    browser.submit(&wrong).await.refused_page(429, Rejection::TooManyFailures);
    browser.address = "2001:db8:1:3::1".to_owned();
    browser.submit(&wrong).await.refused_page(400, Rejection::WrongCredentials);
}

#[tokio::test]
async fn a_cookie_that_was_there_before_signing_in_is_worth_nothing_after() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut browser, form) = login_form(&server).await;
    browser.cookies.insert("doorward_sign_in".to_owned(), "planted-by-an-attacker".to_owned());
    assert!(browser.press(&filled(&form, ANN, PASSWORD)).await.has("#sign-out"));
    assert_ne!(browser.cookies["doorward_sign_in"], "planted-by-an-attacker");
    let mut attacker = browser.clone();
    attacker.cookies.insert("doorward_sign_in".to_owned(), "planted-by-an-attacker".to_owned());
    assert!(attacker.visit("/account").await.has("#login-submit"));

    // Nor is the cookie of the attacker's own sign-in taken over.
    server.db_user("eve@example.org").await;
    let mut eve = server.browser();
    eve.sign_in("eve@example.org").await;
    let planted = eve.cookies["doorward_sign_in"].clone();
    let (mut victim, form) = login_form(&server).await;
    victim.cookies.insert("doorward_sign_in".to_owned(), planted.clone());
    victim.press(&filled(&form, ANN, PASSWORD)).await;
    assert_ne!(victim.cookies["doorward_sign_in"], planted);
    assert!(eve.visit("/account").await.has("#login-submit"), "the planted sign-in has ended");
}

#[tokio::test]
async fn fields_and_parameters_that_no_form_of_ours_has_change_nothing() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let eve = server.db_user("eve@example.org").await;
    let targets = ["//evil.test", "/\\evil.test", "/%09/evil.test", "https:evil", "/ok?x=//evil", "\\\\evil"];
    for target in targets {
        let mut browser = server.browser();
        let encoded: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let page = browser.visit(&format!("/login?return_to={encoded}&next={encoded}&redirect={encoded}")).await;
        let mut form = filled(&page.form("#login-submit"), ANN, PASSWORD);
        for (name, value) in [("return_to", target), ("next", target), ("user_id", &eve), ("role", "admin")] {
            form = form.with(name, value);
        }
        let answer = browser.submit(&form).await;
        assert_eq!(answer.location(), "/account");
    }
    assert_eq!(server.database.db_number(&format!("SELECT count(*) FROM sign_ins WHERE user_id <> '{ann}'")).await, 0);
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
