//! Tokens: the key ring in memory, the one mint, the JWKS as bytes, and verification. The only folder that names rsa, for public
//! keys alone.

mod jwks;
mod key;
mod mint;
mod public_key;
mod resource_secret;
mod ring;
mod verified;
mod verify;

pub use jwks::Jwks;
pub use key::{KeySpec, SigningKey, reseal};
pub use mint::{Algorithms, Mint, Minted, Signers};
pub use public_key::PublicKey;
pub use resource_secret::{HeldSecret, ResourceSecret};
pub use ring::{HeldKey, KeyRing};
pub use verify::{VerifiedIdToken, VerifiedToken};
