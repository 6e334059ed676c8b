//! Going for a code: signing in where that is asked for, showing or setting up a second factor, and consenting; and what is demanded on the way.

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS};
use doorward::registry::{ClientChange, RoleChange};
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use super::{ASKED, Compared, History, Human, Place, ROLE, reached, shows};
use crate::federation::through;
use crate::model::operation::{App, Class, DemandMove, Person, SPA};
use crate::model::reference::{Asked, Way};
use crate::support::{Answer, Authenticator, recovery_codes};

/// A class by its name.
fn name(class: Class) -> &'static str {
    match class {
        Class::Password => PASSWORD_CLASS,
        Class::Both => MFA_CLASS,
    }
}

/// The parameter with which a request insists on a class.
fn insisting(class: Option<Class>) -> String {
    let Some(class) = class else { return String::new() };
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": name(class) } } }).to_string();
    format!("&claims={}", byte_serialize(claims.as_bytes()).collect::<String>())
}

impl Place {
    /// The role that the provider gives as well demands this of whoever has it.
    pub(super) async fn role_demands(&self, class: Option<Class>) {
        let (registry, act) = self.registry();
        let acr = class.map(|class| name(class).to_owned()).into();
        registry.change_role(ROLE, RoleChange { acr, ..RoleChange::default() }, &act).await.unwrap();
        self.server.poll().await;
    }

    async fn app_demands(&self, id: &str, class: Option<Class>) {
        let (registry, act) = self.registry();
        let acr = class.map(|class| name(class).to_owned()).into();
        registry.change_client(id, ClientChange { acr, ..ClientChange::default() }, &act).await.unwrap();
        self.server.poll().await;
    }
}

impl History<'_> {
    /// Does it on both sides.
    pub(super) async fn by_demand(&mut self, demand_move: DemandMove) -> Compared {
        match demand_move {
            DemandMove::App { app, class } => {
                self.place.app_demands(&self.apps[app].id, class).await;
                self.model.app_demands(app, class);
                Ok(())
            }
            DemandMove::Go { person, app, anew, by, insists, of_role } => {
                self.place.role_demands(of_role).await;
                let went = self.begin_with(person, app, &Asked { anew, by, insists, of_role }).await;
                self.place.role_demands(None).await;
                went
            }
        }
    }

    /// Goes for a code and redeems it.
    pub(super) async fn begin_with(&mut self, person: Person, app: App, asked: &Asked) -> Compared {
        match self.authorize(person, app, asked).await? {
            true => self.redeem(self.codes.len() - 1, app, false).await,
            false => Ok(()),
        }
    }

    /// Whether a code came.
    pub(super) async fn authorize(&mut self, person: Person, app: App, asked: &Asked) -> Result<bool, TestCaseError> {
        let resource = if app == SPA { "&resource=https%3A%2F%2Fnotes.test" } else { "" };
        let prompt = if asked.anew { "&prompt=login" } else { "" };
        let insists = insisting(asked.insists);
        let address = format!("scope=openid+email+offline_access+roles+{}{resource}{prompt}{insists}", ASKED[app]);
        if asked.by.is_none() && !self.model.has_password(person) {
            return Ok(false);
        }
        let attempts = self.model.would_show(person);
        let model = self.model.authorize(person, app, asked);
        let answer = self.people[person].browser.visit(&self.apps[app].authorization_url(&address)).await;
        let signs_in = shows(&answer, "login-submit") || shows(&answer, "upstream-fake");
        let mut answer = if signs_in { self.prove(person, asked.by, answer).await } else { answer };
        let enrols = shows(&answer, "totp-secret");
        let shows_second = shows(&answer, "totp-submit") && !enrols;
        if shows_second {
            answer = self.second_step(person, answer, &attempts).await?;
        } else if enrols {
            answer = self.enrol_on(person, &answer).await;
        }
        let browser = &mut self.people[person].browser;
        let consents = shows(&answer, "allow");
        if consents {
            answer = browser.press(&answer.form("#allow")).await;
        }
        self.agree("authorize", reached(&answer), &model)?;
        let Ok(way) = model else { return Ok(false) };
        let met = Way { signs_in, shows_second, enrols, consents };
        self.tally(&format!("{met:?}"));
        if signs_in && !shows_second && self.model.has_factor(person) {
            self.tally("signed in with what was shown before");
        }
        self.same("what is met on the way", met, way)?;
        self.codes.push(answer.location_param("code").unwrap());
        Ok(true)
    }

    /// Signs in on a page that asks for that.
    async fn prove(&mut self, person: Person, by: Option<usize>, page: Answer) -> Answer {
        let groups = self.groups(person);
        let Human { email, password, browser, identity, .. } = &mut self.people[person];
        let Some(session) = by else { return browser.sign_in_on(&page, email, password).await };
        self.place.fake.person(json!({ "sub": identity.subject, "sid": session.to_string(), "groups": groups }));
        through(browser, &self.place.fake, &page).await
    }

    /// Sets up an authenticator on the way; the page that the way goes on to.
    async fn enrol_on(&mut self, person: Person, page: &Answer) -> Answer {
        let Human { browser, authenticator, recovery_codes: known, .. } = &mut self.people[person];
        let new = Authenticator::with(&page.text_of("#totp-secret").unwrap());
        let shown = browser.press(&page.form("#totp-submit").with("code", &new.code(&self.place.server))).await;
        *known = recovery_codes(&shown);
        *authenticator = Some(new);
        browser.visit(&shown.field("#codes-kept", "href").unwrap_or_else(|| panic!("{}", shown.text()))).await
    }

    /// The groups that the provider says of a person.
    pub(super) fn groups(&self, person: Person) -> Value {
        if self.model.role_there(person) { json!(["makers"]) } else { json!([]) }
    }
}
