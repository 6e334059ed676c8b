//! The token source against a real server on loopback, by what that server was asked.
#![cfg(all(feature = "token-source", feature = "reqwest", feature = "tower"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod authentication;
mod discovery;
mod failures;
mod flights;
mod layer;
mod refused;
mod site;
mod telling;

use std::time::Duration;

use doorward_client::source::TokenSourceBuilder;
use doorward_client::{Clock, TokenSource};

use site::Site;

/// A source of the site's tokens, with a clock to turn and no jitter: pauses have their whole length.
fn source(site: &Site, clock: &Clock) -> TokenSource {
    builder(site, clock).build().unwrap()
}

fn builder(site: &Site, clock: &Clock) -> TokenSourceBuilder {
    TokenSource::discover(&site.origin).client("service").secret("secret").clock(clock.clone()).jitter(|| 1.0)
}

fn clock() -> Clock {
    Clock::manual(1_800_000_000)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn text(source: &TokenSource) -> String {
    source.get().await.unwrap().expose().to_owned()
}

/// Waits for what comes by itself.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..2000 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not come to this: {what}");
}
