//! The public half of a signing key, as it is published and as it verifies.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::secret::{base64url, sha256};

/// A public key that is ready to verify.
pub struct PublicKey {
    algorithm: Option<Algorithm>,
    jwk: Value,
    decoding: Option<DecodingKey>,
}

impl PublicKey {
    /// Takes the JWK of a row apart. One of an algorithm that this version does not know can be published, and verifies nothing.
    ///
    /// # Errors
    /// A sentence, when it is damaged or is not the key of that name (RFC 7638).
    pub fn parse(kid: &str, algorithm: &str, jwk: &str) -> Result<Self, Failure> {
        let damaged = || Failure::internal(format!("the public half of the signing key {kid} is damaged"));
        let jwk: Value = serde_json::from_str(jwk).map_err(|_| damaged())?;
        let Ok(algorithm) = algorithm.parse::<Algorithm>() else {
            return Ok(Self { algorithm: None, jwk, decoding: None });
        };
        if thumbprint(&jwk).as_deref() != Some(kid) || jwk["kid"] != kid || jwk["alg"] != algorithm.as_str() {
            return Err(damaged());
        }
        let parsed: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| damaged())?;
        let decoding = DecodingKey::from_jwk(&parsed).map_err(|_| damaged())?;
        Ok(Self { algorithm: Some(algorithm), jwk, decoding: Some(decoding) })
    }

    /// The JWK (RFC 7517 §4).
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// What verifies with it: `None` for an algorithm that this version does not know.
    pub(super) fn verifier(&self) -> Option<(jsonwebtoken::Algorithm, &DecodingKey)> {
        let algorithm = match self.algorithm? {
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        };
        Some((algorithm, self.decoding.as_ref()?))
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
