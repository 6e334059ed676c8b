//! The public half of a signing key, as it is published and as it verifies.

use base64::{Engine, engine::general_purpose::STANDARD};
use rsa::pkcs8::EncodePublicKey;
use rsa::{BoxedUint, RsaPublicKey};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::secret::{base64url, from_base64url, sha256};

/// A public key that is ready to verify.
pub struct PublicKey {
    jwk: Value,
    /// What it verifies by, read once: `None` for an algorithm that this version does not know.
    verifying: Option<(Algorithm, doorward_client::PublicKey)>,
}

impl PublicKey {
    /// Takes the JWK of a row apart. One of an algorithm that this version does not know can be published, and verifies nothing.
    ///
    /// # Errors
    /// A sentence, when it is damaged or is not the key of that name (RFC 7638).
    pub fn parse(kid: &str, algorithm: &str, jwk: &str) -> Result<Self, Failure> {
        let damaged = || Failure::internal(format!("the public half of the signing key {kid} is damaged"));
        let text = jwk;
        let jwk: Value = serde_json::from_str(text).map_err(|_| damaged())?;
        let Ok(algorithm) = algorithm.parse::<Algorithm>() else {
            return Ok(Self { jwk, verifying: None });
        };
        if thumbprint(&jwk).as_deref() != Some(kid) || jwk["kid"] != kid || jwk["alg"] != algorithm.as_str() {
            return Err(damaged());
        }
        let verifying = doorward_client::PublicKey::from_jwk(text.as_bytes()).ok_or_else(damaged)?;
        Ok(Self { jwk, verifying: Some((algorithm, verifying)) })
    }

    /// The JWK (RFC 7517 §4).
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// The key as PEM (RFC 7468 §13).
    ///
    /// # Errors
    /// When it is of an algorithm that this version does not know.
    pub fn pem(&self) -> Result<String, Failure> {
        let (algorithm, _) = self.verifying.as_ref().ok_or_else(|| {
            Failure::internal(format!("the key {} is of an algorithm that this version does not know", self.jwk["kid"]))
        })?;
        let der = subject_public_key_info(*algorithm, &self.jwk)
            .ok_or_else(|| Failure::internal(format!("the key {} cannot be written as PEM", self.jwk["kid"])))?;
        let text = STANDARD.encode(der);
        let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        Ok(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
    }

    /// What verifies: `None` for an algorithm that this version does not know.
    pub(super) fn verifying(&self) -> Option<&doorward_client::PublicKey> {
        self.verifying.as_ref().map(|(_, key)| key)
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", self.jwk["kid"])
    }
}

/// The thumbprint of a public JWK (RFC 7638 §3, RFC 8037 §2): SHA-256 over the required members in the order of their names.
pub(super) fn thumbprint(jwk: &Value) -> Option<String> {
    let members: &[&str] = match jwk["kty"].as_str()? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        _ => return None,
    };
    let mut required = Map::new();
    for member in members {
        required.insert((*member).to_owned(), jwk.get(*member)?.clone());
    }
    // Whether serde_json keeps the order of insertion or that of the names: here they are the same.
    Some(base64url(&sha256(Value::Object(required).to_string().as_bytes())))
}

/// The SubjectPublicKeyInfo of a public key (RFC 5280 §4.1, RFC 5480 §2, RFC 8410 §4), DER.
fn subject_public_key_info(algorithm: Algorithm, jwk: &Value) -> Option<Vec<u8>> {
    // Everything before the key itself: sequences, object identifiers, the head of the bit string.
    const P256: &[u8] = &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
        0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];
    const ED25519: &[u8] = &[0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00];
    let bytes = |name: &str| jwk[name].as_str().and_then(from_base64url);
    match algorithm {
        Algorithm::Rs256 => {
            let number = |name: &str| bytes(name).map(|bytes| BoxedUint::from_be_slice_vartime(&bytes));
            let key = RsaPublicKey::new(number("n")?, number("e")?).ok()?;
            Some(key.to_public_key_der().ok()?.into_vec())
        }
        Algorithm::Es256 => Some([P256, &bytes("x")?, &bytes("y")?].concat()),
        Algorithm::EdDsa => Some([ED25519, &bytes("x")?].concat()),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{self, VerificationAlgorithm};

    use super::*;
    use crate::tokens::{KeySpec, SigningKey};

    fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
        match algorithm {
            Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
            Algorithm::EdDsa => &signature::ED25519,
        }
    }

    #[test]
    fn a_thumbprint_is_that_of_the_specifications() {
        // RFC 7638 §3.1 and RFC 8037 Appendix A.3.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3\
                 oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6\
                 qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJz\
                 KnqDKgw";
        let rsa = serde_json::json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
        assert_eq!(thumbprint(&rsa).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let okp = serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        assert_eq!(thumbprint(&okp).unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn another_library_reads_the_pem_and_verifies_with_it() {
        for algorithm in Algorithm::ALL.iter().copied() {
            let key = SigningKey::generate(KeySpec { algorithm, rsa_bits: 2048 }).unwrap();
            let public = PublicKey::parse(key.kid(), algorithm.as_str(), &key.jwk().to_string()).unwrap();
            let pem = public.pem().unwrap();
            let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let read = signature::UnparsedPublicKey::new(verification(algorithm), STANDARD.decode(body).unwrap());
            let signed = key.sign(b"text").unwrap();
            let verifying = public.verifying().unwrap();
            assert!(read.verify(b"text", &signed).is_ok() && verifying.verifies(b"text", &signed), "{algorithm}");
            assert!(!verifying.verifies(b"texts", &signed), "{algorithm}");
        }
    }

    #[test]
    fn a_public_half_that_is_not_the_one_of_its_name_is_known_for_it() {
        let key = |algorithm| SigningKey::generate(KeySpec { algorithm, rsa_bits: 2048 }).unwrap();
        let (one, two) = (key(Algorithm::EdDsa), key(Algorithm::EdDsa));
        let mut renamed = two.jwk().clone();
        renamed["kid"] = one.jwk()["kid"].clone();
        for damaged in [two.jwk().to_string(), renamed.to_string(), "{}".to_owned(), "rubbish".to_owned()] {
            assert!(PublicKey::parse(one.kid(), "EdDSA", &damaged).unwrap_err().detail.contains("is damaged"));
        }
        assert!(PublicKey::parse(one.kid(), "ES256", &one.jwk().to_string()).is_err());
    }
}
