//! The only way to the body of a request by a client: no parameter twice, and the client authenticated (RFC 6749 §2.3 and §3.2).
//!
//! A challenge goes to whoever used the header or said nothing (RFC 6749 §5.2); in answer to a secret in the form it would send libraries
//! to a method that the client did not choose, and make a browser ask its person for a password.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::body;
use super::sender::origin;
use super::within::network;
use crate::app::App;
use crate::failure::{Error, Failure};
use crate::http::error::JsonError;
use crate::http::middleware::request_log::LoggedClient;
use crate::protocol::audit::{Act, Actor, Event, Name, Noun, Origin, Outcome};
use crate::protocol::client::Client;
use crate::protocol::client_authentication;
use crate::protocol::network::ClientNetwork;
use crate::protocol::params::Params;
use crate::protocol::rejection::{ErrorCode, Refusal, Rejection};
use crate::rates::{Door, Rates};

/// An authenticated client and what it sent.
#[derive(Debug)]
pub(in crate::http) struct ClientForm {
    /// The client.
    pub client: Arc<Client>,
    /// Its parameters.
    pub params: Params,
    /// Where it came from.
    pub origin: Origin,
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
        let authorization: Vec<&[u8]> =
            parts.headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
        let challenges = !authorization.is_empty() || params.single("client_id")?.is_none();
        let refused = |why: Error, claimed| Unauthenticated { why, challenges, claimed };
        let counted = |why: Refusal| counted(why, &app.rates, network(&parts));
        let presented = client_authentication::presented(&authorization, &params)
            .map_err(|why| refused(counted(why.into()), None))?;
        let client = app.directory.client(&presented.unverified_client_id).await?;
        let origin = origin(&parts.extensions);
        let (why, claimed) = match (client_authentication::verify(&presented, client.as_deref()), client) {
            (Ok(()), Some(client)) => return Ok(Self { client, params, origin }),
            (Ok(()), None) => (counted(Rejection::UnregisteredClient.into()), None),
            (Err(why), client) => (counted(why), client),
        };
        record(app, origin, claimed.as_deref(), &why).await;
        Err(refused(why, claimed))
    }
}

/// Records that somebody could not prove to be a client, of the registered one that was claimed if there is one: one row a minute for each
/// network in the wider sense, since a /48 has any number of others. Who is told to wait leaves nothing. Those of nobody knows where are
/// never told to wait, and are written at most once a second. When it cannot be written the log says so, and the answer is the same.
async fn record(app: &App, origin: Origin, claimed: Option<&Client>, why: &Error) {
    if !matches!(why, Error::Rejected(refusal) if refusal.rejection.code() == ErrorCode::InvalidClient) {
        return;
    }
    let network = ClientNetwork::of(origin.address);
    if network == ClientNetwork::Unknown && app.rates.take(Door::FailedClientRecord, network).is_err() {
        return;
    }
    let mut event = Event::of(&Act::by(Actor::Nobody, origin, app.now()), Name::ClientAuthenticationFailed);
    event.network = Some(network.site().to_string());
    let event = event.ended_in(Outcome::Failure).counted();
    let event = match claimed {
        Some(client) => event.on(Noun::Client, &client.client_id),
        None => event,
    };
    let recorded = async {
        let mut transaction = app.storage.begin().await?;
        transaction.record(&event).await?;
        transaction.commit().await
    };
    if let Err::<(), Failure>(failure) = recorded.await {
        tracing::warn!(%failure, "a failed authentication of a client cannot be recorded");
    }
}

/// A refusal, counted when it is one of a client that cannot prove to be one. A secret is compared whatever has failed before, since 256
/// random bits cannot be guessed: so nobody is kept out by what others of their network do. Who is wrong too often is told to wait.
fn counted(why: Refusal, rates: &Rates, network: ClientNetwork) -> Error {
    if why.rejection.code() != ErrorCode::InvalidClient {
        return why.into();
    }
    rates.take(Door::FailedClient, network).err().unwrap_or(why).into()
}
