//! The integration tests: forged tokens, the life of the keys, the layers, and what a stranger can send.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod allocations;
mod attacks;
mod claims;
mod fuzz;
mod introspection;
mod key_set;
mod layers;
mod life;
mod public_api;
mod shared_secret;
mod signatures;
mod support;
