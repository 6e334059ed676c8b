//! The refresh token grant (RFC 6749 §6, RFC 9700 §4.14): every use replaces the token, a lost answer can be asked for again, later it is
//! superseded by another, and a copy that is used ends what it was a copy of.
//!
//! What is asked is decided first, from token and grant as a look finds them; then one statement replaces the token (or supersedes the
//! successor that nobody has used) or finds that somebody was quicker, and the look is taken again. A refusal changes nothing, except that
//! a reuse ends what it must, and a token that comes too late its own grant.

use super::{Granted, Grants, TokenRequest};
use crate::clock::Timestamp;
use crate::config::LONGEST_LIFETIME;
use crate::failure::{Error, Failure};
use crate::protocol::assurance::Assurance;
use crate::protocol::audience;
use crate::protocol::audit::{Event, Name, Noun, Outcome};
use crate::protocol::authorization::Authorization;
use crate::protocol::confirmation::bound_to;
use crate::protocol::grant::Grant;
use crate::protocol::on_reuse::OnReuse;
use crate::protocol::refresh::{self, Answer, Presented, RefreshToken, State};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::resource::Resource;
use crate::protocol::role::{self, Holder};
use crate::protocol::scope;
use crate::random;
use crate::sealing::SealingKey;
use crate::secret::Secret;
use crate::storage::{NewRefreshToken, Replacement, Transaction};

/// The purpose of the key that a refresh token gives: sealing its successor.
const SUCCESSOR: &str = "refresh token successor";

impl Grants {
    pub(super) async fn refresh_token(
        &self,
        request: TokenRequest<'_>,
        resources: &[Resource],
    ) -> Result<Granted, Error> {
        let text = request.params.single("refresh_token")?.ok_or(Rejection::MissingRefreshToken)?;
        let presented = Secret::presented(text);
        // Twice at most: whoever finds at the first look that nobody was there, and then that somebody was quicker, looks again.
        for _ in 0..2 {
            let (token, grant) = self.known(&presented, request).await?;
            let (authorization, is_new) = match token.presented(&grant, self.refresh_limits(), request.now)? {
                Presented::Current | Presented::Lost(_) => {
                    let answer = self.answer(request, resources, &grant)?;
                    let refresh_token = Some(random::secret());
                    (Authorization { refresh_token, ..self.refreshed((request, resources), &grant, answer) }, true)
                }
                Presented::Retry(replaced, sealed) => {
                    // Of what was narrowed since, the answer says no more.
                    let roles = grant.user.all_roles();
                    let holder = Holder::Person(&roles);
                    let scopes = self.allowed(request.client, resources, holder).scopes(&replaced.answer.scopes);
                    let scopes = scopes.for_resources(replaced.answer.audience.identifiers(), resources, holder);
                    let answer = Answer { scopes, ..replaced.answer.clone() };
                    if !self.answer(request, resources, &grant)?.is_like(&answer) {
                        return Err(Rejection::ChangedRetry.into());
                    }
                    let (issued_at, refresh_token) = (replaced.at, Some(open(&presented, sealed)?));
                    let again = self.refreshed((request, resources), &grant, answer);
                    (Authorization { issued_at, refresh_token, ..again }, false)
                }
                Presented::TooLate => {
                    self.end(OnReuse::Grant, &grant, TOO_LATE, request).await?;
                    return Err(Rejection::LateRefreshToken.into());
                }
                Presented::Reused => {
                    let ends = OnReuse::of(request.client, self.lifetimes.on_reuse);
                    self.end(ends, &grant, REUSED, request).await?;
                    return Err(Rejection::ReusedRefreshToken.into());
                }
            };
            let signers = self.signers(request, resources, &authorization)?;
            if !is_new || self.rotate(&presented, (&token, &grant), &authorization, request.now).await? {
                return Ok(Granted { authorization, signers });
            }
        }
        Err(Failure::internal("a refresh token could not be replaced").into())
    }

    /// What the access token would say that this request asks for.
    fn answer(
        &self,
        TokenRequest { client, params, .. }: TokenRequest<'_>,
        resources: &[Resource],
        grant: &Grant,
    ) -> Result<Answer, Refusal> {
        let roles = grant.user.all_roles();
        let holder = Holder::Person(&roles);
        let allowed = self.allowed(client, resources, holder);
        let scopes = allowed.scopes(&scope::narrowed(params, &grant.scopes)?);
        let granted = allowed.resources(&grant.resources)?;
        let audience = audience::decide(params, &scopes, &granted, resources, self.issuer.as_str())?;
        let scopes = scopes.for_resources(audience.identifiers(), resources, holder);
        Ok(Answer { scopes, audience, jti: random::token_id() })
    }

    /// The token, if it is this client's and its grant holds.
    async fn known(
        &self,
        presented: &Secret,
        TokenRequest { client, confirmation, now, .. }: TokenRequest<'_>,
    ) -> Result<(RefreshToken, Grant), Error> {
        let known = self.storage.read().await?.refresh_token(&presented.hash()).await?;
        let (token, grant) = known.ok_or(Rejection::UnknownRefreshToken)?;
        if grant.client_id != client.client_id {
            return Err(Rejection::ForeignRefreshToken.into());
        }
        if !grant.holds(self.idle, now) {
            return Err(Rejection::EndedGrant.into());
        }
        bound_to(grant.confirmation.as_ref(), confirmation)?;
        Ok((token, grant))
    }

    /// What is answered now, but for the successor.
    fn refreshed(
        &self,
        (request, resources): (TokenRequest<'_>, &[Resource]),
        grant: &Grant,
        answer: Answer,
    ) -> Authorization {
        Authorization {
            client_id: grant.client_id.clone(),
            era: grant.client_era,
            subject: grant.user.id.clone(),
            grant_id: Some(grant.id.clone()),
            assurance: Some(Assurance::of(&grant.proofs, &grant.claims)),
            id_token: self.authentication(request.client, grant, &answer.scopes, None),
            scopes: answer.scopes,
            roles: role::seen(grant.user.all_roles(), &answer.audience, resources),
            audience: answer.audience,
            jti: answer.jti,
            issued_at: request.now,
            lifetime: self.lifetimes.access_token_lifetime,
            confirmation: request.confirmation.cloned(),
            refresh_token: None,
        }
    }

    /// Replaces the token, or the successor that it had, by the one in the authorization; `false` when somebody was quicker, or the grant
    /// has ended since.
    async fn rotate(
        &self,
        presented: &Secret,
        (token, grant): (&RefreshToken, &Grant),
        authorization: &Authorization,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let expires_at = self.refresh_limits().expiry(grant, now).ok_or(Rejection::ExpiredRefreshToken)?;
        let Some(successor) = &authorization.refresh_token else { return Ok(false) };
        let (hash, key) = (presented.hash(), SealingKey::from_secret(presented, SUCCESSOR));
        let answer = Answer {
            scopes: authorization.scopes.clone(),
            audience: authorization.audience.clone(),
            jti: authorization.jti.clone(),
        };
        let replacement = Replacement {
            successor: NewRefreshToken {
                hash: successor.hash(),
                grant_id: &grant.id,
                client_id: &grant.client_id,
                now,
                expires_at,
            },
            sealed: key.seal(hash.as_bytes(), successor.expose().as_bytes()),
            answer: &answer,
        };
        let mut transaction = self.storage.begin().await?;
        let is_done = match &token.state {
            State::Current => transaction.rotate_refresh_token(&hash, &replacement).await?,
            State::Replaced(lost) => {
                // Also when the lifetime was longer at the time.
                let until = lost.at.plus(LONGEST_LIFETIME);
                transaction.supersede_refresh_token(&hash, lost, until, &replacement).await?
            }
            State::Superseded => false,
        };
        if !is_done {
            return Ok(false);
        }
        if let Some(sign_in_id) = grant.sign_in_to_use(now) {
            transaction.use_sign_in(sign_in_id, now).await?;
        }
        if grant.use_is_due(now) {
            transaction.use_grant(&grant.id, now).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends what a token stood for, or everything of its person.
    async fn end(&self, what: OnReuse, grant: &Grant, reason: &str, request: TokenRequest<'_>) -> Result<(), Failure> {
        let act = request.act();
        let mut transaction = self.storage.begin().await?;
        if reason == REUSED {
            let event = Event::of(&act, Name::RefreshTokenReused).on(Noun::Grant, &grant.id).about_user(&grant.user.id);
            transaction.record(&event.ended_in(Outcome::Refused).with("ends", what.as_str())).await?;
        }
        match what {
            OnReuse::User => transaction.end_access_of_user(&grant.user.id, reason, &act).await?,
            OnReuse::Grant => transaction.end_grant(&grant.id, reason, &act).await?,
        }
        transaction.commit().await
    }

    /// When the first refresh token of a grant would expire; `None` when none is due.
    pub(super) fn first_expiry(&self, grant: &Grant, now: Timestamp) -> Option<Timestamp> {
        self.refresh_limits().expiry(grant, now).filter(|_| refresh::is_due(grant))
    }

    /// Writes the first refresh token of a grant.
    pub(super) async fn insert_first_refresh_token(
        &self,
        transaction: &mut Transaction,
        grant: &Grant,
        token: &Secret,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let Some(expires_at) = self.first_expiry(grant, now) else { return Ok(()) };
        let new =
            NewRefreshToken { hash: token.hash(), grant_id: &grant.id, client_id: &grant.client_id, now, expires_at };
        transaction.insert_refresh_token(&new).await
    }

    fn refresh_limits(&self) -> refresh::Limits {
        refresh::Limits {
            idle: self.lifetimes.refresh_idle,
            absolute: self.lifetimes.refresh_absolute,
            lost_answer: self.lifetimes.lost_answer,
        }
    }
}

/// Opens the successor that a replaced token kept.
fn open(presented: &Secret, sealed: &[u8]) -> Result<Secret, Failure> {
    let opened = SealingKey::from_secret(presented, SUCCESSOR).open(presented.hash().as_bytes(), sealed);
    let text = opened.and_then(|plain| String::from_utf8(plain.to_vec()).ok());
    text.map(Secret::presented).ok_or_else(|| Failure::internal("a successor of a refresh token cannot be opened"))
}

/// Why a grant or sign-in ended, in the database and on the account page.
pub const REUSED: &str = "refresh token reused";
/// Why a grant ended, in the database: the same answer was asked for when nobody could still be waiting for it.
const TOO_LATE: &str = "lost answer asked for too late";
