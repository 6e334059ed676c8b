//! Whole requests, through everything that a request meets: whatever comes, the answer is an answer and never a failure of ours.

use axum::body::Body;
use axum::http::{HeaderValue, Request};

use super::try_bytes;
use crate::support::Server;

/// Paths, each with how it is asked.
const PATHS: &[(&str, &str)] = &[
    ("GET", "/authorize"),
    ("POST", "/authorize"),
    ("GET", "/authorize/continue"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/register"),
    ("POST", "/consent"),
    ("GET", "/logout"),
    ("POST", "/logout"),
    ("POST", "/logout/confirm"),
    ("GET", "/account"),
    ("POST", "/account/sign-ins/end"),
    ("POST", "/token"),
    ("POST", "/introspect"),
    ("POST", "/revoke"),
    ("GET", "/userinfo"),
    ("POST", "/userinfo"),
];

const SEEDS: &[&str] = &[
    "client_id=app&redirect_uri=https%3A%2F%2Frp.test%2Fcb&response_type=code&scope=openid&state=s&nonce=n&code_challenge_method=S256",
    "grant_type=authorization_code&code=x&client_id=app&code_verifier=v&redirect_uri=y",
    "grant_type=refresh_token&refresh_token=x&client_id=app&scope=openid",
    "csrf=x&request=y&email=ann%40example.org&password=z",
    "token=eyJhbGciOiJSUzI1NiJ9.e30.AA&token_type_hint=access_token",
    "doorward_browser=x; doorward_sign_in=y; a=b",
    "Bearer eyJhbGciOiJSUzI1NiJ9.e30.AA",
    "Basic YXBwOnNlY3JldA==",
    "id_token_hint=x&post_logout_redirect_uri=https%3A%2F%2Frp.test&state=s&client_id=app",
];

#[test]
fn no_request_makes_us_fail() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(async {
        let server = Server::start().await;
        server.db_user("ann@example.org").await;
        server
    });
    try_bytes(SEEDS, |bytes| {
        let (method, path) = PATHS[bytes.iter().copied().map(usize::from).sum::<usize>() % PATHS.len()];
        let query: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
        let readable = String::from_utf8_lossy(bytes);
        let query = if bytes.is_ascii() && Request::get(format!("/?{readable}")).body(()).is_ok() {
            readable.into_owned()
        } else {
            query
        };
        let mut request = Request::builder().method(method).uri(format!("{path}?{query}"));
        if let Ok(value) = HeaderValue::from_bytes(bytes) {
            for name in
                ["cookie", "authorization", "user-agent", "origin", "x-forwarded-for", "forwarded", "traceparent"]
            {
                request = request.header(name, value.clone());
            }
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let body = if method == "POST" { Body::from(bytes.to_vec()) } else { Body::empty() };
        let answer = runtime.block_on(server.send(request.body(body).unwrap()));
        assert!(answer.status.as_u16() < 500, "{method} {path}?{query}: {}", answer.text());
        assert!(answer.headers.contains_key("x-trace-id"));
    });
}
