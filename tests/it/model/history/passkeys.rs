//! Passkeys: added and taken away on the account page, and got on the way to an application.

use doorward::protocol::rejection::Rejection;

use super::{Compared, History, Human, shows};
use crate::model::operation::{Back, Make, PasskeyMove, Person, While};
use crate::model::reference::Changing;
use crate::support::{Answer, Device, Said, Statement, recovery_codes};

const PAGE: &str = "/account/passkeys";

impl History<'_> {
    /// Does it on both sides.
    pub(super) async fn by_passkey(&mut self, passkey_move: PasskeyMove) -> Compared {
        match passkey_move {
            PasskeyMove::Add(person, make) => self.add_passkey(person, make).await,
            PasskeyMove::Take(person, make) => {
                self.model.take(person, make);
                Ok(())
            }
            PasskeyMove::Remove { person, which, when } => {
                self.begin_while(person, when).await;
                let removed = self.remove_passkey(person, which, when).await;
                self.end_while(person, when).await;
                removed
            }
            PasskeyMove::Prefer(person, prefers) => {
                self.model.prefer(person, prefers);
                Ok(())
            }
        }
    }

    async fn begin_while(&self, person: Person, when: While) {
        match when {
            While::Anyhow => {}
            While::Demanded(class) => self.place.role_demands(Some(class)).await,
            While::Alone => self.call_provider(person, "fake", "gone").await,
        }
    }

    async fn end_while(&self, person: Person, when: While) {
        match when {
            While::Anyhow => {}
            While::Demanded(_) => self.place.role_demands(None).await,
            While::Alone => self.call_provider(person, "gone", "fake").await,
        }
    }

    /// The provider of a person is called by another name in the database, and is none of ours then.
    async fn call_provider(&self, person: Person, from: &str, to: &str) {
        let id = &self.people[person].id;
        let sql = format!("UPDATE identities SET provider = '{to}' WHERE user_id = '{id}' AND provider = '{from}'");
        self.place.server.database.db_execute(&sql).await;
    }

    fn device(&self, make: Make) -> Device {
        let vouched = || Statement::Packed(self.place.maker.attesting(|_| {}));
        match make {
            Make::Phone => Device::new(),
            Make::Key => Device::security_key(),
            Make::VouchedPhone => Device::new().saying(vouched()),
            Make::VouchedKey => Device::security_key().saying(vouched()),
        }
    }

    /// Answers a page that asks for a new passkey, on a device of its own, which is put away unless the account keeps what was made.
    async fn make_passkey(&mut self, person: Person, page: &Answer, (make, is_kept): (Make, bool)) -> Answer {
        let mut device = self.device(make);
        let Human { browser, devices, .. } = &mut self.people[person];
        let made = device.create(&page.passkey_options(), &Said::of(&self.place.server)).to_string();
        let name = name_of(devices.len());
        if is_kept {
            devices.push(device);
        }
        browser.press(&page.form("#passkey-submit").with("name", &name).with("credential", &made)).await
    }

    /// Adds one on the way, also where an authenticator would do.
    pub(super) async fn add_passkey_on(&mut self, person: Person, page: &Answer, what: (Make, bool)) -> Answer {
        match page.field("#passkey-instead", "href") {
            Some(instead) => {
                let page = self.people[person].browser.visit(&instead).await;
                self.make_passkey(person, &page, what).await
            }
            None => self.make_passkey(person, page, what).await,
        }
    }

    /// Whether the account has as many as it should, and as many security keys.
    pub(super) async fn count_passkeys(&self, person: Person) -> Compared {
        let own = self.place.server.app.sign_ins.own_passkeys(&self.people[person].id).await.unwrap();
        let (keys, passkeys): (Vec<_>, Vec<_>) = own.iter().partition(|one| one.is_security_key());
        let model = (self.model.passkeys_of(person), self.model.security_keys_of(person));
        self.same("passkeys and security keys of the account", (passkeys.len(), keys.len()), model)
    }

    async fn add_passkey(&mut self, person: Person, make: Make) -> Compared {
        let page = self.people[person].browser.visit(PAGE).await;
        let mut codes = Vec::new();
        let said = if shows(&page, "login-submit") {
            Changing::Nobody
        } else if shows(&page, "begin-passkey") {
            Changing::Asked
        } else {
            let done = self.make_passkey(person, &page, (make, true)).await;
            assert_eq!(done.status, 200, "{}", done.text());
            assert!(done.error_code().is_none(), "{}", done.text());
            codes = recovery_codes(&done);
            Changing::Done
        };
        let with_codes = !codes.is_empty();
        self.people[person].recovery_codes.extend(codes);
        let model = self.model.add_passkey(person, make);
        self.tally(&format!("add a passkey {:?}", model.0));
        self.same("a passkey that is added, and whether codes come with it", (said, with_codes), model)
    }

    async fn remove_passkey(&mut self, person: Person, which: Back, when: While) -> Compared {
        let which = self.model.own_passkey(person, which);
        let browser = &mut self.people[person].browser;
        let page = browser.visit(PAGE).await;
        // Whoever must have a passkey first is led to a page that asks for one as this does.
        let asks_there = page.field("#passkey", "action").is_some_and(|to| to.ends_with(PAGE));
        let is_there = shows(&page, "begin-passkey") || asks_there;
        let said = if !is_there {
            Changing::Nobody
        } else {
            match which.map(|which| place_of(&page, which)) {
                None => Changing::Nothing,
                Some(place) => {
                    let page = browser.press(&page.form(&format!("#remove-passkey-{place}"))).await;
                    match &page.reason {
                        Some(doorward::http::Reason::Rejected(refusal)) => match refusal.rejection {
                            Rejection::LastSecondFactor | Rejection::LastStrongWayIn => Changing::LastFactor,
                            Rejection::LastWayIn => Changing::LastWayIn,
                            other => panic!("{other:?}"),
                        },
                        _ if shows(&page, "done") => Changing::Done,
                        _ => Changing::Asked,
                    }
                }
            }
        };
        let beside = if self.model.passkeys_of(person) > 1 { " beside others" } else { "" };
        let model = self.model.remove_passkey(person, which, when);
        self.tally(&format!("remove a passkey {model:?}{beside}"));
        self.same("a passkey that is taken away", said, model)
    }
}

/// What the passkey on this device is called.
fn name_of(which: usize) -> String {
    format!("Passkey {which}.")
}

/// At which place of the list a passkey stands, from 1.
fn place_of(page: &Answer, which: usize) -> usize {
    let text = page.text();
    let names: Vec<&str> = text.split("<strong class=\"name\">").skip(1).collect();
    let at = names.iter().position(|rest| rest.starts_with(&name_of(which)));
    at.unwrap_or_else(|| panic!("passkey {which} is not there: {text}")) + 1
}
