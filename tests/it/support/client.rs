//! A client: sends token requests and calls endpoints.

use axum::body::Body;
use axum::http::{Request, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use doorward::protocol::rejection::Rejection;
use serde_json::Value;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{Answer, Server, VERIFIER, canaries, challenge, parallel};

/// A registered client.
#[derive(Clone)]
pub struct Client {
    server: Server,
    pub id: String,
    pub secret: Option<String>,
    /// How it authenticates: `client_secret_basic` (also when either will do), `client_secret_post` or `none`.
    pub method: String,
    pub redirect_uri: String,
    pub pkce: bool,
}

impl Client {
    pub fn new(server: &Server, id: String, secret: Option<String>, method: &str, redirect_uri: &str) -> Self {
        canaries::secret(secret.as_deref().unwrap_or_default());
        Self {
            server: server.clone(),
            id,
            secret,
            method: method.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            pkce: true,
        }
    }

    /// The same client, speaking to another node.
    pub fn on(&self, server: &Server) -> Self {
        Self { server: server.clone(), ..self.clone() }
    }

    /// The address of an authorization request; `extra` is appended as it is and goes before the usual parameters.
    pub fn authorization_url(&self, extra: &str) -> String {
        let given = |name: &str| extra.split('&').any(|pair| pair.split('=').next() == Some(name));
        let mut pairs = vec![
            ("client_id", self.id.clone()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("response_type", "code".to_owned()),
            ("scope", "openid profile email".to_owned()),
            ("state", "st-1".to_owned()),
        ];
        if self.pkce {
            pairs.extend([("code_challenge", challenge()), ("code_challenge_method", "S256".to_owned())]);
        }
        let pairs = pairs.into_iter().filter(|(name, _)| !given(name));
        let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
        let path = format!("/authorize?{query}{}{extra}", if extra.is_empty() { "" } else { "&" });
        self.server.app.issuer.place(&path).as_str().to_owned()
    }

    /// Sends a token request: the fields, and the client's authentication.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.post("/token", fields).await
    }

    /// Sends an authenticated form to an endpoint.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.request(path, fields);
        self.server.send(request).await
    }

    /// The same, with the forms of an answer that it accepts.
    pub async fn post_accepting(&self, path: &str, fields: &[(&str, &str)], accept: &str) -> Answer {
        let mut request = self.request(path, fields);
        request.headers_mut().insert(header::ACCEPT, accept.parse().unwrap());
        self.server.send(request).await
    }

    /// An authenticated form for an endpoint, to be sent from somewhere.
    pub fn request(&self, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(fields);
        let path = self.server.app.issuer.place(path);
        let mut request =
            Request::post(path.as_str()).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        match (self.method.as_str(), &self.secret) {
            ("client_secret" | "client_secret_basic", Some(secret)) => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(&self.id), encoded(secret));
                request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
            }
            ("client_secret_post", Some(secret)) => {
                form.append_pair("client_id", &self.id).append_pair("client_secret", secret);
            }
            _ => {
                form.append_pair("client_id", &self.id);
            }
        }
        request.body(Body::from(form.finish())).unwrap()
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str) -> Answer {
        self.redeem_with(code, &[]).await
    }

    /// Redeems a code with further fields.
    pub async fn redeem_with(&self, code: &str, extra: &[(&str, &str)]) -> Answer {
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", self.redirect_uri.as_str())];
        if self.pkce {
            fields.push(("code_verifier", VERIFIER));
        }
        fields.extend_from_slice(extra);
        self.token(&fields).await
    }

    /// Client credentials.
    pub async fn credentials(&self, extra: &[(&str, &str)]) -> Answer {
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend_from_slice(extra);
        self.token(&fields).await
    }

    /// Asks userinfo.
    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let path = self.server.app.issuer.place("/userinfo");
        let request = Request::get(path.as_str()).header(header::AUTHORIZATION, format!("Bearer {access_token}"));
        self.server.send(request.body(Body::empty()).unwrap()).await
    }
}

/// The claims of a JWT, nothing verified.
pub fn unverified_claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&doorward::secret::from_base64url(part).unwrap()).unwrap()
}

/// An authorization request by GET and by POST, as a stranger sends it, followed to its end; the two answers.
pub async fn by_get_and_post(server: &Server, url: &str) -> [Answer; 2] {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let posted = server.post(path, query).await;
    let posted = match posted.onward().filter(|address| address.starts_with("/authorize?")) {
        Some(address) => server.get(&address).await,
        None => posted,
    };
    [server.get(url).await, posted]
}

/// Redeems one code 32 times at once, over these nodes: one succeeds, the others are replays, and what came of it has ended, as nobody knows who of them
/// was the thief.
pub async fn redeem_at_once(nodes: &[Client], code: &str) {
    let answers = parallel(32, |at| {
        let (client, code) = (nodes[at % nodes.len()].clone(), code.to_owned());
        async move { client.redeem(&code).await }
    })
    .await;
    let (won, lost): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.refused_json(400, Rejection::ReplayedCode);
    }
    let token = won[0].json()["access_token"].as_str().unwrap().to_owned();
    for node in nodes {
        node.userinfo(&token).await.refused(401, Rejection::TokenOfEndedGrant);
    }
}
