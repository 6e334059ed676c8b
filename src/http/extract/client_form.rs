//! The only way to the body of a request by a client: no parameter twice, and the client authenticated (RFC 6749 §2.3 and §3.2).
//!
//! A challenge goes to whoever used the header or said nothing (RFC 6749 §5.2); in answer to a secret in the form it would send libraries
//! to a method that the client did not choose, and make a browser ask its person for a password.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::body;
use super::sender::origin;
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::error::JsonError;
use crate::http::middleware::request_log::LoggedClient;
use crate::protocol::audit::Origin;
use crate::protocol::client::Client;
use crate::protocol::client_authentication;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;

/// An authenticated client and what it sent.
#[derive(Debug)]
pub(in crate::http) struct ClientForm {
    /// The client.
    pub client: Arc<Client>,
    /// Its parameters.
    pub params: Params,
    /// Where it came from.
    pub origin: Origin,
    /// When it was here.
    pub now: Timestamp,
}

/// Why there is no authenticated client, with what the answer and its log line need to know.
#[derive(Debug)]
pub(in crate::http) struct Unauthenticated {
    why: Error,
    /// Whether an answer of 401 names the scheme Basic.
    challenges: bool,
    /// The registered client that the request claimed to be from.
    claimed: Option<Arc<Client>>,
}

impl<E: Into<Error>> From<E> for Unauthenticated {
    fn from(error: E) -> Self {
        Self { why: error.into(), challenges: true, claimed: None }
    }
}

impl IntoResponse for Unauthenticated {
    fn into_response(self) -> Response {
        let mut response = JsonError(self.why).into_response();
        if !self.challenges {
            response.headers_mut().remove(header::WWW_AUTHENTICATE);
        }
        let logged = self.claimed.map(|client| Extension(LoggedClient(client.client_id.clone())));
        (logged, response).into_response()
    }
}

impl FromRequest<App> for ClientForm {
    type Rejection = Unauthenticated;

    async fn from_request(request: Request, app: &App) -> Result<Self, Unauthenticated> {
        let (parts, body) = request.into_parts();
        let params = body::form(&parts.headers, body).await?;
        params.refuse_repeated()?;
        Self::authenticate(&parts, params, app).await
    }
}

impl ClientForm {
    /// Who the client is that sends these parameters, none of which stands twice.
    pub(super) async fn authenticate(parts: &Parts, params: Params, app: &App) -> Result<Self, Unauthenticated> {
        let authorization: Vec<&[u8]> =
            parts.headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
        let challenges = !authorization.is_empty() || params.single("client_id")?.is_none();
        let (origin, now) = (origin(&parts.extensions), app.now());
        let (why, claimed) = match client_authentication::presented(&authorization, &params) {
            Err(why) => (why.into(), None),
            Ok(presented) => {
                let client = app.directory.client(&presented.unverified_client_id).await?;
                let verified = client_authentication::verify(&presented, client.as_deref(), now);
                let verified = verified.map(|used| {
                    if let (Some((place, secret)), Some(client)) = (used, &client) {
                        app.secret_uses.note(&client.client_id, (place, &secret.id), now);
                    }
                });
                match (verified, client) {
                    (Ok(()), Some(client)) => return Ok(Self { client, params, origin, now }),
                    (Ok(()), None) => (Rejection::UnregisteredClient.into(), None),
                    (Err(why), client) => (why, client),
                }
            }
        };
        let why = app.grants.fail_client(why, claimed.as_deref(), (origin, now), &app.rates).await;
        Err(Unauthenticated { why, challenges, claimed })
    }
}
