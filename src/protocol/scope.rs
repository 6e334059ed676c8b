//! Scopes: ordered sets of scope tokens (RFC 6749 §3.3), and who may ask for which.

use std::collections::BTreeSet;
use std::fmt;

use super::client::Client;
use super::params::Params;
use super::rejection::{Refusal, Rejection};
use super::resource::Resource;
use super::role::Holder;

/// Scopes that the issuer itself owns, with what they mean to a person (OpenID Connect Core §5.4 and §11; `roles` is our own).
pub const ISSUER_SCOPES: &[(&str, &str)] = &[
    ("openid", "Recognise you when you come back"),
    ("profile", "See your name and profile"),
    ("email", "See your e-mail address"),
    ("address", "See your postal address"),
    ("phone", "See your phone number"),
    ("roles", "See your roles here"),
    ("offline_access", "Keep this access while you are away"),
];

/// A set of scope tokens. On the wire: sorted, separated by one space.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ScopeSet(BTreeSet<String>);

impl ScopeSet {
    /// Reads a list of scope tokens separated by spaces; repeated ones count once.
    ///
    /// # Errors
    /// [`Rejection::MalformedScope`] for characters outside of RFC 6749 §3.3.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let tokens: BTreeSet<String> = text.split(' ').filter(|t| !t.is_empty()).map(str::to_owned).collect();
        if tokens.iter().all(|token| token.bytes().all(is_scope_char)) {
            Ok(Self(tokens))
        } else {
            Err(Rejection::MalformedScope)
        }
    }

    /// The set of one token, which is well-formed.
    pub(super) fn of(token: &str) -> Self {
        Self(BTreeSet::from([token.to_owned()]))
    }

    /// Whether the token is in the set.
    pub fn contains(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether every token is also in `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The tokens of both.
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Those of the tokens that the rule takes.
    pub fn filter(&self, takes: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|token| takes(token)).cloned().collect())
    }

    /// As [`ScopeSet::filter`], of a set that nobody needs any more.
    fn keeping(mut self, takes: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|token| takes(token));
        self
    }

    /// What a token for these resources carries of these: all but the scopes that only others own.
    /// Nor what the holder's roles do not permit there.
    pub fn for_resources(self, identifiers: &[String], resources: &[Resource], holder: Holder<'_>) -> Self {
        let is_for =
            |token: &str, owner: &Resource| identifiers.contains(&owner.identifier) && owner.permits(token, holder);
        self.keeping(|token| is_within_reach(token, resources, |owner| is_for(token, owner)))
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, token) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token)?;
        }
        Ok(())
    }
}

impl FromIterator<&'static str> for ScopeSet {
    /// Of names in this code, which are all scope tokens.
    fn from_iter<I: IntoIterator<Item = &'static str>>(tokens: I) -> Self {
        Self(tokens.into_iter().map(str::to_owned).collect())
    }
}

impl From<ScopeSet> for String {
    fn from(set: ScopeSet) -> Self {
        set.to_string()
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = Rejection;

    fn try_from(text: String) -> Result<Self, Rejection> {
        Self::parse(&text)
    }
}

/// The scopes that a request asks for, each allowed to the client; when it names none, all that the client is allowed (RFC 6749 §3.3). Beside
/// `openid`, what is unknown or not allowed is left out (OpenID Connect Core §3.1.2.1): the answer says what was granted.
///
/// # Errors
/// [`Rejection::MalformedScope`]; without `openid` [`Rejection::UnknownScope`] and [`Rejection::ScopeNotAllowed`], which name the scope;
/// [`Rejection::RepeatedParameter`].
pub fn requested(params: &Params, client: &Client, resources: &[Resource]) -> Result<ScopeSet, Refusal> {
    let may_ask = |token: &str| may_ask(token, client, resources, Holder::Unknown);
    let Some(text) = params.single("scope")? else { return Ok(client.scopes.filter(may_ask)) };
    let asked = ScopeSet::parse(text)?;
    let is_strict = !(asked.contains("openid") && may_ask("openid"));
    if let Some(token) = asked.iter().find(|token| is_strict && !may_ask(token)) {
        let is_known = is_issuers(token) || resources.iter().any(|resource| resource.owns(token));
        let rejection = if is_known { Rejection::ScopeNotAllowed } else { Rejection::UnknownScope };
        return Err(rejection.of_scope(token));
    }
    Ok(asked.keeping(may_ask))
}

/// The scopes that a client asks for which acts for itself (RFC 6749 §4.4): as [`requested`], without the issuer's own, for these speak of a
/// person, and none is there; nor those for which it lacks the role. To name one is refused, whatever the client may ask for when people sign in
/// to it.
///
/// # Errors
/// As [`requested`], and [`Rejection::ScopeNeedsRole`], which names the scope.
pub fn requested_for_itself(params: &Params, client: &Client, resources: &[Resource]) -> Result<ScopeSet, Refusal> {
    let asked = requested(params, client, resources)?;
    let is_named = params.single("scope")?.is_some();
    if let Some(token) = asked.iter().find(|token| is_named && is_issuers(token)) {
        return Err(Rejection::ScopeNotAllowed.of_scope(token));
    }
    let holder = Holder::Service(&client.metadata.roles);
    let is_permitted = |token: &str| may_ask(token, client, resources, holder);
    if let Some(token) = asked.iter().find(|token| is_named && !is_permitted(token)) {
        return Err(Rejection::ScopeNeedsRole.of_scope(token));
    }
    Ok(asked.keeping(|token| !is_issuers(token) && is_permitted(token)))
}

/// The scopes of a refreshed access token: those that the request names, none of which may be beyond the granted ones, or all of these
/// (RFC 6749 §6).
///
/// # Errors
/// [`Rejection::MalformedScope`]; [`Rejection::WiderScope`], which names the scope; [`Rejection::RepeatedParameter`].
pub fn narrowed(params: &Params, granted: &ScopeSet) -> Result<ScopeSet, Refusal> {
    let Some(text) = params.single("scope")? else { return Ok(granted.clone()) };
    let asked = ScopeSet::parse(text)?;
    if let Some(token) = asked.iter().find(|token| !granted.contains(token)) {
        return Err(Rejection::WiderScope.of_scope(token));
    }
    Ok(asked)
}

/// Those of a client's scopes that nothing owns: neither the issuer nor an API that the client may ask for.
pub fn unowned<'a>(client: &'a Client, resources: &[Resource]) -> impl Iterator<Item = &'a str> {
    let owned = |token: &str| resources.iter().any(|r| client.may_name(&r.identifier) && r.owns(token));
    client.scopes.iter().filter(move |token| !is_issuers(token) && !owned(token))
}

/// Whether the issuer itself owns it.
pub(super) fn is_issuers(token: &str) -> bool {
    ISSUER_SCOPES.iter().any(|(name, _)| *name == token)
}

/// Whether a client may ask for the scope for this holder: at one of the APIs that it may name, at least.
pub(super) fn may_ask(token: &str, client: &Client, resources: &[Resource], holder: Holder<'_>) -> bool {
    let may_use = |owner: &Resource| client.may_name(&owner.identifier) && owner.permits(token, holder);
    client.scopes.contains(token) && is_within_reach(token, resources, may_use)
}

/// Whether a scope can be used where only some APIs are in question: one of them owns it, or none that there is ever did.
fn is_within_reach(token: &str, resources: &[Resource], is_in_question: impl Fn(&Resource) -> bool) -> bool {
    let mut owners = resources.iter().filter(|resource| resource.owns(token)).peekable();
    let is_given_up = || resources.iter().any(|resource| resource.former_scopes.contains(token));
    if owners.peek().is_none() { !is_given_up() } else { owners.any(is_in_question) }
}

/// Scopes in the order in which a person understands them: the issuer's own first, as they stand in [`ISSUER_SCOPES`], then those of the
/// APIs.
pub fn in_order<'a>(tokens: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let place = |token: &str| ISSUER_SCOPES.iter().position(|(own, _)| *own == token).unwrap_or(ISSUER_SCOPES.len());
    let mut tokens: Vec<&str> = tokens.collect();
    tokens.sort_unstable_by(|one, other| place(one).cmp(&place(other)).then(one.cmp(other)));
    tokens
}

/// What a scope means to a person: our own words, those of the resource that owns it, or its name.
pub fn words(token: &str, resources: &[Resource]) -> String {
    let own = ISSUER_SCOPES.iter().find(|(name, _)| *name == token).map(|(_, words)| (*words).to_owned());
    let owned = || resources.iter().find_map(|r| r.scopes.get(token).filter(|words| !words.is_empty()).cloned());
    own.or_else(owned).unwrap_or_else(|| format!("Use {token}"))
}

fn is_scope_char(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_set_is_sorted_and_each_counts_once() {
        let set = ScopeSet::parse("openid  b a openid").unwrap();
        assert_eq!(set.to_string(), "a b openid");
        assert!(ScopeSet::parse("a").unwrap().is_within(&set));
        for malformed in ["a\"", "a\\b", "é", "a\tb"] {
            assert_eq!(ScopeSet::parse(malformed), Err(Rejection::MalformedScope));
        }
    }
}
