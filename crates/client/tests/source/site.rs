//! A server on loopback that gives tokens, and an API beside it; both remember what they were asked.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};
use tokio::sync::watch;

/// What came to the token endpoint.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

/// How the token endpoint answers: status, the header `Retry-After`, body.
pub type Answer = (u16, Option<&'static str>, String);

/// The server. It ends with the runtime of its test.
pub struct Site {
    pub origin: String,
    state: Arc<Inner>,
}

struct Inner {
    origin: String,
    asked: watch::Sender<Vec<Asked>>,
    open: watch::Sender<bool>,
    /// What is answered next, instead of a token.
    answers: Mutex<VecDeque<Answer>>,
    /// What is answered instead of tokens for as long as it is there.
    always: Mutex<Option<Answer>>,
    metadata: Mutex<Value>,
    discoveries: Mutex<usize>,
    refused: Mutex<HashSet<String>>,
    refuses_all: Mutex<bool>,
    calls: Mutex<Vec<(String, String)>>,
}

impl Asked {
    /// The fields of the form, as they came.
    pub fn field(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.body.as_bytes()).find(|(field, _)| field == name).map(|(_, text)| text.into())
    }

    pub fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization").map(|value| value.to_str().unwrap())
    }
}

impl Site {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Inner {
            origin: origin.clone(),
            asked: watch::Sender::new(Vec::new()),
            open: watch::Sender::new(true),
            answers: Mutex::default(),
            always: Mutex::default(),
            metadata: Mutex::new(json!({ "issuer": origin, "token_endpoint": format!("{origin}/token") })),
            discoveries: Mutex::default(),
            refused: Mutex::default(),
            refuses_all: Mutex::default(),
            calls: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/token", post(token))
            .route("/moved", post(token))
            .route("/api", any(api))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, state }
    }

    /// How often a token was asked for.
    pub fn count(&self) -> usize {
        self.state.asked.borrow().len()
    }

    /// The last request for a token.
    pub fn last(&self) -> Asked {
        self.state.asked.borrow().last().unwrap().clone()
    }

    /// Waits until a token was asked for so often.
    pub async fn until_asked(&self, times: usize) {
        let mut asked = self.state.asked.subscribe();
        asked.wait_for(|asked| asked.len() >= times).await.unwrap();
    }

    /// How often the metadata was.
    pub fn discoveries(&self) -> usize {
        *self.state.discoveries.lock().unwrap()
    }

    /// Whether the token endpoint answers or lets everybody wait.
    pub fn open(&self, open: bool) {
        self.state.open.send_replace(open);
    }

    /// The next answer of the token endpoint.
    pub fn answers(&self, status: u16, body: impl Into<String>) {
        self.state.answers.lock().unwrap().push_back((status, None, body.into()));
    }

    /// The answer of the token endpoint from now on; tokens again with `None`.
    pub fn always(&self, answer: Option<Answer>) {
        *self.state.always.lock().unwrap() = answer;
    }

    pub fn says(&self, name: &str, value: Value) {
        self.state.metadata.lock().unwrap()[name] = value;
    }

    /// The API refuses this token from now on.
    pub fn refuse(&self, token: &str) {
        self.state.refused.lock().unwrap().insert(token.to_owned());
    }

    /// Whether the API refuses every token.
    pub fn refuse_all(&self, all: bool) {
        *self.state.refuses_all.lock().unwrap() = all;
    }

    /// Where the API is.
    pub fn api(&self) -> String {
        format!("{}/api", self.origin)
    }

    /// What the API was called with: `Authorization`, and method and body with a word on the header `x-more`.
    pub fn calls(&self) -> Vec<(String, String)> {
        self.state.calls.lock().unwrap().clone()
    }
}

async fn metadata(State(site): State<Arc<Inner>>) -> Response {
    *site.discoveries.lock().unwrap() += 1;
    site.metadata.lock().unwrap().to_string().into_response()
}

async fn token(State(site): State<Arc<Inner>>, uri: axum::http::Uri, headers: HeaderMap, body: String) -> Response {
    let mut number = 0;
    site.asked.send_modify(|asked| {
        asked.push(Asked { path: uri.path().to_owned(), headers, body });
        number = asked.len();
    });
    site.open.subscribe().wait_for(|open| *open).await.unwrap();
    let next = site.answers.lock().unwrap().pop_front().or_else(|| site.always.lock().unwrap().clone());
    let (status, retry_after, body) = next.unwrap_or_else(|| (200, None, given(number, json!(900))));
    let status = StatusCode::from_u16(status).unwrap();
    match retry_after {
        Some(seconds) => (status, [("retry-after", seconds)], body).into_response(),
        None => (status, body).into_response(),
    }
}

/// An answer with the token of that number.
pub fn given(number: usize, expires_in: Value) -> String {
    json!({ "access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": expires_in }).to_string()
}

async fn api(State(site): State<Arc<Inner>>, method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let shown = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let token = shown.strip_prefix("Bearer ").unwrap_or_default().to_owned();
    let more = headers.get("x-more").map_or("", |_| " and more");
    let sent = format!("{method} {}{more}", String::from_utf8_lossy(&body));
    site.calls.lock().unwrap().push((shown, sent));
    if *site.refuses_all.lock().unwrap() || site.refused.lock().unwrap().contains(&token) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    format!("{} {token}", site.origin).into_response()
}
