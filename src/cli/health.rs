//! `health`: asks a running server whether it is well, for container health checks.

use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::output::line;
use super::{Context, Output};
use crate::config::TlsConfig;
use crate::failure::Failure;
use crate::http::connect_to_own;

/// How long the answer may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Ask the server at `[server] listen` whether it is ready: exit code 0 when it is, 1 when not.
#[derive(Args)]
#[command(after_help = "Example:\n  doorward health")]
pub(super) struct Health {
    #[command(flatten)]
    output: Output,
}

impl Health {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let listen = context.config.server.listen.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:");
        let answer = tokio::time::timeout(TIMEOUT, ask(&listen, &context.config.server.tls)).await;
        match answer {
            Ok(Ok(head)) if head.starts_with("HTTP/1.1 200") => {
                self.output.done(&serde_json::json!({ "ready": true }), "ready");
                Ok(())
            }
            Ok(Ok(head)) => {
                line(if self.output.json { "{\"ready\":false}" } else { "not ready" });
                Err(Failure::internal(format!("the server answered: {}", head.lines().next().unwrap_or_default())))
            }
            Ok(Err(error)) => Err(Failure::internal(format!("no server answers at {listen}: {error}"))),
            Err(_) => Err(Failure::internal(format!("no answer from {listen} within {} s", TIMEOUT.as_secs()))),
        }
    }
}

/// One request by hand: a whole HTTP client would be more than this needs.
async fn ask(listen: &str, tls: &TlsConfig) -> std::io::Result<String> {
    let stream = TcpStream::connect(listen).await?;
    if tls.is_on() { exchange(connect_to_own(tls, stream).await?).await } else { exchange(stream).await }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<String> {
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut head = Vec::new();
    stream.take(4096).read_to_end(&mut head).await?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}
