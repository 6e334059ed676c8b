//! Clients and resources in memory, at most one second old.
//!
//! Every change to them counts a row up in its own transaction, whoever makes it: this node, another, the command line. Each node
//! reads that row twice a second ([`Directory::poll`]) and begins a new, empty generation when it has moved. A value is put into
//! the generation that was current *before* it was read, so an old value can never outlive the news of its change. When the
//! row has not been read for a second, because the database is away or the machine is slow, memory is not trusted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use moka::sync::Cache;

use super::{Reader, Storage, Transaction, on, statements};
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::protocol::client::{Client, ClientType};
use crate::protocol::redirect_uri;
use crate::protocol::resource::Resource;

statements! {
    EPOCH = "SELECT value FROM epoch WHERE id = 1";
    BUMP_EPOCH = "UPDATE epoch SET value = value + 1 WHERE id = 1";
}

/// How old memory may be.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How many clients are kept in memory.
const CAPACITY: u64 = 10_000;

/// Clients and resources as last read.
#[derive(Clone, Debug)]
pub struct Directory {
    storage: Storage,
    current: Arc<ArcSwap<Generation>>,
}

#[derive(Debug)]
struct Generation {
    epoch: i64,
    confirmed: Stopwatch,
    clients: Cache<String, Arc<Client>>,
    resources: Arc<Vec<Resource>>,
    spa_origins: Arc<BTreeSet<String>>,
}

impl Directory {
    /// Reads the first generation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(storage: Storage) -> Result<Self, Failure> {
        let first = Generation::read(&storage).await?;
        Ok(Self { storage, current: Arc::new(ArcSwap::from_pointee(first)) })
    }

    /// Looks whether anything changed and tells the epoch. To be called twice a second.
    ///
    /// # Errors
    /// When the database fails: after a second of that, memory is not trusted.
    pub async fn poll(&self) -> Result<i64, Failure> {
        let confirmed = Stopwatch::start();
        let epoch = self.storage.read_uncounted().await?.epoch().await?;
        let current = self.current.load_full();
        let next = match epoch == current.epoch {
            true => Generation {
                epoch,
                confirmed,
                clients: current.clients.clone(),
                resources: current.resources.clone(),
                spa_origins: current.spa_origins.clone(),
            },
            false => Generation::read(&self.storage).await?,
        };
        self.current.store(Arc::new(next));
        Ok(epoch)
    }

    /// The client with this id, from memory when that is fresh.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn client(&self, client_id: &str) -> Result<Option<Arc<Client>>, Failure> {
        let generation = self.current.load_full();
        if generation.is_fresh()
            && let Some(client) = generation.clients.get(client_id)
        {
            return Ok(Some(client));
        }
        let Some(client) = self.storage.read().await?.client(client_id).await?.map(Arc::new) else { return Ok(None) };
        generation.clients.insert(client_id.to_owned(), client.clone());
        Ok(Some(client))
    }

    /// All resources.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn resources(&self) -> Result<Arc<Vec<Resource>>, Failure> {
        let generation = self.current.load_full();
        match generation.is_fresh() {
            true => Ok(generation.resources.clone()),
            false => Ok(Arc::new(self.storage.read().await?.resources().await?)),
        }
    }

    /// Whether scripts of this origin may call the token endpoint and userinfo: it is the origin of an enabled single-page app.
    /// Decides what a browser lets a page read, and nothing else: so memory of any age will do.
    pub fn is_spa_origin(&self, origin: &str) -> bool {
        self.current.load().spa_origins.contains(origin)
    }
}

impl Generation {
    fn is_fresh(&self) -> bool {
        self.confirmed.elapsed() < TRUSTED_FOR
    }

    async fn read(storage: &Storage) -> Result<Self, Failure> {
        let confirmed = Stopwatch::start();
        let mut reader = storage.read_uncounted().await?;
        let epoch = reader.epoch().await?;
        let resources = reader.resources().await?;
        let spas = reader.clients().await?.into_iter().filter(|c| c.client_type == ClientType::Spa && c.is_enabled());
        let uris = spas.flat_map(|client| client.redirect_uris);
        let spa_origins = uris.filter_map(|uri| redirect_uri::origin(&uri)).collect();
        Ok(Self {
            epoch,
            confirmed,
            clients: Cache::new(CAPACITY),
            resources: Arc::new(resources),
            spa_origins: Arc::new(spa_origins),
        })
    }
}

impl Reader {
    /// The counter of changes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn epoch(&mut self) -> Result<i64, Failure> {
        let (value,) = on!(self, |c| sqlx::query_as::<_, (i64,)>(EPOCH).fetch_one(c).await)?;
        Ok(value)
    }
}

impl Transaction {
    /// Counts a change. On PostgreSQL this also holds other changes back until the end of the transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bump_epoch(&mut self) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(BUMP_EPOCH).execute(c).await.map(drop))
    }
}
