//! The rules and the words: pure, without async, I/O or a clock. One file per rule.

pub mod authorization;
pub mod authorization_request;
pub mod authorization_response;
pub mod bearer;
pub mod claims;
pub mod client;
pub mod client_authentication;
pub mod code;
pub mod consent;
pub mod email;
pub mod issuer;
pub mod metadata;
pub mod new_password;
pub mod next_step;
pub mod params;
pub mod pkce;
pub mod prompt;
pub mod redirect_uri;
pub mod registration;
pub mod rejection;
pub mod resource;
pub mod scope;
pub mod sign_in;
pub mod user;
