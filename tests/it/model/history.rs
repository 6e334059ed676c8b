//! A history as it happens on the server: every operation is done by browser and client as anybody would, or by the operator in the database
//! (`operator.rs`, `roles.rs`), who goes for a code in `authorize.rs`, what mails lead to is in `mail.rs`, what becomes of codes and tokens in `tokens.rs` and of API keys in `keys.rs`, second
//! factors are set up and shown in `factors.rs`, passkeys added and taken away in `passkeys.rs`, security keys in `security_keys.rs`, and every
//! answer is held against the model's. Then tokens are looked at (`look.rs`).

mod authorize;
mod factors;
mod keys;
mod look;
mod mail;
mod operator;
mod passkeys;
mod roles;
mod security_keys;
mod tokens;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Mutex;

use doorward::http::Reason;
use doorward::protocol::audit::Act;
use doorward::protocol::client::{self, ClientType};
use doorward::protocol::on_reuse::OnReuse;
use doorward::protocol::passkey::Attestation;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::protocol::upstream::{Identity, ProviderKind, Vouched};
use doorward::protocol::user::{EmailAuthority, User};
use doorward::random;
use proptest::test_runner::TestCaseError;

use super::operation::{App, Ask, Operation, Person, WORDS};
use super::reference::{Asked, MOST, Model};
use crate::support::{Answer, Authenticator, Browser, Client, Device, Maker, PASSWORD, Provider, Server};
use authorize::{name, word};
use keys::{Made, Traded};
use mail::{Former, Sent};
use security_keys::{Answered, Asking, Awaiting};

const API: &str = "https://notes.test";
/// The API that owns what the application with the secret asks for by its scope alone.
const MAIL: &str = "https://mail.test";
/// The API that shares a secret with us: of the third application, and of it the same.
const BOX: &str = "https://box.test";
/// What each application asks for of its API.
const ASKED: [&str; 3] = ["notes:write", "mail:read+mail:send", "box:read+box:write"];
/// What the provider may give.
const ROLE: &str = "developer";
const ISSUER: &str = "http://localhost:8000";

/// The result of a comparison.
type Compared = Result<(), TestCaseError>;

/// The server that histories happen on.
pub(super) struct Place {
    server: Server,
    fake: Provider,
    /// Who vouches for some devices.
    maker: Maker,
    api: Client,
    /// One that may ask for another API alone.
    stranger: Client,
    on_reuse: OnReuse,
    /// The role of the last history.
    role: Mutex<Option<String>>,
    /// How often each answer to an operation came.
    tried: Mutex<BTreeMap<String, usize>>,
}

struct Human {
    id: String,
    email: String,
    /// The one that the account has, or had last.
    password: String,
    /// The browser in hand, and the one put aside.
    browser: Browser,
    other: Browser,
    /// At the provider.
    identity: Identity,
    /// The one that was set up last, and every recovery code that was shown.
    authenticator: Option<Authenticator>,
    recovery_codes: Vec<String>,
    /// Every passkey that the account has had is on a device of its own.
    devices: Vec<Device>,
    /// The same of security keys; the last answer of one, a page that asks for a new one, and a browser that waits for one.
    security_keys: Vec<Device>,
    answered: Option<Answered>,
    asking: Option<Asking>,
    awaiting: Option<Awaiting>,
}

/// One history.
pub(super) struct History<'a> {
    place: &'a Place,
    model: Model,
    people: [Human; 2],
    apps: [Client; 3],
    /// The client that acts for itself.
    service: Client,
    /// The name of the role that comes and goes.
    role: String,
    // What the model knows as places in lists.
    codes: Vec<String>,
    refresh_tokens: Vec<String>,
    access_tokens: Vec<String>,
    service_tokens: Vec<String>,
    /// Of the secrets of the API that has some the names.
    secrets: Vec<String>,
    keys: Vec<Made>,
    key_tokens: Vec<Traded>,
    tickets: Vec<Sent>,
    undos: Vec<Former>,
    steps: usize,
}

impl Human {
    /// Somebody with the usual password and no second factor.
    fn new((id, email): (String, String), browser: Browser, other: Browser, identity: Identity) -> Self {
        Self {
            id,
            email,
            password: PASSWORD.to_owned(),
            browser,
            other,
            identity,
            authenticator: None,
            recovery_codes: Vec::new(),
            devices: Vec::new(),
            security_keys: Vec::new(),
            answered: None,
            asking: None,
            awaiting: None,
        }
    }
}

impl Place {
    pub(super) async fn open(on_reuse: OnReuse) -> Self {
        let fake = Provider::start().await;
        let (maker, roots) = (Maker::new("Keys and Sons"), tempfile::tempdir().unwrap());
        let of_makers = roots.path().join("roots.pem");
        std::fs::write(&of_makers, maker.pem()).unwrap();
        let server = Server::with_mail(|config| {
            fake.add_to(config, "fake", ProviderKind::Oidc, |settings| {
                settings.roles = [("makers".to_owned(), vec![ROLE.to_owned()])].into();
                settings.trust_email = Some(true);
                let counts = |class| (word(Some(class)), name(class).to_owned());
                settings.trust_acr = WORDS.into_iter().flatten().map(counts).collect();
            });
            let limits = &mut config.limits;
            (limits.failures_per_minute, limits.account_failures_per_minute) = (1_000_000, 1_000_000);
            (limits.pause_after, limits.slow_after, limits.forget_device_after) = (1_000_000, 1_000_000, 1_000_000);
            // All histories of an hour come from one network.
            (limits.wide_failures_per_minute, limits.many_accounts) = (1_000_000, 1_000_000);
            (limits.registrations_per_hour, limits.new_passwords_per_minute) = (1_000_000, 1_000_000);
            (limits.mail_requests_per_hour, limits.mails_per_hour) = (1_000_000, 1_000_000);
            (limits.mails_per_day, limits.mails_per_day_in_all) = (1_000_000, 1_000_000);
            config.api_keys.per_owner = MOST.try_into().unwrap();
            (config.passkeys.attestation, config.passkeys.attestation_roots) = (Attestation::Asked, of_makers);
        })
        .await;
        fake.follow(&server.clock);
        server.app.providers.discover().await;
        server.db_resource(API, &["notes:write"]).await;
        server.db_resource(MAIL, &["mail:read", "mail:send"]).await;
        server.db_resource(BOX, &["box:read", "box:write"]).await;
        let api = server.db_client(ClientType::Service, |_| {}).await;
        let stranger = server.db_client(ClientType::Service, |_| {}).await;
        for (resource, further) in [(API, Some(&stranger)), (MAIL, None), (BOX, None)] {
            let all = [&api].into_iter().chain(further).map(|client| client.id.clone()).collect();
            server.db_change_resource(resource, |resource| resource.introspectors = all).await;
        }
        let (role, tried) = (Mutex::default(), Mutex::default());
        let place = Self { server, fake, maker, api, stranger, on_reuse, role, tried };
        place.share_a_secret().await;
        place.make_provided_role().await;
        place
    }

    /// How often each answer to an operation came.
    pub(super) fn tried(&self) -> BTreeMap<String, usize> {
        self.tried.lock().unwrap().clone()
    }

    async fn human(&self) -> Human {
        let email = format!("{}@example.org", random::row_id(self.server.clock.now()));
        let id = self.server.db_user(&email).await;
        let change = |user: &mut User| (user.email_authority, user.roles) = (EmailAuthority::Mail, Vec::new());
        self.server.db_change_user(&id, |account| change(&mut account.user)).await;
        let now = self.server.clock.now();
        let identity = Vouched::of("fake", &self.fake.issuer(), &email).identity(random::row_id(now), &id, now);
        let mut transaction = self.server.app.storage.begin().await.unwrap();
        assert!(transaction.insert_identity(&identity, &Act::of_operator(now)).await.unwrap());
        transaction.commit().await.unwrap();
        Human::new((id, email), self.server.browser(), self.server.browser(), identity)
    }
}

/// What a rule said, or that none refused.
fn outcome(answer: &Answer) -> Result<(), Rejection> {
    match &answer.reason {
        Some(Reason::Rejected(refusal)) => Err(refusal.rejection),
        Some(Reason::Failed(failure)) => panic!("{} {failure:?}", answer.status),
        None => {
            assert_eq!(answer.status, 200, "{}", answer.text());
            Ok(())
        }
    }
}

/// The same, where an application may have been reached.
fn reached(answer: &Answer) -> Result<(), Rejection> {
    if answer.status == 303 && answer.reason.is_none() { Ok(()) } else { outcome(answer) }
}

impl<'a> History<'a> {
    pub(super) async fn begin(place: &'a Place) -> Self {
        let server = &place.server;
        let role = format!("clerk-{}", random::row_id(server.clock.now()));
        place.forget_roles(role.clone()).await;
        let secret = place.begin_with_a_secret().await;
        let scopes = "openid profile email offline_access roles notes:write mail:read mail:send box:read box:write";
        let scopes = ScopeSet::parse(scopes).unwrap();
        let app = async |kind| {
            let change = |c: &mut client::Client| {
                (c.metadata.on_reuse, c.scopes) = (Some(place.on_reuse), scopes.clone());
            };
            server.db_client(kind, change).await
        };
        let of_service = ScopeSet::parse("mail:read mail:send box:read box:write").unwrap();
        Self {
            place,
            role,
            service: server.db_client(ClientType::Service, |client| client.scopes = of_service).await,
            model: Model::new(server.clock.now().seconds(), place.on_reuse),
            people: [place.human().await, place.human().await],
            apps: [app(ClientType::Spa).await, app(ClientType::Web).await, app(ClientType::Web).await],
            codes: Vec::new(),
            refresh_tokens: Vec::new(),
            access_tokens: Vec::new(),
            service_tokens: Vec::new(),
            secrets: vec![secret],
            keys: Vec::new(),
            key_tokens: Vec::new(),
            tickets: Vec::new(),
            undos: Vec::new(),
            steps: 0,
        }
    }

    /// Does one thing on both sides; then looks whether what should hold does, and nothing else.
    pub(super) async fn step(&mut self, operation: &Operation) -> Compared {
        self.steps += 1;
        self.happen(operation).await?;
        self.look().await
    }

    fn same<T: PartialEq + Debug>(&self, what: &str, server: T, model: T) -> Compared {
        match server == model {
            true => Ok(()),
            false => {
                let step = self.steps;
                Err(TestCaseError::fail(format!(
                    "step {step}, {what}: the server says {server:?}, the model {model:?}"
                )))
            }
        }
    }

    /// As [`History::same`], for the outcome of an operation, which is counted.
    fn agree<T: Debug>(&self, what: &str, server: Result<(), Rejection>, model: &Result<T, Rejection>) -> Compared {
        let name = model.as_ref().map_or_else(|rejection| format!("{what} {rejection:?}"), |_| format!("{what} 200"));
        self.tally(&name);
        self.same(what, server, model.as_ref().map(|_| ()).map_err(|rejection| *rejection))
    }

    /// Counts what came of an operation.
    fn tally(&self, name: &str) {
        *self.place.tried.lock().unwrap().entry(name.to_owned()).or_default() += 1;
    }

    async fn happen(&mut self, operation: &Operation) -> Compared {
        match *operation {
            Operation::Authorize { person, app, anew, by } => {
                self.authorize(person, app, &Asked { anew, by, ..Asked::default() }).await.map(|_| ())
            }
            Operation::Begin { person, app, by } => {
                self.begin_with(person, app, &Asked { by, ..Asked::default() }).await
            }
            Operation::Demanded(demand_move) => self.by_demand(demand_move).await,
            Operation::Redeem { code, by_other, wrong_verifier } => {
                let Some(code) = code.of(self.codes.len()) else { return Ok(()) };
                self.redeem(code, presenter(self.model.app_of_code(code), by_other), wrong_verifier).await
            }
            Operation::Refresh { grant, ask } => self.use_newest(grant.of(self.model.grants.len()), &[(0, ask)]).await,
            Operation::Lose { grant, ask, ref again } => {
                let uses: Vec<(i64, Ask)> = [(0, ask)].into_iter().chain(again.iter().copied()).collect();
                self.use_newest(grant.of(self.model.grants.len()), &uses).await
            }
            Operation::Present { token, by_other, ask } => {
                let Some(token) = token.of(self.refresh_tokens.len()) else { return Ok(()) };
                let app = self.app_of(self.model.grant_of(token));
                self.refresh(token, presenter(app, by_other), ask).await
            }
            Operation::RevokeRefreshToken { token, by_other } => {
                let Some(token) = token.of(self.refresh_tokens.len()) else { return Ok(()) };
                let by = presenter(self.app_of(self.model.grant_of(token)), by_other);
                let answer = self.apps[by].post("/revoke", &[("token", &self.refresh_tokens[token])]).await;
                let model = self.model.revoke_refresh_token(token, by);
                self.agree("revoke refresh token", outcome(&answer), &model)
            }
            Operation::RevokeAccessToken { token, by_other } => {
                let Some(token) = token.of(self.access_tokens.len()) else { return Ok(()) };
                let by = presenter(self.app_of(self.model.grant_of_access(token)), by_other);
                let answer = self.apps[by].post("/revoke", &[("token", &self.access_tokens[token])]).await;
                let model = self.model.revoke_access_token(token, by);
                self.agree("revoke access token", outcome(&answer), &model)
            }
            Operation::SignOut(person) => self.sign_out(person).await,
            Operation::Wait(seconds) => {
                self.wait(seconds);
                Ok(())
            }
            Operation::Key(key_move) => self.by_key(key_move).await,
            Operation::Factor(factor_move) => self.by_factor(factor_move).await,
            Operation::Passkey(passkey_move) => self.by_passkey(passkey_move).await,
            Operation::SecurityKey(key_move) => self.by_security_key(key_move).await,
            ref other => {
                if let Some(compared) = self.by_mail(other).await {
                    return compared;
                }
                match self.by_role(other).await {
                    Some(compared) => compared,
                    None => self.operate(other).await,
                }
            }
        }
    }

    fn app_of(&self, grant: usize) -> App {
        self.model.grants[grant].app
    }

    fn wait(&mut self, seconds: i64) {
        self.place.server.turn(seconds);
        self.model.now += seconds;
    }

    async fn sign_out(&mut self, person: Person) -> Compared {
        let browser = &mut self.people[person].browser;
        let page = browser.visit("/account").await;
        let known = shows(&page, "sign-out");
        if known {
            browser.press(&page.form("#sign-out")).await;
        }
        let model = self.model.sign_out(person);
        self.same("signed in", known, model)
    }
}

fn presenter(owner: App, by_other: bool) -> App {
    if by_other { (owner + 1) % 3 } else { owner }
}

/// Whether a page has an element with this id: as a text, since reading pages as documents would take most of the time.
fn shows(page: &Answer, id: &str) -> bool {
    page.text().contains(&format!("id=\"{id}\""))
}
