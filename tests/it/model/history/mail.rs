//! What a person does with mails and with their password: in the browser in hand, through the pages. The mails are read where they were sent, and then
//! thrown away.

use doorward::protocol::audit::Act;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::Identity;
use doorward::random;
use serde_json::json;

use super::{Compared, History, Human, outcome, shows};
use crate::federation::through;
use crate::model::operation::{Operation, Person};
use crate::model::reference::Attempt;
use crate::support::{Answer, Browser, Form, Mailbox, PASSWORD};

/// A mail with a ticket for a new password, and the page that awaits its code.
pub(super) struct Sent {
    link: String,
    code: String,
    form: Form,
    at: i64,
}

/// A former address, and the way back to it.
pub(super) struct Former {
    email: String,
    link: String,
}

/// A code is no longer awaited after a day (`signin/journeys.rs`), when nothing that was sent holds.
const AWAITED: i64 = 86_000;
/// How long there is to come back to an account that was left.
const GRACE: i64 = 7 * 86_400;

impl History<'_> {
    /// Does it on both sides, if it is one of these.
    pub(super) async fn by_mail(&mut self, operation: &Operation) -> Option<Compared> {
        Some(match *operation {
            Operation::OtherBrowser(person) => {
                let Human { browser, other, .. } = &mut self.people[person];
                std::mem::swap(browser, other);
                self.model.take_other_browser(person);
                Ok(())
            }
            Operation::Ask(person) => self.ask(person).await,
            Operation::Show { ticket, by_code, finishes } => match ticket.of(self.tickets.len()) {
                Some(ticket) => self.show(ticket, by_code, finishes).await,
                None => Ok(()),
            },
            Operation::ChangePassword { person, ends_all } => self.change_password(person, ends_all).await,
            Operation::ChangeAddress(person) => self.change_address(person).await,
            Operation::Undo { undo, finishes } => match undo.of(self.undos.len()) {
                Some(undo) => self.undo(undo, finishes).await,
                None => Ok(()),
            },
            Operation::Leave(person) => self.leave(person).await,
            Operation::Return(person) => self.come_back(person).await,
            Operation::TakeOver { person, session } => self.take_over(person, session).await,
            _ => return None,
        })
    }

    /// All mails since the last time.
    pub(super) async fn mails(&self) -> Mailbox {
        let server = &self.place.server;
        let mailbox = server.mailbox().await;
        for entry in std::fs::read_dir(&server.app.config.mail.folder).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        mailbox
    }

    async fn ask(&mut self, person: Person) -> Compared {
        let Human { email, browser, .. } = &mut self.people[person];
        let email = email.clone();
        let page = browser.visit("/recover").await;
        let page = browser.press(&page.form("#recover-submit").with("email", &email)).await;
        let mailbox = self.mails().await;
        let mail = mailbox.to(&email).into_iter().rfind(|mail| mail.about() == "reset");
        let model = self.model.ask(person);
        self.same("a mail for a new password", mail.is_some(), model)?;
        if let Some(mail) = mail {
            let (form, at) = (page.form("#code-submit"), self.model.now);
            self.tickets.push(Sent { link: mail.link(), code: mail.code(), form, at });
        }
        Ok(())
    }

    async fn show(&mut self, ticket: usize, by_code: bool, finishes: bool) -> Compared {
        let Sent { link, code, form, at } = &self.tickets[ticket];
        let by_code = by_code && self.model.has_asked(ticket);
        if by_code && self.model.now >= at + AWAITED {
            return Ok(());
        }
        let person = self.model.person_of_ticket(ticket);
        let browser = &mut self.people[person].browser;
        let answer = if by_code {
            let answer = browser.press(&form.clone().with("code", code)).await;
            outcome(&answer).map(|()| answer)
        } else {
            open(browser, link).await
        };
        let model = self.model.show(ticket, by_code);
        let what = if by_code { "a code" } else { "a link" };
        let (said, page) = parts(answer);
        self.agree(what, said, &model)?;
        match page.filter(|_| finishes) {
            Some(page) => {
                let attempts = self.model.would_show(person);
                let model = self.model.choose(ticket);
                self.choose(person, &page, (&attempts, &model)).await
            }
            None => Ok(()),
        }
    }

    /// Chooses a new password on the page that asks for it, and shows the second factor.
    async fn choose(
        &mut self,
        person: Person,
        page: &Answer,
        (attempts, model): (&[Attempt], &Result<(), Rejection>),
    ) -> Compared {
        let password = self.fresh_password();
        let Human { browser, password: known, .. } = &mut self.people[person];
        let mut answer = browser.press(&page.form("#reset-submit").with("password", &password)).await;
        let is_set = *model != Err(Rejection::UnknownTicket);
        if is_set {
            *known = password;
        }
        let ids = ["totp-submit", "passkey-submit", "security-key-submit"];
        let shows_second = ids.iter().any(|id| shows(&answer, id));
        self.same("asked for a second factor after it", shows_second, is_set && !attempts.is_empty())?;
        for (shown, result) in attempts.iter().filter(|_| shows_second) {
            answer = self.show_second(person, &answer, *shown).await;
            self.agree_on_shown((*shown, *result), &answer)?;
        }
        self.agree("a new password", outcome(&answer), model)?;
        self.same("signed in by it", shows(&answer, "sign-out"), model.is_ok())
    }

    /// One that nobody has had.
    pub(super) fn fresh_password(&self) -> String {
        format!("{PASSWORD}, {} of {}", self.steps, self.model.now)
    }

    async fn change_password(&mut self, person: Person, ends_all: bool) -> Compared {
        // To choose a first one is another matter.
        if !self.model.has_password(person) {
            return Ok(());
        }
        let password = self.fresh_password();
        let Human { browser, password: known, .. } = &mut self.people[person];
        let page = browser.visit("/account/password").await;
        let asks = shows(&page, "change-password");
        let mut done = None;
        if asks {
            let form = page.form("#change-password").with("current_password", known).with("password", &password);
            let form = if ends_all { form } else { form.without("end_all") };
            done = Some(browser.press(&form).await);
            *known = password;
        }
        let model = self.model.change_password(person, ends_all);
        self.tally(if asks { "another password" } else { "nobody to choose another password" });
        self.same("asked for another password", asks, model.is_some())?;
        let (Some(mut done), Some(attempts)) = (done, model) else { return Ok(()) };
        self.same("done", shows(&done, "done"), attempts.is_empty())?;
        for (shown, result) in attempts {
            self.tally("met another password where only a word was given");
            done = self.show_second(person, &done, shown).await;
            self.agree_on_shown((shown, result), &done)?;
        }
        Ok(())
    }

    async fn change_address(&mut self, person: Person) -> Compared {
        if !self.model.has_password(person) || self.model.would_show_for_an_address(person) {
            return Ok(());
        }
        let model = self.model.change_address(person);
        let to = format!("{}@example.org", random::row_id(self.place.server.clock.now()));
        let browser = &mut self.people[person].browser;
        let page = browser.visit("/account/emails").await;
        let known = shows(&page, "change-email");
        if !known {
            return self.same("asked for another address", None, model);
        }
        browser.press(&page.form("#change-email").with("email", &to)).await;
        let link = self.mails().await.latest_to(&to).link();
        let Human { browser, email, password, .. } = &mut self.people[person];
        let mut page = open(browser, &link).await.unwrap();
        let is_asked = shows(&page, "login-submit");
        if is_asked {
            page = browser.sign_in_on(&page, email, password).await;
        }
        assert!(shows(&page, "done"), "{}", page.text());
        let former = std::mem::replace(email, to);
        self.same("asked to sign in for another address", Some(is_asked), model)?;
        let link = self.mails().await.latest_to(&former).link();
        self.undos.push(Former { email: former, link });
        self.tally(if is_asked { "another address, proved anew" } else { "another address" });
        Ok(())
    }

    async fn undo(&mut self, undo: usize, finishes: bool) -> Compared {
        let person = self.model.person_of_undo(undo);
        let before = self.identity(person).await;
        let Former { email, link } = &self.undos[undo];
        let answer = open(&mut self.people[person].browser, link).await;
        let model = self.model.undo(undo);
        if model.is_ok() {
            self.people[person].email.clone_from(email);
        }
        let (said, page) = parts(answer);
        self.agree("the way back", said, &model)?;
        let Some(page) = page else { return Ok(()) };
        let now = self.place.server.clock.now();
        let after = self.identity(person).await;
        self.same("an account at a provider that is left", after.is_some(), false)?;
        let again = Identity { id: random::row_id(now), ..before.unwrap() };
        let mut transaction = self.place.server.app.storage.begin().await.unwrap();
        transaction.hold_user(&again.user_id).await.unwrap();
        assert!(transaction.insert_identity(&again, &Act::of_operator(now)).await.unwrap());
        transaction.commit().await.unwrap();
        self.people[person].identity = again;
        if finishes {
            let attempts = self.model.would_show(person);
            let model = self.model.set_password(person);
            return self.choose(person, &page, (&attempts, &model)).await;
        }
        Ok(())
    }

    async fn leave(&mut self, person: Person) -> Compared {
        let server = &self.place.server;
        let act = Act::of_operator(server.clock.now());
        let left = server.registry().leave_user(&self.people[person].id, GRACE, &act).await;
        let model = self.model.leave(person);
        self.tally(if model { "left" } else { "left before" });
        self.same("an account that was left", left.is_ok(), model)
    }

    async fn come_back(&mut self, person: Person) -> Compared {
        let server = &self.place.server;
        let act = Act::of_operator(server.clock.now());
        let back = server.registry().return_user(&self.people[person].id, &act).await;
        let model = self.model.come_back(person);
        self.tally(if model { "taken back" } else { "not taken back" });
        self.same("an account that was taken back", back.is_ok(), model)
    }

    /// The account at the provider that signs a person in, as it stands.
    async fn identity(&self, person: Person) -> Option<Identity> {
        let Identity { issuer, subject, .. } = &self.people[person].identity;
        self.place.server.app.storage.read().await.unwrap().identity(issuer, subject).await.unwrap()
    }

    async fn take_over(&mut self, person: Person, session: usize) -> Compared {
        let (server, fake) = (&self.place.server, &self.place.fake);
        let Human { id, email, .. } = &self.people[person];
        let stands = async |authority: &str, made_by: &str, verified: i64| {
            let sql = format!(
                "UPDATE users SET made_by = '{made_by}', email_authority = '{authority}', email_verified = {verified} WHERE id = '{id}'"
            );
            server.database.db_execute(&sql).await;
        };
        stands("nobody", "person", 0).await;
        let subject = format!("{email}-{}", self.steps);
        let (sid, groups) = (session.to_string(), self.groups(person));
        fake.person(json!({
            "sub": subject, "sid": sid, "groups": groups, "name": "Ann", "email": email, "email_verified": true,
        }));
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        let page = through(&mut browser, fake, &login).await;
        let may = shows(&page, "take-address");
        let model = self.model.take_over(person, session);
        self.tally(if model { "taken over" } else { "not taken over" });
        if !may {
            stands("mail", "operator", 1).await;
            return self.same("an address that may be taken", may, model);
        }
        let done = browser.press(&page.form("#take-address")).await;
        assert!(shows(&done, "sign-out"), "{}", done.text());
        let mut reader = server.app.storage.read().await.unwrap();
        let account = reader.user_by_email(email).await.unwrap().unwrap();
        let identity = reader.identity(&fake.issuer(), &subject).await.unwrap().unwrap();
        drop(reader);
        let hash = server.app.hasher.hash(PASSWORD, doorward::password::Waiter::operator()).await.unwrap();
        server.db_change_user(&account.user.id, |account| account.password_hash = Some(hash)).await;
        let new = Human::new((account.user.id, email.clone()), browser, server.browser(), identity);
        let mut former = std::mem::replace(&mut self.people[person], new);
        self.same("an address that may be taken", may, model)?;
        let left = shows(&former.browser.visit("/account").await, "sign-out");
        self.same("the former owner is signed in", left, false)
    }
}

/// Opens the link of a mail, and presses the button.
async fn open(browser: &mut Browser, link: &str) -> Result<Answer, Rejection> {
    let page = browser.visit(link).await;
    outcome(&page)?;
    let answer = browser.press(&page.form("#confirm")).await;
    outcome(&answer).map(|()| answer)
}

fn parts(answer: Result<Answer, Rejection>) -> (Result<(), Rejection>, Option<Answer>) {
    match answer {
        Ok(page) => (Ok(()), Some(page)),
        Err(rejection) => (Err(rejection), None),
    }
}
