//! HTTP/2 by hand (RFC 9113), for what no library would send.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::socket::connect;
use crate::support::{END, Live};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const CONTINUATION: u8 = 9;
pub const ACK: u8 = 1;
/// A stream has no body, and its headers end here.
pub const WHOLE: u8 = 0x1 | 0x4;

/// A frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// The bytes of a frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The header block of a GET (RFC 7541): method and scheme by their number, path and host as they are.
pub fn get(path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86];
    for (name, value) in [(4, path), (1, "localhost")] {
        block.extend([name, value.len() as u8]);
        block.extend(value.as_bytes());
    }
    block
}

/// A connection whose settings are these.
pub async fn open(server: &Live, settings: &[(u16, u32)]) -> TcpStream {
    let mut stream = connect(server).await;
    let settings: Vec<u8> =
        settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
    let greeting = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame(SETTINGS, 0, 0, &settings).as_slice()].concat();
    stream.write_all(&greeting).await.unwrap();
    stream
}

/// The next frame, or `None` when the connection is closed.
pub async fn next(stream: &mut TcpStream) -> Option<Frame> {
    let read = async {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.ok()?;
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some(Frame { kind: head[3], flags: head[4], stream: id, payload })
    };
    tokio::time::timeout(END, read).await.expect("a frame comes, or the end")
}

/// All frames of a kind until the connection is closed.
pub async fn until_closed(stream: &mut TcpStream, kind: u8) -> Vec<Frame> {
    let reading = async {
        let mut found = Vec::new();
        while let Some(frame) = next(stream).await {
            if frame.kind == kind {
                found.push(frame);
            }
        }
        found
    };
    tokio::time::timeout(END, reading).await.expect("it is closed")
}
