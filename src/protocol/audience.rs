//! For whom an access token is: the resource that a request names, or else what the scopes say (RFC 8707 §2, RFC 9068 §3).
//!
//! A request that names no resource means the API that owns its scopes, with the issuer beside it when `openid` is among them: so the token
//! works at the API and at userinfo. What that comes to is fixed when the grant is made, so that a scope which another API owns later takes
//! no grant along. A token is never for two APIs, or each of them could use it at the other. Which scopes a token then carries is
//! [`ScopeSet::for_resources`].
//!
//! A token for an API that shares a secret with us is for that API alone, as if the request had named it: whoever has the secret can write
//! such a token, so userinfo takes none. The scopes are what they are for any token of a named API, `openid` among them, for by it the client
//! gets its ID token, now and when it refreshes; for userinfo it asks for another token, with `resource` the issuer.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::client::Client;
use super::params::Params;
use super::rejection::{Refusal, Rejection};
use super::resource::{self, Resource};
use super::scope::{self, ScopeSet};

/// The `aud` of an access token: one resource, or an API and the issuer. In JSON a text when it is one, an array otherwise (RFC 7519
/// §4.1.3); as text the identifiers, separated by one space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(Vec<String>);

impl Audience {
    /// One resource alone.
    pub fn of(identifier: impl Into<String>) -> Self {
        Self(vec![identifier.into()])
    }

    /// Reads what `Display` wrote.
    pub fn from_text(text: &str) -> Self {
        Self(text.split(' ').map(str::to_owned).collect())
    }

    /// The resource that it is for, when that is one alone.
    pub fn only(&self) -> Option<&str> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether the resource is in it.
    pub fn contains(&self, identifier: &str) -> bool {
        self.0.iter().any(|known| known == identifier)
    }

    /// Those of the resources that the rule takes; nothing when it takes none.
    pub fn filter(&self, takes: impl Fn(&str) -> bool) -> Option<Self> {
        let left: Vec<String> = self.0.iter().filter(|identifier| takes(identifier)).cloned().collect();
        (!left.is_empty()).then_some(Self(left))
    }

    /// The identifiers, the API's first.
    pub fn identifiers(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [only] => only.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            One(String),
            Several(Vec<String>),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::One(only) => Self(vec![only]),
            Written::Several(several) => Self(several),
        })
    }
}

/// The resources that a request is for: those it names, or those that its scopes say. None means the issuer alone; among several, the issuer
/// stands for userinfo.
///
/// # Errors
/// Those of [`resource::requested`], and [`Rejection::AmbiguousScope`], which names the scope.
pub fn requested(
    params: &Params,
    scopes: &ScopeSet,
    client: &Client,
    resources: &[Resource],
    issuer: &str,
) -> Result<Vec<String>, Refusal> {
    let named = resource::requested(params, client, resources, issuer)?;
    if !named.is_empty() {
        return Ok(named);
    }
    let mut owning: Vec<String> = Vec::new();
    for token in scopes.iter().filter(|token| !scope::is_issuers(token)) {
        let mut owners = resources.iter().filter(|r| r.owns(token) && client.may_name(&r.identifier));
        let Some(owner) = owners.next() else { continue };
        if owners.next().is_some() {
            return Err(Rejection::AmbiguousScope.of_scope(token));
        }
        if !owning.contains(&owner.identifier) {
            owning.push(owner.identifier.clone());
        }
    }
    if !owning.is_empty() && scopes.contains("openid") {
        owning.push(issuer.to_owned());
    }
    Ok(owning)
}

/// The audience of an access token with these scopes, out of what was granted: the resource that the token request names, or else what
/// these scopes say.
///
/// # Errors
/// [`Rejection::SeveralResources`], [`Rejection::ResourceNotGranted`], [`Rejection::MalformedResource`].
pub fn decide(
    params: &Params,
    scopes: &ScopeSet,
    granted: &[String],
    resources: &[Resource],
    issuer: &str,
) -> Result<Audience, Rejection> {
    let mut named = params.all("resource");
    match (named.next(), named.next()) {
        (_, Some(_)) => Err(Rejection::SeveralResources),
        (Some(one), None) if one == issuer || granted.iter().any(|g| g == one) => Ok(Audience::of(one)),
        (Some(one), None) => Err(resource::unknown(one, Rejection::ResourceNotGranted)),
        (None, None) => match granted {
            [] => Ok(Audience::of(issuer)),
            [only] => Ok(Audience::of(only)),
            several => of_scopes(scopes, several, resources, issuer),
        },
    }
}

/// The audience that scopes say, out of several resources that were granted.
fn of_scopes(
    scopes: &ScopeSet,
    granted: &[String],
    resources: &[Resource],
    issuer: &str,
) -> Result<Audience, Rejection> {
    let is_meant = |resource: &&Resource| {
        granted.contains(&resource.identifier) && scopes.iter().any(|token| resource.owns(token))
    };
    let mut meant = resources.iter().filter(is_meant);
    let has_issuer = granted.iter().any(|identifier| identifier == issuer);
    match (meant.next(), meant.next()) {
        (_, Some(_)) => Err(Rejection::SeveralResources),
        (Some(api), None) if has_issuer && scopes.contains("openid") && !api.signing.is_secret() => {
            Ok(Audience(vec![api.identifier.clone(), issuer.to_owned()]))
        }
        (Some(api), None) => Ok(Audience::of(api.identifier.as_str())),
        (None, None) if has_issuer => Ok(Audience::of(issuer)),
        (None, None) => Err(Rejection::SeveralResources),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::protocol::client::ClientType;
    use crate::protocol::resource_signing::ResourceSigning;

    const ISSUER: &str = "https://as.test";

    fn api(identifier: &str, scopes: &[&str]) -> Resource {
        let scopes = scopes.iter().map(|token| ((*token).to_owned(), String::new())).collect();
        Resource { scopes, ..Resource::new(identifier.to_owned(), Timestamp::from_seconds(0)) }
    }

    /// Two APIs that have scopes of their own and share one, and one that has none.
    fn apis() -> [Resource; 3] {
        [
            api("https://a.test", &["a", "a2", "shared"]),
            api("https://b.test", &["b", "shared"]),
            api("https://c.test", &[]),
        ]
    }

    fn params(query: &str) -> Params {
        Params::parse(query.as_bytes()).unwrap()
    }

    #[test]
    fn a_request_is_for_the_resources_that_it_names_or_that_its_scopes_say() {
        let mut client = Client::new("c".into(), ClientType::Web, Timestamp::from_seconds(0));
        let ask = |client: &Client, query: &str, scopes: &str| {
            let scopes = ScopeSet::parse(scopes).unwrap();
            requested(&params(query), &scopes, client, &apis(), ISSUER).map(|granted| granted.join(" "))
        };
        for (query, scopes, granted) in [
            ("", "openid email", ""),
            ("", "email job", ""),
            ("", "a a2", "https://a.test"),
            ("", "openid a job", "https://a.test https://as.test"),
            ("", "email a b", "https://a.test https://b.test"),
            ("", "a b openid", "https://a.test https://b.test https://as.test"),
            ("resource=https://b.test", "openid a", "https://b.test"),
            ("resource=https://b.test", "shared", "https://b.test"),
            ("resource=https://as.test", "openid a", "https://as.test"),
        ] {
            assert_eq!(ask(&client, query, scopes).unwrap(), granted, "{query} {scopes}");
        }
        let refusal = ask(&client, "", "openid shared").unwrap_err();
        assert_eq!(refusal, Rejection::AmbiguousScope.of_scope("shared"));
        client.resources = vec!["https://b.test".to_owned()];
        assert_eq!(ask(&client, "", "a shared").unwrap(), "https://b.test", "the one that it may ask for");
    }

    #[test]
    fn a_token_is_for_one_granted_resource_or_for_an_api_and_the_issuer() {
        let read = |query: &str, scopes: &str, granted: &[&str]| {
            let granted: Vec<String> = granted.iter().map(|g| (*g).to_owned()).collect();
            let scopes = ScopeSet::parse(scopes).unwrap();
            decide(&params(query), &scopes, &granted, &apis(), ISSUER).map(|audience| audience.to_string())
        };
        let (a, b) = ("https://a.test", "https://b.test");
        assert_eq!(read("", "a", &[]).unwrap(), ISSUER);
        assert_eq!(read("", "openid", &[a]).unwrap(), a);
        assert_eq!(read("resource=https://b.test", "a", &[a, b]).unwrap(), b);
        assert_eq!(read("resource=https://as.test", "a", &[a]).unwrap(), ISSUER);
        assert_eq!(read("resource=https://a.test", "openid a", &[a, ISSUER]).unwrap(), a);
        assert_eq!(read("", "openid a", &[a, ISSUER]).unwrap(), "https://a.test https://as.test");
        assert_eq!(read("", "a", &[a, ISSUER]).unwrap(), a);
        assert_eq!(read("", "openid", &[a, ISSUER]).unwrap(), ISSUER);
        assert_eq!(read("", "openid b", &[a, b, ISSUER]).unwrap(), "https://b.test https://as.test");
        for (query, scopes, granted, rejection) in [
            ("", "a b", &[a, b][..], Rejection::SeveralResources),
            ("", "openid a b", &[a, b, ISSUER], Rejection::SeveralResources),
            ("", "email", &[a, b], Rejection::SeveralResources),
            ("resource=https://b.test", "b", &[a], Rejection::ResourceNotGranted),
            ("resource=a", "a", &[a], Rejection::MalformedResource),
            ("resource=https://a.test&resource=https://a.test", "a", &[a], Rejection::SeveralResources),
        ] {
            assert_eq!(read(query, scopes, granted), Err(rejection), "{query} {scopes}");
        }
    }

    #[test]
    fn a_token_for_an_api_with_a_secret_is_for_that_api_alone() {
        let apis = apis().map(|api| Resource { signing: ResourceSigning::Hs256, ..api });
        let granted = ["https://a.test", "https://b.test", ISSUER].map(str::to_owned);
        for (query, scopes, audience) in [
            ("", "openid a", "https://a.test"),
            ("", "a", "https://a.test"),
            ("", "openid", ISSUER),
            ("resource=https://as.test", "openid a", ISSUER),
            ("resource=https://b.test", "openid b", "https://b.test"),
        ] {
            let scopes = ScopeSet::parse(scopes).unwrap();
            let decided = decide(&params(query), &scopes, &granted, &apis, ISSUER).unwrap();
            assert_eq!((decided.to_string().as_str(), decided.only()), (audience, Some(audience)), "{query} {scopes}");
        }
    }

    #[test]
    fn one_audience_is_a_text_and_two_are_an_array() {
        for (json, text) in
            [("\"https://a.test\"", "https://a.test"), (r#"["https://a.test","x:y"]"#, "https://a.test x:y")]
        {
            let audience: Audience = serde_json::from_str(json).unwrap();
            assert_eq!((audience.to_string().as_str(), &Audience::from_text(text)), (text, &audience));
            assert_eq!(audience.only().is_some(), !text.contains(' '));
            assert_eq!(serde_json::to_string(&audience).unwrap(), json);
        }
        for odd in ["null", "7", "{}", "[7]", "[[\"a\"]]", "true"] {
            assert!(serde_json::from_str::<Audience>(odd).is_err(), "{odd}");
        }
    }
}
