//! Signing keys as sealed records, and which master key sealed them.

use sqlx::FromRow;

use super::rows::moment;
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;

statements! {
    SIGNING_KEYS = "SELECT kid, algorithm, public_jwk, private_key, sealed_by, created_at, signs_from, retired_at, revoked_at \
        FROM signing_keys ORDER BY signs_from, kid";
    INSERT_SIGNING_KEY = "INSERT INTO signing_keys (kid, algorithm, public_jwk, private_key, sealed_by, created_at, signs_from) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    MASTER_KEY_ID = "SELECT value FROM meta WHERE name = 'master_key_id'";
    SET_MASTER_KEY_ID = "INSERT INTO meta (name, value) VALUES ('master_key_id', $1) ON CONFLICT (name) DO NOTHING";
}

/// A signing key as it lies in the database.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// Its public name, `kid` in headers and JWKS.
    pub kid: String,
    /// The JWS algorithm's name.
    pub algorithm: String,
    /// The public half as a JWK, JSON.
    pub public_jwk: String,
    /// The private half (PKCS #8), sealed under the master key.
    pub private_key: Vec<u8>,
    /// The id of the master key that sealed it.
    pub sealed_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct KeyRow {
    kid: String,
    algorithm: String,
    public_jwk: String,
    private_key: Vec<u8>,
    sealed_by: String,
    created_at: i64,
    signs_from: i64,
    retired_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl Reader {
    /// All signing keys, in the order in which they begin to sign.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_keys(&mut self) -> Result<Vec<StoredKey>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, KeyRow>(SIGNING_KEYS).fetch_all(c).await)?;
        let read = |row: KeyRow| StoredKey {
            kid: row.kid,
            algorithm: row.algorithm,
            public_jwk: row.public_jwk,
            private_key: row.private_key,
            sealed_by: row.sealed_by,
            created_at: Timestamp::from_seconds(row.created_at),
            signs_from: Timestamp::from_seconds(row.signs_from),
            retired_at: moment(row.retired_at),
            revoked_at: moment(row.revoked_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The id of the master key that this database belongs to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn master_key_id(&mut self) -> Result<Option<String>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(MASTER_KEY_ID).fetch_optional(c).await)?;
        Ok(row.map(|(id,)| id))
    }
}

impl Transaction {
    /// Keeps a new signing key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_signing_key(&mut self, key: &StoredKey) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(INSERT_SIGNING_KEY)
            .bind(&key.kid)
            .bind(&key.algorithm)
            .bind(&key.public_jwk)
            .bind(key.private_key.as_slice())
            .bind(&key.sealed_by)
            .bind(key.created_at.seconds())
            .bind(key.signs_from.seconds())
            .execute(c)
            .await
            .map(drop))?;
        self.bump_epoch().await
    }

    /// Notes the master key that this database belongs to, unless one is noted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_master_key_id(&mut self, id: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(SET_MASTER_KEY_ID).bind(id).execute(c).await.map(drop))
    }
}
