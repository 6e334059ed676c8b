//! One log line per request, and its span for whoever collects traces: trace id, method, path, status, client, and why it was refused; for
//! want of a scope, also which one and to whom. Never a query, a header or a body.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method};
use axum::response::Response;
use tracing::Span;

use crate::clock::Stopwatch;
use crate::config::ServerConfig;
use crate::http::error::Reason;
use crate::http::middleware::peer::{self, ClientAddress};
use crate::http::scrapes;
use crate::protocol::issuer::Base;
use crate::protocol::trace::{TraceId, TraceParent};
use crate::random;
use crate::telemetry::{numbers, traces};
use crate::tokens::VerifiedToken;

/// The longest part of a path that is logged, in bytes.
const LONGEST_PATH: usize = 100;

/// The trace that the request says it belongs to, once. From whoever is no trusted proxy it counts for nothing: strangers could file what they
/// do under somebody else's request, and decide what the collector is told.
fn parent(request: &Request, config: &ServerConfig) -> Option<TraceParent> {
    if !peer::is_trusted(request, config) {
        return None;
    }
    let mut named = request.headers().get_all("traceparent").iter();
    let text = named.next().filter(|_| named.next().is_none())?;
    TraceParent::parse(text.to_str().ok()?)
}

/// The client that a request was from; in the extensions of its response.
#[derive(Clone, Debug)]
pub(in crate::http) struct LoggedClient(pub String);

/// Whom the token of a request was given to; in the extensions of its response.
#[derive(Clone, Debug)]
pub(in crate::http) struct Caller {
    /// The client.
    pub client_id: String,
    /// The person, when the client does not act for itself.
    pub sub: Option<String>,
}

impl Caller {
    /// Whom this token was given to.
    pub fn of(token: &VerifiedToken) -> Self {
        let sub = token.gid.is_some().then(|| token.sub.clone());
        Self { client_id: token.client_id.clone(), sub }
    }
}

/// The line of a request that is under way.
pub(in crate::http) struct Line {
    watch: Stopwatch,
    trace: TraceId,
    span: Option<Span>,
    method: Method,
    route: &'static str,
    path: String,
    address: ClientAddress,
}

impl Line {
    /// Begins the line, and gives the request its name.
    pub fn begin(request: &mut Request, address: ClientAddress, (base, config): (&Base, &ServerConfig)) -> Self {
        let path = request.uri().path();
        let route = scrapes::route_of(path, base);
        let path = path[..path.floor_char_boundary(LONGEST_PATH)].to_owned();
        let (method, parent) = (request.method().clone(), parent(request, config));
        let (span, trace) = traces::request((scrapes::method_of(&method), route), parent.as_ref()).unzip();
        let own = || parent.map_or_else(|| TraceId::of(random::name()), |parent| parent.trace);
        let trace = trace.unwrap_or_else(own);
        request.extensions_mut().insert(trace);
        Self { watch: Stopwatch::start(), trace, span, method, route, path, address }
    }

    /// The span of the request, in which it is answered.
    pub fn span(&self) -> Span {
        self.span.clone().unwrap_or_else(Span::none)
    }

    /// Writes it, and names the request in the answer.
    pub fn end(self, response: &mut Response) {
        let Self { watch, trace, span, method, route, path, address } = self;
        let status = response.status().as_u16();
        let caller = response.extensions().get::<Caller>();
        let client = response.extensions().get::<LoggedClient>().map(|client| client.0.as_str());
        let client = client.or(caller.map(|caller| caller.client_id.as_str())).unwrap_or("-");
        let took = watch.elapsed();
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        numbers::request(route, scrapes::method_of(&method), status, took);
        let reason = response.extensions().get::<Reason>();
        if let Some(span) = span {
            let rule = reason.map(|reason| match reason {
                Reason::Rejected(why) => why.rejection.reason(),
                Reason::Failed(_) => "failure",
            });
            traces::answered(&span, status, client, rule);
        }
        match reason {
            None => tracing::info!(%trace, %method, path, status, %address, client, micros, "request"),
            Some(Reason::Rejected(why)) => {
                let rejection = why.rejection.reason();
                numbers::refusal(rejection);
                match why.needed() {
                    None => {
                        tracing::info!(%trace, %method, path, status, %address, client, micros, rejection, "request")
                    }
                    // An application that somebody has set up asks for less than it needs, or for more than it may.
                    Some(scope) => {
                        let sub = caller.and_then(|caller| caller.sub.as_deref());
                        tracing::warn!(%trace, %method, path, status, %address, client, sub, %scope, micros, rejection, "request");
                    }
                }
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
