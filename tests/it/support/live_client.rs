//! A client over real sockets, as `client create` registered it.

use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::live_browser::{http, send};
use super::{Answer, VERIFIER, canaries, challenge, eventually};

/// A registered client.
pub struct LiveClient {
    issuer: String,
    http: reqwest::Client,
    pub id: String,
    pub secret: Option<String>,
}

impl LiveClient {
    /// From the answer of `client create --json`.
    pub fn new(issuer: &str, created: &Value) -> Self {
        canaries::secret(created["client_secret"].as_str().unwrap_or_default());
        Self {
            issuer: issuer.to_owned(),
            http: http(),
            id: created["client_id"].as_str().unwrap().to_owned(),
            secret: created["client_secret"].as_str().map(str::to_owned),
        }
    }

    /// The same client, speaking to the server of this address.
    pub fn at(self, issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), ..self }
    }

    /// The path of an authorization request; `extra` is appended as it is.
    pub fn authorization_path(&self, extra: &str) -> String {
        let query = Serializer::new(String::new())
            .append_pair("client_id", &self.id)
            .append_pair("redirect_uri", "https://rp.test/cb")
            .append_pair("response_type", "code")
            .append_pair("code_challenge", &challenge())
            .append_pair("code_challenge_method", "S256")
            .finish();
        format!("/authorize?{query}&{extra}")
    }

    /// Sends a token request.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/token", fields).await
    }

    /// As [`LiveClient::token`], asked again while a resource is unknown: a running server learns of one that a command registers within
    /// a second.
    pub async fn token_when_known(&self, fields: &[(&str, &str)]) -> Answer {
        eventually("the server learns of the resource", async || {
            let answer = self.token(fields).await;
            (answer.status == 200 || answer.json()["error"] != "invalid_target").then_some(answer)
        })
        .await
    }

    /// Sends a form to an endpoint with `client_secret_basic`, or `none` when there is no secret.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(fields);
        let mut request = self.http.post(format!("{}{path}", self.issuer));
        match &self.secret {
            Some(secret) => request = request.basic_auth(&self.id, Some(secret)),
            None => drop(form.append_pair("client_id", &self.id)),
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        send(request.body(form.finish())).await
    }

    /// Redeems the code that came with a redirect.
    pub async fn redeem(&self, redirect: &Answer) -> Answer {
        let code = redirect.location_param("code").unwrap_or_else(|| panic!("no code: {}", redirect.location()));
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", "https://rp.test/cb"),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// Gets an address of the server.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.http.get(format!("{}{path}", self.issuer))).await
    }

    /// Gets an address of the server with an access token.
    pub async fn get_with(&self, path: &str, access_token: &str) -> Answer {
        send(self.http.get(format!("{}{path}", self.issuer)).bearer_auth(access_token)).await
    }

    /// Asks userinfo.
    pub async fn userinfo(&self, access_token: &str) -> Answer {
        self.get_with("/userinfo", access_token).await
    }
}
