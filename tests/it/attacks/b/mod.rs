//! Group B: the authorization code and PKCE (RFC 6749 §4.1, RFC 7636, RFC 9207, RFC 9700 §4.5 to §4.8).

mod binding;
mod life;
mod pkce;
