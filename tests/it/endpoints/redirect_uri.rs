//! Redirect URIs at the authorization endpoint: the port of a native client's loopback URI, private schemes, and how a mistake is told. That the
//! registered bytes are taken and nothing like them is shown in `tests/it/attacks/a/uris.rs`.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use url::form_urlencoded::byte_serialize;

use crate::support::{Answer, Client, Server};

async fn ask(server: &Server, client: &Client, redirect_uri: &str) -> Answer {
    let encoded: String = byte_serialize(redirect_uri.as_bytes()).collect();
    server.get(&client.authorization_url(&format!("redirect_uri={encoded}"))).await
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
