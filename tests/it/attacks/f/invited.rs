//! An invitation of somebody else.

use doorward::config::Register;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::{Github, Oidc};
use serde_json::{Value, json};

use super::*;
use crate::federation::{form_of, invite};

/// An invitation with a role, to the victim: the attacker says the address at a provider without having proved it, or another one, or none, brings the id of the ticket, or has
/// seen a link that another browser has opened. Nothing tells them that there is an invitation, and it is not used up.
#[tokio::test]
async fn f18_the_invitation_of_somebody_else_lets_nobody_in() {
    let (server, fake) = federated(|settings| settings.register = Register::Invited).await;
    let link = invite(&server, ANN).await;
    let mut people = vec![json!({ "email": EVE, "email_verified": true }), json!({ "email": null }), json!({})];
    for verified in [json!(false), json!("true"), json!(1), json!([true]), Value::Null] {
        people.push(json!({ "email": ANN, "email_verified": verified }));
    }
    people.push(json!({ "email": "ann@example.org.evil.test", "email_verified": true }));
    people.push(json!({ "email": "eve+ann@example.org", "email_verified": true }));
    for (at, mut person) in people.into_iter().enumerate() {
        (person["sub"], person["name"]) = (json!(format!("eve-{at}")), json!("Eve"));
        fake.person(person.clone());
        let (mut browser, page) = come(&server, &fake).await;
        page.refused_page(403, Rejection::ProviderRegistrationClosed);
        // Nor by the form of the page that they are not shown.
        let again = page.field("#again", "href").unwrap();
        let login = browser.visit(&again).await;
        let sent = leave(&mut browser, &login).await;
        let back = browser.get(&answer_of(&fake, &sent).await).await;
        let there = back.onward().unwrap();
        let there = browser.get(&there).await.onward().unwrap_or(there);
        let request = there.split_once("request=").unwrap().1.to_owned();
        let form = login.form("#upstream-fake").to("/upstream/fake/account").with("request", &request);
        let ticket = server.database.db_rows::<(String,)>("SELECT id FROM tickets").await[0].0.clone();
        let form = form.with("name", "Eve").with("ticket", &ticket).with("email", ANN).with("roles", "editor");
        browser.submit(&form).await.refused(403, Rejection::ProviderRegistrationClosed);
        assert_eq!(counted(&server).await, (0, 0), "{person}");
    }
    // The victim opens the link, and has not chosen yet: whoever knows it too comes too late.
    let mut ann = server.browser();
    let page = ann.visit(&link).await;
    let choice = ann.press(&page.form("#confirm")).await;
    let mut eve = server.browser();
    let page = eve.visit(&link).await;
    eve.press(&page.form("#confirm")).await.refused_page(400, Rejection::TicketOfAnotherBrowser);
    // And the victim's own journey is worth nothing in another browser.
    let stolen = choice.form("#upstream-fake");
    let login = eve.visit("/login").await;
    let form = login.form("#upstream-fake").with("request", &stolen.field("request"));
    assert!(eve.submit(&form).await.onward().is_none_or(|there| !there.starts_with(&fake.issuer())));
    let taken = through(&mut ann, &fake, &choice).await;
    assert!(ann.press(&taken.form("#create-account")).await.has("#sign-out"));
    let user = server.registry().user(ANN).await.unwrap();
    assert_eq!((user.roles, user.email_authority.as_str()), (vec!["editor".to_owned()], "mail"));
}

/// GitHub lets in by an address that is primary and verified; a provider that is no authority gives the roles of an invitation to nobody where everybody is let in.
#[tokio::test]
async fn f18_the_roles_of_an_invitation_are_not_given_for_the_word_of_just_any_provider() {
    let (server, fake) = federated_with(Github, |settings| settings.register = Register::Invited, |_| {}).await;
    invite(&server, ANN).await;
    let entry = |primary: bool, verified: bool| json!([{ "email": ANN, "primary": primary, "verified": verified }]);
    for (at, (primary, verified)) in [(true, false), (false, true), (true, true)].into_iter().enumerate() {
        fake.person(json!({ "id": 100 + at, "login": "ann", "name": "Ann", "email": ANN }));
        fake.emails(entry(primary, verified));
        let (_, page) = come(&server, &fake).await;
        assert_eq!(page.has("#create-account"), primary && verified, "{}", page.text());
    }
    let (server, fake) = federated_with(Oidc, |_| {}, |_| {}).await;
    invite(&server, ANN).await;
    let (mut browser, page) = come(&server, &fake).await;
    let forced = form_of(&page, &browser.visit("/login").await).with("name", "Eve").with("displace", "yes");
    browser.submit(&forced).await.refused(403, Rejection::NotYours);
    browser.press(&page.form("#create-account")).await;
    assert_eq!(server.registry().user(ANN).await.unwrap().roles, Vec::<String>::new());
}
