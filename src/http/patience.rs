//! How long a connection is waited for: for the head of a request, its first byte included on a new connection; for the next request after
//! an answered one; and for the other end to take what it is sent. The settings say how long each.
//!
//! Balancers keep connections for a minute, and a request that meets one which is just being closed is lost: so an idle one of HTTP/2 is
//! told first, and one of HTTP/1.1 has longer than balancers keep it. hyper's own limit for heads is not used: it runs while a connection
//! idles, too. HTTP/2 asks with its pings whether the other end still lives; whoever answers them and asks for nothing idles all the same.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::Stopwatch;
use crate::config::ServerConfig;

/// How often it is looked, at least, what a connection is in the middle of. So much later than it should a slow head may end that followed
/// an answer.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// How long the head of a request may take while others need the room, or the server stops.
pub(super) const SLOW: Duration = Duration::from_secs(3);
/// How long a connection that was asked to leave may take for that when nothing is under way.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long it may take whatever is under way: a request has 30 seconds (`middleware/bounded.rs`), and then its answer is to be taken. Who never
/// confirms that it was asked (HTTP/2) could begin one request after the other.
const LONG_FAREWELL: Duration = Duration::from_secs(35);

/// How long a connection is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// For the head of a request, and for a handshake.
    pub head: Duration,
    /// For the next request.
    pub idle: Duration,
    /// For what is sent to be taken.
    pub unread: Duration,
}

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
    /// Since when the other end has left something untaken, if it has.
    stuck: Option<Stopwatch>,
    /// Since when it is asked to leave.
    leaving: Option<Stopwatch>,
}

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Patience>);

/// How the wait for a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is asked to leave.
    Leave,
    /// It is cut off.
    Cut,
}

impl Times {
    pub fn of(config: &ServerConfig) -> Self {
        let seconds = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        Self {
            head: seconds(config.head_timeout),
            idle: seconds(config.keep_alive),
            unread: seconds(config.unread_timeout),
        }
    }
}

impl Patience {
    pub fn new() -> Self {
        Self(Mutex::new(State {
            in_head: true,
            under_way: 0,
            multiplexed: false,
            since: Stopwatch::start(),
            stuck: None,
            leaving: None,
        }))
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

    /// Whether the other end leaves something untaken.
    fn is_stuck(&self, stuck: bool) {
        let since = &mut self.state().stuck;
        *since = if stuck { since.or_else(|| Some(Stopwatch::start())) } else { None };
    }

    /// It is asked to leave as soon as nothing is under way, and not much later than a request may take.
    pub fn leave(&self) {
        let leaving = &mut self.state().leaving;
        *leaving = leaving.or_else(|| Some(Stopwatch::start()));
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

    /// Since when the head of a request is on its way, if it is.
    pub fn in_head_since(&self) -> Option<Stopwatch> {
        let state = self.state();
        state.in_head.then_some(state.since)
    }

    /// How much longer it is waited for, and what then; `None` while that is not ours to say.
    fn left(&self, times: Times) -> Option<(Duration, End)> {
        let State { in_head, under_way, multiplexed, since, stuck, leaving } = *self.state();
        let until = |most: Duration, since: Stopwatch| most.saturating_sub(since.elapsed());
        let waited_for = match leaving {
            // A head that is on its way, such as at a stop, comes whole if it is not slow.
            Some(_) if in_head => Some((until(SLOW, since), End::Cut)),
            Some(leaving) if under_way == 0 => Some((until(FAREWELL, leaving), End::Cut)),
            Some(leaving) => Some((until(LONG_FAREWELL, leaving), End::Cut)),
            None if in_head => Some((until(times.head, since), End::Cut)),
            None if under_way == 0 && multiplexed => Some((until(times.idle, since), End::Leave)),
            None if under_way == 0 => Some((until(times.idle, since), End::Cut)),
            None => None,
        };
        let untaken = stuck.map(|stuck| (until(times.unread, stuck), End::Cut));
        [waited_for, untaken].into_iter().flatten().min_by_key(|(left, _)| *left)
    }

    /// Waits until the connection is waited for no longer.
    pub async fn end(&self, times: Times) -> End {
        loop {
            let (left, end) = self.left(times).unwrap_or((LOOK_EVERY, End::Cut));
            if left.is_zero() {
                return end;
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

/// A stream that tells when bytes come, and when they do not go.
pub(super) struct Heard<S> {
    stream: S,
    patience: Arc<Patience>,
    is_stuck: bool,
}

impl<S> Heard<S> {
    pub fn new(stream: S, patience: Arc<Patience>) -> Self {
        Self { stream, patience, is_stuck: false }
    }

    /// The other end has taken all that was sent, or leaves some of it.
    fn is_stuck(&mut self, is_stuck: bool) {
        if self.is_stuck != is_stuck {
            self.is_stuck = is_stuck;
            self.patience.is_stuck(is_stuck);
        }
    }
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
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if polled.is_pending() {
            self.is_stuck(true);
        }
        polled
    }

    /// Only what is flushed is taken: who takes a byte now and then keeps what is left waiting all the same.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.is_stuck(polled.is_pending());
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.is_stuck(polled.is_pending());
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        if polled.is_pending() {
            self.is_stuck(true);
        }
        polled
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

    const TIMES: Times =
        Times { head: Duration::from_secs(15), idle: Duration::from_secs(75), unread: Duration::from_secs(30) };

    #[track_caller]
    fn left(patience: &Patience, most: u64, end: End) {
        let (left, found) = patience.left(TIMES).unwrap();
        assert_eq!(found, end);
        assert!(left.as_secs() < most && left.as_secs() + 2 > most - 1, "{left:?}");
    }

    #[test]
    fn a_head_has_its_seconds_and_idling_after_an_answer_its_own() {
        let patience = Arc::new(Patience::new());
        left(&patience, 15, End::Cut);
        assert!(patience.idle_since().is_none() && patience.in_head_since().is_some());
        let request = patience.asked(false);
        // The bytes of its body are no head.
        patience.heard();
        assert_eq!((patience.left(TIMES), patience.idle_since().is_none()), (None, true));
        drop(request);
        left(&patience, 75, End::Cut);
        assert!(patience.idle_since().is_some());
        patience.heard();
        left(&patience, 15, End::Cut);
        assert!(patience.idle_since().is_none());
    }

    #[test]
    fn many_requests_at_once_idle_when_the_last_is_answered_though_pings_are_answered() {
        let patience = Arc::new(Patience::new());
        let (first, second) = (patience.asked(true), patience.asked(true));
        drop(first);
        assert_eq!((patience.left(TIMES), patience.idle_since().is_none()), (None, true));
        drop(second);
        // A frame that comes now is an answer to a ping, perhaps.
        patience.heard();
        left(&patience, 75, End::Leave);
        assert!(patience.idle_since().is_some());
    }

    #[test]
    fn what_is_not_taken_counts_whatever_is_under_way() {
        let patience = Arc::new(Patience::new());
        let _request = patience.asked(false);
        patience.is_stuck(true);
        left(&patience, 30, End::Cut);
        patience.is_stuck(false);
        assert_eq!(patience.left(TIMES), None);
    }

    #[test]
    fn who_is_asked_to_leave_has_time_for_what_is_under_way_and_a_moment_otherwise() {
        let patience = Arc::new(Patience::new());
        let request = patience.asked(true);
        patience.leave();
        left(&patience, 35, End::Cut);
        drop(request);
        left(&patience, 5, End::Cut);
        let slow = Patience::new();
        slow.leave();
        // In a head.
        left(&slow, 3, End::Cut);
    }
}
