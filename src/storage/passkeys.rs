//! Passkeys, security keys among them, and the challenges that were answered. One statement decides whom a passkey belongs to, one whether its counter has gone on, and one
//! whether a challenge is answered for the first time.

use sqlx::FromRow;

use super::rows::{damaged, from_json, json, moment};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::passkey::{Aaguid, Kept, Passkey, PublicKey, Use};
use crate::protocol::second_factor::Guards;

/// The columns, in the order in which a whole row is written.
macro_rules! columns {
    () => {
        "id, user_id, credential_id, credential, counter, may_be_copied, is_copied, transports, aaguid, is_attested, is_security_key, name, created_at, last_used_at"
    };
}

/// By what the user in `u` is guarded: how many passwords, which are good beside an address, and how many authenticators they have; how well the key of
/// their best passkey is kept, 0 for who has none, 2 for one that hardware keeps, 1 for any other; and how many security keys they have.
macro_rules! guards {
    () => {
        "CAST(CASE WHEN u.email IS NULL OR u.password_hash IS NULL THEN 0 ELSE 1 END AS BIGINT) AS passwords, \
        (SELECT COUNT(*) FROM factors f WHERE f.kind = 'authenticator' AND f.user_id = u.id) AS authenticators, \
        (SELECT COALESCE(MAX(1 + p.is_attested * (1 - p.may_be_copied)), 0) FROM passkeys p WHERE p.is_security_key = 0 AND p.user_id = u.id) AS best_passkey, \
        (SELECT COUNT(*) FROM passkeys p WHERE p.is_security_key = 1 AND p.user_id = u.id) AS security_keys"
    };
}
pub(super) use guards;

statements! {
    ANY_PASSKEY = "SELECT id FROM passkeys WHERE is_security_key = 0 LIMIT 1";
    GUARDS = concat!("SELECT ", guards!(), " FROM users u WHERE u.id = $1");
    PASSKEYS_OF_USER = concat!("SELECT ", columns!(), " FROM passkeys WHERE user_id = $1 ORDER BY created_at, id");
    PASSKEY_BY_CREDENTIAL = concat!("SELECT ", columns!(), " FROM passkeys WHERE credential_id = $1");
    INSERT_PASSKEY = concat!("INSERT INTO passkeys (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL) \
        ON CONFLICT (credential_id) DO NOTHING RETURNING id");
    USE_PASSKEY = "UPDATE passkeys SET counter = $3, is_copied = $4, last_used_at = $5 WHERE id = $1 AND user_id = $2 \
        AND (counter < $3 OR (counter = 0 AND CAST($3 AS BIGINT) = 0)) RETURNING id";
    RENAME_PASSKEY = "UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2";
    DELETE_PASSKEY = "DELETE FROM passkeys WHERE id = $1 AND user_id = $2 RETURNING name";
    DECLINED_PASSKEYS = "SELECT passkey_declined_at FROM users WHERE id = $1";
    DECLINE_PASSKEYS = "UPDATE users SET passkey_declined_at = $2 WHERE id = $1";
    USE_CHALLENGE = "INSERT INTO used_challenges (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id";
}

/// By what an account is guarded: the columns of [`guards`].
#[derive(Clone, Copy, FromRow)]
pub(super) struct GuardsRow {
    passwords: i64,
    authenticators: i64,
    best_passkey: i64,
    security_keys: i64,
}

impl From<GuardsRow> for Guards {
    fn from(row: GuardsRow) -> Self {
        let passkey = match row.best_passkey {
            0 => None,
            1 => Some(Kept::Anywhere),
            _ => Some(Kept::InHardware),
        };
        Self {
            password: row.passwords > 0,
            authenticator: row.authenticators > 0,
            passkey,
            security_key: row.security_keys > 0,
        }
    }
}

#[derive(FromRow)]
struct PasskeyRow {
    id: String,
    user_id: String,
    credential_id: Vec<u8>,
    credential: String,
    counter: i64,
    may_be_copied: i64,
    is_copied: i64,
    transports: String,
    aaguid: String,
    is_attested: i64,
    is_security_key: i64,
    name: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl PasskeyRow {
    fn read(self) -> Result<Passkey, Failure> {
        let key = PublicKey {
            credential_id: self.credential_id,
            credential: self.credential,
            counter: u32::try_from(self.counter).map_err(|error| damaged("counter", error))?,
            may_be_copied: self.may_be_copied != 0,
            is_copied: self.is_copied != 0,
            transports: from_json("transports", &self.transports)?,
            aaguid: self.aaguid.parse::<Aaguid>().map_err(|error| damaged("aaguid", error))?,
            is_attested: self.is_attested != 0,
        };
        Ok(Passkey {
            id: self.id,
            user_id: self.user_id,
            name: self.name,
            created_at: Timestamp::from_seconds(self.created_at),
            last_used_at: moment(self.last_used_at),
            used_as: if self.is_security_key == 0 { Use::Passkey } else { Use::SecurityKey },
            key,
        })
    }
}

impl Reader {
    /// By what an account is guarded: by nothing where there is none with this id.
    pub async fn guards(&mut self, user_id: &str) -> Result<Guards, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, GuardsRow>(GUARDS).bind(user_id).fetch_optional(c).await)?;
        Ok(row.map(Guards::from).unwrap_or_default())
    }

    /// Whether there is a passkey at all.
    pub async fn any_passkey(&mut self) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(ANY_PASSKEY).fetch_optional(c).await)?;
        Ok(row.is_some())
    }

    /// The passkeys and security keys of a user, the oldest first.
    pub async fn passkeys(&mut self, user_id: &str) -> Result<Vec<Passkey>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, PasskeyRow>(PASSKEYS_OF_USER).bind(user_id).fetch_all(c).await)?;
        rows.into_iter().map(PasskeyRow::read).collect()
    }

    /// When a user said that they want no passkey, if they did.
    pub async fn passkeys_declined(&mut self, user_id: &str) -> Result<Option<Timestamp>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (Option<i64>,)>(DECLINED_PASSKEYS)
            .bind(user_id)
            .fetch_optional(c)
            .await)?;
        Ok(row.and_then(|(at,)| moment(at)))
    }

    /// The passkey or security key that a device knows by this id.
    pub async fn passkey_by_credential(&mut self, credential_id: &[u8]) -> Result<Option<Passkey>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, PasskeyRow>(PASSKEY_BY_CREDENTIAL)
            .bind(credential_id)
            .fetch_optional(c)
            .await)?;
        row.map(PasskeyRow::read).transpose()
    }
}

/// The user must be held, by whatever adds or takes a passkey. All that is said of one holds for a security key.
impl Transaction {
    /// Adds a passkey, and keeps no device any more. `false` when there is one that its device knows by the same id, be it this user's.
    pub async fn insert_passkey(&mut self, new: &Passkey) -> Result<bool, Failure> {
        self.end_kept_devices(&new.user_id, None).await?;
        let transports = json(&new.key.transports)?;
        let aaguid = new.key.aaguid.to_string();
        let written = on!(self, |c| sqlx::query_as::<_, (String,)>(INSERT_PASSKEY)
            .bind(&new.id)
            .bind(&new.user_id)
            .bind(new.key.credential_id.as_slice())
            .bind(&new.key.credential)
            .bind(i64::from(new.key.counter))
            .bind(i64::from(new.key.may_be_copied))
            .bind(i64::from(new.key.is_copied))
            .bind(transports)
            .bind(aaguid)
            .bind(i64::from(new.key.is_attested))
            .bind(i64::from(new.is_security_key()))
            .bind(&new.name)
            .bind(new.created_at.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(written.is_some())
    }

    /// Notes a use with this counter, and whether the key was copied by then. `false` when the counter has not gone on since it was last seen, though it
    /// counts, or the passkey is no more.
    pub async fn use_passkey(
        &mut self,
        passkey: &Passkey,
        (counter, is_copied): (u32, bool),
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let used = on!(self, |c| sqlx::query_as::<_, (String,)>(USE_PASSKEY)
            .bind(&passkey.id)
            .bind(&passkey.user_id)
            .bind(i64::from(counter))
            .bind(i64::from(is_copied))
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(used.is_some())
    }

    /// Notes that a user wants no passkey to be offered.
    pub async fn decline_passkeys(&mut self, user_id: &str, now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(DECLINE_PASSKEYS).bind(user_id).bind(now.seconds()).execute(c).await.map(drop))
    }

    /// Calls a passkey of a user by another name.
    pub async fn rename_passkey(&mut self, id: &str, user_id: &str, name: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(RENAME_PASSKEY).bind(id).bind(user_id).bind(name).execute(c).await.map(drop))
    }

    /// Takes a passkey away, and keeps no device any more; what it was called, or `None` when the user has no such one.
    pub async fn delete_passkey(&mut self, id: &str, user_id: &str) -> Result<Option<String>, Failure> {
        self.end_kept_devices(user_id, None).await?;
        let gone = on!(self, |c| sqlx::query_as::<_, (String,)>(DELETE_PASSKEY)
            .bind(id)
            .bind(user_id)
            .fetch_optional(c)
            .await)?;
        Ok(gone.map(|(name,)| name))
    }

    /// Notes that a challenge was answered, until it is too old anyway; `false` when it was answered before.
    pub async fn use_challenge(&mut self, id: &str, expires_at: Timestamp) -> Result<bool, Failure> {
        let first = on!(self, |c| sqlx::query_as::<_, (String,)>(USE_CHALLENGE)
            .bind(id)
            .bind(expires_at.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(first.is_some())
    }
}
