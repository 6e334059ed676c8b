//! The key of a passkey, of each kind that the server takes: as devices make it, sign with it and show it (RFC 9053, RFC 8812).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// On P-256, which every device can.
    Es256,
    /// On P-384.
    Es384,
    /// By RSA with 2048 bits, as the TPM of a computer makes it (Windows Hello).
    Rs256,
}

/// One.
pub enum Key {
    Curve(KeyKind, EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl KeyKind {
    /// Its number among the algorithms (COSE).
    pub fn alg(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::Rs256 => -257,
        }
    }
}

impl Key {
    pub fn new(kind: KeyKind) -> Self {
        let on = |curve| Self::Curve(kind, EcdsaKeyPair::generate(curve).unwrap());
        match kind {
            KeyKind::Es256 => on(&ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyKind::Es384 => on(&ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyKind::Rs256 => Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
        }
    }

    pub fn sign(&self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Curve(_, key) => key.sign(&SystemRandom::new(), data).unwrap().as_ref().to_vec(),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature).unwrap();
                signature
            }
        }
    }

    /// The number of its algorithm, as CBOR.
    pub fn cbor_alg(&self) -> &'static [u8] {
        match self {
            Self::Curve(KeyKind::Es384, _) => &[0x38, 34],
            Self::Curve(..) => &[0x26],
            Self::Rsa(_) => &[0x39, 1, 0],
        }
    }

    /// The public half: a point of the curve, or the two numbers as PKCS #1 has them.
    pub fn public(&self) -> &[u8] {
        match self {
            Self::Curve(_, key) => key.public_key().as_ref(),
            Self::Rsa(key) => key.public_key().as_ref(),
        }
    }

    /// The public half as a device shows it, in CBOR: its type, its algorithm, and for a curve which, x and y (RFC 9053 §7.1.1), or for RSA the modulus
    /// and the exponent (RFC 8230 §4).
    pub fn cose(&self) -> Vec<u8> {
        let public = self.public();
        match self {
            Self::Curve(kind, _) => {
                let curve = if *kind == KeyKind::Es384 { 2 } else { 1 };
                let (x, y) = public[1..].split_at(public.len() / 2);
                let length = u8::try_from(x.len()).unwrap();
                let point = [&[0x20, curve, 0x21, 0x58, length][..], x, &[0x22, 0x58, length], y].concat();
                [&[0xa5, 1, 2, 3][..], self.cbor_alg(), &point].concat()
            }
            Self::Rsa(_) => {
                // A sequence of two whole numbers, of 257 bytes with the leading zero, and of 3.
                assert_eq!((public.len(), &public[4..9]), (270, &[2, 0x82, 1, 1, 0][..]));
                let numbers = [&[0x20, 0x59, 1, 0][..], &public[9..265], &[0x21, 0x43], &public[267..]].concat();
                [&[0xa4, 1, 3, 3][..], self.cbor_alg(), &numbers].concat()
            }
        }
    }
}
