//! Microsoft Entra ID: one application may take people of many tenants, each an issuer of its own, and the discovery document of all has a
//! template in place of the issuer. ("OpenID Connect on the Microsoft identity platform", "Claims validation", learn.microsoft.com.)
//!
//! An address in its tokens is what an administrator of some tenant wrote, so it is never taken as verified (the attack called nOAuth).

use crate::config::issuers::{CONSUMERS, MICROSOFT as HOST};
use crate::config::{UpstreamConfig, is_tenant};
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream_token::Claims;

/// What stands for the tenant in the discovery document of many.
const TEMPLATE: &str = "{tenantid}";

fn host(config: &UpstreamConfig) -> &str {
    if config.issuer.is_empty() { HOST } else { config.issuer.trim_end_matches('/') }
}

/// The issuer of a tenant, or the place where that of many tenants is discovered.
fn of_tenant(config: &UpstreamConfig, tenant: &str) -> String {
    format!("{}/{tenant}/v2.0", host(config))
}

/// The authority to whom people are sent: the one tenant, or all of those that the settings let in.
pub(super) fn authority(config: &UpstreamConfig) -> String {
    let tenant = match config.tenants.as_slice() {
        [one] => one.as_str(),
        several if several.iter().any(|tenant| tenant == CONSUMERS) => "common",
        _ => "organizations",
    };
    of_tenant(config, tenant)
}

/// Whether a discovery document may be of this issuer: the template, or a tenant that is let in.
pub(super) fn may_discover(config: &UpstreamConfig, issuer: &str) -> bool {
    issuer == of_tenant(config, TEMPLATE) || tenant_of(config, issuer).is_some_and(|tenant| is_let_in(config, tenant))
}

/// Whether it is the issuer of some tenant.
pub(super) fn is_issuer(config: &UpstreamConfig, issuer: &str) -> bool {
    tenant_of(config, issuer).is_some()
}

fn tenant_of<'a>(config: &UpstreamConfig, issuer: &'a str) -> Option<&'a str> {
    let rest = issuer.strip_prefix(host(config))?.strip_prefix('/')?;
    rest.strip_suffix("/v2.0").filter(|tenant| is_tenant(tenant))
}

/// The issuer that the token must have, from the tenant that it is of.
///
/// # Errors
/// [`Rejection::UpstreamWrongIssuer`], [`Rejection::UpstreamNotAdmitted`].
pub(super) fn issuer(config: &UpstreamConfig, claims: &Claims) -> Result<String, Rejection> {
    let tenant = claims.get("tid").and_then(|tenant| tenant.as_str()).filter(|tenant| is_tenant(tenant));
    let tenant = tenant.ok_or(Rejection::UpstreamWrongIssuer)?;
    if is_let_in(config, tenant) { Ok(of_tenant(config, tenant)) } else { Err(Rejection::UpstreamNotAdmitted) }
}

fn is_let_in(config: &UpstreamConfig, tenant: &str) -> bool {
    config.tenants.iter().any(|allowed| match allowed.as_str() {
        "common" => true,
        "organizations" => tenant != CONSUMERS,
        "consumers" => tenant == CONSUMERS,
        one => one == tenant,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "11111111-2222-3333-4444-555555555555";
    const OTHER: &str = "66666666-2222-3333-4444-555555555555";

    fn of(tenants: &[&str]) -> UpstreamConfig {
        let tenants = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
        UpstreamConfig { tenants, ..UpstreamConfig::default() }
    }

    #[test]
    fn a_token_is_of_a_tenant_that_is_let_in() {
        let issuer = |tenants: &[&str], tid: &str| {
            let claims = serde_json::json!({ "tid": tid }).as_object().unwrap().clone();
            super::issuer(&of(tenants), &claims)
        };
        assert_eq!(issuer(&[ONE], ONE).unwrap(), format!("{HOST}/{ONE}/v2.0"));
        assert_eq!(issuer(&[ONE], OTHER), Err(Rejection::UpstreamNotAdmitted));
        assert!(issuer(&[ONE, OTHER], OTHER).is_ok() && issuer(&["organizations"], ONE).is_ok());
        assert_eq!(issuer(&["organizations"], CONSUMERS), Err(Rejection::UpstreamNotAdmitted));
        assert_eq!(issuer(&["consumers"], ONE), Err(Rejection::UpstreamNotAdmitted));
        assert!(issuer(&["consumers"], CONSUMERS).is_ok() && issuer(&["common"], CONSUMERS).is_ok());
        assert_eq!(issuer(&["common"], "x/../y"), Err(Rejection::UpstreamWrongIssuer));
        assert_eq!(issuer(&[], ONE), Err(Rejection::UpstreamNotAdmitted));
    }

    #[test]
    fn people_are_sent_to_those_who_know_them() {
        let authority = |tenants: &[&str]| authority(&of(tenants)).replace(HOST, "");
        assert_eq!(authority(&[ONE]), format!("/{ONE}/v2.0"));
        assert_eq!(authority(&[ONE, OTHER]), "/organizations/v2.0");
        assert_eq!(authority(&[ONE, CONSUMERS]), "/common/v2.0");
        assert_eq!(authority(&["consumers"]), "/consumers/v2.0");
        let config = of(&[ONE]);
        assert!(may_discover(&config, &format!("{HOST}/{{tenantid}}/v2.0")));
        assert!(may_discover(&config, &format!("{HOST}/{ONE}/v2.0")));
        assert!(!may_discover(&config, &format!("{HOST}/{OTHER}/v2.0")));
        assert!(!may_discover(&config, &format!("https://evil.test/{ONE}/v2.0")));
    }
}
