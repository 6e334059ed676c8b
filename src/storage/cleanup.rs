//! What has had its day goes, in small batches: no request waits long for the one writer, and tables stay bounded.
//!
//! Nothing goes that could still be asked for: a code that is replayed, a refresh token that is reused and a grant that an access token
//! names are known for a day longer than they are worth anything.

use super::{Storage, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;

statements! {
    CLEAN_CODES = "DELETE FROM codes WHERE code_hash IN (SELECT code_hash FROM codes WHERE expires_at < $1 \
        ORDER BY expires_at LIMIT $2)";
    CLEAN_REFRESH_TOKENS = "DELETE FROM refresh_tokens WHERE token_hash IN (SELECT token_hash FROM refresh_tokens \
        WHERE expires_at < $1 OR grant_id IN (SELECT id FROM grants WHERE ended_at < $1) LIMIT $2)";
    CLEAN_SIGN_INS = "DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE ended_at < $1 OR expires_at < $1 \
        OR last_used_at < $3 LIMIT $2)";
    CLEAN_GRANTS = "DELETE FROM grants WHERE id IN (SELECT g.id FROM grants g WHERE COALESCE(g.ended_at, g.last_used_at, g.created_at) < $1 \
        AND NOT EXISTS (SELECT 1 FROM sign_ins s WHERE s.id = g.sign_in_id AND s.ended_at IS NULL) \
        AND NOT EXISTS (SELECT 1 FROM codes c WHERE c.grant_id = g.id) \
        AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.grant_id = g.id) LIMIT $2)";
    CLEAN_REVOKED = "DELETE FROM revoked_tokens WHERE jti IN (SELECT jti FROM revoked_tokens WHERE expires_at < $1 LIMIT $2)";
    CLEAN_FAILURES = "DELETE FROM sign_in_failures WHERE address IN (SELECT address FROM sign_in_failures \
        WHERE started_at < $1 LIMIT $2)";
}

/// How many rows go at once.
const BATCH: u64 = 500;
/// How long what is over is still known, in seconds.
const KEPT: i64 = 86_400;

impl Storage {
    /// Removes what has had its day; `idle` is the longest pause between two uses of a sign-in, in seconds. Tells how many rows went.
    ///
    /// # Errors
    /// When the database fails: what went before stays gone, and the rest goes next time.
    pub async fn clean(&self, idle: i64, now: Timestamp) -> Result<u64, Failure> {
        let (day, week) = (now.minus(KEPT), now.minus(7 * KEPT));
        // Children before their parents.
        let mut gone = self.clean_table(CLEAN_CODES, day, None).await?;
        gone += self.clean_table(CLEAN_REFRESH_TOKENS, day, None).await?;
        gone += self.clean_table(CLEAN_SIGN_INS, week, Some(week.minus(idle))).await?;
        gone += self.clean_table(CLEAN_GRANTS, now.minus(2 * KEPT), None).await?;
        gone += self.clean_table(CLEAN_REVOKED, now, None).await?;
        gone += self.clean_table(CLEAN_FAILURES, now.minus(3600), None).await?;
        Ok(gone)
    }

    /// Runs one statement over and over, each time in a transaction of its own, until nothing is left for it.
    async fn clean_table(
        &self,
        statement: &'static str,
        before: Timestamp,
        unused_since: Option<Timestamp>,
    ) -> Result<u64, Failure> {
        let mut gone = 0;
        loop {
            let mut transaction = self.begin_uncounted().await?;
            let batch = i64::try_from(BATCH).unwrap_or(i64::MAX);
            let count = on!(transaction, |c| {
                let query = sqlx::query(statement).bind(before.seconds()).bind(batch);
                let query = if let Some(at) = unused_since { query.bind(at.seconds()) } else { query };
                query.execute(c).await.map(|done| done.rows_affected())
            })?;
            transaction.commit().await?;
            gone += count;
            if count < BATCH {
                return Ok(gone);
            }
        }
    }
}
