//! A forgotten password.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, NewIdentity, UserChange};
use doorward::secret::Secret;

use super::{ANN, EVE, NEW_PASSWORD, ask, open, start, type_code};
use crate::support::{PASSWORD, Server, filled, login_form, parallel};

async fn signs_in(server: &Server, email: &str, password: &str) -> bool {
    let (mut browser, form) = login_form(server).await;
    browser.press(&filled(&form, email, password)).await.has("#sign-out")
}

#[tokio::test]
async fn a_code_opens_the_account_in_the_browser_that_asked_and_everything_else_ends() {
    let server = start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut elsewhere = server.browser();
    let code = elsewhere.code(&client, ANN, "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();

    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = browser.visit(&login.field("#to-recover", "href").unwrap()).await;
    let page = browser.press(&page.form("#recover-submit").with("email", " Ann@Example.ORG")).await;
    let mail = server.mailbox().await.latest_to(ANN);
    let page = type_code(&mut browser, &page, &mail.code().to_lowercase().replace('-', " ")).await;
    assert_eq!(page.field("#username", "value").as_deref(), Some(ANN));
    let page = browser.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await;
    // The request of the application goes on.
    let answer = if page.has("#allow") { browser.press(&page.form("#allow")).await } else { page };
    client.redeem(&answer.location_param("code").unwrap()).await.ok();

    assert!(!elsewhere.visit("/account").await.has("#sign-out"));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    client
        .token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)])
        .await
        .refused(400, Rejection::EndedGrant);
    assert!(signs_in(&server, ANN, NEW_PASSWORD).await && !signs_in(&server, ANN, PASSWORD).await);
}

#[tokio::test]
async fn a_link_acts_in_the_browser_that_opens_it_and_not_in_the_one_that_asked() {
    let server = start().await;
    server.db_user(ANN).await;
    let (mut asked, mut phone) = (server.browser(), server.browser());
    let waiting = ask(&mut asked, ANN).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    // Programs look at links, as often as they like.
    for _ in 0..3 {
        assert!(server.browser().visit(&link).await.has("#confirm"));
    }
    let page = open(&mut phone, &link).await;
    let again = asked.visit(&link).await;
    assert_eq!(again.header("referrer-policy"), "strict-origin");
    asked.press(&again.form("#confirm")).await.refused_page(400, Rejection::TicketOfAnotherBrowser);
    let code = server.mailbox().await.latest_to(ANN).code();
    let refused = type_code(&mut asked, &waiting, &code).await;
    refused.refused_page(400, Rejection::WrongCode);
    let done = phone.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await;
    assert!(done.has("#sign-out") && !asked.visit("/account").await.has("#sign-out"));
    assert!(signs_in(&server, ANN, NEW_PASSWORD).await);
    for mut browser in [phone, asked] {
        browser.visit(&link).await.refused_page(400, Rejection::UnknownTicket);
    }
}

#[tokio::test]
async fn the_link_goes_on_with_what_the_browser_came_for_when_it_is_the_one_that_asked() {
    let server = start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |c| c.first_party = true).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = browser.visit(&login.field("#to-recover", "href").unwrap()).await;
    browser.press(&page.form("#recover-submit").with("email", ANN)).await;
    let page = open(&mut browser, &server.mailbox().await.latest_to(ANN).link()).await;
    assert_eq!(page.text_of("p.lead").as_deref(), Some("to continue to Notebook"));
    let answer = browser.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
}

#[tokio::test]
async fn a_ticket_dies_with_time_with_a_newer_one_and_with_the_password() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    ask(&mut browser, ANN).await;
    let first = server.mailbox().await.latest_to(ANN);
    let page = ask(&mut browser, ANN).await;
    let second = server.mailbox().await.latest_to(ANN);
    assert_ne!(first.link(), second.link());
    browser.visit(&first.link()).await.refused_page(400, Rejection::UnknownTicket);
    type_code(&mut browser, &page, &first.code()).await.refused_page(400, Rejection::WrongCode);
    server.turn(1800);
    browser.visit(&second.link()).await.refused_page(400, Rejection::ExpiredTicket);
    type_code(&mut browser, &page, &second.code()).await.refused_page(400, Rejection::WrongCode);

    ask(&mut browser, ANN).await;
    let third = server.mailbox().await.latest_to(ANN);
    let form = browser.visit(&third.link()).await.form("#confirm");
    let change = UserChange { password: Some(Secret::presented(NEW_PASSWORD)), ..UserChange::default() };
    server.registry().change_user(&ann, change, &Act::of_operator(server.clock.now())).await.unwrap();
    browser.submit(&form).await.refused_page(400, Rejection::UnknownTicket);

    // One that was proved in time may be finished some minutes later, and no more.
    ask(&mut browser, ANN).await;
    let fourth = server.mailbox().await.latest_to(ANN);
    server.turn(1790);
    let page = open(&mut browser, &fourth.link()).await;
    server.turn(590);
    let weak = browser.press(&page.form("#reset-submit").with("password", "short")).await;
    weak.refused_page(400, Rejection::PasswordTooShort);
    server.turn(400);
    let late = browser.press(&weak.form("#reset-submit").with("password", PASSWORD)).await;
    assert!(!late.has("#sign-out") && signs_in(&server, ANN, NEW_PASSWORD).await);
}

#[tokio::test]
async fn a_ticket_gives_one_password_however_many_ask_at_once() {
    let server = start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    ask(&mut browser, ANN).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    let other = server.another_node().await;
    // Several browsers show it at once.
    let shown = parallel(8, |at| {
        let (node, link) = (if at % 2 == 0 { server.clone() } else { other.clone() }, link.clone());
        async move {
            let mut browser = node.browser();
            let answer = open(&mut browser, &link).await;
            answer.has("#reset-submit").then_some((browser, answer))
        }
    })
    .await;
    let mut shown: Vec<_> = shown.into_iter().flatten().collect();
    assert_eq!(shown.len(), 1);
    let (browser, page) = shown.remove(0);
    let form = page.form("#reset-submit");
    let done = parallel(6, |at| {
        let (mut browser, form) = (browser.at(if at % 2 == 0 { &server } else { &other }), form.clone());
        async move { browser.press(&form.with("password", &format!("{NEW_PASSWORD} {at}"))).await.has("#sign-out") }
    })
    .await;
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
    let mut right = Vec::new();
    for at in 0..6 {
        // Five wrong ones are tried in a minute, and the right one may be the last.
        server.turn(60);
        if signs_in(&server, ANN, &format!("{NEW_PASSWORD} {at}")).await {
            right.push(at);
        }
    }
    assert_eq!(right.len(), 1);
    assert!(done[right[0]]);
}

#[tokio::test]
async fn whoever_reads_the_mail_of_a_closed_account_opens_it() {
    let server = Server::with_mail(|config| (config.limits.slow_after, config.limits.close_after) = (10, 11)).await;
    server.db_user(ANN).await;
    let mut stranger = server.browser();
    for at in 0..11 {
        stranger.address = format!("198.51.{at}.1");
        let form = stranger.visit("/login").await.form("#login-submit");
        stranger.submit(&filled(&form, ANN, "a wrong password of some length")).await;
        if at == 9 {
            server.turn(901);
        }
    }
    assert!(!signs_in(&server, ANN, PASSWORD).await);
    let mut browser = server.browser();
    let waiting = ask(&mut browser, ANN).await;
    let mail = server.mailbox().await.latest_to(ANN);
    type_code(&mut browser, &waiting, &mail.code()).await.refused_page(429, Rejection::ClosedToStrangers);
    let page = open(&mut browser, &mail.link()).await;
    assert!(browser.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await.has("#sign-out"));
    assert!(signs_in(&server, ANN, NEW_PASSWORD).await);
}

#[tokio::test]
async fn whoever_first_shows_that_the_address_is_theirs_leaves_no_way_in_of_others() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.email_verified = false).await;
    let theirs = NewIdentity { provider: "id".into(), issuer: "https://id.example.com".into(), subject: "eve".into() };
    server.registry().link_identity(&ann, &theirs, &Act::of_operator(server.clock.now())).await.unwrap();
    let mut browser = server.browser();
    ask(&mut browser, ANN).await;
    let page = open(&mut browser, &server.mailbox().await.latest_to(ANN).link()).await;
    browser.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await;
    let mut reader = server.app.storage.read().await.unwrap();
    assert!(reader.identities_of_user(&ann).await.unwrap().is_empty());
    assert!(reader.user(&ann).await.unwrap().unwrap().user.email_verified);
}

#[tokio::test]
async fn nothing_is_sent_for_an_account_that_is_not_there_or_off() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.disabled_at = Some(account.user.created_at)).await;
    for address in [ANN, EVE] {
        ask(&mut server.browser(), address).await;
    }
    assert_eq!(server.mailbox().await.all().len(), 0);
    let (mut browser, page) = (server.browser(), server.browser().visit("/recover").await);
    let page = if page.has("#recover-submit") { browser.visit("/recover").await } else { page };
    for (typed, rejection) in [
        ("", Rejection::MissingEmail),
        ("ann", Rejection::MalformedEmail),
        ("ann@example.org, eve@example.org", Rejection::MalformedEmail),
        ("ann@example.org\r\nBcc: eve@example.org", Rejection::MalformedEmail),
    ] {
        browser.submit(&page.form("#recover-submit").with("email", typed)).await.refused_page(400, rejection);
    }
}

#[tokio::test]
async fn without_mail_there_is_no_such_page() {
    let server = Server::start().await;
    let login = server.get("/login").await;
    assert!(!login.has("#to-recover"));
    for path in ["/recover", "/mail/code", "/account/emails"] {
        server.get(path).await.refused_page(404, Rejection::NoSuchPage);
    }
    let passwordless = Server::with_mail(|config| config.sign_in.password = false).await;
    passwordless.get("/recover").await.refused_page(404, Rejection::NoSuchPage);
}

#[tokio::test]
async fn what_the_owner_has_shown_is_not_taken_by_a_strangers_question() {
    let server = start().await;
    server.db_user(ANN).await;
    let mut owner = server.browser();
    ask(&mut owner, ANN).await;
    let page = open(&mut owner, &server.mailbox().await.latest_to(ANN).link()).await;
    ask(&mut server.browser(), ANN).await;
    assert!(owner.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await.has("#sign-out"));
}
