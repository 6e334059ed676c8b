//! The one mint: it alone makes tokens, out of a decided [`Authorization`] (RFC 7515 §7.1, RFC 9068, OpenID Connect Core §2).
//!
//! One signature per token over a key that was parsed when it was loaded and whose headers are written already. What stands around the
//! signature is the JSON of the claims and two rounds of base64 into one text; the bench `mint` shows what it costs.

use std::sync::Arc;

use serde::Serialize;

use super::key::{SigningKey, TokenType};
use super::resource_secret::ResourceSecret;
use super::ring::KeyRing;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::{Algorithm, AlgorithmChoice};
use crate::protocol::authorization::Authorization;
use crate::protocol::introspection::Introspection;
use crate::protocol::issuer::Issuer;
use crate::protocol::logout_token::LogoutNotice;
use crate::protocol::resource::AccessTokenType;
use crate::protocol::resource_signing::ResourceSigning;
use crate::random;
use crate::secret::{append_base64url, base64url, sha256, sha512};

/// Makes tokens.
#[derive(Clone, Debug)]
pub struct Mint {
    ring: KeyRing,
    issuer: Issuer,
}

/// The signed tokens of one authorization.
#[derive(Clone)]
pub struct Minted {
    /// A JWT, of the type that its API wants.
    pub access_token: String,
    /// A JWT, when `openid` was granted.
    pub id_token: Option<String>,
}

/// What the tokens of one authorization are to be signed with.
#[derive(Clone, Copy, Debug)]
pub struct Algorithms {
    /// What the resource wants.
    pub access_token: ResourceSigning,
    /// What type the resource wants its tokens to say they are.
    pub access_token_type: AccessTokenType,
    /// What the client wants.
    pub id_token: AlgorithmChoice,
    /// The default.
    pub default: Algorithm,
}

/// The keys that sign the tokens of one authorization. Choosing them asks the ring alone, and signing with them asks nobody.
#[derive(Clone, Debug)]
pub struct Signers {
    access_token: AccessTokenSigner,
    access_token_type: AccessTokenType,
    id_token: Option<Arc<SigningKey>>,
}

/// What signs an access token. No other token can be signed with a secret.
#[derive(Clone, Debug)]
enum AccessTokenSigner {
    Key(Arc<SigningKey>),
    Secret(Arc<ResourceSecret>),
}

impl Signers {
    /// Chooses by what each token is to be signed with; one for an ID token when there will be one. A secret signs only what is for its API
    /// alone.
    ///
    /// # Errors
    /// When no key or secret may sign now, this node cannot open it, or what the ring knows is too old.
    pub fn choose(
        ring: &KeyRing,
        algorithms: Algorithms,
        authorization: &Authorization,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let key = |choice: AlgorithmChoice| ring.signing_key(choice.preference(algorithms.default), now);
        let secret = || {
            let shared = || Failure::internal("a token that is signed with a secret must be for its API alone");
            ring.signing_secret(authorization.audience.only().ok_or_else(shared)?, now)
        };
        Ok(Self {
            access_token: match algorithms.access_token {
                ResourceSigning::Public(choice) => AccessTokenSigner::Key(key(choice)?),
                ResourceSigning::Hs256 => AccessTokenSigner::Secret(secret()?),
            },
            access_token_type: algorithms.access_token_type,
            id_token: authorization.id_token.as_ref().map(|_| key(algorithms.id_token)).transpose()?,
        })
    }

    fn access_token(&self, claims: &impl Serialize) -> Result<String, Failure> {
        match &self.access_token {
            AccessTokenSigner::Key(key) => {
                let token_type = match self.access_token_type {
                    AccessTokenType::AtJwt => TokenType::Access,
                    AccessTokenType::Jwt => TokenType::Jwt,
                };
                under_key(key, token_type, claims)
            }
            AccessTokenSigner::Secret(secret) => {
                compact(secret.header(self.access_token_type), claims, |message| Ok(secret.sign(message)))
            }
        }
    }
}

impl Mint {
    /// A mint that signs with the keys of the ring in the name of the issuer.
    pub fn new(ring: KeyRing, issuer: Issuer) -> Self {
        Self { ring, issuer }
    }

    /// Signs the tokens of an authorization.
    ///
    /// # Errors
    /// When the signature fails: with a good key it always can be made.
    pub fn tokens(&self, authorization: &Authorization, signers: &Signers) -> Result<Minted, Failure> {
        let claims = authorization.access_token(self.issuer.as_str());
        let access_token = signers.access_token(&claims)?;
        let id_token = match authorization.id_token.as_ref().zip(signers.id_token.as_ref()) {
            Some((about, key)) => {
                let at_hash = at_hash(key.algorithm(), &access_token);
                let claims = authorization.id_token(self.issuer.as_str(), about, &at_hash);
                Some(under_key(key, TokenType::Jwt, &claims)?)
            }
            None => None,
        };
        Ok(Minted { access_token, id_token })
    }

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
        under_key(&key, TokenType::Logout, &notice.claims(self.issuer.as_str(), &random::id(), now))
    }

    /// Signs what introspection answers to a client, with the first algorithm of the list for which a key has begun to sign.
    ///
    /// # Errors
    /// When no key may sign now.
    pub fn introspection(
        &self,
        told: &Introspection,
        client_id: &str,
        algorithms: impl Iterator<Item = Algorithm>,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let key = self.ring.signing_key(algorithms, now)?;
        under_key(&key, TokenType::Introspection, &told.told_to(client_id, self.issuer.as_str(), now))
    }
}

fn under_key(key: &SigningKey, token_type: TokenType, claims: &impl Serialize) -> Result<String, Failure> {
    compact(key.header(token_type), claims, |message| key.sign(message))
}

/// The compact serialization: header, claims, signature.
fn compact<S: AsRef<[u8]>>(
    header: &str,
    claims: &impl Serialize,
    sign: impl FnOnce(&[u8]) -> Result<S, Failure>,
) -> Result<String, Failure> {
    let claims = serde_json::to_vec(claims).map_err(Failure::internal)?;
    // A base64 text is a third longer than what it says; the longest signature is that of RSA with 4096 bits.
    let mut token = String::with_capacity(header.len() + claims.len() / 3 * 4 + 4 + 1 + 684);
    token.push_str(header);
    append_base64url(&mut token, &claims);
    let signature = sign(token.as_bytes())?;
    token.push('.');
    append_base64url(&mut token, signature.as_ref());
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
