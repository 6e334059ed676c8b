//! Roles: making, changing and deleting them, and giving them to people and to clients that act for themselves.
//!
//! Nobody gives what they do not have: an operator at the command line has everything, a person what the account has. Whoever has the role
//! `admin` may change what roles permit; one person at least keeps it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Changed, Error, Registry, commit, given, set};
use crate::failure::Failure;
use crate::protocol::audit::{Act, Actor, Event, Name, Noun};
use crate::protocol::client::{Client, ClientField};
use crate::protocol::edit::Edit;
use crate::protocol::grant_type::GrantType;
use crate::protocol::page::{Listed, Page};
use crate::protocol::printable::is_printable;
use crate::protocol::problem::Problems;
use crate::protocol::registration::{self, MAX_NAME};
use crate::protocol::resource::Resource;
use crate::protocol::role::{self, ADMIN, BUILT_IN, Role, RoleField, USER};
use crate::protocol::user::UserField;
use crate::storage::{Account, Holders, PersonWithRole, Reader, Transaction};

/// What of a role is to become what.
#[derive(Clone, Debug, Default)]
pub struct RoleChange {
    /// What it is for, in words for people.
    pub description: Option<String>,
    /// The scopes that it permits.
    pub scopes: Option<BTreeSet<String>>,
    /// The context class in which whoever has it must sign in.
    pub acr: Edit<String>,
}

/// A role as every face shows it.
#[derive(Clone, Debug, Serialize)]
pub struct RoleView {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The scopes that it permits.
    pub scopes: BTreeSet<String>,
    /// The context class in which whoever has it must sign in, or in a stronger one.
    pub acr: Option<String>,
    /// Whether it is always there.
    pub built_in: bool,
    /// When it was made (RFC 3339).
    pub created_at: String,
}

/// By whom and by what a role is used; of people and clients the first twenty of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RoleUse {
    /// People to whom it was given here: by address, or by id without one.
    pub users: Vec<String>,
    /// People who have it because of what a provider says.
    pub upstream_users: Vec<String>,
    /// Clients, by id.
    pub clients: Vec<String>,
    /// APIs that demand it, or name it among those that they want to see, by identifier.
    pub resources: Vec<String>,
}

/// To whom a role is given.
#[derive(Clone, Copy, Debug)]
pub enum Recipient<'a> {
    /// A person, by an address or an id.
    User(&'a str),
    /// A client, by its id.
    Client(&'a str),
}

/// What is to become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giving {
    /// They have it from now on.
    Grant,
    /// They have it no more.
    Revoke,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            built_in: BUILT_IN.contains(&role.name.as_str()),
            name: role.name,
            description: role.description,
            scopes: role.scopes,
            acr: role.acr,
            created_at: role.created_at.to_string(),
        }
    }
}

impl RoleUse {
    /// Whether nobody and nothing uses it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn of(name: &str, holders: Holders, resources: &[Resource]) -> Self {
        let called =
            |people: Vec<PersonWithRole>| people.into_iter().map(|person| person.email.unwrap_or(person.id)).collect();
        let uses = |api: &&Resource| {
            api.scope_needs.values().any(|roles| roles.contains(name)) || api.roles_seen.names().any(|one| one == name)
        };
        Self {
            users: called(holders.users),
            upstream_users: called(holders.upstream_users),
            clients: holders.clients,
            resources: resources.iter().filter(uses).map(|api| api.identifier.clone()).collect(),
        }
    }
}

/// What an actor may give.
pub(super) enum Giver {
    /// Everything: an operator, or the server itself.
    Everything,
    /// These roles.
    Roles(Vec<String>),
}

impl Giver {
    /// Of whoever acts, as it is now.
    pub async fn of(reader: &mut Reader, act: &Act) -> Result<Self, Failure> {
        Ok(match &act.by {
            Actor::Operator | Actor::System => Self::Everything,
            Actor::User(id) => {
                let account = reader.user(id).await?.filter(|account| account.user.disabled_at.is_none());
                Self::Roles(account.map(|account| account.user.all_roles()).unwrap_or_default())
            }
            Actor::Client(id) => {
                let client = reader.client(id).await?.filter(Client::is_enabled);
                Self::Roles(client.map(|client| client.metadata.roles).unwrap_or_default())
            }
            Actor::Nobody => Self::Roles(Vec::new()),
        })
    }

    fn has(&self, role: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Roles(own) => own.iter().any(|one| one == role),
        }
    }

    /// Whether they may give this role.
    pub fn may_give(&self, role: &str) -> Result<(), String> {
        if self.has(role) {
            return Ok(());
        }
        Err(format!("'{}' cannot be given by whoever does not have it", role.escape_debug()))
    }
}

/// What is said to whoever does not run this server.
const NOT_ADMIN: &str = "only who runs this server does that: an operator, or somebody with the role 'admin'";

/// What is wrong is an [`Error::Invalid`], an unknown name an [`Error::Missing`].
impl Registry {
    /// Whether whoever acts runs this server: an operator, the server itself, or somebody with the role [`ADMIN`]. To be asked before anything else, so that
    /// nobody else learns what there is.
    ///
    /// # Errors
    /// [`Error::Invalid`] when they do not.
    pub(super) async fn administers(&self, act: &Act) -> Result<(), Error> {
        if matches!(act.by, Actor::Operator | Actor::System) {
            return Ok(());
        }
        let giver = Giver::of(&mut self.storage.read().await?, act).await?;
        if giver.has(ADMIN) { Ok(()) } else { Err(Problems::one("actor", NOT_ADMIN).into()) }
    }

    /// Makes a role.
    pub async fn create_role(&self, name: &str, details: RoleChange, act: &Act) -> Result<Changed<RoleView>, Error> {
        self.administers(act).await?;
        let mut role = Role::new(name.to_owned(), act.at);
        details.apply(&mut role);
        let mut transaction = self.storage.begin().await?;
        let mut problems = Problems::default();
        problems.note("name", role::check_name(name));
        check(&mut transaction, &role, &mut problems).await?;
        problems.unless_any(())?;
        if !transaction.insert_role(&role).await? {
            return Err(Problems::one("name", format!("there is a role '{name}' already")).into());
        }
        let event = Event::of(act, Name::RoleCreated).on(Noun::Role, name);
        commit(transaction, &event).await?;
        let warnings = self.beyond_reach(role.acr.as_deref()).into_iter().collect();
        Ok(Changed { view: role.into(), event, warnings })
    }

    /// The role with this name.
    pub async fn role(&self, name: &str) -> Result<RoleView, Error> {
        let found = self.storage.read().await?.role(name).await?;
        found.map(RoleView::from).ok_or_else(|| missing(name))
    }

    /// Who and what uses the role.
    pub async fn role_use(&self, name: &str) -> Result<RoleUse, Error> {
        used(&mut self.storage.read().await?, name).await
    }

    /// A page of the roles, oldest first.
    pub async fn roles(&self, page: Page) -> Result<Listed<RoleView>, Failure> {
        Ok(self.storage.read().await?.roles_of(&page).await?.map(RoleView::from))
    }

    /// Changes what is named of a role. It counts at the next refresh of a token, and at once wherever we are asked.
    pub async fn change_role(&self, name: &str, change: RoleChange, act: &Act) -> Result<Changed<RoleView>, Error> {
        self.administers(act).await?;
        let mut transaction = self.storage.begin().await?;
        let mut role = transaction.hold_role(name).await?.ok_or_else(|| missing(name))?;
        let fields = change.apply(&mut role);
        let mut problems = Problems::default();
        check(&mut transaction, &role, &mut problems).await?;
        problems.unless_any(())?;
        transaction.change_role(&role, &fields).await?;
        let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        let event = Event::of(act, Name::RoleChanged).on(Noun::Role, name).with("fields", names);
        commit(transaction, &event).await?;
        let demanded = role.acr.as_deref().filter(|_| fields.contains(&RoleField::Acr));
        let warnings = self.beyond_reach(demanded).into_iter().collect();
        Ok(Changed { view: role.into(), event, warnings })
    }

    /// Deletes a role that nobody and nothing uses. Without it its scopes are guarded no more, unless something else guards them.
    pub async fn delete_role(&self, name: &str, act: &Act) -> Result<Changed<RoleView>, Error> {
        self.administers(act).await?;
        if BUILT_IN.contains(&name) {
            return Err(Problems::one("name", format!("the role '{name}' is always there")).into());
        }
        let mut transaction = self.storage.begin().await?;
        let role = transaction.hold_role(name).await?.ok_or_else(|| missing(name))?;
        let by = used(&mut transaction, name).await?;
        if !by.is_empty() {
            let all = [by.users, by.upstream_users, by.clients, by.resources].concat().join(", ");
            return Err(
                Problems::one("name", format!("the role '{name}' is used, take it from these first: {all}")).into()
            );
        }
        transaction.delete_role(name).await?;
        let event = Event::of(act, Name::RoleDeleted).on(Noun::Role, name);
        commit(transaction, &event).await?;
        Ok(Changed { view: role.into(), event, warnings: Vec::new() })
    }

    /// Gives a role to somebody, or takes it from them; the roles that they have then. What they have or lack already stays so.
    pub async fn give_role(
        &self,
        to: Recipient<'_>,
        role: &str,
        giving: Giving,
        act: &Act,
    ) -> Result<Changed<Vec<String>>, Error> {
        if role == USER {
            return Err(Problems::one("role", format!("everybody with an account has the role '{USER}'")).into());
        }
        let mut transaction = self.storage.begin().await?;
        if giving == Giving::Grant {
            transaction.hold_role(role).await?.ok_or_else(|| missing(role))?;
            let may = Giver::of(&mut transaction, act).await?.may_give(role);
            may.map_err(|why| Problems::one("role", why))?;
        }
        let (roles, noun, id) = match to {
            Recipient::User(user) => {
                let id = self.user(user).await?.id;
                let account = transaction.hold_account(&id).await?;
                let mut account = account.ok_or_else(|| Error::Missing(Noun::User, user.to_owned()))?;
                if giving == Giving::Revoke && role == ADMIN {
                    keep_an_admin(&mut transaction, &account).await?;
                }
                giving.apply(&mut account.user.roles, role);
                account.user.updated_at = act.at;
                transaction.change_user(&account, &[UserField::Roles]).await?;
                (account.user.roles, Noun::User, id)
            }
            Recipient::Client(client_id) => {
                let client = transaction.hold_client(client_id).await?;
                let mut client = client.ok_or_else(|| Error::Missing(Noun::Client, client_id.to_owned()))?;
                if !client.may_use(GrantType::ClientCredentials) && giving == Giving::Grant {
                    let sentence = "the client acts for people alone: give the role to them";
                    return Err(Problems::one("client_id", sentence).into());
                }
                giving.apply(&mut client.metadata.roles, role);
                transaction.change_client(&client, &[ClientField::Roles]).await?;
                (client.metadata.roles, Noun::Client, client_id.to_owned())
            }
        };
        let name = if giving == Giving::Grant { Name::RoleGranted } else { Name::RoleRevoked };
        let event = Event::of(act, name).on(noun, &id).with("role", role);
        commit(transaction, &event).await?;
        Ok(Changed { view: roles, event, warnings: Vec::new() })
    }
}

impl Giving {
    fn apply(self, roles: &mut Vec<String>, role: &str) {
        roles.retain(|one| one != role);
        if self == Self::Grant {
            roles.push(role.to_owned());
        }
    }
}

impl RoleChange {
    /// Makes the change; the fields that it names.
    fn apply(self, role: &mut Role) -> Vec<RoleField> {
        let fields = [
            (RoleField::Description, set(self.description.map(|text| text.trim().to_owned()), &mut role.description)),
            (RoleField::Scopes, set(self.scopes, &mut role.scopes)),
            (RoleField::Acr, self.acr.apply(&mut role.acr)),
        ];
        given(fields)
    }
}

/// Whether a role may be as it is here: each of its scopes is an API's, and what it demands a class of ours. The two that are always there guard what they are demanded for alone.
async fn check(reader: &mut Reader, role: &Role, problems: &mut Problems) -> Result<(), Failure> {
    if !is_printable(&role.description) || role.description.chars().count() > MAX_NAME {
        let sentence = format!("has at most {MAX_NAME} characters, none of which controls the text around it");
        problems.add("description", sentence);
    }
    if role.name == USER && !role.scopes.is_empty() {
        problems
            .add("scopes", format!("everybody has the role '{USER}': an API demands it for a scope, or nothing does"));
    }
    if let Some(acr) = &role.acr {
        problems.note("acr", registration::context_class(acr));
    }
    let resources = reader.resources().await?;
    for scope in role.scopes.iter().filter(|scope| !resources.iter().any(|api| api.owns(scope))) {
        problems.add("scopes", format!("no API has the scope '{}'", scope.escape_debug()));
    }
    Ok(())
}

async fn used(reader: &mut Reader, name: &str) -> Result<RoleUse, Error> {
    let holders = reader.holders_of_role(name).await?;
    let resources = reader.resources().await?;
    Ok(RoleUse::of(name, holders, &resources))
}

/// Refuses what would leave nobody with the role `admin` who can use it. The account is held.
///
/// # Errors
/// [`Error::Invalid`] when it is the last one.
pub(super) async fn keep_an_admin(transaction: &mut Transaction, account: &Account) -> Result<(), Error> {
    if transaction.is_last_admin(&account.user).await? { Err(last_admin()) } else { Ok(()) }
}

/// That somebody keeps the role `admin`.
pub(super) fn last_admin() -> Error {
    let sentence = format!("is the last one with the role '{ADMIN}': give it to somebody else first");
    Problems::one("user", sentence).into()
}

/// Makes those of the roles that there are not yet: to name one of an account used to be enough. Whoever acts must have them. What may be a mistake.
pub(super) async fn make_missing(
    transaction: &mut Transaction,
    roles: &[String],
    act: &Act,
) -> Result<Vec<String>, Error> {
    let giver = Giver::of(transaction, act).await?;
    let mut problems = Problems::default();
    let mut warnings = Vec::new();
    for (at, name) in roles.iter().enumerate() {
        if transaction.hold_role(name).await?.is_some() || name == USER {
            problems.note(format!("roles[{at}]"), giver.may_give(name));
            continue;
        }
        problems.note(format!("roles[{at}]"), role::check_name(name).and_then(|()| giver.may_give(name)));
        if problems.iter().next().is_none() && transaction.insert_role(&Role::new(name.clone(), act.at)).await? {
            transaction.record(&Event::of(act, Name::RoleCreated).on(Noun::Role, name)).await?;
            warnings.push(format!("there was no role '{name}' yet: it is made, and permits nothing"));
        }
    }
    Ok(problems.unless_any(warnings)?)
}

fn missing(name: &str) -> Error {
    Error::Missing(Noun::Role, name.to_owned())
}
