//! What is made of a provider's claims: which address it vouches for and how far, our roles for its groups, and who may make an account, all by
//! the settings alone (OWASP ASVS 6.8.1). A claim is text: it raises nobody and leads nowhere by itself.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Parts, address, apple};
use crate::config::{Register, UpstreamConfig};
use crate::protocol::printable::is_printable;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::{ProviderKind, Vouched, VouchedAddress};
use crate::protocol::upstream_token::{Claims, auth_time, subject};
use crate::protocol::{claims as of_users, email};

/// The longest name that is taken over, in characters: that of an account. A short name has the same bound.
const LONGEST: usize = 200;
/// The longest session and the longest context class, in bytes. Both are kept with each sign-in and travel with each token.
const LONGEST_WORD: usize = 255;
/// How many methods are passed on,
const METHODS: usize = 10;
/// and how long one may be, in bytes.
const LONGEST_METHOD: usize = 64;
/// The longest address of a picture, in bytes.
const LONGEST_PICTURE: usize = 1024;
/// The domains of Google's own mailboxes.
const OF_GOOGLE: &[&str] = &["gmail.com", "googlemail.com"];

impl Parts {
    /// What the provider vouches for with these claims. `beside` is what Apple sent along through the browser.
    ///
    /// # Errors
    /// [`Rejection::UpstreamNoSubject`], [`Rejection::UpstreamNotAdmitted`].
    pub(super) fn vouch(&self, issuer: String, claims: &Claims, beside: Option<&str>) -> Result<Vouched, Rejection> {
        let config = &self.config;
        let domain = claims.get("hd").and_then(Value::as_str);
        let hosted = &config.hosted_domains;
        if !hosted.is_empty() && !domain.is_some_and(|domain| hosted.iter().any(|one| one == domain)) {
            return Err(self.refuse(Rejection::UpstreamNotAdmitted, "hd is none of hosted_domains"));
        }
        let groups = self.groups_of(claims);
        let email = self.address(claims, domain.is_some());
        let is_let_in = self.lets_in(email.as_ref(), &groups);
        let roles: BTreeSet<String> =
            groups.iter().filter_map(|group| config.roles.get(group)).flatten().cloned().collect();
        let passed = |name: &str| claims.get(name).filter(|_| config.pass_acr);
        let said = claims.get("acr").and_then(Value::as_str);
        let line = |name: &str| claims.get(self.mapped(name)).and_then(Value::as_str).and_then(line);
        let word = |claim: Option<&Value>| Some(claim?.as_str()?.to_owned()).filter(|text| is_word(text, LONGEST_WORD));
        let picture = claims.get(self.mapped("picture")).and_then(Value::as_str);
        let picture = picture.filter(|url| url.len() <= LONGEST_PICTURE);
        let picture = picture.and_then(|url| of_users::check("picture", url.into()).ok());
        Ok(Vouched {
            may_register: is_let_in && config.register == Register::Open,
            may_accept: is_let_in && config.register != Register::Closed,
            email,
            name: line("name")
                .or_else(|| full_name(claims))
                .or_else(|| self::line(&apple::name(beside.filter(|_| config.kind() == ProviderKind::Apple)?)?)),
            picture: picture.as_ref().and_then(Value::as_str).map(str::to_owned),
            preferred_username: line("preferred_username"),
            roles: roles.into_iter().collect(),
            sync: config.sync.clone(),
            auth_time: auth_time(claims),
            is_untimed: config.kind().tells_when() && auth_time(claims).is_none(),
            counts_as: said.and_then(|acr| config.trust_acr.get(acr)).cloned(),
            acr: word(passed("acr")),
            amr: passed("amr").map(methods).unwrap_or_default(),
            sid: word(claims.get("sid")),
            ..Vouched::of(&config.id, &issuer, subject(claims)?)
        })
    }

    /// The claim that holds one of ours.
    pub(super) fn mapped<'a>(&'a self, name: &'a str) -> &'a str {
        self.config.claims.get(name).map_or(name, String::as_str)
    }

    /// Whether anything depends on groups.
    pub(super) fn wants_groups(&self) -> bool {
        !self.config.roles.is_empty() || !self.config.allowed_groups.is_empty()
    }

    fn groups_of(&self, claims: &Claims) -> Vec<String> {
        claims.get(&self.config.groups_claim).map(texts).unwrap_or_default()
    }

    /// The address, and how far the provider vouches for it. `is_hosted` says whether a Workspace domain runs the account.
    fn address(&self, claims: &Claims, is_hosted: bool) -> Option<VouchedAddress> {
        let claim = self.mapped("email");
        let address = email::canonical(claims.get(claim)?.as_str()?).ok()?;
        let said = claims.get("email_verified");
        let verified = match self.config.kind() {
            ProviderKind::Microsoft => false,
            // Of every address that it gives; its documentation has it as text or as a value.
            ProviderKind::Apple => said.is_some_and(|said| *said == true || said == "true"),
            _ => said.is_some_and(|said| *said == true),
        };
        // It is said of `email`, and of no other claim.
        let verified = verified && claim == "email";
        let trusted =
            verified && self.config.trust_email.unwrap_or_else(|| runs_the_mailbox(&self.config, &address, is_hosted));
        Some(VouchedAddress { address, verified, trusted })
    }

    /// Whether somebody with this address and these groups may have an account at all.
    fn lets_in(&self, email: Option<&VouchedAddress>, groups: &[String]) -> bool {
        let config = &self.config;
        let domain = email.filter(|email| email.verified).and_then(|email| email.address.rsplit('@').next());
        let domains = &config.allowed_domains;
        let has_domain = domains.is_empty() || domain.is_some_and(|domain| domains.iter().any(|one| one == domain));
        let wanted = &config.allowed_groups;
        let has_group = wanted.is_empty() || groups.iter().any(|group| wanted.contains(group));
        has_domain && has_group
    }
}

/// Whether the provider runs the mailbox of this address: Google does of its own and of Workspaces, and nobody else who speaks as Google does.
fn runs_the_mailbox(config: &UpstreamConfig, address: &str, is_hosted: bool) -> bool {
    let domain = address.rsplit('@').next().unwrap_or_default();
    let is_google = config.kind() == ProviderKind::Google && address::issuer(config) == address::GOOGLE;
    is_google && (is_hosted || OF_GOOGLE.contains(&domain))
}

/// A text that stands in one line; one that is too long, or turns its neighbours around, is none.
fn line(text: &str) -> Option<String> {
    let text = text.trim();
    let is_fine = !text.is_empty() && text.chars().count() <= LONGEST && is_printable(text);
    is_fine.then(|| text.to_owned())
}

/// Whether it is a text of one line and of so many bytes at most.
fn is_word(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && is_printable(text)
}

/// The first few methods; what is too long to be the name of one is none.
fn methods(value: &Value) -> Vec<String> {
    texts(value).into_iter().filter(|method| is_word(method, LONGEST_METHOD)).take(METHODS).collect()
}

fn full_name(claims: &Claims) -> Option<String> {
    let parts = ["given_name", "family_name"].map(|name| claims.get(name).and_then(Value::as_str).and_then(line));
    line(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// The texts of a list, or one text.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn google_alone_runs_its_mailboxes_and_only_under_its_own_issuer() {
        let google = UpstreamConfig { kind: Some(ProviderKind::Google), ..UpstreamConfig::default() };
        for (address, is_hosted, runs) in [
            ("ann@gmail.com", false, true),
            ("ann@googlemail.com", false, true),
            ("ann@example.org", true, true),
            ("ann@example.org", false, false),
            ("ann@gmail.com.evil.test", false, false),
        ] {
            assert_eq!(runs_the_mailbox(&google, address, is_hosted), runs, "{address}");
            for other in [
                UpstreamConfig { issuer: "https://id.test".into(), ..google.clone() },
                UpstreamConfig { kind: Some(ProviderKind::Oidc), issuer: address::GOOGLE.into(), ..google.clone() },
            ] {
                assert!(!runs_the_mailbox(&other, address, is_hosted), "{address} of {}", other.issuer);
            }
        }
        let named = UpstreamConfig { issuer: address::GOOGLE.into(), ..google };
        assert!(runs_the_mailbox(&named, "ann@gmail.com", false));
    }
}
