//! What proxies say of where a request comes from: in the log, and in the limits of failed sign-ins.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Browser, Database, Live, PASSWORD, Server, eventually};

async fn ask(server: &Live, name: &str, value: &str) {
    let client = crate::support::http();
    let answer = client.get(format!("{}/healthz", server.issuer)).header(name, value).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

async fn logs(server: &Live, words: &[&str]) {
    let has = |log: String| log.lines().any(|line| words.iter().all(|word| line.contains(word)));
    eventually(&format!("the log has {words:?}"), async || has(server.log()).then_some(())).await;
}

#[tokio::test]
async fn a_forwarded_header_from_an_unlisted_peer_is_hinted_at_once() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    ask(&server, "x-forwarded-for", "192.0.2.1").await;
    logs(&server, &["WARN", "server.trusted_proxies does not name", "peer=127.0.0.1"]).await;
    ask(&server, "forwarded", "for=192.0.2.1").await;
    ask(&server, "x-real-ip", "192.0.2.1").await;
    logs(&server, &["path=\"/healthz\"", "address=127.0.0.1"]).await;
    assert_eq!(server.log().matches("server.trusted_proxies does not name").count(), 1, "{}", server.log());
}

#[tokio::test]
async fn the_header_of_the_settings_counts_and_what_cannot_be_read_is_logged() {
    let database = Database::copy().await;
    let settings =
        [("DOORWARD__SERVER__TRUSTED_PROXIES", "127.0.0.1"), ("DOORWARD__SERVER__FORWARDED_HEADER", "forwarded")];
    let server = Live::serve_with(&database, &settings);
    ask(&server, "forwarded", "for=\"[2001:db8::7]:4711\";proto=https").await;
    logs(&server, &["request", "address=2001:db8::7"]).await;
    ask(&server, "x-forwarded-for", "192.0.2.1").await;
    logs(&server, &["WARN", "another header than the one that server.forwarded_header names"]).await;
    assert!(!server.log().contains("192.0.2.1"), "{}", server.log());
    ask(&server, "forwarded", "for=_hidden").await;
    logs(&server, &["WARN", "is no address", "entry=\"_hidden\""]).await;
    logs(&server, &["request", "address=unknown"]).await;
}

/// A sign-in through a proxy that cannot say from where.
async fn sign_in(server: &Server, browser: &mut Browser, email: &str, password: &str) -> Answer {
    let form = browser.visit("/account").await.form("#login-submit").with("email", email).with("password", password);
    let request = Request::post(&form.action)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, server.app.issuer.origin())
        .header("x-forwarded-for", "unknown");
    browser.send(request.body(Body::from(form.body())).unwrap()).await
}

#[tokio::test]
async fn people_of_whom_the_proxy_cannot_say_where_they_are_share_no_limit() {
    let server = Server::with(|config| config.server.trusted_proxies = vec!["203.0.113.0/24".parse().unwrap()]).await;
    for email in ["ann@example.org", "bob@example.org"] {
        server.db_user(email).await;
    }
    let mut browser = server.browser();
    for _ in 0..5 {
        let answer = sign_in(&server, &mut browser, "ann@example.org", "a password that is wrong").await;
        answer.refused(400, Rejection::WrongCredentials);
    }
    let answer = sign_in(&server, &mut browser, "Ann@example.org", PASSWORD).await;
    answer.refused(429, Rejection::TooManyFailures);
    let answer = sign_in(&server, &mut server.browser(), "bob@example.org", PASSWORD).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
}
