//! The `claims` parameter: single claims that a client asks for, each at one place (OpenID Connect Core §5.5).
//!
//! Read strictly: no name twice, a few levels deep. What is not understood is ignored, as §5.5 asks: unknown members, claims that
//! nobody has here, and claims under a scope that the client is not allowed. An essential claim that is missing is no error, but for
//! `sub` and `acr`, whose values decide (§5.5.1.1 and [`super::next_step`]). Claims in other languages (§5.2) are not kept.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims;
use super::rejection::Rejection;
use super::scope::ScopeSet;
use super::user::User;

/// The longest value of the parameter, in bytes.
const MAX_LENGTH: usize = 4096;
/// How deep its JSON may nest.
const MAX_DEPTH: usize = 10;

/// The claims asked for, by place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    userinfo: BTreeMap<String, Wish>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    id_token: BTreeMap<String, Wish>,
}

/// How one claim is asked for (§5.5.1).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Wish {
    #[serde(default)]
    essential: bool,
    /// The values that will do; any, when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<Value>,
}

impl Wish {
    fn is_met_by(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

impl ClaimsRequest {
    /// Whether none is asked for.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Reads the parameter and keeps what is understood and `allowed` to the client. `acr_values`, classes separated by spaces, are
    /// wishes for a voluntary `acr` (§3.1.2.1): they come after those of the parameter, and add nothing to an essential one.
    ///
    /// # Errors
    /// [`Rejection::MalformedClaims`].
    pub fn parse(text: Option<&str>, acr_values: Option<&str>, allowed: &ScopeSet) -> Result<Self, Rejection> {
        let mut request = text.map_or_else(|| Ok(Self::default()), |text| Self::read(text, allowed))?;
        let classes = acr_values.unwrap_or_default().split(' ').filter(|class| !class.is_empty());
        let mut classes = classes.map(Value::from).peekable();
        if classes.peek().is_some() {
            let wish = request.id_token.entry("acr".to_owned()).or_default();
            wish.values.extend(classes.filter(|_| !wish.essential));
        }
        Ok(request)
    }

    fn read(text: &str, allowed: &ScopeSet) -> Result<Self, Rejection> {
        if text.len() > MAX_LENGTH || depth(text) > MAX_DEPTH {
            return Err(Rejection::MalformedClaims);
        }
        let members: Members = serde_json::from_str(text).map_err(|_| Rejection::MalformedClaims)?;
        let understood = |member: Option<Wishes>| {
            let known = member.unwrap_or_default().0.into_iter().filter(|(name, _)| match name.as_str() {
                "sub" | "acr" => true,
                name => claims::scope_of(name).is_some_and(|scope| allowed.contains(scope)),
            });
            known.collect()
        };
        Ok(Self { userinfo: understood(members.userinfo), id_token: understood(members.id_token) })
    }

    /// The scopes that release the claims asked for: the person is asked for them as if they had been named.
    pub fn scopes(&self) -> ScopeSet {
        let names = self.userinfo.keys().chain(self.id_token.keys());
        names.filter_map(|name| claims::scope_of(name)).collect()
    }

    /// Whether the client would take this `sub`.
    pub fn takes_subject(&self, sub: &str) -> bool {
        let value = Value::from(sub);
        [&self.userinfo, &self.id_token]
            .iter()
            .all(|member| member.get("sub").is_none_or(|wish| wish.is_met_by(&value)))
    }

    /// The context classes that the client would like, or demands, in its order of preference.
    pub fn wished_classes(&self) -> impl Iterator<Item = &str> {
        self.id_token.get("acr").into_iter().flat_map(|wish| &wish.values).filter_map(Value::as_str)
    }

    /// Whether an ID token with this `acr` will do: an essential one must have one of the values named (§5.5.1.1).
    pub fn takes_acr(&self, acr: Option<&str>) -> bool {
        match self.id_token.get("acr") {
            Some(wish) if wish.essential => acr.is_some_and(|acr| wish.is_met_by(&acr.into())),
            _ => true,
        }
    }

    /// Whether the ID token is to say anything about the user.
    pub fn wants_user_in_id_token(&self) -> bool {
        self.id_token.keys().any(|name| claims::scope_of(name).is_some())
    }

    /// What the ID token says about the user.
    pub fn in_id_token(&self, user: &User) -> Map<String, Value> {
        met(&self.id_token, user)
    }

    /// What userinfo says about the user beside what the scopes release.
    pub fn in_userinfo(&self, user: &User) -> Map<String, Value> {
        met(&self.userinfo, user)
    }
}

fn met(member: &BTreeMap<String, Wish>, user: &User) -> Map<String, Value> {
    let value = |(name, wish): (&String, &Wish)| {
        let value = claims::value(user, name).filter(|value| wish.is_met_by(value))?;
        Some((name.clone(), value))
    };
    member.iter().filter_map(value).collect()
}

/// How deep the brackets of a JSON text nest. Those in texts do not count.
fn depth(text: &str) -> usize {
    let (mut deepest, mut now, mut quoted, mut escaped) = (0, 0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => now += 1,
            b'}' | b']' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
}

#[derive(Deserialize)]
struct Members {
    userinfo: Option<Wishes>,
    id_token: Option<Wishes>,
}

/// The claims of one member; none is named twice.
#[derive(Default)]
struct Wishes(BTreeMap<String, Wish>);

/// A wish as it is written.
#[derive(Deserialize)]
struct Written {
    essential: Option<bool>,
    value: Option<Value>,
    values: Option<Vec<Value>>,
}

impl<'de> Deserialize<'de> for Wishes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Named)
    }
}

struct Named;

impl<'de> Visitor<'de> for Named {
    type Value = Wishes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wishes, A::Error> {
        let mut wishes = BTreeMap::new();
        while let Some((name, written)) = map.next_entry::<String, Option<Written>>()? {
            let wish = written.map_or_else(Wish::default, |written| Wish {
                essential: written.essential.unwrap_or(false),
                values: written.values.unwrap_or_default().into_iter().chain(written.value).collect(),
            });
            if wishes.insert(name, wish).is_some() {
                return Err(A::Error::custom("a claim is named twice"));
            }
        }
        Ok(Wishes(wishes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ClaimsRequest, Rejection> {
        ClaimsRequest::parse(Some(text), None, &ScopeSet::parse("openid profile email").unwrap())
    }

    #[test]
    fn what_is_understood_and_allowed_is_kept() {
        let request = read(
            r#"{"userinfo":{"given_name":{"essential":true},"phone_number":null,"https://a.test/x":null,"name#ja":null,
                "email":{"purpose":"x"}},"id_token":{"acr":{"values":["a"]},"auth_time":null},"other":[1]}"#,
        )
        .unwrap();
        assert_eq!(request.userinfo.keys().collect::<Vec<_>>(), ["email", "given_name"]);
        assert_eq!(request.id_token.keys().collect::<Vec<_>>(), ["acr"]);
        assert_eq!(request.scopes().to_string(), "email profile");
        let stored = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<ClaimsRequest>(&stored).unwrap(), request);
        assert_eq!(ClaimsRequest::parse(None, None, &ScopeSet::default()).unwrap(), ClaimsRequest::default());
        assert_eq!(read("{\"userinfo\":null}").unwrap(), ClaimsRequest::default());
    }

    #[test]
    fn anything_but_small_flat_json_is_refused() {
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let less_deep = format!("{{\"x\":{}{}}}", "[".repeat(10), "]".repeat(10));
        let long = format!("{{\"x\":\"{}\"}}", "a".repeat(1 << 20));
        let still_long = format!("{{\"x\":\"{}\"}}", "a".repeat(MAX_LENGTH));
        for malformed in [
            &deep,
            &less_deep,
            &long,
            &still_long,
            "",
            "name",
            "[]",
            "null",
            "{",
            "{} {}",
            "{\"userinfo\":[]}",
            "{\"userinfo\":{\"name\":true}}",
            "{\"userinfo\":{\"name\":{\"essential\":\"yes\"}}}",
            "{\"userinfo\":{\"name\":{\"values\":\"yes\"}}}",
            "{\"userinfo\":{\"name\":null,\"name\":null}}",
            "{\"userinfo\":{\"name\":{\"essential\":true,\"essential\":false}}}",
            "{\"userinfo\":{},\"userinfo\":{}}",
        ] {
            assert_eq!(read(malformed), Err(Rejection::MalformedClaims), "{:.80}", malformed);
        }
        assert!(read(&format!("{{\"x\":\"{}\"}}", "[\\\"{".repeat(20))).is_ok());
        assert!(read(&format!("{{\"x\":{}{}}}", "[".repeat(9), "]".repeat(9))).is_ok());
    }

    #[test]
    fn the_values_of_sub_and_acr_decide() {
        let sub = read(r#"{"id_token":{"sub":{"value":"ann"}}}"#).unwrap();
        assert!(sub.takes_subject("ann") && !sub.takes_subject("bob"));
        let both = read(r#"{"id_token":{"sub":{"value":"ann"}},"userinfo":{"sub":{"values":["bob","ann"]}}}"#).unwrap();
        assert!(both.takes_subject("ann") && !both.takes_subject("bob"));
        let essential = read(r#"{"id_token":{"acr":{"essential":true,"values":["a","b"]}}}"#).unwrap();
        assert!(essential.takes_acr(Some("b")) && !essential.takes_acr(Some("c")) && !essential.takes_acr(None));
        let voluntary = read(r#"{"id_token":{"acr":{"values":["a"]}}}"#).unwrap();
        assert!(voluntary.takes_acr(None) && ClaimsRequest::default().takes_acr(None));
    }

    #[test]
    fn acr_values_are_wishes_beside_those_of_the_parameter() {
        let wishes = |claims: Option<&str>, acr_values: &str| {
            let request = ClaimsRequest::parse(claims, Some(acr_values), &ScopeSet::default()).unwrap();
            let wished: Vec<String> = request.wished_classes().map(str::to_owned).collect();
            (wished.join(" "), request.takes_acr(None))
        };
        assert_eq!(wishes(None, "a b"), ("a b".to_owned(), true));
        assert_eq!(wishes(None, " "), (String::new(), true));
        assert_eq!(wishes(Some(r#"{"id_token":{"acr":null}}"#), "a"), ("a".to_owned(), true));
        assert_eq!(wishes(Some(r#"{"id_token":{"acr":{"values":["c","d"]}}}"#), "a  c"), ("c d a c".to_owned(), true));
        let essential = r#"{"id_token":{"acr":{"essential":true,"value":"c"}}}"#;
        assert_eq!(wishes(Some(essential), "a"), ("c".to_owned(), false));
        assert_eq!(wishes(Some(r#"{"id_token":{"acr":{"essential":true}}}"#), "a"), (String::new(), false));
    }
}
