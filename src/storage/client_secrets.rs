//! The secrets of clients, as hashes. A client is read together with its own (`clients.rs`); here they are written, and what else is known
//! of them: when each was last used, and which end soon.

use sqlx::FromRow;

use super::rows::{damaged, moment};
use super::{Reader, Storage, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::client::Client;
use crate::protocol::client_secrets::{ClientSecret, ClientSecrets};
use crate::secret::SecretHash;

statements! {
    WRITE_SECRET = "INSERT INTO client_secrets (client_id, place, secret_id, secret_hash, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (client_id, place) DO UPDATE SET expires_at = excluded.expires_at";
    DELETE_OTHER_SECRETS = "DELETE FROM client_secrets WHERE client_id = $1 AND secret_id <> $2 AND secret_id <> $3";
    SECRETS_USED = "SELECT secret_id, last_used_at FROM client_secrets WHERE client_id = $1 AND last_used_at IS NOT NULL";
    NOTE_SECRET_USE = "UPDATE client_secrets SET last_used_at = $4 WHERE client_id = $1 AND place = $2 AND secret_id = $3 \
        AND (last_used_at IS NULL OR last_used_at < $4)";
    EXPIRING_SECRETS = "SELECT client_id, secret_id, expires_at, last_used_at FROM client_secrets JOIN clients USING (client_id) \
        WHERE expires_at > $1 AND expires_at <= $2 AND disabled_at IS NULL ORDER BY expires_at, client_id, place LIMIT $3";
    SECRETS_EXPIRING = "SELECT COUNT(*) FROM client_secrets JOIN clients USING (client_id) \
        WHERE expires_at > $1 AND expires_at <= $2 AND disabled_at IS NULL";
}

/// How many uses are noted in one transaction.
const BATCH: usize = 200;

/// What a client's row is joined with: nothing where the client has no secret.
#[derive(FromRow)]
pub(super) struct SecretRow {
    place: Option<i64>,
    secret_id: Option<String>,
    secret_hash: Option<Vec<u8>>,
    made_at: Option<i64>,
    expires_at: Option<i64>,
}

/// That a client has authenticated with a secret. Ordered by place first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretUse {
    /// The place of the secret.
    pub place: usize,
    /// The client.
    pub client_id: String,
    /// The secret's id.
    pub secret_id: String,
    /// When.
    pub at: Timestamp,
}

/// A secret that ends soon.
#[derive(Clone, Debug)]
pub struct ExpiringSecret {
    /// The client's id.
    pub client_id: String,
    /// The secret's id.
    pub secret_id: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, as far as that is noted.
    pub last_used_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct ExpiringRow {
    client_id: String,
    secret_id: String,
    expires_at: i64,
    last_used_at: Option<i64>,
}

impl SecretRow {
    /// Puts the secret at its place, if there is one.
    pub(super) fn put_into(self, secrets: &mut ClientSecrets) -> Result<(), Failure> {
        let (Some(place), Some(id), Some(hash)) = (self.place, self.secret_id, self.secret_hash) else { return Ok(()) };
        let hash = SecretHash::from_bytes(&hash).ok_or_else(|| damaged("secret_hash", "not 32 bytes"))?;
        let secret = ClientSecret { id, hash, made_at: moment(self.made_at), expires_at: moment(self.expires_at) };
        let is_put = usize::try_from(place).is_ok_and(|place| secrets.put(place, secret));
        if is_put { Ok(()) } else { Err(damaged("place", "neither 0 nor 1")) }
    }
}

impl Reader {
    /// When each secret of the client was last used, by its id; those that never were are left out.
    pub async fn secrets_used(&mut self, client_id: &str) -> Result<Vec<(String, Timestamp)>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, (String, i64)>(SECRETS_USED).bind(client_id).fetch_all(c).await)?;
        Ok(rows.into_iter().map(|(id, at)| (id, Timestamp::from_seconds(at))).collect())
    }

    /// The secrets of enabled clients that live now and end until then, the first to end first; at most so many.
    pub async fn expiring_secrets(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        most: i64,
    ) -> Result<Vec<ExpiringSecret>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, ExpiringRow>(EXPIRING_SECRETS)
            .bind(now.seconds())
            .bind(until.seconds())
            .bind(most)
            .fetch_all(c)
            .await)?;
        let read = |row: ExpiringRow| ExpiringSecret {
            client_id: row.client_id,
            secret_id: row.secret_id,
            expires_at: Timestamp::from_seconds(row.expires_at),
            last_used_at: moment(row.last_used_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// How many those are.
    pub async fn secrets_expiring(&mut self, now: Timestamp, until: Timestamp) -> Result<i64, Failure> {
        let (count,) = on!(self, |c| sqlx::query_as::<_, (i64,)>(SECRETS_EXPIRING)
            .bind(now.seconds())
            .bind(until.seconds())
            .fetch_one(c)
            .await)?;
        Ok(count)
    }
}

impl Transaction {
    /// Makes a client's secrets those that it has here and no others; when one that stays was last used is still known. The client is
    /// held, and [`Transaction::client_changed`] comes after.
    pub async fn change_secrets(&mut self, client: &Client) -> Result<(), Failure> {
        let [first, second] = client.secrets.places().map(|(_, secret)| secret.map_or("", |secret| secret.id.as_str()));
        on!(self, |c| sqlx::query(DELETE_OTHER_SECRETS)
            .bind(&client.client_id)
            .bind(first)
            .bind(second)
            .execute(c)
            .await
            .map(drop))?;
        self.write_secrets(client).await
    }

    /// Writes a client's secrets; of one that is known already, when it ends.
    pub(super) async fn write_secrets(&mut self, client: &Client) -> Result<(), Failure> {
        for (place, secret) in client.secrets.places() {
            let Some(secret) = secret else { continue };
            let place = i64::try_from(place).map_err(Failure::internal)?;
            on!(self, |c| sqlx::query(WRITE_SECRET)
                .bind(&client.client_id)
                .bind(place)
                .bind(&secret.id)
                .bind(secret.hash.as_bytes())
                .bind(secret.made_at.map(Timestamp::seconds))
                .bind(secret.expires_at.map(Timestamp::seconds))
                .execute(c)
                .await
                .map(drop))?;
        }
        Ok(())
    }
}

impl SecretUse {
    /// In portions, each to be noted by itself. None has two secrets of one client, and all go through the clients in the same order: so no
    /// node, and nobody who changes a client, waits for another that waits for it.
    pub fn portions(uses: &mut [Self]) -> impl Iterator<Item = &[Self]> {
        uses.sort();
        uses.chunk_by(|one, next| one.place == next.place).flat_map(|of_place| of_place.chunks(BATCH))
    }
}

impl Storage {
    /// Notes when secrets were last used; a later time that is known already stays. [`SecretUse::portions`] says what belongs together.
    pub async fn note_secret_uses(&self, portion: &[SecretUse]) -> Result<(), Failure> {
        let mut transaction = self.begin_uncounted().await?;
        for SecretUse { place, client_id, secret_id, at } in portion {
            let place = i64::try_from(*place).map_err(Failure::internal)?;
            on!(transaction, |c| sqlx::query(NOTE_SECRET_USE)
                .bind(client_id)
                .bind(place)
                .bind(secret_id)
                .bind(at.seconds())
                .execute(c)
                .await
                .map(drop))?;
        }
        transaction.commit().await
    }
}
