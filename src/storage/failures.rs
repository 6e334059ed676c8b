//! Failed sign-ins per network address (NIST SP 800-63B-4 §3.2.2). An attempt takes a place before it is evaluated, by one statement;
//! it gives the place back when it succeeds, and leaves it as a failure when it does not. So however many come at once, no more than
//! the limit are ever under way or failed within a minute, and a place that nobody settles stays taken until the minute is over.

use super::{Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;

statements! {
    TAKE_PLACE = "INSERT INTO sign_in_failures (address, started_at, count, failed) VALUES ($1, $2, 1, 0) ON CONFLICT (address) DO UPDATE SET \
        count = CASE WHEN sign_in_failures.started_at <= $3 THEN 1 ELSE sign_in_failures.count + 1 END, \
        failed = CASE WHEN sign_in_failures.started_at <= $3 THEN 0 ELSE sign_in_failures.failed END, \
        started_at = CASE WHEN sign_in_failures.started_at <= $3 THEN $2 ELSE sign_in_failures.started_at END \
        WHERE sign_in_failures.started_at <= $3 OR sign_in_failures.count < $4 RETURNING started_at";
    FAILED = "SELECT failed, started_at FROM sign_in_failures WHERE address = $1";
    GIVE_PLACE_BACK = "UPDATE sign_in_failures SET count = count - 1 WHERE address = $1 AND started_at = $2 AND count > failed";
    COUNT_FAILURE = "UPDATE sign_in_failures SET failed = failed + 1 WHERE address = $1 AND started_at = $2 AND failed < count";
}

/// How long failures are counted together, in seconds.
const WINDOW: i64 = 60;

/// A place for one attempt, to be given back or counted as a failure.
#[derive(Debug)]
pub struct Place {
    address: String,
    /// The minute that it belongs to, by its beginning: in the next one it counts for nothing.
    started_at: i64,
}

/// What asking for a place gave.
#[derive(Debug)]
pub enum Asked {
    /// A place.
    Taken(Place),
    /// All are taken.
    Full {
        /// By this many failures; by attempts that are under way for the rest.
        failures: i64,
        /// When the running minute ends.
        until: Timestamp,
    },
}

impl Transaction {
    /// Asks for one of `limit` places for attempts from the address. When the database fails, the attempt must not be evaluated.
    pub async fn take_place(&mut self, address: &str, limit: i64, now: Timestamp) -> Result<Asked, Failure> {
        let taken = on!(self, |c| sqlx::query_as::<_, (i64,)>(TAKE_PLACE)
            .bind(address)
            .bind(now.seconds())
            .bind(now.minus(WINDOW).seconds())
            .bind(limit)
            .fetch_optional(c)
            .await)?;
        if let Some((started_at,)) = taken {
            return Ok(Asked::Taken(Place { address: address.to_owned(), started_at }));
        }
        let row = on!(self, |c| sqlx::query_as::<_, (i64, i64)>(FAILED).bind(address).fetch_one(c).await)?;
        Ok(Asked::Full { failures: row.0, until: Timestamp::from_seconds(row.1).plus(WINDOW) })
    }

    /// Gives the place of an attempt back that was no failure.
    pub async fn give_place_back(&mut self, place: &Place) -> Result<(), Failure> {
        self.settle_place(GIVE_PLACE_BACK, place).await
    }

    /// Counts the attempt as a failure: its place stays taken until the minute is over.
    pub async fn count_failure(&mut self, place: &Place) -> Result<(), Failure> {
        self.settle_place(COUNT_FAILURE, place).await
    }

    async fn settle_place(&mut self, statement: &'static str, place: &Place) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(statement).bind(&place.address).bind(place.started_at).execute(c).await.map(drop))
    }
}
