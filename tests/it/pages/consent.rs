//! Consent: what the page says, what is remembered, and whose answer counts.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;

use crate::support::{PASSWORD, Server, asked, parallel};

const ANN: &str = "ann@example.org";

async fn codes(server: &Server) -> i64 {
    server.database.db_number("SELECT count(*) FROM codes").await
}

#[tokio::test]
async fn the_page_says_who_asks_what_for_and_where_the_browser_will_go() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource("https://api.test", &["notes"]).await;
    let scopes = ScopeSet::parse("openid email notes").unwrap();
    let client = server.db_client(ClientType::Spa, |c| c.scopes = scopes).await;
    let (_, page) = asked(&server, &client, ANN, "scope=openid+email+notes&resource=https%3A%2F%2Fapi.test").await;
    let text = page.text_of("main").unwrap();
    for words in [
        "Notebook",
        ANN,
        "Recognise you when you come back",
        "See your e-mail address",
        "Use notes",
        "Notes",
        "rp.test",
    ] {
        assert!(text.contains(words), "{words}");
    }
    assert!(!text.contains("Any application on this device"));
    // The words of the protocol are for whoever unfolds them.
    let html = scraper::Html::parse_document(&page.text());
    let codes = scraper::Selector::parse("code").unwrap();
    let is_folded = |code: scraper::ElementRef<'_>| {
        code.ancestors().filter_map(scraper::ElementRef::wrap).any(|around| around.value().name() == "details")
    };
    assert_eq!(html.select(&codes).filter(|code| is_folded(*code)).count(), 3);
    assert!(html.select(&codes).all(is_folded) && page.field("details", "open").is_none());
    assert!(page.header("content-security-policy").contains("form-action 'self' https://rp.test;"));
}

#[tokio::test]
async fn a_form_may_lead_to_the_origin_or_the_scheme_that_the_code_goes_to() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for (kind, uri, source) in [
        (ClientType::Web, "https://rp.test:8443/cb?x=1", "https://rp.test:8443"),
        (ClientType::Native, "com.example.app:/cb", "com.example.app:"),
        (ClientType::Native, "http://127.0.0.1/cb", "http://127.0.0.1:7777"),
        (ClientType::Spa, "http://localhost:5173/cb", "http://localhost:5173"),
    ] {
        let mut client = server.db_client(kind, |c| c.redirect_uris = vec![uri.to_owned()]).await;
        client.redirect_uri = uri.replace("http://127.0.0.1/", "http://127.0.0.1:7777/");
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url("")).await;
        let consent = browser.sign_in_on(&login, ANN, PASSWORD).await;
        for page in [&login, &consent] {
            let policy = page.header("content-security-policy");
            assert!(policy.contains(&format!("form-action 'self' {source};")), "{policy}");
        }
        let answer = browser.press(&consent.form("#allow")).await;
        assert!(answer.location().starts_with(&client.redirect_uri), "{}", answer.location());
    }
}

#[tokio::test]
async fn a_name_of_any_characters_is_text_and_cannot_turn_the_page_around() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for name in ["<b>Google</b>", "Notes\u{202e}elgooG", "\"><script>alert(1)</script>", "{{ email }}", "&lt;b&gt;"] {
        let client = server.db_client(ClientType::Spa, |c| c.name = name.to_owned()).await;
        let (_, page) = asked(&server, &client, ANN, "").await;
        assert_eq!(page.text_of("h1 .name").as_deref(), Some(name));
        assert!(!page.has("script:not([src])") && !page.has("b"));
    }
    let stylesheet = std::fs::read_to_string("static/doorward.css").unwrap();
    assert!(stylesheet.contains(".name { unicode-bidi: isolate; }"));
}

#[tokio::test]
async fn consent_is_remembered_and_a_wider_request_asks_again() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource("https://api.test", &["notes"]).await;
    let scopes = ScopeSet::parse("openid email profile notes").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    let (mut browser, page) = asked(&server, &client, ANN, "scope=openid+email").await;
    assert!(!page.has(".before"));
    browser.press(&page.form("#allow")).await;

    for covered in ["scope=openid+email", "scope=openid", "scope=email&prompt=none"] {
        let answer = browser.visit(&client.authorization_url(covered)).await;
        assert!(answer.location_param("code").is_some(), "{covered}");
    }
    for wider in ["scope=openid+email+profile", "scope=openid&resource=https%3A%2F%2Fapi.test"] {
        let silent = browser.visit(&client.authorization_url(&format!("{wider}&prompt=none"))).await;
        silent.refused_redirect(Rejection::ConsentNeeded);
        let page = browser.visit(&client.authorization_url(wider)).await;
        assert_eq!(page.text_of(".before").as_deref(), Some("allowed before"));
        assert!(browser.press(&page.form("#allow")).await.location_param("code").is_some());
        // What was allowed before stays allowed.
        let answer = browser.visit(&client.authorization_url("scope=openid+email&prompt=none")).await;
        assert!(answer.location_param("code").is_some());
    }
    // Another person is asked for herself, and another client for itself.
    server.db_user("bob@example.org").await;
    let mut bob = server.browser();
    bob.sign_in("bob@example.org").await;
    assert!(bob.visit(&client.authorization_url("scope=openid")).await.has("#allow"));
    let other = server.db_client(ClientType::Web, |_| {}).await;
    assert!(browser.visit(&other.authorization_url("scope=openid")).await.has("#allow"));
}

#[tokio::test]
async fn a_denial_goes_to_the_client_and_is_not_remembered() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let (mut browser, page) = asked(&server, &client, ANN, "").await;
    let answer = browser.submit(&page.form("#deny")).await;
    answer.refused_redirect(Rejection::ConsentDenied);
    assert_eq!(answer.location_param("state").as_deref(), Some("st-1"));
    assert!(browser.visit(&client.authorization_url("")).await.has("#allow"));
    assert_eq!(codes(&server).await, 0);
}

#[tokio::test]
async fn after_deny_and_back_allow_gives_no_code() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let (mut browser, page) = asked(&server, &client, ANN, "").await;
    browser.submit(&page.form("#deny")).await.refused_redirect(Rejection::ConsentDenied);
    browser.press(&page.form("#allow")).await.refused_page(400, Rejection::ReplayedPendingRequest);
    assert_eq!(server.database.db_number("SELECT count(*) FROM consents").await, 0);
    // Nor when it was allowed for another request in the meantime.
    let other = browser.visit(&client.authorization_url("state=other")).await;
    assert!(browser.press(&other.form("#allow")).await.location_param("code").is_some());
    let sealed = page.form("#allow").field("request");
    let answer = browser.visit(&format!("/authorize/continue?request={sealed}")).await;
    answer.refused_page(400, Rejection::ReplayedPendingRequest);
    assert_eq!(codes(&server).await, 1);
    // A denial is forgotten when nobody can come back to the request.
    let denied = "SELECT count(*) FROM denied_requests";
    assert_eq!(server.database.db_number(denied).await, 1);
    server.turn(3 * 86_400);
    server.app.storage.clean(server.app.config.sign_in.idle, server.clock.now()).await.unwrap();
    assert_eq!(server.database.db_number(denied).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_allow_and_deny_at_once_no_code_is_left_once_the_denial_was_told() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let (mut browser, first) = asked(&server, &client, ANN, "prompt=consent").await;
    let mut page = first;
    for round in 0..10 {
        let answers = parallel(8, |at| {
            let mut browser = browser.clone();
            let form = page.form(if at % 2 == 0 { "#allow" } else { "#deny" });
            async move { browser.press(&form).await }
        })
        .await;
        assert!(answers.iter().all(|answer| !answer.status.is_server_error()), "round {round}");
        for code in
            answers.iter().filter(|answer| answer.status == 303).filter_map(|answer| answer.location_param("code"))
        {
            client.redeem(&code).await.refused_json(400, Rejection::UnknownCode);
        }
        page = browser.visit(&client.authorization_url("prompt=consent")).await;
    }
}

#[tokio::test]
async fn consent_to_a_scope_of_one_api_says_nothing_of_another_that_has_one_of_the_same_name() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for (identifier, words) in [("https://notes.test", "Read your notes"), ("https://mail.test", "Read your mail")] {
        server.db_resource(identifier, &[]).await;
        let scopes = [("read".to_owned(), words.to_owned())].into();
        server.db_change_resource(identifier, |resource| resource.set_scopes(scopes)).await;
    }
    let scopes = ScopeSet::parse("openid read").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    let extra = |api: &str| format!("scope=openid+read&resource=https%3A%2F%2F{api}.test");
    let (mut browser, page) = asked(&server, &client, ANN, &extra("mail")).await;
    let text = page.text_of(".asks").unwrap();
    assert!(text.contains("Read your mail") && !text.contains("Read your notes"), "{text}");
    browser.press(&page.form("#allow")).await;
    let silent = browser.visit(&client.authorization_url(&format!("{}&prompt=none", extra("mail")))).await;
    assert!(silent.location_param("code").is_some());
    // Both were allowed before by name: the scope of the one, and then the other API for something else.
    browser
        .visit(&client.authorization_url(&format!("{}&prompt=none", extra("notes"))))
        .await
        .refused_redirect(Rejection::ConsentNeeded);
    let page = browser.visit(&client.authorization_url("scope=openid&resource=https%3A%2F%2Fnotes.test")).await;
    browser.press(&page.form("#allow")).await;
    browser
        .visit(&client.authorization_url(&format!("{}&prompt=none", extra("notes"))))
        .await
        .refused_redirect(Rejection::ConsentNeeded);
    let page = browser.visit(&client.authorization_url(&extra("notes"))).await;
    let text = page.text_of(".asks").unwrap();
    assert!(text.contains("Read your notes") && !text.contains("Read your mail"), "{text}");
    assert!(browser.press(&page.form("#allow")).await.location_param("code").is_some());
    for api in ["mail", "notes"] {
        let silent = browser.visit(&client.authorization_url(&format!("{}&prompt=none", extra(api)))).await;
        assert!(silent.location_param("code").is_some(), "{api}");
    }
}

#[tokio::test]
async fn a_consent_from_before_covers_what_it_can_only_have_meant() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource("https://notes.test", &["read"]).await;
    let scopes = ScopeSet::parse("openid read").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    let extra = "scope=openid+read&resource=https%3A%2F%2Fnotes.test";
    let (mut browser, page) = asked(&server, &client, ANN, extra).await;
    browser.press(&page.form("#allow")).await;
    let silently = client.authorization_url(&format!("{extra}&prompt=none"));
    server.database.db_execute("UPDATE consents SET allowed = NULL").await;
    assert!(browser.visit(&silently).await.location_param("code").is_some());
    let both = r#"UPDATE consents SET allowed = NULL, resources = '["https://notes.test","https://mail.test"]'"#;
    server.database.db_execute(both).await;
    browser.visit(&silently).await.refused_redirect(Rejection::ConsentNeeded);
    let own = client.authorization_url("scope=openid&prompt=none");
    assert!(browser.visit(&own).await.location_param("code").is_some());
}

#[tokio::test]
async fn a_single_page_app_at_a_loopback_address_asks_each_time_and_warns() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for uri in ["http://localhost:5173/cb", "http://127.0.0.1:8001/cb", "http://[::1]:8001/cb"] {
        let mut client = server.db_client(ClientType::Spa, |c| c.redirect_uris = vec![uri.to_owned()]).await;
        client.redirect_uri = uri.to_owned();
        let (mut browser, page) = asked(&server, &client, ANN, "").await;
        assert!(page.text().contains("Any application on this device"));
        assert!(browser.press(&page.form("#allow")).await.location_param("code").is_some());
        assert!(browser.visit(&client.authorization_url("")).await.has("#allow"), "{uri}");
        let silent = browser.visit(&client.authorization_url("prompt=none")).await;
        silent.refused_redirect(Rejection::ConsentNeeded);
    }
}

#[tokio::test]
async fn the_answer_of_another_person_or_to_another_request_does_not_count() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user("bob@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let other = server.db_client(ClientType::Spa, |c| c.name = "Other".to_owned()).await;
    let (mut browser, page) = asked(&server, &client, ANN, "").await;
    let form = page.form("#allow");
    let other_page = browser.visit(&other.authorization_url("")).await;
    let other_ticket = other_page.form("#allow").field("ticket");
    for ticket in ["", "x", &other_ticket, &form.field("csrf")] {
        let answer = browser.submit(&form.clone().with("ticket", ticket)).await;
        answer.refused_page(403, Rejection::ConsentOfAnother);
    }
    browser.submit(&form.clone().without("ticket")).await.refused_page(403, Rejection::ConsentOfAnother);
    // The form that Ann was shown, sent after Bob has signed in.
    let login = browser.visit(&page.field("#other-account", "href").unwrap()).await;
    assert!(browser.sign_in_on(&login, "bob@example.org", PASSWORD).await.has("#allow"));
    browser.submit(&form).await.refused_page(403, Rejection::ConsentOfAnother);
    browser.submit(&form.with("decision", "deny")).await.refused_page(403, Rejection::ConsentOfAnother);
    assert_eq!(server.database.db_number("SELECT count(*) FROM consents").await, 0);
    assert_eq!(codes(&server).await, 0);
}

#[tokio::test]
async fn an_answer_after_the_sign_in_has_ended_leads_back_to_signing_in() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let (mut browser, page) = asked(&server, &client, ANN, "").await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    let answer = browser.press(&page.form("#allow")).await;
    assert!(answer.has("#login-submit"), "{}", answer.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM consents").await, 0);
}

#[tokio::test]
async fn a_native_client_asks_each_time_and_warns() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for first_party in [false, true] {
        let client = server.db_client(ClientType::Native, |c| c.first_party = first_party).await;
        let (mut browser, page) = asked(&server, &client, ANN, "").await;
        assert!(page.text().contains("Any application on this device"));
        assert!(browser.press(&page.form("#allow")).await.location_param("code").is_some());
        assert!(browser.visit(&client.authorization_url("")).await.has("#allow"));
        let silent = browser.visit(&client.authorization_url("prompt=none")).await;
        silent.refused_redirect(Rejection::ConsentNeeded);
    }
}

#[tokio::test]
async fn an_application_of_ours_does_not_ask_unless_it_wants_to() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let answer = browser.sign_in_on(&login, ANN, PASSWORD).await;
    assert!(answer.location_param("code").is_some());
    assert!(browser.visit(&client.authorization_url("prompt=none")).await.location_param("code").is_some());
    assert!(browser.visit(&client.authorization_url("prompt=consent")).await.has("#allow"));
}

#[tokio::test]
async fn a_client_that_is_switched_off_meanwhile_gets_no_code() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let (mut browser, page) = asked(&server, &client, ANN, "").await;
    server.db_change_client(&client.id, |c| c.disabled_at = Some(c.created_at)).await;
    browser.press(&page.form("#allow")).await.refused_page(400, Rejection::DisabledClient);
    assert_eq!(codes(&server).await, 0);
}

#[tokio::test]
async fn denying_tells_nothing_to_an_address_that_was_taken_back_meanwhile() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let (mut browser, page) = asked(&server, &client, ANN, "").await;
    let deny = page.form("#deny");
    server.db_change_client(&client.id, |c| c.redirect_uris = vec!["https://rp.test/new".to_owned()]).await;
    browser.submit(&deny).await.refused_page(400, Rejection::UnregisteredRedirectUri);
    server.db_change_client(&client.id, |c| c.disabled_at = Some(c.created_at)).await;
    browser.submit(&deny).await.refused_page(400, Rejection::DisabledClient);
    server
        .db_change_client(&client.id, |c| {
            c.redirect_uris = vec!["https://rp.test/cb".to_owned()];
            c.disabled_at = None;
        })
        .await;
    browser.submit(&deny).await.refused_redirect(Rejection::ConsentDenied);
}
