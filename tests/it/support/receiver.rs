//! An application's back channel: a real server on loopback that hears logout tokens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use url::form_urlencoded;

/// The back channel of an application.
pub struct Receiver {
    pub address: SocketAddr,
    status: Arc<AtomicU16>,
    tokens: Mutex<UnboundedReceiver<String>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (heard, tokens) = unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let router = Router::new().route("/logout", post(hear)).with_state((heard, status.clone()));
        tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        Self { address, status, tokens: Mutex::new(tokens) }
    }

    pub fn uri(&self) -> String {
        format!("http://{}/logout", self.address)
    }

    /// What it answers from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// The logout tokens that have come since the last look.
    pub async fn tokens(&self) -> Vec<String> {
        let mut tokens = self.tokens.lock().await;
        std::iter::from_fn(|| tokens.try_recv().ok()).collect()
    }

    /// Waits for a logout token.
    pub async fn next(&self) -> String {
        let mut tokens = self.tokens.lock().await;
        let heard = tokio::time::timeout(Duration::from_secs(60), tokens.recv()).await;
        heard.expect("no logout token came").unwrap()
    }
}

type Heard = (UnboundedSender<String>, Arc<AtomicU16>);

async fn hear(State((heard, status)): State<Heard>, body: String) -> StatusCode {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0].0, "logout_token");
    heard.send(fields[0].1.clone()).unwrap();
    StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap()
}
