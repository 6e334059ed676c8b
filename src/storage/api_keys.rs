//! API keys. One look brings a key with what its owner is now; one statement decides that it ends.
//!
//! Every method fails when the database does.

use sqlx::FromRow;

use super::rows::{damaged, from_json, moment, scopes};
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::api_key::{ApiKey, Owner, PresentedKey};
use crate::protocol::audit::{Act, Event, Name, Noun, Subject};
use crate::protocol::page::{Cursor, Listed, Page};
use crate::protocol::user::all_roles;
use crate::secret::SecretHash;

/// The columns of a [`KeyRow`].
macro_rules! columns {
    () => {
        "k.id, k.user_id, k.client_id, k.resource, k.name, k.scopes, k.created_at, k.expires_at, k.last_used_at, \
         k.last_used_network, k.ended_at, k.end_reason, k.successor"
    };
}

/// What is known once a key has ended.
macro_rules! ended {
    () => {
        " RETURNING id, user_id, client_id"
    };
}

statements! {
    // With what it hangs on, and whether the access token of this id that it was traded for was revoked.
    API_KEY_STANDING = concat!("SELECT ", columns!(), ", k.key_hash, u.roles, u.upstream_roles, u.disabled_at, u.delete_after, \
        c.disabled_at AS client_disabled_at, r.jti AS revoked FROM api_keys k LEFT JOIN users u ON u.id = k.user_id \
        LEFT JOIN clients c ON c.client_id = k.client_id LEFT JOIN revoked_tokens r ON r.jti = $2 WHERE k.id = $1");
    API_KEY = concat!("SELECT ", columns!(), " FROM api_keys k WHERE k.id = $1");
    API_KEYS_AFTER = concat!("SELECT ", columns!(), " FROM api_keys k WHERE (k.created_at, k.id) > ($1, $2) \
        ORDER BY k.created_at, k.id LIMIT $3");
    API_KEYS_OF_USER_AFTER = concat!("SELECT ", columns!(), " FROM api_keys k WHERE (k.created_at, k.id) > ($1, $2) AND k.user_id = $4 \
        ORDER BY k.created_at, k.id LIMIT $3");
    API_KEYS_OF_CLIENT_AFTER = concat!("SELECT ", columns!(), " FROM api_keys k WHERE (k.created_at, k.id) > ($1, $2) AND k.client_id = $4 \
        ORDER BY k.created_at, k.id LIMIT $3");
    // Those that can be used come first.
    NEWEST_API_KEYS_OF_USER = concat!("SELECT ", columns!(), " FROM api_keys k WHERE k.user_id = $1 \
        ORDER BY CASE WHEN k.ended_at IS NULL AND k.expires_at > $2 THEN 0 ELSE 1 END, k.created_at DESC, k.id DESC LIMIT $3");
    // Those that were replaced count no more: they go by themselves.
    LIVE_KEYS_OF_USER = "SELECT COUNT(*) FROM api_keys WHERE user_id = $1 AND ended_at IS NULL AND successor IS NULL AND expires_at > $2";
    LIVE_KEYS_OF_CLIENT = "SELECT COUNT(*) FROM api_keys WHERE client_id = $1 AND ended_at IS NULL AND successor IS NULL AND expires_at > $2";
    INSERT_API_KEY = "INSERT INTO api_keys (id, key_hash, user_id, client_id, resource, name, scopes, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    // Of several who replace it at once, one does.
    REPLACE_API_KEY = "UPDATE api_keys SET successor = $2, expires_at = CASE WHEN expires_at > $3 THEN $3 ELSE expires_at END \
        WHERE id = $1 AND ended_at IS NULL AND successor IS NULL AND expires_at > $4 RETURNING id";
    USE_API_KEY = "UPDATE api_keys SET last_used_at = $2, last_used_network = $3 WHERE id = $1 \
        AND (last_used_at IS NULL OR last_used_at < $2)";
    END_API_KEY = concat!("UPDATE api_keys SET ended_at = $2, end_reason = $3, expires_at = CASE WHEN expires_at > $2 THEN $2 ELSE expires_at END WHERE id = $1 AND ended_at IS NULL", ended!());
    END_API_KEYS_OF_USER = concat!("UPDATE api_keys SET ended_at = $2, end_reason = $3, expires_at = CASE WHEN expires_at > $2 THEN $2 ELSE expires_at END WHERE user_id = $1 AND ended_at IS NULL \
        AND expires_at > $2", ended!());
    END_API_KEYS_OF_CLIENT = concat!("UPDATE api_keys SET ended_at = $2, end_reason = $3, expires_at = CASE WHEN expires_at > $2 THEN $2 ELSE expires_at END WHERE client_id = $1 AND ended_at IS NULL \
        AND expires_at > $2", ended!());
    // After the empty text all come that are a client's.
    END_API_KEYS_OF_CLIENTS = concat!("UPDATE api_keys SET ended_at = $2, end_reason = $3, expires_at = CASE WHEN expires_at > $2 THEN $2 ELSE expires_at END WHERE client_id > $1 AND ended_at IS NULL \
        AND expires_at > $2", ended!());
    USES_OF_API_KEY = "SELECT at, network, actor, details FROM audit WHERE event = 'api_key.used' AND subject = $1 ORDER BY id DESC LIMIT $2";
}

/// Why a key ended that somebody has reported as leaked.
pub const LEAKED: &str = "leaked";

/// A key with what decides on it.
#[derive(Debug)]
pub struct StandingKey {
    /// The key.
    pub key: ApiKey,
    /// The hash of the whole of it.
    pub hash: SecretHash,
    /// Whether its owner's account, or the client, can be used.
    pub owner_is_on: bool,
    /// The roles of the person whose it is; a client's are in the directory.
    pub roles: Vec<String>,
    /// Whether the access token that was asked about was revoked.
    pub revoked: bool,
}

/// That a key was used, as the record has it.
#[derive(Clone, Debug)]
pub struct KeyUse {
    /// When.
    pub at: Timestamp,
    /// From which network: the holder's who traded it, or that of the API that asked about it.
    pub network: Option<String>,
    /// The client that asked, or nobody when it was traded.
    pub actor: String,
    /// How: `introspected` or `traded`.
    pub how: Option<String>,
}

/// A key that is to be written.
pub struct NewApiKey<'a> {
    /// The key, without its secret.
    pub key: &'a ApiKey,
    /// The hash of the whole of it.
    pub hash: SecretHash,
}

#[derive(FromRow)]
struct KeyRow {
    id: String,
    user_id: Option<String>,
    client_id: Option<String>,
    resource: String,
    name: String,
    scopes: String,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
    last_used_network: Option<String>,
    ended_at: Option<i64>,
    end_reason: Option<String>,
    successor: Option<String>,
}

#[derive(FromRow)]
struct StandingRow {
    #[sqlx(flatten)]
    key: KeyRow,
    key_hash: Vec<u8>,
    roles: Option<String>,
    upstream_roles: Option<String>,
    disabled_at: Option<i64>,
    delete_after: Option<i64>,
    client_disabled_at: Option<i64>,
    revoked: Option<String>,
}

#[derive(FromRow)]
struct EndedKey {
    id: String,
    user_id: Option<String>,
    client_id: Option<String>,
}

fn owner(user_id: Option<String>, client_id: Option<String>) -> Result<Owner, Failure> {
    let of_client = || client_id.map(Owner::Client).ok_or_else(|| damaged("client_id", "a key that is nobody's"));
    user_id.map(Owner::User).map_or_else(of_client, Ok)
}

impl KeyRow {
    fn read(self) -> Result<ApiKey, Failure> {
        Ok(ApiKey {
            owner: owner(self.user_id, self.client_id)?,
            id: self.id,
            resource: self.resource,
            name: self.name,
            scopes: scopes(&self.scopes)?,
            created_at: Timestamp::from_seconds(self.created_at),
            expires_at: Timestamp::from_seconds(self.expires_at),
            last_used_at: moment(self.last_used_at),
            last_used_network: self.last_used_network,
            ended_at: moment(self.ended_at),
            end_reason: self.end_reason,
            successor: self.successor,
        })
    }
}

impl StandingRow {
    fn read(self) -> Result<StandingKey, Failure> {
        let roles = |column: &str, text: Option<String>| {
            text.map_or(Ok(Vec::new()), |text| from_json::<Vec<String>>(column, &text))
        };
        let (own, upstream) = (roles("roles", self.roles)?, roles("upstream_roles", self.upstream_roles)?);
        Ok(StandingKey {
            key: self.key.read()?,
            hash: SecretHash::from_bytes(&self.key_hash).ok_or_else(|| damaged("key_hash", "not 32 bytes"))?,
            owner_is_on: self.disabled_at.or(self.delete_after).or(self.client_disabled_at).is_none(),
            roles: all_roles(own, &upstream),
            revoked: self.revoked.is_some(),
        })
    }
}

impl Reader {
    /// The key with this id and all that it hangs on; and whether the access token with this `jti` was revoked, which may be nobody's.
    pub async fn api_key_standing(&mut self, id: &str, jti: &str) -> Result<Option<StandingKey>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, StandingRow>(API_KEY_STANDING)
            .bind(id)
            .bind(jti)
            .fetch_optional(c)
            .await)?;
        row.map(StandingRow::read).transpose()
    }

    /// The key with this id.
    pub async fn api_key(&mut self, id: &str) -> Result<Option<ApiKey>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, KeyRow>(API_KEY).bind(id).fetch_optional(c).await)?;
        row.map(KeyRow::read).transpose()
    }

    /// A page of the keys, oldest first; of one owner alone, when there is one.
    pub async fn api_keys(&mut self, of: Option<&Owner>, page: &Page) -> Result<Listed<ApiKey>, Failure> {
        let (seconds, id, most) = page.bounds();
        let (sql, owner) = match of {
            None => (API_KEYS_AFTER, None),
            Some(Owner::User(id)) => (API_KEYS_OF_USER_AFTER, Some(id)),
            Some(Owner::Client(id)) => (API_KEYS_OF_CLIENT_AFTER, Some(id)),
        };
        let rows = on!(self, |c| {
            let query = sqlx::query_as::<_, KeyRow>(sql).bind(seconds).bind(id).bind(most);
            match owner {
                Some(owner) => query.bind(owner).fetch_all(c).await,
                None => query.fetch_all(c).await,
            }
        })?;
        let keys = rows.into_iter().map(KeyRow::read).collect::<Result<_, _>>()?;
        Ok(Listed::of(keys, page, |key: &ApiKey| Cursor { at: key.created_at, id: key.id.clone() }))
    }

    /// At most so many keys of a person: those that can be used before the others, the newest first.
    pub async fn newest_api_keys(
        &mut self,
        user_id: &str,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<ApiKey>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, KeyRow>(NEWEST_API_KEYS_OF_USER)
            .bind(user_id)
            .bind(now.seconds())
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(KeyRow::read).collect()
    }

    /// How many keys an owner has that can be used and were not replaced.
    pub async fn live_api_keys(&mut self, of: &Owner, now: Timestamp) -> Result<i64, Failure> {
        let (sql, id) = match of {
            Owner::User(id) => (LIVE_KEYS_OF_USER, id),
            Owner::Client(id) => (LIVE_KEYS_OF_CLIENT, id),
        };
        let (count,) = on!(self, |c| sqlx::query_as::<_, (i64,)>(sql).bind(id).bind(now.seconds()).fetch_one(c).await)?;
        Ok(count)
    }

    /// Where a key was used, the newest first.
    pub async fn uses_of_api_key(&mut self, id: &str, most: i64) -> Result<Vec<KeyUse>, Failure> {
        let subject = Subject { noun: Noun::ApiKey, id: id.to_owned() }.to_string();
        let rows = on!(self, |c| sqlx::query_as::<_, (i64, Option<String>, String, String)>(USES_OF_API_KEY)
            .bind(&subject)
            .bind(most)
            .fetch_all(c)
            .await)?;
        let read = |(at, network, actor, details): (i64, Option<String>, String, String)| {
            let details: serde_json::Value = from_json("details", &details)?;
            let how = details.get("how").and_then(serde_json::Value::as_str).map(str::to_owned);
            Ok(KeyUse { at: Timestamp::from_seconds(at), network, actor, how })
        };
        rows.into_iter().map(read).collect()
    }

    /// Of keys that were found somewhere those that there are: the same id and the same secret.
    pub async fn known_api_keys(&mut self, presented: &[PresentedKey]) -> Result<Vec<StandingKey>, Failure> {
        let mut known = Vec::new();
        for one in presented {
            let found = self.api_key_standing(&one.id, "").await?;
            known.extend(found.filter(|found| found.hash == one.hash));
        }
        Ok(known)
    }
}

/// `reason` is for the database and the record; `act` says who ends it.
impl Transaction {
    /// Writes a key.
    pub async fn insert_api_key(&mut self, new: &NewApiKey<'_>) -> Result<(), Failure> {
        let key = new.key;
        let (user_id, client_id) = match &key.owner {
            Owner::User(id) => (Some(id), None),
            Owner::Client(id) => (None, Some(id)),
        };
        on!(self, |c| sqlx::query(INSERT_API_KEY)
            .bind(&key.id)
            .bind(new.hash.as_bytes())
            .bind(user_id)
            .bind(client_id)
            .bind(&key.resource)
            .bind(&key.name)
            .bind(key.scopes.to_string())
            .bind(key.created_at.seconds())
            .bind(key.expires_at.seconds())
            .execute(c)
            .await
            .map(drop))
    }

    /// Notes by which key another is replaced and until when it can be used beside that one; `false` when it cannot be replaced any more: it ended, or
    /// was replaced before.
    pub async fn replace_api_key(
        &mut self,
        id: &str,
        successor: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(REPLACE_API_KEY)
            .bind(id)
            .bind(successor)
            .bind(until.seconds())
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(row.is_some())
    }

    /// Notes that a key was used, from this network.
    pub async fn use_api_key(&mut self, id: &str, network: &str, now: Timestamp) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(USE_API_KEY).bind(id).bind(now.seconds()).bind(network).execute(c).await.map(drop))
    }

    /// Ends a key; `false` when it has ended before, or there is none.
    pub async fn end_api_key(&mut self, id: &str, reason: &str, act: &Act) -> Result<bool, Failure> {
        self.end_api_keys(END_API_KEY, id, reason, act).await
    }

    /// Ends the keys of a person.
    pub async fn end_api_keys_of_user(&mut self, user_id: &str, reason: &str, act: &Act) -> Result<(), Failure> {
        self.end_api_keys(END_API_KEYS_OF_USER, user_id, reason, act).await.map(drop)
    }

    /// Ends the keys of a client.
    pub async fn end_api_keys_of_client(&mut self, client_id: &str, reason: &str, act: &Act) -> Result<(), Failure> {
        self.end_api_keys(END_API_KEYS_OF_CLIENT, client_id, reason, act).await.map(drop)
    }

    /// Ends the keys of all clients.
    pub async fn end_api_keys_of_clients(&mut self, reason: &str, act: &Act) -> Result<(), Failure> {
        self.end_api_keys(END_API_KEYS_OF_CLIENTS, "", reason, act).await.map(drop)
    }

    async fn end_api_keys(
        &mut self,
        statement: &'static str,
        id: &str,
        reason: &str,
        act: &Act,
    ) -> Result<bool, Failure> {
        let ended = on!(self, |c| sqlx::query_as::<_, EndedKey>(statement)
            .bind(id)
            .bind(act.at.seconds())
            .bind(reason)
            .fetch_all(c)
            .await)?;
        let has_ended = !ended.is_empty();
        for key in ended {
            let name = if reason == LEAKED { Name::ApiKeyReported } else { Name::ApiKeyEnded };
            let event = Event::of(act, name).on(Noun::ApiKey, &key.id).with("reason", reason);
            self.record(&event.about_owner(&owner(key.user_id, key.client_id)?)).await?;
        }
        Ok(has_ended)
    }
}
