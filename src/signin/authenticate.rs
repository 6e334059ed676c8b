//! Who is signed in: from the cookie to the row, and a new row or a new cookie value for every sign-in.
//!
//! When the same person authenticates again in the same browser, the row goes on under a new cookie value: `sid` stays what clients know,
//! and their refresh tokens stay bound to it. For anybody else the old row ends.

use super::SignIns;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::proof::Proofs;
use crate::protocol::sign_in::{SignIn, USE_IS_NOTED_AFTER};
use crate::random;
use crate::secret::Secret;
use crate::storage::{NewSignIn, Transaction};

/// What is known of the browser that sent a request.
#[derive(Debug, Clone)]
pub struct Browser {
    /// The network address, as the trusted proxies tell it.
    pub address: String,
    /// Its name of itself, cut to 300 bytes.
    pub user_agent: String,
    /// The value of its sign-in cookie.
    pub cookie: Option<Secret>,
}

/// Somebody who has proved who they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival<'a> {
    /// The user's id.
    pub user_id: &'a str,
    /// How.
    pub proofs: &'a Proofs,
    /// In which browser.
    pub browser: &'a Browser,
    /// For which pending request.
    pub request_id: Option<&'a str>,
}

/// The cookie of a sign-in.
#[derive(Debug)]
pub struct NewCookie {
    /// Its value.
    pub value: Secret,
    /// How long the browser is to keep it, in seconds.
    pub lifetime: i64,
}

impl SignIns {
    /// The live sign-in of a browser, if any; notes its use, at most once a minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn current(&self, cookie: Option<&Secret>, now: Timestamp) -> Result<Option<SignIn>, Failure> {
        let Some(cookie) = cookie else { return Ok(None) };
        let found = self.storage.read().await?.sign_in_by_secret(&cookie.hash()).await?;
        let Some(sign_in) = found.filter(|sign_in| sign_in.is_live(self.limits.idle, now)) else { return Ok(None) };
        if now >= sign_in.last_used_at.plus(USE_IS_NOTED_AFTER) {
            let mut transaction = self.storage.begin().await?;
            transaction.use_sign_in(&sign_in.id, now).await?;
            transaction.commit().await?;
        }
        Ok(Some(sign_in))
    }

    /// Signs a user in, in a transaction that has decided so.
    pub(super) async fn sign_in(
        &self,
        transaction: &mut Transaction,
        Arrival { user_id, proofs, browser, request_id }: Arrival<'_>,
        now: Timestamp,
    ) -> Result<NewCookie, Failure> {
        let value = random::secret();
        let former = match &browser.cookie {
            Some(cookie) => transaction.sign_in_by_secret(&cookie.hash()).await?,
            None => None,
        };
        let goes_on =
            former.as_ref().filter(|former| former.user_id == user_id && former.is_live(self.limits.idle, now));
        let fresh_id = random::row_id(now);
        let new = NewSignIn {
            id: goes_on.map_or(fresh_id.as_str(), |former| former.id.as_str()),
            secret_hash: value.hash(),
            user_id,
            now,
            expires_at: now.plus(self.limits.absolute),
            request_id,
            user_agent: &browser.user_agent,
            address: &browser.address,
            proofs,
        };
        if goes_on.is_none() || !transaction.renew_sign_in(&new).await? {
            if let Some(former) = &former {
                transaction.end_sign_in(&former.id, "another sign-in", now).await?;
            }
            transaction.insert_sign_in(&NewSignIn { id: &fresh_id, ..new }).await?;
        }
        Ok(NewCookie { value, lifetime: self.limits.absolute })
    }

    /// Ends a sign-in of this browser. Signing out twice is no error.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, sign_in: &SignIn, now: Timestamp) -> Result<(), Failure> {
        let mut transaction = self.storage.begin().await?;
        transaction.end_sign_in(&sign_in.id, "signed out", now).await?;
        transaction.commit().await
    }
}
