//! The keys at hand: behind an atomic pointer, so that nobody who verifies waits for anybody.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::{ArcSwapOption, Guard};
use http::Uri;

use super::refresh::Gate;
use crate::clock::Clock;
use crate::http::Http;
use crate::key_set::KeySet;

/// A key set with when it was read.
pub(super) struct Kept {
    pub(super) set: KeySet,
    /// When it was asked for, by [`Clock::steady`].
    pub(super) at: Duration,
    /// When it was asked for, in seconds since 1970.
    pub(super) date: i64,
    /// For how long it is fresh.
    pub(super) fresh_for: Duration,
}

/// Where the keys of an issuer come from, and those that are at hand.
pub(super) struct Keys {
    pub(super) issuer: String,
    /// Where they are, once that is known.
    pub(super) address: Mutex<Option<Uri>>,
    /// Whether that was said by whoever made the verifier.
    pub(super) is_fixed: bool,
    pub(super) http: Arc<dyn Http>,
    pub(super) clock: Clock,
    /// For how long keys count that could not be read anew.
    pub(super) keep_for: Duration,
    pub(super) kept: ArcSwapOption<Kept>,
    pub(super) gate: Mutex<Gate>,
    /// Until when no attempt makes sense, in milliseconds by [`Clock::steady`]: read where the lock of the gate may not be taken.
    pub(super) rests_until: AtomicU64,
    /// Whether the last attempt failed.
    pub(super) failed: AtomicBool,
}

impl Keys {
    /// The keys at hand, if there are any.
    pub(super) fn kept(&self) -> Guard<Option<Arc<Kept>>> {
        self.kept.load()
    }

    /// Whether these keys still count. Those that ought to have been read anew long ago have that begun.
    pub(super) fn count(self: &Arc<Self>, kept: &Kept) -> bool {
        let now = self.clock.steady();
        let age = now.saturating_sub(kept.at);
        if age > kept.fresh_for && now.as_millis() >= u128::from(self.rests_until.load(Ordering::Relaxed)) {
            // Whoever does it in the background is gone, or does not get through.
            let _ = self.begin();
        }
        age <= kept.fresh_for.max(self.keep_for)
    }
}
