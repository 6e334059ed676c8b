//! The authorization code grant (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3).
//!
//! A look finds the code with its grant, and pure rules say what is to become of it; then one statement redeems it, burns it or ends its
//! grant, or finds that somebody was quicker: whoever was not looks again. What breaks a rule has burnt the code, and the burning is
//! committed. A replay of a code that was redeemed ends the grant, when it would have been a right redemption. What fails of ours leaves the
//! code as it was.

use super::{Granted, Grants, TokenRequest};
use crate::failure::{Error, Failure};
use crate::protocol::assurance::Assurance;
use crate::protocol::audience;
use crate::protocol::audit::{Event, Name, Noun, Outcome};
use crate::protocol::authorization::Authorization;
use crate::protocol::code::{self, KnownCode, Used};
use crate::protocol::confirmation::bound_to;
use crate::protocol::grant_type::GrantType;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::resource::Resource;
use crate::protocol::role::{self, Holder};
use crate::random;
use crate::secret::{Secret, SecretHash};

impl Grants {
    pub(super) async fn authorization_code(
        &self,
        request: TokenRequest<'_>,
        resources: &[Resource],
    ) -> Result<Granted, Error> {
        let hash = Secret::presented(request.params.single("code")?.ok_or(Rejection::MissingCode)?).hash();
        // Whoever finds that somebody was quicker finds out at the next look by what; a grant may end between two of them.
        for _ in 0..3 {
            let known = self.storage.read().await?.code(&hash).await?.ok_or(Rejection::UnknownCode)?;
            if known.grant.client_id != request.client.client_id {
                return Err(Rejection::ForeignCode.into());
            }
            match known.used {
                Used::Burnt => return Err(Rejection::BurntCode.into()),
                Used::Redeemed => return Err(self.replayed(&known, request).await?.into()),
                Used::No => {}
            }
            match self.decide(&known, request, resources) {
                Ok(authorization) => {
                    let signers = self.signers(request, resources, &authorization)?;
                    if self.redeem_code(&hash, &known, &authorization, request).await? {
                        return Ok(Granted { authorization, signers });
                    }
                }
                Err(refusal) => {
                    let mut transaction = self.storage.begin().await?;
                    if transaction.burn_code(&hash, &request.client.client_id, request.now).await? {
                        transaction.commit().await?;
                        return Err(refusal.into());
                    }
                }
            }
        }
        Err(Failure::internal("a code could be neither redeemed nor burnt").into())
    }

    /// What an unused code is good for.
    fn decide(
        &self,
        known: &KnownCode,
        TokenRequest { client, params, confirmation, now, .. }: TokenRequest<'_>,
        resources: &[Resource],
    ) -> Result<Authorization, Refusal> {
        let grant = &known.grant;
        code::check(&known.issued, params, now)?;
        if !grant.holds(self.idle, now) {
            return Err(Rejection::EndedGrant.into());
        }
        let confirmation = bound_to(grant.confirmation.as_ref(), confirmation)?.cloned();
        let roles = grant.user.all_roles();
        let holder = Holder::Person(&roles);
        let allowed = self.allowed(client, resources, holder);
        let (scopes, granted) = (allowed.scopes(&grant.scopes), allowed.resources(&grant.resources)?);
        let audience = audience::decide(params, &scopes, &granted, resources, self.issuer.as_str())?;
        let gets_refresh_token = client.may_use(GrantType::RefreshToken) && self.first_expiry(grant, now).is_some();
        Ok(Authorization {
            client_id: grant.client_id.clone(),
            era: grant.client_era,
            subject: grant.user.id.clone(),
            grant_id: Some(grant.id.clone()),
            assurance: Some(Assurance::of(&grant.proofs, &grant.claims)),
            id_token: self.authentication(client, grant, &scopes, known.issued.nonce.clone()),
            scopes: scopes.for_resources(audience.identifiers(), resources, holder),
            roles: role::seen(roles, &audience, resources),
            audience,
            jti: random::token_id(),
            issued_at: now,
            lifetime: self.lifetimes.access_token_lifetime,
            confirmation,
            refresh_token: gets_refresh_token.then(random::secret),
        })
    }

    /// Does what was decided; `false` when somebody was quicker, or the grant has ended since.
    async fn redeem_code(
        &self,
        hash: &SecretHash,
        known: &KnownCode,
        authorization: &Authorization,
        request: TokenRequest<'_>,
    ) -> Result<bool, Failure> {
        let (grant, now) = (&known.grant, request.now);
        let mut transaction = self.storage.begin().await?;
        if !transaction.redeem_code(hash, &request.client.client_id, now).await? {
            return Ok(false);
        }
        let event = Event::of(&request.act(), Name::GrantBegan).on(Noun::Grant, &grant.id).about_user(&grant.user.id);
        let scopes = grant.scopes.to_string();
        transaction.record(&event.with("sign_in", grant.sign_in_id.as_deref()).with("scopes", scopes)).await?;
        if let Some(token) = &authorization.refresh_token {
            self.insert_first_refresh_token(&mut transaction, grant, token, now).await?;
        }
        if grant.use_is_due(now) {
            transaction.use_grant(&grant.id, now).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Refuses a code that was redeemed. Only what would have been a right redemption ends what came of it: whoever knows the code alone,
    /// from a log or a history, must not be able to.
    async fn replayed(&self, known: &KnownCode, request: TokenRequest<'_>) -> Result<Rejection, Failure> {
        let is_right = code::check(&known.issued, request.params, request.now).is_ok()
            && bound_to(known.grant.confirmation.as_ref(), request.confirmation).is_ok();
        if !is_right {
            return Ok(Rejection::BurntCode);
        }
        let mut transaction = self.storage.begin().await?;
        let (grant, act) = (&known.grant, request.act());
        let event = Event::of(&act, Name::CodeReplayed).on(Noun::Grant, &grant.id).about_user(&grant.user.id);
        transaction.record(&event.ended_in(Outcome::Refused).counted()).await?;
        transaction.end_grant(&grant.id, "code replayed", &act).await?;
        transaction.commit().await?;
        Ok(Rejection::ReplayedCode)
    }
}
