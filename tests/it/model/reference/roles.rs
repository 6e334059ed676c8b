//! What roles permit, who has them, and what tokens say of both: as they were given, and as they stand.

use doorward::protocol::rejection::Rejection;

use super::{ACCESS_TOKEN, AccessToken, Audience, Model, Scopes};
use crate::model::operation::{App, Ask, Holder, OLD, Person, Role, SPA, WEB};

/// What everybody is granted.
const OWN: &[&str] = &["email", "offline_access", "openid", "roles"];
/// What the API of an application's tokens may guard: of the first its only scope, of the others one of two,
const GUARDED: [&str; 3] = ["notes:write", "mail:send", "box:write"];
/// and what it guards from nobody.
const OPEN: [Option<&str>; 3] = [None, Some("mail:read"), Some("box:read")];

/// What can be asked of the scopes and resources granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) struct Said {
    own: &'static [&'static str],
    /// Those of the API.
    open: Option<&'static str>,
    guarded: Option<&'static str>,
    pub(super) audience: Audience,
}

/// What is said of a token.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::model) struct Told {
    pub(in crate::model) scope: String,
    pub(in crate::model) roles: Vec<Role>,
}

/// What becomes of what an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Outcome {
    Done,
    /// There is no such role.
    Missing,
    /// It cannot be.
    Refused,
}

/// Which roles there are, and what of it.
#[derive(Default)]
pub(super) struct Roles {
    has_clerk: bool,
    /// Those that bundle both guarded scopes.
    bundling: Vec<Role>,
    /// Whether the API of the second application demands the clerk for its scope.
    demands_clerk: bool,
    /// What people were given here, the newest last.
    here: [Vec<Role>; 2],
    pub(super) service: Vec<Role>,
    /// Whether the API of the third application has no scope now that nobody guards.
    lacks_open: bool,
}

/// The client that acts for itself.
#[derive(Default)]
pub(super) struct Service {
    pub(super) is_off: bool,
    /// How often it was switched off.
    era: u32,
    tokens: Vec<ServiceToken>,
}

/// A token of the service.
struct ServiceToken {
    /// For the API of this application.
    at: App,
    expires: i64,
    said: Said,
    secret: Option<usize>,
    roles: Vec<Role>,
    /// The era of the service when it was given.
    era: u32,
}

impl Said {
    /// The scopes as tokens write them.
    pub(in crate::model) fn scope(self) -> String {
        let others = self.open.into_iter().chain(self.guarded);
        let mut all: Vec<&str> = self.own.iter().copied().chain(others).collect();
        all.sort_unstable();
        all.join(" ")
    }

    pub(super) fn has(self, scope: &str) -> bool {
        self.own.contains(&scope)
    }

    /// Of the API of this application these, and nothing else.
    pub(super) fn of_api(at: App, scopes: Scopes) -> Self {
        let (open, guarded) = (OPEN[at].filter(|_| scopes.open), scopes.guarded.then_some(GUARDED[at]));
        Self { own: &[], open, guarded, audience: Audience::Api }
    }

    /// How many scopes of an API are in it.
    pub(super) fn count(self) -> usize {
        self.open.into_iter().chain(self.guarded).count()
    }

    /// Of its scopes those that the other has too.
    pub(super) fn within(self, other: Self) -> Self {
        Self { open: self.open.and(other.open), guarded: self.guarded.and(other.guarded), ..self }
    }
}

impl Roles {
    /// Whether the API of this application has the scope that nobody guards.
    pub(super) fn has_open(&self, app: App) -> bool {
        OPEN[app].is_some() && !(app == OLD && self.lacks_open)
    }

    /// What of this is left for these roles at the API of this application.
    pub(super) fn left(&self, app: App, roles: &[Role], said: Said) -> Said {
        let open = said.open.filter(|_| self.has_open(app));
        Said { open, guarded: said.guarded.filter(|_| self.permit(app, roles)), ..said }
    }

    /// Whether these roles may have the guarded scope of the API of this application.
    pub(super) fn permit(&self, app: App, roles: &[Role]) -> bool {
        let demanded = (app == WEB && self.demands_clerk).then_some(Role::Clerk);
        let mut guards = self.bundling.iter().copied().chain(demanded).peekable();
        guards.peek().is_none() || guards.any(|role| roles.contains(&role))
    }

    fn bundle(&mut self, role: Role, permits: bool) {
        self.bundling.retain(|one| *one != role);
        if permits {
            self.bundling.push(role);
        }
    }
}

impl Model {
    /// All roles of a person: what was given here, and what comes of the provider.
    pub(super) fn roles_of(&self, person: Person) -> Vec<Role> {
        let mut roles = self.roles.here[person].clone();
        if self.role_here[person] && !roles.contains(&Role::Maker) {
            roles.push(Role::Maker);
        }
        roles
    }

    /// Which scopes of its API an application gets of a person now.
    pub(super) fn scopes_of(&self, person: Person, app: App) -> Scopes {
        Scopes { open: self.roles.has_open(app), guarded: self.roles.permit(app, &self.roles_of(person)) }
    }

    /// The secret that signs a token that says so at the API of this application; nothing when a published key does.
    pub(super) fn signed_by(&self, app: App, said: Said) -> Option<usize> {
        (app == OLD && said.audience == Audience::Api).then(|| self.secrets.signer(self.now))
    }

    /// What an access token says that a grant gives now for this.
    pub(in crate::model) fn said(&self, grant: usize, ask: Ask) -> Result<Said, Rejection> {
        let (app, granted) = (self.grants[grant].app, self.grants[grant].scopes);
        let all = Said { own: OWN, audience: Audience::Issuer, ..Said::of_api(app, granted) };
        let own_alone = |own| Said { own, open: None, guarded: None, ..all };
        let said = match ask {
            Ask::Whole => all,
            Ask::Api if app == SPA => all,
            Ask::Api => return Err(Rejection::ResourceNotGranted),
            Ask::Issuer => return Ok(own_alone(OWN)),
            Ask::Openid => own_alone(&["openid"]),
            Ask::Email => own_alone(&["email"]),
            Ask::Guarded if granted.guarded => Said { own: &["openid"], open: None, ..all },
            Ask::Guarded | Ask::Wider => return Err(Rejection::WiderScope),
        };
        let said = self.left_of(grant, said);
        let audience = match (app, said.count()) {
            (SPA, _) => Audience::Api,
            (_, 0) => Audience::Issuer,
            // What a secret signs is for its API alone.
            (OLD, _) => Audience::Api,
            _ => Audience::Both,
        };
        Ok(Said { audience, ..said })
    }

    /// What is left of what a token of a grant said.
    pub(super) fn left_of(&self, grant: usize, said: Said) -> Said {
        self.roles.left(self.grants[grant].app, &self.roles_of(self.grants[grant].person), said)
    }

    /// What an access token says.
    pub(in crate::model) fn written(&self, token: usize) -> Told {
        let AccessToken { said, roles, .. } = &self.access_tokens[token];
        Told { scope: said.scope(), roles: roles.clone() }
    }

    /// What introspection tells of an access token that holds.
    pub(super) fn told(&self, AccessToken { grant, said, roles, .. }: &AccessToken) -> Told {
        let now = self.roles_of(self.grants[*grant].person);
        let roles = roles.iter().copied().filter(|role| now.contains(role)).collect();
        Told { scope: self.left_of(*grant, *said).scope(), roles }
    }

    /// The service asks for a token for the API of this application, by the name of the guarded scope or for all that it may have.
    pub(in crate::model) fn credentials(&mut self, at: App, named: bool) -> Result<(), Rejection> {
        if self.service.is_off {
            return Err(Rejection::ClientSwitchedOff);
        }
        let roles = self.roles.service.clone();
        let said = self.roles.left(at, &roles, Said::of_api(at, Scopes { open: !named, guarded: true }));
        if named && said.guarded.is_none() {
            return Err(Rejection::ScopeNeedsRole);
        }
        let (expires, secret, era) = (self.now + ACCESS_TOKEN, self.signed_by(at, said), self.service.era);
        self.service.tokens.push(ServiceToken { at, expires, said, secret, roles, era });
        Ok(())
    }

    /// What a token of the service says, and which secret signed it.
    pub(in crate::model) fn service_wrote(&self, token: usize) -> (Told, Option<usize>) {
        let ServiceToken { said, roles, secret, .. } = &self.service.tokens[token];
        (Told { scope: said.scope(), roles: roles.clone() }, *secret)
    }

    /// What introspection tells of it; nothing when it is over.
    pub(in crate::model) fn service_told(&self, token: usize) -> Option<Told> {
        let ServiceToken { at, expires, said, secret, roles, era } = &self.service.tokens[token];
        let is_on = !self.service.is_off && self.service.era == *era && self.secrets.takes(*secret);
        let now = &self.roles.service;
        let scope = self.roles.left(*at, now, *said).scope();
        let roles = roles.iter().copied().filter(|role| now.contains(role)).collect();
        (is_on && self.now < *expires).then_some(Told { scope, roles })
    }

    pub(in crate::model) fn switch_service(&mut self, off: bool, thorough: bool) {
        self.service.era += u32::from(off && !self.service.is_off);
        self.service.is_off = off;
        if thorough {
            self.end_keys(Holder::Service);
        }
    }

    /// The API of the third application has the scope that nobody guards from now on, or lacks it.
    pub(in crate::model) fn put_open(&mut self, has: bool) {
        self.roles.lacks_open = !has;
    }

    pub(in crate::model) fn make_role(&mut self, permits: bool) -> Outcome {
        if self.roles.has_clerk {
            return Outcome::Refused;
        }
        self.roles.has_clerk = true;
        self.roles.bundle(Role::Clerk, permits);
        Outcome::Done
    }

    fn has(&self, role: Role) -> bool {
        role == Role::Maker || self.roles.has_clerk
    }

    pub(in crate::model) fn change_role(&mut self, role: Role, permits: bool) -> Outcome {
        if !self.has(role) {
            return Outcome::Missing;
        }
        self.roles.bundle(role, permits);
        Outcome::Done
    }

    pub(in crate::model) fn delete_role(&mut self) -> Outcome {
        let Roles { has_clerk, demands_clerk, here, service, .. } = &self.roles;
        let is_used = *demands_clerk || here.iter().chain([service]).any(|roles| roles.contains(&Role::Clerk));
        match (*has_clerk, is_used) {
            (false, _) => Outcome::Missing,
            (true, true) => Outcome::Refused,
            (true, false) => {
                self.roles.has_clerk = false;
                self.roles.bundle(Role::Clerk, false);
                Outcome::Done
            }
        }
    }

    pub(in crate::model) fn demand(&mut self, demands: bool) -> Outcome {
        if demands && !self.roles.has_clerk {
            return Outcome::Refused;
        }
        self.roles.demands_clerk = demands;
        Outcome::Done
    }

    pub(in crate::model) fn put_role(&mut self, role: Role, to: Holder, has: bool) -> Outcome {
        if has && !self.has(role) {
            return Outcome::Missing;
        }
        let own = match to {
            Holder::Person(person) => &mut self.roles.here[person],
            Holder::Service => &mut self.roles.service,
        };
        own.retain(|one| *one != role);
        if has {
            own.push(role);
        }
        Outcome::Done
    }
}
