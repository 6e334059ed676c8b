//! Claims about a user, and the scope that releases each (OpenID Connect Core §5.1 and §5.4).

use serde_json::{Map, Value, json};

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

/// Every claim that userinfo can give, for the metadata.
pub fn supported() -> Vec<&'static str> {
    let own = ["sub", "name", "email", "email_verified"];
    own.into_iter().chain(SETTABLE.iter().map(|(name, _)| *name)).collect()
}

/// Reads `NAME=VALUE` of an operator: booleans for `phone_number_verified`, JSON or a plain text for `address`, text otherwise.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse_setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("'{text}' must be written NAME=VALUE"))?;
    if !SETTABLE.iter().any(|(known, _)| *known == name) {
        let known: Vec<&str> = SETTABLE.iter().map(|(known, _)| *known).collect();
        return Err(format!("'{name}' is not a claim that can be set; these can: {}", known.join(", ")));
    }
    let value = match (name, value) {
        ("phone_number_verified", "true") => Value::Bool(true),
        ("phone_number_verified", "false") => Value::Bool(false),
        ("phone_number_verified", _) => return Err("phone_number_verified must be true or false".to_owned()),
        ("address", text) if text.trim_start().starts_with('{') => match serde_json::from_str(text) {
            Ok(value @ Value::Object(_)) => value,
            _ => return Err("address must be a JSON object such as {\"locality\":\"Oslo\"}, or plain text".to_owned()),
        },
        ("address", text) => json!({ "formatted": text }),
        (_, text) => Value::String(text.to_owned()),
    };
    Ok((name.to_owned(), value))
}

/// What userinfo says of the user: `sub`, and what the scopes release.
pub fn userinfo(user: &User, scopes: &ScopeSet) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".into(), user.id.clone().into());
    if scopes.contains("profile") {
        claims.insert("name".into(), user.name.clone().into());
    }
    if scopes.contains("email") {
        claims.insert("email".into(), user.email.clone().into());
        claims.insert("email_verified".into(), user.email_verified.into());
    }
    for (name, scope) in SETTABLE {
        if let Some(value) = user.claims.get(*name).filter(|_| scopes.contains(scope)) {
            claims.insert((*name).into(), value.clone());
        }
    }
    claims
}
