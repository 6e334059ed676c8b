//! Roles: made, changed, given, taken and deleted through the registry; the service that has some; and what tokens are held against that.

use doorward::protocol::audit::Act;
use doorward::registry::{Error, Giving, Recipient, Registry, ResourceChange, RoleChange};
use serde_json::Value;

use super::{BOX, Compared, History, MAIL, Place, ROLE, outcome};
use crate::model::operation::{App, Holder, OLD, Operation, Role};
use crate::model::reference::{Outcome, Told};
use crate::support::{Answer, unverified_claims};

/// The scopes that a role permits, or permits no more.
const GUARDED: [&str; 3] = ["notes:write", "mail:send", "box:write"];

impl Place {
    pub(super) fn registry(&self) -> (Registry, Act) {
        (self.server.registry(), Act::of_operator(self.server.clock.now()))
    }

    /// The role that the provider gives as well.
    pub(super) async fn make_provided_role(&self) {
        let (registry, act) = self.registry();
        registry.create_role(ROLE, permitting(false), &act).await.unwrap();
        self.server.poll().await;
    }

    /// What roles permit is the server's: no history finds what another has left.
    pub(super) async fn forget_roles(&self, role: String) {
        let former = self.role.lock().unwrap().replace(role);
        let (registry, act) = self.registry();
        registry.change_resource(MAIL, demanding(None), &act).await.unwrap();
        self.role_demands(None).await;
        for role in [Some(ROLE.to_owned()), former].into_iter().flatten() {
            assert!(done(registry.change_role(&role, permitting(false), &act).await) != Outcome::Refused);
        }
        self.server.poll().await;
    }
}

impl History<'_> {
    /// Does it on both sides, if it is one of these.
    pub(super) async fn by_role(&mut self, operation: &Operation) -> Option<Compared> {
        let (registry, act) = self.place.registry();
        let name = |role| if role == Role::Clerk { self.role.as_str() } else { ROLE };
        let (what, server, model) = match *operation {
            Operation::MakeRole { permits } => {
                let made = registry.create_role(&self.role, permitting(permits), &act).await;
                ("make a role", done(made), self.model.make_role(permits))
            }
            Operation::ChangeRole { role, permits } => {
                let changed = registry.change_role(name(role), permitting(permits), &act).await;
                ("change a role", done(changed), self.model.change_role(role, permits))
            }
            Operation::DeleteRole => {
                let deleted = registry.delete_role(&self.role, &act).await;
                ("delete a role", done(deleted), self.model.delete_role())
            }
            Operation::Demand(demands) => {
                let change = demanding(demands.then_some(self.role.as_str()));
                let changed = registry.change_resource(MAIL, change, &act).await;
                ("demand a role", done(changed), self.model.demand(demands))
            }
            Operation::PutRole { role, to, has } => {
                let whom = match to {
                    Holder::Person(person) => Recipient::User(&self.people[person].id),
                    Holder::Service => Recipient::Client(&self.service.id),
                };
                let giving = if has { Giving::Grant } else { Giving::Revoke };
                let put = registry.give_role(whom, name(role), giving, &act).await;
                (if has { "give a role" } else { "take a role" }, done(put), self.model.put_role(role, to, has))
            }
            Operation::Credentials { at, named } => return Some(self.credentials(at, named).await),
            _ => return None,
        };
        self.place.server.poll().await;
        self.tally(&format!("{what} {model:?}"));
        Some(self.same(what, server, model))
    }

    async fn credentials(&mut self, at: App, named: bool) -> Compared {
        let asked = if named { ("scope", GUARDED[at]) } else { ("resource", if at == OLD { BOX } else { MAIL }) };
        let answer = self.service.credentials(&[asked]).await;
        let model = self.model.credentials(at, named);
        self.agree("credentials", outcome(&answer), &model)?;
        if model.is_ok() {
            let token = answer.json()["access_token"].as_str().unwrap().to_owned();
            let wrote = self.model.service_wrote(self.service_tokens.len());
            self.same("the class of a token without a person", unverified_claims(&token)["acr"].as_str(), None)?;
            let said = (self.read(&unverified_claims(&token)), self.secret_of(&token));
            self.same("a token of the service", said, wrote)?;
            self.service_tokens.push(token);
        }
        Ok(())
    }

    /// What claims, or an answer of introspection, say of scopes and roles.
    pub(super) fn read(&self, claims: &Value) -> Told {
        let scope = claims["scope"].as_str().unwrap_or_default().to_owned();
        Told { scope, roles: self.roles(&claims["roles"]) }
    }

    fn roles(&self, names: &Value) -> Vec<Role> {
        let role = |name: &Value| match name.as_str() {
            Some(ROLE) => Role::Maker,
            Some(name) if name == self.role => Role::Clerk,
            _ => panic!("{name} is no role of this history"),
        };
        names.as_array().into_iter().flatten().map(role).collect()
    }

    /// What userinfo says of roles.
    pub(super) fn roles_of(&self, userinfo: &Answer) -> Option<Vec<Role>> {
        userinfo.json().get("roles").map(|roles| self.roles(roles))
    }

    /// Whether introspection says of a token of the service what it must.
    pub(super) async fn look_at_service_token(&self, token: usize) -> Compared {
        let answer = self.place.api.post("/introspect", &[("token", &self.service_tokens[token])]).await.ok();
        let told = (answer["active"] == true).then(|| self.read(&answer));
        self.same(&format!("token {token} of the service"), told, self.model.service_told(token))
    }
}

fn permitting(permits: bool) -> RoleChange {
    let scopes = GUARDED.iter().filter(|_| permits).map(|scope| (*scope).to_owned()).collect();
    RoleChange { scopes: Some(scopes), ..RoleChange::default() }
}

fn demanding(role: Option<&str>) -> ResourceChange {
    let roles = role.into_iter().map(str::to_owned).collect();
    ResourceChange { scope_needs: [("mail:send".to_owned(), roles)].into(), ..ResourceChange::default() }
}

fn done<T>(result: Result<T, Error>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(Error::Missing(..)) => Outcome::Missing,
        Err(Error::Invalid(_)) => Outcome::Refused,
        Err(Error::Failed(failure)) => panic!("{failure}"),
    }
}
