//! What the operator does, or a person on the account page: here, straight to the database.

use doorward::protocol::audit::Act;
use doorward::protocol::upstream::Identity;
use doorward::random;
use doorward::secret::Secret;

use super::{Compared, History, Human};
use crate::model::operation::Operation;

impl History<'_> {
    /// Does it on both sides.
    pub(super) async fn operate(&mut self, operation: &Operation) -> Compared {
        let server = &self.place.server;
        let now = server.clock.now();
        let mut counts = (0, 0);
        let mut transaction = server.app.storage.begin().await.unwrap();
        match *operation {
            Operation::EndSignIn(person) => {
                let cookie = self.people[person].browser.cookies.get("doorward_sign_in").cloned();
                let hash = Secret::presented(cookie.unwrap_or_default()).hash();
                // That of a person who is switched off is not found so.
                if let Some(found) = transaction.sign_in_by_secret(&hash).await.unwrap() {
                    let act = Act::of_operator(now);
                    transaction.end_sign_in_and_device(&found.id, "ended", &act).await.unwrap();
                    self.model.end_device(person);
                    self.model.end_sign_in(person);
                }
            }
            Operation::EndAll(person) => {
                transaction
                    .end_everything_of_user(&self.people[person].id, "ended", &Act::of_operator(now))
                    .await
                    .unwrap();
                self.model.end_all(person);
            }
            Operation::Withdraw { person, app } => {
                let (user, client) = (&self.people[person].id, &self.apps[app].id);
                transaction.withdraw_consent(user, client, "withdrawn", &Act::of_operator(now)).await.unwrap();
                self.model.withdraw(person, app);
            }
            Operation::PersonOff { person, thorough } => {
                let id = &self.people[person].id;
                transaction.switch_user_off(id, now).await.unwrap();
                if thorough {
                    transaction.end_everything_of_user(id, "switched off", &Act::of_operator(now)).await.unwrap();
                }
                self.model.switch_person(person, true, thorough);
            }
            Operation::PersonOn(person) => {
                transaction.switch_user_on(&self.people[person].id).await.unwrap();
                self.model.switch_person(person, false, false);
            }
            Operation::AppOff(app) | Operation::AppOn(app) => {
                let (id, off) = (&self.apps[app].id, matches!(operation, Operation::AppOff(_)));
                if off {
                    transaction.switch_client_off(id, now).await.unwrap();
                } else {
                    transaction.switch_client_on(id).await.unwrap();
                }
                self.model.switch_app(app, off);
            }
            Operation::LogoutUpstream { person, session } => {
                let (identity, sid) = (&self.people[person].identity, session.to_string());
                let which = (identity.id.as_str(), Some(sid.as_str()));
                let ended = transaction.end_sign_ins_of_identity(which, "ended there", &Act::of_operator(now)).await;
                counts = (ended.unwrap(), self.model.end_upstream(person, Some(session)));
            }
            Operation::Unlink(person) => {
                let Human { id, identity, .. } = &self.people[person];
                transaction.hold_user(id).await.unwrap();
                let gone =
                    transaction.delete_identity(&identity.id, id, &Act::of_operator(now)).await.unwrap().unwrap();
                self.model.unlink(person);
                counts = (transaction.sign_ins_of_user(id).await.unwrap().len(), self.model.open_sign_ins(person));
                let again = Identity { id: random::row_id(now), ..gone };
                assert!(transaction.insert_identity(&again, &Act::of_operator(now)).await.unwrap());
                self.people[person].identity = again;
            }
            Operation::RoleUpstream { person, has } => self.model.give_role(person, has),
            ref other => panic!("not the operator's: {other:?}"),
        }
        transaction.commit().await.unwrap();
        server.poll().await;
        self.same("sign-ins that ended with it, or are left", counts.0, counts.1)
    }
}
