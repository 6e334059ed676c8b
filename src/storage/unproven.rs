//! Accounts whose address nobody ever proved: marked when they are made, warned, and ended ([`crate::protocol::unproven`]).
//!
//! A warning is one transaction: that it was given, the ticket and the mail. Of two nodes one gives it.

use super::{Deletion, GivenLink, Storage, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::issuer::Issuer;
use crate::protocol::leaving;
use crate::protocol::message::{About, LANGUAGE, Occasion};
use crate::protocol::ticket::{Details, Purpose};
use crate::protocol::unproven::{self, Awaited, Due};
use crate::random;

statements! {
    AWAIT_PROOF = "UPDATE users SET proof_warnings = 0 WHERE id = $1";
    UNPROVEN_AFTER = "SELECT id, created_at, proof_warnings, proof_warned_at FROM users WHERE proof_warnings IS NOT NULL AND email_verified = 0 \
        AND created_at <= $1 AND (created_at, id) > ($2, $3) AND made_by = 'person' AND roles = '[]' AND upstream_roles = '[]' \
        AND disabled_at IS NULL AND delete_after IS NULL ORDER BY created_at, id LIMIT $4";
    WARN_UNPROVEN = "UPDATE users SET proof_warnings = $2 + 1, proof_warned_at = $3 WHERE id = $1 AND proof_warnings = $2 RETURNING id";
}

/// How many are read at once.
const BATCH: i64 = 200;

/// Why everything of such an account ends.
const UNPROVEN: &str = "address never proved";

type Row = (String, i64, i64, Option<i64>);

impl Storage {
    /// Warns and ends what is due, where accounts end after so many days; tells how many that were.
    ///
    /// # Errors
    /// When the database fails: the rest comes next time.
    pub async fn end_unproven(&self, days: u32, issuer: &Issuer, now: Timestamp) -> Result<u64, Failure> {
        let (mut done, mut after) = (0, (0, String::new()));
        loop {
            let mut reader = self.read_uncounted().await?;
            let rows = on!(reader, |c| sqlx::query_as::<_, Row>(UNPROVEN_AFTER)
                .bind(now.minus(unproven::first_look(days)).seconds())
                .bind(after.0)
                .bind(&after.1)
                .bind(BATCH)
                .fetch_all(c)
                .await)?;
            drop(reader);
            let Some((id, created_at, ..)) = rows.last() else { return Ok(done) };
            after = (*created_at, id.clone());
            for (id, created_at, warnings, warned_at) in rows {
                let created_at = Timestamp::from_seconds(created_at);
                let awaited = Awaited { created_at, warnings, warned_at: warned_at.map(Timestamp::from_seconds) };
                done += u64::from(match unproven::due(awaited, days, now) {
                    None => false,
                    Some(Due::Warn(end)) => self.warn_unproven(&id, (warnings, end), issuer, now).await?,
                    Some(Due::End) => {
                        let act = Act::of_system(now);
                        let fits = |account: &super::Account, identities| unproven::can_end(&account.user, identities);
                        matches!(self.delete_where(&id, (UNPROVEN, fits), &act).await?, Deletion::Gone(_))
                    }
                });
            }
        }
    }

    async fn warn_unproven(
        &self,
        user_id: &str,
        (warnings, end): (i64, Timestamp),
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let mut transaction = self.begin().await?;
        let Some(account) = transaction.hold_account(user_id).await? else { return Ok(false) };
        let identities = transaction.identities_of_user(user_id).await?.len();
        let Some(address) = account.user.email.as_deref().filter(|_| unproven::can_end(&account.user, identities))
        else {
            return Ok(false);
        };
        let warned = on!(transaction, |c| sqlx::query_as::<_, (String,)>(WARN_UNPROVEN)
            .bind(user_id)
            .bind(warnings)
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        if warned.is_none() {
            return Ok(false);
        }
        let secret = random::secret();
        let days = leaving::days(end.seconds().saturating_sub(now.seconds()));
        let about = About::Unproven { link: issuer.link_of(&secret), days };
        // It gives nobody the account: whoever shows it must sign in as well.
        let link = GivenLink {
            purpose: Purpose::Verify,
            address,
            user_id: Some(user_id),
            secret: &secret,
            details: Details::default(),
            expires_at: end,
        };
        let language = account.user.locale().unwrap_or(LANGUAGE);
        transaction.send_link(&link, (about, Occasion::here(now)), language, now).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

impl Transaction {
    /// Marks an account that its person has just made, with an address that is still to be proved.
    pub async fn await_proof(&mut self, user_id: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(AWAIT_PROOF).bind(user_id).execute(c).await.map(drop))
    }
}
