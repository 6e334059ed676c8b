//! Group A: redirect URIs and open redirects.

mod answers;
mod elsewhere;
mod uris;
