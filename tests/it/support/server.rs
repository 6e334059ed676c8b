//! The production router in process, over a database of its own and a clock that the test turns.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use doorward::app::App;
use doorward::clock::{Clock, Timestamp};
use doorward::config::Config;
use doorward::http::{Peer, Reason, Site, site};
use doorward::password::Waiter;
use doorward::protocol::client::{AuthMethod, ClientField, ClientType};
use doorward::protocol::client_secrets::{ClientSecret, ClientSecrets};
use doorward::protocol::pkce::PkceMode;
use doorward::protocol::resource::{Resource, ResourceField};
use doorward::protocol::user::{MadeBy, User, UserField};
use doorward::registry::Registry;
use doorward::sealing::MasterKey;
use doorward::secret::{Secret, base64url, sha256};
use doorward::storage::{Account, Storage};
use doorward::{protocol, random};

use super::database::MASTER_KEY;
use super::{Answer, Browser, Client, Database, canaries};

/// The password of every test person.
pub const PASSWORD: &str = "a quiet river at dawn";
/// The PKCE verifier of every test client.
pub const VERIFIER: &str = "verifier-verifier-verifier-verifier-verifier";
/// When tests begin.
pub const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// The challenge of [`VERIFIER`].
pub fn challenge() -> String {
    base64url(&sha256(VERIFIER.as_bytes()))
}

/// A server in this process. Clones are the same server.
#[derive(Clone)]
pub struct Server {
    pub app: App,
    pub clock: Clock,
    pub database: Arc<Database>,
    site: Site,
}

impl Server {
    /// A server with the default settings.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with changed settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(Arc::new(Database::copy().await), Clock::manual(START), change).await
    }

    /// A server with the default settings over this database.
    pub async fn on(database: Database) -> Self {
        Self::over(Arc::new(database), Clock::manual(START), |_| {}).await
    }

    /// A server with changed settings over this database.
    pub async fn over_database(database: Database, change: impl FnOnce(&mut Config)) -> Self {
        Self::over(Arc::new(database), Clock::manual(START), change).await
    }

    /// A further node on the same database, with the same clock.
    pub async fn another_node(&self) -> Self {
        self.another_node_with(|_| {}).await
    }

    /// A further node with other settings.
    pub async fn another_node_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let (issuer, mail) = (self.app.issuer.as_str().to_owned(), self.app.config.mail.clone());
        let change = |config: &mut Config| {
            (config.server.issuer, config.mail) = (issuer, mail);
            change(config);
        };
        Self::over(self.database.clone(), self.clock.clone(), change).await
    }

    /// A further node with the same settings of keys, whose clock is its own.
    pub async fn another_node_at(&self, clock: Clock) -> Self {
        let (issuer, keys) = (self.app.issuer.as_str().to_owned(), self.app.config.keys.clone());
        let change = |config: &mut Config| (config.server.issuer, config.keys) = (issuer, keys);
        Self::over(self.database.clone(), clock, change).await
    }

    async fn over(database: Arc<Database>, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        canaries::listen();
        let mut config = Config::load(None, []).unwrap();
        config.database = database.config.clone();
        config.password.memory_kib = 8;
        config.password.iterations = 1;
        // What tests do in a moment, from one address, takes people hours. A test of a limit sets it.
        (config.limits.registrations_per_hour, config.limits.failed_clients_per_minute) = (0, 0);
        (config.limits.new_passwords_per_minute, config.limits.mail_requests_per_hour) = (0, 0);
        config.limits.leak_reports_per_minute = 0;
        change(&mut config);
        let storage = Storage::open(&config.database, false).await.unwrap();
        let master = MasterKey::parse(MASTER_KEY).unwrap();
        let app = App::build(config, storage, &master, clock.clone()).await.unwrap();
        Self { site: site(app.clone()), app, clock, database }
    }

    /// The same server behind another site.
    pub fn serving(&self, site: Site) -> Self {
        Self { site, ..self.clone() }
    }

    /// Lets time pass.
    pub fn turn(&self, seconds: i64) {
        self.clock.turn(seconds);
    }

    /// Brings the node's memory up to date, as it does by itself twice a second.
    pub async fn poll(&self) {
        self.app.refresh().await.unwrap();
    }

    /// Sends a request from a test address.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from("203.0.113.7", request).await
    }

    /// Sends a request from this address.
    pub async fn send_from(&self, address: &str, mut request: Request<Body>) -> Answer {
        let peer: IpAddr = address.parse().unwrap();
        request.extensions_mut().insert(Peer(SocketAddr::new(peer, 40_000)));
        if !request.headers().contains_key(header::HOST) {
            request.headers_mut().insert(header::HOST, "localhost:8000".parse().unwrap());
        }
        let response = self.site.answer(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
        let reason = parts.extensions.get::<Reason>().cloned();
        Answer { status: parts.status, headers: parts.headers, body, reason }.with_canaries()
    }

    /// Gets an address without cookies.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Gets a file as browsers ask for it, packed where that is less.
    pub async fn get_packed(&self, path: &str) -> Answer {
        let request = Request::get(path).header("accept-encoding", "gzip, deflate, br, zstd");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Posts a form without cookies or client authentication.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.post_as(path, "application/x-www-form-urlencoded", body.as_bytes().to_vec()).await
    }

    /// Posts a body of any kind, without cookies or client authentication; an empty kind sends no content type.
    pub async fn post_as(&self, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        let mut request = Request::post(path);
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A new browser.
    pub fn browser(&self) -> Browser {
        Browser::new(self)
    }

    /// The registry of this node.
    pub fn registry(&self) -> Registry {
        let registry = Registry::new(self.app.storage.clone(), &self.app.config).unwrap();
        registry.with_master_key(&MasterKey::parse(MASTER_KEY).unwrap())
    }

    /// Makes a person with [`PASSWORD`]; tells the id.
    pub async fn db_user(&self, email: &str) -> String {
        let user = User {
            email: Some(email.to_owned()),
            email_verified: true,
            name: "Ann Lee".to_owned(),
            roles: vec!["editor".to_owned()],
            ..User::new(random::row_id(self.clock.now()), MadeBy::Operator, self.clock.now())
        };
        let account = Account::new(user, Some(self.app.hasher.hash(PASSWORD, Waiter::operator()).await.unwrap()));
        let mut transaction = self.app.storage.begin().await.unwrap();
        assert!(transaction.insert_user(&account).await.unwrap());
        transaction.commit().await.unwrap();
        account.user.id
    }

    /// Changes a person, in whatever can be changed; nothing is ended by it.
    pub async fn db_change_user(&self, id: &str, change: impl FnOnce(&mut Account)) {
        let mut transaction = self.app.storage.begin().await.unwrap();
        let mut account = transaction.hold_account(id).await.unwrap().unwrap();
        change(&mut account);
        assert!(transaction.change_user(&account, UserField::ALL).await.unwrap());
        match account.user.disabled_at {
            Some(at) => transaction.switch_user_off(id, at).await.unwrap(),
            None => transaction.switch_user_on(id).await.unwrap(),
        };
        let written = transaction.user(id).await.unwrap().unwrap();
        assert_eq!(format!("{:?}", written.user), format!("{:?}", account.user), "not everything can be changed");
        transaction.commit().await.unwrap();
    }

    /// Registers a client of the type with its defaults, changed as wanted.
    pub async fn db_client(&self, kind: ClientType, change: impl FnOnce(&mut protocol::client::Client)) -> Client {
        let redirect_uri = match kind {
            ClientType::Native => "http://127.0.0.1/callback",
            _ => "https://rp.test/cb",
        };
        let mut client = protocol::client::Client::new(random::id(), kind, self.clock.now());
        client.name = "Notebook".to_owned();
        client.redirect_uris = if kind.has_users() { vec![redirect_uri.to_owned()] } else { vec![] };
        change(&mut client);
        let secret: Option<Secret> = (client.auth_method != AuthMethod::None).then(random::secret);
        if let Some(secret) = &secret {
            let made_at = Some(self.clock.now());
            let kept = ClientSecret { id: "first".to_owned(), hash: secret.hash(), made_at, expires_at: None };
            client.secrets = ClientSecrets::one(kept);
        }
        let mut transaction = self.app.storage.begin().await.unwrap();
        assert!(transaction.insert_client(&client).await.unwrap());
        transaction.commit().await.unwrap();
        let secret = secret.map(|secret| secret.expose().to_owned());
        let mut handle = Client::new(self, client.client_id, secret, client.auth_method.as_str(), redirect_uri);
        handle.pkce = client.pkce != PkceMode::Optional;
        handle
    }

    /// Changes a client, in whatever can be changed.
    pub async fn db_change_client(&self, id: &str, change: impl FnOnce(&mut protocol::client::Client)) {
        let mut transaction = self.app.storage.begin().await.unwrap();
        let mut client = transaction.hold_client(id).await.unwrap().unwrap();
        change(&mut client);
        transaction.change_client(&client, ClientField::ALL).await.unwrap();
        match client.disabled_at {
            Some(at) => transaction.switch_client_off(id, at).await.unwrap(),
            None => transaction.switch_client_on(id).await.unwrap(),
        };
        let written = transaction.client(id).await.unwrap().unwrap();
        client.era = written.era;
        assert_eq!(format!("{written:?}"), format!("{client:?}"), "not everything can be changed");
        transaction.commit().await.unwrap();
        self.poll().await;
    }

    /// Registers an API with scopes.
    pub async fn db_resource(&self, identifier: &str, scopes: &[&str]) {
        let resource = Resource {
            name: "Notes".to_owned(),
            scopes: scopes.iter().map(|scope| ((*scope).to_owned(), String::new())).collect(),
            ..Resource::new(identifier.to_owned(), self.clock.now())
        };
        let mut transaction = self.app.storage.begin().await.unwrap();
        assert!(transaction.insert_resource(&resource).await.unwrap());
        transaction.commit().await.unwrap();
        self.poll().await;
    }

    /// Changes an API.
    pub async fn db_change_resource(&self, identifier: &str, change: impl FnOnce(&mut Resource)) {
        let mut transaction = self.app.storage.begin().await.unwrap();
        let mut resource = transaction.hold_resource(identifier).await.unwrap().unwrap();
        change(&mut resource);
        transaction.change_resource(&resource, ResourceField::ALL).await.unwrap();
        transaction.commit().await.unwrap();
        self.poll().await;
    }
}
