//! Identities: the accounts that people have at upstream providers, and what a provider says of them.
//!
//! An identity is found by its issuer and its subject there and by nothing else, above all by no address (OpenID Connect Core §5.7): an address
//! moves from one person to another, and whoever runs a provider can write any into its answers. What the provider says beside
//! those two is worth what [`VouchedAddress`] says of it.

use serde::{Deserialize, Serialize};

use super::named::named;
use crate::clock::Timestamp;

/// Whose rules a provider follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// Google.
    Google,
    /// GitHub, also of an enterprise: OAuth 2.0 without an ID token.
    Github,
    /// Microsoft Entra ID.
    Microsoft,
    /// Apple.
    Apple,
    /// Any other issuer of OpenID Connect.
    Oidc,
}

named!(ProviderKind {
    Google = "google",
    Github = "github",
    Microsoft = "microsoft",
    Apple = "apple",
    Oidc = "oidc",
});

impl ProviderKind {
    /// Whether such a provider must say when somebody authenticated there, so that a fresh proof can be demanded. Of the others, that the person went there and
    /// came back counts.
    pub const fn tells_when(self) -> bool {
        // Neither Google nor Apple says so, unless it likes to; GitHub has no word for it.
        matches!(self, Self::Microsoft | Self::Oidc)
    }
}

/// A person's account at a provider, which signs them in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A row id.
    pub id: String,
    /// Whom it signs in.
    pub user_id: String,
    /// The provider, by its id in the configuration, when it was last used.
    pub provider: String,
    /// The provider's issuer.
    pub issuer: String,
    /// The `sub` of the person there.
    pub subject: String,
    /// The address that the provider gave last, in its canonical form.
    pub email: Option<String>,
    /// Whether the provider said that the person has proved it.
    pub email_verified: bool,
    /// The roles that the provider's groups give, as configured.
    pub roles: Vec<String>,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it last signed somebody in.
    pub last_used_at: Timestamp,
}

/// Whether nothing would be left to sign in with, were this identity unlinked: neither a password that counts nor another identity whose provider
/// can be used. What cannot be used is no way in: beside another it can be unlinked.
pub fn is_last_way_in(id: &str, identities: &[Identity], has_other: bool, is_usable: impl Fn(&str) -> bool) -> bool {
    let Some(this) = identities.iter().find(|identity| identity.id == id) else { return false };
    let mut others = identities.iter().filter(|identity| identity.id != id);
    let is_needed = identities.len() == 1 || is_usable(&this.provider);
    !has_other && is_needed && !others.any(|identity| is_usable(&identity.provider))
}

/// Whether one of these identities can be used to sign in: what is left when the password goes.
pub fn has_usable(identities: &[Identity], is_usable: impl Fn(&str) -> bool) -> bool {
    identities.iter().any(|identity| is_usable(&identity.provider))
}

/// What a provider has just said of somebody who proved there who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouched {
    /// The provider, by its id in the configuration.
    pub provider: String,
    /// Its issuer.
    pub issuer: String,
    /// The `sub` of the person there.
    pub subject: String,
    /// The person's address.
    pub email: Option<VouchedAddress>,
    /// The full name.
    pub name: Option<String>,
    /// The address of a picture.
    pub picture: Option<String>,
    /// The short name that the person goes by there.
    pub preferred_username: Option<String>,
    /// The roles that the provider's groups give, as configured; sorted, each once.
    pub roles: Vec<String>,
    /// Whether this person may make an account here, invited or not.
    pub may_register: bool,
    /// Whether they may make the account that they were invited to have.
    #[serde(default)]
    pub may_accept: bool,
    /// What each sign-in brings up to date on the account, as configured.
    pub sync: Vec<Synced>,
    /// When the person authenticated there, if the provider says so.
    pub auth_time: Option<Timestamp>,
    /// Whether it can say so, and has not: nobody knows how long ago that was.
    #[serde(default)]
    pub is_untimed: bool,
    /// The context class of ours that the word of the provider counts as here, as configured.
    #[serde(default)]
    pub counts_as: Option<String>,
    /// The context class that is passed on, as configured.
    pub acr: Option<String>,
    /// The methods that are passed on, as configured.
    pub amr: Vec<String>,
    /// The session there, by which a back-channel logout names it.
    pub sid: Option<String>,
}

/// An address, as a provider vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VouchedAddress {
    /// The address in its canonical form (see [`super::email`]).
    pub address: String,
    /// Whether the provider says that the person has proved it. One that is not verified is kept on the identity alone.
    pub verified: bool,
    /// Whether the provider is the authority for this address: then its owner has it, whoever used it here before without proof.
    pub trusted: bool,
}

/// What a sign-in brings up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synced {
    /// The full name.
    Name,
    /// The picture.
    Picture,
}

named!(Synced { Name = "name", Picture = "picture" });

impl Vouched {
    /// Somebody of whom nothing more is said than who they are there. They may make no account.
    pub fn of(provider: &str, issuer: &str, subject: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            email: None,
            name: None,
            picture: None,
            preferred_username: None,
            roles: Vec::new(),
            may_register: false,
            may_accept: false,
            sync: Vec::new(),
            auth_time: None,
            is_untimed: false,
            counts_as: None,
            acr: None,
            amr: Vec::new(),
            sid: None,
        }
    }

    /// The address that the account may have, which is no other than a verified one.
    pub fn verified_email(&self) -> Option<&VouchedAddress> {
        self.email.as_ref().filter(|email| email.verified)
    }

    /// The address that is the person's by the word of the authority for it: that of any other provider does not keep its owner out of an account
    /// that somebody made with it.
    pub fn owned_email(&self) -> Option<&VouchedAddress> {
        self.verified_email().filter(|email| email.trusted)
    }

    /// The address to which an invitation is this person's by the word of the provider alone. Where everybody may make an account that takes an authority for
    /// the address, as an invitation may give roles; where the invited alone are let in, the operator takes the provider's word for who they are.
    pub fn invited_email(&self) -> Option<&VouchedAddress> {
        self.verified_email().filter(|email| self.may_accept && (email.trusted || !self.may_register))
    }

    /// The identity, as it becomes a row of this user's.
    pub fn identity(&self, id: String, user_id: &str, now: Timestamp) -> Identity {
        Identity {
            id,
            user_id: user_id.to_owned(),
            provider: self.provider.clone(),
            issuer: self.issuer.clone(),
            subject: self.subject.clone(),
            email: self.email.as_ref().map(|email| email.address.clone()),
            email_verified: self.verified_email().is_some(),
            roles: self.roles.clone(),
            created_at: now,
            last_used_at: now,
        }
    }
}

/// What must be remembered while a browser is at a provider. Whoever has it and the browser's cookie can come back in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    /// The provider, by its id in the configuration.
    pub provider: String,
    /// The nonce of the ID token.
    pub nonce: String,
    /// The `code_verifier` (RFC 7636 §4.1).
    pub verifier: String,
    /// Whether the person must authenticate there anew.
    pub fresh: bool,
    /// How long ago the person may have authenticated there, in seconds.
    pub max_age: Option<i64>,
    /// When the browser left.
    pub begun_at: Timestamp,
}

/// What a browser brings back from a provider (RFC 6749 §4.1.2). `state` is looked at before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Callback<'a> {
    /// The code.
    pub code: Option<&'a str>,
    /// The issuer (RFC 9207).
    pub iss: Option<&'a str>,
    /// Why there is no code.
    pub error: Option<&'a str>,
    /// What Apple says of a person at the first sign-in, as JSON.
    pub user: Option<&'a str>,
}
