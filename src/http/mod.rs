//! The web: the only folder that names axum, tower, hyper and askama. A handler reads the clock once, asks floors 2 and 3, and
//! renders; it decides nothing.

mod cookies;
#[cfg(feature = "demo")]
pub mod demo;
mod endpoints;
mod entity;
mod error;
mod extract;
mod middleware;
mod open;
mod pages;
mod patience;
mod router;
mod scrapes;
mod serve;
mod site;
mod streams;
mod tls;

pub use error::Reason;
pub use middleware::peer::Peer;
pub use router::site;
pub use scrapes::Scrapes;
pub use serve::{Listener, Shutdown};
pub use site::Site;
pub use tls::{Tls, connect_to_own};
