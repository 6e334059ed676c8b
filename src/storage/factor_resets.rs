//! Requests to have second factors taken away ([`crate::protocol::factor_reset`]), and taking them away, on such a request or by an operator.
//!
//! One statement decides that a request begins, where none is under way, and one that it is used, once. The user must be held by whatever writes.

use sqlx::FromRow;

use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::factor_reset::{FactorReset, OPEN_FOR, Stage};
use crate::protocol::passkey::Passkey;
use crate::protocol::second_factor::FactorKind;

statements! {
    FACTOR_RESET = "SELECT asked_at, opens_at FROM factor_resets WHERE user_id = $1";
    BEGIN_FACTOR_RESET = "INSERT INTO factor_resets (user_id, asked_at, opens_at) VALUES ($1, $2, $3) ON CONFLICT (user_id) DO UPDATE \
        SET asked_at = excluded.asked_at, opens_at = excluded.opens_at WHERE factor_resets.opens_at <= $4 RETURNING asked_at, opens_at";
    USE_FACTOR_RESET = "DELETE FROM factor_resets WHERE user_id = $1 AND opens_at <= $2 AND opens_at > $3 RETURNING asked_at, opens_at";
    END_FACTOR_RESET = "DELETE FROM factor_resets WHERE user_id = $1 RETURNING asked_at, opens_at";
    FORGET_RESET_LINKS = "DELETE FROM tickets WHERE user_id = $1 AND purpose IN ('reset_factors', 'keep_factors')";
    // The account's own, those that providers have verified, and former ones to which the account can still be taken back.
    PROVED_ADDRESSES = "SELECT email FROM users WHERE id = $1 AND email IS NOT NULL AND email_verified = 1 \
        UNION SELECT email FROM identities WHERE user_id = $1 AND email IS NOT NULL AND email_verified = 1 \
        UNION SELECT address FROM tickets WHERE user_id = $1 AND purpose = 'undo' AND expires_at > $2";
}

/// Why sign-ins and grants end.
const RESET: &str = "second factors reset";
/// What passkeys are called among second factors.
const PASSKEYS: &str = "passkeys";
/// What the record calls security keys.
const SECURITY_KEYS: &str = "security_keys";

#[derive(FromRow)]
struct ResetRow {
    asked_at: i64,
    opens_at: i64,
}

impl ResetRow {
    const fn read(self) -> FactorReset {
        FactorReset {
            asked_at: Timestamp::from_seconds(self.asked_at),
            opens_at: Timestamp::from_seconds(self.opens_at),
        }
    }
}

impl Reader {
    /// The request of an account, whether or not it has lapsed.
    pub async fn factor_reset(&mut self, user_id: &str) -> Result<Option<FactorReset>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, ResetRow>(FACTOR_RESET).bind(user_id).fetch_optional(c).await)?;
        Ok(row.map(ResetRow::read))
    }

    /// Every address of which somebody has shown that it is the person's.
    pub async fn proved_addresses(&mut self, user_id: &str, now: Timestamp) -> Result<Vec<String>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, (String,)>(PROVED_ADDRESSES)
            .bind(user_id)
            .bind(now.seconds())
            .fetch_all(c)
            .await)?;
        Ok(rows.into_iter().map(|(address,)| address).collect())
    }
}

impl Transaction {
    /// Begins a request; `false` when one is under way, which goes on as it is.
    pub async fn begin_factor_reset(&mut self, user_id: &str, reset: &FactorReset) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, ResetRow>(BEGIN_FACTOR_RESET)
            .bind(user_id)
            .bind(reset.asked_at.seconds())
            .bind(reset.opens_at.seconds())
            .bind(reset.asked_at.minus(OPEN_FOR).seconds())
            .fetch_optional(c)
            .await)?;
        Ok(row.is_some())
    }

    /// Uses up a request that is open; `false` when there is none. What was sent to stop it is worth nothing any more.
    pub async fn use_factor_reset(&mut self, user_id: &str, now: Timestamp) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, ResetRow>(USE_FACTOR_RESET)
            .bind(user_id)
            .bind(now.seconds())
            .bind(now.minus(OPEN_FOR).seconds())
            .fetch_optional(c)
            .await)?;
        if row.is_some() {
            self.forget_tickets_of_reset(user_id).await?;
        }
        Ok(row.is_some())
    }

    /// Ends a request that is under way, and records why; `false` when there is none.
    pub async fn end_factor_reset(&mut self, user_id: &str, reason: &str, act: &Act) -> Result<bool, Failure> {
        let Some(reset) = self.drop_factor_reset(user_id).await? else { return Ok(false) };
        if reset.stage(act.at) == Stage::Lapsed {
            return Ok(false);
        }
        let event = Event::of(act, Name::FactorResetEnded).on(Noun::User, user_id);
        self.record(&event.with("reason", reason)).await?;
        Ok(true)
    }

    /// Takes every second factor of a person away, and ends all that they are signed in to and all that applications were granted: whoever has what
    /// was lost may be signed in with it. A request is done with, too. What was recorded; `on_request` says that it came of one.
    pub async fn reset_factors(&mut self, user_id: &str, on_request: bool, act: &Act) -> Result<Event, Failure> {
        self.drop_factor_reset(user_id).await?;
        let mut taken = Vec::new();
        for kind in FactorKind::ALL {
            if self.forget_factor(user_id, *kind).await? {
                taken.push(kind.as_str());
            }
        }
        let passkeys = self.passkeys(user_id).await?;
        for passkey in &passkeys {
            self.delete_passkey(&passkey.id, user_id).await?;
        }
        if passkeys.iter().any(Passkey::is_passkey) {
            taken.push(PASSKEYS);
        }
        if passkeys.iter().any(Passkey::is_security_key) {
            taken.push(SECURITY_KEYS);
        }
        self.end_access_of_user(user_id, RESET, act).await?;
        let event = Event::of(act, Name::UserFactorsReset).on(Noun::User, user_id).with("taken", taken);
        let event = if on_request { event.with("on_request", true) } else { event };
        self.record(&event).await?;
        Ok(event)
    }

    async fn drop_factor_reset(&mut self, user_id: &str) -> Result<Option<FactorReset>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, ResetRow>(END_FACTOR_RESET).bind(user_id).fetch_optional(c).await)?;
        // Also those that nobody has opened yet.
        self.forget_tickets_of_reset(user_id).await?;
        Ok(row.map(ResetRow::read))
    }

    /// Takes the links that begin a request, and those that stop it.
    async fn forget_tickets_of_reset(&mut self, user_id: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(FORGET_RESET_LINKS).bind(user_id).execute(c).await.map(drop))
    }
}
