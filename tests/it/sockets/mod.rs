//! What comes over a socket and is no honest request: each is bounded in time and memory, and the next client is served.

mod bounds;
mod heads;
mod http2;
mod raw_http2;
mod unread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Database, END, Live};

/// A server with settings, given without their prefix.
async fn serve(settings: &[(&str, &str)]) -> (Database, Live) {
    let database = Database::copy().await;
    let named: Vec<(String, &str)> =
        settings.iter().map(|(name, value)| (format!("DOORWARD__SERVER__{name}"), *value)).collect();
    let named: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let live = Live::serve_with(&database, &named);
    (database, live)
}

/// A connection from an address of this machine.
async fn connect_from(address: &str, server: &Live) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    socket.connect(server.address().parse().unwrap()).await.unwrap()
}

async fn connect(server: &Live) -> TcpStream {
    connect_from("127.0.0.1", server).await
}

/// All that comes until the other end closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset closes as well.
    let _ = tokio::time::timeout(END, stream.read_to_end(&mut all)).await.expect("it is closed");
    String::from_utf8_lossy(&all).into_owned()
}

/// Sends bytes, and tells all that comes until the other end closes.
async fn send(server: &Live, bytes: &[u8]) -> String {
    let mut stream = connect(server).await;
    // It may be closed before all is sent.
    let _ = stream.write_all(bytes).await;
    rest(&mut stream).await
}

/// The next client is served.
async fn serves(server: &Live) {
    serves_at("127.0.0.1", server).await;
}

async fn serves_at(address: &str, server: &Live) {
    let mut stream = connect_from(address, server).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
}

/// The statuses of the answers.
fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}
