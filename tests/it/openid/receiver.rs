//! An application's back channel: a real server on loopback that keeps the logout tokens it is sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use url::form_urlencoded;

/// What has come, and what is answered.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

struct Heard {
    status: StatusCode,
    tokens: Vec<String>,
}

impl Receiver {
    pub async fn start() -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let heard = Arc::new(Mutex::new(Heard { status: StatusCode::OK, tokens: Vec::new() }));
        let receiver = Self { address: socket.local_addr().unwrap(), heard };
        let router = Router::new().route("/logout", post(hear)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        receiver
    }

    pub fn uri(&self) -> String {
        format!("http://{}/logout", self.address)
    }

    /// What it answers from now on.
    pub fn answer(&self, status: u16) {
        self.heard.lock().unwrap().status = StatusCode::from_u16(status).unwrap();
    }

    /// The logout tokens that have come since the last look.
    pub fn tokens(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap().tokens)
    }
}

async fn hear(State(receiver): State<Receiver>, body: String) -> StatusCode {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0].0, "logout_token");
    let mut heard = receiver.heard.lock().unwrap();
    heard.tokens.push(fields[0].1.clone());
    heard.status
}
