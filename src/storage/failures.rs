//! Failed sign-ins per network address: an attempt is counted before it is evaluated, by one statement, and taken back when it
//! succeeds. So however many come at once, no more than the limit are ever evaluated (NIST SP 800-63B-4 §3.2.2).

use super::{Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;

statements! {
    COUNT_ATTEMPT = "INSERT INTO sign_in_failures (address, started_at, count) VALUES ($1, $2, 1) ON CONFLICT (address) DO UPDATE SET \
        count = CASE WHEN sign_in_failures.started_at <= $3 THEN 1 ELSE sign_in_failures.count + 1 END, \
        started_at = CASE WHEN sign_in_failures.started_at <= $3 THEN $2 ELSE sign_in_failures.started_at END RETURNING count, started_at";
    TAKE_BACK_ATTEMPT = "UPDATE sign_in_failures SET count = count - 1 WHERE address = $1 AND count > 0";
}

/// How long failures are counted together, in seconds.
const WINDOW: i64 = 60;

impl Transaction {
    /// Counts an attempt from the address and tells how many there are in the running minute, this one included, and when that ends.
    ///
    /// # Errors
    /// When the database fails: then the attempt must not be evaluated.
    pub async fn count_attempt(&mut self, address: &str, now: Timestamp) -> Result<(i64, Timestamp), Failure> {
        let (count, started_at) = on!(self, |c| sqlx::query_as::<_, (i64, i64)>(COUNT_ATTEMPT)
            .bind(address)
            .bind(now.seconds())
            .bind(now.minus(WINDOW).seconds())
            .fetch_one(c)
            .await)?;
        Ok((count, Timestamp::from_seconds(started_at).plus(WINDOW)))
    }

    /// Takes an attempt back that succeeded.
    pub async fn take_back_attempt(&mut self, address: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(TAKE_BACK_ATTEMPT).bind(address).execute(c).await.map(drop))
    }
}
