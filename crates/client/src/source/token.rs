//! A token as it is kept and given.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

use super::answer::Given;
use super::pace::{Life, Moment, Standing};

/// How the header begins.
const SCHEME: &str = "Bearer ";

/// An access token. A copy is cheap. Its `Debug` does not show it.
#[derive(Clone)]
pub struct Token(pub(super) Arc<Held>);

/// What is kept of a token.
pub(super) struct Held {
    header: HeaderValue,
    life: Life,
    scope: String,
}

impl Held {
    /// A token that was asked for then, with these scopes.
    pub(super) fn new(given: Given, asked: Moment, scope: &str) -> Self {
        let life = Life::new(asked, given.life);
        Self { header: given.header, life, scope: given.scope.unwrap_or_else(|| scope.to_owned()) }
    }

    pub(super) fn standing(&self, now: Moment) -> Standing {
        self.life.standing(now)
    }
}

impl Token {
    /// The token itself, which is a secret.
    pub fn expose(&self) -> &str {
        // Made of text (`answer.rs`), so it is there.
        self.0.header.to_str().ok().and_then(|text| text.strip_prefix(SCHEME)).unwrap_or_default()
    }

    /// The value of the header `Authorization`; marked as sensitive.
    pub fn header(&self) -> HeaderValue {
        self.0.header.clone()
    }

    /// The scopes that it has: those that were asked for, unless the server said others.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scope.split_ascii_whitespace()
    }

    /// Whether this is that one: the same that was fetched once, not an equal text.
    pub(super) fn is(&self, other: &Arc<Held>) -> bool {
        Arc::ptr_eq(&self.0, other)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("scope", &self.0.scope).finish_non_exhaustive()
    }
}
