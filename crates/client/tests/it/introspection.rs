//! Asking the issuer about tokens and API keys.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use bytes::Bytes;
use doorward_client::http::Sending;
use doorward_client::testing::Issuer;
use doorward_client::{
    Auth, Caller, Http, Introspector, IntrospectorBuilder, Refusal, RequireAuth, RequireScope, Reqwest, VerifyError,
};
use serde_json::json;
use tower::ServiceExt;

use crate::support::API;

fn introspector(issuer: &Issuer) -> Introspector {
    introspector_as(issuer, Issuer::CLIENT_SECRET)
}

fn introspector_as(issuer: &Issuer, secret: &str) -> Introspector {
    begun(issuer, secret).build().unwrap()
}

fn begun(issuer: &Issuer, secret: &str) -> IntrospectorBuilder {
    let begun = Introspector::discover(issuer.url()).audience(API).client(Issuer::CLIENT_ID, secret);
    begun.clock(issuer.clock().clone())
}

fn router(auth: impl Into<Auth>) -> Router {
    let key = |caller: Caller| async move { caller.key_id().unwrap_or("none").to_owned() };
    Router::new()
        .route("/", get(key))
        .route("/read", get(|| async {}).layer(RequireScope::new("notes:read")))
        .layer(RequireAuth::new(auth))
}

async fn status(router: &Router, path: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

#[tokio::test]
async fn a_token_that_was_revoked_is_refused_within_a_second() {
    let issuer = Issuer::start().await;
    let auth = Auth::from(issuer.verifier(API).build().await.unwrap()).and_introspect(introspector(&issuer));
    let router = router(auth);
    let token = issuer.token(API).sign();
    let bearer = format!("Bearer {token}");
    let asked = async || status(&router, "/", &[("authorization", &bearer)]).await;
    assert_eq!(asked().await, StatusCode::OK);
    let requests = issuer.requests();
    assert_eq!(asked().await, StatusCode::OK);
    assert_eq!(issuer.requests(), requests, "an answer is kept");
    issuer.revoke(&token);
    issuer.clock().turn(Duration::from_secs(1));
    assert_eq!(asked().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_forged_token_is_not_asked_about() {
    let issuer = Issuer::start().await;
    let auth = Auth::from(issuer.verifier(API).build().await.unwrap()).and_introspect(introspector(&issuer));
    let router = router(auth);
    let requests = issuer.requests();
    let token = issuer.token(API).sign();
    let bearer = format!("Bearer {}AAAA", &token[..token.len() - 4]);
    assert_eq!(status(&router, "/", &[("authorization", &bearer)]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(issuer.requests(), requests);
}

/// Sends, and has answers speak of somebody else.
struct Confusing(Reqwest);

impl Http for Confusing {
    fn send(&self, request: Request<Bytes>) -> Sending<'_> {
        Box::pin(async {
            let answer = self.0.send(request).await?;
            Ok(answer.map(|body| String::from_utf8_lossy(&body).replace("\"ann\"", "\"eve\"").into()))
        })
    }
}

#[tokio::test]
async fn an_answer_about_somebody_else_does_not_count() {
    let issuer = Issuer::start().await;
    let token = issuer.token(API).subject("ann").sign();
    let confused = begun(&issuer, Issuer::CLIENT_SECRET).http(Confusing(Reqwest::new().unwrap())).build().unwrap();
    assert_eq!(confused.introspect(&token).await.unwrap().subject, "eve");
    let auth = Auth::from(issuer.verifier(API).build().await.unwrap()).and_introspect(confused);
    let bearer = format!("Bearer {token}");
    assert_eq!(status(&router(auth), "/", &[("authorization", &bearer)]).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_the_issuer_says_is_checked_as_a_token_is() {
    let issuer = Issuer::start().await;
    let introspector = introspector(&issuer);
    let asked = async |token: String| introspector.introspect(&token).await.map(|claims| claims.subject);
    let draft = || issuer.token(API);
    assert_eq!(asked(draft().subject("ann").api_key()).await.unwrap(), "ann");
    // What an answer need not say.
    assert_eq!(
        asked(draft().without("iss").without("iat").without("exp").without("sub").api_key()).await.unwrap(),
        "client"
    );
    let refused = [
        (issuer.token("https://other.example.org").api_key(), Refusal::Audience),
        (draft().without("aud").api_key(), Refusal::Audience),
        (draft().claim("iss", "https://evil.example.org").api_key(), Refusal::Issuer),
        (draft().claim("nbf", issuer.clock().now() + 100).api_key(), Refusal::NotYetValid),
        (draft().claim("cnf", json!({ "jkt": "k" })).api_key(), Refusal::KeyBound),
        ("unknown".to_owned(), Refusal::Inactive),
        ("a".repeat(9000), Refusal::TooLong),
    ];
    for (token, refusal) in refused {
        assert_eq!(asked(token).await.unwrap_err(), VerifyError::Refused(refusal));
    }
    let odd = [draft().claim("exp", "soon").api_key(), draft().claim("scope", json!(["a"])).api_key()];
    for token in odd {
        assert!(matches!(asked(token).await, Err(VerifyError::Unavailable(_))));
    }
}

#[tokio::test]
async fn an_answer_that_is_kept_does_not_outlive_its_token() {
    let issuer = Issuer::start().await;
    let begun = Introspector::discover(issuer.url()).audience(API).client(Issuer::CLIENT_ID, Issuer::CLIENT_SECRET);
    let kept = begun.clock(issuer.clock().clone()).keep_answers_for(Duration::from_secs(3600)).build().unwrap();
    let key = issuer.token(API).lifetime(Duration::from_secs(100)).api_key();
    kept.introspect(&key).await.unwrap();
    let requests = issuer.requests();
    issuer.clock().turn(Duration::from_secs(29));
    kept.introspect(&key).await.unwrap();
    assert_eq!(issuer.requests(), requests);
    issuer.clock().turn(Duration::from_secs(1));
    kept.introspect(&key).await.unwrap();
    assert_eq!(issuer.requests(), requests + 1, "half a minute is the longest");
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_no_refusal() {
    let issuer = Issuer::start().await;
    let token = issuer.token(API).api_key();
    let unavailable = async |introspector: &Introspector| {
        matches!(introspector.introspect(&token).await, Err(VerifyError::Unavailable(_)))
    };
    let ours = introspector(&issuer);
    issuer.go_away();
    assert!(unavailable(&ours).await);
    issuer.come_back();
    assert!(!unavailable(&ours).await, "it is asked again where it introspects");
    assert!(unavailable(&introspector_as(&issuer, "wrong")).await, "who asks is not known there");
    issuer.claim_of_itself("introspection_endpoint", "http://10.0.0.1/introspect");
    assert!(unavailable(&introspector(&issuer)).await);
    issuer.claim_of_itself("issuer", "https://evil.example.org");
    assert!(unavailable(&introspector(&issuer)).await);
}

#[tokio::test]
async fn an_api_key_comes_alone_and_opens_what_it_says() {
    let issuer = Issuer::start().await;
    let auth = Auth::from(issuer.verifier(API).build().await.unwrap()).or_api_keys(introspector(&issuer));
    let router = router(auth);
    let key = issuer.token(API).scope("notes:read").claim("dwk_id", "dwk_1").api_key();
    let other = issuer.token(API).scope("notes:write").api_key();
    let token = issuer.token(API).scope("notes:read").sign();
    let bearer = format!("Bearer {token}");
    let asked = async |headers: &[(&str, &str)]| status(&router, "/read", headers).await.as_u16();
    assert_eq!(asked(&[("x-api-key", &key)]).await, 200);
    assert_eq!(asked(&[("X-API-Key", &key)]).await, 200);
    assert_eq!(asked(&[("authorization", &bearer)]).await, 200);
    assert_eq!(asked(&[("x-api-key", &other)]).await, 403);
    assert_eq!(asked(&[("x-api-key", "")]).await, 401);
    assert_eq!(asked(&[("x-api-key", "   ")]).await, 401);
    assert_eq!(asked(&[("x-api-key", &key), ("x-api-key", &key)]).await, 401);
    assert_eq!(asked(&[("x-api-key", &key), ("authorization", &bearer)]).await, 401);
    assert_eq!(asked(&[("x-api-key", &token)]).await, 401, "a token is no key");
    assert_eq!(asked(&[("x-api-key", "made-up")]).await, 401);
    assert_eq!(asked(&[("authorization", &format!("Bearer {key}"))]).await, 401, "a key is no token");
    issuer.revoke(&key);
    issuer.clock().turn(Duration::from_secs(1));
    assert_eq!(asked(&[("x-api-key", &key)]).await, 401);
}

#[tokio::test]
async fn an_api_of_keys_alone_takes_no_token_and_knows_the_key() {
    let issuer = Issuer::start().await;
    let router = router(Auth::api_keys(introspector(&issuer)));
    let token = format!("Bearer {}", issuer.token(API).sign());
    assert_eq!(status(&router, "/", &[("authorization", &token)]).await, 401);
    let key = issuer.token(API).claim("dwk_id", "dwk_1").api_key();
    let request = Request::get("/").header("x-api-key", key).body(Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(axum::body::to_bytes(answer.into_body(), 100).await.unwrap(), "dwk_1");
}

#[tokio::test]
async fn tokens_that_are_no_jwt_are_asked_about() {
    let issuer = Issuer::start().await;
    let router = router(introspector(&issuer));
    let opaque = format!("Bearer {}", issuer.token(API).api_key());
    assert_eq!(status(&router, "/", &[("authorization", &opaque)]).await, 200);
    assert_eq!(status(&router, "/", &[("authorization", "Bearer made-up")]).await, 401);
}
