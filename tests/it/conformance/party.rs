//! A relying party: asks for tokens and userinfo, and believes nothing that it has not verified.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use doorward::secret::{base64url, sha256};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use reqwest::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::person::Callback;
use super::provider::Provider;

/// A registered client.
#[derive(Clone)]
pub struct Party {
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
    pub post_logout_redirect_uri: String,
    by_post: bool,
}

/// What came of a code or a refresh token, verified.
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub id_token: String,
    pub claims: Value,
}

impl Party {
    pub fn new(known: &Value, name: &str) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            client_id: text(&known[name]["client_id"]),
            client_secret: text(&known[name]["client_secret"]),
            redirect_uri: text(&known["redirect_uri"]),
            post_logout_redirect_uri: text(&known["post_logout_redirect_uri"]),
            by_post: name == "client_secret_post",
        }
    }

    /// Sends a token request; status and JSON. Whatever the answer is, it may not be kept.
    pub async fn token(&self, provider: &Provider, fields: &[(&str, &str)]) -> (u16, Value) {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(fields);
        let mut request = provider.http().post(provider.address("token_endpoint"));
        if self.by_post {
            form.append_pair("client_id", &self.client_id).append_pair("client_secret", &self.client_secret);
        } else {
            let pair = STANDARD.encode(format!("{}:{}", self.client_id, self.client_secret));
            request = request.header("authorization", format!("Basic {pair}"));
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.finish());
        let answer = request.send().await.unwrap();
        assert!(answer.headers()["cache-control"].to_str().unwrap().contains("no-store"));
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
        (answer.status().as_u16(), json(answer).await)
    }

    /// Sends the code of a callback; status and JSON.
    pub async fn redeem(&self, provider: &Provider, callback: &Callback, extra: &[(&str, &str)]) -> (u16, Value) {
        let code = callback.get("code").unwrap_or_else(|| panic!("no code: {callback:?}"));
        let fields =
            [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", self.redirect_uri.as_str())];
        self.token(provider, &[&fields, extra].concat()).await
    }

    /// The tokens for the code of a callback, verified.
    pub async fn tokens(&self, provider: &Provider, callback: &Callback, extra: &[(&str, &str)]) -> Tokens {
        assert!(is_hard_to_guess(callback.get("code").unwrap()));
        let (status, answer) = self.redeem(provider, callback, extra).await;
        assert_eq!(status, 200, "{answer}");
        self.verified(provider, &answer).await
    }

    /// The tokens for a refresh token, verified.
    pub async fn refresh(&self, provider: &Provider, refresh_token: &str) -> Tokens {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let (status, answer) = self.token(provider, &fields).await;
        assert_eq!(status, 200, "{answer}");
        self.verified(provider, &answer).await
    }

    async fn verified(&self, provider: &Provider, answer: &Value) -> Tokens {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let access_token = text("access_token").unwrap();
        assert!(text("token_type").unwrap().eq_ignore_ascii_case("bearer"));
        assert!(is_hard_to_guess(&access_token));
        let id_token = text("id_token").unwrap();
        let claims = self.verify(provider, &id_token).await;
        if let Some(at_hash) = claims.get("at_hash") {
            assert_eq!(at_hash.as_str().unwrap(), base64url(&sha256(access_token.as_bytes())[..16]));
        }
        for own in ["name", "email", "phone_number", "address"] {
            assert!(claims.get(own).is_none(), "{own} was not asked for in the ID token");
        }
        Tokens { access_token, refresh_token: text("refresh_token"), id_token, claims }
    }

    /// The claims of an ID token or logout token for this client, once signature and names are right.
    pub async fn verify(&self, provider: &Provider, token: &str) -> Value {
        let header = decode_header(token).unwrap();
        let keys = provider.keys().await;
        let key = keys.find(&header.kid.expect("a kid")).expect("a published key");
        let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
        validation.set_audience(&[&self.client_id]);
        validation.set_issuer(&[&provider.issuer]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        validation.validate_exp = provider.now().is_none();
        let claims = decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims;
        if let Some(now) = provider.now() {
            assert!(claims["exp"].as_i64().unwrap() > now);
        }
        assert!(claims["iat"].as_i64().unwrap() < claims["exp"].as_i64().unwrap());
        let sub = claims["sub"].as_str().unwrap();
        assert!(sub.is_ascii() && sub.len() <= 255);
        claims
    }
}

/// Asks userinfo with the token in the header.
pub async fn userinfo(provider: &Provider, access_token: &str) -> Value {
    claims(provider.http().get(provider.address("userinfo_endpoint")).bearer_auth(access_token).send().await.unwrap())
        .await
}

/// The claims of an answer of userinfo.
pub async fn claims(answer: Response) -> Value {
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
    json(answer).await
}

/// Whether a text carries 128 bits, reckoned from how often each of its characters comes.
fn is_hard_to_guess(text: &str) -> bool {
    let mut counts = BTreeMap::new();
    for c in text.chars() {
        *counts.entry(c).or_insert(0_u32) += 1;
    }
    let length = f64::from(u32::try_from(text.len()).unwrap());
    let per_character: f64 = counts.values().map(|n| f64::from(*n) / length).map(|p| -p * p.log2()).sum();
    per_character * length >= 128.0
}

/// The JSON of an answer.
pub async fn json<T: DeserializeOwned>(answer: Response) -> T {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// The names of an object's members.
pub fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}
