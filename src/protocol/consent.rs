//! Consent: what a user has allowed a client. It is for a scope of an API: two APIs may own scopes of the same name, and who has allowed one
//! has said nothing of the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::authorization_request::AuthorizationRequest;
use super::resource::Resource;
use super::role::Holder;
use super::scope::{self, ScopeSet};

/// Scopes by the API that owns them; under the empty name those that no API owns, the issuer's own among them. An API without a scope is
/// there as well: its tokens are for it all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Allowance(BTreeMap<String, ScopeSet>);

/// A remembered consent.
#[derive(Clone, Debug)]
pub struct Consent {
    /// What was allowed.
    pub allowed: Allowance,
    /// The id of the last journey on which the person was asked.
    pub confirmed_request: String,
}

impl Allowance {
    /// What a request asks for, as far as this holder's roles permit it.
    pub fn asked(request: &AuthorizationRequest, resources: &[Resource], holder: Holder<'_>) -> Self {
        let meant: Vec<&Resource> =
            resources.iter().filter(|resource| request.resources.contains(&resource.identifier)).collect();
        let mut asked = Self(meant.iter().map(|api| (api.identifier.clone(), ScopeSet::default())).collect());
        let permitted = request.scopes_to_allow().for_resources(&request.resources, resources, holder);
        for token in permitted.iter() {
            let owners = meant.iter().filter(|api| api.owns(token) && !scope::is_issuers(token));
            let owners = owners.filter(|api| api.permits(token, holder));
            let mut names: Vec<&str> = owners.map(|api| api.identifier.as_str()).collect();
            if names.is_empty() {
                names.push("");
            }
            for name in names {
                asked.add(name, &ScopeSet::of(token));
            }
        }
        asked
    }

    /// What a consent from before meant that names scopes and resources, but not which scope is whose. The scopes of several APIs are asked
    /// for once more.
    pub fn of_former(scopes: &ScopeSet, resources: &[String]) -> Self {
        let owner = match resources {
            [] => Some(""),
            [only] => Some(only.as_str()),
            _ => None,
        };
        let mut allowed = Self::default();
        allowed.add("", &scopes.filter(scope::is_issuers));
        if let Some(owner) = owner {
            allowed.add(owner, &scopes.filter(|token| !scope::is_issuers(token)));
        }
        allowed
    }

    /// Whether everything asked for is in it.
    pub fn covers(&self, asked: &Self) -> bool {
        let has = |(owner, scopes): (&String, &ScopeSet)| self.0.get(owner).is_some_and(|had| scopes.is_within(had));
        asked.0.iter().all(has)
    }

    /// Whether the scope of this API is in it.
    pub fn contains(&self, owner: &str, token: &str) -> bool {
        self.0.get(owner).is_some_and(|scopes| scopes.contains(token))
    }

    /// What is in either.
    pub fn and(mut self, other: &Self) -> Self {
        for (owner, scopes) in &other.0 {
            self.add(owner, scopes);
        }
        self
    }

    /// Each API, or the empty name, with its scopes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ScopeSet)> {
        self.0.iter().map(|(owner, scopes)| (owner.as_str(), scopes))
    }

    /// All scopes, whoever owns them.
    pub fn scopes(&self) -> ScopeSet {
        self.0.values().fold(ScopeSet::default(), |all, scopes| all.union(scopes))
    }

    /// The APIs.
    pub fn resources(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).filter(|owner| !owner.is_empty()).collect()
    }

    fn add(&mut self, owner: &str, scopes: &ScopeSet) {
        let had = self.0.entry(owner.to_owned()).or_default();
        *had = had.union(scopes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(entries: &[(&str, &str)]) -> Allowance {
        let mut all = Allowance::default();
        for (owner, scopes) in entries {
            all.add(owner, &ScopeSet::parse(scopes).unwrap());
        }
        all
    }

    #[test]
    fn a_scope_is_allowed_of_the_api_that_it_was_asked_for() {
        let allowed = allowance(&[("", "openid email"), ("https://a.test", "read")]);
        for (asked, covered) in [
            (allowance(&[("", "openid")]), true),
            (allowance(&[("", "openid profile")]), false),
            (allowance(&[("https://a.test", "read")]), true),
            (allowance(&[("https://a.test", "")]), true),
            (allowance(&[("https://a.test", "read write")]), false),
            (allowance(&[("https://b.test", "read")]), false),
            (allowance(&[("https://b.test", "")]), false),
            (allowance(&[("", "read")]), false),
            (Allowance::default(), true),
        ] {
            assert_eq!(allowed.covers(&asked), covered, "{asked:?}");
        }
        let both = allowed.and(&allowance(&[("https://b.test", "read"), ("", "profile")]));
        assert!(both.covers(&allowance(&[("https://b.test", "read"), ("", "profile email")])));
        assert_eq!(both.scopes().to_string(), "email openid profile read");
        assert_eq!(both.resources(), ["https://a.test", "https://b.test"]);
    }

    #[test]
    fn a_consent_from_before_covers_what_it_can_only_have_meant() {
        let former = |resources: &[&str]| {
            let resources: Vec<String> = resources.iter().map(|one| (*one).to_owned()).collect();
            Allowance::of_former(&ScopeSet::parse("openid read").unwrap(), &resources)
        };
        assert_eq!(former(&["https://a.test"]), allowance(&[("", "openid"), ("https://a.test", "read")]));
        assert_eq!(former(&["https://a.test", "https://b.test"]), allowance(&[("", "openid")]));
        assert_eq!(former(&[]), allowance(&[("", "openid read")]));
    }
}
