//! API keys: who may make them, what they may do now, what ends them, and what they are traded for.

use doorward::protocol::rejection::Rejection;

use super::roles::{Said, Told};
use super::{Model, Scopes};
use crate::model::operation::{App, Holder, Person, Role, Scopes as Named, Trade, Wish};

/// How many one owner has at most that can be used, beside those that were replaced.
pub(in crate::model) const MOST: usize = 4;
/// How long one lives of which nothing else is said,
const LIFETIME: i64 = 90 * 86_400;
/// and at most.
const LONGEST: i64 = 365 * 86_400;
/// How long a token lives that one was traded for.
const TRADED: i64 = 900;

/// Why nothing came of what somebody wanted to do with a key.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::model) enum Denied {
    /// There is none for whoever acts.
    Missing,
    /// These fields are wrong.
    Invalid(Vec<String>),
}

pub(super) struct Key {
    owner: Holder,
    /// The account that its person had when it was made.
    account: usize,
    at: App,
    scopes: Scopes,
    lifetime: i64,
    expires: i64,
    is_replaced: bool,
    is_ended: bool,
}

/// A token that a key was traded for.
pub(super) struct KeyToken {
    key: usize,
    expires: i64,
    said: Said,
    secret: Option<usize>,
    roles: Vec<Role>,
}

impl Key {
    fn state(&self, now: i64) -> &'static str {
        match self {
            Self { is_ended: true, .. } => "ended",
            Self { expires, .. } if now >= *expires => "expired",
            Self { is_replaced: true, .. } => "replaced",
            _ => "live",
        }
    }

    /// Whether it can be used, as far as it alone decides.
    fn lives(&self, now: i64) -> bool {
        matches!(self.state(now), "live" | "replaced")
    }
}

fn invalid(field: &str) -> Denied {
    Denied::Invalid(vec![field.to_owned()])
}

impl Model {
    pub(in crate::model) fn make_key(&mut self, wish: Wish, by: Option<Person>) -> Result<(), Denied> {
        let Wish { owner, at, scopes, lifetime } = wish;
        let account = self.account_of(owner);
        if !self.is_of(owner, account, by) {
            return Err(Denied::Missing);
        }
        self.has_owner(owner, account)?;
        let scopes = Scopes { open: scopes != Named::Guarded, guarded: scopes != Named::Open };
        let lifetime = lifetime.unwrap_or(LIFETIME);
        let asked = Said::of_api(at, scopes);
        let lacks = asked.count() - self.roles.left(at, &self.roles_of_owner(owner), asked).count();
        let is_counted = |key: &&Key| (key.owner, key.account) == (owner, account) && key.state(self.now) == "live";
        let has_most = self.keys.iter().filter(is_counted).count() >= MOST;
        let wrong = [(usize::from(lifetime > LONGEST), "expires"), (lacks, "scopes"), (usize::from(has_most), "owner")];
        let wrong: Vec<String> = wrong.iter().flat_map(|(times, field)| vec![(*field).to_owned(); *times]).collect();
        if !wrong.is_empty() {
            return Err(Denied::Invalid(wrong));
        }
        let expires = self.now + lifetime;
        self.keys.push(Key { owner, account, at, scopes, lifetime, expires, is_replaced: false, is_ended: false });
        Ok(())
    }

    /// Another key takes the place of this one, which goes on for so many seconds.
    pub(in crate::model) fn rotate_key(&mut self, key: usize, overlap: i64, by: Option<Person>) -> Result<(), Denied> {
        let Key { owner, account, at, scopes, lifetime, expires, .. } = self.keys[key];
        if !self.is_of(owner, account, by) {
            return Err(Denied::Missing);
        }
        self.has_owner(owner, account)?;
        if self.key_state(key) != "live" {
            return Err(invalid("id"));
        }
        let until = expires.min(self.now + overlap);
        let former = &mut self.keys[key];
        (former.is_replaced, former.expires, former.is_ended) = (true, until, overlap == 0);
        let expires = self.now + lifetime;
        self.keys.push(Key { owner, account, at, scopes, lifetime, expires, is_replaced: false, is_ended: false });
        Ok(())
    }

    pub(in crate::model) fn revoke_key(&mut self, key: usize, by: Option<Person>) -> Result<(), Denied> {
        let Key { owner, account, .. } = self.keys[key];
        if !self.is_of(owner, account, by) {
            return Err(Denied::Missing);
        }
        self.report_key(key);
        Ok(())
    }

    /// Somebody shows that they hold it: it ends, unless it is over.
    pub(in crate::model) fn report_key(&mut self, key: usize) {
        self.keys[key].is_ended |= self.keys[key].lives(self.now);
    }

    /// All keys of an owner end that are not over.
    pub(super) fn end_keys(&mut self, owner: Holder) {
        let now = self.now;
        let is_meant = |key: &&mut Key| key.owner == owner && key.lives(now);
        self.keys.iter_mut().filter(is_meant).for_each(|key| key.is_ended = true);
    }

    /// How a key is called, as it stands.
    pub(in crate::model) fn key_state(&self, key: usize) -> &'static str {
        self.keys[key].state(self.now)
    }

    /// What introspection tells of a key, and when that expires; nothing when it is not worth anything.
    pub(in crate::model) fn key_told(&self, key: usize) -> Option<(Told, i64)> {
        let Key { owner, expires, .. } = self.keys[key];
        let told = |left: Said| (Told { scope: left.scope(), roles: self.roles_of_owner(owner) }, expires);
        self.key_left(key).map(told)
    }

    /// A key is traded for an access token.
    pub(in crate::model) fn trade_key(&mut self, key: usize, ask: Trade) -> Result<(), Rejection> {
        match ask {
            Trade::Typo => return Err(Rejection::MalformedApiKey),
            Trade::Forged => return Err(Rejection::UnknownApiKey),
            _ => {}
        }
        let left = self.key_left(key).ok_or(Rejection::EndedApiKey)?;
        let Key { owner, at, expires, .. } = self.keys[key];
        let named = |open| Said::of_api(at, Scopes { open, guarded: !open });
        let said = match ask {
            Trade::Elsewhere => return Err(Rejection::ApiKeyForAnotherResource),
            Trade::Openid => return Err(Rejection::WiderScope),
            Trade::Open => named(true),
            Trade::Guarded => named(false),
            _ => left,
        };
        if said.within(left) != said {
            return Err(Rejection::WiderScope);
        }
        let (secret, roles) = (self.signed_by(at, said), self.roles_of_owner(owner));
        let expires = expires.min(self.now + TRADED);
        self.key_tokens.push(KeyToken { key, expires, said, secret, roles });
        Ok(())
    }

    /// What a token says that a key was traded for, when it expires, and which secret signed it.
    pub(in crate::model) fn key_token_wrote(&self, token: usize) -> (Told, i64, Option<usize>) {
        let KeyToken { expires, said, secret, roles, .. } = &self.key_tokens[token];
        (Told { scope: said.scope(), roles: roles.clone() }, *expires, *secret)
    }

    /// What introspection tells of it; nothing when it, or the key, is over.
    pub(in crate::model) fn key_token_told(&self, token: usize) -> Option<Told> {
        let KeyToken { key, expires, said, secret, roles } = &self.key_tokens[token];
        let left = self.key_left(*key).filter(|_| self.now < *expires && self.secrets.takes(*secret))?;
        let now = self.roles_of_owner(self.keys[*key].owner);
        let roles = roles.iter().copied().filter(|role| now.contains(role)).collect();
        Some(Told { scope: said.within(left).scope(), roles })
    }

    /// What a key may do now: nothing when it is over, when its owner cannot be used, or when no scope is left.
    fn key_left(&self, key: usize) -> Option<Said> {
        let Key { owner, account, at, scopes, .. } = self.keys[key];
        let left = self.roles.left(at, &self.roles_of_owner(owner), Said::of_api(at, scopes));
        (self.keys[key].lives(self.now) && !self.is_closed(owner, account) && left.count() > 0).then_some(left)
    }

    /// Whether this account of an owner cannot be used. One whose address was taken over is switched off.
    fn is_closed(&self, owner: Holder, account: usize) -> bool {
        match owner {
            Holder::Person(person) => self.is_shut(person) || account != self.post[person].account,
            Holder::Service => self.service.is_off,
        }
    }

    fn has_owner(&self, owner: Holder, account: usize) -> Result<(), Denied> {
        match owner {
            _ if !self.is_closed(owner, account) => Ok(()),
            Holder::Person(_) => Err(invalid("user")),
            Holder::Service => Err(invalid("client")),
        }
    }

    fn account_of(&self, owner: Holder) -> usize {
        match owner {
            Holder::Person(person) => self.post[person].account,
            Holder::Service => 0,
        }
    }

    /// Whether whoever acts may do something with what this account of an owner has: the operator may.
    fn is_of(&self, owner: Holder, account: usize, by: Option<Person>) -> bool {
        by.is_none_or(|by| owner == Holder::Person(by) && account == self.post[by].account)
    }

    fn roles_of_owner(&self, owner: Holder) -> Vec<Role> {
        match owner {
            Holder::Person(person) => self.roles_of(person),
            Holder::Service => self.roles.service.clone(),
        }
    }
}
