//! What happens around every request: hosts, headers, addresses and methods that do not exist.

mod headers;
mod host;
