//! One log line per request: trace id, method, path, status, client, and why it was refused. Never a query, a header or a body.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::response::Response;

use crate::clock::Stopwatch;
use crate::http::error::Reason;
use crate::http::middleware::peer::ClientAddress;
use crate::http::scrapes;
use crate::protocol::issuer::Base;
use crate::protocol::trace::TraceId;
use crate::random;
use crate::telemetry::numbers;

/// The longest part of a path that is logged, in bytes.
const LONGEST_PATH: usize = 100;

/// The client that a request was from; in the extensions of its response.
#[derive(Clone, Debug)]
pub(in crate::http) struct LoggedClient(pub String);

/// The line of a request that is under way.
pub(in crate::http) struct Line {
    watch: Stopwatch,
    trace: TraceId,
    method: Method,
    route: &'static str,
    path: String,
    address: ClientAddress,
}

impl Line {
    /// Begins the line, and gives the request its name.
    pub fn begin(request: &mut Request, address: ClientAddress, base: &Base) -> Self {
        let trace = TraceId::of(random::name());
        request.extensions_mut().insert(trace);
        let path = request.uri().path();
        let route = scrapes::route_of(path, base);
        let path = path[..path.floor_char_boundary(LONGEST_PATH)].to_owned();
        Self { watch: Stopwatch::start(), trace, method: request.method().clone(), route, path, address }
    }

    /// Writes it, and names the request in the answer.
    pub fn end(self, response: &mut Response) {
        let Self { watch, trace, method, route, path, address } = self;
        let status = response.status().as_u16();
        let client = response.extensions().get::<LoggedClient>().map_or("-", |client| client.0.as_str());
        let micros = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
        numbers::request(route, scrapes::method_of(&method), status, watch.elapsed());
        match response.extensions().get::<Reason>() {
            None => tracing::info!(%trace, %method, path, status, %address, client, micros, "request"),
            Some(Reason::Rejected(why)) => {
                numbers::refusal(why.rejection.reason());
                tracing::info!(%trace, %method, path, status, %address, client, micros, rejection = why.rejection.reason(), "request");
            }
            Some(Reason::Failed(why)) => {
                numbers::failure(why.passing);
                tracing::error!(%trace, %method, path, status, %address, client, micros, failure = %why, "request");
            }
        }
        if let Ok(value) = HeaderValue::from_str(&trace.to_string()) {
            response.headers_mut().insert(HeaderName::from_static("x-trace-id"), value);
        }
    }
}
