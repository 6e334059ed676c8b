//! Under which issuer the server of this database was started last: for commands, whose links are to lead to it.

use super::{Reader, Transaction, on, statements};
use crate::failure::Failure;

statements! {
    OWN_ISSUER = "SELECT value FROM meta WHERE name = 'issuer'";
    NOTE_OWN_ISSUER = "INSERT INTO meta (name, value) VALUES ('issuer', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

impl Reader {
    /// The issuer that a server of this database was last started with, as [`crate::protocol::issuer::Issuer`] writes it; `None` before the first start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_issuer(&mut self) -> Result<Option<String>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(OWN_ISSUER).fetch_optional(c).await)?;
        Ok(row.map(|(issuer,)| issuer))
    }
}

impl Transaction {
    /// Notes the issuer that a server is being started with.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_own_issuer(&mut self, issuer: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(NOTE_OWN_ISSUER).bind(issuer).execute(c).await.map(drop))
    }
}
