//! `prompt`, `max_age` and the sign-in through the browser: when a person is asked again, and what a new proof changes.

use doorward::protocol::audit::Act;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use serde_json::Value;

use crate::support::{Answer, Browser, Client, PASSWORD, Server, unverified_claims};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";

/// A server with Ann and Bob, a client that both have allowed everything, and a browser in which Ann is signed in.
async fn signed_in() -> (Server, Client, Browser) {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(BOB).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    server.browser().code(&client, BOB, "").await;
    let mut browser = server.browser();
    browser.code(&client, ANN, "").await;
    (server, client, browser)
}

/// The claims of the ID token that an answer's code is redeemed for.
async fn id_claims(client: &Client, answer: &Answer) -> Value {
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    unverified_claims(tokens["id_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_silent_request_never_shows_a_page() {
    let (server, client, mut browser) = signed_in().await;
    let silent = client.authorization_url("prompt=none");
    let answer = browser.get(&silent).await;
    assert!(answer.location_param("code").is_some());
    server.browser().get(&silent).await.refused_redirect(Rejection::SignInNeeded);
    let other = server.db_client(ClientType::Web, |_| {}).await;
    browser.get(&other.authorization_url("prompt=none")).await.refused_redirect(Rejection::ConsentNeeded);
    server.turn(100);
    let old = client.authorization_url("prompt=none&max_age=99");
    browser.get(&old).await.refused_redirect(Rejection::SignInNeeded);
    assert!(browser.get(&client.authorization_url("prompt=none&max_age=100")).await.location_param("code").is_some());
    let mut planted = server.browser();
    planted.cookies.insert("doorward_sign_in".to_owned(), "x".to_owned());
    planted.get(&silent).await.refused_redirect(Rejection::SignInNeeded);
}

#[tokio::test]
async fn prompt_login_asks_a_signed_in_person_again_and_once() {
    let (server, client, mut browser) = signed_in().await;
    // In the same second, too: what was proved before the request does not count.
    for pause in [0, 50] {
        server.turn(pause);
        let page = browser.visit(&client.authorization_url("prompt=login")).await;
        assert_eq!(page.text_of("h1").as_deref(), Some("Confirm that it is you"));
        assert_eq!(page.field("#email", "value").as_deref(), Some(ANN));
        // Going on without signing in leads back to the page.
        let sealed = page.form("#login-submit").field("request");
        assert!(browser.visit(&format!("/authorize/continue?request={sealed}")).await.has("#login-submit"));
        let answer = browser.sign_in_on(&page, ANN, PASSWORD).await;
        assert_eq!(id_claims(&client, &answer).await["auth_time"], server.clock.now().seconds());
    }
    // A plain request afterwards asks nothing.
    assert!(browser.get(&client.authorization_url("")).await.location_param("code").is_some());
}

#[tokio::test]
async fn a_sign_in_made_for_one_request_is_not_taken_for_anothers_prompt() {
    let (_server, client, mut browser) = signed_in().await;
    let first = browser.visit(&client.authorization_url("prompt=login&state=first")).await;
    let second = browser.visit(&client.authorization_url("prompt=login&state=second")).await;
    let answer = browser.sign_in_on(&second, ANN, PASSWORD).await;
    assert_eq!(answer.location_param("state").as_deref(), Some("second"));
    let sealed = first.form("#login-submit").field("request");
    assert!(browser.visit(&format!("/authorize/continue?request={sealed}")).await.has("#login-submit"));
}

#[tokio::test]
async fn max_age_asks_when_the_sign_in_is_older_and_auth_time_tells_its_age() {
    let (server, client, mut browser) = signed_in().await;
    let began = server.clock.now().seconds();
    server.turn(300);
    let young = browser.get(&client.authorization_url("max_age=300")).await;
    assert_eq!(id_claims(&client, &young).await["auth_time"], began);
    let page = browser.visit(&client.authorization_url("max_age=299")).await;
    let renewed = browser.sign_in_on(&page, ANN, PASSWORD).await;
    assert_eq!(id_claims(&client, &renewed).await["auth_time"], began + 300);
    server.turn(1);
    assert!(browser.visit(&client.authorization_url("max_age=0")).await.has("#login-submit"));
    let huge = browser.get(&client.authorization_url("max_age=99999999999999999999")).await;
    assert!(huge.location_param("code").is_some());
}

#[tokio::test]
async fn prompt_consent_asks_for_what_was_allowed_before() {
    let (_server, client, mut browser) = signed_in().await;
    for _ in 0..2 {
        let page = browser.visit(&client.authorization_url("prompt=consent")).await;
        assert!(browser.press(&page.form("#allow")).await.location_param("code").is_some());
    }
    let page = browser.visit(&client.authorization_url("prompt=login+consent")).await;
    let page = browser.sign_in_on(&page, ANN, PASSWORD).await;
    assert!(browser.press(&page.form("#allow")).await.location_param("code").is_some());
}

#[tokio::test]
async fn select_account_lets_a_person_name_another_one() {
    let (_server, client, mut browser) = signed_in().await;
    let page = browser.visit(&client.authorization_url("prompt=select_account")).await;
    assert_eq!(page.text_of("h1").as_deref(), Some("Sign in"));
    assert_eq!(page.field("#email", "value").as_deref(), Some(""));
    let answer = browser.sign_in_on(&page, BOB, PASSWORD).await;
    assert!(answer.location_param("code").is_some());
    assert!(browser.visit("/account").await.text().contains(BOB));
}

#[tokio::test]
async fn a_login_hint_is_filled_in() {
    let (server, client, mut browser) = signed_in().await;
    let hinted = client.authorization_url("login_hint=bob%40example.org");
    assert_eq!(server.browser().visit(&hinted).await.field("#email", "value").as_deref(), Some(BOB));
    let again = format!("{hinted}&prompt=login");
    assert_eq!(browser.visit(&again).await.field("#email", "value").as_deref(), Some(BOB));
}

#[tokio::test]
async fn the_same_person_keeps_the_sign_in_and_gets_a_new_cookie() {
    let (server, client, mut browser) = signed_in().await;
    let before = browser.get(&client.authorization_url("")).await;
    let sid = id_claims(&client, &before).await["sid"].clone();
    let old = browser.clone();
    let page = browser.visit(&client.authorization_url("prompt=login")).await;
    let answer = browser.sign_in_on(&page, ANN, PASSWORD).await;
    assert_eq!(id_claims(&client, &answer).await["sid"], sid);
    assert_ne!(browser.cookies["doorward_sign_in"], old.cookies["doorward_sign_in"]);
    assert!(old.clone().visit("/account").await.has("#login-submit"));
    assert_eq!(server.database.db_number("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 2);
}

#[tokio::test]
async fn another_person_ends_the_sign_in_and_what_hangs_on_it() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(BOB).await;
    let spa = server.db_client(ClientType::Spa, |_| {}).await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let mut tokens = Vec::new();
    for client in [&spa, &web] {
        let code = browser.code(client, ANN, "").await;
        tokens.push(client.redeem(&code).await.ok()["access_token"].as_str().unwrap().to_owned());
    }
    let of_ann = browser.clone();
    let page = browser.visit(&spa.authorization_url("prompt=login")).await;
    let consent = browser.sign_in_on(&page, BOB, PASSWORD).await;
    assert!(consent.has("#allow"), "Bob has allowed nothing yet");
    assert!(of_ann.clone().visit("/account").await.has("#login-submit"));
    spa.userinfo(&tokens[0]).await.refused(401, Rejection::TokenOfEndedGrant);
    web.userinfo(&tokens[1]).await.ok();
    assert_eq!(server.database.db_number("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 1);
}

#[tokio::test]
async fn a_wrong_password_for_a_signed_in_person_changes_nothing() {
    let (_server, client, mut browser) = signed_in().await;
    let page = browser.visit(&client.authorization_url("prompt=login")).await;
    let answer = browser.sign_in_on(&page, ANN, "a wrong password of some length").await;
    answer.refused_page(400, Rejection::WrongCredentials);
    assert!(browser.visit("/account").await.has("#sign-out"));
    assert!(browser.get(&client.authorization_url("prompt=none")).await.location_param("code").is_some());
}

#[tokio::test]
async fn resources_are_granted_with_the_code_and_one_of_them_becomes_the_audience() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource("https://a.test", &["a"]).await;
    server.db_resource("https://b.test", &["b"]).await;
    let scopes = doorward::protocol::scope::ScopeSet::parse("openid a b").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    let mut browser = server.browser();
    let both = "scope=openid+a+b&resource=https%3A%2F%2Fa.test&resource=https%3A%2F%2Fb.test";
    let audience = |tokens: &Value| unverified_claims(tokens["access_token"].as_str().unwrap())["aud"].clone();

    let code = browser.code(&client, ANN, both).await;
    let tokens = client.redeem_with(&code, &[("resource", "https://b.test")]).await.ok();
    assert_eq!(audience(&tokens), "https://b.test");
    assert_eq!(tokens["scope"], "b openid");
    for (resources, rejection) in [
        (&[][..], Rejection::SeveralResources),
        (&["https://a.test", "https://b.test"], Rejection::SeveralResources),
        (&["https://c.test"], Rejection::ResourceNotGranted),
        (&["https://a.test/"], Rejection::ResourceNotGranted),
        (&["a"], Rejection::MalformedResource),
    ] {
        let code = browser.code(&client, ANN, both).await;
        let fields: Vec<(&str, &str)> = resources.iter().map(|resource| ("resource", *resource)).collect();
        client.redeem_with(&code, &fields).await.refused_json(400, rejection);
    }
    let one = "scope=openid+a&resource=https%3A%2F%2Fa.test";
    let code = browser.code(&client, ANN, one).await;
    assert_eq!(audience(&client.redeem(&code).await.ok()), "https://a.test");
    // The issuer is a resource of its own, always granted.
    let code = browser.code(&client, ANN, one).await;
    let tokens = client.redeem_with(&code, &[("resource", "http://localhost:8000")]).await.ok();
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
}

/// What ends while a silent request is on its way, between the first look and the lock, is no reason to show a page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_request_that_loses_a_race_is_told_to_the_client() {
    for (what, rejection) in [("everything", Rejection::SignInNeeded), ("the consent", Rejection::ConsentNeeded)] {
        let (server, client, browser) = signed_in().await;
        let ann = server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user.id;
        let now = server.clock.now();
        let mut ending = server.app.storage.begin().await.unwrap();
        match what {
            "everything" => ending.end_everything_of_user(&ann, "ended", &Act::of_operator(now)).await.unwrap(),
            _ => ending.withdraw_consent(&ann, &client.id, "withdrawn", &Act::of_operator(now)).await.unwrap(),
        }
        let before = server.app.storage.connections_taken();
        let (mut asking, url) = (browser.clone(), client.authorization_url("prompt=none"));
        let asked = tokio::spawn(async move { asking.get(&url).await });
        // It has looked with one connection, and has asked for the one with which it waits.
        while server.app.storage.connections_taken() < before + 2 {
            tokio::task::yield_now().await;
        }
        ending.commit().await.unwrap();
        asked.await.unwrap().refused_redirect(rejection);
        assert_eq!(server.database.db_number("SELECT count(*) FROM codes").await, 2, "{what}");
    }
}
