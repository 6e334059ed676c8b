//! The secrets that APIs share with us, as sealed records with the times of their lives. Every change is told in its own transaction
//! ([`Transaction::keys_changed`]), before it is made: whoever changes keys or secrets at the same time waits, and then sees it.

use sqlx::FromRow;

use super::rows::moment;
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::resource_secret::SecretLife;

/// The columns.
macro_rules! columns {
    () => {
        "kid, resource, secret, sealed_by, sequence, created_at, signs_from, ends_at"
    };
}

statements! {
    RESOURCE_SECRETS = concat!("SELECT ", columns!(), " FROM resource_secrets ORDER BY sequence, kid");
    SECRETS_OF_RESOURCE = concat!("SELECT ", columns!(), " FROM resource_secrets WHERE resource = $1 ORDER BY sequence, kid");
    INSERT_RESOURCE_SECRET = "INSERT INTO resource_secrets (kid, resource, secret, sealed_by, created_at, signs_from, sequence) \
        VALUES ($1, $2, $3, $4, $5, $6, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM resource_secrets))";
    END_RESOURCE_SECRETS = "UPDATE resource_secrets SET ends_at = $2 WHERE resource = $1 AND (ends_at IS NULL OR ends_at > $2)";
    DELETE_RESOURCE_SECRETS = "DELETE FROM resource_secrets WHERE resource = $1";
    REWRAP_RESOURCE_SECRET = "UPDATE resource_secrets SET secret = $2, sealed_by = $3 WHERE kid = $1";
}

/// A secret as it lies in the database.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    /// Its name, API and times.
    pub life: SecretLife,
    /// Its 32 bytes, sealed under a master key.
    pub secret: Vec<u8>,
    /// The id of the master key that sealed it.
    pub sealed_by: String,
}

#[derive(FromRow)]
struct SecretRow {
    kid: String,
    resource: String,
    secret: Vec<u8>,
    sealed_by: String,
    sequence: i64,
    created_at: i64,
    signs_from: i64,
    ends_at: Option<i64>,
}

impl SecretRow {
    fn read(self) -> StoredSecret {
        StoredSecret {
            life: SecretLife {
                kid: self.kid,
                resource: self.resource,
                sequence: self.sequence,
                created_at: Timestamp::from_seconds(self.created_at),
                signs_from: Timestamp::from_seconds(self.signs_from),
                ends_at: moment(self.ends_at),
            },
            secret: self.secret,
            sealed_by: self.sealed_by,
        }
    }
}

impl Reader {
    /// All secrets, in the order in which they were made.
    pub async fn resource_secrets(&mut self) -> Result<Vec<StoredSecret>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, SecretRow>(RESOURCE_SECRETS).fetch_all(c).await)?;
        Ok(rows.into_iter().map(SecretRow::read).collect())
    }

    /// The lives of an API's secrets, in the order in which they were made.
    pub async fn secrets_of_resource(&mut self, resource: &str) -> Result<Vec<SecretLife>, Failure> {
        let rows =
            on!(self, |c| sqlx::query_as::<_, SecretRow>(SECRETS_OF_RESOURCE).bind(resource).fetch_all(c).await)?;
        Ok(rows.into_iter().map(|row| row.read().life).collect())
    }
}

impl Transaction {
    /// Keeps a new secret, as the last of all.
    pub async fn insert_resource_secret(&mut self, secret: &StoredSecret) -> Result<(), Failure> {
        self.keys_changed().await?;
        let life = &secret.life;
        on!(self, |c| sqlx::query(INSERT_RESOURCE_SECRET)
            .bind(&life.kid)
            .bind(&life.resource)
            .bind(secret.secret.as_slice())
            .bind(&secret.sealed_by)
            .bind(life.created_at.seconds())
            .bind(life.signs_from.seconds())
            .execute(c)
            .await
            .map(drop))
    }

    /// Lets all secrets of an API end then, unless they do before.
    pub async fn end_resource_secrets(&mut self, resource: &str, at: Timestamp) -> Result<(), Failure> {
        self.keys_changed().await?;
        let at = at.seconds();
        on!(self, |c| sqlx::query(END_RESOURCE_SECRETS).bind(resource).bind(at).execute(c).await.map(drop))
    }

    /// Deletes all secrets of an API: what they signed is worthless at once.
    pub async fn delete_resource_secrets(&mut self, resource: &str) -> Result<(), Failure> {
        self.keys_changed().await?;
        on!(self, |c| sqlx::query(DELETE_RESOURCE_SECRETS).bind(resource).execute(c).await.map(drop))
    }

    /// Keeps a secret as another master key sealed it.
    pub async fn rewrap_resource_secret(&mut self, kid: &str, secret: &[u8], sealed_by: &str) -> Result<(), Failure> {
        self.keys_changed().await?;
        on!(self, |c| sqlx::query(REWRAP_RESOURCE_SECRET)
            .bind(kid)
            .bind(secret)
            .bind(sealed_by)
            .execute(c)
            .await
            .map(drop))
    }
}
