//! What is known of a person, gathered for them ([`crate::protocol::export`]).

use sqlx::FromRow;

use super::consents::ConsentRow;
use super::sign_ins::{SignInEntry, SignInFilter};
use super::{AuditFilter, Factor, Reader, Storage, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::api_key::Owner;
use crate::protocol::export::{
    AccountPart, ApiKeyPart, ApplicationPart, EventPart, Export, FactorPart, PasskeyPart, SignInPart,
};
use crate::protocol::factor_reset::FactorResetView;
use crate::protocol::page::Page;

statements! {
    CONSENTS_OF_USER = "SELECT client_id, scopes, resources, allowed, confirmed_request FROM consents WHERE user_id = $1";
}

/// How many rows of the record are read at once.
const BATCH: i64 = 500;

#[derive(FromRow)]
struct Allowed {
    client_id: String,
    #[sqlx(flatten)]
    consent: ConsentRow,
}

impl Storage {
    /// All that is known of a person; `None` when there is no such account. Read in several steps, so what happens meanwhile may be in one part of it
    /// and not yet in another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn export(&self, user_id: &str, issuer: &str, now: Timestamp) -> Result<Option<Export>, Failure> {
        let mut reader = self.read().await?;
        let Some(account) = reader.user(user_id).await? else { return Ok(None) };
        let has_password = account.password_hash.is_some();
        let mut export = Export::new(AccountPart::new(account.user, has_password), issuer, now);
        export.identities = reader.identities_of_user(user_id).await?.into_iter().map(Into::into).collect();
        let reset = reader.factor_reset(user_id).await?;
        export.factor_reset = reset.map(FactorResetView::from);
        export.second_factors = reader.factors(user_id).await?.into_iter().map(factor_part).collect();
        export.passkeys = reader.passkeys(user_id).await?.into_iter().map(PasskeyPart::from).collect();
        export.kept_devices = reader.kept_devices(user_id).await?.into_iter().map(Into::into).collect();
        export.sign_ins = reader.every_sign_in_of(user_id).await?;
        export.applications = reader.applications_of(user_id).await?;
        export.api_keys = reader.every_api_key_of(user_id).await?;
        drop(reader);
        let filter = AuditFilter { user_id: Some(user_id), event: None, since: Timestamp::from_seconds(0) };
        let mut last = 0;
        loop {
            // One connection for no longer than a batch takes.
            let rows = self.read().await?.audit_after(last, &filter, BATCH).await?;
            let Some(newest) = rows.last() else { return Ok(Some(export)) };
            last = newest.row.id;
            export.history.extend(rows.into_iter().map(|listed| EventPart::of(listed.row, user_id)));
        }
    }
}

impl Reader {
    async fn every_sign_in_of(&mut self, user_id: &str) -> Result<Vec<SignInPart>, Failure> {
        let which = SignInFilter { user_id: Some(user_id), live: None };
        let (mut parts, mut after) = (Vec::new(), None);
        loop {
            let listed = self.sign_ins(&which, &Page { after, limit: Page::MOST }).await?;
            parts.extend(listed.items.into_iter().map(part_of));
            after = listed.next;
            if after.is_none() {
                return Ok(parts);
            }
        }
    }

    async fn every_api_key_of(&mut self, user_id: &str) -> Result<Vec<ApiKeyPart>, Failure> {
        let owner = Owner::User(user_id.to_owned());
        let (mut parts, mut after) = (Vec::new(), None);
        loop {
            let listed = self.api_keys(Some(&owner), &Page { after, limit: Page::MOST }).await?;
            parts.extend(listed.items.into_iter().map(ApiKeyPart::from));
            after = listed.next;
            if after.is_none() {
                return Ok(parts);
            }
        }
    }

    async fn applications_of(&mut self, user_id: &str) -> Result<Vec<ApplicationPart>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, Allowed>(CONSENTS_OF_USER).bind(user_id).fetch_all(c).await)?;
        let mut allowed = Vec::new();
        for row in rows {
            allowed.push((row.client_id, row.consent.read()?.allowed));
        }
        let apps = self.apps_of_user(user_id).await?.into_iter().map(|app| ApplicationPart {
            allowed: allowed.iter().find(|(id, _)| *id == app.client_id).map(|(_, allowed)| allowed.clone()),
            client_id: app.client_id,
            name: app.name,
            scopes: app.scopes.iter().map(ToString::to_string).collect(),
            used_at: app.used_at.to_string(),
        });
        Ok(apps.collect())
    }
}

fn factor_part(factor: Factor) -> FactorPart {
    FactorPart {
        kind: factor.kind.as_str(),
        created_at: factor.created_at.to_string(),
        last_used_at: factor.last_used_at.map(|at| at.to_string()),
        left: factor.left,
    }
}

fn part_of(entry: SignInEntry) -> SignInPart {
    let time = |seconds| Timestamp::from_seconds(seconds).to_string();
    SignInPart {
        id: entry.id,
        device: SignInPart::device_of(&entry.user_agent),
        user_agent: entry.user_agent,
        address: entry.address,
        created_at: time(entry.created_at),
        authenticated_at: time(entry.auth_time),
        last_used_at: time(entry.last_used_at),
        expires_at: time(entry.expires_at),
        ended_at: entry.ended_at.map(time),
        end_reason: entry.end_reason,
    }
}
