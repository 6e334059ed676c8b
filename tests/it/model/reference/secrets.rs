//! The secrets that the API of the third application shares with us, each by its place in the order in which they were made.

use super::Model;

pub(super) struct Secrets(Vec<Secret>);

struct Secret {
    signs_from: i64,
    /// Whether it went with every token under it.
    is_gone: bool,
}

impl Secrets {
    /// One that signs now.
    pub(super) fn first(now: i64) -> Self {
        Self(vec![Secret { signs_from: now, is_gone: false }])
    }

    /// The one that signs: the latest that has begun.
    pub(super) fn signer(&self, now: i64) -> usize {
        self.0.iter().rposition(|one| !one.is_gone && one.signs_from <= now).unwrap()
    }

    /// Whether a token counts that was signed so. No token outlives a secret that was replaced with an overlap.
    pub(super) fn takes(&self, secret: Option<usize>) -> bool {
        secret.is_none_or(|at| !self.0[at].is_gone)
    }
}

impl Model {
    /// Another secret signs after so many seconds. When it does at once, the former ones are gone.
    pub(in crate::model) fn renew_secret(&mut self, overlap: i64) {
        if overlap == 0 {
            self.secrets.0.iter_mut().for_each(|one| one.is_gone = true);
        }
        self.secrets.0.push(Secret { signs_from: self.now + overlap, is_gone: false });
    }
}
