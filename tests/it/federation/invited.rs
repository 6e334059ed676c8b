//! Where the invited alone are let in through a provider: an invitation is taken by whoever has its address there, or opens its link and chooses the
//! provider, once.

use doorward::config::Register;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use doorward::registry::{Act, Delivery, Invitation};
use serde_json::json;

use super::first::form_of;
use super::{ANN, counted, federated, federated_with, identity, through};
use crate::support::{Answer, Browser, PASSWORD, Provider, Server, parallel};

const BOB: &str = "bob@example.org";

/// Invites somebody as an editor; the link of the invitation.
pub async fn invite(server: &Server, email: &str) -> String {
    let invitation = Invitation { email: email.into(), name: "Ann Lee".into(), roles: vec!["editor".into()] };
    let act = Act::of_operator(server.clock.now());
    server.registry().invite(invitation, Delivery::Told, &act).await.unwrap().view.link.unwrap()
}

/// A new browser that comes through the provider.
async fn come(server: &Server, fake: &Provider) -> (Browser, Answer) {
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let page = through(&mut browser, fake, &login).await;
    (browser, page)
}

/// A new browser that opens the link of an invitation: the page that says how to make the account.
async fn open(server: &Server, link: &str) -> (Browser, Answer) {
    let mut browser = server.browser();
    let page = browser.visit(link).await;
    let page = browser.press(&page.form("#confirm")).await;
    (browser, page)
}

async fn of_the_invited() -> (Server, Provider) {
    federated(|config| config.register = Register::Invited).await
}

/// Roles, who made it and who stands for the address.
async fn account(server: &Server, email: &str) -> (Vec<String>, String, String) {
    let user = server.registry().user(email).await.unwrap();
    (user.roles, user.made_by.to_string(), user.email_authority.to_string())
}

fn told(by: &str, authority: &str) -> (Vec<String>, String, String) {
    let roles = if by == "invitation" { vec!["editor".to_owned()] } else { vec![] };
    (roles, by.to_owned(), authority.to_owned())
}

#[tokio::test]
async fn who_was_invited_makes_the_account_at_the_address_that_the_provider_has_verified() {
    let (server, fake) = of_the_invited().await;
    come(&server, &fake).await.1.refused_page(403, Rejection::ProviderRegistrationClosed);
    let link = invite(&server, ANN).await;
    let (mut browser, page) = come(&server, &fake).await;
    assert_eq!(page.field("#name", "value").as_deref(), Some("Ann Lee"));
    assert!(page.text().contains(ANN), "{}", page.text());
    let made = browser.press(&page.form("#create-account")).await;
    assert!(made.has("#sign-out"), "{}", made.text());
    assert_eq!(account(&server, ANN).await, told("invitation", "provider"));
    let event = "SELECT COUNT(*) FROM audit WHERE event = 'user.registered' AND details LIKE '%\"invited\":true%'";
    assert_eq!(server.database.db_number(event).await, 1);
    // It is used up, in every way.
    server.browser().visit(&link).await.refused_page(400, Rejection::UnknownTicket);
    fake.person(json!({ "sub": "another", "name": "Ann", "email": ANN, "email_verified": true }));
    let (_, page) = come(&server, &fake).await;
    assert!(page.has("#account-exists") && !page.has("#take-address"), "{}", page.text());
    assert_eq!(counted(&server).await, (1, 1));
}

#[tokio::test]
async fn who_opens_the_link_may_come_by_the_provider_whatever_address_it_knows() {
    for (said, verified) in [(BOB, json!(true)), (BOB, json!(false)), (ANN, json!("true"))] {
        let (server, fake) = of_the_invited().await;
        let link = invite(&server, ANN).await;
        fake.person(json!({ "sub": "ann-at-the-provider", "email": said, "email_verified": verified }));
        let (mut browser, page) = open(&server, &link).await;
        assert!(page.has("#register-submit") && page.has("#upstream-fake"), "{}", page.text());
        let page = through(&mut browser, &fake, &page).await;
        assert!(page.text().contains(ANN), "{}", page.text());
        let made = browser.press(&page.form("#create-account")).await;
        assert!(made.has("#sign-out"), "{}", made.text());
        assert_eq!(account(&server, ANN).await, told("invitation", "mail"), "{said} {verified}");
        let there = identity(&server, &fake).await.unwrap();
        assert_eq!(there.email.as_deref(), Some(said));
        assert_eq!(counted(&server).await, (1, 1));
        // The link leads nowhere any more, in this browser neither.
        browser.visit(&link).await.refused_page(400, Rejection::UnknownTicket);
    }
}

#[tokio::test]
async fn where_nobody_has_a_password_an_invitation_is_taken_by_a_provider() {
    let settings = |config: &mut doorward::config::Config| config.sign_in.password = false;
    let invited = |config: &mut doorward::config::UpstreamConfig| config.register = Register::Invited;
    let (server, fake) = federated_with(ProviderKind::Oidc, invited, settings).await;
    fake.person(json!({ "sub": "ann-at-the-provider", "name": "Ann" }));
    let link = invite(&server, ANN).await;
    let (mut browser, page) = open(&server, &link).await;
    assert!(!page.has("#register-submit") && page.text().contains(ANN), "{}", page.text());
    let page = through(&mut browser, &fake, &page).await;
    assert!(browser.press(&page.form("#create-account")).await.has("#sign-out"));
    assert_eq!(account(&server, ANN).await, told("invitation", "mail"));
}

#[tokio::test]
async fn where_everybody_is_let_in_an_invitation_is_taken_by_its_link_or_by_the_authority_for_the_address() {
    for trusted in [false, true] {
        let (server, fake) = federated(|config| config.trust_email = Some(trusted)).await;
        let link = invite(&server, ANN).await;
        let (mut browser, page) = come(&server, &fake).await;
        assert!(browser.press(&page.form("#create-account")).await.has("#sign-out"));
        let expected = if trusted { told("invitation", "authority") } else { told("upstream", "provider") };
        assert_eq!(account(&server, ANN).await, expected);
        let is_left = server.browser().visit(&link).await.has("#confirm");
        assert_eq!(is_left, !trusted, "one that came to nothing is not used up");
    }
    let (server, fake) = federated(|_| {}).await;
    let link = invite(&server, BOB).await;
    let (mut browser, page) = open(&server, &link).await;
    let page = through(&mut browser, &fake, &page).await;
    assert!(browser.press(&page.form("#create-account")).await.has("#sign-out"));
    assert_eq!(account(&server, BOB).await, told("invitation", "mail"));
}

#[tokio::test]
async fn a_provider_that_lets_nobody_in_takes_no_invitation() {
    let domains = || vec!["example.com".to_owned()];
    for (register, domains) in [(Register::Closed, vec![]), (Register::Invited, domains()), (Register::Open, domains())]
    {
        let (server, fake) = federated(|config| {
            config.register = register;
            config.allowed_domains.clone_from(&domains);
        })
        .await;
        let link = invite(&server, ANN).await;
        come(&server, &fake).await.1.refused_page(403, Rejection::ProviderRegistrationClosed);
        let (mut browser, page) = open(&server, &link).await;
        if register == Register::Closed {
            assert!(!page.has("#upstream-fake"), "{}", page.text());
        } else {
            let page = through(&mut browser, &fake, &page).await;
            page.refused_page(403, Rejection::ProviderRegistrationClosed);
        }
        assert_eq!(counted(&server).await, (0, 0));
    }
}

#[tokio::test]
async fn an_invitation_is_taken_once_though_two_come_at_once() {
    let (server, fake) = of_the_invited().await;
    invite(&server, ANN).await;
    let mut forms = Vec::new();
    for subject in ["one", "two", "three"] {
        fake.person(json!({ "sub": subject, "name": "Ann", "email": ANN, "email_verified": true }));
        let (browser, page) = come(&server, &fake).await;
        forms.push((browser, page.form("#create-account")));
    }
    let answers = parallel(forms.len(), |at| {
        let (mut browser, form) = forms[at].clone();
        async move { browser.submit(&form).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 303) {
        answer.refused(400, Rejection::EmailTaken);
        assert!(answer.has("#account-exists"), "{}", answer.text());
    }
    assert_eq!(counted(&server).await, (1, 1));
}

#[tokio::test]
async fn a_squatter_keeps_nobody_out_who_was_invited_and_proves_the_address_to_its_authority() {
    for trusted in [false, true] {
        let (server, fake) = federated(|config| {
            (config.register, config.trust_email) = (Register::Invited, Some(trusted));
        })
        .await;
        invite(&server, ANN).await;
        let mut squatter = server.browser();
        let register = squatter.visit("/register").await.form("#register-submit");
        squatter.press(&register.with("name", "Not Ann").with("email", ANN).with("password", PASSWORD)).await;
        let (mut browser, exists) = come(&server, &fake).await;
        assert_eq!(exists.has("#take-address"), trusted, "{}", exists.text());
        let login = browser.visit("/login").await;
        let form = form_of(&exists, &login).with("name", "Ann").with("displace", "yes");
        let answer = browser.submit(&form).await;
        if trusted {
            assert_eq!(answer.status, 303);
            assert_eq!(account(&server, ANN).await, told("invitation", "authority"));
            assert!(!squatter.visit("/account").await.has("#sign-out"));
        } else {
            answer.refused(403, Rejection::NotYours);
            // What came to nothing has not used it up.
            assert_eq!(server.database.db_number("SELECT COUNT(*) FROM tickets").await, 1);
        }
    }
}

/// The settings of now decide, not those of when the browser left.
#[tokio::test]
async fn a_provider_that_was_closed_meanwhile_takes_no_invitation() {
    let (server, fake) = of_the_invited().await;
    invite(&server, ANN).await;
    let (browser, page) = come(&server, &fake).await;
    let form = page.form("#create-account");
    let after = server.another_node_with(|config| {
        fake.add_to(config, "fake", ProviderKind::Oidc, |provider| provider.register = Register::Closed);
    });
    let after = after.await;
    browser.at(&after).submit(&form).await.refused(403, Rejection::ProviderRegistrationClosed);
    assert_eq!(counted(&server).await, (0, 0));
}

/// An invitation that has ended, or is taken back by a newer one, is no invitation.
#[tokio::test]
async fn an_invitation_that_has_ended_lets_nobody_in() {
    let (server, fake) = of_the_invited().await;
    invite(&server, ANN).await;
    let (mut browser, page) = come(&server, &fake).await;
    server.turn(7 * 86_400);
    let answer = browser.submit(&page.form("#create-account")).await;
    assert!(!browser.follow(answer).await.has("#sign-out"));
    come(&server, &fake).await.1.refused_page(403, Rejection::ProviderRegistrationClosed);
    assert_eq!(counted(&server).await, (0, 0));
}
