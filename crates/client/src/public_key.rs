//! A public key that is ready to verify: read once, when the set that it is in is loaded.

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::algorithm::{Algorithm, Kind};
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
    /// The keys that it is: one for each algorithm that it verifies. An RSA key that does not say which is one of several; one that is meant for
    /// something else, or that no public key could be, is none.
    pub(crate) fn public_keys(&self) -> Vec<PublicKey> {
        let signs = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let verifies = self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == "verify"));
        if !signs || !verifies {
            return Vec::new();
        }
        let named =
            |algorithm: &&Algorithm| self.alg.as_deref().is_none_or(|name| Algorithm::named(name) == Some(**algorithm));
        Algorithm::ALL.iter().filter(named).filter_map(|algorithm| self.public_key(*algorithm)).collect()
    }

    /// The key that it is for this algorithm, if it is of the kind.
    fn public_key(&self, algorithm: Algorithm) -> Option<PublicKey> {
        let bytes = |member: &Option<String>| URL_SAFE_NO_PAD.decode(member.as_deref()?).ok();
        let sized = |member: &Option<String>, size: usize| bytes(member).filter(|bytes| bytes.len() == size);
        let parsed = match (algorithm.kind(), self.kty.as_str(), self.crv.as_deref()) {
            (Kind::Rsa(by), "RSA", _) => rsa(by, &bytes(&self.n)?, &bytes(&self.e)?),
            (Kind::Ec { curve, coordinate, by }, "EC", Some(named)) if named == curve => {
                let point = [vec![4], sized(&self.x, coordinate)?, sized(&self.y, coordinate)?].concat();
                ParsedPublicKey::new(by, point).ok()
            }
            (Kind::Ed25519, "OKP", Some("Ed25519")) => {
                ParsedPublicKey::new(&signature::ED25519, sized(&self.x, 32)?).ok()
            }
            _ => None,
        };
        Some(PublicKey { algorithm, parsed: parsed? })
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

    /// What it verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether this is the signature of these bytes by its private half, as a JWS carries one (RFC 7518 §3, RFC 8037 §3.1).
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(signed, signature).is_ok()
    }
}

/// Modulus and exponent, big endian, of 2048 to 8192 bits.
fn rsa(by: &'static RsaParameters, n: &[u8], e: &[u8]) -> Option<ParsedPublicKey> {
    let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
    // Numbers with zeros before them are refused by the library.
    let has_size = (2048..=8192).contains(&bits);
    has_size.then(|| RsaPublicKeyComponents { n, e }.to_parsed_public_key(by).ok()).flatten()
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", self.algorithm.as_str())
    }
}
