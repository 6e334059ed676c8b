//! Redirect URIs at the authorization endpoint: the registered bytes and nothing like them, but for the port of a native client's
//! loopback URI.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use url::form_urlencoded::byte_serialize;

use crate::support::{Answer, Client, Server};

async fn ask(server: &Server, client: &Client, redirect_uri: &str) -> Answer {
    let encoded: String = byte_serialize(redirect_uri.as_bytes()).collect();
    server.get(&client.authorization_url(&format!("redirect_uri={encoded}"))).await
}

#[tokio::test]
async fn nothing_like_the_registered_uri_is_taken() {
    let server = Server::start().await;
    for kind in [ClientType::Web, ClientType::Spa, ClientType::Native] {
        let client = server.db_client(kind, |c| c.redirect_uris = vec!["https://rp.test/cb".to_owned()]).await;
        assert!(ask(&server, &client, "https://rp.test/cb").await.location().starts_with("/login"));
        for uri in [
            "https://rp.test/cb/",
            "https://rp.test/CB",
            "HTTPS://RP.test/cb",
            "https://rp.test:443/cb",
            "https://rp.test/cb?x=1",
            "https://rp.test/cb?",
            "https://rp.test/cb#f",
            "https://rp.test/cb%2f..",
            "https://rp.test/./cb",
            "https://rp.test/x/../cb",
            "https://rp.test/x/..;/cb",
            "http://rp.test/cb",
            "https://rp.test./cb",
            "https://rp.test/cb ",
            " https://rp.test/cb",
            "https://rp.test/cb\n",
            "https://rp.test@evil.test/cb",
            "https://rp.test\\@evil.test/cb",
            "https://evil.test\\.rp.test/cb",
            "https://rp.test%00.evil.test/cb",
            "https://rp.test%0d%0a.evil.test/cb",
            "https://a@b@rp.test/cb",
            "https://rp.test:pw@evil.test:443@rp.test/cb",
            "//evil.test",
            "https:evil.test",
            "/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "*",
        ] {
            ask(&server, &client, uri).await.refused_page(400, Rejection::UnregisteredRedirectUri);
        }
        ask(&server, &client, "https://rp.test/cb\0").await.refused_page(400, Rejection::MalformedParameters);
    }
    assert_eq!(server.database.db_number("SELECT count(*) FROM codes").await, 0);
}

#[tokio::test]
async fn a_client_without_a_registered_uri_gets_none_and_keeps_none() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Spa, |c| c.redirect_uris.clear()).await;
    for _ in 0..2 {
        ask(&server, &client, "https://evil.test/cb").await.refused_page(400, Rejection::UnregisteredRedirectUri);
    }
}

#[tokio::test]
async fn a_native_client_comes_back_on_any_loopback_port() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let mut client = server.db_client(ClientType::Native, |_| {}).await;
    client.redirect_uri = "http://127.0.0.1:49152/callback".to_owned();
    let code = server.browser().code(&client, "ann@example.org", "").await;
    let tokens = client.redeem(&code).await.ok();
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();

    for uri in [
        "http://localhost:49152/callback",
        "http://[::1]:49152/callback",
        "http://127.0.0.2:49152/callback",
        "http://127.0.0.1:49152/callback/x",
        "http://127.0.0.1:49152/callback?x=1",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:1@evil.test/callback",
        "http://127.0.0.1.evil.test/callback",
        "https://127.0.0.1:49152/callback",
    ] {
        ask(&server, &client, uri).await.refused_page(400, Rejection::UnregisteredRedirectUri);
    }
}

#[tokio::test]
async fn a_native_client_may_use_localhost_and_a_scheme_of_its_own_and_is_asked_each_time() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let uris = ["http://localhost/callback", "cursor://accounts.example.org/cb"];
    let mut client = server.db_client(ClientType::Native, |c| c.redirect_uris = uris.map(str::to_owned).into()).await;
    let mut browser = server.browser();
    for uri in ["http://localhost:49152/callback", "http://localhost/callback", uris[1]] {
        client.redirect_uri = uri.to_owned();
        let code = browser.code(&client, "ann@example.org", "").await;
        client.redeem(&code).await.ok();
        let again = browser.visit(&client.authorization_url("")).await;
        assert!(again.has("#allow"), "{uri}");
        // The host of a private scheme could be anybody's name.
        assert!(!again.text_of("main").unwrap().contains("accounts.example.org"));
        browser.get(&client.authorization_url("prompt=none")).await.refused_redirect(Rejection::ConsentNeeded);
    }
    for uri in [
        "http://127.0.0.1:49152/callback",
        "http://localhost:49152/callback/x",
        "http://localhost.evil.test:49152/callback",
        "http://localhost:1@evil.test/callback",
        "https://localhost/callback",
        "cursor://accounts.example.org:1/cb",
        "cursor://accounts.example.org/cb/",
        "cursor:/cb",
    ] {
        ask(&server, &client, uri).await.refused_page(400, Rejection::UnregisteredRedirectUri);
    }
}

#[tokio::test]
async fn the_port_of_a_loopback_uri_is_free_for_native_clients_alone() {
    let server = Server::start().await;
    for kind in [ClientType::Web, ClientType::Spa] {
        let client = server.db_client(kind, |c| c.redirect_uris = vec!["http://127.0.0.1/callback".to_owned()]).await;
        let other_port = ask(&server, &client, "http://127.0.0.1:49152/callback").await;
        other_port.refused_page(400, Rejection::UnregisteredRedirectUri);
    }
}

#[tokio::test]
async fn a_uri_that_is_taken_back_while_a_person_signs_in_gets_no_code() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let page = browser.visit(&client.authorization_url("")).await;
    let consent = browser.sign_in_on(&page, "ann@example.org", crate::support::PASSWORD).await;
    server.db_change_client(&client.id, |c| c.redirect_uris = vec!["https://rp.test/new".to_owned()]).await;
    let answer = browser.press(&consent.form("#allow")).await;
    answer.refused_page(400, Rejection::UnregisteredRedirectUri);
    assert_eq!(server.database.db_number("SELECT count(*) FROM codes").await, 0);
}

#[tokio::test]
async fn a_mistake_of_an_application_is_told_as_its_own_with_the_technical_words_folded_away() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let page = ask(&server, &client, "https://rp.test/elsewhere").await;
    page.refused_page(400, Rejection::UnregisteredRedirectUri);
    assert_eq!(page.text_of("h1").as_deref(), Some("Notebook made a mistake"));
    assert!(page.text_of("[role=alert]").unwrap().contains("Nothing is wrong on your side"));
    assert!(page.has("details:not([open]) #error") && !page.has("#error[role]"));
    assert_eq!(page.field("#to-application", "href").as_deref(), Some("https://rp.test/"));

    let nobody = server.get("/authorize?client_id=nobody").await;
    nobody.refused_page(400, Rejection::UnknownClient);
    assert_eq!(nobody.text_of("h1").as_deref(), Some("The application made a mistake"));
    assert!(!nobody.has("#to-application"));
    // What a person can mend is said openly.
    let missing = server.get("/nowhere").await;
    missing.refused_page(404, Rejection::NoSuchPage);
    assert!(!missing.has("details #error"));
}
