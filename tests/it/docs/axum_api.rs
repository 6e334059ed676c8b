//! The API of the guide, in axum: `docs/protect-an-api.md` shows what stands between its first `use` and the tests.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::{HeaderName, StatusCode, header, request::Parts};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use tokio::sync::RwLock;

/// What verifies the access tokens of one issuer for one API.
#[derive(Clone)]
pub struct Tokens {
    issuer: String,
    audience: String,
    keys: Arc<RwLock<JwkSet>>,
    http: reqwest::Client,
}

/// What a token says of whoever asks.
#[derive(Debug, Deserialize)]
pub struct Caller {
    pub sub: String,
    #[serde(default)]
    scope: String,
}

impl Tokens {
    pub fn new(issuer: &str, audience: &str) -> Self {
        let keys = Arc::new(RwLock::new(JwkSet { keys: vec![] }));
        Self { issuer: issuer.to_owned(), audience: audience.to_owned(), keys, http: reqwest::Client::new() }
    }

    async fn verify(&self, token: &str) -> Option<Caller> {
        let header = decode_header(token).ok().filter(|header| header.typ.as_deref() == Some("at+jwt"))?;
        let key = self.key(header.kid.as_deref()?).await?;
        let mut wanted = Validation::new(header.alg); // the key's kind must fit it
        wanted.set_issuer(&[&self.issuer]);
        wanted.set_audience(&[&self.audience]);
        wanted.set_required_spec_claims(&["exp", "iss", "aud"]);
        Some(decode::<Caller>(token, &key, &wanted).ok()?.claims)
    }

    /// A public key by its name. One that is not known yet may be new: the set is read again. (Do that at most once in a
    /// while, or strangers decide how often.)
    async fn key(&self, kid: &str) -> Option<DecodingKey> {
        let find = |keys: &JwkSet| keys.find(kid).and_then(|key| DecodingKey::from_jwk(key).ok());
        if let Some(key) = find(&*self.keys.read().await) {
            return Some(key);
        }
        let mut keys = self.keys.write().await;
        let set = self.http.get(format!("{}/.well-known/jwks.json", self.issuer)).send().await.ok()?;
        *keys = serde_json::from_slice(&set.bytes().await.ok()?).ok()?;
        find(&keys)
    }
}

/// `Caller` as an argument of a handler: whoever asks has shown a token that holds.
impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Tokens: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer =
            given.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = bearer.ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, "Bearer"))?;
        Tokens::from_ref(state)
            .verify(token)
            .await
            .ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, "Bearer error=\"invalid_token\""))
    }
}

impl Caller {
    /// Refuses unless the token has the scope.
    pub fn needs(&self, scope: &str) -> Result<(), Refused> {
        let has = self.scope.split(' ').any(|granted| granted == scope);
        has.then_some(()).ok_or_else(|| refuse(StatusCode::FORBIDDEN, "Bearer error=\"insufficient_scope\""))
    }
}

type Refused = (StatusCode, [(HeaderName, &'static str); 1]);

fn refuse(status: StatusCode, challenge: &'static str) -> Refused {
    (status, [(header::WWW_AUTHENTICATE, challenge)])
}

async fn notes(caller: Caller) -> Result<String, Refused> {
    caller.needs("notes:read")?;
    Ok(format!("the notes of {}", caller.sub))
}

fn router(tokens: Tokens) -> axum::Router {
    axum::Router::new().route("/notes", axum::routing::get(notes)).with_state(tokens)
}

mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::Service;

    use super::*;
    use crate::support::{Database, Live, eventually};

    const API: &str = "https://api.example.org";

    async fn asked(router: &mut axum::Router, token: Option<&str>) -> u16 {
        let mut request = Request::get("/notes");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = router.call(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.headers().contains_key("www-authenticate"), answer.status() != StatusCode::OK);
        answer.status().as_u16()
    }

    #[tokio::test]
    async fn the_api_of_the_guide_takes_the_right_tokens_alone() {
        let database = Database::copy().await;
        let server = Live::serve(&database);
        for identifier in [API, "https://other.example.org"] {
            let create = ["resource", "create", "--identifier", identifier, "--name", "Notes"];
            server.command(&[&create[..], &["--scope", "notes:read", "--scope", "notes:write"]].concat());
        }
        let service = server.client("service", &["--scope", "notes:read notes:write"]);
        let token = async |resource: &str, scope: &str| {
            let form = [("grant_type", "client_credentials"), ("resource", resource), ("scope", scope)];
            service.token_when_known(&form).await.ok()["access_token"].as_str().unwrap().to_owned()
        };
        let mut router = router(Tokens::new(&server.issuer, API));
        let right = token(API, "notes:read").await;
        assert_eq!(asked(&mut router, Some(&right)).await, 200);
        assert_eq!(asked(&mut router, None).await, 401);
        assert_eq!(asked(&mut router, Some(&right[..right.len() - 4])).await, 401);
        assert_eq!(asked(&mut router, Some(&token(API, "notes:write").await)).await, 403);
        assert_eq!(asked(&mut router, Some(&token("https://other.example.org", "notes:read").await)).await, 401);
        // A type as ID tokens have it.
        server.command(&["resource", "update", API, "--token-type", "jwt"]);
        let other = eventually("tokens have the other type", async || {
            let token = token(API, "notes:read").await;
            let header = decode_header(&token).unwrap();
            (header.typ.as_deref() == Some("JWT")).then_some(token)
        });
        assert_eq!(asked(&mut router, Some(&other.await)).await, 401);
    }
}
