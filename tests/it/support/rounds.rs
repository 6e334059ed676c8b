//! How often something is tried.

/// Whether the long round was asked for.
pub fn is_long() -> bool {
    std::env::var_os("DOORWARD_LONG").is_some()
}

/// A few times, or many in the long round.
pub fn rounds(few: usize, many: usize) -> usize {
    if is_long() { many } else { few }
}
