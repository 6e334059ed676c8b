//! How a client says who it is at the token endpoint (RFC 6749 §2.3.1, RFC 7523 §2.2).

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde_json::json;

use super::error::SourceError;
use super::key::PrivateKey;
use super::metadata::Metadata;
use crate::form::{Form, basic};

/// How long an assertion holds, in seconds.
const LIFE: i64 = 60;
/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client has to say who it is. One of the two is there.
pub(super) struct Credentials {
    pub(super) secret: Option<Secret>,
    pub(super) key: Option<PrivateKey>,
}

/// A secret and where it goes.
pub(super) struct Secret {
    pub(super) kept: Kept,
    /// In the body, whatever the server prefers.
    pub(super) in_body: bool,
}

/// Where a secret is kept.
pub(super) enum Kept {
    Here(String),
    /// In a file, which may change.
    In(PathBuf),
}

impl Kept {
    fn read(&self) -> Result<Cow<'_, str>, SourceError> {
        match self {
            Self::Here(text) => Ok(Cow::Borrowed(text)),
            Self::In(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(Cow::Owned(text.trim_end().to_owned())),
                Err(why) => Err(SourceError::Secret(Arc::new(why))),
            },
        }
    }
}

/// A way to say who one is, ready to be gone.
pub(super) enum Way<'a> {
    Basic(Cow<'a, str>),
    Post(Cow<'a, str>),
    /// With this algorithm.
    Assertion(&'a PrivateKey, &'static str),
}

impl Credentials {
    /// The way that the server takes: by the key when it lists `private_key_jwt` with an algorithm of ours, else by the secret. Of a server
    /// whose metadata is not known everything is believed.
    pub(super) fn way(&self, metadata: &Metadata) -> Result<Way<'_>, SourceError> {
        if let Some(key) = &self.key
            && metadata.takes("private_key_jwt")
            && let Some(algorithm) = key.algorithms().iter().find(|name| metadata.verifies(name))
        {
            return Ok(Way::Assertion(key, algorithm));
        }
        let Some(secret) = &self.secret else { return Err(SourceError::Unauthenticable) };
        match secret.in_body {
            true => Ok(Way::Post(secret.kept.read()?)),
            false if metadata.takes("client_secret_basic") => Ok(Way::Basic(secret.kept.read()?)),
            false if metadata.takes("client_secret_post") => Ok(Way::Post(secret.kept.read()?)),
            false => Err(SourceError::Unauthenticable),
        }
    }
}

/// Who says who it is, to whom, and when.
pub(super) struct Saying<'a> {
    pub(super) client_id: &'a str,
    /// For whom an assertion is.
    pub(super) audience: &'a str,
    /// In seconds since 1970.
    pub(super) now: i64,
}

impl Way<'_> {
    /// Says it: in the form, or as the value of `Authorization` that this gives.
    pub(super) fn say(&self, saying: &Saying<'_>, form: &mut Form) -> Result<Option<HeaderValue>, SourceError> {
        match self {
            Self::Basic(secret) => return Ok(Some(basic(saying.client_id, secret))),
            Self::Post(secret) => {
                form.add("client_id", saying.client_id);
                form.add("client_secret", secret);
            }
            Self::Assertion(key, algorithm) => {
                form.add("client_id", saying.client_id);
                form.add("client_assertion_type", ASSERTION_TYPE);
                let assertion = assertion(saying, key, algorithm).ok_or(SourceError::Unauthenticable)?;
                form.add("client_assertion", &assertion);
            }
        }
        Ok(None)
    }
}

/// A JWT that says who its signer is, to this server, for a minute and once (RFC 7523 §3).
fn assertion(saying: &Saying<'_>, key: &PrivateKey, algorithm: &str) -> Option<String> {
    let mut id = [0; 16];
    rand::fill(&mut id).ok()?;
    let mut header = json!({ "alg": algorithm, "typ": "JWT" });
    if let Some(kid) = &key.kid {
        header["kid"] = json!(kid);
    }
    let Saying { client_id, audience, now } = saying;
    let claims = json!({
        "iss": client_id, "sub": client_id, "aud": audience,
        "iat": now, "exp": now + LIFE, "jti": URL_SAFE_NO_PAD.encode(id),
    });
    let part = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(algorithm, signed.as_bytes())?;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
