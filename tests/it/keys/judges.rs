//! Independent judges: jsonwebtoken, rsa, p256 and the openidconnect crate verify what we sign, from the published keys alone.

use chrono::DateTime;
use doorward::clock::Timestamp;
use doorward::secret::{from_base64url, sha256};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use p256::ecdsa::signature::Verifier;
use rsa::{BoxedUint, Pkcs1v15Sign, RsaPublicKey};
use serde_json::{Value, json};

/// The DigestInfo of SHA-256 (RFC 8017 §9.2).
const SHA256_PREFIX: [u8; 19] = [48, 49, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1, 5, 0, 4, 32];

/// The published key that the token names.
fn key<'a>(token: &str, jwks: &'a [Value]) -> Option<&'a Value> {
    let kid = super::part(token, 0)["kid"].clone();
    jwks.iter().find(|key| key["kid"] == kid)
}

/// What jsonwebtoken says.
pub fn jsonwebtoken_verifies(token: &str, jwks: &[Value]) -> bool {
    let set: JwkSet = serde_json::from_value(json!({ "keys": jwks })).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let Some(jwk) = set.find(&header.kid.unwrap()) else { return false };
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).is_ok()
}

/// What the crate that knows nothing but this algorithm says; for EdDSA there is none of ours.
pub fn bare_crate_verifies(token: &str, jwks: &[Value]) -> bool {
    let Some(key) = key(token, jwks) else { return false };
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = from_base64url(signature).unwrap();
    let bytes = |name: &str| from_base64url(key[name].as_str().unwrap()).unwrap();
    match key["alg"].as_str().unwrap() {
        "RS256" => {
            let number = |name: &str| BoxedUint::from_be_slice_vartime(&bytes(name));
            let public = RsaPublicKey::new(number("n"), number("e")).unwrap();
            let scheme = Pkcs1v15Sign { hash_len: Some(32), prefix: SHA256_PREFIX.into() };
            public.verify(scheme, &sha256(message.as_bytes()), &signature).is_ok()
        }
        "ES256" => {
            let point = [&[4], bytes("x").as_slice(), bytes("y").as_slice()].concat();
            let public = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
            let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
            public.verify(message.as_bytes(), &signature).is_ok()
        }
        _ => true,
    }
}

/// What a relying party that is built on the openidconnect crate says of an ID token, its `at_hash` included.
pub fn relying_party_takes(id_token: &str, access_token: &str, jwks: &[Value], now: Timestamp) -> Result<(), String> {
    let keys: CoreJsonWebKeySet = serde_json::from_value(json!({ "keys": jwks })).unwrap();
    let claims = super::part(id_token, 1);
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    let all = [
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        CoreJwsSigningAlgorithm::EdDsa,
    ];
    let issuer = IssuerUrl::new(text("iss")).unwrap();
    let verifier = CoreIdTokenVerifier::new_public_client(ClientId::new(text("aud")), issuer, keys)
        .set_allowed_algs(all)
        .set_time_fn(move || DateTime::from_timestamp(now.seconds(), 0).unwrap());
    let token: CoreIdToken = id_token.parse().unwrap();
    let claims = token.claims(&verifier, |_: Option<&Nonce>| Ok(())).map_err(|why| why.to_string())?;
    let algorithm = token.signing_alg().map_err(|why| why.to_string())?;
    let key = token.signing_key(&verifier).map_err(|why| why.to_string())?;
    let access_token = openidconnect::AccessToken::new(access_token.to_owned());
    let hash =
        openidconnect::AccessTokenHash::from_token(&access_token, algorithm, key).map_err(|why| why.to_string())?;
    if claims.access_token_hash() == Some(&hash) { Ok(()) } else { Err("at_hash differs".to_owned()) }
}
