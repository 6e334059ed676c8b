//! Why something cannot be made of what it was told.

use std::error::Error;
use std::fmt;

/// What was told makes no verifier, no introspector, no token source, or no private key: a sentence that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError(String);

impl BuildError {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// This may not be asked.
    pub(crate) fn address(text: &str) -> Self {
        Self(format!("{} is neither https nor on this machine", text.escape_debug()))
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for BuildError {}
