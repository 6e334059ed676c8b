//! The record of what happened: one row for each event, in the transaction of what it records. Rows are only ever added; one that counts a
//! flood is counted up until it is sealed.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sqlx::FromRow;

use super::audit_batches::{AuditRow, audit_columns};
use super::rows::json;
use super::{Reader, Storage, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::Event;
use crate::protocol::audit::seal::Row;

/// What a list reads.
macro_rules! listed {
    () => {
        concat!(audit_columns!(), ", CAST(CASE WHEN fold IS NULL THEN 0 ELSE 1 END AS BIGINT) AS counts_on")
    };
}

/// What it wants: an event by its name or the first part of it, and those since a time.
macro_rules! wanted {
    () => {
        "at >= $3 AND (CAST($4 AS TEXT) IS NULL OR event = $4 OR event LIKE CAST($4 AS TEXT) || '.%')"
    };
}

statements! {
    RECORD = "INSERT INTO audit (at, event, actor, subject, user_id, client_id, network, trace, outcome, details) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    // Whoever counts what is about different things says no more what it is about.
    COUNT = "INSERT INTO audit (at, event, actor, subject, user_id, client_id, network, trace, outcome, details, fold) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (fold) WHERE fold IS NOT NULL DO UPDATE SET \
        times = audit.times + 1, subject = CASE WHEN audit.subject = excluded.subject THEN audit.subject ELSE NULL END";
    AUDIT_AFTER = concat!("SELECT ", listed!(), " FROM audit WHERE id > $1 AND ", wanted!(), " ORDER BY id LIMIT $2");
    AUDIT_OF_USER_AFTER = concat!("SELECT ", listed!(), " FROM audit WHERE id > $1 AND user_id = $5 AND ", wanted!(), " ORDER BY id LIMIT $2");
    AUDIT_NEWEST = concat!("SELECT ", listed!(), " FROM audit WHERE id > $1 AND ", wanted!(), " ORDER BY id DESC LIMIT $2");
    AUDIT_NEWEST_OF_USER = concat!("SELECT ", listed!(), " FROM audit WHERE id > $1 AND user_id = $5 AND ", wanted!(), " ORDER BY id DESC LIMIT $2");
    // What a person reads of it: an application's coming and going with each sign-in is no news.
    HISTORY_OF_USER = concat!("SELECT ", audit_columns!(), " FROM audit WHERE user_id = $1 AND id < $2 \
        AND event NOT IN ('grant.began', 'grant.ended') ORDER BY id DESC LIMIT $3");
    AUDIT_ROW = concat!("SELECT ", listed!(), " FROM audit WHERE id = $1");
    FIRST_SINCE = "SELECT MIN(id) FROM audit WHERE at >= $1";
    LAST_ID = "SELECT MAX(id) FROM audit";
}

/// How long an event by itself may take to be recorded.
const RECORDS_WITHIN: Duration = Duration::from_secs(2);

/// Who hears of events once they are committed.
pub(super) type Hearer = Arc<dyn Fn(&Event) + Send + Sync>;

impl Storage {
    /// Lets somebody hear of every event that is committed here, after its commit: nothing of this node that is told did not happen. It is
    /// called between requests' steps, so it must not take long.
    pub fn tell_events_to(&self, hearer: impl Fn(&Event) + Send + Sync + 'static) {
        self.hearers().write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(hearer));
    }

    /// Records an event by itself.
    ///
    /// # Errors
    /// When the database fails, or takes longer than two seconds: nobody else waits for the record of this.
    pub async fn record(&self, event: &Event) -> Result<(), Failure> {
        let recorded = async {
            let mut transaction = self.begin().await?;
            transaction.record(event).await?;
            transaction.commit().await
        };
        let in_time = tokio::time::timeout(RECORDS_WITHIN, recorded).await;
        in_time.unwrap_or_else(|_| Err(Failure::unavailable("the database takes too long to record an event")))
    }

    /// Tells of what was recorded and committed, and logs it.
    pub(super) fn tell(&self, events: &[Event]) {
        for event in events {
            let text = |part: &Option<String>| part.clone().unwrap_or_default();
            let (subject, trace) =
                (event.subject.as_ref().map(ToString::to_string), event.trace.map(|id| id.to_string()));
            tracing::info!(
                trace = text(&trace),
                event = %event.name,
                actor = %event.actor,
                subject = text(&subject),
                user = text(&event.user_id),
                client = text(&event.client_id),
                network = text(&event.network),
                outcome = %event.outcome,
                "audit"
            );
            for hearer in self.hearers().read().unwrap_or_else(PoisonError::into_inner).iter() {
                hearer(event);
            }
        }
    }
}

/// Which rows are wanted.
#[derive(Clone, Copy, Debug)]
pub struct AuditFilter<'a> {
    /// Those that concern this person alone.
    pub user_id: Option<&'a str>,
    /// Those of this event alone, or of all whose name begins with it and a dot.
    pub event: Option<&'a str>,
    /// Those since then.
    pub since: Timestamp,
}

/// A row of a list.
#[derive(Debug)]
pub struct ListedEvent {
    /// The row.
    pub row: Row,
    /// Whether it may still be counted up.
    pub counts_on: bool,
}

#[derive(FromRow)]
struct ListedRow {
    counts_on: i64,
    #[sqlx(flatten)]
    row: AuditRow,
}

impl From<ListedRow> for ListedEvent {
    fn from(listed: ListedRow) -> Self {
        Self { row: listed.row.into(), counts_on: listed.counts_on != 0 }
    }
}

impl Reader {
    /// The first so many rows after that number.
    pub async fn audit_after(
        &mut self,
        id: i64,
        filter: &AuditFilter<'_>,
        most: i64,
    ) -> Result<Vec<ListedEvent>, Failure> {
        let statement = if filter.user_id.is_some() { AUDIT_OF_USER_AFTER } else { AUDIT_AFTER };
        self.audit_rows(statement, id, filter, most).await
    }

    /// The newest so many rows, the oldest of them first.
    pub async fn newest_audit(&mut self, filter: &AuditFilter<'_>, most: i64) -> Result<Vec<ListedEvent>, Failure> {
        let statement = if filter.user_id.is_some() { AUDIT_NEWEST_OF_USER } else { AUDIT_NEWEST };
        let mut rows = self.audit_rows(statement, 0, filter, most).await?;
        rows.reverse();
        Ok(rows)
    }

    async fn audit_rows(
        &mut self,
        statement: &'static str,
        id: i64,
        filter: &AuditFilter<'_>,
        most: i64,
    ) -> Result<Vec<ListedEvent>, Failure> {
        let rows = on!(self, |c| {
            let query = sqlx::query_as::<_, ListedRow>(statement)
                .bind(id)
                .bind(most)
                .bind(filter.since.seconds())
                .bind(filter.event);
            match filter.user_id {
                Some(user_id) => query.bind(user_id).fetch_all(c).await,
                None => query.fetch_all(c).await,
            }
        })?;
        Ok(rows.into_iter().map(ListedEvent::from).collect())
    }

    /// The newest so many rows of a person before that number, the newest first; without those of grants that began or ended.
    pub async fn history_of_user(&mut self, user_id: &str, before: i64, most: i64) -> Result<Vec<Row>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, AuditRow>(HISTORY_OF_USER)
            .bind(user_id)
            .bind(before)
            .bind(most)
            .fetch_all(c)
            .await)?;
        Ok(rows.into_iter().map(Row::from).collect())
    }

    /// The row with this number.
    pub async fn audit_row(&mut self, id: i64) -> Result<Option<ListedEvent>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, ListedRow>(AUDIT_ROW).bind(id).fetch_optional(c).await)?;
        Ok(row.map(ListedEvent::from))
    }

    /// The smallest number of a row since that time; `None` when there is none.
    pub async fn first_audit_since(&mut self, since: Timestamp) -> Result<Option<i64>, Failure> {
        let (id,) =
            on!(self, |c| sqlx::query_as::<_, (Option<i64>,)>(FIRST_SINCE).bind(since.seconds()).fetch_one(c).await)?;
        Ok(id)
    }

    /// The greatest number of a row; 0 when there is none.
    pub async fn last_audit_id(&mut self) -> Result<i64, Failure> {
        let (id,) = on!(self, |c| sqlx::query_as::<_, (Option<i64>,)>(LAST_ID).fetch_one(c).await)?;
        Ok(id.unwrap_or_default())
    }
}

impl Transaction {
    /// Records an event: to be called in the transaction of what it records, so that there is the one exactly when there is the other. One
    /// statement, and those of an alert when it is one to the owner of the account.
    pub async fn record(&mut self, event: &Event) -> Result<(), Failure> {
        let (details, fold) = (json(&event.details)?, event.fold());
        let statement = if fold.is_some() { COUNT } else { RECORD };
        on!(self, |c| {
            let query = sqlx::query(statement)
                .bind(event.at.seconds())
                .bind(event.name.as_str())
                .bind(event.actor.to_string())
                .bind(event.subject.as_ref().map(ToString::to_string))
                .bind(event.user_id.as_deref())
                .bind(event.client_id.as_deref())
                .bind(event.network.as_deref())
                .bind(event.trace.map(|trace| trace.to_string()))
                .bind(event.outcome.as_str())
                .bind(details);
            match fold {
                Some(fold) => query.bind(fold).execute(c).await.map(drop),
                None => query.execute(c).await.map(drop),
            }
        })?;
        self.recorded.push(event.clone());
        self.alert(event).await
    }
}
