//! One log line per request: trace id, method, path, status, client, and why it was refused. Never a query, a header or a body.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;

use super::peer::ClientAddress;
use crate::clock::Stopwatch;
use crate::http::error::Reason;
use crate::random;

/// Names a request in the log and on error pages; also the response header `x-trace-id`.
#[derive(Clone, Debug)]
pub(in crate::http) struct TraceId(pub String);

/// The client that a request was from; in the extensions of its response.
#[derive(Clone, Debug)]
pub(in crate::http) struct LoggedClient(pub String);

pub(in crate::http) async fn one_line(mut request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let trace = random::id();
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(100).collect();
    let address = request.extensions().get::<ClientAddress>().map(|address| address.0.to_string()).unwrap_or_default();
    request.extensions_mut().insert(TraceId(trace.clone()));
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    let client = response.extensions().get::<LoggedClient>().map_or("-", |client| client.0.as_str());
    let micros = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
    match response.extensions().get::<Reason>() {
        None => tracing::info!(%trace, %method, path, status, address, client, micros, "request"),
        Some(Reason::Rejected(why)) => {
            tracing::info!(%trace, %method, path, status, address, client, micros, rejection = why.reason(), "request");
        }
        Some(Reason::Failed(why)) => {
            tracing::error!(%trace, %method, path, status, address, client, micros, failure = %why, "request");
        }
    }
    if let Ok(value) = HeaderValue::from_str(&trace) {
        response.headers_mut().insert("x-trace-id", value);
    }
    response
}
