//! Signed answers of introspection (RFC 9701): asked for by `Accept`, signed as the API wants, and no token of any kind.

use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::resource::Resource;
use doorward::protocol::resource_signing::ResourceSigning;
use doorward::protocol::scope::ScopeSet;
use serde_json::{Value, json};

use super::judges::{bare_crate_verifies, jsonwebtoken_verifies};
use super::{WARM_UP, algorithm, api, kid, part};
use crate::support::{Answer, Client, Server};

const SIGNED: &str = "application/token-introspection+jwt";

/// An API's own client, and a token for the API.
struct Place {
    server: Server,
    api: Client,
    token: String,
}

impl Place {
    async fn of(wanted: Algorithm) -> Self {
        let server = Server::start().await;
        let scopes = ScopeSet::parse("notes:read").unwrap();
        let service = server.db_client(ClientType::Service, |client| client.scopes = scopes).await;
        let introspector = server.db_client(ClientType::Service, |_| {}).await;
        server.db_api(wanted, &[&introspector.id]).await;
        server.attend().await;
        server.turn(WARM_UP);
        let tokens = service.credentials(&[("resource", &api(wanted))]).await.ok();
        Self { server, api: introspector, token: tokens["access_token"].as_str().unwrap().to_owned() }
    }

    async fn ask(&self, token: &str, accept: &str) -> Answer {
        self.api.post_accepting("/introspect", &[("token", token)], accept).await
    }
}

/// The claims of a signed answer, which has the headers of one.
#[track_caller]
fn signed(answer: &Answer) -> Value {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, SIGNED), "{}", answer.text());
    assert_eq!((answer.header("vary"), answer.header("cache-control")), ("accept", "no-store"));
    part(&answer.text(), 1)
}

#[tokio::test]
async fn an_answer_is_signed_as_the_api_wants_its_tokens_and_says_what_the_plain_one_does() {
    for wanted in Algorithm::ALL.iter().copied() {
        let place = Place::of(wanted).await;
        let plain = place.ask(&place.token, "*/*").await;
        assert_eq!((plain.header("content-type"), plain.header("vary")), ("application/json", "accept"));
        let plain = plain.ok();
        assert_eq!(plain["active"], true);
        let answer = place.ask(&place.token, SIGNED).await;
        let (now, issuer) = (place.server.clock.now().seconds(), "http://localhost:8000");
        let told = json!({ "iss": issuer, "aud": place.api.id, "iat": now, "token_introspection": plain });
        assert_eq!(signed(&answer), told);
        let jwt = answer.text();
        assert_eq!(
            part(&jwt, 0),
            json!({ "alg": wanted.as_str(), "typ": "token-introspection+jwt", "kid": kid(&place.token) })
        );
        let jwks = place.server.jwks().await;
        assert!(jsonwebtoken_verifies(&jwt, &jwks) && bare_crate_verifies(&jwt, &jwks), "{wanted}");
        // Whatever it asks about, an API verifies with one algorithm.
        for unknown in [jwt.as_str(), "x", "a.b.c"] {
            let answer = place.ask(unknown, SIGNED).await;
            let told =
                json!({ "iss": issuer, "aud": place.api.id, "iat": now, "token_introspection": { "active": false } });
            assert_eq!((signed(&answer), algorithm(&answer.text()).as_str()), (told, wanted.as_str()));
            assert_eq!(place.ask(unknown, "application/json").await.ok(), json!({ "active": false }));
        }
    }
}

#[tokio::test]
async fn a_client_that_no_api_names_has_its_answers_signed_as_its_id_tokens() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let app =
        server.db_client(ClientType::Web, |client| client.id_token_algorithm = super::choice(Algorithm::Es256)).await;
    let other = server.db_client(ClientType::Web, |_| {}).await;
    server.attend().await;
    server.turn(WARM_UP);
    let code = server.browser().code(&app, "ann@example.org", "scope=openid+offline_access").await;
    let tokens = app.redeem(&code).await.ok();
    for name in ["access_token", "refresh_token"] {
        let token = tokens[name].as_str().unwrap();
        let answer = app.post_accepting("/introspect", &[("token", token)], SIGNED).await;
        assert_eq!(signed(&answer)["token_introspection"]["active"], true, "{name}");
        assert_eq!(algorithm(&answer.text()), "ES256");
        let answer = other.post_accepting("/introspect", &[("token", token)], SIGNED).await;
        assert_eq!(signed(&answer)["token_introspection"], json!({ "active": false }), "{name}");
        assert_eq!(algorithm(&answer.text()), "RS256");
    }
}

#[tokio::test]
async fn an_api_that_shares_a_secret_gets_answers_that_it_cannot_write_itself() {
    let server = Server::start().await;
    let api = server.db_client(ClientType::Service, |_| {}).await;
    server.db_api(Algorithm::Es256, &[&api.id]).await;
    let algorithm_of = async || {
        let answer = api.post_accepting("/introspect", &[("token", "x")], SIGNED).await;
        assert_eq!(signed(&answer)["token_introspection"], json!({ "active": false }));
        algorithm(&answer.text())
    };
    server.attend().await;
    server.turn(WARM_UP);
    assert_eq!(algorithm_of().await, "ES256");
    let change = |resource: &mut Resource| resource.signing = ResourceSigning::Hs256;
    server.db_change_resource(&super::api(Algorithm::Es256), change).await;
    assert_eq!(algorithm_of().await, "RS256");
}

#[tokio::test]
async fn who_asks_gets_the_form_that_is_liked_best_and_errors_are_always_json() {
    let place = Place::of(Algorithm::Es256).await;
    let kind = async |accept: &str| place.ask(&place.token, accept).await.header("content-type").to_owned();
    for accept in ["application/json", "*/*", "", "text/html", "application/token-introspection+jwt;q=0.5, */*;q=0.6"] {
        assert_eq!(kind(accept).await, "application/json", "{accept}");
    }
    for accept in [
        "application/token-introspection+jwt;q=0.6, application/json;q=0.5",
        "*/*, Application/Token-Introspection+JWT",
    ] {
        assert_eq!(kind(accept).await, SIGNED, "{accept}");
    }
    let plain = place.api.post("/introspect", &[("token", &place.token)]).await;
    assert_eq!(plain.header("content-type"), "application/json", "without the header");
    let without = place.api.post_accepting("/introspect", &[], SIGNED).await;
    without.refused_json(400, Rejection::MissingTokenParameter);
    let mut wrong = place.api.clone();
    wrong.secret = Some("wrong".to_owned());
    let answer = wrong.post_accepting("/introspect", &[("token", &place.token)], SIGNED).await;
    answer.refused_json(401, Rejection::WrongClientSecret);
}
