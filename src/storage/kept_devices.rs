//! The devices that people keep. A row goes with whatever changes what its account is guarded by: each verb that changes the password, a factor or a passkey, and
//! the one that ends all that a person is signed in to, takes them away in its own transaction.

use sqlx::FromRow;

use super::rows::{from_name, moment};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::kept_device::{KeptDevice, MOST, MOST_WRONG_CODES};

/// The columns, in the order in which a row is written.
macro_rules! columns {
    () => {
        "user_id, device_hash, sign_in_id, shown, kept_at, last_used_at, expires_at, user_agent"
    };
}

statements! {
    KEPT_DEVICE = concat!("SELECT ", columns!(), " FROM kept_devices WHERE user_id = $1 AND device_hash = $2");
    KEPT_DEVICES_OF_USER = concat!("SELECT ", columns!(), " FROM kept_devices WHERE user_id = $1 ORDER BY kept_at DESC, device_hash");
    KEEP_DEVICE = concat!("INSERT INTO kept_devices (", columns!(), ", wrong_codes) \
        VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, 0)");
    KEEP_FEWER_DEVICES = "DELETE FROM kept_devices WHERE user_id = $1 AND device_hash IN (SELECT k.device_hash FROM kept_devices k \
        WHERE k.user_id = $1 AND k.device_hash <> $2 ORDER BY k.kept_at DESC, k.device_hash LIMIT 100 OFFSET $3)";
    SIGN_IN_ON_KEPT_DEVICE = "UPDATE kept_devices SET sign_in_id = $3, device_hash = $4, last_used_at = COALESCE($5, last_used_at) \
        WHERE user_id = $1 AND device_hash = $2";
    COUNT_WRONG_CODE = "UPDATE kept_devices SET wrong_codes = wrong_codes + 1 WHERE user_id = $1 AND device_hash = $2 RETURNING wrong_codes";
    END_KEPT_DEVICE = "DELETE FROM kept_devices WHERE user_id = $1 AND device_hash = $2 RETURNING user_agent";
    HOLD_USER_OF_SIGN_IN = "UPDATE users SET created_at = created_at WHERE id = (SELECT s.user_id FROM sign_ins s WHERE s.id = $1)";
    END_KEPT_DEVICE_OF_SIGN_IN = "DELETE FROM kept_devices WHERE user_id = (SELECT s.user_id FROM sign_ins s WHERE s.id = $1) \
        AND sign_in_id = $1";
    END_KEPT_DEVICES = "DELETE FROM kept_devices WHERE user_id = $1 AND device_hash <> $2";
}

#[derive(FromRow)]
struct Row {
    user_id: String,
    device_hash: String,
    sign_in_id: String,
    shown: String,
    kept_at: i64,
    last_used_at: Option<i64>,
    expires_at: i64,
    user_agent: String,
}

impl Row {
    fn read(self) -> Result<KeptDevice, Failure> {
        Ok(KeptDevice {
            shown: from_name("shown", &self.shown)?,
            user_id: self.user_id,
            hash: self.device_hash,
            sign_in_id: self.sign_in_id,
            kept_at: Timestamp::from_seconds(self.kept_at),
            last_used_at: moment(self.last_used_at),
            expires_at: Timestamp::from_seconds(self.expires_at),
            user_agent: self.user_agent,
        })
    }
}

impl Reader {
    /// What a user keeps the device with this hash for. Whether it still holds is for the caller.
    pub async fn kept_device(&mut self, user_id: &str, hash: &str) -> Result<Option<KeptDevice>, Failure> {
        let row =
            on!(self, |c| sqlx::query_as::<_, Row>(KEPT_DEVICE).bind(user_id).bind(hash).fetch_optional(c).await)?;
        row.map(Row::read).transpose()
    }

    /// The devices that a user keeps, the newest first. Whether they still hold is for the caller.
    pub async fn kept_devices(&mut self, user_id: &str) -> Result<Vec<KeptDevice>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, Row>(KEPT_DEVICES_OF_USER).bind(user_id).fetch_all(c).await)?;
        rows.into_iter().map(Row::read).collect()
    }
}

/// The user must be held.
impl Transaction {
    /// Keeps a device that was not kept before; the one goes that was kept longest ago when there are too many.
    pub async fn keep_device(&mut self, kept: &KeptDevice) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(KEEP_DEVICE)
            .bind(&kept.user_id)
            .bind(&kept.hash)
            .bind(&kept.sign_in_id)
            .bind(kept.shown.as_str())
            .bind(kept.kept_at.seconds())
            .bind(kept.expires_at.seconds())
            .bind(&kept.user_agent)
            .execute(c)
            .await
            .map(drop))?;
        on!(self, |c| sqlx::query(KEEP_FEWER_DEVICES)
            .bind(&kept.user_id)
            .bind(&kept.hash)
            .bind(MOST - 1)
            .execute(c)
            .await
            .map(drop))
    }

    /// Notes the sign-in that is on a device now, if its user keeps it, the hash of its name from now on, and when it stood in for a code, if it just did.
    pub async fn sign_in_on_kept_device(
        &mut self,
        (user_id, hash): (&str, &str),
        (sign_in_id, new_hash): (&str, &str),
        lent_at: Option<Timestamp>,
    ) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(SIGN_IN_ON_KEPT_DEVICE)
            .bind(user_id)
            .bind(hash)
            .bind(sign_in_id)
            .bind(new_hash)
            .bind(lent_at.map(Timestamp::seconds))
            .execute(c)
            .await
            .map(drop))
    }

    /// Counts a wrong code that was typed on a device; whether it is kept no more for that, having been until now.
    pub async fn count_wrong_code(&mut self, user_id: &str, hash: &str) -> Result<bool, Failure> {
        let counted = on!(self, |c| sqlx::query_as::<_, (i64,)>(COUNT_WRONG_CODE)
            .bind(user_id)
            .bind(hash)
            .fetch_optional(c)
            .await)?;
        match counted {
            Some((wrong,)) if wrong >= MOST_WRONG_CODES => Ok(self.end_kept_device(user_id, hash).await?.is_some()),
            _ => Ok(false),
        }
    }

    /// Keeps a device no more; what the browser called itself, or `None` when the user does not keep it.
    pub async fn end_kept_device(&mut self, user_id: &str, hash: &str) -> Result<Option<String>, Failure> {
        let ended = on!(self, |c| sqlx::query_as::<_, (String,)>(END_KEPT_DEVICE)
            .bind(user_id)
            .bind(hash)
            .fetch_optional(c)
            .await)?;
        Ok(ended.map(|(user_agent,)| user_agent))
    }

    /// Ends a sign-in as [`Transaction::end_sign_in`] does, for somebody who does not trust what has it: its device is kept no more. Whoever signs out there
    /// keeps it. Holds the user.
    pub async fn end_sign_in_and_device(&mut self, id: &str, reason: &str, act: &Act) -> Result<bool, Failure> {
        on!(self, |c| sqlx::query(HOLD_USER_OF_SIGN_IN).bind(id).execute(c).await.map(drop))?;
        on!(self, |c| sqlx::query(END_KEPT_DEVICE_OF_SIGN_IN).bind(id).execute(c).await.map(drop))?;
        self.end_sign_in(id, reason, act).await
    }

    /// Keeps no device of a user any more but the one with this hash.
    pub async fn end_kept_devices(&mut self, user_id: &str, but: Option<&str>) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(END_KEPT_DEVICES)
            .bind(user_id)
            .bind(but.unwrap_or_default())
            .execute(c)
            .await
            .map(drop))
    }
}
