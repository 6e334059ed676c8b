//! Tells clients by the back channel that a sign-in has ended (OpenID Connect Back-Channel Logout §2.5).
//!
//! A node takes a few of each client, and sends them to all clients at once: nothing waits for a client that takes its time but what else that
//! very client is to be told.

use super::{Outcome, Round};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::logout_token::LogoutNotice;
use crate::storage::{Directory, Storage, Transaction};
use crate::tokens::Mint;

/// How many are sent to one client at once: 64 may be silent before another waits.
const OF_ONE: i64 = 8;

/// The notices of ended sign-ins.
#[derive(Clone, Debug)]
pub struct Logouts {
    /// Where they lie.
    pub storage: Storage,
    /// Knows the clients.
    pub directory: Directory,
    /// Signs the tokens.
    pub mint: Mint,
    /// Calls the clients.
    pub outgoing: Outgoing,
    /// What is signed with, unless the client wants something else.
    pub default: Algorithm,
}

impl Round for Logouts {
    type Item = LogoutNotice;
    const MOST: usize = 512;
    const LEASE: i64 = 60;

    fn storage(&self) -> &Storage {
        &self.storage
    }

    async fn is_due(&self, now: Timestamp) -> Result<bool, Failure> {
        self.storage.read_uncounted().await?.logout_is_due(now).await
    }

    async fn take(
        &self,
        transaction: &mut Transaction,
        now: Timestamp,
        most: i64,
    ) -> Result<Vec<LogoutNotice>, Failure> {
        transaction.take_logouts(now, now.plus(Self::LEASE), (most, OF_ONE)).await
    }

    async fn send(&self, notice: &LogoutNotice, now: Timestamp) -> Result<Outcome, Failure> {
        let client = self.directory.client(&notice.client_id).await?.filter(|client| client.is_enabled());
        let Some((client, uri)) = client.as_ref().and_then(|c| Some((c, c.backchannel_logout_uri.as_deref()?))) else {
            return Ok(Outcome::Pointless);
        };
        let token = self.mint.logout_token(notice, client.id_token_algorithm.preference(self.default), now)?;
        self.outgoing.post_form(uri, &[("logout_token", &token)]).await?;
        Ok(Outcome::Delivered)
    }

    fn attempts(notice: &LogoutNotice) -> i64 {
        notice.attempts
    }

    async fn forget(&self, transaction: &mut Transaction, notice: &LogoutNotice) -> Result<(), Failure> {
        transaction.forget_logout(notice).await
    }

    async fn postpone(
        &self,
        transaction: &mut Transaction,
        notice: &LogoutNotice,
        due_at: Timestamp,
        _why: &Failure,
    ) -> Result<(), Failure> {
        transaction.postpone_logout(notice, due_at).await
    }

    fn complain(notice: &LogoutNotice, failure: &Failure, given_up: bool) {
        let (client, attempts) = (notice.client_id.as_str(), notice.attempts);
        if given_up {
            tracing::warn!(client, attempts, %failure, "a client was not told of a logout");
        } else {
            tracing::info!(client, attempts, %failure, "a client could not be told of a logout");
        }
    }
}
