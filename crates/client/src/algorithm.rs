//! The algorithms that a public key verifies (RFC 7518 §3, RFC 8037 §3.1). A MAC is not among them, by type.

use aws_lc_rs::signature::{self, RsaParameters};

/// An algorithm of signatures with a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, keys of 2048 to 8192 bits.
    Rs256,
    /// RSASSA-PSS with SHA-256 and a salt as long as the hash, keys of 2048 to 8192 bits.
    Ps256,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// Ed25519. Its newer name `Ed25519` (RFC 9864) means the same.
    EdDsa,
}

impl Algorithm {
    /// All of them: what is allowed unless a verifier is told otherwise.
    pub const ALL: &'static [Self] = &[Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Its name in `alg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// By its name in `alg`, which is compared byte for byte.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "Ed25519" => Some(Self::EdDsa),
            _ => Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == name),
        }
    }

    /// How a key of RSA verifies it.
    pub(crate) fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Es256 | Self::EdDsa => None,
        }
    }
}
