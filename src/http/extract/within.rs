//! The only way into an endpoint that a network may use so often and no more ([`crate::rates`]): before a body is read, and before the database
//! or a key has any work from it. Beyond, the answer is 429 with `Retry-After`, in the form of the endpoint's audience (RFC 6585 §4).

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::IntoResponse;

use crate::app::App;
use crate::http::error::{JsonError, PageError};
use crate::http::middleware::peer::ClientAddress;
use crate::protocol::network::ClientNetwork;
use crate::protocol::rejection::Refusal;
use crate::rates::Door;

/// A request that its network may make.
#[derive(Debug)]
pub(in crate::http) struct Within<D>(PhantomData<D>);

/// What is asked for, and how its refusal looks.
pub(in crate::http) trait Asked {
    const DOOR: Door;
    type Refused: From<Refusal> + IntoResponse;
}

/// Tokens, or their end.
#[derive(Debug)]
pub(in crate::http) struct Tokens;
/// What a token is worth.
#[derive(Debug)]
pub(in crate::http) struct Introspections;
/// Whom a token is of.
#[derive(Debug)]
pub(in crate::http) struct Userinfo;
/// An authorization.
#[derive(Debug)]
pub(in crate::http) struct Authorizations;

/// That leaked keys end.
#[derive(Debug)]
pub(in crate::http) struct LeakReports;

impl Asked for Tokens {
    const DOOR: Door = Door::Token;
    type Refused = JsonError;
}

impl Asked for Introspections {
    const DOOR: Door = Door::Introspection;
    type Refused = JsonError;
}

impl Asked for Userinfo {
    const DOOR: Door = Door::Userinfo;
    type Refused = JsonError;
}

impl Asked for LeakReports {
    const DOOR: Door = Door::LeakReport;
    type Refused = JsonError;
}

impl Asked for Authorizations {
    const DOOR: Door = Door::Authorization;
    type Refused = PageError;
}

impl<D: Asked> FromRequestParts<App> for Within<D> {
    type Rejection = D::Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, D::Refused> {
        app.rates.take(D::DOOR, network(parts))?;
        Ok(Self(PhantomData))
    }
}

/// The network that a request comes from.
pub(super) fn network(parts: &Parts) -> ClientNetwork {
    ClientNetwork::of(parts.extensions.get::<ClientAddress>().and_then(|address| address.0))
}
