//! What every grant type ends in: one value that says who may do what, from which the mint makes tokens.
//!
//! The claims are those of RFC 9068 §2.2 and OpenID Connect Core §2. How and when a person authenticated stands in both tokens, and stays what it was
//! when a refresh token gives others (RFC 9068 §2.2.1).

use serde::Serialize;
use serde_json::{Map, Value};

use super::assurance::Assurance;
use super::audience::Audience;
use super::confirmation::Confirmation;
use super::scope::ScopeSet;
use crate::clock::Timestamp;
use crate::secret::Secret;

/// A decided token request: ids and times are fixed, rows are written; only signing is left.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// For which client.
    pub client_id: String,
    /// The client's era ([`Client::era`](super::client::Client::era)): the access token ends with it.
    pub era: i64,
    /// The `sub`: the user, or the client itself.
    pub subject: String,
    /// The grant it belongs to; `None` for client credentials, which no person granted.
    pub grant_id: Option<String>,
    /// The scopes of the access token.
    pub scopes: ScopeSet,
    /// The audience of the access token.
    pub audience: Audience,
    /// The roles of the user.
    pub roles: Vec<String>,
    /// The id of the access token.
    pub jti: String,
    /// Now.
    pub issued_at: Timestamp,
    /// How long the access token lives, in seconds.
    pub lifetime: i64,
    /// The key that the access token is bound to, if it is bound to one.
    pub confirmation: Option<Confirmation>,
    /// How well and when the person had authenticated; `None` when a client or a key acts for itself.
    pub assurance: Option<Assurance>,
    /// What the ID token says, when `openid` was granted.
    pub id_token: Option<Authentication>,
    /// The refresh token that goes with it.
    pub refresh_token: Option<Secret>,
}

/// How and when the person authenticated.
#[derive(Debug, Clone)]
pub struct Authentication {
    /// When and how.
    pub assurance: Assurance,
    /// The sign-in; `None` when it came about without a browser of ours.
    pub sid: Option<String>,
    /// The request's `nonce`.
    pub nonce: Option<String>,
    /// The claims about the user: those of the granted scopes, and those that the `claims` parameter asked for here.
    pub claims: Map<String, Value>,
    /// How long the ID token lives, in seconds.
    pub lifetime: i64,
}

/// The claims of an access token (RFC 9068 §2.2).
#[derive(Debug, Serialize)]
pub struct AccessTokenClaims<'a> {
    /// The issuer.
    iss: &'a str,
    /// The person; the client itself when it acts for itself.
    sub: &'a str,
    /// The API that it is for; an array with the issuer when userinfo takes it too.
    aud: &'a Audience,
    /// The client it was given to.
    client_id: &'a str,
    /// When it expires, in seconds since the epoch.
    exp: i64,
    /// When it was given, in seconds since the epoch.
    iat: i64,
    /// Its id.
    jti: &'a str,
    /// The grant it belongs to; none when a client acts for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    gid: Option<&'a str>,
    /// Its scopes, separated by spaces.
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    /// The roles of the person.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    roles: &'a [String],
    /// The key that it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<&'a Confirmation>,
    /// When the person authenticated, in seconds since the epoch (RFC 9470 §6.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// How well: the context class, when one is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    /// How often the client was switched off; none when never.
    #[serde(skip_serializing_if = "Option::is_none")]
    era: Option<i64>,
}

/// The claims of an ID token (OpenID Connect Core §2).
#[derive(Debug, Serialize)]
pub struct IdTokenClaims<'a> {
    /// The issuer.
    iss: &'a str,
    /// The person: never changes, never comes back for another.
    sub: &'a str,
    /// The client.
    aud: &'a str,
    /// When it expires, in seconds since the epoch.
    exp: i64,
    /// When it was given, in seconds since the epoch.
    iat: i64,
    /// When the person authenticated, in seconds since the epoch.
    auth_time: i64,
    /// How well: the context class, when one is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    /// By which methods (RFC 8176).
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    amr: &'a [String],
    /// The sign-in, as logout tokens name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    /// That of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    /// The hash of the access token beside it.
    at_hash: &'a str,
    /// What it says of the person.
    #[serde(flatten)]
    claims: &'a Map<String, Value>,
}

impl Authorization {
    /// How many seconds the access token is still valid: less than its lifetime when an answer is given again.
    pub fn expires_in(&self, now: Timestamp) -> i64 {
        self.issued_at.plus(self.lifetime).seconds() - now.seconds()
    }

    /// The claims of its access token.
    pub fn access_token<'a>(&'a self, issuer: &'a str) -> AccessTokenClaims<'a> {
        AccessTokenClaims {
            iss: issuer,
            sub: &self.subject,
            aud: &self.audience,
            client_id: &self.client_id,
            exp: self.issued_at.plus(self.lifetime).seconds(),
            iat: self.issued_at.seconds(),
            jti: &self.jti,
            gid: self.grant_id.as_deref(),
            scope: self.scopes.to_string(),
            roles: &self.roles,
            cnf: self.confirmation.as_ref(),
            auth_time: self.assurance.as_ref().map(|assurance| assurance.auth_time.seconds()),
            acr: self.assurance.as_ref().and_then(|assurance| assurance.acr.as_deref()),
            // Most clients were never switched off: their tokens say nothing of it.
            era: (self.era > 0).then_some(self.era),
        }
    }

    /// The claims of its ID token beside the access token with this `at_hash`.
    pub fn id_token<'a>(&'a self, issuer: &'a str, about: &'a Authentication, at_hash: &'a str) -> IdTokenClaims<'a> {
        IdTokenClaims {
            iss: issuer,
            sub: &self.subject,
            aud: &self.client_id,
            exp: self.issued_at.plus(about.lifetime).seconds(),
            iat: self.issued_at.seconds(),
            auth_time: about.assurance.auth_time.seconds(),
            acr: about.assurance.acr.as_deref(),
            amr: &about.assurance.amr,
            sid: about.sid.as_deref(),
            nonce: about.nonce.as_deref(),
            at_hash,
            claims: &about.claims,
        }
    }
}
