//! The layers and the extractors, in a router of axum as users have one.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::routing::get;
use doorward_client::testing::{Draft, Issuer};
use doorward_client::{
    Allowed, Auth, Bearer, Caller, CallerKind, Need, Needs, RequireAcr, RequireAll, RequireAny, RequireAuth,
    RequireFresh, RequireRole, RequireScope, ResourceMetadata, Rules, SharedSecret, SharedSecretVerifier,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

use crate::support::API;

const MFA: &str = "https://refeds.org/profile/mfa";

struct Editing;

impl Needs for Editing {
    fn need() -> Need {
        Need::any([Need::scope("notes:write"), Need::role("editor")])
    }
}

struct Deleting;

impl Needs for Deleting {
    fn need() -> Need {
        Need::all([Need::scope("notes:write"), Need::acr([MFA, "phr"]), Need::fresh(Duration::from_secs(300))])
    }
}

async fn who(caller: Caller) -> String {
    let kind = match caller.kind() {
        CallerKind::Service => "service",
        CallerKind::ApiKey => "key of",
        _ => "user",
    };
    format!("{kind} {} by {:?}", caller.subject(), caller.client())
}

fn router(auth: impl Into<Auth>) -> Router {
    let ok = || get(|| async { "fine" });
    Router::new()
        .route("/who", get(who))
        .route("/read", ok().layer(RequireScope::new("notes:read")))
        .route("/edit", get(|caller: Allowed<Editing>| async move { caller.subject().to_owned() }))
        .route("/admin", ok().layer(RequireRole::new("admin")))
        .route("/any", ok().layer(RequireAny::of([Need::scope("a"), Need::scope("b"), Need::role("c")])))
        .route("/none", ok().layer(RequireAny::of([])))
        .route("/acr", ok().layer(RequireAcr::new(MFA)))
        .route("/either-acr", ok().layer(RequireAcr::any([MFA, "phr"])))
        .route("/fresh", ok().layer(RequireFresh::new(Duration::from_secs(300))))
        .route("/both", ok().layer(RequireAll::of([Need::acr([MFA]), Need::fresh(Duration::from_secs(300))])))
        .route("/delete", get(|caller: Allowed<Deleting>| async move { caller.subject().to_owned() }))
        .layer(RequireAuth::new(auth))
}

async fn ask(router: &Router, path: &str, headers: &[(&str, &str)]) -> (Response<()>, String) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (Response::from_parts(parts, ()), String::from_utf8(bytes.to_vec()).unwrap())
}

async fn with_token(router: &Router, path: &str, token: &str) -> (Response<()>, String) {
    ask(router, path, &[("authorization", &format!("Bearer {token}"))]).await
}

fn challenge(answer: &Response<()>) -> &str {
    answer.headers().get("www-authenticate").map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn who_calls_is_in_the_request() {
    let issuer = Issuer::start().await;
    let router = router(issuer.verifier(API).build().await.unwrap());
    let (answer, body) = with_token(&router, "/who", &issuer.token(API).subject("ann").client("app").sign()).await;
    assert_eq!((answer.status(), body.as_str()), (StatusCode::OK, "user ann by Some(\"app\")"));
    let (_, body) = with_token(&router, "/who", &issuer.token(API).service("job").sign()).await;
    assert_eq!(body, "service job by Some(\"job\")");
    // What a key was traded for, be its owner a person or a service.
    for owner in ["ann", "job"] {
        let traded = issuer.token(API).subject(owner).client("dwk_1").claim("gid", "dwk_1").sign();
        let (_, body) = with_token(&router, "/who", &traded).await;
        assert_eq!(body, format!("key of {owner} by Some(\"dwk_1\")"));
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_told_apart() {
    let issuer = Issuer::start().await;
    let router = router(issuer.verifier(API).build().await.unwrap());
    let token = || issuer.token(API);
    let expired = token().claim("iat", 1).claim("exp", 2).sign();
    let good = token().sign();
    let (head, tail) = good.split_at(good.len() - 10);
    let forged = format!("{head}{}", tail.chars().rev().collect::<String>());
    let cases: [(&str, &str); 8] = [
        ("malformed", "rubbish"),
        ("expired", &expired),
        ("bad_signature", &forged),
        ("wrong_audience", &issuer.token("https://other.example.org").sign()),
        ("wrong_type", &token().header("typ", "JWT").sign()),
        ("not_yet_valid", &token().claim("nbf", issuer.clock().now() + 100).sign()),
        ("bound_to_a_key", &token().claim("cnf", json!({ "jkt": "k" })).sign()),
        ("algorithm_not_allowed", &token().header("alg", "none").sign()),
    ];
    for (reason, token) in cases {
        let (answer, body) = with_token(&router, "/who", token).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{reason}");
        assert_eq!((body["error"].as_str(), body["reason"].as_str()), (Some("invalid_token"), Some(reason)));
        let description = body["error_description"].as_str().unwrap();
        assert_eq!(challenge(&answer), format!("Bearer error=\"invalid_token\", error_description=\"{description}\""));
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
    let (answer, body) = ask(&router, "/who", &[]).await;
    assert_eq!((answer.status(), challenge(&answer)), (StatusCode::UNAUTHORIZED, "Bearer"));
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["reason"], "missing");
}

#[tokio::test]
async fn a_request_has_one_credential_in_its_header() {
    let issuer = Issuer::start().await;
    let router = router(issuer.verifier(API).build().await.unwrap());
    let bearer = format!("Bearer {}", issuer.token(API).sign());
    let (answer, body) = ask(&router, "/who", &[("authorization", &bearer), ("authorization", &bearer)]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(body.contains("several_credentials") && challenge(&answer).contains("invalid_request"));
    let (answer, body) = ask(&router, "/who?access_token=abc", &[("authorization", &bearer)]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(body.contains("in_address"));
    for value in ["Basic YTpi", "Bearer", "Bearer  x", "Bearer a b"] {
        let (answer, body) = ask(&router, "/who", &[("authorization", value)]).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(body.contains("malformed"), "{value}");
    }
}

#[tokio::test]
async fn who_lacks_a_scope_or_a_role_is_told_which() {
    let issuer = Issuer::start().await;
    let router = router(issuer.verifier(API).build().await.unwrap());
    let lacking = issuer.token(API).scope("notes notes:read2 NOTES:READ notes:* *").roles(&["Admin", "*"]).sign();
    let cases = [
        ("/read", Some("notes:read"), Value::Null),
        ("/edit", Some("notes:write"), json!(["editor"])),
        ("/admin", None, json!(["admin"])),
        ("/any", Some("a b"), json!(["c"])),
        ("/none", None, Value::Null),
    ];
    for (path, scope, roles) in cases {
        let (answer, body) = with_token(&router, path, &lacking).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((body["error"].as_str(), body["scope"].as_str()), (Some("insufficient_scope"), scope));
        assert_eq!(body["roles"], roles);
        let challenge = challenge(&answer);
        assert!(challenge.starts_with("Bearer error=\"insufficient_scope\""), "{challenge}");
        assert_eq!(challenge.contains("scope=\"") && challenge.contains(scope.unwrap_or("?")), scope.is_some());
    }
    let token = |draft: Draft<'_>| draft.sign();
    for (path, having) in [
        ("/read", token(issuer.token(API).scope("x notes:read"))),
        ("/edit", token(issuer.token(API).scope("notes:write"))),
        ("/edit", token(issuer.token(API).roles(&["editor"]))),
        ("/admin", token(issuer.token(API).roles(&["admin"]))),
        ("/any", token(issuer.token(API).scope("b"))),
        ("/any", token(issuer.token(API).roles(&["c"]))),
    ] {
        assert_eq!(with_token(&router, path, &having).await.0.status(), StatusCode::OK, "{path}");
    }
}

/// RFC 9470 §3.
#[tokio::test]
async fn who_has_not_authenticated_well_enough_is_told_how_to() {
    let issuer = Issuer::start().await;
    let router = router(issuer.verifier(API).build().await.unwrap());
    let now = issuer.clock().now();
    let token = |acr: Option<&str>, age: Option<i64>| {
        let draft = issuer.token(API).subject("ann").scope("notes:write");
        let draft = acr.into_iter().fold(draft, |draft, acr| draft.claim("acr", acr));
        age.into_iter().fold(draft, |draft, age| draft.claim("auth_time", now - age)).sign()
    };
    let (weak, silent) = (token(Some("pwd"), Some(301)), token(None, None));
    for (path, acr_values, max_age) in [
        ("/acr", Some(MFA), None),
        ("/either-acr", Some("https://refeds.org/profile/mfa phr"), None),
        ("/fresh", None, Some(300)),
        ("/both", Some(MFA), Some(300)),
        ("/delete", Some("https://refeds.org/profile/mfa phr"), Some(300)),
    ] {
        for token in [&weak, &silent] {
            let (answer, body) = with_token(&router, path, token).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["error"], "insufficient_user_authentication");
            assert_eq!((body["acr_values"].as_str(), body["max_age"].as_i64()), (acr_values, max_age), "{path}");
            let mut expected = format!(
                "Bearer error=\"insufficient_user_authentication\", error_description=\"{}\"",
                body["error_description"].as_str().unwrap()
            );
            if let Some(acr_values) = acr_values {
                expected.push_str(&format!(", acr_values=\"{acr_values}\""));
            }
            if let Some(max_age) = max_age {
                expected.push_str(&format!(", max_age=\"{max_age}\""));
            }
            assert_eq!(challenge(&answer), expected);
        }
    }
    // What is missing alone is asked for.
    for (path, token, lacking, there) in [
        ("/both", token(Some(MFA), Some(301)), "max_age=\"300\"", "acr_values"),
        ("/delete", token(Some("pwd"), Some(300)), "acr_values", "max_age"),
    ] {
        let (answer, _) = with_token(&router, path, &token).await;
        assert!(challenge(&answer).contains(lacking) && !challenge(&answer).contains(there), "{path}");
    }
    let good = token(Some(MFA), Some(300));
    for path in ["/acr", "/either-acr", "/fresh", "/both", "/delete"] {
        assert_eq!(with_token(&router, path, &good).await.0.status(), StatusCode::OK, "{path}");
    }
    let stronger = token(Some("phr"), Some(0));
    assert_eq!(with_token(&router, "/either-acr", &stronger).await.0.status(), StatusCode::OK);
    assert_eq!(with_token(&router, "/acr", &stronger).await.0.status(), StatusCode::UNAUTHORIZED, "it was not named");
}

/// Nobody is sent to authenticate who would be refused all the same; and a service has nobody who could.
#[tokio::test]
async fn no_sign_in_makes_up_for_a_scope() {
    let issuer = Issuer::start().await;
    let router = router(issuer.verifier(API).build().await.unwrap());
    let reader = issuer.token(API).scope("notes:read").sign();
    let (answer, body) = with_token(&router, "/delete", &reader).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(challenge(&answer).contains("scope=\"notes:write\"") && !body.contains("acr_values"), "{body}");
    let service = issuer.token(API).service("job").scope("notes:write").sign();
    assert_eq!(with_token(&router, "/delete", &service).await.0.status(), StatusCode::UNAUTHORIZED);
}

/// The clock is that of whatever verifies.
#[tokio::test]
async fn an_authentication_grows_old_while_its_token_goes_on() {
    let issuer = Issuer::start().await;
    let router = router(issuer.verifier(API).build().await.unwrap());
    let now = issuer.clock().now();
    let token = issuer.token(API).claim("auth_time", now).lifetime(Duration::from_secs(3600)).sign();
    assert_eq!(with_token(&router, "/fresh", &token).await.0.status(), StatusCode::OK);
    issuer.clock().turn(Duration::from_secs(301));
    assert_eq!(with_token(&router, "/fresh", &token).await.0.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(with_token(&router, "/who", &token).await.0.status(), StatusCode::OK);
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_no_refusal() {
    let issuer = Issuer::start().await;
    issuer.go_away();
    let router = router(issuer.verifier(API).build_lazily().unwrap());
    let token = issuer.token(API).sign();
    for _ in 0..3 {
        let (answer, body) = with_token(&router, "/who", &token).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()["retry-after"], "10");
        assert!(challenge(&answer).is_empty() && body.contains("temporarily_unavailable"));
    }
    let (answer, _) = ask(&router, "/who", &[]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "who shows nothing needs no key");
}

#[tokio::test]
async fn a_guard_without_anybody_who_asked_lets_nobody_in() {
    let ok = || get(|| async { "fine" });
    let router = Router::new()
        .route("/who", get(who))
        .route("/edit", get(|_: Allowed<Editing>| async {}))
        .route("/read", ok().layer(RequireScope::new("notes:read")));
    for path in ["/who", "/edit", "/read"] {
        let (answer, _) = ask(&router, path, &[("authorization", "Bearer a")]).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
}

#[tokio::test]
async fn an_extractor_verifies_by_the_state_of_the_router() {
    let issuer = Issuer::start().await;
    let auth = Auth::from(issuer.verifier(API).build().await.unwrap());
    let router: Router = Router::new()
        .route("/who", get(|Bearer(caller): Bearer| async move { caller.subject().to_owned() }))
        .route("/edit", get(|Bearer(_): Bearer, caller: Allowed<Editing>| async move { caller.subject().to_owned() }))
        .with_state(auth);
    let token = issuer.token(API).subject("ann").sign();
    let (answer, body) = with_token(&router, "/who", &token).await;
    assert_eq!((answer.status(), body.as_str()), (StatusCode::OK, "ann"));
    assert_eq!(ask(&router, "/who", &[]).await.0.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(with_token(&router, "/edit", &token).await.0.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn challenges_point_to_the_metadata_of_the_api() {
    let issuer = Issuer::start().await;
    let metadata = ResourceMetadata::new(API, issuer.url()).unwrap().scope("notes:read");
    let auth = Auth::from(issuer.verifier(API).build().await.unwrap()).resource_metadata(metadata.address());
    let router = router(auth).route(&metadata.path(), get(metadata.clone()));
    let pointer = "resource_metadata=\"https://api.example.org/.well-known/oauth-protected-resource\"";
    let (answer, _) = ask(&router, "/who", &[]).await;
    assert_eq!(challenge(&answer), format!("Bearer {pointer}"));
    let (answer, _) = with_token(&router, "/read", &issuer.token(API).sign()).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(challenge(&answer).ends_with(pointer), "{}", challenge(&answer));
    let (answer, body) = ask(&router, &metadata.path(), &[]).await;
    assert_eq!(
        (answer.status(), answer.headers()["content-type"].to_str().unwrap()),
        (StatusCode::OK, "application/json")
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["resource"], &body["authorization_servers"]), (&json!(API), &json!([issuer.url()])));
}

#[tokio::test]
async fn an_api_with_a_secret_takes_tokens_under_it_alone() {
    let issuer = Issuer::start().await;
    let secret = SharedSecret::new(&[7; 32]).unwrap();
    let router = router(SharedSecretVerifier::new(Rules::new(issuer.url(), API), [secret]));
    assert_eq!(with_token(&router, "/who", &issuer.token(API).sign()).await.0.status(), StatusCode::UNAUTHORIZED);
    let now = doorward_client::Clock::system().now();
    let claims = json!({ "iss": issuer.url(), "aud": API, "sub": "ann", "iat": now, "exp": now + 60 });
    let header = jsonwebtoken::Header { typ: Some("at+jwt".to_owned()), ..Default::default() };
    let token = jsonwebtoken::encode(&header, &claims, &jsonwebtoken::EncodingKey::from_secret(&[7; 32])).unwrap();
    assert_eq!(with_token(&router, "/who", &token).await.0.status(), StatusCode::OK);
}
