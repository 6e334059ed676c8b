//! What a person reads of what happened to their account: the rows of the audit record about them, newest first, a page at a time.

use super::SignIns;
use crate::failure::Failure;
use crate::protocol::history::{Told, told};

/// How many rows of the record a page is made of; those that follow one another for one reason are one line.
const PER_PAGE: i64 = 60;

/// A page of what happened.
#[derive(Debug)]
pub struct History {
    /// What happened, newest first.
    pub lines: Vec<Told>,
    /// Before which number the next page begins, when there is one.
    pub older: Option<i64>,
}

impl SignIns {
    /// What happened to an account before the row with that number; `None` for the newest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history(&self, user_id: &str, before: Option<i64>) -> Result<History, Failure> {
        let mut reader = self.storage.read().await?;
        let mut rows = reader.history_of_user(user_id, before.unwrap_or(i64::MAX), PER_PAGE + 1).await?;
        drop(reader);
        let page = usize::try_from(PER_PAGE).unwrap_or(usize::MAX);
        let has_more = rows.len() > page;
        rows.truncate(page);
        Ok(History { older: rows.last().map(|row| row.id).filter(|_| has_more), lines: told(&rows) })
    }
}
