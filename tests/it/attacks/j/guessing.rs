//! How many guesses at an account are evaluated, by which door, and whom a guesser shuts out.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use super::{Guesser, WRONG, network, turned_away};
use crate::attacks::{ANN, BOB, OFFLINE, encoded, is_signed_in, refresh, text, tokens};
use crate::support::{PASSWORD, Server, filled, parallel};

/// From one network five a minute are evaluated, however many come. Whoever has a network for every guess and all the time there is gets a hundred, and
/// then no guess is evaluated any more, the right one included.
#[tokio::test]
async fn j1_at_most_a_hundred_guesses_at_an_account_are_evaluated() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let guesser = Guesser::at(&server).await;
    let hashes = || server.app.hasher.hashes_computed();
    let before = hashes();
    for at in 0..100 {
        let answer = guesser.tries("192.0.2.1", ANN, WRONG).await;
        if at < 5 {
            answer.refused_page(400, Rejection::WrongCredentials);
        } else {
            turned_away(&answer);
        }
    }
    assert_eq!(hashes() - before, 5);
    turned_away(&guesser.tries("192.0.2.1", ANN, PASSWORD).await);
    for at in 0..400 {
        server.turn(90_000);
        let answer = guesser.tries(&network(at), ANN, WRONG).await;
        assert!([400, 429].contains(&answer.status.as_u16()), "{}", answer.status);
    }
    assert!(hashes() - before <= 100, "{} guesses were evaluated", hashes() - before);
    assert!(hashes() - before >= 50, "a person who mistypes is not shut out at once");
    let answer = guesser.tries("198.51.100.9", ANN, PASSWORD).await;
    turned_away(&answer);
    // Another account is another matter.
    let answer = guesser.tries("198.51.100.9", BOB, PASSWORD).await;
    answer.refused_page(400, Rejection::WrongCredentials);
}

/// Two hundred at once, on one node and on two, from one network and from two hundred: as many are evaluated as one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn j2_guesses_at_once_are_counted_like_guesses_in_a_row() {
    for nodes in [1, 2] {
        for spread in [false, true] {
            let server = Server::start().await;
            server.db_user(ANN).await;
            let other = server.another_node().await;
            let guesser = Guesser::at(&server).await;
            let hashes = || server.app.hasher.hashes_computed() + other.app.hasher.hashes_computed();
            let before = hashes();
            let answers = parallel(200, |at| {
                let mut browser = guesser.browser.at(if at % nodes == 0 { &server } else { &other });
                browser.address = network(if spread { at } else { 0 });
                let form = filled(&guesser.form, ANN, WRONG);
                async move { browser.submit(&form).await }
            })
            .await;
            let evaluated = hashes() - before;
            if spread {
                // An account that is tried from many networks is slowed down before the fifty in a row.
                assert!((1..=50).contains(&evaluated), "{nodes}: {evaluated} were evaluated");
            } else {
                assert_eq!(evaluated, 5, "{nodes}");
            }
            let wrong = answers.iter().filter(|answer| answer.status == 400).count();
            assert_eq!(wrong as u64, evaluated, "{nodes} {spread}");
            for answer in &answers {
                if answer.status == 400 {
                    answer.refused_page(400, Rejection::WrongCredentials);
                } else {
                    turned_away(answer);
                }
            }
        }
    }
}

/// Class: a lockout as an attack: while strangers are shut out of an account, a browser that it knows signs in, whoever is signed in stays so, applications go on refreshing, no other account
/// suffers, and from one network nobody shuts out another network.
#[tokio::test]
async fn j3_a_guesser_shuts_nobody_out_who_is_there() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(BOB).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let given = tokens(&mut browser, &client).await;
    // Another browser of hers, where she is signed out, and which has moved since.
    let mut known = server.browser();
    known.sign_in(ANN).await;
    let account = known.visit("/account").await;
    known.press(&account.form("#sign-out")).await;
    known.address = "198.51.100.77".to_owned();
    let guesser = Guesser::at(&server).await;
    for at in 0..30 {
        guesser.tries("192.0.2.1", ANN, WRONG).await;
        server.turn(if at % 5 == 4 { 60 } else { 0 });
    }
    assert_eq!(guesser.tries("198.51.100.1", ANN, PASSWORD).await.status, 303, "another network");
    for at in 0..120 {
        guesser.tries(&network(at), ANN, WRONG).await;
        server.turn(600);
        assert!(is_signed_in(&mut browser).await, "{at}");
    }
    turned_away(&guesser.tries("198.51.100.2", ANN, PASSWORD).await);
    let mut token = text(&given, "refresh_token");
    for _ in 0..3 {
        token = text(&refresh(&client, &token).await.ok(), "refresh_token");
        browser.get(&client.authorization_url(&format!("{OFFLINE}&prompt=none"))).await.location_param("code").unwrap();
    }
    assert_eq!(guesser.tries("198.51.100.2", BOB, PASSWORD).await.status, 303, "another account");
    let page = known.visit("/login").await;
    assert!(known.sign_in_on(&page, ANN, PASSWORD).await.has("#sign-out"), "a browser that the account knows");
}

/// The proof that is asked for on the account page is the same lock as the sign-in page, in both directions; no other door takes a password: there is no
/// password grant, and none costs a hash.
#[tokio::test]
async fn j4_every_door_of_a_password_is_the_same_lock() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.turn(601);
    let account = browser.visit("/account").await;
    let others = account.form("#sign-ins button").without("id").to("/account/sign-ins/end-others");
    let question = browser.submit(&others).await.form("#confirm");
    // A stolen cookie in a browser that the account does not know by anything else.
    let mut thief = server.browser();
    thief.address = "192.0.2.1".to_owned();
    let mut wrong = 0;
    for _ in 0..40 {
        let mut stolen = browser.clone();
        stolen.address = "192.0.2.1".to_owned();
        stolen.cookies.remove("doorward_device");
        let answer = stolen.submit(&question.clone().with("password", WRONG)).await;
        wrong += usize::from(answer.status == 400);
        assert!([400, 429].contains(&answer.status.as_u16()), "{}", answer.status);
    }
    assert_eq!(wrong, 5, "guesses at the fresh proof are evaluated like others");
    // With all of the browser's cookies it is a device that the account knows, and has five guesses of its own.
    let mut evaluated = 0;
    for _ in 0..10 {
        let answer = browser.clone().submit(&question.clone().with("password", WRONG)).await;
        evaluated += usize::from(answer.status == 400);
    }
    assert_eq!(evaluated, 5);
    let guesser = Guesser::at(&server).await;
    turned_away(&guesser.tries("192.0.2.1", ANN, PASSWORD).await);
    let hashes = server.app.hasher.hashes_computed();
    for kind in ["password", "urn:ietf:params:oauth:grant-type:password", "ropc"] {
        let fields = [("grant_type", kind), ("username", ANN), ("password", PASSWORD), ("scope", "openid")];
        web.token(&fields).await.refused_json(400, Rejection::UnknownGrantType);
    }
    for path in ["/authorize", "/userinfo", "/introspect", "/revoke", "/logout"] {
        server.post(path, &format!("email={}&password={}", encoded(ANN), encoded(PASSWORD))).await;
    }
    let basic = Request::get("/account").header(header::AUTHORIZATION, "Basic YW5uOnBhc3N3b3Jk");
    assert_eq!(server.send(basic.body(Body::empty()).unwrap()).await.location(), "/login");
    assert_eq!(server.app.hasher.hashes_computed(), hashes);
}

/// A code that was sent by mail is guessed no faster than a password, and counts with it, also for an address that is nobody's; the right one is not
/// looked at beyond that, and the link still works.
#[tokio::test]
async fn j4_a_mailed_code_is_behind_the_same_lock() {
    let server = Server::with_mail(|config| config.sign_in.email = true).await;
    server.db_user(ANN).await;
    for (at, (path, button, address)) in [
        ("/recover", "#recover-submit", ANN),
        ("/recover", "#recover-submit", "nobody@example.org"),
        ("/login", "#email-sign-in", ANN),
        ("/login", "#email-sign-in", "nobody@example.org"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut browser = server.browser();
        browser.address = format!("192.0.2.{at}");
        let page = browser.visit(path).await;
        let page = browser.press(&page.form(button).with("email", address)).await;
        let form = page.form("#code-submit");
        let mut evaluated = 0;
        for _ in 0..20 {
            let answer = browser.submit(&form.clone().with("code", "BCDF-GHJK")).await;
            evaluated += usize::from(answer.status == 400);
            assert!([400, 429].contains(&answer.status.as_u16()), "{}", answer.status);
        }
        assert_eq!(evaluated, 5, "{address}");
        let login = browser.visit("/login").await.form("#login-submit");
        let password = browser.submit(&filled(&login, address, PASSWORD)).await;
        password.refused_page(429, Rejection::TooManyFailures);
        if address == ANN {
            let mail = server.mailbox().await.latest_to(ANN);
            browser
                .submit(&form.clone().with("code", &mail.code()))
                .await
                .refused_page(429, Rejection::TooManyFailures);
            assert!(browser.visit(&mail.link()).await.has("#confirm"));
        }
    }
}

/// A code that confirms what a person does is guessed no faster either, and the guesses count where those of passwords do; beyond, the right one is
/// not looked at.
#[tokio::test]
async fn j4_a_code_that_confirms_is_behind_the_same_lock() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.browser().sign_in(ANN).await;
    server.db_change_user(&ann, |account| account.password_hash = None).await;
    server.turn(601);
    let account = browser.visit("/account").await;
    let question = browser.press(&account.form("#end-others")).await;
    let waiting = browser.press(&question.form("#mail-proof")).await;
    let form = waiting.form("#code-submit");
    let mut evaluated = 0;
    for _ in 0..20 {
        let answer = browser.submit(&form.clone().with("code", "BCDF-GHJK")).await;
        evaluated += usize::from(answer.status == 400);
    }
    assert_eq!(evaluated, 5);
    let code = server.mailbox().await.latest_to(ANN).code();
    browser.submit(&form.with("code", &code)).await.refused_page(429, Rejection::TooManyFailures);
    let mut stranger = server.browser();
    stranger.address = browser.address.clone();
    let login = stranger.visit("/login").await.form("#login-submit");
    stranger.submit(&filled(&login, ANN, PASSWORD)).await.refused_page(429, Rejection::TooManyFailures);
}
