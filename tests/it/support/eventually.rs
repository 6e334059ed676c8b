//! Waiting for a state: it is asked for again and again, with an end that no machine reaches. How long something takes is never relied on.

use std::time::Duration;

/// The end of all waiting for what others send us.
pub const END: Duration = Duration::from_secs(60);
/// How long to wait before the next look, and how often to look: a minute at least, and longer for a process that is stopped meanwhile.
const PAUSE: Duration = Duration::from_millis(10);
const LOOKS: usize = 6_000;

/// Asks until there is an answer, and gives it. `state` says what is waited for.
pub async fn eventually<T>(state: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("waited in vain: {state}");
}

/// Asks until it does not fail; the last error when it always does.
pub(super) async fn until_it_works<T, E>(mut ask: impl AsyncFnMut() -> Result<T, E>) -> Result<T, E> {
    for _ in 1..LOOKS {
        if let Ok(answer) = ask().await {
            return Ok(answer);
        }
        tokio::time::sleep(PAUSE).await;
    }
    ask().await
}

/// As [`eventually`], for tests without a runtime.
pub fn eventually_blocking<T>(state: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("waited in vain: {state}");
}
