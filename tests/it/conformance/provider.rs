//! The provider under test: the real binary with TLS, the same listener in this process under a manual clock, or another provider.
//!
//! Another one is described by a JSON file: `issuer`, `ca` (a PEM file), `email`, `password`, `redirect_uri`,
//! `post_logout_redirect_uri`, and the clients `client`, `client2` and `client_secret_post` with `client_id` and `client_secret`, registered as
//! `../shared/tools/oidf/README.md` says.

use std::path::Path;
use std::time::Duration;

use doorward::config::TlsConfig;
use doorward::http::{Listener, Shutdown, Tls, site};
use doorward::protocol::client::{AuthMethod, ClientType};
use doorward::protocol::pkce::PkceMode;
use doorward::protocol::scope::ScopeSet;
use jsonwebtoken::jwk::JwkSet;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use reqwest::redirect;
use serde_json::{Value, json};

use super::party::{Party, json};
use crate::support::{Authenticator, Live, PASSWORD, Server};

const EMAIL: &str = "ann@example.org";
const REDIRECT_URI: &str = "https://rp.test/cb";
const POST_LOGOUT_REDIRECT_URI: &str = "https://rp.test/signed-out";

/// A provider, with what a person and relying parties know of it.
pub struct Provider {
    pub issuer: String,
    pub email: String,
    pub password: String,
    pub client: Party,
    pub client2: Party,
    pub client_secret_post: Party,
    pub metadata: Value,
    http: reqwest::Client,
    running: Running,
}

/// What runs, until it is dropped.
enum Running {
    Binary { server: Server, _live: Live },
    InProcess { server: Server, shutdown: Shutdown },
    Elsewhere,
}

impl Provider {
    /// The real binary, or the provider that the environment names.
    pub async fn start() -> Self {
        match target() {
            Some(target) => Self::elsewhere(target).await,
            None => Self::binary(&[]).await,
        }
    }

    /// As [`Provider::start`], but its time can pass at once.
    pub async fn with_clock() -> Self {
        match target() {
            Some(target) => Self::elsewhere(target).await,
            None => Self::in_process().await,
        }
    }

    /// The real binary with further settings.
    pub async fn binary(settings: &[(&str, &str)]) -> Self {
        let server = Server::start().await;
        let pem = certificate(server.database.folder.path());
        let tls = [("DOORWARD__SERVER__TLS__CERT", "tls.crt"), ("DOORWARD__SERVER__TLS__KEY", "tls.key")];
        let live = Live::serve_with(&server.database, &[&tls, settings].concat());
        let issuer = live.issuer.clone();
        Self::over(server.clone(), issuer, &pem, Running::Binary { server, _live: live }).await
    }

    async fn in_process() -> Self {
        let listener = Listener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("https://{}", listener.address());
        let server = Server::with(|config| config.server.issuer.clone_from(&issuer)).await;
        let folder = server.database.folder.path();
        let pem = certificate(folder);
        let files = TlsConfig { cert: folder.join("tls.crt"), key: folder.join("tls.key") };
        let listener = listener.with_tls(Some(Tls::load(&files, server.app.now()).unwrap()));
        let shutdown = Shutdown::default();
        let (app, stop) = (server.app.clone(), shutdown.clone());
        tokio::spawn(async move { listener.serve(&app, site(app.clone()), stop).await });
        Self::over(server.clone(), issuer, &pem, Running::InProcess { server, shutdown }).await
    }

    /// A provider of ours, with a person who has every claim and the clients of the profiles.
    async fn over(server: Server, issuer: String, pem: &str, running: Running) -> Self {
        let id = server.db_user(EMAIL).await;
        server.db_change_user(&id, |account| account.user.claims = every_claim()).await;
        let basic = AuthMethod::ClientSecretBasic;
        Self::new(
            json!({
                "issuer": issuer, "pem": pem, "email": EMAIL, "password": PASSWORD, "redirect_uri": REDIRECT_URI,
                "post_logout_redirect_uri": POST_LOGOUT_REDIRECT_URI, "client": register(&server, basic, None).await,
                "client2": register(&server, basic, None).await,
                "client_secret_post": register(&server, AuthMethod::ClientSecretPost, None).await,
            }),
            running,
        )
        .await
    }

    async fn elsewhere(mut target: Value) -> Self {
        target["pem"] = std::fs::read_to_string(target["ca"].as_str().unwrap()).unwrap().into();
        Self::new(target, Running::Elsewhere).await
    }

    async fn new(known: Value, running: Running) -> Self {
        let text = |name: &str| known[name].as_str().unwrap().to_owned();
        let root = reqwest::Certificate::from_pem(text("pem").as_bytes()).unwrap();
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy().tls_certs_only([root]);
        let http = http.build().unwrap();
        let document = format!("{}/.well-known/openid-configuration", text("issuer"));
        let metadata = json(http.get(document).send().await.unwrap()).await;
        Self {
            issuer: text("issuer"),
            email: text("email"),
            password: text("password"),
            client: Party::new(&known, "client"),
            client2: Party::new(&known, "client2"),
            client_secret_post: Party::new(&known, "client_secret_post"),
            metadata,
            http,
            running,
        }
    }

    /// Gives the person an authenticator. `None` at another provider, where people have what they have.
    pub async fn give_authenticator(&self) -> Option<Authenticator> {
        let (server, email) = match &self.running {
            Running::InProcess { server, .. } => (server, &self.email),
            Running::Binary { .. } => panic!("its codes are of the time of Provider::with_clock"),
            Running::Elsewhere => return None,
        };
        let mut browser = server.browser();
        browser.sign_in(email).await;
        Some(server.enrol(&mut browser).await.0)
    }

    /// A further client of ours with this back channel.
    pub async fn back_channel_client(&self, uri: &str) -> Party {
        let Running::Binary { server, .. } = &self.running else { panic!("only the binary has a back channel here") };
        let client = register(server, AuthMethod::ClientSecretBasic, Some(uri)).await;
        let known = json!({
            "client": client, "redirect_uri": REDIRECT_URI, "post_logout_redirect_uri": POST_LOGOUT_REDIRECT_URI
        });
        Party::new(&known, "client")
    }

    /// Lets time pass: at once under a manual clock, and by waiting at another provider.
    pub async fn wait(&self, seconds: u32) {
        match &self.running {
            Running::InProcess { server, .. } => server.turn(seconds.into()),
            Running::Binary { .. } => panic!("this module needs Provider::with_clock"),
            Running::Elsewhere => tokio::time::sleep(Duration::from_secs(seconds.into())).await,
        }
    }

    /// The provider's time, in seconds; not known at another one.
    pub fn now(&self) -> Option<i64> {
        match &self.running {
            Running::InProcess { server, .. } => Some(server.app.now().seconds()),
            _ => None,
        }
    }

    /// The HTTP client that trusts the provider.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// An address of the metadata.
    pub fn address(&self, name: &str) -> String {
        self.metadata[name].as_str().unwrap_or_else(|| panic!("the metadata has no {name}")).to_owned()
    }

    /// The published keys.
    pub async fn keys(&self) -> JwkSet {
        json(self.http.get(self.address("jwks_uri")).send().await.unwrap()).await
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Running::InProcess { shutdown, .. } = &self.running {
            shutdown.request();
            shutdown.request();
        }
    }
}

fn target() -> Option<Value> {
    let file = std::env::var("DOORWARD_CONFORMANCE_TARGET").ok()?;
    Some(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
}

/// Writes a throw-away certificate for this machine; its PEM.
fn certificate(folder: &Path) -> String {
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2099, 1, 1));
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    std::fs::write(folder.join("tls.crt"), &pem).unwrap();
    std::fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
    pem
}

async fn register(server: &Server, method: AuthMethod, back_channel: Option<&str>) -> Value {
    let client = server
        .db_client(ClientType::Web, |client| {
            client.auth_method = method;
            client.pkce = PkceMode::Optional;
            client.scopes = ScopeSet::parse("openid profile email address phone offline_access").unwrap();
            // The suite expects the claims of scopes at userinfo alone (OpenID Connect Core §5.4).
            client.metadata.id_token_claims = Some(false);
            client.redirect_uris = vec![REDIRECT_URI.to_owned()];
            client.metadata.post_logout_redirect_uris = vec![POST_LOGOUT_REDIRECT_URI.to_owned()];
            client.backchannel_logout_uri = back_channel.map(str::to_owned);
        })
        .await;
    json!({ "client_id": client.id, "client_secret": client.secret })
}

fn every_claim() -> serde_json::Map<String, Value> {
    let Value::Object(claims) = json!({
        "given_name": "Ann", "family_name": "Lee", "middle_name": "B", "nickname": "annie", "preferred_username": "ann",
        "profile": "https://ann.test/", "picture": "https://ann.test/a.png", "website": "https://ann.test/w",
        "gender": "female", "birthdate": "1990-01-31", "zoneinfo": "Europe/Oslo", "locale": "nb-NO",
        "phone_number": "+4722000000", "phone_number_verified": true, "address": { "locality": "Oslo" }
    }) else {
        unreachable!()
    };
    claims
}
