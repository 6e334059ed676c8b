//! Clients: registering, reading, changing, switching off and on (RFC 7591 §2 and RFC 7592 without their endpoints).

use std::collections::BTreeSet;

use serde::Serialize;

use super::client_secrets::made_secret;
use super::{Changed, Error, Registry, State, commit, given, set};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::protocol::algorithm::{Algorithm, AlgorithmChoice};
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::client::{AuthMethod, Client, ClientField, ClientType};
use crate::protocol::client_secrets::ClientSecrets;
use crate::protocol::edit::Edit;
use crate::protocol::grant_type::GrantType;
use crate::protocol::on_reuse::OnReuse;
use crate::protocol::page::{Listed, Page};
use crate::protocol::pkce::PkceMode;
use crate::protocol::problem::Problems;
use crate::protocol::registration;
use crate::protocol::scope::{self, ScopeSet};
use crate::random;
use crate::secret::Secret;
use crate::storage::Reader;

/// A client that is to be registered.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// An id of the caller's choice; a random one otherwise.
    pub client_id: Option<String>,
    /// Its kind: presets what is not named.
    pub client_type: ClientType,
    /// All that can be changed later.
    pub details: ClientChange,
}

/// What of a client is to become what.
#[derive(Clone, Debug, Default)]
pub struct ClientChange {
    /// Its kind: another one keeps what it can of the former.
    pub client_type: Option<ClientType>,
    /// How it authenticates.
    pub auth_method: Option<AuthMethod>,
    /// Shown to people.
    pub name: Option<String>,
    /// How it may get tokens.
    pub grant_types: Option<BTreeSet<GrantType>>,
    /// Where authorization responses may go.
    pub redirect_uris: Option<Vec<String>>,
    /// Where a browser may go after signing out.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// The scopes that it may ask for, separated by spaces.
    pub scope: Option<String>,
    /// The resources that it may ask for; none means all.
    pub resources: Option<Vec<String>>,
    /// Whether a request needs PKCE.
    pub pkce: Option<PkceMode>,
    /// Whether people are not asked to consent.
    pub first_party: Option<bool>,
    /// The origins whose scripts may call, beside those of a single-page app's redirect URIs.
    pub allowed_origins: Option<Vec<String>>,
    /// Its privacy policy.
    pub policy_uri: Edit<String>,
    /// Its terms of service.
    pub tos_uri: Edit<String>,
    /// Where it is told that a sign-in has ended.
    pub backchannel_logout_uri: Edit<String>,
    /// What its ID tokens are signed with; taken away: what the settings say.
    pub id_token_algorithm: Edit<Algorithm>,
    /// What the reuse of one of its refresh tokens ends; taken away: what is preset.
    pub on_reuse: Edit<OnReuse>,
    /// Whether its ID tokens carry the claims of granted scopes; taken away: what the settings say.
    pub id_token_claims: Edit<bool>,
    /// The context class in which people must sign in to go there.
    pub acr: Edit<String>,
    /// How many seconds the secret lives that comes of this, when one does; without it, it has no end.
    pub secret_life: Option<i64>,
}

/// A client as every face shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ClientView {
    /// Its id.
    pub client_id: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub client_type: ClientType,
    /// Shown to people.
    pub name: String,
    /// How it authenticates.
    pub auth_method: AuthMethod,
    /// How it may get tokens.
    pub grant_types: BTreeSet<GrantType>,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// The scopes that it may ask for.
    pub scope: ScopeSet,
    /// The resources that it may ask for; none means all.
    pub resources: Vec<String>,
    /// Whether a request needs PKCE.
    pub pkce: PkceMode,
    /// Whether people are not asked to consent.
    pub first_party: bool,
    /// The origins whose scripts may call, beside those of a single-page app's redirect URIs.
    pub allowed_origins: Vec<String>,
    /// Its privacy policy.
    pub policy_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// Where it is told that a sign-in has ended.
    pub backchannel_logout_uri: Option<String>,
    /// What its ID tokens are signed with, or `default`.
    pub id_token_alg: &'static str,
    /// What the reuse of one of its refresh tokens ends, or `default`.
    pub on_reuse: &'static str,
    /// Whether its ID tokens carry the claims of granted scopes: `on`, `off` or `default`.
    pub id_token_claims: &'static str,
    /// The context class in which people must sign in to go there, or in a stronger one.
    pub acr: Option<String>,
    /// The roles of a client that acts for itself.
    pub roles: Vec<String>,
    /// How many secrets it can authenticate with.
    pub secrets: usize,
    /// Whether it can be used.
    pub state: State,
    /// When it was registered (RFC 3339).
    pub created_at: String,
}

/// A client with a secret that is shown this once.
#[derive(Debug)]
pub struct IssuedClient {
    /// The client.
    pub client: ClientView,
    /// Its secret; `None` for a public one, and for one that goes on with the secret that it has.
    pub secret: Option<Secret>,
    /// When that one ends (RFC 3339), when it does.
    pub secret_expires_at: Option<String>,
}

impl IssuedClient {
    fn of(client: Client, secret: Option<Secret>, now: Timestamp) -> Self {
        let made = client.secrets.iter().next().filter(|_| secret.is_some());
        let secret_expires_at = made.and_then(|made| made.expires_at).map(|at| at.to_string());
        Self { client: ClientView::of(client, now), secret, secret_expires_at }
    }
}

impl ClientView {
    /// The client as it is at this time.
    pub(super) fn of(client: Client, now: Timestamp) -> Self {
        Self {
            secrets: client.secrets.live(now),
            client_id: client.client_id,
            client_type: client.client_type,
            name: client.name,
            auth_method: client.auth_method,
            grant_types: client.grant_types,
            redirect_uris: client.redirect_uris,
            post_logout_redirect_uris: client.metadata.post_logout_redirect_uris,
            scope: client.scopes,
            resources: client.resources,
            pkce: client.pkce,
            first_party: client.first_party,
            allowed_origins: client.metadata.allowed_origins,
            policy_uri: client.metadata.policy_uri,
            tos_uri: client.metadata.tos_uri,
            backchannel_logout_uri: client.backchannel_logout_uri,
            id_token_alg: client.id_token_algorithm.wanted.map_or("default", Algorithm::as_str),
            on_reuse: client.metadata.on_reuse.map_or("default", OnReuse::as_str),
            id_token_claims: client.metadata.id_token_claims.map_or("default", |on| if on { "on" } else { "off" }),
            acr: client.metadata.acr,
            roles: client.metadata.roles,
            state: State::of(client.disabled_at),
            created_at: client.created_at.to_string(),
        }
    }
}

impl ClientChange {
    /// Makes the change; the fields that it names.
    fn apply(self, client: &mut Client) -> Result<Vec<ClientField>, Problems> {
        use ClientField as F;
        let scope = self.scope.map(|text| ScopeSet::parse(&text)).transpose();
        let scope = scope.map_err(|why| Problems::one(F::Scope.as_str(), why.to_string()))?;
        let mut wanted = client.id_token_algorithm.wanted;
        let is_of_type = set(self.client_type, &mut client.client_type);
        // Another type brings its own method where the former does not suit it; who keeps no secret needs PKCE.
        let implied = Some(client.client_type.default_auth_method());
        let method = self.auth_method.or(implied.filter(|_| !client.client_type.allows(client.auth_method)));
        let has_method = set(method, &mut client.auth_method);
        let pkce = Some(PkceMode::Required).filter(|_| has_method && client.auth_method == AuthMethod::None);
        let metadata = &mut client.metadata;
        let fields = [
            (F::Type, is_of_type),
            (F::AuthMethod, has_method),
            (F::Name, set(self.name, &mut client.name)),
            (F::GrantTypes, set(self.grant_types, &mut client.grant_types)),
            (F::RedirectUris, set(self.redirect_uris, &mut client.redirect_uris)),
            (F::PostLogoutRedirectUris, set(self.post_logout_redirect_uris, &mut metadata.post_logout_redirect_uris)),
            (F::Scope, set(scope, &mut client.scopes)),
            (F::Resources, set(self.resources, &mut client.resources)),
            (F::Pkce, set(self.pkce.or(pkce), &mut client.pkce)),
            (F::FirstParty, set(self.first_party, &mut client.first_party)),
            (F::AllowedOrigins, set(self.allowed_origins, &mut metadata.allowed_origins)),
            (F::PolicyUri, self.policy_uri.apply(&mut metadata.policy_uri)),
            (F::TosUri, self.tos_uri.apply(&mut metadata.tos_uri)),
            (F::BackchannelLogoutUri, self.backchannel_logout_uri.apply(&mut client.backchannel_logout_uri)),
            (F::OnReuse, self.on_reuse.apply(&mut metadata.on_reuse)),
            (F::IdTokenAlg, self.id_token_algorithm.apply(&mut wanted)),
            (F::IdTokenClaims, self.id_token_claims.apply(&mut metadata.id_token_claims)),
            (F::Acr, self.acr.apply(&mut metadata.acr)),
        ];
        client.id_token_algorithm = client.id_token_algorithm.changed_to(wanted);
        Ok(given(fields))
    }
}

/// What is wrong is an [`Error::Invalid`], an unknown id an [`Error::Missing`].
impl Registry {
    /// Registers a client, and makes its secret when it is to authenticate with one.
    pub async fn create_client(&self, new: NewClient, act: &Act) -> Result<Changed<IssuedClient>, Error> {
        self.administers(act).await?;
        let mut client = Client::new(new.client_id.unwrap_or_else(random::id), new.client_type, act.at);
        let life = new.details.secret_life;
        new.details.apply(&mut client)?;
        // There is no former algorithm to go on with.
        client.id_token_algorithm = AlgorithmChoice { former: None, ..client.id_token_algorithm };
        let secret = fit_secret(&mut client, life, act.at)?;
        let mut transaction = self.storage.begin().await?;
        let mut warnings = self.check_client(&mut transaction, &client).await?;
        warnings.extend(self.beyond_reach(client.metadata.acr.as_deref()));
        // What a client gets for itself has its id as `sub`: it must not be a person's (RFC 9700 §4.15). Ids of people are made here, and
        // never given, so that it cannot become one later.
        if transaction.user(&client.client_id.to_ascii_lowercase()).await?.is_some() {
            return Err(Problems::one("client_id", format!("{} is the id of a person", client.client_id)).into());
        }
        if !transaction.insert_client(&client).await? {
            return Err(Problems::one("client_id", format!("there is a client {} already", client.client_id)).into());
        }
        let event = Event::of(act, Name::ClientCreated).on(Noun::Client, &client.client_id);
        commit(transaction, &event).await?;
        Ok(Changed { view: IssuedClient::of(client, secret, act.at), event, warnings })
    }

    /// The client with this id.
    pub async fn client(&self, client_id: &str, now: Timestamp) -> Result<ClientView, Error> {
        let found = self.storage.read().await?.client(client_id).await?;
        found.map(|client| ClientView::of(client, now)).ok_or_else(|| missing(client_id))
    }

    /// A page of the clients, oldest first; those of the type alone, when there is one.
    pub async fn clients(
        &self,
        of: Option<ClientType>,
        page: Page,
        now: Timestamp,
    ) -> Result<Listed<ClientView>, Failure> {
        Ok(self.storage.read().await?.clients_of(of, &page).await?.map(|client| ClientView::of(client, now)))
    }

    /// Changes what is named of a client. One that is to authenticate from now on gets a secret, one that is not loses it.
    pub async fn change_client(
        &self,
        client_id: &str,
        change: ClientChange,
        act: &Act,
    ) -> Result<Changed<IssuedClient>, Error> {
        self.administers(act).await?;
        let mut transaction = self.storage.begin().await?;
        let mut client = transaction.hold_client(client_id).await?.ok_or_else(|| missing(client_id))?;
        let life = change.secret_life;
        let fields = change.apply(&mut client)?;
        let secret = fit_secret(&mut client, life, act.at)?;
        let warnings = self.check_client(&mut transaction, &client).await?;
        transaction.change_client(&client, &fields).await?;
        let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        let event = Event::of(act, Name::ClientChanged).on(Noun::Client, client_id).with("fields", names);
        commit(transaction, &event).await?;
        let is_about_scopes = [ClientField::Scope, ClientField::Resources].iter().any(|field| fields.contains(field));
        let mut warnings = if is_about_scopes { warnings } else { Vec::new() };
        let demanded = client.metadata.acr.as_deref().filter(|_| fields.contains(&ClientField::Acr));
        warnings.extend(self.beyond_reach(demanded));
        Ok(Changed { view: IssuedClient::of(client, secret, act.at), event, warnings })
    }

    /// Switches a client off, or on again. Off, its tokens end at once wherever we are asked.
    pub async fn switch_client(&self, client_id: &str, to: State, act: &Act) -> Result<Changed<ClientView>, Error> {
        self.administers(act).await?;
        let mut transaction = self.storage.begin().await?;
        let (client, name) = match to {
            State::Off => (transaction.switch_client_off(client_id, act.at).await?, Name::ClientDisabled),
            State::On => (transaction.switch_client_on(client_id).await?, Name::ClientEnabled),
        };
        let client = client.ok_or_else(|| missing(client_id))?;
        if to == State::Off {
            transaction.end_api_keys_of_client(client_id, "client switched off", act).await?;
        }
        let event = Event::of(act, name).on(Noun::Client, client_id);
        commit(transaction, &event).await?;
        Ok(Changed { view: ClientView::of(client, act.at), event, warnings: Vec::new() })
    }

    /// Whether the client may be as it is here; also whether this installation would ever call its back channel. What may be a mistake.
    async fn check_client(&self, reader: &mut Reader, client: &Client) -> Result<Vec<String>, Error> {
        let resources = reader.resources().await?;
        let mut problems = registration::check_client(client, &resources).err().unwrap_or_default();
        let field = ClientField::BackchannelLogoutUri.as_str();
        if let Some(uri) = client.backchannel_logout_uri.as_deref().filter(|_| !problems.has(field)) {
            problems.note(field, Outgoing::new(&self.outgoing)?.check(uri));
        }
        let warning = |token| format!("no API that the client may ask for owns the scope '{token}'");
        Ok(problems.unless_any(scope::unowned(client, &resources).map(warning).collect())?)
    }
}

/// A secret for a client that is to have one and has none, and none for one that is to have none. What comes back is new.
///
/// # Errors
/// When a new one is to live for so many seconds and cannot, or none is made.
fn fit_secret(client: &mut Client, life: Option<i64>, now: Timestamp) -> Result<Option<Secret>, Problems> {
    let needs_one = client.auth_method != AuthMethod::None;
    if needs_one && client.secrets.is_empty() {
        let (secret, kept) = made_secret(life, now)?;
        client.secrets = ClientSecrets::one(kept);
        return Ok(Some(secret));
    }
    if !needs_one {
        client.secrets = ClientSecrets::NONE;
    }
    match life {
        Some(_) => Err(Problems::one("secret_expires", "no secret is made by this")),
        None => Ok(None),
    }
}

pub(super) fn missing(client_id: &str) -> Error {
    Error::Missing(Noun::Client, client_id.to_owned())
}
