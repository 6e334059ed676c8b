//! The bounds of every request: what takes too long and what panics ends in a failure like any other, in the form of its audience.
//!
//! The production router has neither slow nor panicking routes, so the request's body is what waits for ever, or panics when it is read.

use std::convert::Infallible;
use std::task::Poll;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use doorward::http::Reason;
use doorward::protocol::client::ClientType;
use futures_util::stream;

use super::headers::has_headers_of_its_group;
use crate::support::{Answer, Server};

/// A body that never comes.
fn waits() -> Body {
    Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())
}

/// A body that panics in the hands of the handler that reads it.
fn panics() -> Body {
    Body::from_stream(stream::poll_fn(|_| -> Poll<Option<Result<Bytes, Infallible>>> { panic!("words of the inside") }))
}

async fn post(server: &Server, path: &str, body: Body) -> Answer {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, if path == "/login" { "http://localhost:8000" } else { "https://rp.test" });
    server.send(request.body(body).unwrap()).await
}

/// Sends the body to an endpoint of each audience, and to two pages: each must fail with this status and code, and tell nothing else.
async fn fails_everywhere(server: &Server, body: fn() -> Body, status: u16, page_code: &str) {
    let wait = if status == 503 { "2" } else { "" };
    for path in ["/token", "/revoke", "/userinfo", "/introspect", "/login", "/authorize"] {
        let answer = post(server, path, body()).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text());
        let Some(Reason::Failed(failure)) = &answer.reason else { panic!("{path}: {:?}", answer.reason) };
        assert_eq!(failure.passing, status == 503);
        assert_eq!(answer.header("retry-after"), wait, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(!answer.text().contains("inside") && !answer.text().contains(&failure.detail), "{path}");
        has_headers_of_its_group(path, &answer);
        let trace = answer.header("x-trace-id");
        assert_eq!(trace.len(), 32, "{path}");
        if ["/login", "/authorize"].contains(&path) {
            assert_eq!(answer.error_code().as_deref(), Some(page_code), "{path}");
            assert!(answer.text().contains(trace), "{path}");
            assert!(answer.header("content-security-policy").contains("form-action 'self'"), "{path}");
        } else {
            assert_eq!(answer.json()["error"], "server_error", "{path}");
        }
        // A single-page app can read it where it can read an answer.
        let readable = ["/token", "/revoke", "/userinfo"].contains(&path);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            if readable { "https://rp.test" } else { "" },
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_takes_too_long_is_a_503_with_a_reason_in_the_form_of_its_audience() {
    let server = Server::start().await;
    server.db_client(ClientType::Spa, |_| {}).await;
    server.poll().await;
    // From here on the time of the bounds stands still, and leaps when nothing else is left to do.
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    fails_everywhere(&server, waits, 503, "temporarily_unavailable").await;
    assert_eq!(before.elapsed().as_secs(), 6 * 30);
    tokio::time::resume();
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing_and_ends_nothing_else() {
    let server = Server::start().await;
    server.db_client(ClientType::Spa, |_| {}).await;
    server.poll().await;
    fails_everywhere(&server, panics, 500, "server_error").await;
    assert_eq!(server.get("/readyz").await.status, 200);
}
