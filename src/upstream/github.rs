//! GitHub: OAuth 2.0 without an ID token, so its API says who somebody is. The number of the account is the subject, for a name can pass to
//! another person. ("Authorizing OAuth apps"; REST "Get the authenticated user", "List email addresses for the authenticated user", "Get an
//! organization membership for the authenticated user", docs.github.com.)

use std::collections::BTreeSet;

use oauth2::TokenResponse;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use url::Url;

use super::{Parts, address};
use crate::config::UpstreamConfig;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::{Errand, Vouched};
use crate::protocol::upstream_token::Claims;

/// The API, unless the settings name an enterprise's own.
const API: &str = "https://api.github.com";
const ACCEPT: &str = "application/vnd.github+json";

/// Where browsers are sent.
pub(super) fn authorization_endpoint(config: &UpstreamConfig) -> Option<Url> {
    Url::parse(&format!("{}/login/oauth/authorize", address::issuer(config))).ok()
}

/// Where codes are exchanged.
pub(super) fn token_endpoint(config: &UpstreamConfig) -> Option<Url> {
    Url::parse(&format!("{}/login/oauth/access_token", address::issuer(config))).ok()
}

/// The organizations whose members must be known.
pub(super) fn organizations(config: &UpstreamConfig) -> BTreeSet<&str> {
    let named = config.allowed_organizations.iter().chain(&config.allowed_groups).chain(config.roles.keys());
    named.map(String::as_str).collect()
}

impl Parts {
    pub(super) async fn finish_github(&self, errand: &Errand, code: &str) -> Result<Vouched, Rejection> {
        let issuer = address::issuer(&self.config);
        // Nothing of this exchange depends on the time.
        let answer = self.redeem(code, &errand.verifier, errand.begun_at).await?;
        let token = answer.access_token().secret();
        let (user, emails, groups) = tokio::try_join!(
            self.ask(token, "/user"),
            self.ask(token, "/user/emails?per_page=100"),
            self.groups(token)
        )?;
        let user = user.ok_or_else(|| self.refuse(Rejection::UpstreamMalformed, "/user is not there"))?;
        let allowed = &self.config.allowed_organizations;
        if !allowed.is_empty() && !groups.iter().any(|group| allowed.contains(group)) {
            return Err(self.refuse(Rejection::UpstreamNotAdmitted, "they are in none of allowed_organizations"));
        }
        let mut claims = claims(&user, emails.as_ref()).map_err(|why| self.refuse(why, "/user has no id"))?;
        claims.insert(self.config.groups_claim.clone(), json!(groups));
        self.vouch(issuer, &claims, None)
    }

    async fn ask(&self, token: &str, path: &str) -> Result<Option<Value>, Rejection> {
        let api = if self.config.api_url.is_empty() { API } else { self.config.api_url.trim_end_matches('/') };
        self.fetch(&format!("{api}{path}"), token, ACCEPT).await
    }

    /// Those of the organizations that matter of which the person is a member, not only invited.
    async fn groups(&self, token: &str) -> Result<Vec<String>, Rejection> {
        let mut groups = Vec::new();
        for name in organizations(&self.config) {
            let path = format!("/user/memberships/orgs/{}", utf8_percent_encode(name, NON_ALPHANUMERIC));
            if self.ask(token, &path).await?.is_some_and(|membership| membership["state"] == "active") {
                groups.push(name.to_owned());
            }
        }
        Ok(groups)
    }
}

/// What GitHub says, under the names that OpenID Connect has for it. Of the addresses the primary one counts: the one in the profile is whatever the person
/// chose to show.
fn claims(user: &Value, emails: Option<&Value>) -> Result<Claims, Rejection> {
    let id = user["id"].as_u64().ok_or(Rejection::UpstreamNoSubject)?;
    let mut claims = Claims::new();
    claims.insert("sub".to_owned(), json!(id.to_string()));
    let login = user.get("login").filter(|login| login.is_string());
    let name = user.get("name").filter(|name| name.as_str().is_some_and(|name| !name.trim().is_empty()));
    let primary = emails.and_then(Value::as_array).into_iter().flatten().find(|email| email["primary"] == true);
    for (claim, value) in [
        ("name", name.or(login)),
        ("preferred_username", login),
        ("picture", user.get("avatar_url")),
        ("email", primary.and_then(|primary| primary.get("email"))),
        ("email_verified", primary.and_then(|primary| primary.get("verified"))),
    ] {
        if let Some(value) = value {
            claims.insert(claim.to_owned(), value.clone());
        }
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_subject_and_the_primary_address_alone_counts() {
        let user = json!({ "id": 583_231, "login": "octocat", "name": null, "email": "shown@github.test" });
        let emails = json!([
            { "email": "old@github.test", "verified": true, "primary": false },
            { "email": "octocat@github.test", "verified": true, "primary": true },
        ]);
        let said = claims(&user, Some(&emails)).unwrap();
        assert_eq!(
            (&said["sub"], &said["name"], &said["email"]),
            (&json!("583231"), &json!("octocat"), &json!("octocat@github.test"))
        );
        for none in [None, Some(json!([])), Some(json!([emails[0]])), Some(json!({ "message": "x" }))] {
            assert!(!claims(&user, none.as_ref()).unwrap().contains_key("email"), "{none:?}");
        }
        for wrong in [json!({ "login": "octocat" }), json!({ "id": "583231" }), json!({ "id": -1 }), json!([])] {
            assert_eq!(claims(&wrong, None), Err(Rejection::UpstreamNoSubject), "{wrong}");
        }
    }
}
