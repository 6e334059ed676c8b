//! The only way to the body of a request by a client: no parameter twice, and the client authenticated (RFC 6749 §2.3 and §3.2).

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::header;

use super::body;
use crate::app::App;
use crate::http::error::JsonError;
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
}

impl FromRequest<App> for ClientForm {
    type Rejection = JsonError;

    async fn from_request(request: Request, app: &App) -> Result<Self, JsonError> {
        let (parts, body) = request.into_parts();
        let params = body::form(&parts.headers, body).await?;
        params.refuse_repeated()?;
        let authorization: Vec<&[u8]> =
            parts.headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
        let presented = client_authentication::presented(&authorization, &params)?;
        let client = app.directory.client(&presented.unverified_client_id).await?;
        client_authentication::verify(&presented, client.as_deref())?;
        let client = client.ok_or(Rejection::WrongClientCredentials)?;
        Ok(Self { client, params })
    }
}
