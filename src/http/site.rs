//! Everything around every request, built once and shared by all connections: who asks, a name for the request, the host that it is
//! for, what every answer carries, and its one log line. What answers is the [`Router`] within.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tower::Service;
use tracing::Instrument;

use super::error::JsonError;
use super::middleware::header_table::{Group, dress};
use super::middleware::host::Hosts;
use super::middleware::peer;
use super::middleware::request_log::Line;
use crate::app::App;
use crate::protocol::rejection::Rejection;

/// A web server without its socket: takes a request, gives the answer. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Site(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    app: App,
    router: Router,
    hosts: Hosts,
    hsts: Option<HeaderValue>,
    hints: peer::Hints,
}

impl Site {
    /// What answers, for these hosts alone.
    pub(super) fn new(app: App, router: Router, hosts: Hosts) -> Self {
        // Below a path the host is not ours alone, and what lies below its name is none of our business.
        let hsts = if app.issuer.base().is_root() { "max-age=63072000; includeSubDomains" } else { "max-age=63072000" };
        let hsts = app.issuer.is_secure().then(|| HeaderValue::from_static(hsts));
        Self(Arc::new(Inner { app, router, hosts, hsts, hints: peer::Hints::default() }))
    }

    /// Answers a request, in whose extensions the listener has put the [`peer::Peer`].
    pub async fn answer(&self, mut request: Request) -> Response {
        let site = &*self.0;
        let address = peer::resolve(&mut request, &site.app.config.server, &site.hints);
        let line = Line::begin(&mut request, address, (site.app.issuer.base(), &site.app.config.server));
        let mut response = if site.hosts.include(&request) {
            let Ok(response) = site.router.clone().call(request).instrument(line.span()).await;
            response
        } else {
            let mut response = JsonError::from(Rejection::WrongHost).into_response();
            dress(response.headers_mut(), Group::Beside);
            response
        };
        if let Some(hsts) = &site.hsts {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        line.end(&mut response);
        response
    }
}

impl Service<Request> for Site {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let site = self.clone();
        Box::pin(async move { Ok(site.answer(request).await) })
    }
}
