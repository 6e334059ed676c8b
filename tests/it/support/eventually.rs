//! Waiting for a state: it is asked for again and again, with an end that no machine reaches. How long something takes is never relied on.

use std::time::Duration;

use doorward::clock::Stopwatch;

/// The end of all waiting.
pub const END: Duration = Duration::from_secs(60);
/// How long to wait before the next look.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks until there is an answer, and gives it. `state` says what is waited for.
pub async fn eventually<T>(state: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let watch = Stopwatch::start();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(watch.elapsed() < END, "waited in vain: {state}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// As [`eventually`], for tests without a runtime.
pub fn eventually_blocking<T>(state: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let watch = Stopwatch::start();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(watch.elapsed() < END, "waited in vain: {state}");
        std::thread::sleep(PAUSE);
    }
}
