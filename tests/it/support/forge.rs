//! JWTs written by hand: any header, any claims, any signature.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use doorward::protocol::algorithm::Algorithm;
use doorward::secret::{base64url, from_base64url};
use doorward::tokens::SigningKey;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::{BoxedUint, RsaPublicKey};
use serde_json::{Value, json};

use super::Server;

/// The two parts that are signed, as text.
fn signing_input(header: &str, claims: &str) -> String {
    format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()))
}

/// A token without a signature.
pub fn unsigned(header: &str, claims: &str) -> String {
    format!("{}.", signing_input(header, claims))
}

/// A token signed with HMAC-SHA-256 under any bytes.
pub fn signed_with_hmac(header: &str, claims: &str, key: &[u8]) -> String {
    let input = signing_input(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), input.as_bytes());
    format!("{input}.{}", base64url(tag.as_ref()))
}

/// A token with any bytes as its signature.
pub fn signed_as(header: &str, claims: &str, signature: &[u8]) -> String {
    format!("{}.{}", signing_input(header, claims), base64url(signature))
}

/// A token signed with this key.
pub fn signed_with(key: &SigningKey, header: &str, claims: &str) -> String {
    signed_as(header, claims, &key.sign(signing_input(header, claims).as_bytes()).unwrap())
}

/// A token signed with the server's own key: what only a broken server would give out.
pub fn signed_by(server: &Server, header: &str, claims: &str) -> String {
    signed_with(&key(server), header, claims)
}

/// An RSA key of a JWK Set in everything that a careless server might take for a secret: PEM, DER and the numbers, in their spellings.
pub fn writings_of_public_key(jwk: &Value) -> Vec<Vec<u8>> {
    let text = |name: &str| jwk[name].as_str().unwrap();
    let number = |name: &str| from_base64url(text(name)).unwrap();
    let [n, e] = ["n", "e"].map(|name| BoxedUint::from_be_slice_vartime(&number(name)));
    let key = RsaPublicKey::new(n, e).unwrap();
    let (spki, pkcs1) = (key.to_public_key_der().unwrap(), key.to_pkcs1_der().unwrap());
    let pem = |label: &str, der: &[u8]| {
        let text = STANDARD.encode(der);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    let own = pem("PUBLIC KEY", spki.as_bytes());
    let texts = [
        own.clone(),
        own.trim_end().to_owned(),
        own.replace('\n', "\r\n"),
        STANDARD.encode(spki.as_bytes()),
        pem("RSA PUBLIC KEY", pkcs1.as_bytes()),
        jwk.to_string(),
        text("n").to_owned(),
        text("e").to_owned(),
        String::new(),
    ];
    let ders = [spki.as_bytes().to_vec(), pkcs1.as_bytes().to_vec(), number("n"), number("e")];
    texts.map(String::into_bytes).into_iter().chain(ders).collect()
}

/// The header of the server's access tokens.
pub fn access_token_header(server: &Server) -> Value {
    json!({ "alg": "RS256", "typ": "at+jwt", "kid": kid(server) })
}

/// The name of the key that the server signs with.
pub fn kid(server: &Server) -> String {
    key(server).kid().to_owned()
}

fn key(server: &Server) -> Arc<SigningKey> {
    server.app.ring.signing_key(std::iter::once(Algorithm::Rs256), server.clock.now()).unwrap()
}
