//! How many SQL statements each operation runs, held at what was reached: on SQLite each is a switch to another thread. BEGIN and COMMIT do
//! not count.

use doorward::protocol::client::ClientType;
use doorward::protocol::scope::ScopeSet;
use serde_json::Value;

use crate::federation;
use crate::support::{Answer, Client, PASSWORD, Server, is_postgres};

const ANN: &str = "ann@example.org";

/// Asserts how many statements an operation runs beside fresh memory. Memory that has become a second old on a slow machine asks the
/// database too: then it is tried again.
pub async fn takes(server: &Server, what: &str, expected: u64, mut operation: impl AsyncFnMut() -> u64) {
    let mut run = 0;
    for _ in 0..20 {
        server.poll().await;
        run = operation().await;
        if run <= expected {
            break;
        }
    }
    assert_eq!(run, expected, "{what}");
}

/// The statements that one request runs, whose answer must not be a refusal.
async fn counted(server: &Server, request: impl Future<Output = Answer>) -> (u64, Answer) {
    let before = server.app.storage.statements_run();
    let answer = request.await;
    assert!(answer.status.is_success() || answer.status.is_redirection(), "{}", answer.text());
    (server.app.storage.statements_run() - before, answer)
}

async fn refresh(client: &Client, tokens: &Value) -> Answer {
    let token = tokens["refresh_token"].as_str().unwrap();
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

#[tokio::test]
async fn an_authorization_in_silence() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    browser.code(&client, ANN, "").await;
    takes(&server, "authorize", AUTHORIZE + u64::from(is_postgres()), async || {
        let (run, answer) = counted(&server, browser.get(&client.authorization_url(""))).await;
        assert!(answer.location_param("code").is_some());
        run
    })
    .await;
}

/// A live sign-in and a remembered consent, the grant and the code. PostgreSQL holds the user first, where others write meanwhile.
const AUTHORIZE: u64 = 4;

#[tokio::test]
async fn signing_in_and_what_a_person_looks_at() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    // In a browser that knows nobody: the account, its counters, the places taken, the account's confirmation and by what it is guarded
    // since (what a statement that has waited for the account reads beside it is older), the places given back, the
    // sign-in, the end of those beyond what a person may have, its record. All counters of an attempt are one statement; looking first keeps
    // refusals from writing.
    takes(&server, "sign-in", 9, async || {
        browser.cookies.remove("doorward_sign_in");
        let page = browser.visit("/login").await;
        let form = page.form("#login-submit").with("email", ANN).with("password", PASSWORD);
        counted(&server, browser.submit(&form)).await.0
    })
    .await;
    for path in [client.authorization_url(""), "/login".to_owned(), "/logout".to_owned()] {
        takes(&server, &path, 1, async || counted(&server, browser.get(&path)).await.0).await;
    }
    let consent = browser.get(&client.authorization_url("")).await.location();
    takes(&server, "consent page", 1, async || counted(&server, browser.get(&consent)).await.0).await;
}

#[tokio::test]
async fn signing_in_through_a_provider() {
    let (server, fake) = federation::federated(|_| {}).await;
    federation::newcomer(&server, &fake).await;
    // What the browser was sent for, looked at and used; the identity and its account, held; that it is used; the roles that come of all of them; the sign-in, the end of
    // those beyond what a person may have, its record; whether there is a second factor to be shown.
    takes(&server, "sign-in by an identity", BY_IDENTITY, async || {
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        let sent_to = federation::leave(&mut browser, &login).await;
        let callback = federation::answer_of(&fake, &sent_to).await;
        counted(&server, browser.get(&callback)).await.0
    })
    .await;
    takes(&server, "leaving for a provider", LEAVING, async || {
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        counted(&server, browser.submit(&login.form("#upstream-fake"))).await.0
    })
    .await;
}

/// A known identity of a provider that gives no roles and brings nothing up to date.
const BY_IDENTITY: u64 = 10;
/// How many errands there are, and this one.
const LEAVING: u64 = 2;

#[tokio::test]
async fn a_code_and_its_refresh_tokens() {
    for kind in [ClientType::Spa, ClientType::Web] {
        let server = Server::start().await;
        server.db_user(ANN).await;
        let client = server.db_client(kind, |_| {}).await;
        let mut browser = server.browser();
        let mut tokens = Value::Null;
        // With a row of the audit record: the grant begins.
        for (scope, expected) in [("scope=openid+email", 3), ("scope=openid+email+offline_access", 4)] {
            takes(&server, "a code", expected, async || {
                let code = browser.code(&client, ANN, scope).await;
                server.poll().await;
                let (run, answer) = counted(&server, client.redeem(&code)).await;
                tokens = answer.json();
                run
            })
            .await;
        }
        takes(&server, "a refresh", 4, async || {
            let (run, answer) = counted(&server, refresh(&client, &tokens)).await;
            tokens = answer.json();
            run
        })
        .await;
        // The look; what was not used dies, another takes its place, its access token is revoked, and the answer is kept. Beside that, once a
        // minute, the use of the grant is noted, and that of the sign-in which an app in the browser keeps alive.
        let noting = if kind == ClientType::Spa { 2 } else { 1 };
        let before = tokens.clone();
        refresh(&client, &before).await.ok();
        takes(&server, "a refresh whose answer was lost", 5 + noting, async || {
            server.turn(60);
            server.poll().await;
            let (run, answer) = counted(&server, refresh(&client, &before)).await;
            tokens = answer.json();
            run
        })
        .await;
        takes(&server, "a refresh after a minute", 4 + noting, async || {
            server.turn(60);
            server.poll().await;
            let (run, answer) = counted(&server, refresh(&client, &tokens)).await;
            tokens = answer.json();
            run
        })
        .await;
    }
}

#[tokio::test]
async fn questions_about_tokens() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let service = server.db_client(ClientType::Service, |c| c.scopes = ScopeSet::parse("a").unwrap()).await;
    let code = server.browser().code(&client, ANN, "scope=openid+email+offline_access").await;
    let tokens = client.redeem(&code).await.ok();
    let own = service.credentials(&[]).await.ok();
    let text = |tokens: &Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    takes(&server, "userinfo", 1, async || counted(&server, client.userinfo(&access)).await.0).await;
    for (asks, token) in [(&client, &access), (&client, &refresh), (&service, &text(&own, "access_token"))] {
        takes(&server, "introspection", 1, async || {
            let (run, answer) = counted(&server, asks.post("/introspect", &[("token", token)])).await;
            assert_eq!(answer.json()["active"], true);
            run
        })
        .await;
    }
    takes(&server, "revoking an access token", 1, async || {
        counted(&server, client.post("/revoke", &[("token", &access)])).await.0
    })
    .await;
    takes(&server, "revoking a refresh token", 2, async || {
        counted(&server, client.post("/revoke", &[("token", &refresh)])).await.0
    })
    .await;
}

#[tokio::test]
async fn what_needs_no_database() {
    let server = Server::start().await;
    let service = server.db_client(ClientType::Service, |c| c.scopes = ScopeSet::parse("a").unwrap()).await;
    service.credentials(&[]).await.ok();
    takes(&server, "client credentials", 0, async || counted(&server, service.credentials(&[])).await.0).await;
    for path in ["/.well-known/jwks.json", "/.well-known/openid-configuration"] {
        takes(&server, path, 0, async || counted(&server, server.get(path)).await.0).await;
    }
}
