//! One keep-alive HTTP/1.1 connection that sends requests as they were rendered before and reads answers with the least work, so that the
//! server's core is full before the generator's is. No TLS, no redirects, no pipelining.
//!
//! An answer ends as RFC 9112 §6.3 has it for what servers of JSON send: a length, chunks, or no body at all.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

/// The most that a head may have of fields.
const FIELDS: usize = 64;
/// The most that an answer may have of bytes.
const LARGEST: usize = 1 << 24;

/// A connection that opens itself again when the server has closed it after an answer.
pub struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    filled: usize,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The body, without its chunks.
    pub body: &'a [u8],
    head: &'a [u8],
}

impl Connection {
    /// A connection to this address, opened with the first request.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: vec![0; 16 << 10], filled: 0, body: Vec::new() }
    }

    /// Sends a whole request and waits for the whole answer.
    ///
    /// # Errors
    /// When the connection fails, or the answer is none that HTTP/1.1 has.
    pub async fn exchange(&mut self, request: &[u8]) -> Outcome<Answer<'_>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        stream.write_all(request).await?;
        self.filled = 0;
        let head = loop {
            self.fill(&mut stream).await?;
            match read_head(&self.buffer[..self.filled])? {
                Some(head) if head.status == 100 => {
                    self.buffer.copy_within(head.length..self.filled, 0);
                    self.filled -= head.length;
                }
                Some(head) => break head,
                None => {}
            }
        };
        let body = match head.framing {
            Framing::Length(length) => {
                while self.filled < head.length + length {
                    self.fill(&mut stream).await?;
                }
                &self.buffer[head.length..head.length + length]
            }
            Framing::Chunked => {
                while !unchunk(&self.buffer[head.length..self.filled], &mut self.body)? {
                    self.fill(&mut stream).await?;
                }
                &self.body
            }
        };
        self.stream = (!head.closes).then_some(stream);
        Ok(Answer { status: head.status, body, head: &self.buffer[..head.length] })
    }

    async fn connect(&self) -> Outcome<TcpStream> {
        let stream = TcpStream::connect(self.address).await.map_err(|why| format!("{}: {why}", self.address))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn fill(&mut self, stream: &mut TcpStream) -> Outcome<()> {
        if self.filled == self.buffer.len() {
            if self.filled >= LARGEST {
                return Err("the answer does not end".into());
            }
            self.buffer.resize(2 * self.filled, 0);
        }
        match stream.read(&mut self.buffer[self.filled..]).await? {
            0 => Err("the server closed the connection before its answer was whole".into()),
            read => {
                self.filled += read;
                Ok(())
            }
        }
    }
}

impl Answer<'_> {
    /// The first header of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).into_iter().next()
    }

    /// All headers of this name that are text.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let _ = response.parse(self.head);
        let named = response.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        named.filter_map(|field| std::str::from_utf8(field.value).ok()).collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Outcome<serde_json::Value> {
        serde_json::from_slice(self.body).map_err(|why| format!("this is no JSON ({why}):\n{}", self.text()).into())
    }

    /// An error that shows the whole answer.
    pub fn unexpected(&self, wanted: &str) -> crate::Problem {
        let head = String::from_utf8_lossy(self.head);
        format!("expected {wanted}, but the server answered:\n{}\n\n{}", head.trim_end(), self.text()).into()
    }
}

struct Head {
    status: u16,
    length: usize,
    framing: Framing,
    closes: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
}

/// Reads the head when it is whole.
fn read_head(bytes: &[u8]) -> Outcome<Option<Head>> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let mut framing = None;
    let mut closes = response.version == Some(0);
    for field in response.headers.iter() {
        if field.name.eq_ignore_ascii_case("content-length") {
            framing = Some(Framing::Length(std::str::from_utf8(field.value)?.trim().parse()?));
        } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Some(Framing::Chunked);
        } else if field.name.eq_ignore_ascii_case("connection") {
            closes |= field.value.eq_ignore_ascii_case(b"close");
        }
    }
    let framing = match framing {
        _ if status < 200 || status == 204 || status == 304 => Framing::Length(0),
        Some(framing) => framing,
        None => return Err("an answer without Content-Length, which only its end would end".into()),
    };
    Ok(Some(Head { status, length, framing, closes }))
}

/// Takes the chunks apart (RFC 9112 §7.1), from the beginning each time; true when the last one is there. Trailers are not read.
fn unchunk(mut bytes: &[u8], body: &mut Vec<u8>) -> Outcome<bool> {
    body.clear();
    loop {
        let httparse::Status::Complete((start, size)) =
            httparse::parse_chunk_size(bytes).map_err(|_| "an invalid chunk")?
        else {
            return Ok(false);
        };
        let end = start + usize::try_from(size)?;
        if bytes.len() < end + 2 {
            return Ok(false);
        }
        body.extend_from_slice(&bytes[start..end]);
        if size == 0 {
            return Ok(true);
        }
        bytes = &bytes[end + 2..];
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A server that reads one request per answer and sends the answer byte group by byte group.
    async fn canned(answers: &'static [&'static [&'static str]]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut open: Option<TcpStream> = None;
            for answer in answers {
                let mut stream = match open.take() {
                    Some(stream) => stream,
                    None => listener.accept().await.unwrap().0,
                };
                let mut request = [0; 1000];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                for part in *answer {
                    stream.write_all(part.as_bytes()).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
                open = (!answer[0].contains("close")).then_some(stream);
            }
        });
        address
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    #[test]
    fn an_answer_with_a_length_is_read_in_whatever_parts_it_comes() {
        block_on(async {
            let answers: &[&[&str]] = &[
                &["HTTP/1.1 303 See Other\r\nLoca", "tion: /next?code=x\r\ncontent-LENGTH: 5\r\n\r", "\nhel", "lo"],
                &["HTTP/1.1 204 No Content\r\n\r\n"],
            ];
            let mut connection = Connection::new(canned(answers).await);
            let answer = connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            assert_eq!((answer.status, answer.body), (303, b"hello".as_slice()));
            assert_eq!(answer.header("location"), Some("/next?code=x"));
            let answer = connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            assert_eq!((answer.status, answer.body), (204, b"".as_slice()));
        });
    }

    #[test]
    fn chunks_are_put_together_and_a_closed_connection_is_opened_again() {
        block_on(async {
            const PARTS: &[&str] = &[
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhe",
                "llo\r\n1;x=y\r\n!\r",
                "\n0\r\n\r\n",
            ];
            let answers: &[&[&str]] = &[PARTS, PARTS];
            let mut connection = Connection::new(canned(answers).await);
            for _ in 0..2 {
                let answer = connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
                assert_eq!((answer.status, answer.text().as_str()), (200, "hello!"));
            }
        });
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        block_on(async {
            let answers: &[&[&str]] = &[&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nhel"]];
            let mut connection = Connection::new(canned(answers).await);
            let why = connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap_err().to_string();
            assert!(why.contains("before its answer was whole"), "{why}");
        });
    }

    #[test]
    fn an_answer_without_an_end_is_an_error() {
        assert!(read_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(read_head(b"HTTP/1.1 200 OK\r\n").unwrap().is_none());
        assert!(read_head(b"SSH-2.0-OpenSSH\r\n").is_err());
    }
}
