//! Whom and what a request insists on: `id_token_hint`, the values of `sub` and `acr`; and what it only wishes for: `login_hint`,
//! `acr_values`, `display`, locales, unknown parameters (OpenID Connect Core §3.1.2.1 and §5.5.1.1).

use doorward::protocol::assurance::PASSWORD_CLASS;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::secret::{base64url, from_base64url};

use super::claims;
use crate::support::{Answer, Browser, Client, PASSWORD, Server, unverified_claims};

async fn id_token(browser: &mut Browser, client: &Client, email: &str) -> String {
    let code = browser.code(client, email, "").await;
    client.redeem(&code).await.ok()["id_token"].as_str().unwrap().to_owned()
}

async fn ask(browser: &mut Browser, client: &Client, extra: &str) -> Answer {
    browser.visit(&client.authorization_url(extra)).await
}

#[tokio::test]
async fn a_hint_of_the_person_who_is_signed_in_gets_a_code_in_silence() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let hint = id_token(&mut browser, &client, "ann@example.org").await;
    server.turn(3600);
    let answer = ask(&mut browser, &client, &format!("prompt=none&id_token_hint={hint}")).await;
    answer.location_param("code").unwrap();
}

#[tokio::test]
async fn a_hint_of_another_person_asks_to_sign_in_and_takes_nobody_else() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    server.db_user("bob@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let hint = id_token(&mut server.browser(), &client, "ann@example.org").await;
    let mut browser = server.browser();
    browser.code(&client, "bob@example.org", "").await;

    let silent = ask(&mut browser, &client, &format!("prompt=none&id_token_hint={hint}")).await;
    silent.refused_redirect(Rejection::AnotherPersonExpected);
    let page = ask(&mut browser, &client, &format!("id_token_hint={hint}")).await;
    assert_eq!(page.form("#login-submit").field("email"), "", "nobody is filled in: {}", page.text());
    let answer = browser.clone().sign_in_on(&page, "bob@example.org", PASSWORD).await;
    answer.refused_redirect(Rejection::AnotherPersonExpected);
    let answer = browser.sign_in_on(&page, "ann@example.org", PASSWORD).await;
    answer.location_param("code").unwrap();
}

#[tokio::test]
async fn a_value_of_sub_is_as_binding_as_a_hint() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let ann = unverified_claims(&id_token(&mut browser, &client, "ann@example.org").await)["sub"].clone();
    let asked = |sub: &str| {
        format!("prompt=none&{}", claims(&serde_json::json!({ "id_token": { "sub": { "value": sub } } }).to_string()))
    };
    ask(&mut browser, &client, &asked(ann.as_str().unwrap())).await.location_param("code").unwrap();
    ask(&mut browser, &client, &asked("someone")).await.refused_redirect(Rejection::AnotherPersonExpected);
}

#[tokio::test]
async fn a_hint_that_is_not_ours_or_of_another_application_is_refused() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let other = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let hint = id_token(&mut browser, &client, "ann@example.org").await;
    let others = id_token(&mut browser, &other, "ann@example.org").await;
    let parts: Vec<&str> = hint.split('.').collect();
    let claims = String::from_utf8(from_base64url(parts[1]).unwrap()).unwrap();
    let foreign = base64url(claims.replace("http://localhost:8000", "https://evil.test").as_bytes());
    for wrong in [
        others,
        format!("{}.{foreign}.{}", parts[0], parts[2]),
        format!("{}.{}.", base64url(b"{\"alg\":\"none\",\"typ\":\"JWT\"}"), parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], base64url(&[7; 256])),
        "rubbish".to_owned(),
    ] {
        let answer = ask(&mut browser, &client, &format!("prompt=none&id_token_hint={wrong}")).await;
        answer.refused_redirect(Rejection::ForeignHint);
    }
}

#[tokio::test]
async fn an_id_token_says_how_and_in_which_class_the_person_authenticated() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    browser.code(&client, "ann@example.org", "acr_values=1+2").await;
    let signed_in_at = server.app.now().seconds();
    server.turn(100);
    let claims = unverified_claims(&id_token(&mut browser, &client, "ann@example.org").await);
    assert_eq!(claims["acr"], PASSWORD_CLASS);
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
    assert_eq!(claims["auth_time"], signed_in_at);
}

#[tokio::test]
async fn an_essential_class_that_cannot_be_met_is_a_failed_authentication() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let asked = |class: &str| {
        let acr = serde_json::json!({ "essential": true, "values": [class] });
        claims(&serde_json::json!({ "id_token": { "acr": acr } }).to_string())
    };
    let refused = ask(&mut browser, &client, &asked("urn:mace:incommon:iap:gold")).await;
    refused.refused_redirect(Rejection::ClassNotMet);
    assert_eq!(refused.location_param("error").as_deref(), Some("unmet_authentication_requirements"));
    browser.code(&client, "ann@example.org", &asked(PASSWORD_CLASS)).await;
    db_sign_in_by_other_means(&server).await;
    let page = ask(&mut browser, &client, &asked(PASSWORD_CLASS)).await;
    assert!(page.has("#login-submit"), "another way to sign in has another class: {}", page.text());
}

/// As if everybody had signed in in a way that has no class here.
async fn db_sign_in_by_other_means(server: &Server) {
    let proofs = r#"[{"kind":"retina","at":1}]"#;
    server.database.db_execute(&format!("UPDATE sign_ins SET proofs = '{proofs}'")).await;
}

#[tokio::test]
async fn a_class_that_is_wished_for_is_asked_for_and_claimed_when_it_is_true() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let wish = format!("acr_values=urn:mace:incommon:iap:gold+{PASSWORD_CLASS}");
    let acr = async |answer: &Answer| {
        let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
        unverified_claims(tokens["id_token"].as_str().unwrap()).get("acr").cloned()
    };
    browser.code(&client, "ann@example.org", "").await;
    db_sign_in_by_other_means(&server).await;
    // Without a page the wish cannot be met, and is no reason to refuse; nor is one that nobody could meet.
    let silent = ask(&mut browser, &client, &format!("prompt=none&{wish}")).await;
    assert_eq!(acr(&silent).await, None);
    let gold = ask(&mut browser, &client, "acr_values=urn:mace:incommon:iap:gold").await;
    assert_eq!(acr(&gold).await, None);
    // With one the person is asked, once.
    let page = ask(&mut browser, &client, &wish).await;
    let answer = browser.sign_in_on(&page, "ann@example.org", PASSWORD).await;
    assert_eq!(acr(&answer).await.unwrap(), PASSWORD_CLASS);
    let answer = ask(&mut browser, &client, &wish).await;
    assert_eq!(acr(&answer).await.unwrap(), PASSWORD_CLASS);
}

#[tokio::test]
async fn what_a_request_only_wishes_for_never_fails() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    browser.code(&client, "ann@example.org", "").await;
    for wish in [
        "display=page",
        "display=popup",
        "display=touch",
        "display=wap",
        "display=hologram",
        "ui_locales=se+x-nonsense",
        "claims_locales=tlh",
        "acr_values=1+2",
        "login_hint=nobody@example.org",
        "extra=foobar",
        "max_age=10000",
        "max_age=99999999999999999999",
    ] {
        let answer = ask(&mut browser, &client, &format!("prompt=none&{wish}")).await;
        assert!(answer.location_param("code").is_some(), "{wish}: {}", answer.location());
    }
    for wish in ["prompt=create", "prompt=Welcome+back!", "prompt="] {
        let answer = ask(&mut browser, &client, wish).await;
        assert!(answer.location_param("code").is_some(), "{wish}: {}", answer.location());
    }
}

#[tokio::test]
async fn prompts_that_contradict_and_ages_that_are_no_numbers_are_refused() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    for (extra, rejection) in [
        ("prompt=none+login", Rejection::ContradictoryPrompt),
        ("prompt=none+create", Rejection::ContradictoryPrompt),
        ("max_age=-1", Rejection::MalformedMaxAge),
        ("max_age=1e3", Rejection::MalformedMaxAge),
    ] {
        server.get(&client.authorization_url(extra)).await.refused_redirect(rejection);
    }
}

#[tokio::test]
async fn long_states_and_nonces_come_back_unchanged() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let (state, nonce) = ("s".repeat(384), "n".repeat(128));
    let answer = server.browser().authorize(&client, "ann@example.org", &format!("state={state}&nonce={nonce}")).await;
    assert_eq!(answer.location_param("state"), Some(state));
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["nonce"], nonce);
}
