//! A token taken apart (RFC 7515 §7.1), with the bounds that hold before any key is looked at.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::public_key::PublicKey;
use crate::refusal::Refusal;
use crate::strict::{Object, Strict};

/// The longest token that is looked at, in bytes.
pub const MAX_LENGTH: usize = 8192;

/// What of a header counts (RFC 7515 §4.1). A member that stands twice makes it malformed (RFC 8725 §2.4). Keys that it brings along (`jwk`,
/// `jku`, `x5u`, `x5c`) are not even read.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default)]
    crit: Demands,
}

/// Whether a header demands something: whatever stands there, be it `null` or nothing in a list.
#[derive(Default)]
struct Demands(bool);

impl<'de> Deserialize<'de> for Demands {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// A token taken apart, of which nothing is verified. All that it gives away is what is needed to look for a key.
pub struct Jws<'a> {
    header: Header,
    /// Header and payload: what the signature is over.
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Jws<'a> {
    /// Takes a token apart: three parts, no more than [`MAX_LENGTH`] bytes, and a header that demands nothing.
    ///
    /// # Errors
    /// [`Refusal::TooLong`], [`Refusal::Malformed`], [`Refusal::CriticalHeader`].
    pub fn parse(token: &'a str) -> Result<Self, Refusal> {
        if token.len() > MAX_LENGTH { Err(Refusal::TooLong) } else { Self::parse_of_any_length(token) }
    }

    /// As [`Jws::parse`], for whoever has seen to it that it is not too long: ID tokens that an issuer was asked for may be longer than
    /// what a stranger sends.
    ///
    /// # Errors
    /// [`Refusal::Malformed`], [`Refusal::CriticalHeader`].
    pub fn parse_of_any_length(token: &'a str) -> Result<Self, Refusal> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        if payload.contains('.') {
            return Err(Refusal::Malformed);
        }
        let Object(header) =
            serde_json::from_slice::<Object<Header>>(&decoded(header)?).map_err(|_| Refusal::Malformed)?;
        if header.crit.0 {
            return Err(Refusal::CriticalHeader);
        }
        Ok(Self { header, signed, payload, signature })
    }

    /// The name of the algorithm that it says it is signed by. It decides nothing: the key does.
    pub fn algorithm(&self) -> &str {
        &self.header.alg
    }

    /// The name of the key that it says it is signed by.
    pub fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Whether it says of what type it is (`typ`).
    pub fn has_type(&self) -> bool {
        self.header.typ.is_some()
    }

    /// Whether its `typ` is this media type, in which `application/` may be left out (RFC 7515 §4.1.9).
    pub fn is_type(&self, name: &str) -> bool {
        let Some(typ) = self.header.typ.as_deref() else { return false };
        let short = typ.split_at_checked(12).filter(|(prefix, _)| prefix.eq_ignore_ascii_case("application/"));
        short.map_or(typ, |(_, rest)| rest).eq_ignore_ascii_case(name)
    }

    /// What it says, when this key signed it by the key's own algorithm, and the header agrees.
    ///
    /// # Errors
    /// [`Refusal::Algorithm`], [`Refusal::Signature`], [`Refusal::Malformed`].
    pub fn verify(&self, key: &PublicKey) -> Result<Payload, Refusal> {
        if Algorithm::named(&self.header.alg) != Some(key.algorithm()) {
            return Err(Refusal::Algorithm);
        }
        self.verify_by(|signed, signature| key.verifies(signed, signature))
    }

    /// What it says, when its signature is right by `is_right`, which is given the bytes that were signed and the signature, and has chosen the algorithm by
    /// itself.
    ///
    /// # Errors
    /// [`Refusal::Signature`], [`Refusal::Malformed`].
    pub fn verify_by(&self, is_right: impl FnOnce(&[u8], &[u8]) -> bool) -> Result<Payload, Refusal> {
        let signature = decoded(self.signature).map_err(|_| Refusal::Signature)?;
        if !is_right(self.signed.as_bytes(), &signature) {
            return Err(Refusal::Signature);
        }
        decoded(self.payload).map(Payload)
    }

    /// What anybody may have written into it: only ever a hint of what to say when it is refused.
    #[cfg(feature = "verify")]
    pub(crate) fn claimed(&self) -> Option<Claimed> {
        serde_json::from_slice(&decoded(self.payload).ok()?).ok().map(|Object(claimed)| claimed)
    }
}

/// Who says to have made a token, and when. Nobody has verified it.
#[cfg(feature = "verify")]
#[derive(Deserialize)]
pub(crate) struct Claimed {
    pub(crate) iss: String,
    pub(crate) iat: i64,
}

impl std::fmt::Debug for Jws<'_> {
    /// Without its parts, which make a token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Jws({:?}, {:?})", self.header.alg, self.header.kid)
    }
}

/// What a token says, whose signature is right. What it is worth is another question: for whom it is, from whom, and until when.
#[derive(Clone)]
pub struct Payload(Vec<u8>);

impl Payload {
    /// Reads it as a JSON object.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.0).map(|Object(read)| read).map_err(|_| Refusal::Malformed)
    }

    /// All of it: a JSON object in which no member stands twice, however deep.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn claims(&self) -> Result<Map<String, Value>, Refusal> {
        object(&self.0)
    }
}

/// What anybody can have written into a token: nothing of it is verified, neither who made it nor for whom nor whether it holds. For a log line
/// or a debugger; whatever is decided by it is decided by a stranger.
///
/// # Errors
/// [`Refusal::TooLong`], [`Refusal::Malformed`], [`Refusal::CriticalHeader`].
pub fn insecure_claims_without_any_verification(token: &str) -> Result<Map<String, Value>, Refusal> {
    object(&decoded(Jws::parse(token)?.payload)?)
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(bytes) {
        Ok(Strict(Value::Object(members))) => Ok(members),
        _ => Err(Refusal::Malformed),
    }
}

/// base64url without padding (RFC 7515 §2), each value in its one form.
fn decoded(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)
}
