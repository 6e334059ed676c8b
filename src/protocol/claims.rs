//! Claims about a user, and the scope that releases each (OpenID Connect Core §5.1 and §5.4).

use serde_json::{Map, Value, json};

use super::claims_request::ClaimsRequest;
use super::printable::is_printable;
use super::redirect_uri;
use super::scope::ScopeSet;
use super::user::User;

/// The standard claims that an operator may set on a user, with the scope that releases each.
pub const SETTABLE: &[(&str, &str)] = &[
    ("given_name", "profile"),
    ("family_name", "profile"),
    ("middle_name", "profile"),
    ("nickname", "profile"),
    ("preferred_username", "profile"),
    ("profile", "profile"),
    ("picture", "profile"),
    ("website", "profile"),
    ("gender", "profile"),
    ("birthdate", "profile"),
    ("zoneinfo", "profile"),
    ("locale", "profile"),
    ("phone_number", "phone"),
    ("phone_number_verified", "phone"),
    ("address", "address"),
];

/// The claims that every account has, with the scope that releases each.
const OWN: &[(&str, &str)] = &[
    ("name", "profile"),
    ("updated_at", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("roles", "roles"),
];

/// The scopes whose claims an ID token carries: those by which applications know whom they greet, and what that person may do.
pub const OF_ID_TOKENS: &[&str] = &["profile", "email", "roles"];

/// Every claim that userinfo or an ID token can give, for the metadata.
pub fn supported() -> Vec<&'static str> {
    let of_tokens = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"];
    of_tokens.into_iter().chain(of_users().map(|(name, _)| name)).collect()
}

/// The scope that releases a claim about the user; `None` for a claim that nobody has here.
pub fn scope_of(claim: &str) -> Option<&'static str> {
    of_users().find(|(name, _)| *name == claim).map(|(_, scope)| scope)
}

/// A claim about the user, if the user has it.
pub fn value(user: &User, claim: &str) -> Option<Value> {
    match claim {
        "name" => Some(user.name.clone().into()),
        "updated_at" => Some(user.updated_at.seconds().into()),
        "email" => user.email.clone().map(Value::from),
        "email_verified" => user.email.is_some().then(|| user.email_verified.into()),
        "roles" => Some(user.all_roles().into()),
        _ => user.claims.get(claim).filter(|_| scope_of(claim).is_some()).cloned(),
    }
}

/// Every claim about a user, with the scope that releases it.
pub fn of_users() -> impl Iterator<Item = (&'static str, &'static str)> {
    OWN.iter().chain(SETTABLE).copied()
}

/// Reads `NAME=VALUE` of an operator: booleans for `phone_number_verified`, JSON or a plain text for `address`, text otherwise; null when
/// there is no value. Whether the claim can be had so is for [`check`].
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse_setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("'{text}' must be written NAME=VALUE"))?;
    let value = match (name, value) {
        (_, "") => Value::Null,
        ("phone_number_verified", "true") => Value::Bool(true),
        ("phone_number_verified", "false") => Value::Bool(false),
        ("address", text) if text.trim_start().starts_with('{') => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
        }
        (_, text) => Value::String(text.to_owned()),
    };
    Ok((name.to_owned(), value))
}

/// The claim as it is kept: a plain address becomes one in parts. Null takes any claim away.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check(name: &str, value: Value) -> Result<Value, String> {
    if !SETTABLE.iter().any(|(known, _)| *known == name) {
        let known: Vec<&str> = SETTABLE.iter().map(|(known, _)| *known).collect();
        return Err(format!("'{name}' is not a claim that can be set; these can: {}", known.join(", ")));
    }
    match (name, value) {
        (_, Value::Null) => Ok(Value::Null),
        (_, value) if !is_shown_as_it_is(&value) => {
            Err(format!("{name} may have no characters that control the text around them"))
        }
        ("phone_number_verified", value @ Value::Bool(_)) => Ok(value),
        ("phone_number_verified", _) => Err("phone_number_verified must be true or false".to_owned()),
        ("address", Value::Object(parts)) if is_address(&parts) => Ok(parts.into()),
        ("address", Value::String(text)) if !text.trim_start().starts_with('{') => Ok(json!({ "formatted": text })),
        ("address", _) => {
            Err(format!("address must be plain text, or a JSON object of texts named {}", ADDRESS_PARTS.join(", ")))
        }
        ("profile" | "picture" | "website", Value::String(text)) if redirect_uri::origin(&text).is_none() => {
            Err(format!("{name} must be an address that begins with https:// or http://"))
        }
        ("birthdate", Value::String(text)) if !is_birthdate(&text) => {
            Err("birthdate must be written YYYY-MM-DD, 0000-MM-DD or YYYY".to_owned())
        }
        (_, value @ Value::String(_)) => Ok(value),
        _ => Err(format!("{name} must be a text")),
    }
}

fn is_shown_as_it_is(value: &Value) -> bool {
    match value {
        // The lines of an address.
        Value::String(text) => text.split('\n').all(is_printable),
        Value::Object(parts) => parts.values().all(is_shown_as_it_is),
        _ => true,
    }
}

/// The parts of an address (§5.1.1).
const ADDRESS_PARTS: &[&str] = &["formatted", "street_address", "locality", "region", "postal_code", "country"];

fn is_address(parts: &Map<String, Value>) -> bool {
    parts.iter().all(|(part, value)| ADDRESS_PARTS.contains(&part.as_str()) && value.is_string())
}

fn is_birthdate(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    match parts.as_slice() {
        [year] => number(year, 4).is_some_and(|_: u32| true),
        [year, month, day] => {
            number(year, 4).is_some()
                && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
                && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    }
}

/// What userinfo says of the user: `sub`, what the scopes release, and what the `claims` parameter asked for.
pub fn userinfo(user: &User, scopes: &ScopeSet, asked: &ClaimsRequest) -> Map<String, Value> {
    let mut claims = asked.in_userinfo(user);
    claims.extend(released(user, |scope| scopes.contains(scope)));
    claims.insert("sub".into(), user.id.clone().into());
    claims
}

/// What an ID token says of the user: what the `claims` parameter asked for there and, where `releases`, what the scopes `profile`, `email`
/// and `roles` release. §5.4 speaks of userinfo and lets both be; many applications never call that.
pub fn id_token(user: &User, scopes: &ScopeSet, asked: &ClaimsRequest, releases: bool) -> Map<String, Value> {
    let mut claims = asked.in_id_token(user);
    if releases {
        claims.extend(released(user, |scope| OF_ID_TOKENS.contains(&scope) && scopes.contains(scope)));
    }
    claims
}

/// What the granted scopes release of the user. The address does for a `preferred_username` that was not set: for whoever was granted both.
fn released(user: &User, is_granted: impl Fn(&str) -> bool) -> Map<String, Value> {
    let of_scopes = of_users().filter(|(_, scope)| is_granted(scope));
    let mut claims: Map<String, Value> =
        of_scopes.filter_map(|(name, _)| Some((name.to_owned(), value(user, name)?))).collect();
    if let Some(address) = user.email.as_ref().filter(|_| is_granted("profile") && is_granted("email")) {
        claims.entry("preferred_username").or_insert_with(|| address.clone().into());
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_sets_claims_of_their_own_kind() {
        let set = |text: &str| parse_setting(text).and_then(|(name, value)| check(&name, value));
        assert_eq!(set("given_name=Ann"), Ok(json!("Ann")));
        assert_eq!(set("phone_number_verified=true"), Ok(json!(true)));
        assert_eq!(set("address=Main Street 1"), Ok(json!({ "formatted": "Main Street 1" })));
        assert_eq!(set("address={\"locality\":\"Oslo\"}"), Ok(json!({ "locality": "Oslo" })));
        assert_eq!(set("picture="), Ok(Value::Null));
        assert!(check("given_name", json!(7)).is_err());
        for fine in [
            "birthdate=1990-02-28",
            "birthdate=0000-12-31",
            "birthdate=1990",
            "picture=https://a.test/a.png",
            "picture=",
        ] {
            assert!(set(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "given_name",
            "sub=x",
            "email=x",
            "phone_number_verified=yes",
            "address={\"locality\":1",
            "address={\"locality\":1}",
            "address={\"planet\":\"Mars\"}",
            "birthdate=28.2.1990",
            "birthdate=1990-13-01",
            "picture=a.png",
            "website=javascript:alert(1)",
        ] {
            assert!(set(wrong).is_err(), "{wrong}");
        }
    }
}
