//! What the layers write as events of `tracing`. A process of its own: `tracing` asks once whether anybody listens to a place in the code, and where another
//! test comes there first nobody does.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use doorward_client::testing::Issuer;
use doorward_client::{RequireAuth, RequireScope};
use tower::ServiceExt;

const API: &str = "https://api.example.org";

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_refusal_is_an_event_with_its_reason_and_without_the_token() {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let issuer = Issuer::start().await;
    let ok = || get(|| async { "fine" });
    let router = Router::new()
        .route("/who", ok())
        .route("/read", ok().layer(RequireScope::new("notes:read")))
        .layer(RequireAuth::new(issuer.verifier(API).build().await.unwrap()));
    let expired = issuer.token(API).lifetime(Duration::from_secs(1)).sign();
    let lacking = issuer.token(API).subject("ann").lifetime(Duration::from_secs(500)).sign();
    issuer.clock().turn(Duration::from_secs(100));
    for (path, token) in [("/who", Some(&expired)), ("/read", Some(&lacking)), ("/who", None)] {
        let request = Request::get(path);
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        assert!(router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().is_client_error());
    }
    let bytes = written.0.lock().unwrap().clone();
    let written = String::from_utf8(bytes).unwrap();
    for parts in [
        &["reason=\"expired\"", "path=\"/who\""][..],
        &["reason=\"insufficient_scope\"", "subject=\"ann\"", "notes:read", "path=\"/read\""],
        &["reason=\"missing\"", "path=\"/who\""],
    ] {
        let has_all = |line: &str| parts.iter().all(|part| line.contains(part));
        assert!(written.lines().any(has_all), "{parts:?}: {written}");
    }
    for token in [expired, lacking] {
        for part in token.split('.') {
            assert!(!written.contains(part));
        }
    }
}
