//! The one mint: it alone makes tokens, out of a decided [`Authorization`] (RFC 7515 §7.1, RFC 9068, OpenID Connect Core §2).
//!
//! One signature per token over a key that was parsed when it was loaded. What stands around the signature is a few lines of
//! base64 and JSON; the bench `mint` shows what it costs.

use serde::Serialize;

use super::key::SigningKey;
use super::ring::KeyRing;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::{Algorithm, AlgorithmChoice};
use crate::protocol::authorization::Authorization;
use crate::protocol::issuer::Issuer;
use crate::protocol::logout_token::{self, LogoutNotice};
use crate::random;
use crate::secret::{base64url, sha256, sha512};

/// Makes tokens.
#[derive(Clone, Debug)]
pub struct Mint {
    ring: KeyRing,
    issuer: Issuer,
}

/// The signed tokens of one authorization.
#[derive(Clone)]
pub struct Minted {
    /// A JWT of type `at+jwt`.
    pub access_token: String,
    /// A JWT, when `openid` was granted.
    pub id_token: Option<String>,
}

/// What the tokens of one authorization are to be signed with.
#[derive(Clone, Copy, Debug)]
pub struct Algorithms {
    /// What the resource wants.
    pub access_token: AlgorithmChoice,
    /// What the client wants.
    pub id_token: AlgorithmChoice,
    /// The default.
    pub default: Algorithm,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

impl Mint {
    /// A mint that signs with the keys of the ring in the name of the issuer.
    pub fn new(ring: KeyRing, issuer: Issuer) -> Self {
        Self { ring, issuer }
    }

    /// Signs the tokens of an authorization.
    ///
    /// # Errors
    /// When no key may sign now.
    pub fn tokens(
        &self,
        authorization: &Authorization,
        algorithms: Algorithms,
        now: Timestamp,
    ) -> Result<Minted, Failure> {
        let key = |choice: AlgorithmChoice| self.ring.signing_key(choice.preference(algorithms.default), now);
        let access_token =
            compact(&*key(algorithms.access_token)?, "at+jwt", &authorization.access_token(self.issuer.as_str()))?;
        let id_token = match &authorization.id_token {
            Some(about) => {
                let key = key(algorithms.id_token)?;
                let at_hash = at_hash(key.algorithm(), &access_token);
                Some(compact(&key, "JWT", &authorization.id_token(self.issuer.as_str(), about, &at_hash))?)
            }
            None => None,
        };
        Ok(Minted { access_token, id_token })
    }
}

impl Mint {
    /// Signs a logout token, new for each attempt, with the first algorithm of the list for which a key has begun to sign.
    ///
    /// # Errors
    /// When no key may sign now.
    pub fn logout_token(
        &self,
        notice: &LogoutNotice,
        algorithms: impl Iterator<Item = Algorithm>,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let key = self.ring.signing_key(algorithms, now)?;
        compact(&key, logout_token::TYPE, &notice.claims(self.issuer.as_str(), &random::id(), now))
    }
}

/// The compact serialization: header, claims, signature.
fn compact(key: &SigningKey, typ: &str, claims: &impl Serialize) -> Result<String, Failure> {
    let header = Header { alg: key.algorithm().as_str(), typ, kid: key.kid() };
    let mut token = base64url(&serde_json::to_vec(&header).map_err(Failure::internal)?);
    token.push('.');
    token.push_str(&base64url(&serde_json::to_vec(claims).map_err(Failure::internal)?));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url(&signature));
    Ok(token)
}

/// The left half of the hash of the access token (OpenID Connect Core §3.1.3.6). The hash is the one inside the ID token's signature:
/// SHA-256, and for Ed25519 SHA-512 (RFC 8032 §5.1).
fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    match algorithm {
        Algorithm::Rs256 | Algorithm::Es256 => base64url(&sha256(access_token.as_bytes())[..16]),
        Algorithm::EdDsa => base64url(&sha512(access_token.as_bytes())[..32]),
    }
}
