//! The outbox of back-channel logout: which clients are still to be told that a sign-in has ended.
//!
//! Rows are written in the transaction that ends the sign-in, so that no end is forgotten. A node takes some by a lease; of any number of
//! nodes one gets each row, and what a node took and did not finish is free again when the lease is over. As long as some of a client are
//! taken, no more of that client are: who does not answer holds up nobody but itself.

use sqlx::FromRow;

use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::logout_token::LogoutNotice;

statements! {
    NOTE_LOGOUTS = "INSERT INTO logout_outbox (client_id, sign_in_id, user_id, ended_at, due_at) \
        SELECT DISTINCT g.client_id, g.sign_in_id, g.user_id, CAST($2 AS BIGINT), CAST($2 AS BIGINT) \
        FROM grants g JOIN clients c ON c.client_id = g.client_id \
        WHERE g.sign_in_id = $1 AND c.backchannel_logout_uri IS NOT NULL AND ' ' || g.scopes || ' ' LIKE '% openid %' \
        ON CONFLICT (client_id, sign_in_id) DO NOTHING";
    LOGOUT_DUE = "SELECT o.client_id FROM logout_outbox o WHERE o.due_at <= $1 AND o.leased_until <= $1 AND NOT EXISTS \
        (SELECT 1 FROM logout_outbox b WHERE b.client_id = o.client_id AND b.leased_until > $1) LIMIT 1";
    TAKE_LOGOUTS = "UPDATE logout_outbox SET leased_until = $2, attempts = attempts + 1 \
        WHERE due_at <= $1 AND leased_until <= $1 AND (client_id, sign_in_id) IN (SELECT client_id, sign_in_id FROM \
        (SELECT o.client_id, o.sign_in_id, o.attempts, o.due_at, \
        ROW_NUMBER() OVER (PARTITION BY o.client_id ORDER BY o.attempts, o.due_at) AS place \
        FROM logout_outbox o WHERE o.due_at <= $1 AND o.leased_until <= $1 AND NOT EXISTS \
        (SELECT 1 FROM logout_outbox b WHERE b.client_id = o.client_id AND b.leased_until > $1)) AS due \
        WHERE place <= $4 ORDER BY attempts, due_at LIMIT $3) \
        RETURNING client_id, sign_in_id, user_id, attempts";
    // The first of them was noted at the earliest end.
    LOGOUTS_WAITING = "SELECT count(*), min(ended_at) FROM logout_outbox";
    FORGET_LOGOUT = "DELETE FROM logout_outbox WHERE client_id = $1 AND sign_in_id = $2 AND attempts = $3";
    POSTPONE_LOGOUT = "UPDATE logout_outbox SET leased_until = 0, due_at = $4 \
        WHERE client_id = $1 AND sign_in_id = $2 AND attempts = $3";
}

#[derive(FromRow)]
struct NoticeRow {
    client_id: String,
    sign_in_id: String,
    user_id: String,
    attempts: i64,
}

impl Reader {
    /// Whether any client is to be told of an end now that is not just being told of others.
    pub async fn logout_is_due(&mut self, now: Timestamp) -> Result<bool, Failure> {
        let row =
            on!(self, |c| sqlx::query_as::<_, (String,)>(LOGOUT_DUE).bind(now.seconds()).fetch_optional(c).await)?;
        Ok(row.is_some())
    }

    /// How many notices wait, and since when the oldest, in seconds.
    pub async fn logouts_waiting(&mut self) -> Result<(i64, Option<i64>), Failure> {
        on!(self, |c| sqlx::query_as::<_, (i64, Option<i64>)>(LOGOUTS_WAITING).fetch_one(c).await)
    }
}

impl Transaction {
    /// Notes every client that learned of a sign-in by an ID token, to be told that it has ended.
    pub(super) async fn note_logouts(&mut self, sign_in_id: &str, now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(NOTE_LOGOUTS).bind(sign_in_id).bind(now.seconds()).execute(c).await.map(drop))
    }

    /// Takes up to `most` notices that are due, at most `of_one` of each client, until `leased_until`: nobody else gets them before.
    pub async fn take_logouts(
        &mut self,
        now: Timestamp,
        leased_until: Timestamp,
        (most, of_one): (i64, i64),
    ) -> Result<Vec<LogoutNotice>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, NoticeRow>(TAKE_LOGOUTS)
            .bind(now.seconds())
            .bind(leased_until.seconds())
            .bind(most)
            .bind(of_one)
            .fetch_all(c)
            .await)?;
        let notice = |row: NoticeRow| LogoutNotice {
            client_id: row.client_id,
            sign_in_id: row.sign_in_id,
            user_id: row.user_id,
            attempts: row.attempts,
        };
        Ok(rows.into_iter().map(notice).collect())
    }

    /// Takes a notice out of the outbox: it was delivered, or given up. Nothing happens when another node has taken it since.
    pub async fn forget_logout(&mut self, notice: &LogoutNotice) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(FORGET_LOGOUT)
            .bind(&notice.client_id)
            .bind(&notice.sign_in_id)
            .bind(notice.attempts)
            .execute(c)
            .await
            .map(drop))
    }

    /// Gives a notice back, to be tried again at `due_at`. Nothing happens when another node has taken it since.
    pub async fn postpone_logout(&mut self, notice: &LogoutNotice, due_at: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(POSTPONE_LOGOUT)
            .bind(&notice.client_id)
            .bind(&notice.sign_in_id)
            .bind(notice.attempts)
            .bind(due_at.seconds())
            .execute(c)
            .await
            .map(drop))
    }
}
