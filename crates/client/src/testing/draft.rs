//! A token before it is signed.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Issuer, signing};

/// A token before it is signed: it can be made to say anything.
#[must_use = "it is no token until it is signed"]
pub struct Draft<'a> {
    issuer: &'a Issuer,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(issuer: &'a Issuer, audience: &str) -> Self {
        let now = issuer.clock().now();
        let key = issuer.inner().keys.last().cloned();
        let mut header = Map::new();
        if let Some(key) = key {
            header.insert("alg".to_owned(), key.algorithm().as_str().into());
            header.insert("kid".to_owned(), key.kid().into());
        }
        header.insert("typ".to_owned(), "at+jwt".into());
        let claims = json!({
            "iss": issuer.url(), "aud": audience, "sub": "subject", "client_id": "client", "jti": signing::random(),
            "iat": now, "exp": now + 300,
        });
        let Value::Object(claims) = claims else { unreachable!("it is written as an object") };
        Self { issuer, header, claims }
    }

    /// Speaks for this person.
    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", subject)
    }

    /// Is given to this application.
    pub fn client(self, client: &str) -> Self {
        self.claim("client_id", client)
    }

    /// Is given to this service, and speaks for nobody else.
    pub fn service(self, client: &str) -> Self {
        self.subject(client).client(client)
    }

    /// Allows this: words separated by spaces.
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", scope)
    }

    /// Its subject has these roles.
    pub fn roles(self, roles: &[&str]) -> Self {
        self.claim("roles", json!(roles))
    }

    /// Ends after so long.
    pub fn lifetime(self, lifetime: Duration) -> Self {
        let ends = self.issuer.clock().now().saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX));
        self.claim("exp", ends)
    }

    /// Says this.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Says nothing of this.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Says this in its header; `null` takes it away.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => self.header.remove(name),
            value => self.header.insert(name.to_owned(), value),
        };
        self
    }

    /// The token, signed by the newest key whatever its header says.
    pub fn sign(self) -> String {
        let payload = Value::Object(self.claims.clone()).to_string();
        let token = self.issuer.sign_text(&Value::Object(self.header).to_string(), &payload);
        self.issuer.inner().given.insert(token.clone(), self.claims);
        token
    }

    /// An API key that says the same when it is asked about: a text that means nothing by itself.
    pub fn api_key(self) -> String {
        let key = format!("key_{}", signing::random());
        self.issuer.inner().given.insert(key.clone(), self.claims);
        key
    }
}

impl Issuer {
    /// A token of these two texts, which need not be JSON, signed by the newest key.
    pub fn sign_text(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let key = self.inner().keys.last().cloned();
        let signature = key.map(|key| key.sign(signed.as_bytes())).unwrap_or_default();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
