//! Second factors: set up and taken away on the account page, or by the operator, and shown at the second step of a sign-in.

use doorward::protocol::audit::Act;
use doorward::protocol::rejection::Rejection;
use proptest::test_runner::TestCaseError;

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
        let is_first = !self.model.has_factor(person);
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
        let count = codes.len();
        if count > 0 {
            *known = codes;
        }
        let model = self.model.enrol(person);
        self.tally(&format!("enrol {model:?}"));
        self.same("an authenticator that is set up", said, model)?;
        self.same("recovery codes", count > 0, is_first && model == Changing::Done)
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

    /// Shows on the page of the second step what the model says, and goes on from there.
    pub(super) async fn second_step(
        &mut self,
        person: Person,
        mut page: Answer,
        attempts: &[Attempt],
    ) -> Result<Answer, TestCaseError> {
        let server = &self.place.server;
        let keeps = self.model.keeps_devices(person);
        for (shown, model) in attempts {
            let Human { browser, authenticator, recovery_codes, .. } = &mut self.people[person];
            let form = match shown {
                Shown::Code => page.form("#totp-submit").with("code", &authenticator.as_ref().unwrap().code(server)),
                Shown::Recovery(at) => page.form("#recovery-submit").with("code", &recovery_codes[*at]),
            };
            page = browser.press(&if keeps { form.with("keep_device", "yes") } else { form }).await;
            let what = if *shown == Shown::Code { "a code of the authenticator" } else { "a recovery code" };
            // That it was not enough is said when it was taken.
            let said = reached(&page).or_else(|why| if why == Rejection::ClassNotMet { Ok(()) } else { Err(why) });
            self.agree(what, said, model)?;
        }
        Ok(page)
    }
}
