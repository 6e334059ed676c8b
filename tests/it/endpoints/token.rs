//! The token endpoint: how a request must be written, and what the client may ask for.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use doorward::protocol;
use doorward::protocol::client::ClientType;
use doorward::protocol::grant_type::GrantType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use hyper::body::Frame;

use crate::support::{Server, unverified_claims};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_token_request_is_one_form_of_at_most_64_kib() {
    let server = Server::start().await;
    for kind in ["application/json", "text/plain", "", ";", "text/plain; application/x-www-form-urlencoded"] {
        let answer = server.post_as("/token", kind, b"grant_type=client_credentials".to_vec()).await;
        answer.refused_json(415, Rejection::WrongContentType);
    }
    for (body, status, rejection) in [
        (vec![b'a'; 65_537], 413, Rejection::BodyTooLarge),
        (vec![b'a'; 65_536], 401, Rejection::MissingClientAuthentication),
        (vec![], 401, Rejection::MissingClientAuthentication),
        (b"code=\xff".to_vec(), 400, Rejection::MalformedParameters),
        (b"code=%ff".to_vec(), 400, Rejection::MalformedParameters),
        (b"code=%00".to_vec(), 400, Rejection::MalformedParameters),
        (b"code=\0".to_vec(), 400, Rejection::MalformedParameters),
        (b"code=%G0".to_vec(), 400, Rejection::MalformedParameters),
        (b"a=1&a=1".to_vec(), 400, Rejection::RepeatedParameter),
        (b"grant_type=x&grant_type=x&client_id=x".to_vec(), 400, Rejection::RepeatedParameter),
    ] {
        server.post_as("/token", FORM, body).await.refused_json(status, rejection);
    }
}

#[tokio::test]
async fn the_parameters_of_the_media_type_say_nothing() {
    let server = Server::start().await;
    for parameters in ["; charset=UTF-8", ";charset=\"utf-8\"", "; charset=latin1", "; boundary=x; q=0.5", ";", " ; é"]
    {
        for kind in [FORM, "Application/X-WWW-Form-Urlencoded"] {
            let answer = server.post_as("/token", &format!("{kind}{parameters}"), vec![]).await;
            answer.refused_json(401, Rejection::MissingClientAuthentication);
        }
    }
    // Whatever charset is named, the text is UTF-8.
    let answer = server.post_as("/token", &format!("{FORM}; charset=latin1"), b"code=%e9".to_vec()).await;
    answer.refused_json(400, Rejection::MalformedParameters);
}

#[tokio::test]
async fn the_audience_parameter_of_other_servers_is_ignored() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    server.db_resource("https://api.test", &["notes"]).await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let spa = server.db_client(ClientType::Spa, |_| {}).await;
    let audience = ("audience", "https://api.test");
    let code = server.browser().code(&spa, "ann@example.org", "audience=https%3A%2F%2Fapi.test").await;
    for answer in [service.credentials(&[audience]).await, spa.redeem_with(&code, &[audience]).await] {
        let claims = unverified_claims(answer.ok()["access_token"].as_str().unwrap());
        assert_eq!(claims["aud"], "http://localhost:8000");
    }
}

/// A body that comes in pieces, without a declared length.
struct Pieces(VecDeque<Result<Bytes, std::io::Error>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(self.0.pop_front().map(|piece| piece.map(Frame::data)))
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_and_one_that_does_not_end_are_refused() {
    let server = Server::start().await;
    let request = |pieces: Vec<Result<Bytes, std::io::Error>>| {
        let request = Request::post("/token").header(header::CONTENT_TYPE, FORM);
        request.body(Body::new(Pieces(pieces.into()))).unwrap()
    };
    let broken = vec![Ok("grant_type=".into()), Err(std::io::ErrorKind::ConnectionReset.into())];
    server.send(request(broken)).await.refused_json(400, Rejection::BodyUnreadable);
    let endless = (0..17).map(|_| Ok(vec![b'a'; 4096].into())).collect();
    server.send(request(endless)).await.refused_json(413, Rejection::BodyTooLarge);
}

#[tokio::test]
async fn a_client_uses_the_grant_types_of_its_kind() {
    let server = Server::start().await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    for client in [&web, &service] {
        client.token(&[]).await.refused_json(400, Rejection::MissingGrantType);
        client.token(&[("grant_type", "")]).await.refused_json(400, Rejection::MissingGrantType);
        for unknown in ["password", "implicit", "Authorization_Code", "urn:ietf:params:oauth:grant-type:saml2-bearer"] {
            client.token(&[("grant_type", unknown)]).await.refused_json(400, Rejection::UnknownGrantType);
        }
    }
    web.credentials(&[]).await.refused_json(400, Rejection::GrantTypeNotAllowed);
    service.redeem("x").await.refused_json(400, Rejection::GrantTypeNotAllowed);
}

#[tokio::test]
async fn a_client_uses_the_grant_types_that_it_is_allowed_and_no_others() {
    let server = Server::start().await;
    let scopes = ScopeSet::parse("openid email offline_access job").unwrap();
    let own = |grant_types: &'static [GrantType]| {
        let scopes = scopes.clone();
        move |client: &mut protocol::client::Client| {
            (client.grant_types, client.scopes) = (grant_types.iter().copied().collect(), scopes);
            client.first_party = true;
        }
    };
    let both = server.db_client(ClientType::Web, own(GrantType::ALL)).await;
    let tokens = both.credentials(&[]).await.ok();
    assert_eq!(tokens["scope"], "job", "no person is there, whom the issuer's scopes could speak of");
    both.credentials(&[("scope", "openid job")]).await.refused_json(400, Rejection::ScopeNotAllowed);

    server.db_user("ann@example.org").await;
    let mut browser = server.browser();
    browser.sign_in("ann@example.org").await;
    let once = server.db_client(ClientType::Web, own(&[GrantType::AuthorizationCode])).await;
    for (client, refreshes) in [(&both, true), (&once, false)] {
        let answer = browser.visit(&client.authorization_url("scope=openid+offline_access")).await;
        let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
        assert_eq!(tokens.get("refresh_token").is_some(), refreshes);
    }
    once.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")])
        .await
        .refused_json(400, Rejection::GrantTypeNotAllowed);
    let machine = server.db_client(ClientType::Web, own(&[GrantType::ClientCredentials])).await;
    browser.visit(&machine.authorization_url("")).await.refused_redirect(Rejection::ClientMayNotAuthorize);
    machine.redeem("x").await.refused_json(400, Rejection::GrantTypeNotAllowed);
}

#[tokio::test]
async fn a_service_gets_the_scopes_it_was_given_for_one_resource() {
    let server = Server::start().await;
    server.db_resource("https://api.test", &["notes.read", "notes.write"]).await;
    server.db_resource("https://other.test", &["other"]).await;
    let scopes = ScopeSet::parse("notes.read other job").unwrap();
    let service = server.db_client(ClientType::Service, |c| c.scopes = scopes).await;
    let api = ("resource", "https://api.test");

    let tokens = service.credentials(&[api]).await.ok();
    let claims = unverified_claims(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["aud"], &claims["scope"]), (&"https://api.test".into(), &"job notes.read".into()));
    assert_eq!((&claims["sub"], &claims["client_id"]), (&service.id.clone().into(), &service.id.clone().into()));
    assert!(claims.get("gid").is_none() && tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none());

    let tokens = service.credentials(&[api, ("scope", "notes.read")]).await.ok();
    assert_eq!(tokens["scope"], "notes.read");
    service.credentials(&[]).await.refused_json(400, Rejection::SeveralResources);

    for (fields, rejection) in [
        (vec![("scope", "notes.write")], Rejection::ScopeNotAllowed),
        (vec![("scope", "openid")], Rejection::ScopeNotAllowed),
        (vec![("scope", "nothing")], Rejection::UnknownScope),
        (vec![("scope", "a\\b")], Rejection::MalformedScope),
        (vec![("resource", "notes")], Rejection::MalformedResource),
        (vec![("resource", "https://nowhere.test")], Rejection::UnknownResource),
        (vec![api, ("resource", "https://other.test")], Rejection::SeveralResources),
    ] {
        service.credentials(&fields).await.refused_json(400, rejection);
    }
    let bound = server.db_client(ClientType::Service, |c| c.resources = vec!["https://api.test".to_owned()]).await;
    let other = bound.credentials(&[("resource", "https://other.test")]).await;
    other.refused_json(400, Rejection::ResourceNotAllowed);
}
