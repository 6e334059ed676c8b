//! The way from the sample API to the issuer: the issuer's own site, in this process. An API elsewhere sends by HTTP, which is the default.

use std::net::{Ipv4Addr, SocketAddr};

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use bytes::Bytes;
use doorward_client::http::Sending;
use doorward_client::{Http, HttpError};

use crate::app::App;
use crate::http::middleware::peer::Peer;
use crate::http::site::Site;

/// The longest answer, in bytes.
const LONGEST: usize = 1 << 20;

/// The issuer. A copy is the same one.
#[derive(Clone)]
pub(super) struct Issuer(Site);

impl Issuer {
    pub(super) fn of(app: &App) -> Self {
        Self(crate::http::site(app.clone()))
    }

    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request = request.map(Body::from);
        request.extensions_mut().insert(Peer(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
        let (parts, body) = self.0.answer(request).await.into_parts();
        let body = to_bytes(body, LONGEST).await.map_err(HttpError::new)?;
        Ok(Response::from_parts(parts, body))
    }
}

impl Http for Issuer {
    fn send(&self, request: Request<Bytes>) -> Sending<'_> {
        Box::pin(self.answer(request))
    }
}
