//! How long a connection of HTTP/1.1 is waited for: 15 seconds for the head of a request, its first byte included on a new connection, and
//! as long as the settings say for the next request after an answered one. Balancers keep connections for a minute, and a request that meets
//! one which is just being closed is lost.
//!
//! hyper's own limit for heads is not used: it runs while a connection idles, too. HTTP/2 asks with its pings whether the other end still
//! lives.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::Stopwatch;

/// How long the head of a request may take.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How often it is looked, at least, what a connection is in the middle of. So much later than it should a slow head may end that followed
/// an answer.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Patience(Mutex<State>);

#[derive(Clone, Copy, Debug)]
struct State {
    /// It is new, or the head of a request has begun (HTTP/1.1).
    in_head: bool,
    /// So many requests are being answered.
    under_way: u32,
    /// It speaks HTTP/2.
    multiplexed: bool,
    /// Since when it is in the head, or idles.
    since: Stopwatch,
}

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Patience>);

impl Patience {
    pub fn new() -> Self {
        Self(Mutex::new(State { in_head: true, under_way: 0, multiplexed: false, since: Stopwatch::start() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes have come.
    fn heard(&self) {
        let mut state = self.state();
        if !state.in_head && !state.multiplexed && state.under_way == 0 {
            state.in_head = true;
            state.since = Stopwatch::start();
        }
    }

    /// A request has come, whole but for its body.
    pub fn asked(self: &Arc<Self>, multiplexed: bool) -> UnderWay {
        let mut state = self.state();
        state.in_head = false;
        state.multiplexed = multiplexed;
        state.under_way += 1;
        UnderWay(self.clone())
    }

    /// Since when it idles, if it does.
    pub fn idle_since(&self) -> Option<Stopwatch> {
        let state = self.state();
        (!state.in_head && state.under_way == 0).then_some(state.since)
    }

    /// How much longer it is waited for; `None` while that is not ours to say.
    fn left(&self, idle: Duration) -> Option<Duration> {
        let State { in_head, under_way, multiplexed, since } = *self.state();
        if in_head {
            return Some(HEAD_TIMEOUT.saturating_sub(since.elapsed()));
        }
        (under_way == 0 && !multiplexed).then(|| idle.saturating_sub(since.elapsed()))
    }

    /// Waits until the connection is waited for no longer; it may idle for so long.
    pub async fn end(&self, idle: Duration) {
        loop {
            let left = self.left(idle).unwrap_or(LOOK_EVERY);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LOOK_EVERY)).await;
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way -= 1;
        state.since = Stopwatch::start();
    }
}

/// A stream that tells when bytes come.
pub(super) struct Heard<S> {
    pub stream: S,
    pub patience: Arc<Patience>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.patience.heard();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// The body of an answer, which is under way until it is written or not needed any more.
pub(super) struct Told {
    body: Body,
    _under_way: UnderWay,
}

impl Told {
    pub fn new(body: Body, under_way: UnderWay) -> Self {
        Self { body, _under_way: under_way }
    }
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(75);

    #[test]
    fn a_head_has_its_seconds_and_idling_after_an_answer_its_own() {
        let patience = Arc::new(Patience::new());
        assert!(patience.left(IDLE).unwrap() <= HEAD_TIMEOUT && patience.idle_since().is_none());
        let request = patience.asked(false);
        // The bytes of its body are no head.
        patience.heard();
        assert_eq!((patience.left(IDLE), patience.idle_since().is_none()), (None, true));
        drop(request);
        assert!(patience.left(IDLE).unwrap() > HEAD_TIMEOUT * 4 && patience.idle_since().is_some());
        patience.heard();
        assert!(patience.left(IDLE).unwrap() <= HEAD_TIMEOUT && patience.idle_since().is_none());
    }

    #[test]
    fn many_requests_at_once_idle_when_the_last_is_answered_and_for_as_long_as_pings_are() {
        let patience = Arc::new(Patience::new());
        let (first, second) = (patience.asked(true), patience.asked(true));
        drop(first);
        assert_eq!((patience.left(IDLE), patience.idle_since().is_none()), (None, true));
        drop(second);
        // A frame that comes now is an answer to a ping, perhaps.
        patience.heard();
        assert_eq!((patience.left(IDLE), patience.idle_since().is_some()), (None, true));
    }
}
