//! What has had its day goes, in small batches: no request waits long for the one writer, and tables stay bounded.
//!
//! Nothing goes that could still be asked for: a code that is replayed, a refresh token that is reused and a grant that an access token
//! names are known for a day longer than they are worth anything.
//!
//! No table is ever read whole. What is worth nothing from a known time on is found by that time's index. A sign-in or a grant lives
//! on as it is used: each has a time when it is to be looked at (`look_at`); then it goes, or gets another such time. A
//! reader looks, and the writer is taken only for what is to be written.

use sqlx::{AssertSqlSafe, FromRow};

use super::connection::Link;
use super::{Reader, Storage, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::factor_reset::OPEN_FOR;

statements! {
    CODE_DUE = "SELECT expires_at FROM codes WHERE expires_at < $1 LIMIT 1";
    CLEAN_CODES = "DELETE FROM codes WHERE code_hash IN (SELECT code_hash FROM codes WHERE expires_at < $1 \
        ORDER BY expires_at LIMIT $2)";
    REFRESH_TOKEN_DUE = "SELECT expires_at FROM refresh_tokens WHERE expires_at < $1 LIMIT 1";
    CLEAN_REFRESH_TOKENS = "DELETE FROM refresh_tokens WHERE token_hash IN (SELECT token_hash FROM refresh_tokens \
        WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    REVOKED_DUE = "SELECT expires_at FROM revoked_tokens WHERE expires_at < $1 LIMIT 1";
    CLEAN_REVOKED = "DELETE FROM revoked_tokens WHERE jti IN (SELECT jti FROM revoked_tokens WHERE expires_at < $1 \
        ORDER BY expires_at LIMIT $2)";
    DELETION_DUE = "SELECT deleted_at FROM deleted_clients WHERE deleted_at < $1 LIMIT 1";
    CLEAN_DELETIONS = "DELETE FROM deleted_clients WHERE client_id IN (SELECT client_id FROM deleted_clients \
        WHERE deleted_at < $1 ORDER BY deleted_at LIMIT $2)";
    DENIED_DUE = "SELECT expires_at FROM denied_requests WHERE expires_at < $1 LIMIT 1";
    CLEAN_DENIED = "DELETE FROM denied_requests WHERE request_id IN (SELECT request_id FROM denied_requests WHERE expires_at < $1 \
        ORDER BY expires_at LIMIT $2)";
    ERRAND_DUE = "SELECT expires_at FROM errands WHERE expires_at < $1 LIMIT 1";
    CLEAN_ERRANDS = "DELETE FROM errands WHERE state_hash IN (SELECT state_hash FROM errands WHERE expires_at < $1 \
        ORDER BY expires_at LIMIT $2)";
    MAIL_OVERDUE = "SELECT due_at FROM mail_outbox WHERE due_at < $1 LIMIT 1";
    CLEAN_MAILS = "DELETE FROM mail_outbox WHERE id IN (SELECT id FROM mail_outbox WHERE due_at < $1 ORDER BY due_at LIMIT $2)";
    MAIL_MARK_DUE = "SELECT expires_at FROM mail_marks WHERE expires_at < $1 LIMIT 1";
    CLEAN_MAIL_MARKS = "DELETE FROM mail_marks WHERE name IN (SELECT name FROM mail_marks WHERE expires_at < $1 \
        ORDER BY expires_at LIMIT $2)";
    TICKET_DUE = "SELECT expires_at FROM tickets WHERE expires_at < $1 LIMIT 1";
    CLEAN_TICKETS = "DELETE FROM tickets WHERE id IN (SELECT id FROM tickets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    API_KEY_DUE = "SELECT expires_at FROM api_keys WHERE expires_at < $1 LIMIT 1";
    CLEAN_API_KEYS = "DELETE FROM api_keys WHERE id IN (SELECT id FROM api_keys WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    SECRET_DUE = "SELECT ends_at FROM resource_secrets WHERE ends_at < $1 LIMIT 1";
    CLEAN_SECRETS = "DELETE FROM resource_secrets WHERE kid IN (SELECT kid FROM resource_secrets WHERE ends_at < $1 \
        ORDER BY ends_at LIMIT $2)";
    CHALLENGE_DUE = "SELECT expires_at FROM used_challenges WHERE expires_at < $1 LIMIT 1";
    CLEAN_CHALLENGES = "DELETE FROM used_challenges WHERE id IN (SELECT id FROM used_challenges WHERE expires_at < $1 \
        ORDER BY expires_at LIMIT $2)";
    FACTOR_RESET_DUE = "SELECT opens_at FROM factor_resets WHERE opens_at < $1 LIMIT 1";
    CLEAN_FACTOR_RESETS = "DELETE FROM factor_resets WHERE user_id IN (SELECT user_id FROM factor_resets WHERE opens_at < $1 \
        ORDER BY opens_at LIMIT $2)";
    KEPT_DEVICE_DUE = "SELECT expires_at FROM kept_devices WHERE expires_at < $1 LIMIT 1";
    CLEAN_KEPT_DEVICES = "DELETE FROM kept_devices WHERE (user_id, device_hash) IN (SELECT user_id, device_hash FROM kept_devices \
        WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    SIGN_INS_TO_LOOK_AT = "SELECT id, ended_at, expires_at, last_used_at FROM sign_ins WHERE look_at <= $1 ORDER BY look_at LIMIT $2";
    CLEAN_SIGN_IN = "DELETE FROM sign_ins WHERE id = $1 AND (ended_at < $2 OR expires_at < $2 OR last_used_at < $3)";
    LOOK_AT_SIGN_IN = "UPDATE sign_ins SET look_at = $2 WHERE id = $1";
    GRANTS_TO_LOOK_AT = "SELECT g.id, g.ended_at, COALESCE(g.ended_at, g.last_used_at, g.created_at) AS last_at, \
        CAST(CASE WHEN EXISTS (SELECT 1 FROM sign_ins s WHERE s.id = g.sign_in_id AND s.ended_at IS NULL) \
        OR EXISTS (SELECT 1 FROM codes c WHERE c.grant_id = g.id) \
        OR EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.grant_id = g.id) THEN 1 ELSE 0 END AS BIGINT) AS is_needed \
        FROM grants g WHERE g.look_at <= $1 ORDER BY g.look_at LIMIT $2";
    CLEAN_TOKENS_OF_GRANT = "DELETE FROM refresh_tokens WHERE token_hash IN (SELECT r.token_hash FROM refresh_tokens r \
        JOIN grants g ON g.id = r.grant_id WHERE r.grant_id = $1 AND g.ended_at < $2 LIMIT $3)";
    CLEAN_GRANT = "DELETE FROM grants WHERE id = $1 AND COALESCE(ended_at, last_used_at, created_at) < $2 \
        AND NOT EXISTS (SELECT 1 FROM sign_ins s WHERE s.id = grants.sign_in_id AND s.ended_at IS NULL) \
        AND NOT EXISTS (SELECT 1 FROM codes c WHERE c.grant_id = grants.id) \
        AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.grant_id = grants.id)";
    LOOK_AT_GRANT = "UPDATE grants SET look_at = $2 WHERE id = $1";
}

/// How many rows go, or are looked at, in one transaction.
const BATCH: i64 = 200;
/// How many batches one table gets at most each time: the rest can wait for the next.
const BATCHES: usize = 500;
const QUARTER: i64 = 900;
const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

#[derive(FromRow)]
struct SignInRow {
    id: String,
    ended_at: Option<i64>,
    expires_at: i64,
    last_used_at: i64,
}

#[derive(FromRow)]
struct GrantRow {
    id: String,
    ended_at: Option<i64>,
    last_at: i64,
    is_needed: i64,
}

impl Storage {
    /// Removes what has had its day; `idle` is the longest pause between two uses of a sign-in, in seconds. Tells how many rows went.
    ///
    /// # Errors
    /// When the database fails: what went before stays gone, and the rest goes next time.
    pub async fn clean(&self, idle: i64, now: Timestamp) -> Result<u64, Failure> {
        // Children before their parents.
        let mut gone = self.clean_table(CODE_DUE, CLEAN_CODES, now.minus(DAY)).await?;
        gone += self.clean_table(REFRESH_TOKEN_DUE, CLEAN_REFRESH_TOKENS, now.minus(DAY)).await?;
        gone += self.clean_sign_ins(idle, now).await?;
        gone += self.clean_grants(now).await?;
        gone += self.clean_table(REVOKED_DUE, CLEAN_REVOKED, now).await?;
        // Longer than a node goes on with what it remembers when it hears nothing.
        gone += self.clean_table(DELETION_DUE, CLEAN_DELETIONS, now.minus(WEEK)).await?;
        gone += self.clean_table(DENIED_DUE, CLEAN_DENIED, now).await?;
        // Whoever comes back a little too late is told so, and led on.
        gone += self.clean_table(ERRAND_DUE, CLEAN_ERRANDS, now.minus(QUARTER)).await?;
        // Those of an installation that sends none any more.
        gone += self.clean_table(MAIL_OVERDUE, CLEAN_MAILS, now.minus(WEEK)).await?;
        gone += self.clean_table(MAIL_MARK_DUE, CLEAN_MAIL_MARKS, now).await?;
        gone += self.clean_table(TICKET_DUE, CLEAN_TICKETS, now.minus(DAY)).await?;
        // Who asks why a script of theirs fails finds what became of its key.
        gone += self.clean_table(API_KEY_DUE, CLEAN_API_KEYS, now.minus(30 * DAY)).await?;
        // A node that still has one takes nothing under it any more.
        gone += self.clean_table(SECRET_DUE, CLEAN_SECRETS, now.minus(DAY)).await?;
        gone += self.clean_table(CHALLENGE_DUE, CLEAN_CHALLENGES, now.minus(DAY)).await?;
        // Whoever asks what became of a request that nobody has used is still told that it lapsed.
        gone += self.clean_table(FACTOR_RESET_DUE, CLEAN_FACTOR_RESETS, now.minus(OPEN_FOR + DAY)).await?;
        gone += self.clean_table(KEPT_DEVICE_DUE, CLEAN_KEPT_DEVICES, now).await?;
        gone += self.clean_counters(now).await?;
        Ok(gone)
    }

    async fn clean_table(&self, due: &'static str, clean: &'static str, before: Timestamp) -> Result<u64, Failure> {
        let mut gone = 0;
        for _ in 0..BATCHES {
            if !self.read_uncounted().await?.is_due(due, before).await? {
                break;
            }
            let mut transaction = self.begin_uncounted().await?;
            gone += on!(transaction, |c| sqlx::query(clean)
                .bind(before.seconds())
                .bind(BATCH)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
            transaction.commit().await?;
        }
        Ok(gone)
    }

    async fn clean_counters(&self, now: Timestamp) -> Result<u64, Failure> {
        let mut gone = 0;
        for _ in 0..BATCHES {
            // Each by itself and in the order of their names, as attempts take them.
            let ids = self.read_uncounted().await?.counters_due(now, BATCH).await?;
            if ids.is_empty() {
                break;
            }
            let mut transaction = self.begin_uncounted().await?;
            for id in ids {
                gone += transaction.clean_counter(&id, now).await?;
            }
            transaction.commit().await?;
        }
        Ok(gone)
    }

    async fn clean_sign_ins(&self, idle: i64, now: Timestamp) -> Result<u64, Failure> {
        let mut gone = 0;
        for _ in 0..BATCHES {
            let rows = self.read_uncounted().await?.sign_ins_to_look_at(now).await?;
            if rows.is_empty() {
                break;
            }
            let mut transaction = self.begin_uncounted().await?;
            for row in rows {
                gone += transaction.clean_sign_in(&row, idle, now).await?;
            }
            transaction.commit().await?;
        }
        Ok(gone)
    }

    async fn clean_grants(&self, now: Timestamp) -> Result<u64, Failure> {
        let mut gone = 0;
        for _ in 0..BATCHES {
            let rows = self.read_uncounted().await?.grants_to_look_at(now).await?;
            if rows.is_empty() {
                break;
            }
            let mut transaction = self.begin_uncounted().await?;
            for row in rows {
                gone += transaction.clean_grant(&row, now).await?;
            }
            transaction.commit().await?;
        }
        Ok(gone)
    }

    /// How SQLite goes about each statement of clean-up, with its name; PostgreSQL is not asked. Lets a test show that none reads a
    /// whole table.
    pub async fn plans_of_clean_up(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut reader = self.read_uncounted().await?;
        let mut plans = Vec::new();
        for (name, sql) in STATEMENTS {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let steps: sqlx::Result<Vec<(i64, i64, i64, String)>> = match reader.link() {
                Link::Sqlite(link) => sqlx::query_as(explain).fetch_all(link).await,
                Link::Postgres(_) => Ok(Vec::new()),
            };
            let steps: Vec<String> = reader.settle(steps)?.into_iter().map(|(.., step)| step).collect();
            plans.push((*name, steps.join("; ")));
        }
        Ok(plans)
    }
}

impl Reader {
    async fn is_due(&mut self, due: &'static str, before: Timestamp) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (i64,)>(due).bind(before.seconds()).fetch_optional(c).await)?;
        Ok(row.is_some())
    }

    async fn sign_ins_to_look_at(&mut self, now: Timestamp) -> Result<Vec<SignInRow>, Failure> {
        on!(self, |c| sqlx::query_as(SIGN_INS_TO_LOOK_AT).bind(now.seconds()).bind(BATCH).fetch_all(c).await)
    }

    async fn grants_to_look_at(&mut self, now: Timestamp) -> Result<Vec<GrantRow>, Failure> {
        on!(self, |c| sqlx::query_as(GRANTS_TO_LOOK_AT).bind(now.seconds()).bind(BATCH).fetch_all(c).await)
    }
}

impl Transaction {
    /// A sign-in goes a week after its end. Until then it is looked at again when that will be, by what is known now.
    async fn clean_sign_in(&mut self, row: &SignInRow, idle: i64, now: Timestamp) -> Result<u64, Failure> {
        let end = row.expires_at.min(row.last_used_at.saturating_add(idle)).min(row.ended_at.unwrap_or(i64::MAX));
        let goes_after = end.saturating_add(WEEK);
        if goes_after < now.seconds() {
            let before = now.minus(WEEK);
            return self.clean_one(CLEAN_SIGN_IN, &row.id, &[before.seconds(), before.minus(idle).seconds()]).await;
        }
        self.clean_one(LOOK_AT_SIGN_IN, &row.id, &[goes_after.saturating_add(1)]).await.map(|_| 0)
    }

    /// A grant goes two days after its last use, when nothing is left that could ask for it; it is looked at once a day.
    async fn clean_grant(&mut self, row: &GrantRow, now: Timestamp) -> Result<u64, Failure> {
        let (mut gone, mut rest) = (0, false);
        let has_ended = row.ended_at.is_some_and(|at| at < now.minus(DAY).seconds());
        if has_ended {
            gone += self.clean_one(CLEAN_TOKENS_OF_GRANT, &row.id, &[now.minus(DAY).seconds(), BATCH]).await?;
            // A long chain of tokens goes batch by batch.
            rest = gone >= BATCH.unsigned_abs();
        }
        let last = now.minus(2 * DAY).seconds();
        if row.last_at < last && (row.is_needed == 0 || has_ended) {
            let went = self.clean_one(CLEAN_GRANT, &row.id, &[last]).await?;
            if went > 0 {
                return Ok(gone + went);
            }
        }
        if !rest {
            self.clean_one(LOOK_AT_GRANT, &row.id, &[now.plus(DAY).seconds()]).await?;
        }
        Ok(gone)
    }

    /// Runs a statement on one row; tells how many it touched.
    async fn clean_one(&mut self, statement: &'static str, id: &str, numbers: &[i64]) -> Result<u64, Failure> {
        on!(self, |c| {
            let query = numbers.iter().fold(sqlx::query(statement).bind(id), |query, number| query.bind(*number));
            query.execute(c).await.map(|done| done.rows_affected())
        })
    }
}
