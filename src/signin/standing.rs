//! Where a browser stands on a journey: loads what the one pure `next_step` decides from, in one statement.

use std::sync::Arc;

use super::{Pending, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::assurance;
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::client::Client;
use crate::protocol::consent::Consent;
use crate::protocol::demand::{Demand, RoleDemands, highest};
use crate::protocol::journey::Journey;
use crate::protocol::next_step::{Known, NextStep, Policy, is_whole, next_step};
use crate::protocol::proof::{Kind, Proofs};
use crate::protocol::redirect_uri;
use crate::protocol::rejection::Rejection;
use crate::protocol::second_factor::Lack;
use crate::protocol::sign_in::{SignIn, USE_IS_NOTED_AFTER};
use crate::secret::Secret;
use crate::storage::Reader;

/// Where a browser stands on a journey.
#[derive(Debug)]
pub struct Standing {
    /// Its live sign-in.
    pub sign_in: Option<SignIn>,
    /// The client that asks, when the journey is to answer one.
    pub client: Option<Arc<Client>>,
    /// What the person has allowed that client before.
    pub consent: Option<Consent>,
    /// What comes next.
    pub step: NextStep,
}

impl SignIns {
    /// Where the browser with this sign-in cookie stands on a journey.
    ///
    /// # Errors
    /// [`Rejection::DisabledClient`] and [`Rejection::UnregisteredRedirectUri`] when the client that asks has changed meanwhile; a
    /// failure when the database fails.
    pub async fn standing(
        &self,
        journey: &Journey,
        cookie: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Standing, Error> {
        let Some(request) = journey.request() else {
            return Ok(self.standing_of(journey, self.current(cookie, now).await?, now).await?);
        };
        let client = self.client_of(request).await?;
        let (sign_in, consent) = match cookie {
            Some(cookie) => self.current_with_consent(cookie, &client, now).await?,
            None => (None, None),
        };
        let resources = self.directory.resources().await?;
        let known = Known {
            sign_in: sign_in.as_ref(),
            client: Some(&client),
            consent: consent.as_ref(),
            resources: &resources,
        };
        let demands = self.directory.role_demands().await?;
        let step = next_step(journey, known, &self.policy_on(&demands, sign_in.as_ref(), Some(&client)), now);
        Ok(Standing { sign_in, client: Some(client), consent, step })
    }

    /// Where a person stands on a journey to a goal of our own, on which no client asks.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn standing_of(
        &self,
        journey: &Journey,
        sign_in: Option<SignIn>,
        now: Timestamp,
    ) -> Result<Standing, Failure> {
        let demands = self.directory.role_demands().await?;
        let known = Known { sign_in: sign_in.as_ref(), ..Known::default() };
        let step = next_step(journey, known, &self.policy_on(&demands, sign_in.as_ref(), None), now);
        Ok(Standing { sign_in, client: None, consent: None, step })
    }

    /// Whether nothing is missing of a sign-in: one that was made before more was demanded opens none of the person's pages.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn is_whole(&self, sign_in: &SignIn) -> Result<bool, Failure> {
        let demands = self.directory.role_demands().await?;
        Ok(is_whole(sign_in, &self.policy_on(&demands, Some(sign_in), None)))
    }

    /// What is demanded of whoever is signed in, and by the client to which they go.
    pub(super) fn policy_on(&self, demands: &RoleDemands, sign_in: Option<&SignIn>, client: Option<&Client>) -> Policy {
        let by_roles = sign_in.and_then(|sign_in| demands.on(&sign_in.roles));
        let by_client = client.and_then(|client| client.metadata.acr.as_deref()).map(Demand::of);
        Policy { demanded: highest([by_roles, by_client]), ..self.policy }
    }

    /// What is demanded of the person with this account wherever they go, as they sign in.
    pub(super) async fn policy_for(&self, reader: &mut Reader, user_id: &str) -> Result<Policy, Failure> {
        let demands = self.directory.role_demands_within(reader).await?;
        if demands.is_empty() {
            return Ok(self.policy);
        }
        let account = reader.user(user_id).await?;
        Ok(Policy { demanded: account.and_then(|account| demands.on(&account.user.all_roles())), ..self.policy })
    }

    /// Whether what somebody lacks on a journey is what the application asks for, of whoever goes there or by its request, whatever a role of theirs
    /// demands beside it.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn is_asked_for(&self, journey: &Journey, pending: &Pending, now: Timestamp) -> Result<bool, Failure> {
        let Some(request) = journey.request() else { return Ok(false) };
        let client = self.directory.client(&request.client_id).await?;
        let demand = client.and_then(|client| client.metadata.acr.as_deref().map(Demand::of));
        Ok(match pending.lack {
            Lack::Code | Lack::Enrolment => {
                let password = Proofs::of(Kind::Password, now);
                demand.is_some_and(|demand| demand.wants_second_factor(&password, now))
                    || assurance::demands_second_factor(&password, &request.claims, now)
            }
            Lack::Passkey(kept) | Lack::FirstPasskey(kept) => {
                let best = self.policy.best_without_passkey(pending.guards.password, now);
                let of_all = demand.and_then(|demand| demand.wants_passkey(&best, &best));
                of_all.max(assurance::demands_passkey(&best, &request.claims, &best)) >= Some(kept)
            }
        })
    }

    /// The client of a request, if it may still be answered: what was registered when it came may have been taken back since.
    pub(super) async fn client_of(&self, request: &AuthorizationRequest) -> Result<Arc<Client>, Error> {
        let client = self.directory.client(&request.client_id).await?;
        let client = client.filter(|client| client.is_enabled()).ok_or(Rejection::DisabledClient)?;
        redirect_uri::registered(request.target.redirect_uri(), &client)?;
        Ok(client)
    }

    /// The live sign-in of a browser, if any; notes its use, at most once a minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn current(&self, cookie: Option<&Secret>, now: Timestamp) -> Result<Option<SignIn>, Failure> {
        let Some(cookie) = cookie else { return Ok(None) };
        let found = self.storage.read().await?.sign_in_by_secret(&cookie.hash()).await?;
        let live = found.filter(|sign_in| sign_in.is_live(self.limits.idle, now));
        self.note_use(live.as_ref(), now).await?;
        Ok(live)
    }

    /// As [`SignIns::current`], with what its user has allowed the client.
    async fn current_with_consent(
        &self,
        cookie: &Secret,
        client: &Client,
        now: Timestamp,
    ) -> Result<(Option<SignIn>, Option<Consent>), Failure> {
        let mut reader = self.storage.read().await?;
        let found = reader.sign_in_and_consent_by_secret(&cookie.hash(), &client.client_id).await?;
        drop(reader);
        let live = found.filter(|(sign_in, _)| sign_in.is_live(self.limits.idle, now));
        let (sign_in, consent) = live.unzip();
        self.note_use(sign_in.as_ref(), now).await?;
        Ok((sign_in, consent.flatten()))
    }

    async fn note_use(&self, sign_in: Option<&SignIn>, now: Timestamp) -> Result<(), Failure> {
        let Some(sign_in) = sign_in.filter(|sign_in| now >= sign_in.last_used_at.plus(USE_IS_NOTED_AFTER)) else {
            return Ok(());
        };
        let mut transaction = self.storage.begin().await?;
        transaction.use_sign_in(&sign_in.id, now).await?;
        transaction.commit().await
    }
}
