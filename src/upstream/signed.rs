//! Tokens that a provider signed: which key and algorithm count (OpenID Connect Core §10.1, RFC 8725 §3). The keys are those that it publishes
//! at the address that its discovery document names, and none that a token brings; the algorithms are those that it announced.

use std::sync::Arc;

use openidconnect::JsonWebKey;
use openidconnect::core::CoreJwsSigningAlgorithm;
use serde_json::{Map, Value};

use super::discovery::Known;
use super::{Parts, Refetched, address, microsoft};
use crate::clock::Timestamp;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::ProviderKind;
use crate::protocol::upstream_token::{Claims, LogoutToken, check_logout_token};
use crate::secret::from_base64url;

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
        let claims = parts(token).and_then(|(_, payload, _)| object(payload)).ok_or(wrong)?;
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

/// The header, the payload and the signature of a token, as they travel.
fn parts(token: &str) -> Option<(&str, &str, &str)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    Some((header, payload, signature))
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&from_base64url(part)?).ok()
}

/// The claims of a token that is signed with one of the keys.
fn claims(known: &Known, token: &str, types: &[&str]) -> Result<Claims, Rejection> {
    let malformed = Rejection::UpstreamMalformedToken;
    let (header, payload, signature) = parts(token).ok_or(malformed)?;
    let signed = &token[..header.len() + 1 + payload.len()];
    let header = object(header).ok_or(malformed)?;
    let typ = header.get("typ").map(|typ| typ.as_str().unwrap_or_default().to_ascii_lowercase());
    // What must be understood is not (RFC 7515 §4.1.11).
    if header.contains_key("crit") || typ.is_some_and(|typ| !types.contains(&typ.as_str())) {
        return Err(malformed);
    }
    let algorithm: Option<CoreJwsSigningAlgorithm> =
        header.get("alg").and_then(|name| serde_json::from_value(name.clone()).ok());
    let algorithm = algorithm.filter(|algorithm| known.algorithms.contains(algorithm));
    let algorithm = algorithm.ok_or(Rejection::UpstreamWrongAlgorithm)?;
    let signature = from_base64url(signature).ok_or(malformed)?;
    let kid = match header.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str().ok_or(malformed)?),
    };
    let is_meant = |of: &str| kid.is_none_or(|kid| of == kid);
    let mut candidates =
        known.keys.keys().iter().filter(|key| is_meant(key.key_id().map_or("", |kid| kid.as_str()))).peekable();
    if candidates.peek().is_none() {
        return Err(Rejection::UpstreamUnknownKey);
    }
    if !candidates.any(|key| key.verify_signature(&algorithm, signed.as_bytes(), &signature).is_ok()) {
        return Err(Rejection::UpstreamWrongSignature);
    }
    object(payload).ok_or(malformed)
}
