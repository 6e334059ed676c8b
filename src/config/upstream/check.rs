//! What a provider's settings must be, by its kind.

use url::Url;

use super::UpstreamConfig;
use crate::config::mistakes::Mistakes;
use crate::protocol::assurance;
use crate::protocol::upstream::ProviderKind;
use crate::protocol::user::check_role;

/// What `claims` may map.
const MAPPED: &[&str] = &["name", "email", "preferred_username", "picture"];
/// The words that `tenants` may hold instead of ids.
const TENANT_WORDS: &[&str] = &["common", "organizations", "consumers"];

impl UpstreamConfig {
    /// Fills in what the kind gives, and notes what is wrong.
    pub(super) fn check(&mut self, mistakes: &mut Mistakes) {
        if !is_id(&self.id) {
            mistakes.add(format!(
                "upstream.{}: an id has 1 to 32 of the characters a-z, 0-9 and -",
                self.id.escape_debug()
            ));
            return;
        }
        self.kind = self.kind.or_else(|| self.id.parse().ok());
        let Some(kind) = self.kind else {
            mistakes.add(format!(
                "upstream.{}.kind is missing: google, github, microsoft, apple, or oidc for any other OpenID provider",
                self.id
            ));
            return;
        };
        if self.name.is_empty() {
            self.name = brand(kind).unwrap_or(&self.id).to_owned();
        }
        if self.enabled {
            let wrong = self.wrong(kind);
            wrong.into_iter().for_each(|(key, why)| mistakes.add(format!("upstream.{}.{key} {why}", self.id)));
        }
    }

    /// Everything that is wrong, each with its key.
    fn wrong(&self, kind: ProviderKind) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.client_id.is_empty() {
            wrong.push(("client_id", "is missing: the name that the provider gave us".to_owned()));
        }
        self.secrets(kind, &mut wrong);
        self.places(kind, &mut wrong);
        self.admission(kind, &mut wrong);
        self.only_of_its_kind(kind, &mut wrong);
        for role in self.roles.values().flatten() {
            if let Err(why) = check_role(role) {
                wrong.push(("roles", format!("is wrong: {why}")));
            }
        }
        let classes = || assurance::every_class().collect::<Vec<_>>().join(", ");
        for (said, class) in &self.trust_acr {
            let (said, class) = (said.escape_debug(), class.as_str());
            if assurance::strength(class).is_none() {
                let class = class.escape_debug();
                wrong.push(("trust_acr", format!("takes '{said}' for '{class}', which is none of: {}", classes())));
            }
        }
        if kind == ProviderKind::Github && !self.trust_acr.is_empty() {
            wrong.push(("trust_acr", "is not for github, which has no ID token to say it in".to_owned()));
        }
        for name in self.claims.keys().filter(|name| !MAPPED.contains(&name.as_str())) {
            let known = MAPPED.join(", ");
            wrong.push(("claims", format!("has '{}', but may only have: {known}", name.escape_debug())));
        }
        wrong
    }

    fn secrets(&self, kind: ProviderKind, wrong: &mut Vec<(&'static str, String)>) {
        let inline = !self.client_secret.expose().is_empty();
        let in_file = !self.client_secret_file.as_os_str().is_empty();
        match (kind, inline || in_file) {
            _ if inline && in_file => {
                wrong.push(("client_secret", "and client_secret_file are both given: give one".to_owned()))
            }
            (ProviderKind::Apple, true) => {
                wrong.push(("client_secret", "is made of private_key_file for apple: leave it out".to_owned()));
            }
            (ProviderKind::Google | ProviderKind::Github | ProviderKind::Microsoft, false) => {
                wrong.push(("client_secret", "is missing, or client_secret_file".to_owned()));
            }
            _ => {}
        }
        if kind == ProviderKind::Apple {
            for (key, is_missing) in [
                ("team_id", self.team_id.is_empty()),
                ("key_id", self.key_id.is_empty()),
                ("private_key_file", self.private_key_file.as_os_str().is_empty()),
            ] {
                if is_missing {
                    wrong.push((key, "is missing: apple needs team_id, key_id and private_key_file".to_owned()));
                }
            }
        }
    }

    fn places(&self, kind: ProviderKind, wrong: &mut Vec<(&'static str, String)>) {
        let is_github = kind == ProviderKind::Github;
        match (kind, self.issuer.as_str()) {
            (ProviderKind::Oidc, "") => wrong
                .push(("issuer", "is missing: the provider's address, as its discovery document has it".to_owned())),
            (ProviderKind::Github, issuer) if !issuer.is_empty() => {
                wrong.push((
                    "issuer",
                    "is not for github: a GitHub Enterprise Server is named by base_url and api_url".to_owned(),
                ));
            }
            _ => {}
        }
        if is_github && self.base_url.is_empty() != self.api_url.is_empty() {
            wrong.push(("base_url", "and api_url go together: give both, or neither".to_owned()));
        }
        for (key, url) in [("issuer", &self.issuer), ("base_url", &self.base_url), ("api_url", &self.api_url)] {
            if let Some(why) = (!url.is_empty()).then(|| unfit(url)).flatten() {
                wrong.push((key, why.to_owned()));
            }
        }
    }

    fn admission(&self, kind: ProviderKind, wrong: &mut Vec<(&'static str, String)>) {
        for (key, domains) in [("allowed_domains", &self.allowed_domains), ("hosted_domains", &self.hosted_domains)] {
            for domain in domains.iter().filter(|domain| !is_domain(domain)) {
                wrong.push((
                    key,
                    format!("has '{}', which is no domain such as example.org in small letters", domain.escape_debug()),
                ));
            }
        }
        if kind != ProviderKind::Microsoft {
            return;
        }
        if !self.allowed_domains.is_empty() {
            wrong.push((
                "allowed_domains",
                "would let nobody in: microsoft verifies no address. Use tenants".to_owned(),
            ));
        }
        if self.trust_email == Some(true) {
            wrong.push(("trust_email", "cannot be: microsoft verifies no address".to_owned()));
        }
        let words = self.tenants.iter().filter(|tenant| TENANT_WORDS.contains(&tenant.as_str())).count();
        if self.tenants.is_empty() && self.issuer.is_empty() {
            wrong.push((
                "tenants",
                "is missing: the ids of the tenants that may come, or common, organizations or consumers".to_owned(),
            ));
        } else if words > 0 && self.tenants.len() > 1 {
            wrong.push(("tenants", "has a word beside others: give one word, or ids".to_owned()));
        }
        for tenant in
            self.tenants.iter().filter(|tenant| !TENANT_WORDS.contains(&tenant.as_str()) && !is_tenant(tenant))
        {
            wrong.push((
                "tenants",
                format!("has '{}', which is no tenant id: 36 of 0-9, a-f and -", tenant.escape_debug()),
            ));
        }
    }

    /// Keys that another kind has are not passed over in silence: who wrote them expects them to hold somebody off.
    fn only_of_its_kind(&self, kind: ProviderKind, wrong: &mut Vec<(&'static str, String)>) {
        use ProviderKind::{Apple, Github, Google, Microsoft, Oidc};
        for (key, of, is_given) in [
            ("claims", Oidc, !self.claims.is_empty()),
            ("hosted_domains", Google, !self.hosted_domains.is_empty()),
            ("allowed_organizations", Github, !self.allowed_organizations.is_empty()),
            ("base_url", Github, !self.base_url.is_empty()),
            ("api_url", Github, !self.api_url.is_empty()),
            ("tenants", Microsoft, !self.tenants.is_empty()),
            ("team_id", Apple, !self.team_id.is_empty()),
            ("key_id", Apple, !self.key_id.is_empty()),
            ("private_key_file", Apple, !self.private_key_file.as_os_str().is_empty()),
        ] {
            if is_given && kind != of {
                wrong.push((key, format!("is for {}, and this is {}", of.as_str(), kind.as_str())));
            }
        }
    }
}

/// The kind's name, as its buttons have it.
fn brand(kind: ProviderKind) -> Option<&'static str> {
    match kind {
        ProviderKind::Google => Some("Google"),
        ProviderKind::Github => Some("GitHub"),
        ProviderKind::Microsoft => Some("Microsoft"),
        ProviderKind::Apple => Some("Apple"),
        ProviderKind::Oidc => None,
    }
}

fn is_id(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_domain(domain: &str) -> bool {
    !domain.is_empty() && domain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

/// Whether it is the id of a tenant: a GUID in small letters.
pub fn is_tenant(text: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { is_digit(b) })
}

/// Why an address of a provider will not do.
fn unfit(text: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(text) else { return Some("is no address that begins with https://") };
    // Plain http is for this machine and for hosts of [outgoing] allow: the guarded client sees to that.
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Some("is no address that begins with https://");
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Some("must have no query, fragment or user name");
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn every_kind_says_what_it_needs() {
        let wrong = |id: &str, keys: &[(&str, &str)]| {
            let variables = keys.iter().map(|(key, value)| {
                (format!("DOORWARD__UPSTREAM__{}__{}", id.to_uppercase(), key.to_uppercase()), (*value).to_owned())
            });
            Config::load(None, variables).map(drop).map_err(|mistakes| mistakes.to_string()).err().unwrap_or_default()
        };
        let client = [("client_id", "a"), ("client_secret", "b")];
        let with = |more: &[(&'static str, &'static str)]| [&client[..], more].concat();
        for (id, keys, told) in [
            ("google", vec![("client_id", "a")], "upstream.google.client_secret is missing"),
            ("google", vec![("client_secret", "a")], "upstream.google.client_id is missing"),
            ("google", with(&[("client_secret_file", "x")]), "client_secret_file are both given"),
            ("google", with(&[("hosted_domains", "Example.org")]), "hosted_domains has 'Example.org'"),
            ("google", with(&[("tenants", "common")]), "tenants is for microsoft, and this is google"),
            ("google", with(&[("sync", "email")]), "upstream.google.sync (from DOORWARD__UPSTREAM__GOOGLE__SYNC)"),
            ("github", with(&[("issuer", "https://a.test")]), "issuer is not for github"),
            ("github", with(&[("base_url", "https://a.test")]), "base_url and api_url go together"),
            ("work", with(&[]), "upstream.work.kind is missing"),
            ("work", with(&[("kind", "oidc")]), "upstream.work.issuer is missing"),
            ("work", with(&[("kind", "oidc"), ("issuer", "a.test")]), "issuer is no address"),
            ("work", with(&[("kind", "oidc"), ("issuer", "https://a.test?x")]), "must have no query"),
            ("work", with(&[("kind", "oidc"), ("issuer", "https://a.test"), ("team_id", "x")]), "team_id is for apple"),
            ("microsoft", with(&[]), "upstream.microsoft.tenants is missing"),
            ("microsoft", with(&[("tenants", "common,consumers")]), "has a word beside others"),
            ("microsoft", with(&[("tenants", "example.org")]), "has 'example.org'"),
            ("microsoft", with(&[("tenants", "common"), ("trust_email", "true")]), "trust_email cannot be"),
            ("microsoft", with(&[("tenants", "common"), ("allowed_domains", "a.test")]), "would let nobody in"),
            ("apple", vec![("client_id", "a")], "upstream.apple.private_key_file is missing"),
            (
                "apple",
                with(&[("team_id", "a"), ("key_id", "b"), ("private_key_file", "c")]),
                "is made of private_key_file",
            ),
            ("a.b", with(&[]), "upstream.a."),
        ] {
            let said = wrong(id, &keys);
            assert!(if told.is_empty() { said.is_empty() } else { said.contains(told) }, "{told} is not in: {said}");
        }
        let off = [("enabled", "false")];
        assert_eq!(wrong("google", &off), "", "one that is off may be half written");
    }
}
