//! What a browser brought back from an OpenID provider: the code exchanged, the ID token checked, and where that says too little of a person,
//! userinfo asked (OpenID Connect Core §5.3).

use oauth2::TokenResponse;
use serde_json::Value;

use super::Parts;
use super::discovery::Known;
use crate::clock::Timestamp;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::{Callback, Errand, ProviderKind, Vouched};
use crate::protocol::upstream_token::{Claims, check_freshness, check_id_token, subject};

/// What is believed of an ID token alone, by whatever name it is asked for: how and when the person authenticated, and in which session.
const SIGNED_ALONE: [&str; 4] = ["acr", "amr", "auth_time", "sid"];

impl Parts {
    pub(super) async fn finish_openid(
        &self,
        errand: &Errand,
        code: &str,
        callback: &Callback<'_>,
        now: Timestamp,
    ) -> Result<Vouched, Rejection> {
        let known = self.known.load_full().ok_or(Rejection::UpstreamUnavailable)?;
        let answer = self.redeem(code, &errand.verifier, now).await?;
        let token = answer.extra_fields().id_token.as_deref();
        let token = token.ok_or_else(|| self.refuse(Rejection::UpstreamMissingIdToken, "there is no id_token"))?;
        let mut claims = self.id_token(token, now).await?;
        let issuer = self.check(&claims, errand, now).map_err(|why| self.refuse(why, "of the ID token"))?;
        if self.config.kind() == ProviderKind::Oidc && self.says_too_little(&claims) {
            self.ask_further(&known, answer.access_token().secret(), &mut claims).await?;
        }
        self.vouch(issuer, &claims, callback.user)
    }

    /// The issuer of an ID token for which everything holds.
    fn check(&self, claims: &Claims, errand: &Errand, now: Timestamp) -> Result<String, Rejection> {
        let issuers = self.issuers(claims)?;
        let names: Vec<&str> = issuers.iter().map(String::as_str).collect();
        check_id_token(claims, &names, &self.config.client_id, &errand.nonce, now)?;
        check_freshness(claims, errand, self.config.kind().tells_when(), now)?;
        issuers.into_iter().next().ok_or(Rejection::UpstreamWrongIssuer)
    }

    /// Whether the ID token leaves out what would be used.
    fn says_too_little(&self, claims: &Claims) -> bool {
        let groups = self.wants_groups().then_some(self.config.groups_claim.as_str());
        let wanted = [self.mapped("email"), self.mapped("name"), "email_verified"].into_iter().chain(groups);
        wanted.into_iter().any(|name| !claims.contains_key(name))
    }

    /// Adds what userinfo says of the same person, and never in the place of what was signed.
    async fn ask_further(&self, known: &Known, token: &str, claims: &mut Claims) -> Result<(), Rejection> {
        let Some(url) = &known.userinfo else { return Ok(()) };
        let Some(Value::Object(mut further)) = self.fetch(url.as_str(), token, "application/json").await? else {
            return Ok(());
        };
        if subject(&further)? != subject(claims)? {
            return Err(self.refuse(Rejection::UpstreamOtherSubject, "of userinfo"));
        }
        SIGNED_ALONE.iter().for_each(|name| drop(further.remove(*name)));
        // Whether an address is verified is said of the address beside it, and of no other.
        let email = self.mapped("email");
        let is_same = claims.get(email).is_none_or(|address| further.get(email) == Some(address));
        if !claims.contains_key("email_verified") && is_same {
            for name in [email, "email_verified"] {
                if let Some(value) = further.get(name) {
                    claims.insert(name.to_owned(), value.clone());
                }
            }
        }
        let names =
            ["name", "given_name", "family_name", "preferred_username", "picture"].map(|name| self.mapped(name));
        for name in names.into_iter().chain([self.config.groups_claim.as_str()]) {
            if let Some(value) = further.get(name).filter(|_| !claims.contains_key(name)) {
                claims.insert(name.to_owned(), value.clone());
            }
        }
        Ok(())
    }
}
