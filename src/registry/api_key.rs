//! API keys: making, listing, replacing and ending them, and what is done with those that have leaked.
//!
//! A person has their own alone, and an operator everybody's. Whoever holds a key that leaked may end it: that it is a key is all they show.

mod own;
mod view;

use super::{Changed, Error, Registry, commit};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::api_key::{self, ApiKey, MAX_NAME, NAME_DIGITS, Owner, PresentedKey};
use crate::protocol::audit::{Act, Actor, Event, Name, Noun};
use crate::protocol::client::Client;
use crate::protocol::grant_type::GrantType;
use crate::protocol::page::{Listed, Page};
use crate::protocol::printable::is_printable;
use crate::protocol::problem::Problems;
use crate::protocol::resource::Resource;
use crate::protocol::role::Holder;
use crate::protocol::scope::ScopeSet;
use crate::random;
use crate::secret::Secret;
use crate::storage::{LEAKED, NewApiKey, Transaction};

pub use own::{OwnKeys, SignedIn};
pub use view::{ApiKeyView, IssuedKey, KeyUseView};

/// How many uses of a key are shown.
const SHOWN_USES: i64 = 50;
/// Why a key ended that was taken back.
const REVOKED: &str = "revoked";
/// Why one ended that was replaced without an overlap.
const REPLACED: &str = "replaced";

/// Whose key it is to be.
#[derive(Clone, Copy, Debug)]
pub enum KeyOwner<'a> {
    /// A person's, by an address or an id.
    User(&'a str),
    /// A client's that acts for itself, by its id.
    Client(&'a str),
}

/// A key that is to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What its owner calls it.
    pub name: String,
    /// The API that it is for, by its identifier.
    pub resource: String,
    /// Scopes of that API, separated by spaces.
    pub scope: String,
    /// How long it lives, in seconds; `None` for as long as the settings say.
    pub lifetime: Option<i64>,
}

/// An owner, held, with what decides on their keys.
struct HeldOwner {
    owner: Owner,
    roles: Vec<String>,
    service: Option<Client>,
}

impl HeldOwner {
    fn holder(&self) -> Holder<'_> {
        if self.service.is_some() { Holder::Service(&self.roles) } else { Holder::Person(&self.roles) }
    }
}

/// A key that was written, and what is secret of it.
#[derive(Debug)]
pub struct Issued {
    /// The key.
    pub key: ApiKey,
    /// All of it: this once.
    pub secret: Secret,
}

impl Issued {
    fn seen(self, now: Timestamp) -> IssuedKey {
        IssuedKey { key: ApiKeyView::of(self.key, now), secret: self.secret }
    }
}

/// What is wrong is an [`Error::Invalid`]; an unknown owner or id, and one of another person when a person acts, an [`Error::Missing`].
impl Registry {
    /// Makes a key.
    pub async fn create_api_key(
        &self,
        owner: KeyOwner<'_>,
        new: NewKey,
        act: &Act,
    ) -> Result<Changed<IssuedKey>, Error> {
        let owner = self.named_owner(owner, act).await?;
        let (issued, event) = self.make_key(self.storage.begin().await?, owner, new, act).await?;
        Ok(Changed { view: issued.seen(act.at), event, warnings: Vec::new() })
    }

    async fn make_key(
        &self,
        mut transaction: Transaction,
        owner: Owner,
        new: NewKey,
        act: &Act,
    ) -> Result<(Issued, Event), Error> {
        let held = hold(&mut transaction, owner).await?;
        let resources = transaction.resources().await?;
        let lifetime = new.lifetime.unwrap_or(self.api_keys.lifetime);
        let mut problems = Problems::default();
        problems.note("name", check_name(&new.name));
        if !(1..=self.api_keys.longest_lifetime).contains(&lifetime) {
            let most = self.api_keys.longest_lifetime / 86_400;
            problems.add("expires", format!("a key lives at most {most} days ([api_keys] longest_lifetime)"));
        }
        let scopes = check_scopes(&new, &held, &resources, &mut problems);
        let most = i64::from(self.api_keys.per_owner);
        if transaction.live_api_keys(&held.owner, act.at).await? >= most {
            problems.add("owner", format!("there are {most} keys already, which is as many as one owner may have"));
        }
        problems.unless_any(())?;
        let (id, secret) = assemble();
        let key = ApiKey {
            id,
            owner: held.owner,
            resource: new.resource,
            name: new.name.trim().to_owned(),
            scopes,
            created_at: act.at,
            expires_at: act.at.plus(lifetime),
            last_used_at: None,
            last_used_network: None,
            ended_at: None,
            end_reason: None,
            successor: None,
        };
        transaction.insert_api_key(&NewApiKey { key: &key, hash: secret.hash() }).await?;
        let event = Event::of(act, Name::ApiKeyCreated).on(Noun::ApiKey, &key.id).about_owner(&key.owner);
        let event = event.with("resource", key.resource.as_str()).with("scopes", key.scopes.to_string());
        commit(transaction, &event).await?;
        Ok((Issued { key, secret }, event))
    }

    /// A page of the keys, oldest first; of one owner alone, when there is one.
    pub async fn api_keys(&self, of: Option<KeyOwner<'_>>, page: Page, act: &Act) -> Result<Listed<ApiKeyView>, Error> {
        let of = match of {
            Some(owner) => Some(self.named_owner(owner, act).await?),
            None => {
                self.administers(act).await?;
                None
            }
        };
        let listed = self.storage.read().await?.api_keys(of.as_ref(), &page).await?;
        Ok(listed.map(|key| ApiKeyView::of(key, act.at)))
    }

    /// The key with this id, and where it was used, the newest first.
    pub async fn api_key(&self, id: &str, act: &Act) -> Result<(ApiKeyView, Vec<KeyUseView>), Error> {
        let mut reader = self.storage.read().await?;
        let key = reader.api_key(id).await?.filter(|key| may_touch(key, act)).ok_or_else(|| missing(id))?;
        let uses = reader.uses_of_api_key(id, SHOWN_USES).await?;
        Ok((ApiKeyView::of(key, act.at), uses.into_iter().map(KeyUseView::from).collect()))
    }

    /// Makes the key that takes the place of another, for the same and for as long. The other one goes on for `overlap` seconds; for 0 it ends now.
    pub async fn rotate_api_key(&self, id: &str, overlap: i64, act: &Act) -> Result<Changed<IssuedKey>, Error> {
        let former = self.storage.read().await?.api_key(id).await?;
        let former = former.filter(|key| may_touch(key, act)).ok_or_else(|| missing(id))?;
        let (issued, event) = self.replace_key(self.storage.begin().await?, former, overlap, act).await?;
        Ok(Changed { view: issued.seen(act.at), event, warnings: Vec::new() })
    }

    async fn replace_key(
        &self,
        mut transaction: Transaction,
        former: ApiKey,
        overlap: i64,
        act: &Act,
    ) -> Result<(Issued, Event), Error> {
        let id = former.id.as_str();
        hold(&mut transaction, former.owner.clone()).await?;
        let lifetime = former.expires_at.seconds() - former.created_at.seconds();
        let lifetime = lifetime.clamp(1, self.api_keys.longest_lifetime);
        let (new_id, secret) = assemble();
        let key = ApiKey {
            id: new_id,
            created_at: act.at,
            expires_at: act.at.plus(lifetime),
            last_used_at: None,
            last_used_network: None,
            ..former.clone()
        };
        if !transaction.replace_api_key(id, &key.id, act.at.plus(overlap.max(0)), act.at).await? {
            let state = former.state(act.at);
            let sentence = format!("{id} cannot be replaced: it is {state}");
            let sentence = if former.is_live(act.at) { format!("{id} was replaced already") } else { sentence };
            return Err(Problems::one("id", sentence).into());
        }
        transaction.insert_api_key(&NewApiKey { key: &key, hash: secret.hash() }).await?;
        if overlap <= 0 {
            transaction.end_api_key(id, REPLACED, act).await?;
        }
        let event = Event::of(act, Name::ApiKeyRotated).on(Noun::ApiKey, id).about_owner(&key.owner);
        let event = event.with("successor", key.id.as_str());
        commit(transaction, &event).await?;
        Ok((Issued { key, secret }, event))
    }

    /// Ends a key: at once, on every node.
    pub async fn revoke_api_key(&self, id: &str, act: &Act) -> Result<ApiKeyView, Error> {
        let mut transaction = self.storage.begin().await?;
        let key = transaction.api_key(id).await?.filter(|key| may_touch(key, act)).ok_or_else(|| missing(id))?;
        if key.is_live(act.at) {
            // Which records it.
            transaction.end_api_key(id, REVOKED, act).await?;
        }
        let key = transaction.api_key(id).await?.ok_or_else(|| missing(id))?;
        transaction.commit().await?;
        Ok(ApiKeyView::of(key, act.at))
    }

    /// Of keys that were found somewhere those that there are, as they are.
    pub async fn known_api_keys(&self, found: &[PresentedKey], now: Timestamp) -> Result<Vec<ApiKeyView>, Failure> {
        let known = self.storage.read().await?.known_api_keys(found).await?;
        Ok(known.into_iter().map(|known| ApiKeyView::of(known.key, now)).collect())
    }

    /// Ends those of the keys that can be used, for somebody has found them where they should not be. Whether there were any is for nobody who reports.
    ///
    /// # Errors
    /// When the database fails: then none has ended.
    pub async fn end_leaked_api_keys(&self, found: &[PresentedKey], act: &Act) -> Result<(), Failure> {
        let known = self.storage.read().await?.known_api_keys(found).await?;
        let live: Vec<ApiKey> = known.into_iter().map(|known| known.key).filter(|key| key.is_live(act.at)).collect();
        if live.is_empty() {
            return Ok(());
        }
        let mut transaction = self.storage.begin().await?;
        for key in live {
            // Which records it, and tells its owner.
            transaction.end_api_key(&key.id, LEAKED, act).await?;
        }
        transaction.commit().await
    }

    /// Whose keys are meant: a person who acts means their own.
    async fn named_owner(&self, owner: KeyOwner<'_>, act: &Act) -> Result<Owner, Error> {
        let owner = match owner {
            KeyOwner::User(user) => Owner::User(self.user(user).await?.id),
            KeyOwner::Client(client_id) => Owner::Client(self.client(client_id, act.at).await?.client_id),
        };
        if may_act_for(&owner, act) {
            return Ok(owner);
        }
        Err(match owner {
            Owner::User(id) => Error::Missing(Noun::User, id),
            Owner::Client(id) => Error::Missing(Noun::Client, id),
        })
    }
}

/// Whether somebody may do something with the keys of this owner.
fn may_act_for(owner: &Owner, act: &Act) -> bool {
    match &act.by {
        Actor::Operator | Actor::System => true,
        Actor::User(id) => *owner == Owner::User(id.clone()),
        Actor::Client(_) | Actor::Nobody => false,
    }
}

fn may_touch(key: &ApiKey, act: &Act) -> bool {
    may_act_for(&key.owner, act)
}

/// Holds the owner: whoever else makes a key of theirs, or ends them all, waits.
async fn hold(transaction: &mut Transaction, owner: Owner) -> Result<HeldOwner, Error> {
    let refuse = |field: &str, why: &str| Err(Error::from(Problems::one(field.to_owned(), why.to_owned())));
    match &owner {
        Owner::User(id) => {
            let account = transaction.hold_account(id).await?;
            let account = account.ok_or_else(|| Error::Missing(Noun::User, id.clone()))?;
            if !account.user.is_usable() {
                return refuse("user", "the account is switched off, or about to be deleted");
            }
            Ok(HeldOwner { roles: account.user.all_roles(), service: None, owner })
        }
        Owner::Client(id) => {
            let client = transaction.hold_client(id).await?;
            let client = client.ok_or_else(|| Error::Missing(Noun::Client, id.clone()))?;
            if !client.is_enabled() || !client.may_use(GrantType::ClientCredentials) {
                return refuse("client", "only a client that is on and acts for itself (client_credentials) has keys");
            }
            Ok(HeldOwner { roles: client.metadata.roles.clone(), service: Some(client), owner })
        }
    }
}

/// The id of a new key, and the key itself.
fn assemble() -> (String, Secret) {
    api_key::assemble(&random::digits::<NAME_DIGITS>(), &random::secret_digits())
}

fn check_name(name: &str) -> Result<(), String> {
    let name = name.trim();
    if !(1..=MAX_NAME).contains(&name.chars().count()) || !is_printable(name) {
        return Err(format!("must have 1 to {MAX_NAME} printable characters"));
    }
    Ok(())
}

/// The scopes of a new key: each its API's own, and one that its owner may have now.
fn check_scopes(new: &NewKey, held: &HeldOwner, resources: &[Resource], problems: &mut Problems) -> ScopeSet {
    let asked = ScopeSet::parse(&new.scope).unwrap_or_else(|why| {
        problems.add("scopes", why.to_string());
        ScopeSet::default()
    });
    let Some(api) = resources.iter().find(|resource| resource.identifier == new.resource) else {
        problems.add("resource", format!("there is no resource '{}'", new.resource.escape_debug()));
        return asked;
    };
    if held.service.as_ref().is_some_and(|client| !client.may_name(&api.identifier)) {
        problems.add("resource", format!("the client may not ask for {}", api.identifier));
    }
    if asked.is_empty() && !problems.has("scopes") {
        problems.add("scopes", "a key needs a scope".to_owned());
    }
    for scope in asked.iter() {
        if !api.owns(scope) {
            problems.add("scopes", format!("'{scope}' is no scope of {}", api.identifier));
        } else if held.service.as_ref().is_some_and(|client| !client.scopes.contains(scope)) {
            problems.add("scopes", format!("the client may not ask for '{scope}'"));
        } else if !api.permits(scope, held.holder()) {
            problems.add("scopes", format!("'{scope}' needs a role that the owner of the key does not have"));
        }
    }
    asked
}

fn missing(id: &str) -> Error {
    Error::Missing(Noun::ApiKey, id.to_owned())
}
