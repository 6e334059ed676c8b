//! The other half of every token: an API that checks tokens, and a service that gets them.
#![forbid(unsafe_code)]

#[cfg(any(feature = "verify", feature = "token-source"))]
mod clock;
pub mod http;

#[cfg(any(feature = "verify", feature = "token-source"))]
pub use clock::Clock;
#[cfg(feature = "reqwest")]
pub use http::Reqwest;
pub use http::{Http, HttpError};
