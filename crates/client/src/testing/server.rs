//! As much of HTTP as an issuer needs: one request a connection.

use std::io;
use std::sync::Arc;
use std::sync::PoisonError;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Behaviour, Issuer, State};
use crate::clock::Clock;

/// The longest request, in bytes.
const LONGEST: usize = 64 * 1024;

#[derive(Clone)]
pub(super) struct Server {
    pub(super) url: String,
    pub(super) state: Arc<State>,
    pub(super) clock: Clock,
}

/// What is answered.
struct Answer {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
}

impl Issuer {
    /// Who may introspect: the name of a client.
    pub const CLIENT_ID: &'static str = "api";
    /// Its secret.
    pub const CLIENT_SECRET: &'static str = "secret of the api";
}

impl Server {
    pub(super) async fn run(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(self.clone().serve(stream));
        }
    }

    async fn serve(self, mut stream: TcpStream) {
        let Ok(request) = read(&mut stream).await else { return };
        self.state.requests.send_modify(|count| *count += 1);
        let mut behaviour = self.state.behaviour.subscribe();
        match behaviour.wait_for(|behaviour| *behaviour != Behaviour::Holds).await.as_deref() {
            Ok(Behaviour::Answers) => {}
            _ => return,
        }
        let Answer { status, headers, body } = self.answer(&request);
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        // Whoever does not read it has gone away.
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.write_all(&body).await;
        let _ = stream.shutdown().await;
    }

    fn answer(&self, request: &Request) -> Answer {
        let inner = self.state.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let ok = |headers: String, body: Vec<u8>| Answer { status: "200 OK", headers, body };
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/.well-known/openid-configuration") => {
                let mut metadata = json!({
                    "issuer": self.url, "jwks_uri": format!("{}/jwks", self.url),
                    "introspection_endpoint": format!("{}/introspect", self.url),
                });
                for (name, value) in &inner.metadata {
                    metadata[name.as_str()] = value.clone();
                }
                ok(String::new(), metadata.to_string().into_bytes())
            }
            ("GET", "/jwks") => {
                let body = inner.key_set.clone().unwrap_or_else(|| inner.key_set().to_string().into_bytes());
                ok(format!("cache-control: max-age={}\r\n", inner.max_age), body)
            }
            ("POST", "/introspect") if !request.is_of_the_api() => {
                Answer { status: "401 Unauthorized", headers: String::new(), body: b"{}".to_vec() }
            }
            ("POST", "/introspect") => {
                let token = request.field("token");
                let given = token.as_ref().filter(|token| !inner.revoked.contains(*token));
                let claims = given.and_then(|token| inner.given.get(token)).filter(|claims| {
                    claims.get("exp").and_then(Value::as_i64).is_none_or(|exp| self.clock.now() < exp)
                });
                let answer = match claims.cloned() {
                    Some(mut claims) => {
                        claims.insert("active".to_owned(), true.into());
                        Value::Object(claims)
                    }
                    None => json!({ "active": false }),
                };
                ok("cache-control: no-store\r\n".to_owned(), answer.to_string().into_bytes())
            }
            _ => Answer { status: "404 Not Found", headers: String::new(), body: b"{}".to_vec() },
        }
    }
}

struct Request {
    method: String,
    path: String,
    head: String,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(':'));
        pairs.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Whether the one client that may introspect asks (RFC 6749 §2.3.1).
    fn is_of_the_api(&self) -> bool {
        let encoded = self.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let decoded =
            encoded.and_then(|text| STANDARD.decode(text).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
        pair.is_some_and(|(id, secret)| {
            unescaped(id) == Issuer::CLIENT_ID && unescaped(secret) == Issuer::CLIENT_SECRET
        })
    }

    fn field(&self, name: &str) -> Option<String> {
        let pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(given, _)| *given == name).map(|(_, value)| unescaped(value))
    }
}

/// A text as forms carry it.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn read(stream: &mut TcpStream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        more(stream, &mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut request = Request { method, path, head, body: String::new() };
    let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0_usize);
    while bytes.len() < end + 4 + length {
        more(stream, &mut bytes).await?;
    }
    request.body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
    Ok(request)
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 4096];
    let count = stream.read(&mut piece).await?;
    if count == 0 || bytes.len() + count > LONGEST {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.extend_from_slice(&piece[..count]);
    Ok(())
}
