//! The streams of HTTP/2, each a task: one whose answer is not taken is given up after a while, and the others of its connection go on
//! (RFC 9113 §5.2.2 leaves that to us). An application behind a gateway shares its connection with many.
//!
//! Their answers wait in memory for a window that may never open. So there is a pressure: when very many wait, on all connections together,
//! each has a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::clock::Stopwatch;

/// So many answers may wait in peace: some ten kilobytes each.
const MANY: usize = 2_000;
/// How long an answer may wait when there are more.
const MOMENT: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// Tells the task of a stream that there is an answer.
    static ANSWERED: Arc<Notify>;
}

/// Runs streams. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    unread: Duration,
    waiting: Arc<AtomicUsize>,
}

/// An answer that waits, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

/// Says that the request of this stream is answered; of HTTP/1.1, where there are no streams, nothing.
pub(super) fn answered() {
    let _ = ANSWERED.try_with(|answered| answered.notify_one());
}

impl Streams {
    /// Streams whose answers may wait for so long.
    pub fn new(unread: Duration) -> Self {
        Self { unread, waiting: Arc::default() }
    }

    /// Waits until the answer has waited for too long.
    async fn in_vain(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        let since = Stopwatch::start();
        loop {
            let most = if self.waiting.load(Ordering::Relaxed) > MANY { MOMENT } else { self.unread };
            let left = most.saturating_sub(since.elapsed());
            if left.is_zero() {
                return;
            }
            sleep(left.min(MOMENT)).await;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let (streams, told) = (self.clone(), Arc::new(Notify::new()));
        let given_up = {
            let told = told.clone();
            async move {
                told.notified().await;
                streams.in_vain().await;
            }
        };
        tokio::spawn(ANSWERED.scope(told, async move {
            tokio::select! {
                // What is taken at once, as nearly all is, waits for nothing.
                biased;
                _ = stream => {}
                // What is dropped is reset.
                () = given_up => tracing::debug!("an answer was not taken in time"),
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that is answered, and whose answer is never taken; whether it still waits.
    async fn untaken(streams: &Streams) -> impl Fn() -> bool {
        let waits = Arc::new(());
        let held = waits.clone();
        streams.execute(async move {
            let _held = held;
            answered();
            std::future::pending::<()>().await;
        });
        tokio::task::yield_now().await;
        move || Arc::strong_count(&waits) > 1
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_is_given_up_and_the_time_before_it_is_not_counted() {
        let streams = Streams::new(Duration::from_millis(1));
        let waits = untaken(&streams).await;
        let held = Arc::new(());
        let unanswered = held.clone();
        streams.execute(async move {
            let _held = unanswered;
            std::future::pending::<()>().await;
        });
        while waits() {
            sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(Arc::strong_count(&held), 2);
        assert_eq!(streams.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn when_very_many_wait_each_has_a_moment() {
        let streams = Streams::new(Duration::from_secs(3600));
        let one = untaken(&streams).await;
        let mut all = Vec::new();
        for _ in 0..MANY {
            all.push(untaken(&streams).await);
        }
        while one() {
            sleep(Duration::from_millis(10)).await;
        }
    }
}
