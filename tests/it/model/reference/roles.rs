//! What roles permit, who has them, and what tokens say of both: as they were given, and as they stand.

use doorward::protocol::rejection::Rejection;

use super::{ACCESS_TOKEN, AccessToken, Audience, Model};
use crate::model::operation::{App, Ask, Holder, Person, Role, SPA, WEB};

/// What everybody is granted.
const OWN: &[&str] = &["email", "offline_access", "openid", "roles"];
/// What the API of an application's tokens may guard: of the first its only scope, of the second one of two.
const GUARDED: [&str; 2] = ["notes:write", "mail:send"];

/// What can be asked of the scopes and resources granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) struct Said {
    own: &'static [&'static str],
    /// Whether the scope is among them that nobody guards.
    mail: bool,
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
    service: Vec<Role>,
}

/// A token of the service.
pub(super) struct ServiceToken {
    expires: i64,
    said: Said,
    roles: Vec<Role>,
}

impl Said {
    /// The scopes as tokens write them.
    pub(in crate::model) fn scope(self) -> String {
        let others = self.mail.then_some("mail:read").into_iter().chain(self.guarded);
        let mut all: Vec<&str> = self.own.iter().copied().chain(others).collect();
        all.sort_unstable();
        all.join(" ")
    }

    pub(super) fn has(self, scope: &str) -> bool {
        self.own.contains(&scope)
    }
}

impl Roles {
    /// Whether these roles may have the guarded scope of the API of this application.
    fn permit(&self, app: App, roles: &[Role]) -> bool {
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

    /// Whether a person may have the guarded scope now that an application asks for.
    pub(super) fn permits(&self, person: Person, app: App) -> bool {
        self.roles.permit(app, &self.roles_of(person))
    }

    /// What an access token says that a grant gives now for this.
    pub(in crate::model) fn said(&self, grant: usize, ask: Ask) -> Result<Said, Rejection> {
        let (app, is_granted) = (self.grants[grant].app, self.grants[grant].guarded);
        let guarded = is_granted.then_some(GUARDED[app]);
        let all = Said { own: OWN, mail: app == WEB, guarded, audience: Audience::Issuer };
        let own_alone = |own| Said { own, mail: false, guarded: None, ..all };
        let said = match ask {
            Ask::Whole => all,
            Ask::Api if app == SPA => all,
            Ask::Api => return Err(Rejection::ResourceNotGranted),
            Ask::Issuer => return Ok(own_alone(OWN)),
            Ask::Openid => own_alone(&["openid"]),
            Ask::Email => own_alone(&["email"]),
            Ask::Guarded if is_granted => Said { own: &["openid"], mail: false, ..all },
            Ask::Guarded | Ask::Wider => return Err(Rejection::WiderScope),
        };
        let said = self.left_of(grant, said);
        let audience = match (app, said.mail || said.guarded.is_some()) {
            (SPA, _) => Audience::Api,
            (_, true) => Audience::Both,
            (_, false) => Audience::Issuer,
        };
        Ok(Said { audience, ..said })
    }

    /// What is left of what a token of a grant said.
    pub(super) fn left_of(&self, grant: usize, said: Said) -> Said {
        let (person, app) = (self.grants[grant].person, self.grants[grant].app);
        Said { guarded: said.guarded.filter(|_| self.permits(person, app)), ..said }
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

    /// The service asks for a token, by the name of the guarded scope or for all that it may have.
    pub(in crate::model) fn credentials(&mut self, named: bool) -> Result<(), Rejection> {
        let roles = self.roles.service.clone();
        let is_permitted = self.roles.permit(WEB, &roles);
        if named && !is_permitted {
            return Err(Rejection::ScopeNeedsRole);
        }
        let guarded = is_permitted.then_some(GUARDED[WEB]);
        let said = Said { own: &[], mail: !named, guarded, audience: Audience::Api };
        self.service_tokens.push(ServiceToken { expires: self.now + ACCESS_TOKEN, said, roles });
        Ok(())
    }

    /// What a token of the service says.
    pub(in crate::model) fn service_wrote(&self, token: usize) -> Told {
        let ServiceToken { said, roles, .. } = &self.service_tokens[token];
        Told { scope: said.scope(), roles: roles.clone() }
    }

    /// What introspection tells of it; nothing when it is over.
    pub(in crate::model) fn service_told(&self, token: usize) -> Option<Told> {
        let ServiceToken { expires, said, roles } = &self.service_tokens[token];
        let now = &self.roles.service;
        let said = Said { guarded: said.guarded.filter(|_| self.roles.permit(WEB, now)), ..*said };
        let roles = roles.iter().copied().filter(|role| now.contains(role)).collect();
        (self.now < *expires).then(|| Told { scope: said.scope(), roles })
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
