//! What happens around every request: its bounds, rates, hosts, headers, addresses and methods that do not exist.

mod bounded;
mod forwarded;
mod headers;
mod keep_alive;
mod rates;
