//! The counters of attempts with a person's secret; what follows from them is said in [`crate::protocol::attempts`].
//!
//! An attempt takes its places before it is evaluated: one in each counter, by one statement, and all or none of them. When it turns out right
//! it gives them back, otherwise it leaves them as failures. So however many come at once, on however many nodes, no more than the limit are
//! ever under way or failed within a minute; and a place that nobody settles, because the process was killed, stays taken until the minute
//! is over. Whoever is refused is refused by a read ([`Reader::counters`]), and writes nothing.
//!
//! Every statement takes its rows in the order of their names: on PostgreSQL two that need the same ones wait, and never for each other.

use sqlx::FromRow;

use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::attempts::{
    CLOSED_FOR, Consequence, Counter, FORGOTTEN_AFTER, Kind, Limits, MINUTE, SPREAD_FOR, Subject, TOLD_FOR,
};

/// At most as many counters has an attempt.
const MOST: usize = 4;
/// How long a counter without a failure stays, in seconds: longer than an attempt takes.
const KEEP_EMPTY: i64 = 600;
/// How long a counter of a network stays after a failure, in seconds.
const KEEP_NETWORK: i64 = 2 * SPREAD_FOR;

/// A row for each counter: id, account, network, beginning of its minute, places, whether failures in a row count, first stop. Those that
/// are not needed have an empty id.
macro_rules! rows {
    () => {
        "(VALUES ($1, $2, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT)), \
        ($8, $9, $10, $11, $12, $13, $14), ($15, $16, $17, $18, $19, $20, $21), ($22, $23, $24, $25, $26, $27, $28)) AS v \
        WHERE v.column1 <> ''"
    };
}

macro_rules! into {
    () => {
        "INSERT INTO attempt_counters AS c (id, account, network, started_at, taken, failed, places, in_row, stop_at, spread, spread_at, \
        closed_until, keep_until) SELECT v.column1, v.column2, v.column3, "
    };
}

/// How long a counter stays that has failed once more.
macro_rules! kept {
    () => {
        "CASE WHEN excluded.in_row = 0 THEN excluded.keep_until ELSE CAST($29 AS BIGINT) + CAST($30 AS BIGINT) * (c.in_row + 1) END"
    };
}

statements! {
    COUNTERS = "SELECT id, started_at, taken, failed, in_row, stop_at, spread, spread_at, closed_until FROM attempt_counters \
        WHERE id IN ($1, $2, $3, $4, $5, $6)";
    TAKE_PLACES = concat!(into!(), "CAST($29 AS BIGINT), 1, 0, v.column5, 0, v.column7, 0, 0, 0, CAST($31 AS BIGINT) FROM ", rows!(), " \
        ON CONFLICT (id) DO UPDATE SET \
        taken = CASE WHEN c.started_at <= $30 THEN 1 ELSE c.taken + 1 END, \
        failed = CASE WHEN c.started_at <= $30 THEN 0 ELSE c.failed END, \
        started_at = CASE WHEN c.started_at <= $30 THEN excluded.started_at ELSE c.started_at END, \
        places = excluded.places, \
        keep_until = CASE WHEN c.keep_until < excluded.keep_until THEN excluded.keep_until ELSE c.keep_until END \
        WHERE c.closed_until <= excluded.started_at AND (c.started_at <= $30 OR c.taken < excluded.places) \
        AND c.in_row + CASE WHEN c.started_at <= $30 THEN 0 ELSE c.taken - c.failed END < c.stop_at RETURNING id, started_at");
    COUNT_FAILURES = concat!(into!(), "v.column4, 1, 1, v.column5, v.column6, v.column7, 0, 0, 0, CAST($31 AS BIGINT) FROM ", rows!(), " \
        ON CONFLICT (id) DO UPDATE SET \
        failed = c.failed + CASE WHEN c.started_at = excluded.started_at THEN 1 ELSE 0 END, \
        in_row = c.in_row + excluded.in_row, \
        keep_until = CASE WHEN c.keep_until > ", kept!(), " THEN c.keep_until ELSE ", kept!(), " END \
        RETURNING id, started_at, taken, failed, in_row, stop_at, spread, spread_at, closed_until");
    COUNT_SUCCESS = concat!(into!(), "v.column4, 0, 0, v.column5, 0, v.column7, 0, 0, 0, CAST($29 AS BIGINT) FROM ", rows!(), " \
        ON CONFLICT (id) DO UPDATE SET \
        taken = c.taken - CASE WHEN c.started_at = excluded.started_at AND c.taken > c.failed THEN 1 ELSE 0 END, \
        in_row = 0, stop_at = excluded.stop_at, closed_until = 0");
    GIVE_PLACE_BACK = "UPDATE attempt_counters SET taken = taken - 1 WHERE id = $1 AND started_at = $2 AND taken > failed";
    COUNT_SPREAD = "UPDATE attempt_counters SET spread = CASE WHEN id = $4 THEN 0 WHEN spread_at <= $5 THEN 1 ELSE spread + 1 END, \
        spread_at = CASE WHEN spread_at <= $5 THEN $6 ELSE spread_at END WHERE id IN ($1, $2, $3, $4) \
        RETURNING id, started_at, taken, failed, in_row, stop_at, spread, spread_at, closed_until";
    MARK_SITE = "INSERT INTO attempt_counters AS c (id, account, network, started_at, taken, failed, places, in_row, stop_at, spread, spread_at, \
        closed_until, keep_until) VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0, 0, $4, 0, $5) ON CONFLICT (id) DO UPDATE SET \
        spread_at = excluded.spread_at, keep_until = excluded.keep_until WHERE c.spread_at <= $6 RETURNING id";
    CLOSE_COUNTER = "UPDATE attempt_counters SET closed_until = COALESCE($2, closed_until), stop_at = $3, \
        keep_until = CASE WHEN keep_until < $4 THEN $4 ELSE keep_until END WHERE id = $1";
    NOTE_ATTEMPTS = "UPDATE attempt_counters SET noted_at = $2, noted_failures = in_row, noted_until = $3, \
        keep_until = CASE WHEN keep_until < $4 THEN $4 ELSE keep_until END WHERE id = $1";
    COUNTERS_DUE = "SELECT id FROM attempt_counters WHERE keep_until < $1 ORDER BY keep_until LIMIT $2";
    CLEAN_COUNTER = "DELETE FROM attempt_counters WHERE id = $1 AND keep_until < $2";
}

/// A counter in which an attempt has taken a place.
#[derive(Clone, Debug)]
pub struct Place {
    /// What is counted.
    pub subject: Subject,
    /// The minute that it belongs to, by its beginning, in seconds: in the next one it counts for nothing. -1 where none was taken.
    pub started_at: i64,
    /// How many places there are.
    pub places: i64,
    /// The first stop.
    pub first_stop: i64,
}

impl Place {
    /// The counter of a subject, in which a place is to be taken, or without one.
    pub fn asked(subject: Subject, limits: &Limits, counter: &Counter, now: Timestamp) -> Self {
        let (places, first_stop) = (limits.places(subject.kind, counter, now), limits.first_stop(subject.kind));
        Self { subject, started_at: -1, places, first_stop }
    }
}

#[derive(FromRow)]
struct CounterRow {
    id: String,
    started_at: i64,
    taken: i64,
    failed: i64,
    in_row: i64,
    stop_at: i64,
    spread: i64,
    spread_at: i64,
    closed_until: i64,
}

impl CounterRow {
    fn read(self) -> (String, Counter) {
        let Self { id, started_at, taken, failed, in_row, stop_at, spread, spread_at, closed_until } = self;
        (id, Counter { started_at, taken, failed, in_row, stop_at, spread, spread_at, closed_until })
    }
}

/// Binds what every statement over several counters takes, in the order of their names.
macro_rules! bind_rows {
    ($query:expr, $places:expr) => {{
        let mut query = $query;
        for at in 0..MOST {
            let place: Option<&Place> = $places.get(at);
            let subject = place.map(|place| &place.subject);
            query = query
                .bind(subject.map_or("", |subject| subject.id.as_str()))
                .bind(subject.and_then(|subject| subject.account.as_deref()))
                .bind(subject.and_then(|subject| subject.network.as_deref()))
                .bind(place.map_or(0, |place| place.started_at))
                .bind(place.map_or(0, |place| place.places))
                .bind(subject.map_or(0, |subject| i64::from(Limits::counts_in_row(subject.kind))))
                .bind(place.map_or(0, |place| place.first_stop));
        }
        query
    }};
}

impl Reader {
    /// What was counted for these subjects, six at most, with the names of the counters; what has no counter yet is left out.
    pub async fn counters(&mut self, subjects: &[Subject]) -> Result<Vec<(String, Counter)>, Failure> {
        let id = |at: usize| subjects.get(at).map_or("", |subject| subject.id.as_str());
        let rows = on!(self, |c| sqlx::query_as::<_, CounterRow>(COUNTERS)
            .bind(id(0))
            .bind(id(1))
            .bind(id(2))
            .bind(id(3))
            .bind(id(4))
            .bind(id(5))
            .fetch_all(c)
            .await)?;
        Ok(rows.into_iter().map(CounterRow::read).collect())
    }

    pub(super) async fn counters_due(&mut self, before: Timestamp, most: i64) -> Result<Vec<String>, Failure> {
        let mut rows = on!(self, |c| sqlx::query_as::<_, (String,)>(COUNTERS_DUE)
            .bind(before.seconds())
            .bind(most)
            .fetch_all(c)
            .await)?;
        rows.sort();
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}

impl Transaction {
    /// Takes a place in each of these counters, four at most, in the order of their names. `false` when one of them has none left: then this
    /// transaction must not be committed. When the database fails, the attempt must not be evaluated.
    pub async fn take_places(&mut self, asked: &mut [Place], now: Timestamp) -> Result<bool, Failure> {
        let taken = on!(self, |c| {
            bind_rows!(sqlx::query_as::<_, (String, i64)>(TAKE_PLACES), asked)
                .bind(now.seconds())
                .bind(now.minus(MINUTE).seconds())
                .bind(now.plus(KEEP_EMPTY).seconds())
                .fetch_all(c)
                .await
        })?;
        for place in asked.iter_mut() {
            match taken.iter().find(|(id, _)| *id == place.subject.id) {
                Some((_, started_at)) => place.started_at = *started_at,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Counts the attempt that has these places as a failure; tells what the counters say now.
    pub async fn count_failures(
        &mut self,
        places: &[Place],
        now: Timestamp,
    ) -> Result<Vec<(Subject, Counter)>, Failure> {
        let rows = on!(self, |c| {
            bind_rows!(sqlx::query_as::<_, CounterRow>(COUNT_FAILURES), places)
                .bind(now.seconds())
                .bind(FORGOTTEN_AFTER)
                .bind(now.plus(KEEP_NETWORK).seconds())
                .fetch_all(c)
                .await
        })?;
        Ok(of_subjects(rows, places))
    }

    /// Counts that the account of these counters was tried in vain from this network: for the account and the wider network, unless it was
    /// from this site within the hour, and for the network. Tells what their counters say now, and that of the account from the network,
    /// which notes when this was.
    pub async fn count_spread(
        &mut self,
        places: &[Place],
        site: Option<&Subject>,
        now: Timestamp,
    ) -> Result<Vec<(Subject, Counter)>, Failure> {
        let is_new = match site {
            Some(site) => self.mark_site(site, now).await?,
            None => true,
        };
        let id = |kind| places.iter().find(|place| place.subject.kind == kind).map_or("", |place| &place.subject.id);
        let of_site = |kind| if is_new { id(kind) } else { "" };
        let rows = on!(self, |c| sqlx::query_as::<_, CounterRow>(COUNT_SPREAD)
            .bind(of_site(Kind::Account))
            .bind(id(Kind::Network))
            .bind(of_site(Kind::Wide))
            .bind(id(Kind::Pair))
            .bind(now.minus(SPREAD_FOR).seconds())
            .bind(now.seconds())
            .fetch_all(c)
            .await)?;
        Ok(of_subjects(rows, places))
    }

    /// Marks that an account was tried from a site; whether it was not within the hour. The counter of the account is held already: nobody
    /// else marks it now.
    async fn mark_site(&mut self, site: &Subject, now: Timestamp) -> Result<bool, Failure> {
        let marked = on!(self, |c| sqlx::query_as::<_, (String,)>(MARK_SITE)
            .bind(&site.id)
            .bind(&site.account)
            .bind(&site.network)
            .bind(now.seconds())
            .bind(now.plus(KEEP_NETWORK).seconds())
            .bind(now.minus(SPREAD_FOR).seconds())
            .fetch_optional(c)
            .await)?;
        Ok(marked.is_some())
    }

    /// Gives the places of an attempt back that was right; what failed in a row before counts no longer.
    pub async fn count_success(&mut self, places: &[Place], now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| {
            bind_rows!(sqlx::query(COUNT_SUCCESS), places)
                .bind(now.plus(KEEP_EMPTY).seconds())
                .execute(c)
                .await
                .map(drop)
        })
    }

    /// Gives the places of an attempt back that was not evaluated: nobody has learned anything.
    pub async fn give_places_back(&mut self, places: &[Place]) -> Result<(), Failure> {
        for place in places {
            on!(self, |c| sqlx::query(GIVE_PLACE_BACK)
                .bind(&place.subject.id)
                .bind(place.started_at)
                .execute(c)
                .await
                .map(drop))?;
        }
        Ok(())
    }

    /// Writes what follows from a failure.
    pub async fn close_counter(&mut self, id: &str, after: Consequence, now: Timestamp) -> Result<(), Failure> {
        let keep_until = after.closed_until.map_or(now, |until| until.min(now.plus(CLOSED_FOR)));
        on!(self, |c| sqlx::query(CLOSE_COUNTER)
            .bind(id)
            .bind(after.closed_until.map(Timestamp::seconds))
            .bind(after.stop_at)
            .bind(keep_until.seconds())
            .execute(c)
            .await
            .map(drop))
    }

    /// Notes what the person of an account is to be told: how many attempts of strangers have failed in a row, and until when there can be no
    /// more. `id` names the counter of the account.
    pub async fn note_attempts(&mut self, id: &str, until: Timestamp, now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(NOTE_ATTEMPTS)
            .bind(id)
            .bind(now.seconds())
            .bind(until.seconds())
            .bind(now.plus(TOLD_FOR).seconds())
            .execute(c)
            .await
            .map(drop))
    }

    /// Removes a counter that has had its day; tells whether it did.
    pub(super) async fn clean_counter(&mut self, id: &str, before: Timestamp) -> Result<u64, Failure> {
        on!(self, |c| sqlx::query(CLEAN_COUNTER)
            .bind(id)
            .bind(before.seconds())
            .execute(c)
            .await
            .map(|done| done.rows_affected()))
    }
}

fn of_subjects(rows: Vec<CounterRow>, places: &[Place]) -> Vec<(Subject, Counter)> {
    let subject = |id: &str| places.iter().find(|place| place.subject.id == id).map(|place| place.subject.clone());
    rows.into_iter().map(CounterRow::read).filter_map(|(id, counter)| Some((subject(&id)?, counter))).collect()
}
