//! The address of an account: proved, changed, taken back.

use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, NewIdentity};

use super::{ANN, EVE, NEW_PASSWORD, open, start, type_code};
use crate::support::{Answer, Browser, PASSWORD, Server, filled};

const OTHER: &str = "ann@elsewhere.example";

async fn address(server: &Server, id: &str) -> (Option<String>, bool) {
    let user = server.app.storage.read().await.unwrap().user(id).await.unwrap().unwrap().user;
    (user.email, user.email_verified)
}

/// Asks for another address; the page that asks for the code.
async fn change(browser: &mut Browser, to: &str) -> Answer {
    let page = browser.visit("/account/emails").await;
    browser.press(&page.form("#change-email").with("email", to)).await
}

#[tokio::test]
async fn an_address_is_proved_by_a_code() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.email_verified = false).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/emails").await;
    let page = browser.press(&page.form("#verify")).await;
    let page = type_code(&mut browser, &page, &server.mailbox().await.latest_to(ANN).code()).await;
    assert!(page.has("#done"), "{}", page.text());
    assert_eq!(address(&server, &ann).await, (Some(ANN.into()), true));
    assert!(!browser.visit("/account/emails").await.has("#verify"));
}

#[tokio::test]
async fn another_address_takes_the_place_of_the_first_when_it_is_proved_and_the_first_can_undo_it() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = change(&mut browser, OTHER).await;
    assert_eq!(address(&server, &ann).await, (Some(ANN.into()), true));
    assert!(type_code(&mut browser, &page, &server.mailbox().await.latest_to(OTHER).code()).await.has("#done"));
    assert_eq!(address(&server, &ann).await, (Some(OTHER.into()), true));
    let told = server.mailbox().await.latest_to(ANN);
    assert!(told.text.contains(OTHER), "{}", told.text);

    // Whoever has it now moves on, and is taken no further than they came.
    let page = change(&mut browser, EVE).await;
    type_code(&mut browser, &page, &server.mailbox().await.latest_to(EVE).code()).await;
    let second = server.mailbox().await.latest_to(OTHER).link();
    // And links an account at a provider.
    let theirs = NewIdentity { provider: "id".into(), issuer: "https://id.example.com".into(), subject: "eve".into() };
    server.registry().link_identity(&ann, &theirs, &Act::of_operator(server.clock.now())).await.unwrap();
    server.turn(6 * 86_400);
    let mut owner = server.browser();
    let page = open(&mut owner, &told.link()).await;
    assert_eq!(address(&server, &ann).await, (Some(ANN.into()), true));
    assert!(!browser.visit("/account").await.has("#sign-out"));
    let identities = server.app.storage.read().await.unwrap().identities_of_user(&ann).await.unwrap();
    assert!(identities.is_empty(), "whoever had it still has a way in");
    owner.visit(&second).await.refused_page(400, Rejection::UnknownTicket);
    let form = owner.visit("/login").await.form("#login-submit");
    owner.submit(&filled(&form, ANN, PASSWORD)).await.refused_page(400, Rejection::WrongCredentials);
    assert!(owner.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await.has("#sign-out"));
    owner.visit(&told.link()).await.refused_page(400, Rejection::UnknownTicket);
}

#[tokio::test]
async fn the_second_of_two_undoings_leaves_the_first_alone() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut thief = server.browser();
    thief.sign_in(ANN).await;
    for to in [EVE, OTHER] {
        let page = change(&mut thief, to).await;
        type_code(&mut thief, &page, &server.mailbox().await.latest_to(to).code()).await;
    }
    let (first, second) = (server.mailbox().await.latest_to(ANN).link(), server.mailbox().await.latest_to(EVE).link());
    open(&mut thief, &second).await;
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(EVE));
    open(&mut server.browser(), &first).await;
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(ANN));
}

#[tokio::test]
async fn who_goes_back_by_themselves_is_not_taken_away_by_whoever_took_them_away() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut go = async |to: &str| {
        let page = change(&mut browser, to).await;
        type_code(&mut browser, &page, &server.mailbox().await.latest_to(to).code()).await;
        assert_eq!(address(&server, &ann).await.0.as_deref(), Some(to));
    };
    go(EVE).await;
    let anns = server.mailbox().await.latest_to(ANN).link();
    go(OTHER).await;
    let eves = server.mailbox().await.latest_to(EVE).link();
    // Ann is back at her address: all that came after it leads nowhere, and hers is no way back any more.
    go(ANN).await;
    let mailbox = server.mailbox().await;
    assert_eq!(mailbox.alerts_to(OTHER), ["moved_on"]);
    let told = mailbox.to(OTHER).into_iter().rfind(|mail| mail.about() == "moved_on").unwrap();
    assert!(!told.text.contains("203.0.113.7"), "whoever reads it learns where Ann is: {}", told.text);
    assert!(mailbox.to(OTHER).iter().all(|mail| mail.about() != "address_changed"));
    for link in [eves, anns] {
        server.browser().visit(&link).await.refused_page(400, Rejection::UnknownTicket);
    }
    // A later change has its way back as ever.
    go(OTHER).await;
    open(&mut server.browser(), &server.mailbox().await.latest_to(ANN).link()).await;
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(ANN));
}

#[tokio::test]
async fn who_returns_after_the_way_back_has_ended_leaves_one_behind() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    for to in [OTHER, ANN] {
        let page = change(&mut browser, to).await;
        type_code(&mut browser, &page, &server.mailbox().await.latest_to(to).code()).await;
        assert_eq!(address(&server, &ann).await.0.as_deref(), Some(to));
        server.turn(8 * 86_400);
        browser.sign_in(to).await;
    }
    assert!(server.mailbox().await.latest_to(OTHER).text.contains("/mail?"));
}

#[tokio::test]
async fn an_undoing_works_for_seven_days() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = change(&mut browser, OTHER).await;
    type_code(&mut browser, &page, &server.mailbox().await.latest_to(OTHER).code()).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    server.turn(7 * 86_400);
    server.browser().visit(&link).await.refused_page(400, Rejection::ExpiredTicket);
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(OTHER));
}

#[tokio::test]
async fn a_link_that_gives_an_account_an_address_asks_for_its_person() {
    let server = start().await;
    let (ann, eve) = (server.db_user(ANN).await, server.db_user(EVE).await);
    let mut anns = server.browser();
    anns.sign_in(ANN).await;
    change(&mut anns, OTHER).await;
    let link = server.mailbox().await.latest_to(OTHER).link();
    // Eve opens it where she is signed in as herself.
    let mut eves = server.browser();
    eves.sign_in(EVE).await;
    open(&mut eves, &link).await.refused_page(400, Rejection::AnotherPersonExpected);
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(ANN));
    assert_eq!(address(&server, &eve).await.0.as_deref(), Some(EVE));
    let page = eves.visit("/login?as=another").await;
    eves.sign_in_on(&page, ANN, PASSWORD).await;
    assert!(open(&mut eves, &link).await.has("#done"));
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(OTHER));
}

#[tokio::test]
async fn a_taken_address_is_told_to_its_owner_alone() {
    let server = start().await;
    let (ann, _) = (server.db_user(ANN).await, server.db_user(EVE).await);
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = change(&mut browser, EVE).await;
    assert!(page.has("#code-submit"));
    let mail = server.mailbox().await.latest_to(EVE);
    assert!(!mail.text.contains("/mail?") && mail.text.contains("already"), "{}", mail.text);
    type_code(&mut browser, &page, "BCDF-GHJK").await.refused_page(400, Rejection::WrongCode);
    // It was free, and is taken before the proof.
    let page = change(&mut browser, OTHER).await;
    let code = server.mailbox().await.latest_to(OTHER).code();
    server.db_user(OTHER).await;
    type_code(&mut browser, &page, &code).await.refused_page(400, Rejection::EmailTaken);
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(ANN));
}

#[tokio::test]
async fn a_sensitive_change_asks_for_a_fresh_proof() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.turn(601);
    let page = change(&mut browser, OTHER).await;
    let page = type_code(&mut browser, &page, &server.mailbox().await.latest_to(OTHER).code()).await;
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(ANN));
    assert!(browser.sign_in_on(&page, ANN, PASSWORD).await.has("#done"));
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(OTHER));
}

#[tokio::test]
async fn the_form_of_a_confirmation_names_no_ticket() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = change(&mut browser, OTHER).await;
    open(&mut server.browser(), &server.mailbox().await.latest_to(OTHER).link()).await;
    let id = server.database.db_rows::<(String,)>("SELECT id FROM tickets").await.remove(0).0;
    let form = page.form("#code-submit").without("code").with("ticket", &id).to("/account/emails/take");
    browser.press(&form).await;
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(ANN));
}

/// Whoever fills the owner's mailbox first, and changes the address then.
#[tokio::test]
async fn a_flood_of_mails_keeps_no_way_back_from_the_owner() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut thief = server.browser();
    thief.sign_in(ANN).await;
    for _ in 0..12 {
        super::ask(&mut server.browser(), ANN).await;
    }
    let page = change(&mut thief, OTHER).await;
    type_code(&mut thief, &page, &server.mailbox().await.latest_to(OTHER).code()).await;
    let told = server.mailbox().await.latest_to(ANN);
    assert!(told.text.contains(OTHER), "{}", told.text);
    let mut owner = server.browser();
    let page = open(&mut owner, &told.link()).await;
    assert!(owner.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await.has("#sign-out"));
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(ANN));
}

/// Where addresses are not proved first, anybody can register with the one that has become free.
#[tokio::test]
async fn whoever_uses_the_free_address_without_a_proof_keeps_no_owner_from_it() {
    let server = Server::with_mail(|config| config.registration.prove_address = false).await;
    let ann = server.db_user(ANN).await;
    let mut thief = server.browser();
    thief.sign_in(ANN).await;
    let page = change(&mut thief, OTHER).await;
    type_code(&mut thief, &page, &server.mailbox().await.latest_to(OTHER).code()).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    let mut squatter = server.browser();
    let form = squatter.visit("/register").await.form("#register-submit").with("name", "Ann").with("email", ANN);
    assert!(squatter.press(&form.with("password", PASSWORD)).await.has("#sign-out"));
    let page = open(&mut server.browser(), &link).await;
    assert!(page.has("#reset-submit"), "{}", page.text());
    assert_eq!(address(&server, &ann).await.0.as_deref(), Some(ANN));
    assert!(!squatter.visit("/account").await.has("#sign-out"));
}

#[tokio::test]
async fn where_nobody_has_a_password_an_undoing_leaves_what_was_linked_before_the_change() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let linked = |subject: &str| NewIdentity {
        provider: "id".into(),
        issuer: "https://id.example.com".into(),
        subject: subject.into(),
    };
    let act = || Act::of_operator(server.clock.now());
    let passwordless = server.another_node_with(|config| config.sign_in.password = false).await;
    let mut browser = server.browser();
    let mut links = Vec::new();
    for (subject, to) in [(None, OTHER), (Some("ann"), EVE)] {
        if let Some(subject) = subject {
            server.registry().link_identity(&ann, &linked(subject), &act()).await.unwrap();
            server.turn(60);
        }
        let from = address(&server, &ann).await.0.unwrap();
        browser.sign_in(&from).await;
        let page = change(&mut browser, to).await;
        type_code(&mut browser, &page, &server.mailbox().await.latest_to(to).code()).await;
        links.push(server.mailbox().await.latest_to(&from).link());
    }
    server.turn(60);
    server.registry().link_identity(&ann, &linked("eve"), &act()).await.unwrap();
    let subjects = async || {
        let identities = server.app.storage.read().await.unwrap().identities_of_user(&ann).await.unwrap();
        identities.into_iter().map(|identity| identity.subject).collect::<Vec<_>>()
    };
    // At the first change nothing was linked yet: that would leave no way in, and nothing is done.
    let mut owner = server.browser().at(&passwordless);
    open(&mut owner, &links[0]).await.refused_page(400, Rejection::LastWayIn);
    assert_eq!((address(&server, &ann).await.0.as_deref(), subjects().await.len()), (Some(EVE), 2));
    let page = open(&mut owner, &links[1]).await;
    assert!(!page.has("#reset-submit"), "{}", page.text());
    assert_eq!((address(&server, &ann).await.0.as_deref(), subjects().await), (Some(OTHER), vec!["ann".to_owned()]));
}
