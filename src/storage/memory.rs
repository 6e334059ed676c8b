//! What a node remembers of clients and resources. Everything here happens under one lock, so that a value that was read before the
//! news of its change is never remembered after it.

use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::news::{ChangedClient, KeyNews, News};
use crate::clock::Stopwatch;
use crate::protocol::client::Client;
use crate::protocol::demand::RoleDemands;
use crate::protocol::resource::Resource;

/// How old memory may be.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How old it may be and still be brought up to date by what has changed since: shorter than the database knows of deletions.
const GOES_ON_FOR: Duration = Duration::from_secs(86_400);
/// How many clients are kept in each of the two halves.
const HALF: usize = 5_000;

/// What is few and read together: resources, and what roles demand.
#[derive(Debug, Default)]
pub(super) struct Registered {
    pub resources: Vec<Resource>,
    pub demands: RoleDemands,
}

/// Clients, resources and origins as last heard of.
#[derive(Debug)]
pub(super) struct Memory {
    /// Up to where it has heard.
    pub heard: News,
    choosing_clients: i64,
    confirmed: Stopwatch,
    /// Those that were asked for lately. When it is full it becomes the cold half, and what was cold is forgotten.
    warm: HashMap<Box<str>, Arc<Client>>,
    cold: HashMap<Box<str>, Arc<Client>>,
    pub resources: Arc<Vec<Resource>>,
    pub demands: Arc<RoleDemands>,
    script_origins: ScriptOrigins,
}

/// The origins whose scripts may call: those of single-page apps, and those that native ones were given.
#[derive(Debug, Default)]
struct ScriptOrigins {
    /// Each with the number of clients that have it.
    clients: HashMap<Arc<str>, usize>,
    of_client: HashMap<Box<str>, Box<[Arc<str>]>>,
}

impl Memory {
    /// Knows nothing of clients but the origins of their scripts.
    pub fn new(heard: News, confirmed: Stopwatch, registered: Registered, scripted: Vec<ChangedClient>) -> Self {
        let mut script_origins = ScriptOrigins::default();
        for client in scripted {
            script_origins.set(&client.client_id, client.script_origins);
        }
        Self {
            heard,
            choosing_clients: heard.clients,
            confirmed,
            warm: HashMap::new(),
            cold: HashMap::new(),
            resources: Arc::new(registered.resources),
            demands: Arc::new(registered.demands),
            script_origins,
        }
    }

    /// Whether it was confirmed not long ago.
    pub fn is_fresh(&self) -> bool {
        self.confirmed.elapsed() < TRUSTED_FOR
    }

    /// Whether news can bring it up to date; otherwise it is to be read anew.
    pub fn goes_on(&self) -> bool {
        self.confirmed.elapsed() < GOES_ON_FOR
    }

    /// A client that was asked for lately.
    pub fn warm(&self, client_id: &str) -> Option<Arc<Client>> {
        self.warm.get(client_id).cloned()
    }

    pub fn is_cold(&self, client_id: &str) -> bool {
        self.cold.contains_key(client_id)
    }

    /// A client that was asked for long ago; from now on it counts as asked for lately.
    pub fn warm_up(&mut self, client_id: &str) -> Option<Arc<Client>> {
        let client = self.cold.remove(client_id)?;
        self.keep(client.clone());
        Some(client)
    }

    /// Remembers a client that was read when memory had heard of this number. When it has heard of another since, it may have been
    /// news of this very client: then nothing is remembered.
    pub fn remember(&mut self, client: Arc<Client>, heard: i64) {
        if heard == self.heard.clients {
            self.keep(client);
        }
    }

    fn keep(&mut self, client: Arc<Client>) {
        if self.warm.len() >= HALF {
            self.cold = mem::take(&mut self.warm);
        }
        self.warm.insert(client.client_id.as_str().into(), client);
    }

    /// Forgets the clients that changed, and them alone. From now on memory has heard of that number.
    pub fn hear_of_clients(&mut self, changed: Vec<ChangedClient>, heard: i64) {
        self.heard.clients = heard;
        for client in changed {
            self.warm.remove(client.client_id.as_str());
            self.cold.remove(client.client_id.as_str());
            self.script_origins.set(&client.client_id, client.script_origins);
            if client.chooses {
                self.choosing_clients = client.change;
            }
        }
    }

    /// What was heard is all there was to hear at this time.
    pub fn confirm(&mut self, confirmed: Stopwatch, heard: News, registered: Option<Registered>) {
        self.confirmed = confirmed;
        self.heard = News { clients: self.heard.clients, ..heard };
        if let Some(registered) = registered {
            self.resources = Arc::new(registered.resources);
            self.demands = Arc::new(registered.demands);
        }
    }

    pub fn is_script_origin(&self, origin: &str) -> bool {
        self.script_origins.clients.contains_key(origin)
    }

    /// What of this news concerns the signing keys.
    pub fn key_news(&self, News { keys, resources, .. }: News) -> KeyNews {
        KeyNews { keys, resources, choosing_clients: self.choosing_clients }
    }
}

impl ScriptOrigins {
    /// Puts a client's origins in the place of those it had.
    fn set(&mut self, client_id: &str, origins: BTreeSet<String>) {
        for former in self.of_client.remove(client_id).into_iter().flatten() {
            if let Some(count) = self.clients.get_mut(&former) {
                *count -= 1;
                if *count == 0 {
                    self.clients.remove(&former);
                }
            }
        }
        if origins.is_empty() {
            return;
        }
        let mut own: Vec<Arc<str>> = Vec::with_capacity(origins.len());
        for origin in origins {
            let known = self.clients.get_key_value(origin.as_str()).map(|(known, _)| known.clone());
            let origin = known.unwrap_or_else(|| origin.into());
            *self.clients.entry(origin.clone()).or_insert(0) += 1;
            own.push(origin);
        }
        self.of_client.insert(client_id.into(), own.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(client_id: &str, change: i64, origins: &[&str]) -> ChangedClient {
        let script_origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        ChangedClient { client_id: client_id.to_owned(), change, script_origins, chooses: false }
    }

    fn empty() -> Memory {
        Memory::new(News { clients: 7, ..News::default() }, Stopwatch::start(), Registered::default(), vec![])
    }

    fn client(client_id: &str) -> Arc<Client> {
        use crate::protocol::client::ClientType;
        Arc::new(Client {
            client_id: client_id.to_owned(),
            client_type: ClientType::Service,
            name: String::new(),
            secrets: Default::default(),
            auth_method: ClientType::Service.default_auth_method(),
            grant_types: BTreeSet::new(),
            redirect_uris: vec![],
            scopes: ClientType::Service.default_scopes(),
            resources: vec![],
            pkce: ClientType::Service.default_pkce(),
            first_party: false,
            backchannel_logout_uri: None,
            id_token_algorithm: Default::default(),
            metadata: Default::default(),
            created_at: crate::clock::Timestamp::from_seconds(0),
            disabled_at: None,
            era: 0,
        })
    }

    #[test]
    fn a_client_that_was_read_before_the_news_of_its_change_is_not_remembered_after_it() {
        let mut memory = empty();
        memory.remember(client("a"), 7);
        assert!(memory.warm("a").is_some());
        let heard_when_the_reading_began = memory.heard.clients;
        memory.hear_of_clients(vec![changed("a", 8, &[])], 8);
        assert!(memory.warm("a").is_none());
        memory.remember(client("a"), heard_when_the_reading_began);
        assert!(memory.warm("a").is_none());
        memory.remember(client("a"), 8);
        assert!(memory.warm("a").is_some());
    }

    #[test]
    fn what_is_not_asked_for_any_more_is_forgotten_and_no_more_than_so_much_is_kept() {
        let mut memory = empty();
        for number in 0..3 * HALF {
            memory.remember(client(&number.to_string()), 7);
            // This one is asked for all the time.
            if memory.warm("0").is_none() {
                assert!(memory.warm_up("0").is_some(), "{number}");
            }
        }
        assert!(memory.warm("1").is_none() && !memory.is_cold("1"));
        assert!(memory.warm.len() <= HALF && memory.cold.len() <= HALF);
    }

    #[test]
    fn an_origin_lasts_as_long_as_one_app_has_it() {
        let mut memory = empty();
        memory.hear_of_clients(
            vec![changed("a", 8, &["https://one"]), changed("b", 9, &["https://one", "https://two"])],
            9,
        );
        memory.hear_of_clients(vec![changed("a", 10, &["https://three"])], 10);
        for (origin, is_known) in [("https://one", true), ("https://two", true), ("https://three", true), ("x", false)]
        {
            assert_eq!(memory.is_script_origin(origin), is_known, "{origin}");
        }
        memory.hear_of_clients(vec![changed("b", 11, &[])], 11);
        assert!(!memory.is_script_origin("https://one") && memory.is_script_origin("https://three"));
        assert_eq!((memory.script_origins.clients.len(), memory.script_origins.of_client.len()), (1, 1));
    }
}
