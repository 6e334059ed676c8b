//! Remembered consents.

use sqlx::FromRow;

use super::rows::{from_json, json, scopes};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::consent::{Allowance, Consent};

statements! {
    CONSENT = "SELECT scopes, resources, allowed, confirmed_request FROM consents WHERE user_id = $1 AND client_id = $2";
    REMEMBER_CONSENT = "INSERT INTO consents (user_id, client_id, scopes, resources, given_at, confirmed_request, allowed, first_given_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $5) ON CONFLICT (user_id, client_id) DO UPDATE SET scopes = excluded.scopes, \
        resources = excluded.resources, given_at = excluded.given_at, confirmed_request = excluded.confirmed_request, \
        allowed = excluded.allowed";
}

#[derive(FromRow)]
pub(super) struct ConsentRow {
    pub scopes: String,
    pub resources: String,
    pub allowed: Option<String>,
    pub confirmed_request: String,
}

impl ConsentRow {
    pub(super) fn read(self) -> Result<Consent, Failure> {
        let allowed = match self.allowed {
            Some(allowed) => from_json("allowed", &allowed)?,
            None => {
                Allowance::of_former(&scopes(&self.scopes)?, &from_json::<Vec<String>>("resources", &self.resources)?)
            }
        };
        Ok(Consent { allowed, confirmed_request: self.confirmed_request })
    }
}

impl Reader {
    /// What the user has allowed the client.
    pub async fn consent(&mut self, user_id: &str, client_id: &str) -> Result<Option<Consent>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, ConsentRow>(CONSENT)
            .bind(user_id)
            .bind(client_id)
            .fetch_optional(c)
            .await)?;
        row.map(ConsentRow::read).transpose()
    }
}

impl Transaction {
    /// Remembers a consent in place of the former one.
    pub async fn remember_consent(
        &mut self,
        user_id: &str,
        client_id: &str,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let (resources, allowed) = (json(&consent.allowed.resources())?, json(&consent.allowed)?);
        on!(self, |c| sqlx::query(REMEMBER_CONSENT)
            .bind(user_id)
            .bind(client_id)
            .bind(consent.allowed.scopes().to_string())
            .bind(resources)
            .bind(now.seconds())
            .bind(&consent.confirmed_request)
            .bind(allowed)
            .execute(c)
            .await
            .map(drop))
    }
}
