//! The algorithms that a public key verifies (RFC 7518 §3, RFC 8037 §3.1). A MAC is not among them, by type.

use aws_lc_rs::signature::{self, EcdsaVerificationAlgorithm, RsaParameters};

/// An algorithm of signatures with a public key. Keys of RSA have 2048 to 8192 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256 and a salt as long as the hash.
    Ps256,
    /// RSASSA-PSS with SHA-384 and a salt as long as the hash.
    Ps384,
    /// RSASSA-PSS with SHA-512 and a salt as long as the hash.
    Ps512,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// ECDSA over P-521 with SHA-512.
    Es512,
    /// Ed25519. Its newer name `Ed25519` (RFC 9864) means the same.
    EdDsa,
}

/// The kind of key that an algorithm needs, and how such a key verifies it.
pub(crate) enum Kind {
    Rsa(&'static RsaParameters),
    /// A curve by its name in `crv`, whose coordinates have so many bytes.
    Ec {
        curve: &'static str,
        coordinate: usize,
        by: &'static EcdsaVerificationAlgorithm,
    },
    Ed25519,
}

impl Algorithm {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// Those that count unless a verifier is told otherwise: the ones that issuers sign access tokens with.
    pub const USUAL: &'static [Self] = &[Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Its name in `alg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
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

    /// What key it needs.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Rs256 => Kind::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Kind::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Kind::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Kind::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Kind::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Kind::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
            Self::Es256 => Kind::Ec { curve: "P-256", coordinate: 32, by: &signature::ECDSA_P256_SHA256_FIXED },
            Self::Es384 => Kind::Ec { curve: "P-384", coordinate: 48, by: &signature::ECDSA_P384_SHA384_FIXED },
            Self::Es512 => Kind::Ec { curve: "P-521", coordinate: 66, by: &signature::ECDSA_P521_SHA512_FIXED },
            Self::EdDsa => Kind::Ed25519,
        }
    }
}
