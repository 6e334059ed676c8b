//! Clients, resources and what roles demand in memory, at most one second old.
//!
//! Each node looks twice a second for [news](super::news) ([`Directory::poll`]), over a connection of its own that no load of requests
//! can take away. A client that has changed is forgotten, and no other; resources are few and read again together. A client that is
//! read while there is news is answered and not remembered ([`Memory::remember`]), so an old value never outlives the news of its
//! change. When there was no look for a second, because the database is away or the machine is slow, memory is not trusted.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::memory::{Memory, Registered};
use super::news::{KeyNews, News};
use super::{Reader, Storage};
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::protocol::client::Client;
use crate::protocol::demand::RoleDemands;
use crate::protocol::resource::Resource;

/// How many changed clients are read at once.
const PAGE: i64 = 1_000;

/// Clients and resources as last read. Clones are the same.
#[derive(Clone, Debug)]
pub struct Directory {
    storage: Storage,
    memory: Arc<RwLock<Memory>>,
    /// One look at a time.
    looking: Arc<tokio::sync::Mutex<()>>,
}

impl Directory {
    /// Reads what is remembered from the start.
    pub async fn load(storage: Storage) -> Result<Self, Failure> {
        let started = Stopwatch::start();
        let mut reader = storage.read_news().await?;
        let news = reader.news().await?;
        let memory = anew(&mut reader, news, started).await?;
        drop(reader);
        Ok(Self { storage, memory: Arc::new(RwLock::new(memory)), looking: Arc::default() })
    }

    /// Looks for news, and tells what concerns the signing keys.
    ///
    /// # Errors
    /// As [`Directory::poll_after`].
    pub async fn poll(&self) -> Result<KeyNews, Failure> {
        self.poll_after(async |news| news).await
    }

    /// Looks for news, and lets what concerns the signing keys be done first: nobody is told of an API before the secret is there that its tokens
    /// are signed with. To be called twice a second.
    ///
    /// # Errors
    /// When the database fails: after a second of that, memory is not trusted.
    pub async fn poll_after<T>(&self, first: impl AsyncFnOnce(KeyNews) -> T) -> Result<T, Failure> {
        let _alone = self.looking.lock().await;
        let started = Stopwatch::start();
        let (mut reader, news) = self.news().await?;
        let (heard, goes_on) = {
            let memory = self.memory();
            (memory.heard, memory.goes_on())
        };
        if news.clients < heard.clients || news.resources < heard.resources || !goes_on {
            // The database was put back to an earlier state beneath us, or we have heard nothing for a day.
            let memory = anew(&mut reader, news, started).await?;
            drop(reader);
            let done = first(memory.key_news(news)).await;
            *self.memory_mut() = memory;
            return Ok(done);
        }
        let changed = if news.resources == heard.resources { None } else { Some(registered(&mut reader).await?) };
        self.hear_of_clients(&mut reader, heard.clients, news.clients).await?;
        drop(reader);
        let key_news = self.memory().key_news(news);
        let done = first(key_news).await;
        self.memory_mut().confirm(started, news, changed);
        Ok(done)
    }

    /// The counters. When the connection has broken since the last look, another one is asked.
    async fn news(&self) -> Result<(Reader, News), Failure> {
        let mut reader = self.storage.read_news().await?;
        if let Ok(news) = reader.news().await {
            return Ok((reader, news));
        }
        drop(reader);
        let mut reader = self.storage.read_news().await?;
        let news = reader.news().await?;
        Ok((reader, news))
    }

    async fn hear_of_clients(&self, reader: &mut Reader, mut heard: i64, counted: i64) -> Result<(), Failure> {
        while heard < counted {
            let changed = reader.changed_clients(heard, PAGE).await?;
            let last = changed.last().map_or(heard, |client| client.change);
            let is_all = changed.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            heard = if is_all { last.max(counted) } else { last };
            self.memory_mut().hear_of_clients(changed, heard);
        }
        Ok(())
    }

    /// The client with this id, from memory when that is fresh.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn client(&self, client_id: &str) -> Result<Option<Arc<Client>>, Failure> {
        let heard = {
            let memory = self.memory();
            let is_fresh = memory.is_fresh();
            if is_fresh && let Some(client) = memory.warm(client_id) {
                return Ok(Some(client));
            }
            let is_cold = is_fresh && memory.is_cold(client_id);
            let heard = memory.heard.clients;
            drop(memory);
            if is_cold && let Some(client) = self.memory_mut().warm_up(client_id) {
                return Ok(Some(client));
            }
            heard
        };
        let Some(client) = self.storage.read().await?.client(client_id).await?.map(Arc::new) else { return Ok(None) };
        self.memory_mut().remember(client.clone(), heard);
        Ok(Some(client))
    }

    /// All resources.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn resources(&self) -> Result<Arc<Vec<Resource>>, Failure> {
        let fresh = {
            let memory = self.memory();
            memory.is_fresh().then(|| memory.resources.clone())
        };
        match fresh {
            Some(resources) => Ok(resources),
            None => Ok(Arc::new(self.storage.read().await?.resources().await?)),
        }
    }

    /// What roles demand of whoever has them.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn role_demands(&self) -> Result<Arc<RoleDemands>, Failure> {
        match self.fresh_role_demands() {
            Some(demands) => Ok(demands),
            None => Ok(Arc::new(RoleDemands::of(&self.storage.read().await?.roles().await?))),
        }
    }

    /// As [`Directory::role_demands`], for whoever is in a transaction, which is asked when memory is not to be trusted.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn role_demands_within(&self, reader: &mut Reader) -> Result<Arc<RoleDemands>, Failure> {
        match self.fresh_role_demands() {
            Some(demands) => Ok(demands),
            None => Ok(Arc::new(RoleDemands::of(&reader.roles().await?))),
        }
    }

    fn fresh_role_demands(&self) -> Option<Arc<RoleDemands>> {
        let memory = self.memory();
        memory.is_fresh().then(|| memory.demands.clone())
    }

    /// Whether scripts of this origin may call the token endpoint and userinfo: an enabled client has it.
    /// Decides what a browser lets a page read, and nothing else: so memory of any age will do.
    pub fn is_script_origin(&self, origin: &str) -> bool {
        self.memory().is_script_origin(origin)
    }

    fn memory(&self) -> RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory_mut(&self) -> RwLockWriteGuard<'_, Memory> {
        self.memory.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Memory that knows what it must know from the start; the news was read before.
async fn anew(reader: &mut Reader, news: News, started: Stopwatch) -> Result<Memory, Failure> {
    let registered = registered(reader).await?;
    let scripted = reader.scripted_clients().await?;
    Ok(Memory::new(news, started, registered, scripted))
}

async fn registered(reader: &mut Reader) -> Result<Registered, Failure> {
    Ok(Registered { resources: reader.resources().await?, demands: RoleDemands::of(&reader.roles().await?) })
}
