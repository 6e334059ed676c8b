//! Security keys: added and taken away on the account page, shown at the second step, and tried where they are worth nothing.

use doorward::protocol::rejection::Rejection;

use super::{Compared, History, Human, outcome, shows};
use crate::model::operation::{Back, Class, On, Person, SecurityKeyMove};
use crate::model::reference::{Changing, KeyShown, Went};
use crate::support::{Answer, Browser, Device, Form, Said, Statement, recovery_codes};

const PAGE: &str = "/account/passkeys";

/// A page that asks for a new key, and of what.
pub(super) struct Asking(Answer);

/// A page that waits for a key in a browser that nobody else uses, and the key.
pub(super) struct Awaiting {
    browser: Browser,
    page: Answer,
    key: usize,
}

/// What was answered to a question for a key: the question, and the answer.
pub(super) type Answered = (String, String);

impl History<'_> {
    /// Does it on both sides.
    pub(super) async fn by_security_key(&mut self, key_move: SecurityKeyMove) -> Compared {
        match key_move {
            SecurityKeyMove::Add(person, on) => self.add_security_key(person, on).await,
            SecurityKeyMove::Look(person) => self.look_for_key(person).await,
            SecurityKeyMove::Bring(person, on) => self.bring_key(person, on).await,
            SecurityKeyMove::Remove { person, which, demanded } => {
                self.place.role_demands(demanded).await;
                let removed = self.remove_security_key(person, which, demanded).await;
                self.place.role_demands(None).await;
                removed
            }
            SecurityKeyMove::Alone(person, which) => self.show_key_alone(person, which).await,
            SecurityKeyMove::Begin(person) => self.begin_waiting(person).await,
            SecurityKeyMove::End(person) => self.end_waiting(person).await,
        }
    }

    fn device_on(&self, on: On) -> Device {
        match on {
            On::Touch => Device::touch_key(),
            On::Phone => Device::new(),
            On::Vouched => Device::security_key().saying(Statement::Packed(self.place.maker.attesting(|_| {}))),
        }
    }

    /// Answers a page that asks for a new key, on a device of its own: what came of it, and whether recovery codes came with it.
    async fn make_security_key(&mut self, person: Person, page: &Answer, on: On) -> (Changing, bool) {
        let mut device = self.device_on(on);
        let made = device.create(&page.security_key_options(), &Said::of(&self.place.server)).to_string();
        let Human { browser, security_keys, recovery_codes: known, .. } = &mut self.people[person];
        let name = name_of(security_keys.len());
        let form = page.form("#security-key-submit").with("name", &name).with("credential", &made);
        let done = browser.press(&form).await;
        let said = if shows(&done, "login-submit") {
            Changing::Nobody
        } else if shows(&done, "begin-security-key") {
            Changing::Asked
        } else {
            match outcome(&done) {
                Ok(()) => Changing::Done,
                Err(Rejection::StalePasskeyRequest) => Changing::Stale,
                Err(other) => panic!("{other:?}"),
            }
        };
        if said == Changing::Done {
            security_keys.push(device);
        }
        let codes = recovery_codes(&done);
        let with_codes = !codes.is_empty();
        known.extend(codes);
        (said, with_codes)
    }

    async fn add_security_key(&mut self, person: Person, on: On) -> Compared {
        let page = self.people[person].browser.visit(PAGE).await;
        let said = if shows(&page, "login-submit") {
            (Changing::Nobody, false)
        } else if shows(&page, "begin-security-key") {
            (Changing::Asked, false)
        } else {
            self.make_security_key(person, &page, on).await
        };
        let model = self.model.add_security_key(person, on);
        self.tally(&format!("add a security key {:?}", model.0));
        self.same("a security key that is added, and whether codes come with it", said, model)
    }

    async fn look_for_key(&mut self, person: Person) -> Compared {
        let Human { browser, asking, .. } = &mut self.people[person];
        let page = browser.visit(PAGE).await;
        let asks = shows(&page, "security-key-submit");
        *asking = asks.then_some(Asking(page));
        let model = self.model.look_for_key(person);
        self.same("a page that asks for a new security key", asks, model)
    }

    async fn bring_key(&mut self, person: Person, on: On) -> Compared {
        if !self.model.may_bring_key(person) {
            return Ok(());
        }
        let Some(Asking(page)) = self.people[person].asking.take() else { return Ok(()) };
        let said = self.make_security_key(person, &page, on).await;
        let model = self.model.bring_key(person, on);
        self.tally(&format!("bring a security key {:?}", model.0));
        self.same("a security key that is brought, and whether codes come with it", said, model)
    }

    async fn remove_security_key(&mut self, person: Person, which: Back, demanded: Option<Class>) -> Compared {
        let which = self.model.own_security_key(person, which);
        let browser = &mut self.people[person].browser;
        let page = browser.visit(PAGE).await;
        // Whoever must have a passkey first is led to a page that asks for one as this does.
        let asks_there = page.field("#passkey", "action").is_some_and(|to| to.ends_with(PAGE));
        let is_there = shows(&page, "begin-passkey") || asks_there;
        let said = match which {
            _ if !is_there => Changing::Nobody,
            None => Changing::Nothing,
            Some(which) => {
                let place = place_of(&page, which);
                let page = browser.press(&page.form(&format!("#remove-security-key-{place}"))).await;
                match outcome(&page) {
                    Ok(()) if shows(&page, "done") => Changing::Done,
                    Ok(()) => Changing::Asked,
                    Err(Rejection::LastSecondFactor) => Changing::LastFactor,
                    Err(other) => panic!("{other:?}"),
                }
            }
        };
        let model = self.model.remove_security_key(person, which, demanded);
        self.tally(&format!("remove a security key {model:?}"));
        self.same("a security key that is taken away", said, model)
    }

    /// On the sign-in page, in a browser of its own, where it signs nobody in.
    async fn show_key_alone(&mut self, person: Person, which: Back) -> Compared {
        let Some(which) = self.model.any_security_key(person, which) else { return Ok(()) };
        let server = &self.place.server;
        let mut browser = server.browser();
        let page = browser.visit("/login").await;
        // Where nobody has a passkey, no page asks for one.
        if !shows(&page, "passkey-submit") {
            return Ok(());
        }
        let form = server.with_passkey(&page, &mut self.people[person].security_keys[which]).await;
        let answer = browser.press(&form).await;
        self.agree("a security key alone", outcome(&answer), &Err::<(), _>(Rejection::WrongPasskey))?;
        let is_in = shows(&browser.visit("/account").await, "sign-out");
        self.same("signed in by a security key alone", is_in, false)
    }

    async fn begin_waiting(&mut self, person: Person) -> Compared {
        self.people[person].awaiting = None;
        let Some(key) = self.model.begin_waiting(person) else { return Ok(()) };
        let Human { email, password, awaiting, .. } = &mut self.people[person];
        let mut browser = self.place.server.browser();
        let login = browser.visit("/login").await;
        let page = browser.sign_in_on(&login, email, password).await;
        let is_asked = shows(&page, "security-key-submit");
        *awaiting = Some(Awaiting { browser, page, key });
        self.same("asked for a security key", is_asked, true)
    }

    async fn end_waiting(&mut self, person: Person) -> Compared {
        let Human { awaiting, security_keys, .. } = &mut self.people[person];
        let Some(Awaiting { mut browser, page, key }) = awaiting.take() else { return Ok(()) };
        let form = self.place.server.with_security_key(&page, &mut security_keys[key]).await;
        let answer = browser.press(&form).await;
        let said = if shows(&answer, "sign-out") {
            browser.press(&answer.form("#sign-out")).await;
            Some(Went::In)
        } else {
            shows(&answer, "login-submit").then_some(Went::Anew)
        };
        let model = self.model.end_waiting(person);
        self.tally(&format!("a security key for which a password has waited {model:?}"));
        self.same("a password that has waited for a security key", said, model)
    }

    /// What a person answers to a page that asks for a security key.
    pub(super) async fn answer_by_key(&mut self, person: Person, page: &Answer, shown: KeyShown) -> Form {
        let server = &self.place.server;
        let human = &mut self.people[person];
        let device = match shown {
            KeyShown::Own(at) => {
                let form = server.with_security_key(page, &mut human.security_keys[at]).await;
                human.answered = Some((form.field("challenge"), form.field("credential")));
                return form;
            }
            KeyShown::Again => {
                let (challenge, credential) = human.answered.clone().unwrap();
                return page.form("#security-key-submit").with("challenge", &challenge).with("credential", &credential);
            }
            KeyShown::Removed(at) => &mut human.security_keys[at],
            KeyShown::Passkey(at) => &mut human.devices[at],
            KeyShown::Others(at) => &mut self.people[1 - person].security_keys[at],
        };
        server.with_security_key(page, device).await
    }
}

/// What was shown in the place of a security key.
pub(super) const fn called(shown: KeyShown) -> &'static str {
    match shown {
        KeyShown::Own(_) => "a security key",
        KeyShown::Removed(_) => "a security key that was removed",
        KeyShown::Others(_) => "a security key of somebody else",
        KeyShown::Passkey(_) => "a passkey as a security key",
        KeyShown::Again => "an answer of a security key again",
    }
}

/// What the key on this device is called.
fn name_of(which: usize) -> String {
    format!("Key {which}.")
}

/// At which place of its list a key stands, from 1.
fn place_of(page: &Answer, which: usize) -> usize {
    let text = page.text();
    let names = text.split("<strong class=\"name\">").skip(1);
    let mut keys = names.filter(|rest| rest.starts_with("Key "));
    let at = keys.position(|rest| rest.starts_with(&name_of(which)));
    at.unwrap_or_else(|| panic!("security key {which} is not there: {text}")) + 1
}
