//! The floors: what a bare axum server on the same core takes for the part of a request that nobody can leave out. It runs as a process of
//! its own, the hidden command `floor` of this program, until its standard input ends.
//!
//! `H` answers bytes. `S` and `E` parse a form as the token endpoint gets it, make one RS256 (2048 bits) or ES256 signature over as many bytes as an
//! access token has, and answer it as JSON. No client is authenticated, no header set, nothing logged or stored.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::Outcome;

/// A token's claims, as long as those of a real one.
const CLAIMS: &str = r#"{"iss":"http://127.0.0.1:65535","sub":"0123456789abcdefghijkl","aud":"https://api.example.org","client_id":"0123456789abcdefghijkl","exp":1700000900,"iat":1700000000,"jti":"0123456789abcdefghijkl","scope":"load:read"}"#;

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Floor {
    /// Answers bytes.
    H,
    /// One RS256 signature.
    S,
    /// One ES256 signature.
    E,
}

impl Floor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::H, Self::S, Self::E];

    /// Its letter.
    pub fn name(self) -> &'static str {
        match self {
            Self::H => "H",
            Self::S => "S",
            Self::E => "E",
        }
    }

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::H => "a bare axum handler that answers the bytes of the JWKS",
            Self::S => {
                "a bare axum handler that parses the form of a token request and makes one RS256 signature (2048 bits)"
            }
            Self::E => "the same with one ES256 signature",
        }
    }

    /// Where it answers.
    pub fn path(self) -> &'static str {
        match self {
            Self::H => "/h",
            Self::S => "/s",
            Self::E => "/e",
        }
    }
}

struct Keys {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    random: SystemRandom,
}

#[derive(Serialize)]
struct Token {
    access_token: String,
    token_type: &'static str,
    expires_in: u32,
    scope: &'static str,
}

/// Serves the floors on a free port of loopback, and prints the address as one line. `bytes` is what `H` answers.
///
/// # Errors
/// When no port is free or no key can be made.
pub async fn serve(bytes: String) -> Outcome<()> {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| "no RSA key can be made")?;
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| "no EC key can be made")?;
    let keys = Arc::new(Keys { rsa, ec, random: SystemRandom::new() });
    let bytes = Bytes::from(bytes);
    let router = Router::new()
        .route(Floor::S.path(), post(rs256))
        .route(Floor::E.path(), post(es256))
        .with_state(keys)
        .route(Floor::H.path(), get(move || async move { ([(header::CONTENT_TYPE, "application/json")], bytes) }));
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    Ok(axum::serve(listener, router).await?)
}

async fn rs256(State(keys): State<Arc<Keys>>, body: Bytes) -> Response {
    signed(&body, r#"{"typ":"at+jwt","alg":"RS256","kid":"0123456789abcdef"}"#, |message| {
        let mut signature = vec![0; keys.rsa.public_modulus_len()];
        keys.rsa.sign(&RSA_PKCS1_SHA256, &keys.random, message, &mut signature).ok()?;
        Some(signature)
    })
}

async fn es256(State(keys): State<Arc<Keys>>, body: Bytes) -> Response {
    signed(&body, r#"{"typ":"at+jwt","alg":"ES256","kid":"0123456789abcdef"}"#, |message| {
        Some(keys.ec.sign(&keys.random, message).ok()?.as_ref().to_vec())
    })
}

fn signed(body: &[u8], header: &str, sign: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Response {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    if !form.iter().any(|(name, value)| name == "grant_type" && value == "client_credentials") {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut access_token = String::with_capacity(1024);
    BASE64URL.encode_string(header, &mut access_token);
    access_token.push('.');
    BASE64URL.encode_string(CLAIMS, &mut access_token);
    let Some(signature) = sign(access_token.as_bytes()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    access_token.push('.');
    BASE64URL.encode_string(signature, &mut access_token);
    Json(Token { access_token, token_type: "Bearer", expires_in: 900, scope: "load:read" }).into_response()
}
