//! The listener: HTTP/1.1 and HTTP/2 over one socket, with limits for slow and idle connections, and a stop that loses nothing.
//!
//! A stop has three steps: `/readyz` says 503 and new connections are still taken for a moment, so that a load balancer can look
//! elsewhere; then the socket closes and requests under way finish; what is left after `[server] drain` is cut off.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Version;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::middleware::peer::Peer;
use super::open::{Entered, Open};
use super::patience::{End, Heard, Times, Told};
use super::site::Site;
use super::streams::{Streams, answered};
use super::tls::Tls;
use crate::app::App;
use crate::failure::Failure;

/// How often an HTTP/2 connection is asked whether it still lives,
const PING_EVERY: Duration = Duration::from_secs(20);
/// and how long it may take to say so.
const PING_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 32 * 1024;
/// Requests at once on a connection of HTTP/2. A browser sends a page's few files, a gateway what many people do: 100 or more are the advice
/// (RFC 9113 §6.5.2), but each can keep a body of 64 KiB and an answer in memory.
const MAX_STREAMS: u32 = 64;
/// What may come on one stream before it is read: as long as the longest body.
const STREAM_WINDOW: u32 = 64 * 1024;
/// What may come on one connection before it is read.
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// What of an answer waits to be sent on one stream.
const SEND_BUFFER: usize = 64 * 1024;
/// Streams that the other end has reset before they were looked at: more end the connection (CVE-2023-44487).
const MAX_RESETS: usize = 20;
/// Streams that we had to reset because of what came on them: more end the connection (RUSTSEC-2024-0003).
const MAX_MISTAKES: usize = 100;

/// A bound socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
}

/// Ends [`Listener::serve`].
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    gently: CancellationToken,
    at_once: CancellationToken,
}

impl Shutdown {
    /// Asks for a stop: the first time a gentle one, the second time one at once.
    pub fn request(&self) {
        if self.gently.is_cancelled() {
            self.at_once.cancel();
        }
        self.gently.cancel();
    }

    /// Waits until a stop is asked for.
    pub async fn requested(&self) {
        self.gently.cancelled().await;
    }
}

impl Listener {
    /// Binds to `ADDRESS:PORT`; port 0 takes any free one.
    ///
    /// # Errors
    /// A sentence when the address is wrong, busy or not ours.
    pub async fn bind(listen: &str) -> Result<Self, Failure> {
        let refused = |error: std::io::Error| {
            let why = match error.kind() {
                std::io::ErrorKind::AddrInUse => "another process uses it already".to_owned(),
                std::io::ErrorKind::PermissionDenied => "this user may not use that port".to_owned(),
                _ => error.to_string(),
            };
            Failure::internal(format!("cannot listen on {listen}: {why}"))
        };
        let socket = TcpListener::bind(listen).await.map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        Ok(Self { socket, address, tls: None })
    }

    /// Whether it could be bound to, but for a port that is busy: a server may be running.
    ///
    /// # Errors
    /// A sentence when the address is wrong or not ours.
    pub async fn check(listen: &str) -> Result<(), Failure> {
        let any_port = listen.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
        let address = any_port.map_or(listen.to_owned(), |(address, _)| format!("{address}:0"));
        match TcpListener::bind(&address).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::internal(format!("cannot listen on {listen}: {error}"))),
        }
    }

    /// The same, speaking TLS.
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until a stop is asked for; returns when the last request is answered or the time for that is over.
    pub async fn serve(self, app: &App, site: Site, shutdown: Shutdown) {
        let taking_note = async {
            shutdown.requested().await;
            app.begin_draining();
            let moment = Duration::from_secs(u64::try_from(app.config.server.notice).unwrap_or(0));
            tokio::select! {
                () = tokio::time::sleep(moment) => {}
                () = shutdown.at_once.cancelled() => {}
            }
        };
        tokio::pin!(taking_note);
        let (open, times) = (Open::new(&app.config.server), Times::of(&app.config.server));
        let streams = Streams::new(times.unread);
        loop {
            let next = async {
                let room = open.room().await;
                (self.socket.accept().await, room)
            };
            tokio::select! {
                (accepted, room) = next => match accepted {
                    Ok((stream, peer)) => {
                        let Some(entered) = open.enter(room, peer.ip()) else { continue };
                        let caller = Caller { peer, times, entered, streams: streams.clone() };
                        connection(stream, caller, self.tls.clone(), site.clone());
                    }
                    Err(error) => {
                        // Out of file handles, most likely: those who are here finish, then others can come.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                () = &mut taking_note => break,
            }
        }
        drop(self.socket);
        let limit = Duration::from_secs(u64::try_from(app.config.server.drain).unwrap_or(0));
        tokio::select! {
            () = open.leave() => {}
            () = tokio::time::sleep(limit) => tracing::warn!("requests were still under way; they are cut off"),
            () = shutdown.at_once.cancelled() => {}
        }
    }
}

/// The other end of a connection, and how long it is waited for.
struct Caller {
    peer: SocketAddr,
    times: Times,
    entered: Entered,
    streams: Streams,
}

/// Takes a connection: the handshake, if there is one, and then its requests.
fn connection(stream: TcpStream, caller: Caller, tls: Option<Tls>, site: Site) {
    // Answers are small: none waits for the acknowledgement of another.
    let _ = stream.set_nodelay(true);
    tokio::spawn(async move {
        let Some(tls) = tls else { return requests(stream, caller, site).await };
        tokio::select! {
            stream = tls.accept(stream, caller.times.head) => match stream {
                Ok(stream) => requests(stream, caller, site).await,
                Err(error) => tracing::debug!(%error, "a handshake broke"),
            },
            // Nothing was asked for yet.
            () = caller.entered.leave.cancelled() => {}
        }
    });
}

async fn requests<S>(stream: S, Caller { peer, times, entered, streams }: Caller, site: Site)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let patience = entered.patience.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let under_way = patience.asked(request.version() == Version::HTTP_2);
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let site = site.clone();
        async move {
            let answer = site.answer(request).await.map(|body| Told::new(body, under_way));
            answered();
            Ok::<_, Infallible>(answer)
        }
    });
    let builder = builder(streams);
    let stream = Heard::new(stream, entered.patience.clone());
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut is_leaving = false;
    loop {
        tokio::select! {
            outcome = &mut serving => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            end = entered.patience.end(times) => match end {
                End::Cut => return tracing::debug!("a connection was not waited for any longer"),
                End::Leave => entered.leave.cancel(),
            },
            () = entered.leave.cancelled(), if !is_leaving => {
                // At once when it idles; else after what is under way.
                serving.as_mut().graceful_shutdown();
                entered.patience.leave();
                is_leaving = true;
            }
        }
    }
}

/// What a connection may do.
fn builder(streams: Streams) -> Builder<Streams> {
    let mut builder = Builder::new(streams);
    builder.http1().header_read_timeout(None).max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD as u32)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_MISTAKES);
    builder
}
