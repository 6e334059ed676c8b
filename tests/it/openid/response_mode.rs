//! Response modes (OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode).

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use url::Url;

use crate::support::{Answer, Server};

/// The form that a page sends by itself: its fields by name.
fn posted(answer: &Answer) -> impl Fn(&str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let form = answer.form("#continue");
    assert_eq!(form.action, "https://rp.test/cb");
    move |name| form.field(name)
}

#[tokio::test]
async fn a_code_comes_in_the_fragment_when_that_was_asked_for() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let answer = server.browser().authorize(&client, "ann@example.org", "response_mode=fragment").await;
    let url = Url::parse(&answer.location()).unwrap();
    assert_eq!(url.query(), None);
    let fields: Vec<(String, String)> =
        url::form_urlencoded::parse(url.fragment().unwrap().as_bytes()).into_owned().collect();
    assert_eq!(fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["code", "state", "iss"]);
    client.redeem(&fields[0].1).await.ok();
}

#[tokio::test]
async fn a_code_comes_by_a_form_that_needs_no_script() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let answer = server.browser().authorize(&client, "ann@example.org", "response_mode=form_post").await;
    let field = posted(&answer);
    assert_eq!((field("state").as_str(), field("iss").as_str()), ("st-1", "http://localhost:8000"));
    client.redeem(&field("code")).await.ok();
    assert_eq!(answer.header("referrer-policy"), "origin");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_form_may_go_to_the_application_alone_and_only_its_own_script_runs() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let answer = browser.authorize(&client, "ann@example.org", "response_mode=form_post").await;
        let policy = answer.header("content-security-policy").to_owned();
        let directive = |name: &str| policy.split("; ").find_map(|d| d.strip_prefix(name)).unwrap().to_owned();
        assert_eq!(directive("form-action "), "https://rp.test");
        assert_eq!(directive("default-src "), "'none'");
        let nonce = directive("script-src ").trim_matches('\'').strip_prefix("nonce-").unwrap().to_owned();
        assert!(answer.text().contains(&format!("<script nonce=\"{nonce}\">")));
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn an_error_comes_the_way_that_the_answer_was_asked_for() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let refused = server.get(&client.authorization_url("response_mode=form_post&prompt=none")).await;
    refused.refused(200, Rejection::SignInNeeded);
    let field = posted(&refused);
    assert_eq!((field("error").as_str(), field("state").as_str()), ("login_required", "st-1"));
    assert!(!field("iss").is_empty() && !field("error_description").is_empty() && field("code").is_empty());

    let refused = server.get(&client.authorization_url("response_mode=form_post&scope=nonsense")).await;
    assert_eq!(posted(&refused)("error"), "invalid_scope");
    let refused = server.get(&client.authorization_url("response_mode=fragment&scope=nonsense")).await;
    assert!(refused.location().starts_with("https://rp.test/cb#error=invalid_scope&"), "{}", refused.location());

    let mut browser = server.browser();
    let page = browser.visit(&client.authorization_url("response_mode=form_post")).await;
    let page = browser.sign_in_on(&page, "ann@example.org", crate::support::PASSWORD).await;
    let denied = browser.press(&page.form("#deny")).await;
    denied.refused(200, Rejection::ConsentDenied);
    assert_eq!(posted(&denied)("error"), "access_denied");
}

#[tokio::test]
async fn the_form_escapes_what_the_application_sent() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let state = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let answer =
        server.get(&client.authorization_url(&format!("response_mode=form_post&prompt=none&state={state}"))).await;
    assert_eq!(posted(&answer)("state"), "\"><script>alert(1)</script>");
    assert!(!answer.text().contains("<script>"));
}

#[tokio::test]
async fn unknown_modes_and_a_form_to_a_native_scheme_are_refused_in_the_query() {
    let server = Server::start().await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    for mode in ["response_mode=query.jwt", "response_mode=web_message", "response_mode=FORM_POST"] {
        server.get(&web.authorization_url(mode)).await.refused_redirect(Rejection::WrongResponseMode);
    }
    let twice = server.get(&web.authorization_url("response_mode=form_post&response_mode=query")).await;
    twice.refused_redirect(Rejection::RepeatedParameter);
    let native = server
        .db_client(ClientType::Native, |client| client.redirect_uris = vec!["com.example.app:/cb".to_owned()])
        .await;
    let url = native.authorization_url("response_mode=form_post&redirect_uri=com.example.app:/cb");
    let refused = server.get(&url).await;
    assert!(refused.location().starts_with("com.example.app:/cb?error=invalid_request"), "{}", refused.location());
    refused.refused(303, Rejection::WrongResponseMode);
}

#[tokio::test]
async fn request_objects_and_registrations_inside_a_request_are_refused_with_their_own_errors() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    for (extra, rejection) in [
        ("request=eyJhbGciOiJub25lIn0.e30.", Rejection::RequestObject),
        ("request_uri=https://rp.test/request.jwt", Rejection::RequestObjectByReference),
        ("registration={}", Rejection::RegistrationParameter),
    ] {
        server.get(&client.authorization_url(extra)).await.refused_redirect(rejection);
    }
}
