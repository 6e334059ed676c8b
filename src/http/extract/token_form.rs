//! The only way to the body of a token request: of a client, which has authenticated, or of whoever trades an API key, which is its own credential
//! (RFC 8693 §2.1).

use axum::extract::{FromRequest, Request};
use axum::http::header;

use super::body;
use super::client_form::{ClientForm, Unauthenticated};
use super::sender::origin;
use crate::app::App;
use crate::protocol::api_key::PresentedKey;
use crate::protocol::audit::Origin;
use crate::protocol::params::Params;
use crate::protocol::token_exchange;

/// A token request.
#[derive(Debug)]
pub(in crate::http) enum TokenForm {
    /// Of a client.
    OfClient(ClientForm),
    /// Of whoever holds an API key.
    OfKey(KeyForm),
}

/// What the holder of an API key sent.
#[derive(Debug)]
pub(in crate::http) struct KeyForm {
    /// The key: whether there is one like it is not known yet.
    pub presented: PresentedKey,
    /// The parameters.
    pub params: Params,
    /// Where it came from.
    pub origin: Origin,
}

impl FromRequest<App> for TokenForm {
    type Rejection = Unauthenticated;

    async fn from_request(request: Request, app: &App) -> Result<Self, Unauthenticated> {
        let (parts, body) = request.into_parts();
        let params = body::form(&parts.headers, body).await?;
        params.refuse_repeated()?;
        if params.single("grant_type")? != Some(token_exchange::GRANT_TYPE) {
            return ClientForm::authenticate(&parts, params, app).await.map(Self::OfClient);
        }
        let has_authorization = parts.headers.contains_key(header::AUTHORIZATION);
        let presented = token_exchange::presented(&params, has_authorization)?;
        Ok(Self::OfKey(KeyForm { presented, params, origin: origin(&parts.extensions) }))
    }
}
