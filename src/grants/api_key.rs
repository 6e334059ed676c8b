//! What an API key is worth now, told to whoever asks about one (RFC 7662) and given to whoever trades one (RFC 8693). One look decides; that it was
//! used is noted once a minute.

use super::{Granted, Grants};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::algorithm::AlgorithmChoice;
use crate::protocol::api_key::{ApiKey, Owner, PresentedKey};
use crate::protocol::audience::Audience;
use crate::protocol::audit::{Act, Actor, Event, Name, Noun, Origin};
use crate::protocol::authorization::Authorization;
use crate::protocol::client::Client;
use crate::protocol::introspection::{ActiveToken, may_know};
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;
use crate::protocol::resource::Resource;
use crate::protocol::role::{self, Holder};
use crate::protocol::scope::ScopeSet;
use crate::protocol::token_exchange;
use crate::random;
use crate::storage::StandingKey;
use crate::telemetry::numbers;
use crate::tokens::KeyRing;

/// How long an access token lives at most that a key was traded for, in seconds.
const LIFETIME: i64 = 900;

/// A key that holds, with what it may do now.
#[derive(Debug)]
pub(super) struct KeyAccess {
    /// The key.
    pub key: ApiKey,
    /// The person or the client whose it is.
    pub subject: String,
    /// What it may do.
    pub scopes: ScopeSet,
    /// The roles of its owner, whichever API sees them.
    pub roles: Vec<String>,
    /// Whether they are a person's.
    pub is_of_person: bool,
}

/// How a key came to us.
#[derive(Clone, Copy, Debug)]
enum Use {
    Introspected,
    Traded,
}

impl KeyAccess {
    /// Whose roles decide.
    pub fn holder(&self) -> Holder<'_> {
        if self.is_of_person { Holder::Person(&self.roles) } else { Holder::Service(&self.roles) }
    }
}

/// A request to trade a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyTrade<'a> {
    /// What was sent.
    pub params: &'a Params,
    /// The key that it presents.
    pub presented: &'a PresentedKey,
    /// The signing keys, fresh ones.
    pub keys: &'a KeyRing,
    /// Where it came from.
    pub origin: Origin,
    /// Now.
    pub now: Timestamp,
}

impl Grants {
    /// Trades a key for an access token of a quarter of an hour, or of what is left of the key. When it returns, only signing is left.
    ///
    /// # Errors
    /// [`Rejection::UnknownApiKey`], [`Rejection::EndedApiKey`], those of [`token_exchange::wanted`]; a failure when the database fails.
    pub async fn trade_api_key(&self, trade: KeyTrade<'_>) -> Result<Granted, Error> {
        let KeyTrade { params, presented, keys, origin, now } = trade;
        let resources = self.directory.resources().await?;
        let found = self.storage.read().await?.api_key_standing(&presented.id, "").await?;
        let found = found.filter(|found| found.hash == presented.hash).ok_or(Rejection::UnknownApiKey)?;
        let access = self.key_access(found, now).await?;
        let scopes = token_exchange::wanted(params, &access.key.resource, &access.scopes)?;
        let audience = Audience::of(&access.key.resource);
        let longest = LIFETIME.min(self.lifetimes.access_token_lifetime);
        let authorization = Authorization {
            client_id: access.key.id.clone(),
            era: 0,
            subject: access.subject.clone(),
            grant_id: Some(access.key.id.clone()),
            scopes,
            roles: role::seen(access.roles.clone(), &audience, &resources),
            audience,
            jti: random::token_id(),
            issued_at: now,
            lifetime: longest.min(access.key.expires_at.seconds() - now.seconds()),
            confirmation: None,
            assurance: None,
            id_token: None,
            refresh_token: None,
        };
        let signers = self.signers_for((keys, now), &resources, &authorization, AlgorithmChoice::default())?;
        let act = Act::by(Actor::Client(access.key.id.clone()), origin, now);
        self.note_use(&access.key, Use::Traded, &act).await?;
        numbers::tokens("token-exchange");
        Ok(Granted { authorization, signers })
    }

    /// What is told of a presented key, to the clients that its API names alone.
    pub(super) async fn active_api_key(
        &self,
        presented: &PresentedKey,
        (caller, origin): (&Client, Origin),
        now: Timestamp,
    ) -> Result<Option<ActiveToken>, Failure> {
        let resources = self.directory.resources().await?;
        let found = self.storage.read().await?.api_key_standing(&presented.id, "").await?;
        let Some(found) = found.filter(|found| found.hash == presented.hash) else { return Ok(None) };
        let audience = Audience::of(&found.key.resource);
        if !may_know(caller, &found.key.id, &audience, &resources) {
            return Ok(None);
        }
        let access = match self.key_access(found, now).await {
            Ok(access) => access,
            Err(Error::Rejected(_)) => return Ok(None),
            Err(Error::Failed(failure)) => return Err(failure),
        };
        let act = Act::by(Actor::Client(caller.client_id.clone()), origin, now);
        self.note_use(&access.key, Use::Introspected, &act).await?;
        Ok(Some(self.told(access, audience, &resources)))
    }

    fn told(&self, access: KeyAccess, audience: Audience, resources: &[Resource]) -> ActiveToken {
        let KeyAccess { key, subject, scopes, roles, .. } = access;
        ActiveToken {
            active: true,
            iss: self.issuer.as_str().to_owned(),
            sub: subject,
            roles: role::seen(roles, &audience, resources),
            aud: audience,
            client_id: key.id.clone(),
            scope: scopes,
            exp: key.expires_at.seconds(),
            iat: key.created_at.seconds(),
            token_type: None,
            jti: None,
            gid: None,
            dwk_id: Some(key.id),
            cnf: None,
            auth_time: None,
            acr: None,
        }
    }

    /// What a key may do now.
    ///
    /// # Errors
    /// [`Rejection::EndedApiKey`]; a failure when what is known of clients and APIs is too old.
    pub(super) async fn key_access(&self, found: StandingKey, now: Timestamp) -> Result<KeyAccess, Error> {
        let StandingKey { key, owner_is_on, roles, .. } = found;
        if !owner_is_on || !key.is_live(now) {
            return Err(Rejection::EndedApiKey.into());
        }
        let resources = self.directory.resources().await?;
        let (subject, service) = match &key.owner {
            Owner::User(id) => (id.clone(), None),
            Owner::Client(id) => {
                let client = self.directory.client(id).await?.ok_or(Rejection::EndedApiKey)?;
                (id.clone(), Some(client))
            }
        };
        let roles = service.as_ref().map_or(roles, |client| client.metadata.roles.clone());
        let is_of_person = service.is_none();
        let mut access = KeyAccess { key, subject, scopes: ScopeSet::default(), roles, is_of_person };
        let allowed = access.key.allows(access.holder(), service.as_deref(), &resources);
        access.scopes = allowed.ok_or(Rejection::EndedApiKey)?;
        Ok(access)
    }

    /// Notes that a key was used, once a minute; and records it when it was from another network than before, or for the first time that day.
    async fn note_use(&self, key: &ApiKey, how: Use, act: &Act) -> Result<(), Failure> {
        if !key.use_is_due(act.at) {
            return Ok(());
        }
        let how = match how {
            Use::Introspected => "introspected",
            Use::Traded => "traded",
        };
        let event = Event::of(act, Name::ApiKeyUsed).on(Noun::ApiKey, &key.id).about_owner(&key.owner).with("how", how);
        let network = event.network.clone().unwrap_or_default();
        let mut transaction = self.storage.begin().await?;
        transaction.use_api_key(&key.id, &network, act.at).await?;
        if key.use_is_news(&network, act.at) {
            transaction.record(&event).await?;
        }
        transaction.commit().await
    }
}
