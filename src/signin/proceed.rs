//! What comes next on a journey, and doing it: the one end of every way through the pages.

use super::{Browser, SignIns, Standing};
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::protocol::audit::{Event, Name, Noun, Outcome};
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::authorization_response::{self, AuthorizationResponse};
use crate::protocol::client::Client;
use crate::protocol::code::IssuedCode;
use crate::protocol::consent::{Allowance, Consent};
use crate::protocol::journey::{Action, Goal, Journey};
use crate::protocol::next_step::{Known, NextStep, next_step};
use crate::protocol::rejection::Rejection;
use crate::protocol::role::Holder;
use crate::protocol::second_factor::Lack;
use crate::protocol::sign_in::SignIn;
use crate::random;
use crate::storage::{NewCode, NewGrant};

/// How long a denial is remembered, in seconds: longer than a journey can begin anew.
const DENIED_FOR: i64 = 2 * 86_400;

/// Where the browser goes next.
#[derive(Debug)]
pub enum Proceed {
    /// To the page that asks for a proof.
    Prove,
    /// To the page on which somebody for whom this provider vouches makes an account, or says which is theirs.
    Introduce(String),
    /// To the page that asks whether who is signed in is the one for whom this provider vouches.
    Link(String),
    /// To the provider with this id, to link an account there.
    Depart(String),
    /// To the page that asks for what is missing of a second factor.
    SecondFactor(Lack),
    /// To the page on which the account gets an authenticator.
    SetAuthenticator,
    /// To the page on which the account gets a passkey, or a security key.
    AddPasskey,
    /// To the page on which recovery codes are made.
    MakeRecoveryCodes,
    /// To the page on which the account gets its first password.
    ChoosePassword,
    /// To the page on which the person makes an API key, in the place of the one with this id if there is one.
    MakeKey(Option<String>),
    /// To the consent page.
    Consent,
    /// Back to the client, with a code.
    Issued(AuthorizationResponse),
    /// Back to the client, with an error.
    Refused(Rejection, AuthorizationResponse),
    /// To the account page.
    Account,
    /// To the account page, which says what was done.
    Done(Action),
    /// To the page that says so: the person has just ended this very sign-in.
    SignedOut,
    /// To the page that says so: the person has left. When the account goes; `None` when it is gone.
    Left(Option<Timestamp>),
}

impl SignIns {
    /// Decides for a browser and, when nothing is missing, does what the journey is for.
    ///
    /// # Errors
    /// Those of [`SignIns::standing`] and [`SignIns::go_on`].
    pub async fn proceed(&self, journey: &Journey, browser: &Browser, now: Timestamp) -> Result<Proceed, Error> {
        let standing = self.standing(journey, browser.cookie.as_ref(), now).await?;
        self.go_on(journey, standing, browser, now).await
    }

    /// Goes on from where a browser stands.
    ///
    /// # Errors
    /// [`Rejection::ReplayedPendingRequest`]; what is refused on a journey on which there is no client to tell; a failure when the
    /// database fails.
    pub async fn go_on(
        &self,
        journey: &Journey,
        standing: Standing,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Proceed, Error> {
        let Standing { sign_in: Some(sign_in), step: NextStep::Finish, client, .. } = standing else {
            return self.led_to(journey, standing.step);
        };
        match (&journey.goal, client) {
            (Goal::Authorize(request), Some(client)) => self.issue(journey, (request, &client), &sign_in, now).await,
            (Goal::Authorize(_), None) => Err(Rejection::DisabledClient.into()),
            (Goal::Account, _) => Ok(Proceed::Account),
            (Goal::Confirm { action: Action::Link(provider), .. }, _) => Ok(Proceed::Depart(provider.clone())),
            (Goal::Confirm { action: Action::SetPassword, .. }, _) => Ok(Proceed::ChoosePassword),
            (Goal::Confirm { action: Action::SetAuthenticator, .. }, _) => Ok(Proceed::SetAuthenticator),
            (Goal::Confirm { action: Action::AddPasskey | Action::AddSecurityKey, .. }, _) => Ok(Proceed::AddPasskey),
            (Goal::Confirm { action: Action::MakeRecoveryCodes, .. }, _) => Ok(Proceed::MakeRecoveryCodes),
            (Goal::Confirm { action: Action::MakeKey(former), .. }, _) => Ok(Proceed::MakeKey(former.clone())),
            (Goal::Confirm { action: Action::Leave { for_good }, .. }, _) => {
                self.give_up((journey, &sign_in), *for_good, browser, now).await
            }
            (Goal::Confirm { action, .. }, _) => {
                let this = self.end(&sign_in, action, browser, now).await?;
                Ok(if this { Proceed::SignedOut } else { Proceed::Done(action.clone()) })
            }
        }
    }

    /// Where a step leads that is not the last one.
    fn led_to(&self, journey: &Journey, step: NextStep) -> Result<Proceed, Error> {
        let provider = || journey.newcomer.as_ref().map(|newcomer| newcomer.provider.clone()).unwrap_or_default();
        match (step, journey.request()) {
            (NextStep::Refuse(rejection), Some(request)) => Ok(self.refused(request, rejection)),
            (NextStep::Refuse(rejection), None) => Err(rejection.into()),
            (NextStep::Consent, _) => Ok(Proceed::Consent),
            (NextStep::SecondFactor(lack), _) => Ok(Proceed::SecondFactor(lack)),
            (NextStep::Introduce, _) => Ok(Proceed::Introduce(provider())),
            (NextStep::Link, _) => Ok(Proceed::Link(provider())),
            (NextStep::SignIn | NextStep::Reauthenticate | NextStep::Finish, _) => Ok(Proceed::Prove),
        }
    }

    /// Remembers what the person allowed: beside what was allowed before.
    ///
    /// # Errors
    /// [`Rejection::MissingPendingRequest`] when nobody asks for anything; [`Rejection::ReplayedPendingRequest`] when the request was denied
    /// before; a failure when the database fails.
    pub async fn allow(
        &self,
        journey: &Journey,
        sign_in: &SignIn,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Error> {
        let request = journey.request().ok_or(Rejection::MissingPendingRequest)?;
        let resources = self.directory.resources().await?;
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(&sign_in.user_id).await?;
        if transaction.is_denied(journey.request_id()).await? {
            return Err(Rejection::ReplayedPendingRequest.into());
        }
        let former = transaction.consent(&sign_in.user_id, &request.client_id).await?;
        let holder = Holder::Person(&sign_in.roles);
        let (mut allowed, mut is_more) = (Allowance::asked(request, &resources, holder), true);
        if let Some(former) = former {
            is_more = !former.allowed.covers(&allowed);
            if !is_more && former.confirmed_request == journey.id {
                // Sent again: nothing becomes of it.
                return Ok(());
            }
            allowed = allowed.and(&former.allowed);
        }
        let consent = Consent { allowed, confirmed_request: journey.id.clone() };
        transaction.remember_consent(&sign_in.user_id, &request.client_id, &consent, now).await?;
        let event = Event::of(&browser.act(&sign_in.user_id, now), Name::ConsentGiven)
            .on(Noun::Client, &request.client_id)
            .with("scopes", request.scopes_for(holder, &resources).to_string());
        // Who allows what was allowed before can do so any number of times, on two requests in turn.
        transaction.record(&if is_more { event } else { event.counted() }).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What the client is told when the person denies. The request is answered by that: going back and allowing it gives no code.
    ///
    /// # Errors
    /// [`Rejection::MissingPendingRequest`] when nobody asks for anything; [`Rejection::DisabledClient`],
    /// [`Rejection::UnregisteredRedirectUri`]: then nothing is told to anybody; a failure when the database fails.
    pub async fn deny(
        &self,
        journey: &Journey,
        sign_in: &SignIn,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Proceed, Error> {
        let request = journey.request().ok_or(Rejection::MissingPendingRequest)?;
        self.client_of(request).await?;
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(&sign_in.user_id).await?;
        // Sent again it changes nothing, and is not recorded again.
        if transaction.deny_request(journey.request_id(), now.plus(DENIED_FOR)).await? {
            // A code that nobody has used yet goes with it.
            transaction.take_back_code(journey.request_id()).await?;
            let event = Event::of(&browser.act(&sign_in.user_id, now), Name::ConsentDenied);
            transaction.record(&event.on(Noun::Client, &request.client_id).ended_in(Outcome::Refused)).await?;
        }
        transaction.commit().await?;
        Ok(self.refused(request, Rejection::ConsentDenied))
    }

    fn refused(&self, request: &AuthorizationRequest, rejection: Rejection) -> Proceed {
        let response = authorization_response::with_error(&request.target, self.issuer.as_str(), &rejection.into());
        Proceed::Refused(rejection, response)
    }

    async fn issue(
        &self,
        journey: &Journey,
        (request, client): (&AuthorizationRequest, &Client),
        sign_in: &SignIn,
        now: Timestamp,
    ) -> Result<Proceed, Error> {
        let (resources, demands) = (self.directory.resources().await?, self.directory.role_demands().await?);
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(&sign_in.user_id).await?;
        // Between the first look and now the sign-in may have ended, the person been switched off, or the consent withdrawn.
        let held = transaction.sign_in_and_consent(&sign_in.id, &client.client_id).await?;
        let (sign_in, consent) = held.filter(|(sign_in, _)| sign_in.is_live(self.limits.idle, now)).unzip();
        let consent = consent.flatten();
        let known =
            Known { sign_in: sign_in.as_ref(), client: Some(client), consent: consent.as_ref(), resources: &resources };
        let step = next_step(journey, known, &self.policy_on(&demands, sign_in.as_ref(), Some(client)), now);
        let (NextStep::Finish, Some(sign_in)) = (step, &sign_in) else { return self.led_to(journey, step) };
        // What a role would have given is not granted, so that a role which comes later brings nothing that the person was never asked for.
        let scopes = request.scopes_for(Holder::Person(&sign_in.roles), &resources);
        let (code, grant_id) = (random::secret(), random::id());
        let issued = IssuedCode {
            grant_id: grant_id.clone(),
            redirect_uri: request.target.redirect_uri().to_owned(),
            challenge: request.challenge.clone(),
            nonce: request.nonce.clone(),
            expires_at: now.plus(self.lifetimes.code_lifetime),
        };
        let grant = NewGrant {
            id: &grant_id,
            client_id: &client.client_id,
            user_id: &sign_in.user_id,
            sign_in_id: Some(&sign_in.id),
            bound: client.client_type.is_bound_to_sign_in(),
            scopes: &scopes,
            resources: &request.resources,
            proofs: &sign_in.proofs,
            claims: &request.claims,
            confirmation: None,
        };
        let new_code = NewCode {
            hash: code.hash(),
            client_id: &client.client_id,
            request_id: journey.request_id(),
            issued: &issued,
        };
        transaction.insert_grant(&grant, now).await?;
        if !transaction.insert_code(&new_code).await? {
            // "Allow" pressed twice: the former answer may never have reached the application. Once it has, there is no other.
            let is_unused = transaction.take_back_code(journey.request_id()).await?;
            if !is_unused || !transaction.insert_code(&new_code).await? {
                return Err(Rejection::ReplayedPendingRequest.into());
            }
        }
        transaction.commit().await?;
        Ok(Proceed::Issued(authorization_response::with_code(&request.target, self.issuer.as_str(), &code)))
    }
}
