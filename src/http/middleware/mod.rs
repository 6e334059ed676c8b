//! What happens around every request.

pub(super) mod bounded;
pub(super) mod header_table;
pub(super) mod headers;
pub(super) mod host;
pub(super) mod owner;
pub(super) mod peer;
pub(super) mod request_log;
