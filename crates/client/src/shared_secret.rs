//! HS256, for APIs that can have nothing else: a verifier of its own type, which knows no public key, as the other one knows no secret.

use aws_lc_rs::hmac;

use crate::claims::Claims;
use crate::jws::Jws;
use crate::refusal::Refusal;
use crate::rules::Rules;

/// A secret of 256 bits or more that an API shares with its issuer.
#[derive(Clone)]
pub struct SharedSecret {
    id: Option<String>,
    key: hmac::Key,
}

/// No secret for HS256: less than 256 bits (RFC 7518 §3.2), or a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeakSecret;

impl std::fmt::Display for WeakSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a secret for HS256 has 32 bytes or more, and is no public key")
    }
}

impl std::error::Error for WeakSecret {}

impl SharedSecret {
    /// From 32 bytes or more. Text such as base64url is decoded by whoever calls.
    ///
    /// # Errors
    /// When it is shorter, or begins as a PEM file does: a public key is no secret.
    pub fn new(bytes: &[u8]) -> Result<Self, WeakSecret> {
        if bytes.len() < 32 || bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
            return Err(WeakSecret);
        }
        Ok(Self { id: None, key: hmac::Key::new(hmac::HMAC_SHA256, bytes) })
    }

    /// Only for tokens whose header names it so (`kid`).
    pub fn named(mut self, kid: impl Into<String>) -> Self {
        self.id = Some(kid.into());
        self
    }
}

impl std::fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedSecret({:?})", self.id)
    }
}

/// Verifies tokens that are signed with a secret of this API, by HS256 and nothing else.
///
/// Whoever has the secret can write any token: prefer keys, and [`Verifier`](crate::Verifier).
#[derive(Clone, Debug)]
pub struct SharedSecretVerifier {
    rules: Rules,
    secrets: Vec<SharedSecret>,
}

impl SharedSecretVerifier {
    /// Tokens under any of these secrets: while one replaces another there are two.
    ///
    /// The algorithms of `rules` do not count: it is HS256.
    pub fn new(rules: Rules, secrets: impl IntoIterator<Item = SharedSecret>) -> Self {
        Self { rules, secrets: secrets.into_iter().collect() }
    }

    /// What a token says, when it is one for this API. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn verify_at(&self, token: &str, now: i64) -> Result<Claims, Refusal> {
        let token = Jws::parse(token)?;
        self.rules.check_type(&token)?;
        if token.algorithm() != "HS256" {
            return Err(Refusal::Algorithm);
        }
        let fits = |secret: &&SharedSecret| secret.id.is_none() || secret.id.as_deref() == token.key_id();
        let mut fitting = self.secrets.iter().filter(fits).peekable();
        if fitting.peek().is_none() {
            return Err(Refusal::UnknownKey);
        }
        let payload =
            token.verify_by(|signed, tag| fitting.any(|secret| hmac::verify(&secret.key, signed, tag).is_ok()))?;
        self.rules.check(&payload, now)
    }

    /// As [`SharedSecretVerifier::verify_at`], at this moment.
    ///
    /// # Errors
    /// Whatever is wrong with the token.
    #[cfg(feature = "verify")]
    pub fn verify(&self, token: &str) -> Result<Claims, Refusal> {
        self.verify_at(token, crate::Clock::system().now())
    }
}
