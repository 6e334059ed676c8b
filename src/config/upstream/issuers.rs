//! Under which issuers the people of a provider are known here, and that no two providers share one. An identity is found by its issuer: people would
//! be the same by either way in, let in by the rules of whichever they like, with the roles of whichever they used last.

use super::{UpstreamConfig, is_tenant};
use crate::config::mistakes::Mistakes;
use crate::protocol::upstream::ProviderKind;

/// Google's issuer.
pub const GOOGLE: &str = "https://accounts.google.com";
/// Apple's issuer.
pub const APPLE: &str = "https://appleid.apple.com";
/// GitHub, unless the settings name an enterprise's own.
pub const GITHUB: &str = "https://github.com";
/// Where Microsoft is, but for national clouds.
pub const MICROSOFT: &str = "https://login.microsoftonline.com";
/// Microsoft's tenant of all personal accounts.
pub const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Notes which of those that are switched on are of one issuer.
pub(super) fn check(entries: &[UpstreamConfig], mistakes: &mut Mistakes) {
    let enabled: Vec<&UpstreamConfig> = entries.iter().filter(|entry| entry.enabled && entry.kind.is_some()).collect();
    for (at, entry) in enabled.iter().enumerate() {
        let own = issuers(entry);
        let is_shared =
            |other: &&&UpstreamConfig| issuers(other).iter().any(|one| own.iter().any(|own| meet(one, own)));
        if let Some(other) = enabled[..at].iter().find(is_shared) {
            let key = match entry.kind() {
                ProviderKind::Github => "base_url",
                ProviderKind::Microsoft => "tenants",
                _ => "issuer",
            };
            mistakes.add(format!(
                "upstream.{}.{key}: the people of this issuer come through upstream.{} already: give each issuer once",
                entry.id, other.id
            ));
        }
    }
}

/// Its issuers, byte for byte; where a word stands for many tenants, with the word in their place.
fn issuers(config: &UpstreamConfig) -> Vec<String> {
    let own = |default: &str| if config.issuer.is_empty() { default.to_owned() } else { config.issuer.clone() };
    match config.kind() {
        ProviderKind::Google => vec![own(GOOGLE)],
        ProviderKind::Apple => vec![own(APPLE)],
        ProviderKind::Oidc => vec![config.issuer.clone()],
        ProviderKind::Github if config.base_url.is_empty() => vec![GITHUB.to_owned()],
        ProviderKind::Github => vec![config.base_url.trim_end_matches('/').to_owned()],
        ProviderKind::Microsoft => {
            let host = own(MICROSOFT);
            let of = |tenant: &String| {
                let tenant = if tenant == "consumers" { CONSUMERS } else { tenant };
                format!("{}/{tenant}/v2.0", host.trim_end_matches('/'))
            };
            config.tenants.iter().map(of).collect()
        }
    }
}

/// Whether there is an issuer that both name.
fn meet(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (Some((host, one)), Some((other_host, other))) = (of_tenant(one), of_tenant(other)) else { return false };
    let covers = |word: &str, tenant: &str| word == "common" || (word == "organizations" && tenant != CONSUMERS);
    host == other_host && (covers(one, other) || covers(other, one))
}

/// The host, and the tenant or the word for many, of an issuer of Microsoft's form.
fn of_tenant(issuer: &str) -> Option<(&str, &str)> {
    let (host, tenant) = issuer.strip_suffix("/v2.0")?.rsplit_once('/')?;
    (is_tenant(tenant) || matches!(tenant, "common" | "organizations")).then_some((host, tenant))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "11111111-2222-3333-4444-555555555555";
    const OTHER: &str = "66666666-2222-3333-4444-555555555555";

    fn of(kind: ProviderKind, place: &str, tenants: &[&str]) -> UpstreamConfig {
        let (issuer, base_url) = if kind == ProviderKind::Github { ("", place) } else { (place, "") };
        UpstreamConfig {
            kind: Some(kind),
            issuer: issuer.to_owned(),
            base_url: base_url.to_owned(),
            tenants: tenants.iter().map(|tenant| (*tenant).to_owned()).collect(),
            ..UpstreamConfig::default()
        }
    }

    fn told(one: UpstreamConfig, other: UpstreamConfig) -> String {
        let mut mistakes = Mistakes::default();
        let (one, other) = (UpstreamConfig { id: "a".into(), ..one }, UpstreamConfig { id: "b".into(), ..other });
        check(&[one, other], &mut mistakes);
        mistakes.unless_any(()).map_or_else(|mistakes| mistakes.to_string(), |()| String::new())
    }

    #[test]
    fn no_two_providers_that_are_switched_on_are_of_one_issuer() {
        use ProviderKind::{Apple, Github, Google, Microsoft, Oidc};
        let of_one = format!("{MICROSOFT}/{ONE}/v2.0");
        for (one, other, key) in [
            (of(Oidc, "https://id.test", &[]), of(Oidc, "https://id.test", &[]), "issuer"),
            (of(Google, "", &[]), of(Oidc, GOOGLE, &[]), "issuer"),
            (of(Apple, "", &[]), of(Apple, "", &[]), "issuer"),
            (of(Github, "", &[]), of(Github, "", &[]), "base_url"),
            (of(Github, "https://git.test", &[]), of(Github, "https://git.test/", &[]), "base_url"),
            (of(Microsoft, "", &[ONE]), of(Microsoft, "", &[OTHER, ONE]), "tenants"),
            (of(Microsoft, "", &["common"]), of(Microsoft, "", &[ONE]), "tenants"),
            (of(Microsoft, "", &["consumers"]), of(Microsoft, "", &["common"]), "tenants"),
            (of(Microsoft, "", &["organizations"]), of(Microsoft, "", &["common"]), "tenants"),
            (of(Microsoft, "", &["organizations"]), of(Oidc, &of_one, &[]), "issuer"),
        ] {
            let wanted = format!("upstream.b.{key}: the people of this issuer come through upstream.a already");
            let said = told(one.clone(), other.clone());
            assert!(said.contains(&wanted), "{one:?} {other:?}: {said}");
            assert_eq!(told(one, UpstreamConfig { enabled: false, ..other }), "");
        }
        for (one, other) in [
            (of(Oidc, "https://id.test", &[]), of(Oidc, "https://id.test/", &[])),
            (of(Google, "", &[]), of(Google, "https://id.test", &[])),
            (of(Github, "", &[]), of(Github, "https://git.test", &[])),
            (of(Microsoft, "", &[ONE]), of(Microsoft, "", &[OTHER])),
            (of(Microsoft, "", &["organizations"]), of(Microsoft, "", &["consumers"])),
            (of(Microsoft, "", &["common"]), of(Microsoft, "https://login.microsoftonline.us", &["common"])),
        ] {
            assert_eq!(told(one, other), "");
        }
    }
}
