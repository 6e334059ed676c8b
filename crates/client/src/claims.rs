//! What an access token says, as typed values (RFC 9068 §2.2, RFC 8693 §4.1, RFC 7800 §3.1).

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::strict::{self, Object, Strict};

/// What a verified access token says. Only a verifier makes one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Claims {
    /// Who made it: `iss`.
    pub issuer: String,
    /// Whom it speaks for: `sub`, a person or the client itself.
    pub subject: String,
    /// The application it was given to: `client_id`, or `azp` where the issuer writes that.
    pub client: Option<String>,
    /// The APIs it is for: `aud`.
    pub audience: Vec<String>,
    /// What it allows: the words of `scope`, or of `scp` where the issuer writes that.
    pub scopes: Vec<String>,
    /// What its subject is: `roles`.
    pub roles: Vec<String>,
    /// Who acts for its subject: `act`.
    pub actor: Option<Actor>,
    /// The key that whoever shows it must have: `cnf`.
    pub confirmation: Option<Confirmation>,
    /// When it ends, in seconds since 1970: `exp`.
    pub expires_at: i64,
    /// When it was made, in seconds since 1970: `iat`.
    pub issued_at: i64,
    /// When it begins, in seconds since 1970: `nbf`.
    pub not_before: Option<i64>,
    /// Its own id: `jti`.
    pub id: Option<String>,
    /// When its subject had authenticated, in seconds since 1970: `auth_time`.
    pub authenticated_at: Option<i64>,
    /// How well its subject had authenticated: `acr`.
    pub acr: Option<String>,
    /// Everything else that it says.
    pub rest: Map<String, Value>,
}

/// Who acts for the subject of a token (RFC 8693 §4.1), and for whom that one acts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Actor {
    /// The party that acts: `sub`.
    #[serde(rename = "sub")]
    pub subject: String,
    /// Who knows it by that name, when it is not the token's issuer: `iss`.
    #[serde(rename = "iss")]
    pub issuer: Option<String>,
    /// Who acted before it: `act`.
    #[serde(rename = "act", default, deserialize_with = "before")]
    pub before: Option<Box<Actor>>,
}

fn before<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<Actor>>, D::Error> {
    Object::deserialize(deserializer).map(|Object(actor)| Some(Box::new(actor)))
}

/// The key that whoever shows a token must prove to have (RFC 7800 §3.1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Confirmation {
    /// The thumbprint of a key for DPoP (RFC 9449 §6.1): `jkt`.
    #[serde(rename = "jkt")]
    pub key: Option<String>,
    /// The thumbprint of a certificate of the client (RFC 8705 §3.1): `x5t#S256`.
    #[serde(rename = "x5t#S256")]
    pub certificate: Option<String>,
}

/// Claims as they were read, with what says that they are of no access token.
pub(crate) struct Read {
    pub(crate) claims: Claims,
    /// Whether something in them is never in an access token: the hash of another token, a nonce, the events of a logout.
    pub(crate) is_other_kind: bool,
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

/// A point in time (RFC 7519 §2): a number of seconds, perhaps with a fraction, which is dropped.
struct Seconds(i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Seconds(0))
    }
}

impl Visitor<'_> for Seconds {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self, E> {
        i64::try_from(value).map(Seconds).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self, E> {
        // Beyond this whole seconds are not exact any more.
        const MOST: f64 = 9_007_199_254_740_992.0;
        if (0.0..MOST).contains(&value) { Ok(Seconds(value as i64)) } else { Err(E::custom("no such time")) }
    }
}

/// One text or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Several(list) => list,
        }
    }

    fn words(self) -> Vec<String> {
        match self {
            Self::One(text) => words(&text),
            Self::Several(list) => list,
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Reads the members of the claims, each at most once.
struct Members;

#[derive(Default)]
struct Partial {
    issuer: Option<String>,
    subject: Option<String>,
    client: Option<String>,
    party: Option<String>,
    audience: Option<Texts>,
    scope: Option<String>,
    scp: Option<Texts>,
    roles: Option<Vec<String>>,
    actor: Option<Actor>,
    confirmation: Option<Confirmation>,
    expires_at: Option<Seconds>,
    issued_at: Option<Seconds>,
    not_before: Option<Seconds>,
    id: Option<String>,
    authenticated_at: Option<Seconds>,
    acr: Option<String>,
    is_other_kind: bool,
    rest: Map<String, Value>,
}

/// The value of a member that was not there before. A `null` is no text and no number.
fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(members: &mut A, place: &mut Option<T>) -> Result<(), A::Error> {
    if place.is_some() {
        return Err(A::Error::custom("a member stands twice"));
    }
    *place = Some(members.next_value()?);
    Ok(())
}

/// As [`once`], for a member with members of its own, none of which may stand twice.
fn once_strictly<'de, A, T>(members: &mut A, place: &mut Option<T>) -> Result<(), A::Error>
where
    A: MapAccess<'de>,
    T: serde::de::DeserializeOwned,
{
    if place.is_some() {
        return Err(A::Error::custom("a member stands twice"));
    }
    let Strict(value) = members.next_value()?;
    let Object(value) = serde_json::from_value(value).map_err(A::Error::custom)?;
    *place = Some(value);
    Ok(())
}

impl<'de> Visitor<'de> for Members {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the claims of a token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Read, A::Error> {
        let mut read = Partial::default();
        while let Some(name) = members.next_key::<String>()? {
            read.member(name, &mut members)?;
        }
        read.whole().map_err(A::Error::missing_field)
    }
}

impl Partial {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: String, members: &mut A) -> Result<(), A::Error> {
        match name.as_str() {
            "iss" => once(members, &mut self.issuer),
            "sub" => once(members, &mut self.subject),
            "client_id" => once(members, &mut self.client),
            "azp" => once(members, &mut self.party),
            "aud" => once(members, &mut self.audience),
            "scope" => once(members, &mut self.scope),
            "scp" => once(members, &mut self.scp),
            "roles" => once(members, &mut self.roles),
            "act" => once_strictly(members, &mut self.actor),
            "cnf" => once_strictly(members, &mut self.confirmation),
            "exp" => once(members, &mut self.expires_at),
            "iat" => once(members, &mut self.issued_at),
            "nbf" => once(members, &mut self.not_before),
            "jti" => once(members, &mut self.id),
            "auth_time" => once(members, &mut self.authenticated_at),
            "acr" => once(members, &mut self.acr),
            "at_hash" | "c_hash" | "s_hash" | "nonce" | "events" => {
                self.is_other_kind = true;
                members.next_value::<IgnoredAny>().map(drop)
            }
            _ => {
                let Strict(value) = members.next_value()?;
                // Keycloak says what a token is in its claims: `Bearer`, or `ID`, `Refresh`, `Offline`, `Logout`.
                if name == "typ" && value.as_str().is_none_or(|kind| !kind.eq_ignore_ascii_case("bearer")) {
                    self.is_other_kind = true;
                }
                strict::insert(&mut self.rest, name, value)
            }
        }
    }

    /// The claims, or the name of one that is missing.
    fn whole(self) -> Result<Read, &'static str> {
        let claims = Claims {
            issuer: self.issuer.ok_or("iss")?,
            subject: self.subject.filter(|subject| !subject.is_empty()).ok_or("sub")?,
            client: self.client.or(self.party),
            audience: self.audience.map(Texts::list).unwrap_or_default(),
            scopes: self.scope.map(|text| words(&text)).or(self.scp.map(Texts::words)).unwrap_or_default(),
            roles: self.roles.unwrap_or_default(),
            actor: self.actor,
            confirmation: self.confirmation,
            expires_at: self.expires_at.ok_or("exp")?.0,
            issued_at: self.issued_at.ok_or("iat")?.0,
            not_before: self.not_before.map(|seconds| seconds.0),
            id: self.id,
            authenticated_at: self.authenticated_at.map(|seconds| seconds.0),
            acr: self.acr,
            rest: self.rest,
        };
        Ok(Read { claims, is_other_kind: self.is_other_kind })
    }
}
