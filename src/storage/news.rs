//! News: three counters, of clients, resources and signing keys, that every change counts up in its own transaction, whoever makes
//! it: this node, another, the command line.
//!
//! A changed client also keeps the number of its change; that of a deleted one is kept in a table of its own, for a week. Whoever counts holds the counter until the end of the transaction, so the
//! order of the numbers is the order of the commits: who has heard of number 7 finds everything after it by asking for what
//! is greater than 7.

use std::collections::BTreeSet;

use sqlx::FromRow;

use super::rows::from_json;
use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::client::ClientType;
use crate::protocol::client_metadata::ClientMetadata;
use crate::protocol::redirect_uri;

statements! {
    NEWS = "SELECT name, value FROM news";
    COUNT_NEWS = "UPDATE news SET value = value + 1 WHERE name = $1 RETURNING value";
    MARK_CLIENT = "UPDATE clients SET change = $2 WHERE client_id = $1";
    // Of a deleted client nobody knows any more what it wanted to be signed with: it counts as one that chose.
    CHANGED_CLIENTS = "SELECT client_id, client_type, redirect_uris, metadata, disabled_at, change, id_token_algorithm, id_token_algorithm_former \
        FROM clients WHERE change > $1 UNION ALL SELECT client_id, 'deleted' AS client_type, '[]' AS redirect_uris, '{}' AS metadata, \
        deleted_at AS disabled_at, change, 'unknown' AS id_token_algorithm, NULL AS id_token_algorithm_former \
        FROM deleted_clients WHERE change > $1 ORDER BY change LIMIT $2";
    NOTE_DELETION = "INSERT INTO deleted_clients (client_id, change, deleted_at) VALUES ($1, $2, $3) \
        ON CONFLICT (client_id) DO UPDATE SET change = excluded.change, deleted_at = excluded.deleted_at";
    SCRIPTED_CLIENTS = "SELECT client_id, client_type, redirect_uris, metadata, disabled_at, change, id_token_algorithm, id_token_algorithm_former \
        FROM clients WHERE (client_type = 'spa' OR metadata LIKE '%\"allowed_origins\"%') AND disabled_at IS NULL";
}

/// The counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    pub clients: i64,
    pub resources: i64,
    pub keys: i64,
}

/// What of the news concerns the signing keys: as long as it is equal, so are the keys and what is to be signed with which algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyNews {
    pub(super) keys: i64,
    pub(super) resources: i64,
    /// The last change of a client that wants, or wanted, an algorithm of its own.
    pub(super) choosing_clients: i64,
}

/// What a node has to know at once of a client that changed.
#[derive(Debug)]
pub(super) struct ChangedClient {
    pub client_id: String,
    /// The number of the change.
    pub change: i64,
    /// Where its scripts run, when it is enabled.
    pub script_origins: BTreeSet<String>,
    /// Whether it wants, or wanted, an algorithm of its own.
    pub chooses: bool,
}

#[derive(FromRow)]
struct ChangedRow {
    client_id: String,
    client_type: String,
    redirect_uris: String,
    metadata: String,
    disabled_at: Option<i64>,
    change: i64,
    id_token_algorithm: Option<String>,
    id_token_algorithm_former: Option<String>,
}

impl ChangedRow {
    /// A column that cannot be read is no reason to hear nothing more: the client itself says so when it is asked for.
    fn read(self) -> ChangedClient {
        let is_spa = self.client_type == ClientType::Spa.as_str();
        let uris: Vec<String> =
            if is_spa { from_json("redirect_uris", &self.redirect_uris).unwrap_or_default() } else { Vec::new() };
        let metadata: ClientMetadata = from_json("metadata", &self.metadata).unwrap_or_default();
        let origins = uris.iter().filter_map(|uri| redirect_uri::origin(uri)).chain(metadata.allowed_origins);
        ChangedClient {
            script_origins: origins.filter(|_| self.disabled_at.is_none()).collect(),
            chooses: self.id_token_algorithm.or(self.id_token_algorithm_former).is_some(),
            client_id: self.client_id,
            change: self.change,
        }
    }
}

impl Reader {
    pub(super) async fn news(&mut self) -> Result<News, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, (String, i64)>(NEWS).fetch_all(c).await)?;
        let mut news = News::default();
        for (name, value) in rows {
            match name.as_str() {
                "clients" => news.clients = value,
                "resources" => news.resources = value,
                "keys" => news.keys = value,
                _ => {}
            }
        }
        Ok(news)
    }

    /// The clients that changed after the change of this number, in that order; the first so many of them.
    pub(super) async fn changed_clients(&mut self, after: i64, most: i64) -> Result<Vec<ChangedClient>, Failure> {
        let rows =
            on!(self, |c| sqlx::query_as::<_, ChangedRow>(CHANGED_CLIENTS).bind(after).bind(most).fetch_all(c).await)?;
        Ok(rows.into_iter().map(ChangedRow::read).collect())
    }

    /// All enabled clients whose scripts may call: single-page apps, and those that say so.
    pub(super) async fn scripted_clients(&mut self) -> Result<Vec<ChangedClient>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, ChangedRow>(SCRIPTED_CLIENTS).fetch_all(c).await)?;
        Ok(rows.into_iter().map(ChangedRow::read).collect())
    }
}

impl Transaction {
    /// Tells all nodes that this client was registered or changed; to be called after the row was written. Holds other changes of
    /// clients back until the end of the transaction.
    pub async fn client_changed(&mut self, client_id: &str) -> Result<(), Failure> {
        let number = self.count_news("clients").await?;
        on!(self, |c| sqlx::query(MARK_CLIENT).bind(client_id).bind(number).execute(c).await.map(drop))
    }

    /// Tells all nodes that this client was deleted; to be called after its row is gone. Holds other changes of clients back as
    /// [`Transaction::client_changed`] does.
    pub(super) async fn client_deleted(&mut self, client_id: &str, now: Timestamp) -> Result<(), Failure> {
        let number = self.count_news("clients").await?;
        on!(self, |c| sqlx::query(NOTE_DELETION)
            .bind(client_id)
            .bind(number)
            .bind(now.seconds())
            .execute(c)
            .await
            .map(drop))
    }

    /// Tells all nodes that a resource was registered or changed. Holds other changes of resources back until the end of the transaction.
    pub async fn resource_changed(&mut self) -> Result<(), Failure> {
        self.count_news("resources").await.map(drop)
    }

    /// Tells all nodes that a signing key was made or changed. Holds other changes of keys back until the end of the transaction.
    pub async fn keys_changed(&mut self) -> Result<(), Failure> {
        self.count_news("keys").await.map(drop)
    }

    async fn count_news(&mut self, name: &'static str) -> Result<i64, Failure> {
        let (value,) = on!(self, |c| sqlx::query_as::<_, (i64,)>(COUNT_NEWS).bind(name).fetch_one(c).await)?;
        Ok(value)
    }
}
