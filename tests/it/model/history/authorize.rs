//! Going for a code: signing in where that is asked for, showing or setting up a second factor, and consenting; and what is demanded on the way.

use doorward::protocol::assurance::{HARDWARE_CLASS, MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use doorward::protocol::rejection::Rejection;
use doorward::registry::{ClientChange, RoleChange};
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use super::security_keys::called;
use super::{ASKED, Compared, History, Human, Place, ROLE, reached, shows};
use crate::federation::through;
use crate::model::operation::{App, Class, DemandMove, Person, SPA, WORDS};
use crate::model::reference::{Asked, Came, Met, Proving, Shown, Walk};
use crate::support::{Answer, Authenticator, recovery_codes};

/// A class by its name.
pub(super) fn name(class: Class) -> &'static str {
    match class {
        Class::Password => PASSWORD_CLASS,
        Class::Both => MFA_CLASS,
        Class::Passkey => PHISHING_RESISTANT_CLASS,
        Class::Hardware => HARDWARE_CLASS,
    }
}

/// What the provider says of a session whose word counts as this; without, what counts as nothing.
pub(super) fn word(counts_as: Option<Class>) -> String {
    counts_as.map_or_else(|| "gold".to_owned(), |class| format!("{class:?} there"))
}

/// What a page on the way asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    SignIn,
    SecondFactor,
    /// A passkey that hardware keeps, and nothing else.
    InHardware,
    NewFactor,
    NewPasskey,
    /// A new one that hardware keeps.
    NewInHardware,
    Consent,
}

impl Page {
    fn of(met: Met) -> Self {
        match met {
            Met::Proves => Self::SignIn,
            Met::Shows(_, false) => Self::SecondFactor,
            Met::Shows(_, true) => Self::InHardware,
            Met::Enrols { .. } => Self::NewFactor,
            Met::AddsPasskey(_, false, _) => Self::NewPasskey,
            Met::AddsPasskey(_, true, _) => Self::NewInHardware,
            Met::Consents => Self::Consent,
        }
    }
}

/// The page that this is, if it is one of the way.
fn on(answer: &Answer) -> Option<Page> {
    if shows(answer, "totp-secret") {
        return Some(Page::NewFactor);
    }
    let in_hardware = answer.text().contains("a passkey that never leaves its device");
    if answer.text().contains("data-passkey=\"create\"") {
        return Some(if in_hardware { Page::NewInHardware } else { Page::NewPasskey });
    }
    let second = if in_hardware { Page::InHardware } else { Page::SecondFactor };
    let pages = [
        (Page::SignIn, &["login-submit", "upstream-fake"][..]),
        (second, &["totp-submit", "recovery-submit", "passkey-submit", "security-key-submit"][..]),
        (Page::Consent, &["allow"][..]),
    ];
    pages.into_iter().find(|(_, ids)| ids.iter().any(|id| shows(answer, id))).map(|(page, _)| page)
}

/// How often what was met is told.
fn name_of(met: Met) -> String {
    match met {
        Met::Shows((shown, result), in_hardware) => match shown {
            Shown::Code => format!("a code {result:?}"),
            Shown::Recovery(_) => format!("a recovery code {result:?}"),
            Shown::Passkey(_) if in_hardware => format!("a passkey where hardware must keep it {result:?}"),
            Shown::Passkey(_) => format!("a passkey {result:?}"),
            Shown::SecurityKey(shown) => format!("{} {result:?}", called(shown)),
        },
        Met::AddsPasskey(_, true, came) => format!("a new passkey that hardware must keep {came:?}"),
        Met::AddsPasskey(_, false, came) => format!("a new passkey {came:?}"),
        other => format!("{other:?}"),
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
        let by = self.model.proving(person, asked.by);
        if by == Proving::Password && !self.model.has_password(person) {
            return Ok(false);
        }
        let Walk { met, end } = self.model.authorize(person, app, asked);
        let mut answer = self.people[person].browser.visit(&self.apps[app].authorization_url(&address)).await;
        let mut way = met.iter().copied();
        while let Some(page) = on(&answer) {
            let next = way.next();
            // Where either will do the page of the one leads to that of the other.
            let leads_on = || answer.field("#passkey-instead", "href").is_some();
            let page = match next {
                Some(Met::AddsPasskey(..)) if page == Page::NewFactor && leads_on() => Page::NewPasskey,
                _ => page,
            };
            self.same("what is met on the way", Some(page), next.map(Page::of))?;
            let Some(next) = next else { break };
            self.tally(&format!("met {}", name_of(next)));
            answer = self.pass(person, by, (&answer, next)).await?;
            let is_told_so = matches!(next, Met::Shows((_, Err(_)), _) | Met::AddsPasskey(_, _, Came::Refused { .. }));
            if reached(&answer).is_err() && (!is_told_so || way.len() == 0) {
                break;
            }
        }
        self.same("what is not met on the way", None, way.next().map(Page::of))?;
        self.agree("authorize", reached(&answer), &end)?;
        if end.is_err() {
            return Ok(false);
        }
        self.codes.push(answer.location_param("code").unwrap());
        self.count_passkeys(person).await?;
        Ok(true)
    }

    /// Does what a page on the way asks for.
    async fn pass(
        &mut self,
        person: Person,
        by: Proving,
        (page, met): (&Answer, Met),
    ) -> Result<Answer, TestCaseError> {
        let (answer, is_to_have_codes) = match met {
            Met::Proves => {
                let way = match by {
                    Proving::Passkey(_) => "met a sign-in by a passkey".to_owned(),
                    Proving::Provider(session) if WORDS[session].is_some() => format!("met {}", word(WORDS[session])),
                    _ => "met a sign-in".to_owned(),
                };
                self.tally(&way);
                return Ok(self.prove(person, by, page).await);
            }
            Met::Consents => return Ok(self.people[person].browser.press(&page.form("#allow")).await),
            Met::Shows(attempt, _) => {
                let answer = self.show_second(person, page, attempt.0).await;
                self.agree_on_shown(attempt, &answer)?;
                return Ok(answer);
            }
            Met::Enrols { codes } => (self.enrol_on(person, page).await, codes),
            Met::AddsPasskey(make, _, Came::Refused { is_kept }) => {
                let answer = self.add_passkey_on(person, page, (make, is_kept)).await;
                let refused: Result<(), _> = Err(Rejection::UnattestedPasskey);
                self.agree("a passkey that will not do", reached(&answer), &refused)?;
                return Ok(answer);
            }
            Met::AddsPasskey(make, _, Came::Added { codes }) => {
                (self.add_passkey_on(person, page, (make, true)).await, codes)
            }
        };
        let codes = recovery_codes(&answer);
        self.same("whether recovery codes come with it", !codes.is_empty(), is_to_have_codes)?;
        if codes.is_empty() {
            return Ok(answer);
        }
        let Human { browser, recovery_codes: known, .. } = &mut self.people[person];
        known.extend(codes);
        Ok(browser.visit(&answer.field("#codes-kept", "href").unwrap_or_else(|| panic!("{}", answer.text()))).await)
    }

    /// Signs in on a page that asks for that.
    async fn prove(&mut self, person: Person, by: Proving, page: &Answer) -> Answer {
        let groups = self.groups(person);
        let Human { email, password, browser, identity, devices, .. } = &mut self.people[person];
        match by {
            Proving::Password => browser.sign_in_on(page, email, password).await,
            Proving::Provider(session) => {
                let (sid, acr) = (session.to_string(), word(WORDS[session]));
                self.place.fake.person(json!({ "sub": identity.subject, "sid": sid, "groups": groups, "acr": acr }));
                through(browser, &self.place.fake, page).await
            }
            Proving::Passkey(which) => {
                let form = self.place.server.with_passkey(page, &mut devices[which]).await;
                browser.press(&form).await
            }
        }
    }

    /// Sets up an authenticator on the way.
    async fn enrol_on(&mut self, person: Person, page: &Answer) -> Answer {
        let Human { browser, authenticator, .. } = &mut self.people[person];
        let new = Authenticator::with(&page.text_of("#totp-secret").unwrap());
        let code = new.code(&self.place.server);
        *authenticator = Some(new);
        browser.press(&page.form("#totp-submit").with("code", &code)).await
    }

    /// The groups that the provider says of a person.
    pub(super) fn groups(&self, person: Person) -> Value {
        if self.model.role_there(person) { json!(["makers"]) } else { json!([]) }
    }
}
