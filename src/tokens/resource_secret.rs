//! A secret that an API shares with us: signs and verifies access tokens for that API, and nothing else. No token of another kind can come to
//! it, and no key set: it has neither a public half nor a header for them (RFC 7518 §3.2).

use std::sync::Arc;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::key::{TokenType, header};
use crate::failure::Failure;
use crate::protocol::resource::AccessTokenType;
use crate::protocol::resource_secret::SecretLife;
use crate::protocol::resource_signing::HS256;
use crate::sealing::{MasterKey, SealingKey};

/// The purpose under which secrets are sealed.
const PURPOSE: &str = "resource secrets";

/// A secret, ready to sign and to verify.
pub struct ResourceSecret {
    kid: String,
    resource: String,
    key: hmac::Key,
    /// The header of a token that says `at+jwt`, and of one that says `JWT`.
    headers: [String; 2],
}

/// A secret as this node has it.
#[derive(Clone, Debug)]
pub struct HeldSecret {
    /// Its life.
    pub life: SecretLife,
    /// The secret, or why it cannot be opened.
    pub secret: Result<Arc<ResourceSecret>, Failure>,
}

impl ResourceSecret {
    fn new(kid: &str, resource: &str, bytes: &[u8]) -> Self {
        Self {
            kid: kid.to_owned(),
            resource: resource.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, bytes),
            headers: [TokenType::Access, TokenType::Jwt].map(|of| header(HS256, of.typ(), kid)),
        }
    }

    /// The key that seals and opens secrets for the database.
    pub fn sealing_key(master: &MasterKey) -> SealingKey {
        master.sealing_key(PURPOSE)
    }

    /// Seals the bytes of a secret for the database. Bound to its row: a record cannot stand in for another, nor for another API's.
    pub fn seal(kid: &str, resource: &str, bytes: &[u8; 32], sealing: &SealingKey) -> Vec<u8> {
        sealing.seal(&row_identity(kid, resource), bytes)
    }

    /// Opens the sealed record of a row.
    ///
    /// # Errors
    /// A sentence, when it is damaged or of another master key.
    pub fn unseal(kid: &str, resource: &str, sealed: &[u8], sealing: &SealingKey) -> Result<Self, Failure> {
        let opened = open(kid, resource, sealed, sealing);
        let damaged = || {
            Failure::internal(format!(
                "the secret {kid} of {resource} is damaged or was sealed with another master key"
            ))
        };
        opened.map(|bytes| Self::new(kid, resource, &bytes)).ok_or_else(damaged)
    }

    /// Seals a record anew, with the key in use; `None` when it cannot be opened.
    pub fn reseal(kid: &str, resource: &str, sealed: &[u8], sealing: &SealingKey) -> Option<Vec<u8>> {
        Some(sealing.seal(&row_identity(kid, resource), &open(kid, resource, sealed, sealing)?))
    }

    /// The API that has it.
    pub(super) fn resource(&self) -> &str {
        &self.resource
    }

    /// The header of an access token of this type under it, with its dot.
    pub(super) fn header(&self, token_type: AccessTokenType) -> &str {
        match token_type {
            AccessTokenType::AtJwt => &self.headers[0],
            AccessTokenType::Jwt => &self.headers[1],
        }
    }

    /// The tag over a message: 32 bytes.
    pub(super) fn sign(&self, message: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, message)
    }

    /// Whether it is the tag over the message, in constant time. A tag that was cut is none.
    pub(super) fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.key, message, tag).is_ok()
    }
}

impl std::fmt::Debug for ResourceSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ResourceSecret({})", self.kid)
    }
}

fn open(kid: &str, resource: &str, sealed: &[u8], sealing: &SealingKey) -> Option<Zeroizing<Vec<u8>>> {
    sealing.open(&row_identity(kid, resource), sealed).filter(|bytes| bytes.len() == 32)
}

/// What the record of a row is bound to. Neither part holds a line feed.
fn row_identity(kid: &str, resource: &str) -> Vec<u8> {
    format!("{kid}\n{resource}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_under_its_own_name_and_api_alone() {
        let (one, other) = (MasterKey::generate(), MasterKey::generate());
        let sealing = ResourceSecret::sealing_key(&one);
        let sealed = ResourceSecret::seal("hs256-a", "https://a.test", &[7; 32], &sealing);
        let open = |kid: &str, resource: &str, master: &MasterKey| {
            ResourceSecret::unseal(kid, resource, &sealed, &ResourceSecret::sealing_key(master))
        };
        let secret = open("hs256-a", "https://a.test", &one).unwrap();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]), b"message");
        assert!(secret.verifies(b"message", tag.as_ref()));
        assert!(!secret.verifies(b"messag", tag.as_ref()) && !secret.verifies(b"message", &tag.as_ref()[..16]));
        assert!(open("hs256-b", "https://a.test", &one).unwrap_err().detail.contains("is damaged"));
        assert!(open("hs256-a", "https://b.test", &one).is_err() && open("hs256-a", "https://a.test", &other).is_err());
        let short = sealing.seal(b"hs256-a\nhttps://a.test", &[7; 31]);
        assert!(ResourceSecret::unseal("hs256-a", "https://a.test", &short, &sealing).is_err());
        let both = other.clone().accepting(&one);
        let resealed =
            ResourceSecret::reseal("hs256-a", "https://a.test", &sealed, &ResourceSecret::sealing_key(&both)).unwrap();
        let sealing = ResourceSecret::sealing_key(&other);
        assert!(ResourceSecret::unseal("hs256-a", "https://a.test", &resealed, &sealing).is_ok());
    }
}
