//! What comes next with a pending request: loads what the one pure `next_step` decides from, and does what it says.

use super::SignIns;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::protocol::authorization_request::PendingRequest;
use crate::protocol::authorization_response::{self, AuthorizationResponse};
use crate::protocol::client::Client;
use crate::protocol::code::IssuedCode;
use crate::protocol::consent::Consent;
use crate::protocol::next_step::{NextStep, next_step};
use crate::protocol::redirect_uri;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::random;
use crate::storage::{NewCode, NewGrant, Reader};

/// Where the browser goes next.
#[derive(Debug)]
pub enum Proceed {
    /// To the sign-in page.
    SignIn,
    /// To the sign-in page, though somebody is signed in.
    Reauthenticate,
    /// To the consent page.
    Consent,
    /// Back to the client, with a code.
    Issued(AuthorizationResponse),
    /// Back to the client, with an error.
    Refused(Rejection, AuthorizationResponse),
}

impl SignIns {
    /// Decides and, when all is well, issues a code.
    ///
    /// # Errors
    /// [`Rejection::ReplayedPendingRequest`], [`Rejection::DisabledClient`],
    /// [`Rejection::UnregisteredRedirectUri`]; a failure when the database fails.
    pub async fn proceed(
        &self,
        pending: &PendingRequest,
        sign_in: Option<&SignIn>,
        now: Timestamp,
    ) -> Result<Proceed, Error> {
        let client = self.directory.client(&pending.request.client_id).await?;
        let client = client.filter(|client| client.is_enabled()).ok_or(Rejection::DisabledClient)?;
        // What was registered when the request came may have been taken back since.
        redirect_uri::registered(pending.request.target.redirect_uri(), &client)?;
        let consent = match sign_in {
            Some(sign_in) => self.former_consent(&client, sign_in).await?,
            None => None,
        };
        let step = next_step(pending, &client, sign_in, consent.as_ref(), now);
        match (step, sign_in) {
            (NextStep::SignIn, _) => Ok(Proceed::SignIn),
            (NextStep::Reauthenticate, _) => Ok(Proceed::Reauthenticate),
            (NextStep::Consent, _) => Ok(Proceed::Consent),
            (NextStep::Issue, Some(sign_in)) => self.issue(pending, &client, sign_in, now).await,
            (NextStep::Issue, None) => Ok(Proceed::SignIn),
            (NextStep::Refuse(rejection), _) => Ok(self.refused(pending, rejection)),
        }
    }

    /// Remembers what the person allowed: beside what was allowed before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn allow(&self, pending: &PendingRequest, sign_in: &SignIn, now: Timestamp) -> Result<(), Error> {
        let request = &pending.request;
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(&sign_in.user_id).await?;
        let former = transaction.consent(&sign_in.user_id, &request.client_id).await?;
        let mut consent = Consent {
            scopes: request.scopes_to_allow(),
            resources: request.resources.clone(),
            confirmed_request: pending.id.clone(),
        };
        if let Some(former) = former {
            consent.scopes = consent.scopes.union(&former.scopes);
            consent.resources.extend(former.resources.into_iter().filter(|known| !request.resources.contains(known)));
        }
        transaction.remember_consent(&sign_in.user_id, &request.client_id, &consent, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What the client is told when the person denies.
    pub fn deny(&self, pending: &PendingRequest) -> Proceed {
        self.refused(pending, Rejection::ConsentDenied)
    }

    /// What of the request the person has allowed before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn former_consent(&self, client: &Client, sign_in: &SignIn) -> Result<Option<Consent>, Error> {
        let mut reader = self.storage.read().await?;
        consent_of(&mut reader, sign_in, client).await
    }

    fn refused(&self, pending: &PendingRequest, rejection: Rejection) -> Proceed {
        let response =
            authorization_response::with_error(&pending.request.target, self.issuer.as_str(), &rejection.into());
        Proceed::Refused(rejection, response)
    }

    async fn issue(
        &self,
        pending: &PendingRequest,
        client: &Client,
        sign_in: &SignIn,
        now: Timestamp,
    ) -> Result<Proceed, Error> {
        let request = &pending.request;
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
            scopes: &request.scopes,
            resources: &request.resources,
            proofs: &sign_in.proofs,
            claims: &request.claims,
            confirmation: None,
        };
        let new_code =
            NewCode { hash: code.hash(), client_id: &client.client_id, request_id: &pending.id, issued: &issued };
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(&sign_in.user_id).await?;
        // Between the first look and now the person may have been switched off, or the consent withdrawn.
        if !transaction.sign_in_holds(&sign_in.id).await? {
            return Ok(Proceed::SignIn);
        }
        let consent = consent_of(&mut transaction, sign_in, client).await?;
        if next_step(pending, client, Some(sign_in), consent.as_ref(), now) != NextStep::Issue {
            return Ok(Proceed::Consent);
        }
        transaction.insert_grant(&grant, now).await?;
        if !transaction.insert_code(&new_code).await? {
            return Err(Rejection::ReplayedPendingRequest.into());
        }
        transaction.commit().await?;
        Ok(Proceed::Issued(authorization_response::with_code(&request.target, self.issuer.as_str(), &code)))
    }
}

async fn consent_of(reader: &mut Reader, sign_in: &SignIn, client: &Client) -> Result<Option<Consent>, Error> {
    Ok(reader.consent(&sign_in.user_id, &client.client_id).await?)
}
