//! Signers that nobody here wrote (`jsonwebtoken`, `p256`), and tokens made by hand of bytes.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_client::jws::Jws;
use doorward_client::{Claims, KeySet, Refusal, Rules};
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://login.example.org";
pub const API: &str = "https://api.example.org";
pub const NOW: i64 = 1_800_000_000;

/// A key of another library, with the algorithm that it signs by.
pub struct Signer {
    pub key: EncodingKey,
    pub algorithm: Algorithm,
    pub kid: &'static str,
}

impl Signer {
    pub fn rsa(algorithm: Algorithm) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        // PrivateKeyInfo (RFC 5208 §5): version, algorithm, and the key as an octet string.
        let (all, _) = element(pkcs8.as_ref());
        let (_, rest) = element(all);
        let (_, rest) = element(rest);
        let (key, _) = element(rest);
        Self { key: EncodingKey::from_rsa_der(key), algorithm, kid: "rsa" }
    }

    pub fn ed25519() -> Self {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let pkcs8 = aws_lc_rs::signature::Ed25519KeyPair::generate_pkcs8v1(&random).unwrap();
        Self { key: EncodingKey::from_ed_der(pkcs8.as_ref()), algorithm: Algorithm::EdDSA, kid: "ed" }
    }

    pub fn p384() -> Self {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let of = &aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED_SIGNING;
        let pkcs8 = aws_lc_rs::signature::EcdsaKeyPair::generate_pkcs8(of, &random).unwrap();
        Self { key: EncodingKey::from_ec_der(pkcs8.as_ref()), algorithm: Algorithm::ES384, kid: "ec" }
    }

    /// The public half, as that library writes it.
    pub fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = self.kid.into();
        jwk
    }

    pub fn set(&self) -> KeySet {
        set(&[self.jwk()])
    }

    pub fn header(&self) -> Value {
        let name = serde_json::to_value(self.algorithm).unwrap();
        json!({ "alg": name, "typ": "at+jwt", "kid": self.kid })
    }

    /// A token of these two texts.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let signed = unsigned(header, payload);
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{signed}.{signature}")
    }

    /// A token with the usual header.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }
}

pub fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, from) = match usize::from(der[1]) {
        short @ 0..=127 => (short, 2),
        long => {
            let count = long - 128;
            (der[2..2 + count].iter().fold(0, |length, byte| length * 256 + usize::from(*byte)), 2 + count)
        }
    };
    (&der[from..from + length], &der[from + length..])
}

pub fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

pub fn unsigned(header: &str, payload: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
}

/// What a good token says.
pub fn good() -> Value {
    json!({
        "iss": ISSUER, "aud": API, "sub": "ann", "client_id": "app", "jti": "1", "scope": "notes:read notes:write",
        "iat": NOW - 10, "exp": NOW + 300,
    })
}

/// As [`good`], with one member as it is given; `null` takes it away.
pub fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    let members = claims.as_object_mut().unwrap();
    match value {
        Value::Null => members.remove(name),
        value => members.insert(name.to_owned(), value),
    };
    claims
}

pub fn rules() -> Rules {
    Rules::new(ISSUER, API)
}

pub fn verified(rules: &Rules, token: &str, keys: &KeySet) -> Result<Claims, Refusal> {
    rules.verify(&Jws::parse(token)?, keys, NOW)
}
