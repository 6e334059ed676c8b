//! Tokens that a provider signed: which key and algorithm count (OpenID Connect Core §10.1, RFC 8725 §3). The keys are those that it publishes
//! at the address that its discovery document names, and none that a token brings; the algorithms are those that it announced. The signature is
//! checked by the rules of `doorward-client`, by which APIs check our own tokens.

use std::sync::Arc;

use doorward_client::jws::Jws;
use doorward_client::{Refusal, insecure_claims_without_any_verification};

use super::discovery::Known;
use super::{Parts, Refetched, address, microsoft};
use crate::clock::Timestamp;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::ProviderKind;
use crate::protocol::upstream_token::{Claims, LogoutToken, check_logout_token};

/// How often keys are fetched for the sake of one that is not known, at most, in seconds: whoever sends tokens with made-up names of keys
/// makes us ask no more often.
const REFETCH_EVERY: i64 = 60;
/// What an ID token's header may say that it is; it need not say so.
const ID_TOKEN: &[&str] = &["jwt", "id_token", "id_token+jwt"];
/// What a logout token's may.
const LOGOUT_TOKEN: &[&str] = &["jwt", "logout+jwt"];

impl Parts {
    /// The claims of an ID token that the provider signed.
    ///
    /// # Errors
    /// The rule that says no.
    pub(super) async fn id_token(&self, token: &str, now: Timestamp) -> Result<Claims, Rejection> {
        let claims = self.claims(token, ID_TOKEN, &self.refetched, now).await;
        claims.map_err(|rejection| self.refuse(rejection, "of the ID token"))
    }

    /// Checks a logout token. What it says is looked at before who signed it: a stranger may send any, and what is not even written as one for
    /// us makes us call nobody.
    ///
    /// # Errors
    /// [`Rejection::WrongLogoutToken`].
    pub(super) async fn logout_token(&self, token: &str, now: Timestamp) -> Result<LogoutToken, Rejection> {
        let wrong = Rejection::WrongLogoutToken;
        let claims = insecure_claims_without_any_verification(token).map_err(|_| wrong)?;
        let issuers = self.issuers(&claims).map_err(|_| wrong)?;
        let issuers: Vec<&str> = issuers.iter().map(String::as_str).collect();
        let said = check_logout_token(&claims, &issuers, &self.config.client_id, now)?;
        let signed = self.claims(token, LOGOUT_TOKEN, &self.refetched_for_logout, now).await;
        signed.map_err(|why| self.refuse(wrong, why.reason()))?;
        Ok(said)
    }

    /// The issuers of which a token may be: one, but for Google, who has two names for itself.
    ///
    /// # Errors
    /// Where the token's own tenant decides, the rule that says no.
    pub(super) fn issuers(&self, claims: &Claims) -> Result<Vec<String>, Rejection> {
        let issuer = address::issuer(&self.config);
        match self.config.kind() {
            ProviderKind::Microsoft => Ok(vec![microsoft::issuer(&self.config, claims)?]),
            ProviderKind::Google if issuer == address::GOOGLE => Ok(vec![issuer, address::GOOGLE_SHORT.to_owned()]),
            _ => Ok(vec![issuer]),
        }
    }

    async fn claims(
        &self,
        token: &str,
        types: &[&str],
        refetched: &Refetched,
        now: Timestamp,
    ) -> Result<Claims, Rejection> {
        let known = self.known.load_full().ok_or(Rejection::UpstreamUnavailable)?;
        match claims(&known, token, types) {
            Err(Rejection::UpstreamUnknownKey) => {
                let known = self.refetched_keys(&known, refetched, now).await?;
                claims(&known, token, types)
            }
            outcome => outcome,
        }
    }

    /// What is known, with keys fetched anew unless that was done a moment ago. Whoever comes meanwhile waits for the same keys.
    async fn refetched_keys(
        &self,
        seen: &Arc<Known>,
        refetched: &Refetched,
        now: Timestamp,
    ) -> Result<Arc<Known>, Rejection> {
        let mut refetched = refetched.lock().await;
        let known = self.known.load_full().ok_or(Rejection::UpstreamUnavailable)?;
        if !Arc::ptr_eq(&known, seen) {
            return Ok(known);
        }
        if refetched.is_some_and(|at| now < at.plus(REFETCH_EVERY)) {
            return Err(Rejection::UpstreamUnknownKey);
        }
        *refetched = Some(now);
        let keys = self.fetch_keys(&known.jwks).await.map_err(|why| self.refuse(Rejection::UpstreamUnknownKey, why))?;
        let known = Arc::new(known.with_keys(keys));
        self.known.store(Some(known.clone()));
        Ok(known)
    }
}

/// The claims of a token that is signed with one of the keys.
fn claims(known: &Known, token: &str, types: &[&str]) -> Result<Claims, Rejection> {
    // It came in an answer of the provider, or in a form: either has its bound.
    let token = Jws::parse_of_any_length(token).map_err(rejection)?;
    if token.has_type() && !types.iter().any(|name| token.is_type(name)) {
        return Err(Rejection::UpstreamMalformedToken);
    }
    let key = known.keys.find(&token, &known.algorithms).map_err(rejection)?;
    token.verify(key).and_then(|payload| payload.claims()).map_err(rejection)
}

/// Our name for what the rules refuse that APIs check by, too.
fn rejection(refusal: Refusal) -> Rejection {
    match refusal {
        Refusal::Algorithm => Rejection::UpstreamWrongAlgorithm,
        Refusal::UnknownKey => Rejection::UpstreamUnknownKey,
        Refusal::Signature => Rejection::UpstreamWrongSignature,
        _ => Rejection::UpstreamMalformedToken,
    }
}
