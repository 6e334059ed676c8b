//! The refresh token grant (RFC 6749 §6, RFC 9700 §4.14): every use replaces the token, a lost answer can be asked for again, and a copy
//! that is used ends what it was a copy of.
//!
//! What is asked is decided first, from token and grant as they stand; then one statement replaces the token or finds that somebody
//! was quicker, and that request's answer is given again. A refusal changes nothing, except that a reuse ends what it must.

use std::sync::Arc;

use super::{Grants, TokenRequest};
use crate::clock::Timestamp;
use crate::config::OnReuse;
use crate::failure::{Error, Failure};
use crate::protocol::authorization::Authorization;
use crate::protocol::confirmation::bound_to;
use crate::protocol::grant::Grant;
use crate::protocol::refresh::{self, Answer, Presented, RefreshToken};
use crate::protocol::rejection::Rejection;
use crate::protocol::resource::{self, Resource};
use crate::protocol::scope;
use crate::random;
use crate::sealing::SealingKey;
use crate::secret::Secret;
use crate::storage::{NewRefreshToken, Replacement, Transaction};

/// The purpose of the key that a refresh token gives: sealing its successor.
const SUCCESSOR: &str = "refresh token successor";

/// One presentation of a refresh token.
struct Turn<'a> {
    request: TokenRequest<'a>,
    presented: Secret,
    resources: Arc<Vec<Resource>>,
}

impl Grants {
    pub(super) async fn refresh_token(&self, request: TokenRequest<'_>) -> Result<Authorization, Error> {
        let text = request.params.single("refresh_token")?.ok_or(Rejection::MissingRefreshToken)?;
        let resources = self.directory.resources().await?;
        let turn = Turn { request, presented: Secret::presented(text), resources };
        let mut transaction = self.storage.begin().await?;
        // Twice at most: whoever finds at the first look that nobody was there, and then that somebody was quicker, looks again.
        for _ in 0..2 {
            let (token, grant) = self.known(&mut transaction, &turn).await?;
            match token.presented(request.now)? {
                Presented::Current => {
                    let answer = self.answer(&turn, &grant)?;
                    if let Some(authorization) = self.rotate(&mut transaction, &turn, &grant, &answer).await? {
                        transaction.commit().await?;
                        return Ok(authorization);
                    }
                }
                Presented::Retry(replaced, sealed) => {
                    let unchanged = self.answer(&turn, &grant)?.is_like(&replaced.answer);
                    let successor = open(&turn.presented, sealed)?;
                    return match unchanged {
                        true => {
                            let id_token = self.authentication(&mut transaction, &grant, &replaced.answer.scopes, None);
                            let id_token = id_token.await?;
                            let answered = self.refreshed(&grant, &replaced.answer, successor, replaced.at);
                            let confirmation = request.confirmation.cloned();
                            Ok(Authorization { confirmation, id_token, ..answered })
                        }
                        false => Err(Rejection::ChangedRetry.into()),
                    };
                }
                Presented::Reused => {
                    self.end_reused(&mut transaction, &grant, request.now).await?;
                    transaction.commit().await?;
                    return Err(Rejection::ReusedRefreshToken.into());
                }
            }
        }
        Err(Failure::internal("a refresh token could not be replaced").into())
    }

    /// What the access token would say that this request asks for.
    fn answer(&self, turn: &Turn<'_>, grant: &Grant) -> Result<Answer, Rejection> {
        let params = turn.request.params;
        let audience = resource::audience(params, &grant.resources, self.issuer.as_str())?;
        let scopes = scope::narrowed(params, &grant.scopes)?.for_audience(&audience, &turn.resources);
        Ok(Answer { scopes, audience, jti: random::id() })
    }

    /// The token and its grant, which must hold.
    async fn known(&self, transaction: &mut Transaction, turn: &Turn<'_>) -> Result<(RefreshToken, Grant), Error> {
        let TokenRequest { client, now, .. } = turn.request;
        let token = transaction.refresh_token(&turn.presented.hash()).await?.ok_or(Rejection::UnknownRefreshToken)?;
        if token.client_id != client.client_id {
            return Err(Rejection::ForeignRefreshToken.into());
        }
        let grant = transaction.grant(&token.grant_id).await?.filter(|grant| grant.holds(self.idle, now));
        let grant = grant.ok_or(Rejection::EndedGrant)?;
        bound_to(grant.confirmation.as_ref(), turn.request.confirmation)?;
        Ok((token, grant))
    }

    /// Replaces the token; `None` when somebody was quicker.
    async fn rotate(
        &self,
        transaction: &mut Transaction,
        turn: &Turn<'_>,
        grant: &Grant,
        answer: &Answer,
    ) -> Result<Option<Authorization>, Error> {
        let now = turn.request.now;
        let expires_at = self.refresh_limits().expiry(grant, now).ok_or(Rejection::ExpiredRefreshToken)?;
        let (hash, successor) = (turn.presented.hash(), random::secret());
        let key = SealingKey::from_secret(&turn.presented, SUCCESSOR);
        let replacement = Replacement {
            successor: NewRefreshToken {
                hash: successor.hash(),
                grant_id: &grant.id,
                client_id: &grant.client_id,
                now,
                expires_at,
            },
            sealed: key.seal(hash.as_bytes(), successor.expose().as_bytes()),
            answer,
        };
        if !transaction.rotate_refresh_token(&hash, &replacement).await? {
            return Ok(None);
        }
        if let Some(sign_in_id) = grant.sign_in_id.as_deref().filter(|_| grant.bound) {
            transaction.use_sign_in(sign_in_id, now).await?;
        }
        transaction.use_grant(&grant.id, now).await?;
        let id_token = self.authentication(transaction, grant, &answer.scopes, None).await?;
        let confirmation = turn.request.confirmation.cloned();
        Ok(Some(Authorization { confirmation, id_token, ..self.refreshed(grant, answer, successor, now) }))
    }

    /// All but the ID token and the key.
    fn refreshed(&self, grant: &Grant, answer: &Answer, successor: Secret, at: Timestamp) -> Authorization {
        Authorization {
            client_id: grant.client_id.clone(),
            subject: grant.user_id.clone(),
            grant_id: Some(grant.id.clone()),
            scopes: answer.scopes.clone(),
            audience: answer.audience.clone(),
            roles: grant.roles.clone(),
            jti: answer.jti.clone(),
            issued_at: at,
            lifetime: self.lifetimes.access_token_lifetime,
            confirmation: None,
            id_token: None,
            refresh_token: Some(successor),
        }
    }

    /// Somebody has a copy of a refresh token: ends what the settings say.
    async fn end_reused(&self, transaction: &mut Transaction, grant: &Grant, now: Timestamp) -> Result<(), Failure> {
        match self.lifetimes.on_reuse {
            OnReuse::User => transaction.end_everything_of_user(&grant.user_id, REUSED, now).await,
            OnReuse::Grant => transaction.end_grant(&grant.id, REUSED, now).await,
        }
    }

    /// The first refresh token of a grant, when one is due.
    pub(super) async fn first_refresh_token(
        &self,
        transaction: &mut Transaction,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<Option<Secret>, Failure> {
        let Some(expires_at) = self.refresh_limits().expiry(grant, now).filter(|_| refresh::is_due(grant)) else {
            return Ok(None);
        };
        let token = random::secret();
        let new =
            NewRefreshToken { hash: token.hash(), grant_id: &grant.id, client_id: &grant.client_id, now, expires_at };
        transaction.insert_refresh_token(&new).await?;
        Ok(Some(token))
    }

    fn refresh_limits(&self) -> refresh::Limits {
        refresh::Limits { idle: self.lifetimes.refresh_idle, absolute: self.lifetimes.refresh_absolute }
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
