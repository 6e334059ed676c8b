//! Traces by OpenTelemetry, told to a collector that the test is: whose trace a request belongs to, and that nothing secret is in it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use std::sync::{Arc, Mutex};

use crate::support::{Database, Live, PASSWORD, eventually, http};

/// Whose word counts here: the test's own.
const PROXY: (&str, &str) = ("DOORWARD__SERVER__TRUSTED_PROXIES", "127.0.0.1");
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

type Heard = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A collector; its address, and what it hears.
async fn collector() -> (String, Heard) {
    let heard = Heard::default();
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let hear = async |State(heard): State<Heard>, headers: HeaderMap, body: Bytes| {
        heard.lock().unwrap().push((headers, body));
    };
    let router = Router::new().route("/v1/traces", post(hear)).with_state(heard.clone());
    tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
    (format!("http://{address}"), heard)
}

fn holds(heard: &Heard, needle: &[u8]) -> bool {
    heard.lock().unwrap().iter().any(|(_, body)| body.windows(needle.len()).any(|window| window == needle))
}

fn bytes_of(trace: &str) -> Vec<u8> {
    (0..trace.len() / 2).map(|at| u8::from_str_radix(&trace[2 * at..2 * at + 2], 16).unwrap()).collect()
}

#[tokio::test]
async fn a_request_is_a_span_of_the_trace_that_it_names_and_of_one_of_its_own_otherwise() {
    let (otlp, heard) = collector().await;
    let database = Database::copy().await;
    let mut live = Live::serve_with(&database, &[("DOORWARD__TELEMETRY__OTLP", &otlp), PROXY]);
    live.user("ann@example.org");
    let client = live.client("service", &["--scope", "a"]);
    let token = client.token_when_known(&[("grant_type", "client_credentials")]).await;
    let own = token.header("x-trace-id").to_owned();
    let mut browser = live.browser();
    browser.sign_in("ann@example.org").await;
    let named = http()
        .get(format!("{}/healthz?secret=in-the-query", live.issuer))
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .send()
        .await
        .unwrap();
    assert_eq!(named.headers()["x-trace-id"], TRACE);
    let unsampled = http()
        .get(format!("{}/readyz", live.issuer))
        .header("traceparent", "00-5bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
        .send()
        .await
        .unwrap();
    assert_eq!(unsampled.headers()["x-trace-id"], "5bf92f3577b34da6a3ce929d0e0e4736");
    live.terminate();
    assert_eq!(live.wait(), Some(0), "{}", live.log());

    eventually("the last spans have come", async || holds(&heard, b"GET /healthz").then_some(())).await;
    for told in
        ["POST /token", "POST /login", "password hash", "commit", "doorward", "service.version", client.id.as_str()]
    {
        assert!(holds(&heard, told.as_bytes()), "{told} is not told");
    }
    assert!(holds(&heard, &bytes_of(TRACE)) && holds(&heard, &bytes_of(&own)));
    assert!(
        !holds(&heard, &bytes_of("5bf92f3577b34da6a3ce929d0e0e4736")),
        "whoever asks has decided that it is not told"
    );
    assert!(live.log().contains(&format!("trace={TRACE}")) && live.log().contains(&format!("trace={own}")));
    let secrets = [PASSWORD, client.secret.as_deref().unwrap(), "in-the-query", "ann@example.org", "doorward_sign_in"];
    for secret in secrets {
        assert!(!holds(&heard, secret.as_bytes()), "{secret} is told");
    }
    let types: Vec<_> = heard.lock().unwrap().iter().map(|(headers, _)| headers["content-type"].clone()).collect();
    assert!(types.iter().all(|kind| kind == "application/x-protobuf"), "{types:?}");
    assert!(!live.log().contains("password hash"), "the log has no spans");
}

#[tokio::test]
async fn a_collector_that_is_away_is_said_once_and_costs_nobody_anything() {
    let database = Database::copy().await;
    let nobody = crate::support::free_address();
    let mut live = Live::serve_with(&database, &[("DOORWARD__TELEMETRY__OTLP", &format!("http://{nobody}"))]);
    let mut browser = live.browser();
    for _ in 0..5 {
        assert_eq!(browser.get("/healthz").await.status, 200);
    }
    live.terminate();
    assert_eq!(live.wait(), Some(0), "{}", live.log());
    assert_eq!(live.log().matches("traces cannot be told").count(), 1, "{}", live.log());
}

#[tokio::test]
async fn without_a_collector_the_trace_of_whoever_asks_names_the_request_too() {
    let database = Database::copy().await;
    let live = Live::serve_with(&database, &[PROXY]);
    let ask = async |parents: &[&str]| {
        let mut request = http().get(format!("{}/healthz", live.issuer));
        for parent in parents {
            request = request.header("traceparent", *parent);
        }
        request.send().await.unwrap().headers()["x-trace-id"].to_str().unwrap().to_owned()
    };
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    assert_eq!(ask(&[&parent]).await, TRACE);
    for parents in [vec![parent.as_str(), parent.as_str()], vec!["00-x"], vec![""], vec![]] {
        let own = ask(&parents).await;
        assert!(own.len() == 32 && own != TRACE, "{parents:?}: {own}");
    }
}

#[tokio::test]
async fn a_stranger_names_no_trace() {
    let database = Database::copy().await;
    let live = Live::serve(&database);
    let request = http().get(format!("{}/healthz", live.issuer));
    let request = request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    let own = request.send().await.unwrap().headers()["x-trace-id"].to_str().unwrap().to_owned();
    assert!(own.len() == 32 && own != TRACE);
}
