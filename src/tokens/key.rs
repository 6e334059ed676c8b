//! A signing key: parsed once, when it is loaded, and never again. aws-lc-rs does every private-key operation; the rsa crate only
//! takes public keys apart (RUSTSEC-2023-0071 concerns its private-key operations).

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self as aws_rsa, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::public_key::thumbprint;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::{logout_token, signed_introspection};
use crate::sealing::SealingKey;
use crate::secret::base64url;

/// How many private keys this process has taken apart.
static PARSED: AtomicU64 = AtomicU64::new(0);

/// What a new key is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The size of its modulus, when it is an RSA key: 2048, 3072 or 4096.
    pub rsa_bits: u32,
}

/// A signing key, ready to sign.
pub struct SigningKey {
    kid: String,
    algorithm: Algorithm,
    pair: Pair,
    jwk: Value,
    /// The header of each [`TokenType`] with its dot, as it stands in front of every such token.
    headers: [String; 4],
}

/// What a token is; says its header's `typ`.
#[derive(Clone, Copy, Debug)]
pub(super) enum TokenType {
    /// An access token (RFC 9068 §2.1).
    Access,
    /// Any JWT (RFC 7519 §5.1): an ID token, or an access token for an API that insists on it.
    Jwt,
    /// OpenID Connect Back-Channel Logout §2.4.
    Logout,
    /// RFC 9701 §5.
    Introspection,
}

impl TokenType {
    const ALL: [Self; 4] = [Self::Access, Self::Jwt, Self::Logout, Self::Introspection];

    pub(super) const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Jwt => "JWT",
            Self::Logout => logout_token::TYPE,
            Self::Introspection => signed_introspection::TYPE,
        }
    }
}

enum Pair {
    Rsa(aws_rsa::KeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key. One of RSA takes up to some seconds of one core: not on a thread that answers requests. Its name does not begin
    /// with a hyphen: no command takes it for an option.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate(spec: KeySpec) -> Result<Self, Failure> {
        loop {
            let key = Self::generate_any(spec)?;
            if !key.kid.starts_with('-') {
                return Ok(key);
            }
        }
    }

    fn generate_any(spec: KeySpec) -> Result<Self, Failure> {
        let failed = |_| Failure::internal("no signing key could be made");
        let pair = match spec.algorithm {
            Algorithm::Rs256 => {
                let size = match spec.rsa_bits {
                    3072 => KeySize::Rsa3072,
                    4096 => KeySize::Rsa4096,
                    _ => KeySize::Rsa2048,
                };
                Pair::Rsa(aws_rsa::KeyPair::generate(size).map_err(failed)?)
            }
            Algorithm::Es256 => Pair::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?),
            Algorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
        };
        Self::from_pair(pair)
    }

    /// Takes a private key in PKCS #8 (DER).
    ///
    /// # Errors
    /// When it is not a key of the algorithm; one of RSA has 2048 to 4096 bits.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, Failure> {
        PARSED.fetch_add(1, Ordering::Relaxed);
        let pair = match algorithm {
            Algorithm::Rs256 => aws_rsa::KeyPair::from_pkcs8(der).map(Pair::Rsa),
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Pair::P256),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
        };
        Self::from_pair(pair.map_err(|why| Failure::internal(format!("a private key cannot be read: {why}")))?)
    }

    /// How many private keys this process has parsed so far: lets a test show that none is parsed twice.
    pub fn parsed() -> u64 {
        PARSED.load(Ordering::Relaxed)
    }

    fn from_pair(pair: Pair) -> Result<Self, Failure> {
        let (algorithm, mut jwk) = match &pair {
            Pair::Rsa(pair) => (Algorithm::Rs256, rsa_jwk(pair)?),
            Pair::P256(pair) => {
                // The uncompressed point of SEC 1 §2.3.3: 4, x, y.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                (Algorithm::Es256, json!({ "kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y) }))
            }
            Pair::Ed25519(pair) => {
                let x = base64url(pair.public_key().as_ref());
                (Algorithm::EdDsa, json!({ "kty": "OKP", "crv": "Ed25519", "x": x }))
            }
        };
        let kid = thumbprint(&jwk).ok_or_else(|| Failure::internal("a signing key has no public half"))?;
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(algorithm.as_str());
        jwk["kid"] = json!(kid);
        let headers = TokenType::ALL.map(|token| header(algorithm.as_str(), token.typ(), &kid));
        Ok(Self { kid, algorithm, pair, jwk, headers })
    }

    /// Its public name: the RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half as a JWK (RFC 7517 §4).
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// Signs a message; the signature as JWS has it (RFC 7518 §3.3 and §3.4, RFC 8037 §3.1).
    ///
    /// # Errors
    /// When the key cannot sign, which a loaded key always can.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let failed = |_| Failure::internal("signing failed");
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(pair.sign(&SystemRandom::new(), message).map_err(failed)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec()),
        }
    }

    /// The header of a token of this type under this key, with its dot.
    pub(super) fn header(&self, token_type: TokenType) -> &str {
        &self.headers[token_type as usize]
    }

    /// The private half, sealed for the database. Bound to its row: a record cannot stand in for another.
    ///
    /// # Errors
    /// When the key cannot be encoded.
    pub fn seal(&self, sealing: &SealingKey) -> Result<Vec<u8>, Failure> {
        let der = self.pkcs8().map_err(|_| Failure::internal("a signing key cannot be encoded"))?;
        Ok(sealing.seal(&row_identity(&self.kid, self.algorithm.as_str()), &der))
    }

    fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, aws_lc_rs::error::Unspecified> {
        let der = match &self.pair {
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair)?.as_ref().to_vec(),
            Pair::P256(pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.to_pkcs8()?.as_ref().to_vec(),
        };
        Ok(Zeroizing::new(der))
    }

    /// Opens the sealed record of a row.
    ///
    /// # Errors
    /// A sentence, when it is damaged, of another master key, or of an algorithm that this version does not know.
    pub fn unseal(kid: &str, algorithm: &str, sealed: &[u8], sealing: &SealingKey) -> Result<Self, Failure> {
        let unknown = |_| {
            let what = algorithm.escape_debug();
            Failure::internal(format!("the signing key {kid} is for {what}, which this version does not know"))
        };
        let known: Algorithm = algorithm.parse().map_err(unknown)?;
        let damaged =
            || Failure::internal(format!("the signing key {kid} is damaged or was sealed with another master key"));
        let der = sealing.open(&row_identity(kid, algorithm), sealed).ok_or_else(damaged)?;
        let key = Self::from_pkcs8(known, &der)?;
        if key.kid == kid { Ok(key) } else { Err(damaged()) }
    }
}

/// Seals a record anew, with the key in use, without taking it apart: it may be of an algorithm that this version does not know.
/// `None` when it cannot be opened.
pub fn reseal(kid: &str, algorithm: &str, sealed: &[u8], sealing: &SealingKey) -> Option<Vec<u8>> {
    let identity = row_identity(kid, algorithm);
    Some(sealing.seal(&identity, &sealing.open(&identity, sealed)?))
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// What the record of a row is bound to. Neither part holds a line feed.
fn row_identity(kid: &str, algorithm: &str) -> Vec<u8> {
    format!("{algorithm}\n{kid}").into_bytes()
}

/// The header of tokens under a key or a secret, as it stands in front of them, with its dot.
pub(super) fn header(algorithm: &str, typ: &str, kid: &str) -> String {
    let header = json!({ "alg": algorithm, "typ": typ, "kid": kid }).to_string();
    let mut text = base64url(header.as_bytes());
    text.push('.');
    text
}

fn rsa_jwk(pair: &aws_rsa::KeyPair) -> Result<Value, Failure> {
    let public: PublicKeyX509Der<'_> =
        pair.public_key().as_der().map_err(|_| Failure::internal("a signing key has no public half"))?;
    let public = rsa::RsaPublicKey::from_public_key_der(public.as_ref()).map_err(Failure::internal)?;
    let n = base64url(&public.n().to_be_bytes_trimmed_vartime());
    let e = base64url(&public.e().to_be_bytes_trimmed_vartime());
    Ok(json!({ "kty": "RSA", "n": n, "e": e }))
}
