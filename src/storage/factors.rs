//! Second factors: what is sealed of each, and that none is taken twice. One statement decides for a time step of an authenticator, and one for a
//! recovery code.
//!
//! The secrets must outlive a change of the master key, so they are sealed under it ([`FactorSeal`]) and sealed anew with all else
//! (`key rewrap`). Recovery codes are too short for a plain hash and last too long for a MAC under the master key itself: each set has a key of
//! its own, which is what is sealed.

use sqlx::FromRow;
use zeroize::Zeroizing;

use super::rows::{from_name, moment};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::second_factor::FactorKind;
use crate::sealing::{MasterKey, SealingKey};

/// What the secrets are sealed for.
const PURPOSE: &str = "second factors";
/// How many are sealed anew at once.
const BATCH: i64 = 500;

statements! {
    FACTORS_OF_USER = "SELECT f.id, f.kind, f.secret, f.created_at, f.last_used_at, \
        (SELECT COUNT(*) FROM recovery_codes r WHERE r.factor_id = f.id AND r.used_at IS NULL) AS codes_left \
        FROM factors f WHERE f.user_id = $1 ORDER BY f.kind";
    SECOND_FACTOR_ACCOUNTS = "SELECT COUNT(*) FROM (SELECT user_id FROM factors WHERE kind = 'authenticator' \
        UNION SELECT user_id FROM passkeys WHERE CAST($1 AS BIGINT) = 1) AS guarded";
    HOLD_MASTER_KEY = "UPDATE meta SET value = value WHERE name = 'master_key_id' RETURNING value";
    INSERT_FACTOR = "INSERT INTO factors (id, user_id, kind, secret, created_at, last_step) VALUES ($1, $2, $3, $4, $5, $6)";
    DELETE_RECOVERY_CODES = "DELETE FROM recovery_codes WHERE factor_id IN (SELECT f.id FROM factors f WHERE f.user_id = $1 AND f.kind = $2)";
    DELETE_FACTOR = "DELETE FROM factors WHERE user_id = $1 AND kind = $2 RETURNING id";
    INSERT_RECOVERY_CODE = "INSERT INTO recovery_codes (factor_id, code_mac) VALUES ($1, $2)";
    USE_TIME_STEP = "UPDATE factors SET last_step = $2, last_used_at = $3 WHERE id = $1 AND kind = 'authenticator' AND last_step < $2 \
        RETURNING id";
    USE_RECOVERY_CODE = "UPDATE recovery_codes SET used_at = $3 WHERE factor_id = $1 AND code_mac = $2 AND used_at IS NULL RETURNING factor_id";
    USE_FACTOR = "UPDATE factors SET last_used_at = $2 WHERE id = $1";
    FACTORS_TO_RESEAL = "SELECT id, secret FROM factors WHERE id > $1 ORDER BY id LIMIT $2";
    RESEAL_FACTOR = "UPDATE factors SET secret = $2 WHERE id = $1";
}

/// A second factor.
#[derive(Clone, Debug)]
pub struct Factor {
    /// Its row id.
    pub id: String,
    /// What it is.
    pub kind: FactorKind,
    /// Its secret, sealed.
    pub secret: Vec<u8>,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Of recovery codes, how many are left.
    pub left: Option<i64>,
}

/// A second factor that is to be kept.
pub struct NewFactor<'a> {
    /// Its row id.
    pub id: &'a str,
    /// Whose it is.
    pub user_id: &'a str,
    /// What it is.
    pub kind: FactorKind,
    /// Its secret.
    pub secret: &'a [u8],
    /// Of an authenticator, the step of the code that was shown for it: that code is used up.
    pub last_step: i64,
    /// Now.
    pub at: Timestamp,
}

/// Seals the secrets of second factors, and opens them.
#[derive(Debug)]
pub struct FactorSeal {
    master: MasterKey,
    key: SealingKey,
}

impl FactorSeal {
    /// Under this master key.
    pub fn new(master: &MasterKey) -> Self {
        Self { master: master.clone(), key: master.sealing_key(PURPOSE) }
    }

    /// The secret of a factor; `None` when it cannot be opened, being damaged or sealed under another master key.
    pub fn open(&self, factor: &Factor) -> Option<Zeroizing<Vec<u8>>> {
        self.key.open(factor.id.as_bytes(), &factor.secret)
    }
}

#[derive(FromRow)]
struct FactorRow {
    id: String,
    kind: String,
    secret: Vec<u8>,
    created_at: i64,
    last_used_at: Option<i64>,
    codes_left: i64,
}

impl FactorRow {
    fn read(self) -> Result<Factor, Failure> {
        let kind = from_name("kind", &self.kind)?;
        Ok(Factor {
            kind,
            id: self.id,
            secret: self.secret,
            created_at: Timestamp::from_seconds(self.created_at),
            last_used_at: moment(self.last_used_at),
            left: (kind == FactorKind::RecoveryCodes).then_some(self.codes_left),
        })
    }
}

impl Reader {
    /// The second factors of a user.
    pub async fn factors(&mut self, user_id: &str) -> Result<Vec<Factor>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, FactorRow>(FACTORS_OF_USER).bind(user_id).fetch_all(c).await)?;
        rows.into_iter().map(FactorRow::read).collect()
    }

    /// How many accounts have a second factor, passkeys and security keys among them where those are on.
    pub async fn second_factor_accounts(&mut self, passkeys: bool) -> Result<i64, Failure> {
        let passkeys = i64::from(passkeys);
        let (count,): (i64,) = on!(self, |c| sqlx::query_as(SECOND_FACTOR_ACCOUNTS).bind(passkeys).fetch_one(c).await)?;
        Ok(count)
    }
}

/// The user must be held, by whatever makes or takes a factor.
impl Transaction {
    /// Keeps a factor in the place of the one of its kind, sealed under the master key that the database belongs to; tells whether there was one.
    pub async fn keep_factor(&mut self, seal: &FactorSeal, new: &NewFactor<'_>) -> Result<bool, Failure> {
        let noted = self.hold_master_key().await?;
        if let Some(noted) = noted.filter(|noted| !seal.master.use_key(noted)) {
            return Err(Failure::internal(format!(
                "no second factor can be kept: the database belongs to the master key {noted}, which the settings do not have"
            )));
        }
        let had_one = self.forget_factor(new.user_id, new.kind).await?;
        let sealed = seal.key.seal(new.id.as_bytes(), new.secret);
        on!(self, |c| sqlx::query(INSERT_FACTOR)
            .bind(new.id)
            .bind(new.user_id)
            .bind(new.kind.as_str())
            .bind(sealed.as_slice())
            .bind(new.at.seconds())
            .bind(new.last_step)
            .execute(c)
            .await
            .map(drop))?;
        Ok(had_one)
    }

    /// Keeps a recovery code of a set, as its key has made it checkable.
    pub async fn keep_recovery_code(&mut self, factor_id: &str, mac: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(INSERT_RECOVERY_CODE).bind(factor_id).bind(mac).execute(c).await.map(drop))
    }

    /// Takes a factor away, and keeps no device any more; `false` when the user has none of this kind.
    pub async fn forget_factor(&mut self, user_id: &str, kind: FactorKind) -> Result<bool, Failure> {
        let kind = kind.as_str();
        self.end_kept_devices(user_id, None).await?;
        on!(self, |c| sqlx::query(DELETE_RECOVERY_CODES).bind(user_id).bind(kind).execute(c).await.map(drop))?;
        let gone = on!(self, |c| sqlx::query_as::<_, (String,)>(DELETE_FACTOR)
            .bind(user_id)
            .bind(kind)
            .fetch_optional(c)
            .await)?;
        Ok(gone.is_some())
    }

    /// Takes the code of a time step as shown; `false` when a code of that step, or of a later one, was taken before.
    pub async fn use_time_step(&mut self, factor_id: &str, step: i64, now: Timestamp) -> Result<bool, Failure> {
        let used = on!(self, |c| sqlx::query_as::<_, (String,)>(USE_TIME_STEP)
            .bind(factor_id)
            .bind(step)
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(used.is_some())
    }

    /// Uses up a recovery code; `false` when it is none of the set, or was used before.
    pub async fn use_recovery_code(&mut self, factor_id: &str, mac: &str, now: Timestamp) -> Result<bool, Failure> {
        let used = on!(self, |c| sqlx::query_as::<_, (String,)>(USE_RECOVERY_CODE)
            .bind(factor_id)
            .bind(mac)
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        if used.is_some() {
            on!(self, |c| sqlx::query(USE_FACTOR).bind(factor_id).bind(now.seconds()).execute(c).await.map(drop))?;
        }
        Ok(used.is_some())
    }

    /// The id of the master key that the database belongs to, if it is noted. Whoever gives the database to another waits for the end of this
    /// transaction.
    pub async fn hold_master_key(&mut self) -> Result<Option<String>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(HOLD_MASTER_KEY).fetch_optional(c).await)?;
        Ok(row.map(|(id,)| id))
    }

    /// Seals the secrets of all factors with the master key in use. One that cannot be opened stays as it is: its person cannot use it.
    pub async fn reseal_factors(&mut self, master: &MasterKey) -> Result<(), Failure> {
        let key = master.sealing_key(PURPOSE);
        let mut after = String::new();
        loop {
            let rows = on!(self, |c| sqlx::query_as::<_, (String, Vec<u8>)>(FACTORS_TO_RESEAL)
                .bind(&after)
                .bind(BATCH)
                .fetch_all(c)
                .await)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after.clone_from(last);
            for (id, secret) in rows {
                let Some(plain) = key.open(id.as_bytes(), &secret) else { continue };
                let sealed = key.seal(id.as_bytes(), &plain);
                on!(self, |c| sqlx::query(RESEAL_FACTOR).bind(&id).bind(&sealed).execute(c).await.map(drop))?;
            }
        }
    }
}
