//! Bytes over a socket, as no client of HTTP would send them, and what comes back.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::{END, Live};

/// A connection from an address of this machine.
pub async fn connect_from(address: &str, server: &Live) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    socket.connect(server.address().parse().unwrap()).await.unwrap()
}

pub async fn connect(server: &Live) -> TcpStream {
    connect_from("127.0.0.1", server).await
}

/// All that comes until the other end closes.
pub async fn rest(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset closes as well.
    let _ = tokio::time::timeout(END, stream.read_to_end(&mut all)).await.expect("it is closed");
    String::from_utf8_lossy(&all).into_owned()
}

/// Sends bytes, and tells all that comes until the other end closes.
pub async fn send(server: &Live, bytes: &[u8]) -> String {
    let mut stream = connect(server).await;
    // It may be closed before all is sent.
    let _ = stream.write_all(bytes).await;
    rest(&mut stream).await
}

/// The next client is served.
pub async fn serves(server: &Live) {
    serves_at("127.0.0.1", server).await;
}

/// The next client from an address of this machine is served.
pub async fn serves_at(address: &str, server: &Live) {
    let mut stream = connect_from(address, server).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
}

/// The statuses of the answers, in their order.
pub fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}
