//! A signing key: parsed once, when it is loaded, and never again. aws-lc-rs does every private-key operation; the rsa crate only
//! takes public keys apart (RUSTSEC-2023-0071 concerns its private-key operations).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::sealing::SealingKey;
use crate::secret::{base64url, sha256};

/// A signature algorithm (RFC 7518 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// The name in JWS headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
        }
    }

    pub(super) const fn for_verification(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
        }
    }
}

/// A signing key, ready to sign.
pub struct SigningKey {
    kid: String,
    algorithm: Algorithm,
    pair: KeyPair,
    jwk: Value,
    decoding: DecodingKey,
    signs_from: Timestamp,
}

impl SigningKey {
    /// Makes a new RSA key of 2048 bits. Takes up to a second of one core: not on a thread that answers requests.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate(signs_from: Timestamp) -> Result<Self, Failure> {
        let pair =
            KeyPair::generate(KeySize::Rsa2048).map_err(|_| Failure::internal("no signing key could be made"))?;
        Self::from_pair(pair, signs_from)
    }

    /// Takes a private key in PKCS #8 (DER).
    ///
    /// # Errors
    /// When it is not an RSA key of 2048 to 4096 bits.
    pub fn from_pkcs8(der: &[u8], signs_from: Timestamp) -> Result<Self, Failure> {
        let pair = KeyPair::from_pkcs8(der)
            .map_err(|why| Failure::internal(format!("a private key cannot be read: {why}")))?;
        Self::from_pair(pair, signs_from)
    }

    fn from_pair(pair: KeyPair, signs_from: Timestamp) -> Result<Self, Failure> {
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| Failure::internal("no public key"))?;
        let public = rsa::RsaPublicKey::from_public_key_der(public.as_ref()).map_err(Failure::internal)?;
        let n = base64url(&public.n().to_be_bytes_trimmed_vartime());
        let e = base64url(&public.e().to_be_bytes_trimmed_vartime());
        // The thumbprint of RFC 7638 §3.1 names the key.
        let kid = base64url(&sha256(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#).as_bytes()));
        let jwk = json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e });
        let parsed: Jwk = serde_json::from_value(jwk.clone()).map_err(Failure::internal)?;
        let decoding = DecodingKey::from_jwk(&parsed).map_err(Failure::internal)?;
        Ok(Self { kid, algorithm: Algorithm::Rs256, pair, jwk, decoding, signs_from })
    }

    /// Its public name: the RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// When it begins to sign.
    pub fn signs_from(&self) -> Timestamp {
        self.signs_from
    }

    /// The public half as a JWK (RFC 7517 §4).
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    /// Signs a message; the raw signature.
    ///
    /// # Errors
    /// When the key cannot sign, which a loaded key always can.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Failure::internal("signing failed"))?;
        Ok(signature)
    }

    /// The private half, sealed for the database. Bound to its `kid`: a record cannot stand in for another.
    ///
    /// # Errors
    /// When the key cannot be encoded.
    pub fn seal(&self, sealing: &SealingKey) -> Result<Vec<u8>, Failure> {
        let der: Pkcs8V1Der<'_> =
            self.pair.as_der().map_err(|_| Failure::internal("a signing key cannot be encoded"))?;
        let der = Zeroizing::new(der.as_ref().to_vec());
        Ok(sealing.seal(self.kid.as_bytes(), &der))
    }

    /// Opens a sealed record.
    ///
    /// # Errors
    /// A sentence, when it is damaged, of another master key, or of an algorithm that this version does not know.
    pub fn unseal(
        kid: &str,
        algorithm: &str,
        sealed: &[u8],
        signs_from: Timestamp,
        sealing: &SealingKey,
    ) -> Result<Self, Failure> {
        if algorithm != Algorithm::Rs256.as_str() {
            return Err(Failure::internal(format!(
                "the signing key {kid} is for {algorithm}, which this version does not know"
            )));
        }
        let damaged =
            || Failure::internal(format!("the signing key {kid} is damaged or was sealed with another master key"));
        let der = sealing.open(kid.as_bytes(), sealed).ok_or_else(damaged)?;
        let key = Self::from_pkcs8(&der, signs_from)?;
        if key.kid == kid { Ok(key) } else { Err(damaged()) }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}
