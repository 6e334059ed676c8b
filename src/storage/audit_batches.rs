//! Batches of the audit record: rows are claimed for one by a statement that finds those without any. A range of ids would not do: a row with
//! a smaller id may be committed after one with a greater one. A row that still counts a flood is left for later. What the seals are says
//! `protocol/audit/seal.rs`.

use sqlx::FromRow;

use super::rows::{from_json, json};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::seal::{Row, RowSeal};

/// The columns of an [`AuditRow`].
macro_rules! audit_columns {
    () => {
        "id, at, event, actor, subject, user_id, client_id, network, trace, outcome, details, times"
    };
}
pub(super) use audit_columns;

statements! {
    IS_TO_SEAL = "SELECT id FROM audit WHERE batch IS NULL AND (fold IS NULL OR at < $1) LIMIT 1";
    HOLD_CHAIN = "UPDATE leases SET holder = holder WHERE name = 'audit'";
    LAST_BATCH = "SELECT batch, hash FROM audit_batches ORDER BY batch DESC LIMIT 1";
    // Whoever counts on finds no row to count up, and begins another.
    CLAIM = concat!("UPDATE audit SET batch = $1, fold = NULL WHERE batch IS NULL AND id IN \
        (SELECT id FROM audit WHERE batch IS NULL AND (fold IS NULL OR at < $2) ORDER BY id LIMIT $3) RETURNING ", audit_columns!());
    INSERT_BATCH = "INSERT INTO audit_batches (batch, sealed_at, newest_at, seals, hash) VALUES ($1, $2, $3, $4, $5)";
    NEXT_BATCH = "SELECT batch, seals, hash, anchor, newest_at FROM audit_batches WHERE batch > $1 ORDER BY batch LIMIT 1";
    ROWS_OF_BATCH = concat!("SELECT ", audit_columns!(), " FROM audit WHERE batch = $1 ORDER BY id");
    STRAY = "SELECT a.id FROM audit a WHERE a.batch IS NOT NULL AND NOT EXISTS \
        (SELECT 1 FROM audit_batches b WHERE b.batch = a.batch AND b.batch > 0) ORDER BY a.id LIMIT 20";
    UNSEALED = "SELECT COUNT(*) FROM audit WHERE batch IS NULL";
    OLDEST_BATCH = "SELECT batch, seals, hash, anchor, newest_at FROM audit_batches WHERE batch > 0 AND anchor IS NULL ORDER BY batch LIMIT 1";
    REMOVE_ROWS = "DELETE FROM audit WHERE batch = $1";
    REMOVE_BATCHES = "DELETE FROM audit_batches WHERE batch < $1";
    ANCHOR = "UPDATE audit_batches SET anchor = $2, seals = '[]' WHERE batch = $1";
    AUDIT_KEY = "SELECT value FROM meta WHERE name = 'audit_key'";
    KEEP_AUDIT_KEY = "INSERT INTO meta (name, value) VALUES ('audit_key', $1) ON CONFLICT (name) DO NOTHING";
    CHANGE_AUDIT_KEY = "UPDATE meta SET value = $1 WHERE name = 'audit_key'";
}

/// A batch of sealed rows.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct AuditBatch {
    /// Its number: 1 for the first, and one more for each.
    pub batch: i64,
    /// The ids and seals of its rows, as JSON: what the hash is over.
    pub seals: String,
    /// The hash.
    pub hash: String,
    /// What shows that its rows, and all before them, were removed for their age.
    pub anchor: Option<String>,
    /// The time of its newest row, in seconds: what old batches are found by. No hash is over it.
    pub newest_at: i64,
}

impl AuditBatch {
    /// The ids and seals of its rows; `None` when that is not what stands there.
    pub fn row_seals(&self) -> Option<Vec<RowSeal>> {
        from_json("seals", &self.seals).ok()
    }
}

#[derive(FromRow)]
pub(super) struct AuditRow {
    id: i64,
    at: i64,
    event: String,
    actor: String,
    subject: Option<String>,
    user_id: Option<String>,
    client_id: Option<String>,
    network: Option<String>,
    trace: Option<String>,
    outcome: String,
    details: String,
    times: i64,
}

impl From<AuditRow> for Row {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: row.at,
            event: row.event,
            actor: row.actor,
            subject: row.subject,
            user_id: row.user_id,
            client_id: row.client_id,
            network: row.network,
            trace: row.trace,
            outcome: row.outcome,
            details: row.details,
            times: row.times,
        }
    }
}

impl Reader {
    /// Whether there are rows to seal: those that count a flood are ripe when they are from before `ripe`.
    pub async fn is_to_seal(&mut self, ripe: Timestamp) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (i64,)>(IS_TO_SEAL).bind(ripe.seconds()).fetch_optional(c).await)?;
        Ok(row.is_some())
    }

    /// The number and hash of the newest batch.
    pub async fn last_audit_batch(&mut self) -> Result<Option<(i64, String)>, Failure> {
        on!(self, |c| sqlx::query_as::<_, (i64, String)>(LAST_BATCH).fetch_optional(c).await)
    }

    /// The first batch after this number.
    pub async fn audit_batch_after(&mut self, batch: i64) -> Result<Option<AuditBatch>, Failure> {
        on!(self, |c| sqlx::query_as::<_, AuditBatch>(NEXT_BATCH).bind(batch).fetch_optional(c).await)
    }

    /// The rows that say they are of this batch.
    pub async fn rows_of_audit_batch(&mut self, batch: i64) -> Result<Vec<Row>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, AuditRow>(ROWS_OF_BATCH).bind(batch).fetch_all(c).await)?;
        Ok(rows.into_iter().map(Row::from).collect())
    }

    /// Rows that say they are of a batch that is not there; the first twenty.
    pub async fn stray_audit_rows(&mut self) -> Result<Vec<i64>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, (i64,)>(STRAY).fetch_all(c).await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// How many rows are not sealed yet.
    pub async fn unsealed_audit_rows(&mut self) -> Result<i64, Failure> {
        let (count,) = on!(self, |c| sqlx::query_as::<_, (i64,)>(UNSEALED).fetch_one(c).await)?;
        Ok(count)
    }

    /// The oldest batch whose rows are there.
    pub async fn oldest_audit_batch(&mut self) -> Result<Option<AuditBatch>, Failure> {
        on!(self, |c| sqlx::query_as::<_, AuditBatch>(OLDEST_BATCH).fetch_optional(c).await)
    }

    /// The key of the seals, itself sealed; base64url.
    pub async fn audit_key(&mut self) -> Result<Option<String>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(AUDIT_KEY).fetch_optional(c).await)?;
        Ok(row.map(|(key,)| key))
    }
}

impl Transaction {
    /// Makes whoever else seals or removes wait for the end of this transaction, so that the chain has one end.
    pub async fn hold_audit_chain(&mut self) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(HOLD_CHAIN).execute(c).await.map(drop))
    }

    /// Claims up to so many rows for a batch, in the order of their ids; those that count a flood when they are from before `ripe`.
    pub async fn claim_audit_rows(&mut self, batch: i64, ripe: Timestamp, most: i64) -> Result<Vec<Row>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, AuditRow>(CLAIM)
            .bind(batch)
            .bind(ripe.seconds())
            .bind(most)
            .fetch_all(c)
            .await)?;
        let mut rows: Vec<Row> = rows.into_iter().map(Row::from).collect();
        rows.sort_by_key(|row| row.id);
        Ok(rows)
    }

    /// Adds a batch to the chain; `hash` makes its hash of the seals as they are stored.
    pub async fn insert_audit_batch(
        &mut self,
        (batch, newest): (i64, Timestamp),
        seals: &[RowSeal],
        hash: impl FnOnce(&str) -> String,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let seals = json(&seals)?;
        let hash = hash(&seals);
        on!(self, |c| sqlx::query(INSERT_BATCH)
            .bind(batch)
            .bind(now.seconds())
            .bind(newest.seconds())
            .bind(seals)
            .bind(hash)
            .execute(c)
            .await
            .map(drop))
    }

    /// Removes the rows of the oldest batch, which becomes the anchor of the rest in place of the former one; tells how many rows that were.
    pub async fn remove_audit_batch(&mut self, batch: i64, anchor: &str) -> Result<u64, Failure> {
        let gone =
            on!(self, |c| sqlx::query(REMOVE_ROWS).bind(batch).execute(c).await.map(|done| done.rows_affected()))?;
        on!(self, |c| sqlx::query(ANCHOR).bind(batch).bind(anchor).execute(c).await.map(drop))?;
        on!(self, |c| sqlx::query(REMOVE_BATCHES).bind(batch).execute(c).await.map(drop))?;
        Ok(gone)
    }

    /// Keeps the key of the seals, unless there is one.
    pub async fn keep_audit_key(&mut self, sealed: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(KEEP_AUDIT_KEY).bind(sealed).execute(c).await.map(drop))
    }

    /// Keeps the key of the seals as another master key sealed it.
    pub async fn change_audit_key(&mut self, sealed: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(CHANGE_AUDIT_KEY).bind(sealed).execute(c).await.map(drop))
    }
}
