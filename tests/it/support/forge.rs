//! JWTs written by hand: any header, any claims, any signature.

use std::sync::Arc;

use aws_lc_rs::hmac;
use doorward::protocol::algorithm::Algorithm;
use doorward::secret::base64url;
use doorward::tokens::SigningKey;
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

/// A token signed with the server's own key: what only a broken server would give out.
pub fn signed_by(server: &Server, header: &str, claims: &str) -> String {
    let input = signing_input(header, claims);
    let signature = key(server).sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url(&signature))
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
