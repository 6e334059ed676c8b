//! Where a provider is: its issuer, and on which hosts its endpoints may be. Secrets and codes go nowhere else, whatever discovery says (OWASP
//! ASVS 10.5; the mix-up of RFC 9700 §4.4).

use url::Url;

use super::microsoft;
use crate::config::UpstreamConfig;
pub(super) use crate::config::issuers::GOOGLE;
use crate::config::issuers::{APPLE, GITHUB};
use crate::protocol::upstream::ProviderKind;

/// The form of it without a scheme, which Google's documentation allows in ID tokens.
pub(super) const GOOGLE_SHORT: &str = "accounts.google.com";
/// The hosts that Google's discovery document names beside its issuer.
const OF_GOOGLE: &[&str] = &["oauth2.googleapis.com", "www.googleapis.com", "openidconnect.googleapis.com"];

/// The issuer of a provider, without the tenant where there are many.
pub(super) fn issuer(config: &UpstreamConfig) -> String {
    let own = |default: &str| if config.issuer.is_empty() { default.to_owned() } else { config.issuer.clone() };
    match config.kind() {
        ProviderKind::Google => own(GOOGLE),
        ProviderKind::Apple => own(APPLE),
        ProviderKind::Microsoft => microsoft::authority(config),
        ProviderKind::Github if config.base_url.is_empty() => GITHUB.to_owned(),
        ProviderKind::Github => config.base_url.trim_end_matches('/').to_owned(),
        ProviderKind::Oidc => config.issuer.clone(),
    }
}

/// Whether an endpoint of the provider may be at this address.
pub(super) fn is_of(config: &UpstreamConfig, url: &Url) -> bool {
    let Ok(issuer) = Url::parse(&issuer(config)) else { return false };
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    // Plain http only where the issuer itself is so, which the guarded client allows for hosts of the settings alone.
    if !is_plain || (url.scheme() != "https" && url.scheme() != issuer.scheme()) {
        return false;
    }
    let place = |url: &Url| url.host_str().map(|host| (host.to_owned(), url.port_or_known_default()));
    let is_named = |named: &str| {
        let named = Url::parse(&format!("{}://{named}", url.scheme())).ok();
        named.is_some_and(|named| place(&named) == place(url))
    };
    place(url).is_some()
        && (place(url) == place(&issuer)
            || config.endpoint_hosts.iter().any(|host| is_named(host))
            || (config.kind() == ProviderKind::Google
                && config.issuer.is_empty()
                && OF_GOOGLE.iter().any(|host| is_named(host))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_on_the_issuers_host_or_on_those_that_the_settings_name() {
        let config = UpstreamConfig {
            kind: Some(ProviderKind::Oidc),
            issuer: "https://id.test/realms/a".into(),
            endpoint_hosts: vec!["other.test".into(), "third.test:8443".into()],
            ..UpstreamConfig::default()
        };
        let is_of = |config: &UpstreamConfig, url: &str| Url::parse(url).is_ok_and(|url| super::is_of(config, &url));
        for fine in [
            "https://id.test/token",
            "https://id.test:443/token",
            "https://other.test/token",
            "https://third.test:8443/token",
        ] {
            assert!(is_of(&config, fine), "{fine}");
        }
        for wrong in [
            "http://id.test/token",
            "https://id.test:8443/token",
            "https://id.test.evil.test/token",
            "https://evil.test/id.test",
            "https://third.test/token",
            "https://id.test@evil.test/token",
            "https://u@id.test/token",
            "https://id.test/token#x",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
        ] {
            assert!(!is_of(&config, wrong), "{wrong}");
        }
        let google = UpstreamConfig { kind: Some(ProviderKind::Google), ..UpstreamConfig::default() };
        assert!(is_of(&google, "https://oauth2.googleapis.com/token"));
        assert!(!is_of(&google, "https://storage.googleapis.com/token"));
        assert!(!is_of(
            &UpstreamConfig { issuer: "https://id.test".into(), ..google },
            "https://oauth2.googleapis.com/token"
        ));
    }
}
