//! API keys: made, replaced and taken back through the registry, by their owner, by another person or by the operator; reported and traded as anybody
//! does it, and asked about. Beside them what they hang on: the service that has some, and the API that shares a secret with us.

use doorward::protocol::api_key::{PREFIX, assemble};
use doorward::protocol::audit::{Actor, Origin};
use doorward::protocol::device::Device;
use doorward::protocol::edit::Edit;
use doorward::protocol::resource_signing::ResourceAlgorithm;
use doorward::protocol::trace::TraceId;
use doorward::random;
use doorward::registry::{Act, Error, IssuedKey, KeyOwner, NewKey, ResourceChange, State, UserChange};
use doorward::secret::Secret;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::{BOX, Compared, History, MAIL, Place, outcome};
use crate::api_keys::trade;
use crate::model::operation::{App, Back, Holder, KeyMove, OLD, Person, Scopes, Trade, Wish};
use crate::model::reference::Denied;
use crate::support::{Client, unverified_claims};

/// A key as its holder has it.
pub(super) struct Made {
    id: String,
    text: String,
    /// The person or the client whose it is.
    subject: String,
    at: App,
}

/// A token that one was traded for.
pub(super) struct Traded {
    key: usize,
    text: String,
}

fn api_of(app: App) -> &'static str {
    if app == OLD { BOX } else { MAIL }
}

/// What scopes are called at the API of an application.
fn names(app: App, scopes: Scopes) -> &'static str {
    let [open, guarded, both] = match app {
        OLD => ["box:read", "box:write", "box:read box:write"],
        _ => ["mail:read", "mail:send", "mail:read mail:send"],
    };
    match scopes {
        Scopes::Open => open,
        Scopes::Guarded => guarded,
        Scopes::Both => both,
    }
}

/// What of an answer says whose and what for a token is.
fn bearings(told: &Value) -> Vec<Value> {
    ["sub", "client_id", "dwk_id", "aud"].map(|name| told[name].clone()).to_vec()
}

impl Place {
    /// The API that has a secret has it from now on.
    pub(super) async fn share_a_secret(&self) {
        let (registry, act) = self.registry();
        let signing_algorithm = Edit::Set(ResourceAlgorithm::Hs256);
        let change = ResourceChange { signing_algorithm, ..ResourceChange::default() };
        registry.change_resource(BOX, change, &act).await.unwrap();
        self.server.poll().await;
    }

    /// That API as every history finds it: with both scopes, and one secret, whose name this is.
    pub(super) async fn begin_with_a_secret(&self) -> String {
        self.put_open(true).await;
        self.renew(0).await
    }

    async fn put_open(&self, has: bool) {
        let (registry, act) = self.registry();
        let scopes = ["box:write", "box:read"].iter().take(if has { 2 } else { 1 });
        let scopes = Some(scopes.map(|scope| ((*scope).to_owned(), String::new())).collect());
        registry.change_resource(BOX, ResourceChange { scopes, ..ResourceChange::default() }, &act).await.unwrap();
        self.server.poll().await;
    }

    async fn renew(&self, overlap: i64) -> String {
        let (registry, act) = self.registry();
        let renewed = registry.renew_resource_secret(BOX, None, overlap, &act).await.unwrap();
        self.server.poll().await;
        renewed.view.kid
    }

    async fn switch_service(&self, id: &str, (off, thorough): (bool, bool)) {
        let (registry, act) = self.registry();
        if off && !thorough {
            let mut transaction = self.server.app.storage.begin().await.unwrap();
            transaction.switch_client_off(id, act.at).await.unwrap();
            transaction.commit().await.unwrap();
        } else {
            registry.switch_client(id, if off { State::Off } else { State::On }, &act).await.unwrap();
        }
        self.server.poll().await;
    }
}

impl History<'_> {
    /// Does it on both sides.
    pub(super) async fn by_key(&mut self, key_move: KeyMove) -> Compared {
        match key_move {
            KeyMove::Make { wish, by } => self.make_key(wish, by).await,
            KeyMove::Rotate { key, overlap, by } => self.rotate_key(key, overlap, by).await,
            KeyMove::Revoke { key, by } => self.revoke_key(key, by).await,
            KeyMove::Report { key, whole } => self.report_key(key, whole).await,
            KeyMove::Trade { key, ask } => self.trade_key(key, ask).await,
            KeyMove::ServiceOff { thorough } => {
                self.place.switch_service(&self.service.id, (true, thorough)).await;
                self.model.switch_service(true, thorough);
                Ok(())
            }
            KeyMove::ServiceOn => {
                self.place.switch_service(&self.service.id, (false, false)).await;
                self.model.switch_service(false, false);
                Ok(())
            }
            KeyMove::HasScope(has) => {
                self.place.put_open(has).await;
                self.model.put_open(has);
                Ok(())
            }
            KeyMove::Renew { overlap } => {
                self.secrets.push(self.place.renew(overlap).await);
                self.model.renew_secret(overlap);
                Ok(())
            }
            KeyMove::Reset(person) => {
                self.reset(person).await;
                Ok(())
            }
        }
    }

    /// That a person acts, or the operator.
    fn act_of(&self, by: Option<Person>) -> Act {
        let origin = Origin { address: None, trace: TraceId::of([7; 16]), device: Device::default() };
        let now = self.place.server.clock.now();
        match by {
            Some(person) => Act::by(Actor::User(self.people[person].id.clone()), origin, now),
            None => Act::of_operator(now),
        }
    }

    async fn make_key(&mut self, wish: Wish, by: Option<Person>) -> Compared {
        let act = self.act_of(by);
        let (owner, subject) = match wish.owner {
            Holder::Person(person) => (KeyOwner::User(&self.people[person].id), &self.people[person].id),
            Holder::Service => (KeyOwner::Client(&self.service.id), &self.service.id),
        };
        let new = NewKey {
            name: "Backup".to_owned(),
            resource: api_of(wish.at).to_owned(),
            scope: names(wish.at, wish.scopes).to_owned(),
            lifetime: wish.lifetime,
        };
        let subject = subject.clone();
        let made = self.place.server.registry().create_api_key(owner, new, &act).await;
        let model = self.model.make_key(wish, by);
        let made = self.settle("make a key", made.map(|made| made.view), model)?;
        self.keep_key(made, &subject, wish.at);
        Ok(())
    }

    fn keep_key(&mut self, made: Option<IssuedKey>, subject: &str, at: App) {
        let kept = |IssuedKey { key, secret }| {
            let (text, subject) = (secret.expose().to_owned(), subject.to_owned());
            Made { id: key.id, text, subject, at }
        };
        self.keys.extend(made.map(kept));
    }

    async fn rotate_key(&mut self, key: Back, overlap: i64, by: Option<Person>) -> Compared {
        let Some(key) = key.of(self.keys.len()) else { return Ok(()) };
        let act = self.act_of(by);
        let Made { id, subject, at, .. } = &self.keys[key];
        let (subject, at) = (subject.clone(), *at);
        let made = self.place.server.registry().rotate_api_key(id, overlap, &act).await;
        let model = self.model.rotate_key(key, overlap, by);
        let made = self.settle("replace a key", made.map(|made| made.view), model)?;
        self.keep_key(made, &subject, at);
        Ok(())
    }

    async fn revoke_key(&mut self, key: Back, by: Option<Person>) -> Compared {
        let Some(key) = key.of(self.keys.len()) else { return Ok(()) };
        let act = self.act_of(by);
        let revoked = self.place.server.registry().revoke_api_key(&self.keys[key].id, &act).await;
        let model = self.model.revoke_key(key, by);
        let state = self.settle("take a key back", revoked.map(|view| view.state), model)?;
        self.same("a key that was taken back", state.unwrap_or(self.model.key_state(key)), self.model.key_state(key))
    }

    /// What came of it, once both sides agree; nothing when it was denied.
    fn settle<T>(
        &self,
        what: &str,
        server: Result<T, Error>,
        model: Result<(), Denied>,
    ) -> Result<Option<T>, TestCaseError> {
        let (done, denied) = match server {
            Ok(done) => (Some(done), Ok(())),
            Err(Error::Missing(..)) => (None, Err(Denied::Missing)),
            Err(Error::Invalid(problems)) => {
                (None, Err(Denied::Invalid(problems.iter().map(|problem| problem.field.clone()).collect())))
            }
            Err(Error::Failed(failure)) => panic!("{failure}"),
        };
        self.tally(&format!("{what} {model:?}"));
        self.same(what, denied, model)?;
        Ok(done)
    }

    /// Somebody reports a key that they have found; or one that they have made up with its name, which ends nothing.
    async fn report_key(&mut self, key: Back, whole: bool) -> Compared {
        let Some(key) = key.of(self.keys.len()) else { return Ok(()) };
        let Made { text, .. } = &self.keys[key];
        let forged = forged(text);
        let body = json!([{ "token": if whole { text } else { &forged } }]).to_string();
        let server = &self.place.server;
        let answer = server.post_as("/api-keys/leaked", "application/json", body.into_bytes()).await;
        if whole {
            self.model.report_key(key);
        }
        self.tally("report a key");
        self.same("a report", (answer.status.as_u16(), answer.text().as_str()), (202, ""))
    }

    async fn trade_key(&mut self, key: Back, ask: Trade) -> Compared {
        let Some(key) = key.of(self.keys.len()) else { return Ok(()) };
        let Made { id, text, at, subject } = &self.keys[key];
        let typed = format!("{}{}", &text[..64], if text.ends_with('x') { 'y' } else { 'x' });
        let forged = forged(text);
        let (presented, fields): (&str, &[(&str, &str)]) = match ask {
            Trade::Whole => (text, &[]),
            Trade::Open => (text, &[("scope", names(*at, Scopes::Open))]),
            Trade::Guarded => (text, &[("scope", names(*at, Scopes::Guarded))]),
            Trade::Openid => (text, &[("scope", "openid")]),
            Trade::Elsewhere => (text, &[("resource", if *at == OLD { MAIL } else { BOX })]),
            Trade::Typo => (&typed, &[]),
            Trade::Forged => (&forged, &[]),
        };
        let answer = trade(&self.place.server, presented, fields).await;
        let model = self.model.trade_key(key, ask);
        self.agree("trade a key", outcome(&answer), &model)?;
        if model.is_err() {
            return Ok(());
        }
        let tokens = answer.json();
        let text = tokens["access_token"].as_str().unwrap().to_owned();
        let claims = unverified_claims(&text);
        let (told, expires, secret) = self.model.key_token_wrote(self.key_tokens.len());
        self.same("the scope of a trade", tokens["scope"].as_str(), Some(told.scope.as_str()))?;
        let said = (self.read(&claims), claims["exp"].as_i64(), self.secret_of(&text));
        self.same("the token of a key", said, (told, Some(expires), secret))?;
        let whose = ["sub", "client_id", "gid", "aud"].map(|name| claims[name].clone());
        self.same("whose token it is", whose, [json!(subject), json!(id), json!(id), json!(api_of(*at))])?;
        self.key_tokens.push(Traded { key, text });
        Ok(())
    }

    async fn reset(&mut self, person: Person) {
        let password = self.fresh_password();
        let (registry, act) = self.place.registry();
        let change = UserChange { password: Some(Secret::presented(&password)), ..UserChange::default() };
        registry.change_user(&self.people[person].id, change, &act).await.unwrap();
        self.people[person].password = password;
        self.model.reset(person);
        self.tally("an operator's new password");
    }

    /// Looks at the newest keys and the newest token, and at all others each in its turn.
    pub(super) async fn look_at_keys(&self) -> Compared {
        let keys = self.keys.len();
        for key in keys.saturating_sub(2)..keys {
            self.look_at_key(key).await?;
        }
        if let Some(newest) = keys.checked_sub(1) {
            let by_another = self.asked_by(&self.place.stranger, &self.keys[newest].text).await?;
            self.same("a key asked by another API", by_another, json!({ "active": false }))?;
            self.look_at_key(self.steps % keys).await?;
        }
        let tokens = self.key_tokens.len();
        if let Some(newest) = tokens.checked_sub(1) {
            self.look_at_key_token(newest).await?;
            self.look_at_key_token(self.steps % tokens).await?;
        }
        Ok(())
    }

    /// At the end everything is looked at, and the database says of each key what the model does; what ended is recorded, each once.
    pub(super) async fn look_at_all_keys(&self) -> Compared {
        for token in 0..self.key_tokens.len() {
            self.look_at_key_token(token).await?;
        }
        let (registry, act) = self.place.registry();
        for key in 0..self.keys.len() {
            self.look_at_key(key).await?;
            let Made { id, text, .. } = &self.keys[key];
            let of_another = self.asked_by(&self.place.api, &forged(text)).await?;
            self.same("a key with another secret", of_another, json!({ "active": false }))?;
            let (view, _) = registry.api_key(id, &act).await.unwrap();
            self.same(&format!("the state of key {key}"), view.state, self.model.key_state(key))?;
            let ends = format!(
                "SELECT COUNT(*) FROM audit WHERE subject = 'api_key:{id}' AND event IN ('api_key.ended', 'api_key.reported')"
            );
            let has_ended = i64::from(self.model.key_state(key) == "ended");
            let recorded = self.place.server.database.db_number(&ends).await;
            self.same(&format!("the recorded ends of key {key}"), recorded, has_ended)?;
        }
        Ok(())
    }

    async fn asked_by(&self, client: &Client, text: &str) -> Result<Value, TestCaseError> {
        let answer = client.post("/introspect", &[("token", text)]).await;
        self.same("asking", outcome(&answer), Ok(()))?;
        Ok(answer.json())
    }

    async fn look_at_key(&self, key: usize) -> Compared {
        let Made { id, text, subject, at } = &self.keys[key];
        let answer = self.asked_by(&self.place.api, text).await?;
        let is_active = answer["active"] == true;
        self.tally(if is_active { "a key that holds" } else { "a key that does not hold" });
        let told = is_active.then(|| (self.read(&answer), answer["exp"].as_i64().unwrap()));
        self.same(&format!("key {key}"), told, self.model.key_told(key))?;
        let whose = [json!(subject), json!(id), json!(id), json!(api_of(*at))];
        if is_active { self.same("whose key it is", bearings(&answer), whose.to_vec()) } else { Ok(()) }
    }

    async fn look_at_key_token(&self, token: usize) -> Compared {
        let Traded { key, text } = &self.key_tokens[token];
        let answer = self.asked_by(&self.place.api, text).await?;
        let is_active = answer["active"] == true;
        self.tally(if is_active { "a key's token that holds" } else { "a key's token that does not hold" });
        let told = is_active.then(|| self.read(&answer));
        self.same(&format!("token {token} of a key"), told, self.model.key_token_told(token))?;
        let Made { id, subject, at, .. } = &self.keys[*key];
        let whose = [json!(subject), json!(id), json!(id), json!(api_of(*at))];
        if is_active { self.same("whose token it is", bearings(&answer), whose.to_vec()) } else { Ok(()) }
    }
}

/// A whole key with the name of another.
fn forged(text: &str) -> String {
    assemble(&text[PREFIX.len()..PREFIX.len() + 12], &random::secret_digits()).1.expose().to_owned()
}
