//! The endpoints of the protocols, a file for each of `src/http/endpoints` or for a part of one.

mod authorize;
mod client_authentication;
mod code;
mod forged_tokens;
mod public;
mod redirect_uri;
mod token;
mod userinfo;
