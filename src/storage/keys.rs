//! Signing keys as sealed records with the times of their lives, and which master key sealed them. Every change is told in its own transaction ([`Transaction::keys_changed`]).

use sqlx::FromRow;

use super::rows::{algorithm_choice, moment};
use super::{Reader, Storage, StoredSecret, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::AlgorithmChoice;
use crate::protocol::key_life::KeyLife;

statements! {
    SIGNING_KEYS = "SELECT kid, algorithm, public_jwk, private_key, sealed_by, sequence, created_at, signs_from, activated_at, \
        retired_at, revoked_at, token_lifetime FROM signing_keys ORDER BY sequence, kid";
    INSERT_SIGNING_KEY = "INSERT INTO signing_keys (kid, algorithm, public_jwk, private_key, sealed_by, created_at, signs_from, \
        activated_at, token_lifetime, sequence) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM signing_keys))";
    ACTIVATE_SIGNING_KEY = "UPDATE signing_keys SET activated_at = $2, \
        signs_from = CASE WHEN signs_from > $2 THEN $2 ELSE signs_from END \
        WHERE kid = $1 AND activated_at IS NULL AND revoked_at IS NULL";
    HASTEN_SIGNING_KEY = "UPDATE signing_keys SET signs_from = $2 \
        WHERE kid = $1 AND signs_from > $2 AND activated_at IS NULL AND revoked_at IS NULL";
    REVOKE_SIGNING_KEY = "UPDATE signing_keys SET revoked_at = $2, private_key = $3, \
        activated_at = CASE WHEN activated_at IS NULL AND signs_from <= $2 THEN signs_from ELSE activated_at END \
        WHERE kid = $1 AND revoked_at IS NULL RETURNING kid";
    REWRAP_SIGNING_KEY = "UPDATE signing_keys SET private_key = $2, sealed_by = $3 WHERE kid = $1";
    RETIRE_SIGNING_KEY = "UPDATE signing_keys SET retired_at = $2, private_key = $3 \
        WHERE kid = $1 AND retired_at IS NULL AND revoked_at IS NULL";
    FORGET_SIGNING_KEY = "DELETE FROM signing_keys WHERE kid = $1 AND (retired_at IS NOT NULL OR revoked_at IS NOT NULL)";
    RAISE_TOKEN_LIFETIME = "UPDATE signing_keys SET token_lifetime = $1 \
        WHERE token_lifetime < $1 AND retired_at IS NULL AND revoked_at IS NULL RETURNING kid";
    ALGORITHM_CHOICES = "SELECT id_token_algorithm AS wanted, id_token_algorithm_former AS former FROM clients \
        WHERE id_token_algorithm IS NOT NULL OR id_token_algorithm_former IS NOT NULL \
        UNION SELECT signing_algorithm AS wanted, signing_algorithm_former AS former FROM resources \
        WHERE signing_algorithm IS NOT NULL OR signing_algorithm_former IS NOT NULL";
    KEY_SET_PUBLISHED = "SELECT value FROM meta WHERE name = 'key_set_published'";
    NOTE_KEY_SET_PUBLISHED = "INSERT INTO meta (name, value) VALUES ('key_set_published', 'yes') ON CONFLICT (name) DO NOTHING";
    MASTER_KEY_ID = "SELECT value FROM meta WHERE name = 'master_key_id'";
    CHANGE_MASTER_KEY_ID = "UPDATE meta SET value = $1 WHERE name = 'master_key_id'";
    SET_MASTER_KEY_ID = "INSERT INTO meta (name, value) VALUES ('master_key_id', $1) ON CONFLICT (name) DO NOTHING";
}

/// A signing key as it lies in the database.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// Its name, algorithm and times.
    pub life: KeyLife,
    /// The public half as a JWK, JSON.
    pub public_jwk: String,
    /// The private half (PKCS #8), sealed under a master key; empty once it is not needed any more.
    pub private_key: Vec<u8>,
    /// The id of the master key that sealed it.
    pub sealed_by: String,
}

#[derive(FromRow)]
struct KeyRow {
    kid: String,
    algorithm: String,
    public_jwk: String,
    private_key: Vec<u8>,
    sealed_by: String,
    sequence: i64,
    created_at: i64,
    signs_from: i64,
    activated_at: Option<i64>,
    retired_at: Option<i64>,
    revoked_at: Option<i64>,
    token_lifetime: i64,
}

impl KeyRow {
    fn read(self) -> StoredKey {
        StoredKey {
            life: KeyLife {
                kid: self.kid,
                algorithm: self.algorithm,
                sequence: self.sequence,
                created_at: Timestamp::from_seconds(self.created_at),
                signs_from: Timestamp::from_seconds(self.signs_from),
                activated_at: moment(self.activated_at),
                retired_at: moment(self.retired_at),
                revoked_at: moment(self.revoked_at),
                token_lifetime: self.token_lifetime,
            },
            public_jwk: self.public_jwk,
            private_key: self.private_key,
            sealed_by: self.sealed_by,
        }
    }
}

/// All that is known of signing keys, and of the secrets beside them.
#[derive(Clone, Debug)]
pub struct KeyRows {
    /// The keys, in the order in which they were made.
    pub keys: Vec<StoredKey>,
    /// The secrets of APIs, in the order in which they were made.
    pub secrets: Vec<StoredSecret>,
    /// What algorithms clients and resources want.
    pub choices: Vec<AlgorithmChoice>,
    /// The master key that the database belongs to.
    pub master_key_id: Option<String>,
    /// Whether a server has ever published keys.
    pub published: bool,
}

impl Storage {
    /// All that is known of signing keys, for what runs by itself.
    pub async fn key_rows(&self) -> Result<KeyRows, Failure> {
        let mut reader = self.read_news().await?;
        Ok(KeyRows {
            keys: reader.signing_keys().await?,
            secrets: reader.resource_secrets().await?,
            choices: reader.algorithm_choices().await?,
            master_key_id: reader.master_key_id().await?,
            published: reader.key_set_was_published().await?,
        })
    }
}

impl Reader {
    /// All signing keys, in the order in which they were made.
    pub async fn signing_keys(&mut self) -> Result<Vec<StoredKey>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, KeyRow>(SIGNING_KEYS).fetch_all(c).await)?;
        Ok(rows.into_iter().map(KeyRow::read).collect())
    }

    /// What algorithms clients and resources want, each pair once. Those of a newer version are left out.
    pub async fn algorithm_choices(&mut self) -> Result<Vec<AlgorithmChoice>, Failure> {
        type Pair = (Option<String>, Option<String>);
        let rows = on!(self, |c| sqlx::query_as::<_, Pair>(ALGORITHM_CHOICES).fetch_all(c).await)?;
        Ok(rows.into_iter().filter_map(|(wanted, former)| algorithm_choice(wanted, former).ok()).collect())
    }

    /// Whether a server has ever published keys of this database.
    pub async fn key_set_was_published(&mut self) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(KEY_SET_PUBLISHED).fetch_optional(c).await)?;
        Ok(row.is_some())
    }

    /// The id of the master key that this database belongs to.
    pub async fn master_key_id(&mut self) -> Result<Option<String>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(MASTER_KEY_ID).fetch_optional(c).await)?;
        Ok(row.map(|(id,)| id))
    }
}

impl Transaction {
    /// Keeps a new signing key, as the last of all.
    pub async fn insert_signing_key(&mut self, key: &StoredKey) -> Result<(), Failure> {
        let life = &key.life;
        on!(self, |c| sqlx::query(INSERT_SIGNING_KEY)
            .bind(&life.kid)
            .bind(&life.algorithm)
            .bind(&key.public_jwk)
            .bind(key.private_key.as_slice())
            .bind(&key.sealed_by)
            .bind(life.created_at.seconds())
            .bind(life.signs_from.seconds())
            .bind(life.activated_at.map(Timestamp::seconds))
            .bind(life.token_lifetime)
            .execute(c)
            .await
            .map(drop))?;
        self.keys_changed().await
    }

    /// Notes that a key signs from now on, if it did not before.
    pub async fn activate_signing_key(&mut self, kid: &str, now: Timestamp) -> Result<(), Failure> {
        let at = now.seconds();
        on!(self, |c| sqlx::query(ACTIVATE_SIGNING_KEY).bind(kid).bind(at).execute(c).await.map(drop))?;
        self.keys_changed().await
    }

    /// Lets a key that does not sign yet begin earlier.
    pub async fn hasten_signing_key(&mut self, kid: &str, signs_from: Timestamp) -> Result<(), Failure> {
        let at = signs_from.seconds();
        on!(self, |c| sqlx::query(HASTEN_SIGNING_KEY).bind(kid).bind(at).execute(c).await.map(drop))?;
        self.keys_changed().await
    }

    /// Revokes a key, and throws its private half away; `false` when it was revoked before or there is none of that name.
    pub async fn revoke_signing_key(&mut self, kid: &str, now: Timestamp) -> Result<bool, Failure> {
        let revoked = on!(self, |c| sqlx::query_as::<_, (String,)>(REVOKE_SIGNING_KEY)
            .bind(kid)
            .bind(now.seconds())
            .bind(&[] as &[u8])
            .fetch_optional(c)
            .await)?;
        self.keys_changed().await?;
        Ok(revoked.is_some())
    }

    /// Keeps a private half as another master key sealed it.
    pub async fn rewrap_signing_key(&mut self, kid: &str, private_key: &[u8], sealed_by: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(REWRAP_SIGNING_KEY)
            .bind(kid)
            .bind(private_key)
            .bind(sealed_by)
            .execute(c)
            .await
            .map(drop))?;
        self.keys_changed().await
    }

    /// Gives the database to another master key.
    pub async fn change_master_key_id(&mut self, id: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(CHANGE_MASTER_KEY_ID).bind(id).execute(c).await.map(drop))?;
        self.keys_changed().await
    }

    /// Notes that a key signs no more, and throws its private half away.
    pub async fn retire_signing_key(&mut self, kid: &str, now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(RETIRE_SIGNING_KEY)
            .bind(kid)
            .bind(now.seconds())
            .bind(&[] as &[u8])
            .execute(c)
            .await
            .map(drop))?;
        self.keys_changed().await
    }

    /// Removes a retired or revoked key.
    pub async fn forget_signing_key(&mut self, kid: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(FORGET_SIGNING_KEY).bind(kid).execute(c).await.map(drop))?;
        self.keys_changed().await
    }

    /// Notes that tokens may live so long from now on, in seconds.
    pub async fn raise_token_lifetime(&mut self, seconds: i64) -> Result<(), Failure> {
        let raised =
            on!(self, |c| sqlx::query_as::<_, (String,)>(RAISE_TOKEN_LIFETIME).bind(seconds).fetch_all(c).await)?;
        if raised.is_empty() { Ok(()) } else { self.keys_changed().await }
    }

    /// Notes that a server publishes the keys from now on. Whoever makes one at the same time waits, and sees it.
    pub async fn note_key_set_published(&mut self) -> Result<(), Failure> {
        self.keys_changed().await?;
        on!(self, |c| sqlx::query(NOTE_KEY_SET_PUBLISHED).execute(c).await.map(drop))
    }

    /// Notes the master key that this database belongs to, unless one is noted.
    pub async fn set_master_key_id(&mut self, id: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(SET_MASTER_KEY_ID).bind(id).execute(c).await.map(drop))
    }
}
