//! Tokens: the key ring in memory, the one mint, the JWKS as bytes, and verification. The only folder that names jsonwebtoken and,
//! for public keys alone, rsa.

mod jwks;
mod key;
mod mint;
mod ring;
mod verify;

pub use jwks::Jwks;
pub use key::{Algorithm, SigningKey};
pub use mint::{Mint, Minted};
pub use ring::KeyRing;
pub use verify::{VerifiedIdToken, VerifiedToken};
