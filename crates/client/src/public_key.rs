//! A public key that is ready to verify: read once, when the set that it is in is loaded.

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::algorithm::Algorithm;
use crate::strict::Object;

/// A public key with the one algorithm that it verifies.
#[derive(Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    parsed: ParsedPublicKey,
}

/// The members of a JWK that count (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). One that is of another kind makes this key a broken one.
#[derive(Deserialize)]
pub(crate) struct Jwk {
    kty: String,
    pub(crate) kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwk {
    /// The keys that it is: one for each algorithm that it verifies. An RSA key that does not say which is one of two; one that is meant for something
    /// else, or that no public key could be, is none.
    pub(crate) fn public_keys(&self) -> Vec<PublicKey> {
        let signs = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let verifies = self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == "verify"));
        if !signs || !verifies {
            return Vec::new();
        }
        let possible: &[Algorithm] = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => &[Algorithm::Rs256, Algorithm::Ps256],
            ("EC", Some("P-256")) => &[Algorithm::Es256],
            ("OKP", Some("Ed25519")) => &[Algorithm::EdDsa],
            _ => &[],
        };
        let named =
            |algorithm: &&Algorithm| self.alg.as_deref().is_none_or(|name| Algorithm::named(name) == Some(**algorithm));
        possible.iter().filter(named).filter_map(|algorithm| self.public_key(*algorithm)).collect()
    }

    fn public_key(&self, algorithm: Algorithm) -> Option<PublicKey> {
        let bytes = |member: &Option<String>| URL_SAFE_NO_PAD.decode(member.as_deref()?).ok();
        match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => PublicKey::rsa(algorithm, &bytes(&self.n)?, &bytes(&self.e)?),
            Algorithm::Es256 => PublicKey::p256(&bytes(&self.x)?, &bytes(&self.y)?),
            Algorithm::EdDsa => PublicKey::ed25519(&bytes(&self.x)?),
        }
    }
}

impl PublicKey {
    /// From a JWK, as JSON. `None` for one that is broken, meant for something else than signatures, of an algorithm that is not one of
    /// [`Algorithm`], or that fits several: an RSA key has to say `alg`.
    pub fn from_jwk(json: &[u8]) -> Option<Self> {
        let Object(jwk) = serde_json::from_slice::<Object<Jwk>>(json).ok()?;
        let mut keys = jwk.public_keys();
        let key = keys.pop()?;
        keys.is_empty().then_some(key)
    }

    /// Modulus and exponent, big endian, of 2048 to 8192 bits.
    fn rsa(algorithm: Algorithm, n: &[u8], e: &[u8]) -> Option<Self> {
        let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
        if n.first() == Some(&0) || !(2048..=8192).contains(&bits) {
            return None;
        }
        let parsed = RsaPublicKeyComponents { n, e }.to_parsed_public_key(algorithm.rsa()?).ok()?;
        Some(Self { algorithm, parsed })
    }

    /// The coordinates of a point of P-256.
    fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        if x.len() != 32 || y.len() != 32 {
            return None;
        }
        let point = [&[4], x, y].concat();
        let parsed = ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).ok()?;
        Some(Self { algorithm: Algorithm::Es256, parsed })
    }

    fn ed25519(x: &[u8]) -> Option<Self> {
        if x.len() != 32 {
            return None;
        }
        let parsed = ParsedPublicKey::new(&signature::ED25519, x).ok()?;
        Some(Self { algorithm: Algorithm::EdDsa, parsed })
    }

    /// What it verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether this is the signature of these bytes by its private half, as a JWS carries one (RFC 7518 §3, RFC 8037 §3.1).
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(signed, signature).is_ok()
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", self.algorithm.as_str())
    }
}
