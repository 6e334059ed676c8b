//! The private key of a client, with which it signs who it is (RFC 7523).

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::build_error::BuildError;

/// The label of an encrypted key (RFC 7468 §11).
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// A private key: of RSA with at least 2048 bits, of P-256, or of Ed25519. Its `Debug` shows its `kid` alone.
pub struct PrivateKey {
    pair: Pair,
    pub(super) kid: Option<String>,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// Takes a private key from PEM: `PRIVATE KEY` (PKCS #8), `RSA PRIVATE KEY` (PKCS #1) or `EC PRIVATE KEY` (RFC 5915). What stands around
    /// it is passed over.
    ///
    /// # Errors
    /// When there is none, or one of another kind, or it is encrypted.
    pub fn from_pem(pem: &str) -> Result<Self, BuildError> {
        let unreadable =
            BuildError::new("the private key cannot be read: RSA of 2048 bits and more, P-256 and Ed25519 are");
        let (label, der) = block(pem)?;
        let pair = match label {
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der)
                .map(Pair::Rsa)
                .or_else(|_| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).map(Pair::P256))
                .or_else(|_| Ed25519KeyPair::from_pkcs8(&der).map(Pair::Ed25519)),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).map(Pair::Rsa),
            "EC PRIVATE KEY" => {
                EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).map(Pair::P256)
            }
            ENCRYPTED => return Err(BuildError::new("the private key is encrypted: decrypt it first")),
            _ => return Err(unreadable),
        };
        Ok(Self { pair: pair.map_err(|_| unreadable)?, kid: None })
    }

    /// Names the key, as the server knows it (`kid`, RFC 7515 §4.1.4).
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// What it can sign with, the usual first (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
    pub(super) fn algorithms(&self) -> &'static [&'static str] {
        match self.pair {
            Pair::Rsa(_) => &["RS256", "PS256"],
            Pair::P256(_) => &["ES256"],
            Pair::Ed25519(_) => &["EdDSA", "Ed25519"],
        }
    }

    /// Signs with one of its algorithms; `None` when the key cannot, which a key that was read always can.
    pub(super) fn sign(&self, algorithm: &str, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let padding = if algorithm == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Pair::P256(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Some(pair.try_sign(message).ok()?.as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The first private key in a text (RFC 7468): its label and what it holds.
fn block(pem: &str) -> Result<(&str, Vec<u8>), BuildError> {
    const END: &str = "PRIVATE KEY-----";
    let missing = BuildError::new("there is no private key in PEM");
    let Some((before, rest)) = pem.split_once(END) else { return Err(missing) };
    let Some((_, kind)) = before.rsplit_once("-----BEGIN ") else { return Err(missing) };
    let label = &pem[before.len() - kind.len()..before.len() + END.len() - "-----".len()];
    let Some((body, _)) = rest.split_once("-----END ") else { return Err(missing) };
    // A key of PKCS #1 that is encrypted says so in headers.
    if label == ENCRYPTED || body.contains(':') {
        return Ok((ENCRYPTED, Vec::new()));
    }
    let body: String = body.split_ascii_whitespace().collect();
    Ok((label, STANDARD.decode(body).map_err(|_| missing)?))
}
