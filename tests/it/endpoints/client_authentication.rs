//! Client authentication: one way per request, one that is registered; and in which words it fails.

use axum::body::Body;
use axum::http::{Request, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use doorward::protocol::client::{AuthMethod, ClientType};
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Database, Live, Server, eventually};

const FORM: &str = "application/x-www-form-urlencoded";

/// A token request with these `Authorization` headers and this body.
async fn send(server: &Server, authorization: &[&[u8]], body: &str) -> Answer {
    let mut request = Request::post("/token").header(header::CONTENT_TYPE, FORM);
    for value in authorization {
        request = request.header(header::AUTHORIZATION, *value);
    }
    server.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn basic(id: &str, secret: &str) -> Vec<u8> {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))).into_bytes()
}

#[tokio::test]
async fn a_client_authenticates_in_exactly_one_way_and_a_registered_one() {
    let server = Server::start().await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let only_basic = server.db_client(ClientType::Web, |c| c.auth_method = AuthMethod::ClientSecretBasic).await;
    let only_post = server.db_client(ClientType::Service, |c| c.auth_method = AuthMethod::ClientSecretPost).await;
    let spa = server.db_client(ClientType::Spa, |_| {}).await;
    let (id, secret) = (web.id.as_str(), web.secret.as_deref().unwrap());
    let (basic_id, basic_secret) = (only_basic.id.as_str(), only_basic.secret.as_deref().unwrap());
    let (post_id, post_secret) = (only_post.id.as_str(), only_post.secret.as_deref().unwrap());
    let posted = |id: &str, secret: &str| format!("client_id={id}&client_secret={secret}");
    let good = basic(id, secret);
    for (headers, body, status, rejection) in [
        (vec![], String::new(), 401, Rejection::MissingClientAuthentication),
        (vec![], "client_secret=x".to_owned(), 401, Rejection::MissingClientAuthentication),
        (vec![good.clone(), good.clone()], String::new(), 400, Rejection::SeveralClientAuthentications),
        (vec![good.clone()], format!("client_secret={secret}"), 400, Rejection::SeveralClientAuthentications),
        (vec![good.clone()], posted(id, secret), 400, Rejection::SeveralClientAuthentications),
        (vec![good.clone()], "client_id=other".to_owned(), 400, Rejection::SeveralClientAuthentications),
        (vec![], "client_id=x&client_assertion=x".to_owned(), 401, Rejection::ClientAssertion),
        (vec![], format!("client_id={id}"), 401, Rejection::MissingClientSecret),
        (vec![], format!("client_id={id}&client_secret="), 401, Rejection::MissingClientSecret),
        (vec![], posted(basic_id, basic_secret), 401, Rejection::WrongClientAuthenticationMethod),
        (vec![basic(post_id, post_secret)], String::new(), 401, Rejection::WrongClientAuthenticationMethod),
        (vec![basic(&spa.id, "x")], String::new(), 401, Rejection::SecretOfPublicClient),
        (vec![], posted(&spa.id, "x"), 401, Rejection::SecretOfPublicClient),
        (vec![basic("nobody", secret)], String::new(), 401, Rejection::UnregisteredClient),
        (vec![], posted("nobody", secret), 401, Rejection::UnregisteredClient),
        (vec![], "client_id=nobody".to_owned(), 401, Rejection::UnregisteredClient),
        (vec![basic(id, "wrong")], String::new(), 401, Rejection::WrongClientSecret),
        (vec![basic(id, "")], String::new(), 401, Rejection::WrongClientSecret),
        (vec![basic(id, &secret[1..])], String::new(), 401, Rejection::WrongClientSecret),
        (vec![basic(id, &secret.to_uppercase())], String::new(), 401, Rejection::WrongClientSecret),
        (vec![], posted(id, "wrong"), 401, Rejection::WrongClientSecret),
        (vec![], posted(post_id, "wrong"), 401, Rejection::WrongClientSecret),
        (vec![good.clone()], String::new(), 400, Rejection::MissingGrantType),
        (vec![good], format!("client_id={id}"), 400, Rejection::MissingGrantType),
        (vec![], posted(id, secret), 400, Rejection::MissingGrantType),
        (vec![basic(basic_id, basic_secret)], String::new(), 400, Rejection::MissingGrantType),
        (vec![], posted(post_id, post_secret), 400, Rejection::MissingGrantType),
    ] {
        let by_header = !headers.is_empty();
        let headers: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
        let answer = send(&server, &headers, &body).await;
        answer.refused_json(status, rejection);
        // Who sent a form is not sent to the header by a challenge; who sent neither is told of it.
        let challenged = status == 401 && (by_header || rejection == Rejection::MissingClientAuthentication);
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge.starts_with("Basic realm="), challenged, "{rejection:?}");
        assert_eq!(challenge.is_empty(), !challenged, "{rejection:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_authentication_is_said_plainly() {
    let server = Server::start().await;
    let web = server.db_client(ClientType::Web, |c| c.auth_method = AuthMethod::ClientSecretPost).await;
    let words = async |authorization: &[&[u8]], body: &str| {
        let answer = send(&server, authorization, body).await;
        answer.json()["error_description"].as_str().unwrap().to_owned()
    };
    assert_eq!(words(&[], &format!("client_id={}&client_secret=x", web.id)).await, "The client secret is wrong.");
    assert_eq!(words(&[], "client_id=x").await, "client_id names no client that is registered here.");
    assert_eq!(
        words(&[&basic(&web.id, "x")], "").await,
        "This client is registered for another authentication method: client_secret_post."
    );
}

#[tokio::test]
async fn the_log_names_the_client_whose_secret_was_wrong_and_no_client_that_was_made_up() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let mut client = server.client("web", &[]);
    let id = client.id.clone();
    client.secret = Some("wrong".to_owned());
    client.token(&[("grant_type", "refresh_token")]).await;
    client.id = "made-up-by-a-stranger".to_owned();
    client.token(&[("grant_type", "refresh_token")]).await;
    let line = |rejection: &str| server.log().lines().find(|line| line.contains(rejection)).map(str::to_owned);
    let wrong = eventually("the line of the wrong secret", async || line("WrongClientSecret")).await;
    assert!(wrong.contains(&format!("client={id}")) || wrong.contains(&format!("client=\"{id}\"")), "{wrong}");
    eventually("the line of the unknown client", async || line("UnregisteredClient")).await;
    assert!(!server.log().contains("made-up-by-a-stranger"), "{}", server.log());
}

#[tokio::test]
async fn a_malformed_authorization_header_is_refused_and_breaks_nothing() {
    let server = Server::start().await;
    let long = format!("Basic {}", "QUFB".repeat(25_000));
    for header in [
        &b"Basic"[..],
        b"Basic ",
        b"Basic !!!",
        b"Basic YWJj",
        b"Basic OmI=",
        b"Basic /zpi",
        b"Basic \xe9\xe9",
        b"Basic YTpi YTpi",
        b"Basic YSUwMDpi",
        b"Bearer",
        b"Bearer abc",
        b"bearer  x",
        b"Digest username=\"a\"",
        b"\xff",
        long.as_bytes(),
    ] {
        let answer = send(&server, &[header], "grant_type=client_credentials").await;
        answer.refused_json(401, Rejection::MalformedBasicHeader);
        assert!(answer.header("www-authenticate").starts_with("Basic realm="));
    }
}

#[tokio::test]
async fn a_secret_with_any_characters_is_form_encoded_in_a_basic_header() {
    let server = Server::start().await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let secret = service.secret.as_deref().unwrap();
    let encoded: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for header in [basic(&service.id, &encoded), basic(&service.id, secret)] {
        send(&server, &[&header], "grant_type=client_credentials").await.ok();
    }
}

#[tokio::test]
async fn a_client_that_is_switched_off_gets_nothing_and_comes_back_when_switched_on() {
    let server = Server::start().await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    service.credentials(&[]).await.ok();
    server.db_change_client(&service.id, |c| c.disabled_at = Some(c.created_at)).await;
    let answer = service.credentials(&[]).await;
    answer.refused_json(401, Rejection::ClientSwitchedOff);
    server.db_change_client(&service.id, |c| c.disabled_at = None).await;
    service.credentials(&[]).await.ok();
}
