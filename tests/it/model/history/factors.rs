//! Second factors: set up and taken away on the account page, or by the operator, and shown at the second step of a sign-in; and recovery codes that are made anew.

use doorward::protocol::audit::Act;
use doorward::protocol::rejection::Rejection;

use super::security_keys::called;
use super::{Compared, History, Human, reached, shows};
use crate::model::operation::{FactorMove, Person};
use crate::model::reference::{Attempt, Changing, Losing, Shown};
use crate::support::{Answer, Authenticator, recovery_codes};

const PAGE: &str = "/account/authenticator";

impl History<'_> {
    /// Does it on both sides.
    pub(super) async fn by_factor(&mut self, factor_move: FactorMove) -> Compared {
        match factor_move {
            FactorMove::Enrol(person) => self.enrol(person).await,
            FactorMove::Remove(person) => self.remove_factor(person).await,
            FactorMove::NewCodes(person) => self.new_codes(person).await,
            FactorMove::Reset(person) => {
                let server = &self.place.server;
                let act = Act::of_operator(server.clock.now());
                server.registry().reset_factors(&self.people[person].id, &act).await.unwrap();
                self.model.reset_factors(person);
                self.tally("factors reset");
                Ok(())
            }
            FactorMove::Lose(person) => self.lose(person).await,
            FactorMove::Keep(person, keeps) => {
                self.model.keep_devices(person, keeps);
                Ok(())
            }
            FactorMove::EndDevices(person) => self.end_devices(person).await,
        }
    }

    async fn lose(&mut self, person: Person) -> Compared {
        let Some(model) = self.model.lose(person) else { return Ok(()) };
        let Human { email, password, .. } = &self.people[person];
        let (email, mut browser) = (email.clone(), self.place.server.browser());
        let login = browser.visit("/login").await;
        let step = browser.sign_in_on(&login, &email, password).await;
        let page = browser.visit(&step.field("#to-lost", "href").unwrap_or_else(|| panic!("{}", step.text()))).await;
        let said = if shows(&page, "wait-until") {
            Losing::Waits
        } else if shows(&page, "remove-lost") {
            let done = browser.press(&page.form("#remove-lost")).await;
            assert!(shows(&done, "sign-out"), "{}", done.text());
            browser.press(&done.form("#sign-out")).await;
            Losing::Removed
        } else {
            // What was sent before has no order with what is sent together with it.
            self.mails().await;
            browser.press(&page.form("#lost-submit")).await;
            let page = browser.visit(&self.mails().await.latest_to(&email).link()).await;
            browser.press(&page.form("#confirm")).await;
            self.mails().await;
            Losing::Begun
        };
        self.tally(&format!("lose {model:?}"));
        self.same("second factors that are lost", said, model)
    }

    async fn enrol(&mut self, person: Person) -> Compared {
        let server = &self.place.server;
        let Human { browser, authenticator, recovery_codes: known, .. } = &mut self.people[person];
        let mut page = browser.visit(PAGE).await;
        let is_nobody = shows(&page, "login-submit");
        if shows(&page, "remove-authenticator") {
            page = browser.press(&page.form("#begin-authenticator")).await;
        }
        let mut codes = Vec::new();
        let said = if is_nobody {
            Changing::Nobody
        } else if !shows(&page, "totp-secret") {
            Changing::Asked
        } else {
            let new = Authenticator::with(&page.text_of("#totp-secret").unwrap());
            let done = browser.press(&page.form("#totp-submit").with("code", &new.code(server))).await;
            assert_eq!(done.status, 200, "{}", done.text());
            codes = recovery_codes(&done);
            *authenticator = Some(new);
            Changing::Done
        };
        let with_codes = !codes.is_empty();
        known.extend(codes);
        let model = self.model.enrol(person);
        self.tally(&format!("enrol {:?}", model.0));
        self.same("an authenticator that is set up, and whether codes come with it", (said, with_codes), model)
    }

    async fn remove_factor(&mut self, person: Person) -> Compared {
        let browser = &mut self.people[person].browser;
        let page = browser.visit(PAGE).await;
        let said = if shows(&page, "login-submit") {
            Changing::Nobody
        } else if !shows(&page, "remove-authenticator") {
            Changing::Nothing
        } else {
            let page = browser.press(&page.form("#remove-authenticator")).await;
            if shows(&page, "done") { Changing::Done } else { Changing::Asked }
        };
        let model = self.model.remove_factor(person);
        self.tally(&format!("remove {model:?}"));
        self.same("an authenticator that is taken away", said, model)
    }

    async fn new_codes(&mut self, person: Person) -> Compared {
        let Human { browser, recovery_codes: known, .. } = &mut self.people[person];
        let page = browser.visit("/account/recovery-codes").await;
        let said = if shows(&page, "login-submit") {
            Changing::Nobody
        } else if shows(&page, "no-codes") {
            Changing::Nothing
        } else if shows(&page, "begin-codes") {
            Changing::Asked
        } else {
            let done = browser.press(&page.form("#make-codes")).await;
            let codes = recovery_codes(&done);
            assert_eq!(codes.len(), 10, "{}", done.text());
            known.extend(codes);
            Changing::Done
        };
        let model = self.model.new_codes(person);
        self.tally(&format!("new codes {model:?}"));
        self.same("new recovery codes", said, model)
    }

    async fn end_devices(&mut self, person: Person) -> Compared {
        let browser = &mut self.people[person].browser;
        let mut page = browser.visit(PAGE).await;
        let mut ended = (!shows(&page, "login-submit")).then_some(0);
        while shows(&page, "end-device-1") {
            page = browser.press(&page.form("#end-device-1")).await;
            ended = ended.map(|count| count + 1);
        }
        let model = self.model.end_devices(person);
        self.tally(&format!("end devices {model:?}"));
        self.same("devices that are kept no more", ended, model)
    }

    /// Shows this on the page of the second step.
    pub(super) async fn show_second(&mut self, person: Person, page: &Answer, shown: Shown) -> Answer {
        let server = &self.place.server;
        let keeps = self.model.keeps_devices(person) && page.text().contains("name=\"keep_device\"");
        let human = &mut self.people[person];
        let form = match shown {
            Shown::Code => page.form("#totp-submit").with("code", &human.authenticator.as_ref().unwrap().code(server)),
            Shown::Recovery(at) => page.form("#recovery-submit").with("code", &human.recovery_codes[at]),
            Shown::Passkey(at) => server.with_passkey(page, &mut human.devices[at]).await,
            Shown::SecurityKey(shown) => self.answer_by_key(person, page, shown).await,
        };
        let form = if keeps && shown.is_typed() { form.with("keep_device", "yes") } else { form };
        self.people[person].browser.press(&form).await
    }

    /// Holds what came of it against the model.
    pub(super) fn agree_on_shown(&self, (shown, model): Attempt, page: &Answer) -> Compared {
        let what = match shown {
            Shown::Code => "a code of the authenticator",
            Shown::Recovery(_) => "a recovery code",
            Shown::Passkey(_) => "a passkey at the second step",
            Shown::SecurityKey(shown) => called(shown),
        };
        // That it was not enough is said when it was taken.
        let said = reached(page).or_else(|why| if why == Rejection::ClassNotMet { Ok(()) } else { Err(why) });
        self.agree(what, said, &model)
    }
}
