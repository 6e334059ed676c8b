//! The authorization code at the token endpoint: once, by its own client, in time, with its own redirect URI and verifier.

use doorward::protocol::client::{AuthMethod, ClientType};
use doorward::protocol::pkce::PkceMode;
use doorward::protocol::rejection::Rejection;

use crate::support::{Client, Server, VERIFIER, challenge, unverified_claims};

const ANN: &str = "ann@example.org";

/// A server with a person, a client, and a code of theirs.
async fn with_code(kind: ClientType) -> (Server, Client, String) {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(kind, |_| {}).await;
    let code = server.browser().code(&client, ANN, "").await;
    (server, client, code)
}

#[tokio::test]
async fn a_code_must_be_named_and_known() {
    let (_server, client, code) = with_code(ClientType::Spa).await;
    client.redeem("").await.refused_json(400, Rejection::MissingCode);
    client.token(&[("grant_type", "authorization_code")]).await.refused_json(400, Rejection::MissingCode);
    let (cut, swapped) = (&code[..code.len() - 1], code.chars().map(swap_case).collect::<String>());
    for wrong in [cut, &format!("{code}A"), &format!("{code}="), &format!(" {code}"), &swapped, "x", "' OR 1=1--"] {
        client.redeem(wrong).await.refused_json(400, Rejection::UnknownCode);
    }
    client.redeem(&code).await.ok();
}

fn swap_case(c: char) -> char {
    if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
}

#[tokio::test]
async fn a_code_is_refused_to_another_client_and_stays_with_its_own() {
    for (owner, thief) in [
        (ClientType::Web, ClientType::Web),
        (ClientType::Spa, ClientType::Spa),
        (ClientType::Spa, ClientType::Web),
        (ClientType::Web, ClientType::Spa),
    ] {
        let (server, client, code) = with_code(owner).await;
        let thief = server.db_client(thief, |_| {}).await;
        thief.redeem(&code).await.refused_json(400, Rejection::ForeignCode);
        let tokens = client.redeem(&code).await.ok();
        // Nor does a foreign client's replay end what came of the code.
        thief.redeem(&code).await.refused_json(400, Rejection::ForeignCode);
        client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    }
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    let (server, client, code) = with_code(ClientType::Spa).await;
    server.turn(59);
    client.redeem(&code).await.ok();
    let late = server.browser().code(&client, ANN, "").await;
    server.turn(60);
    client.redeem(&late).await.refused_json(400, Rejection::ExpiredCode);
    // The clock going back does not open it again.
    server.turn(-30);
    client.redeem(&late).await.refused_json(400, Rejection::BurntCode);
}

#[tokio::test]
async fn a_code_belongs_to_the_redirect_uri_of_its_request() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let uris = vec!["https://rp.test/cb".to_owned(), "https://rp.test/other".to_owned()];
    let mut client = server.db_client(ClientType::Web, |c| c.redirect_uris = uris).await;
    for wrong in ["https://rp.test/other", "https://rp.test/cb/", ""] {
        let code = server.browser().code(&client, ANN, "").await;
        client.redirect_uri = wrong.to_owned();
        client.redeem(&code).await.refused_json(400, Rejection::WrongRedirectUri);
        client.redirect_uri = "https://rp.test/cb".to_owned();
        client.redeem(&code).await.refused_json(400, Rejection::BurntCode);
    }
}

#[tokio::test]
async fn a_missing_an_empty_and_a_wrong_verifier_burn_the_code_alike() {
    let (server, client, _) = with_code(ClientType::Spa).await;
    let wrong = format!("{}x", &VERIFIER[1..]);
    let long = "v".repeat(129);
    for (verifier, rejection) in [
        (None, Rejection::MissingVerifier),
        (Some(""), Rejection::MissingVerifier),
        (Some(wrong.as_str()), Rejection::WrongVerifier),
        (Some(&VERIFIER[..42]), Rejection::WrongVerifier),
        (Some(long.as_str()), Rejection::WrongVerifier),
        (Some(&challenge()), Rejection::WrongVerifier),
    ] {
        let code = server.browser().code(&client, ANN, "").await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &client.redirect_uri),
            ("code_verifier", verifier.unwrap_or_default()),
        ];
        let sent = if verifier.is_some() { &fields[..] } else { &fields[..3] };
        client.token(sent).await.refused_json(400, rejection);
        client.redeem(&code).await.refused_json(400, Rejection::BurntCode);
    }
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.pkce = PkceMode::Optional).await;
    let code = server.browser().code(&client, ANN, "").await;
    let stripped = client.redeem_with(&code, &[("code_verifier", VERIFIER)]).await;
    stripped.refused_json(400, Rejection::UnexpectedVerifier);
    let code = server.browser().code(&client, ANN, "").await;
    client.redeem(&code).await.ok();
    // Whoever may do without is held to a challenge that was sent.
    let extra = format!("code_challenge={}&code_challenge_method=S256", challenge());
    let code = server.browser().code(&client, ANN, &extra).await;
    client.redeem(&code).await.refused_json(400, Rejection::MissingVerifier);
}

#[tokio::test]
async fn a_confidential_client_with_a_nonce_gets_its_tokens_without_pkce() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut client = server.db_client(ClientType::Web, |_| {}).await;
    client.pkce = false;
    let code = server.browser().code(&client, ANN, "nonce=n-1").await;
    let tokens = client.redeem(&code).await.ok();
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["nonce"], "n-1");
    let code = server.browser().code(&client, ANN, "nonce=n-1").await;
    let stripped = client.redeem_with(&code, &[("code_verifier", VERIFIER)]).await;
    stripped.refused_json(400, Rejection::UnexpectedVerifier);
    let extra = format!("nonce=n-1&code_challenge={}&code_challenge_method=S256", challenge());
    let code = server.browser().code(&client, ANN, &extra).await;
    client.redeem(&code).await.refused_json(400, Rejection::MissingVerifier);
}

#[tokio::test]
async fn a_code_is_worth_nothing_once_its_user_client_or_sign_in_has_ended() {
    let (server, client, code) = with_code(ClientType::Spa).await;
    let user = server.db_user("bob@example.org").await;
    let of_bob = server.browser().code(&client, "bob@example.org", "").await;
    server.db_change_user(&user, |account| account.user.disabled_at = Some(account.user.created_at)).await;
    client.redeem(&of_bob).await.refused_json(400, Rejection::EndedGrant);

    let mut browser = server.browser();
    let signed_out = browser.code(&client, ANN, "").await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    client.redeem(&signed_out).await.refused_json(400, Rejection::EndedGrant);

    server.db_change_client(&client.id, |c| c.disabled_at = Some(c.created_at)).await;
    client.redeem(&code).await.refused_json(401, Rejection::ClientSwitchedOff);
}

#[tokio::test]
async fn a_web_clients_code_outlives_the_sign_in() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, ANN, "").await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    client.redeem(&code).await.ok();
}

#[tokio::test]
async fn a_replay_after_a_failed_redemption_ends_nothing() {
    let (_server, client, code) = with_code(ClientType::Spa).await;
    client
        .redeem_with(&code, &[("resource", "https://api.test")])
        .await
        .refused_json(400, Rejection::ResourceNotGranted);
    client.redeem(&code).await.refused_json(400, Rejection::BurntCode);
}

#[tokio::test]
async fn a_replay_that_would_not_have_been_a_right_redemption_ends_nothing() {
    let (server, client, code) = with_code(ClientType::Spa).await;
    let tokens = client.redeem(&code).await.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", client.redirect_uri.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let another = challenge();
    let wrong_uri = [&right[..2], &[("redirect_uri", "https://rp.test/other")], &right[3..]].concat();
    let wrong_verifier = [&right[..3], &[("code_verifier", another.as_str())]].concat();
    let no_uri = [&right[..2], &right[3..]].concat();
    for fields in [&right[..3], &no_uri, &wrong_uri, &wrong_verifier] {
        client.token(fields).await.refused_json(400, Rejection::BurntCode);
        client.userinfo(access_token).await.ok();
    }
    // Nor does a right one, once the code would have expired anyway; until then it ends what came of the code.
    server.turn(60);
    client.token(&right).await.refused_json(400, Rejection::BurntCode);
    client.userinfo(access_token).await.ok();
    server.turn(-1);
    client.token(&right).await.refused_json(400, Rejection::ReplayedCode);
    client.userinfo(access_token).await.refused(401, Rejection::TokenOfEndedGrant);
}

#[tokio::test]
async fn a_replay_on_another_node_ends_the_grant_there_and_here() {
    let (server, client, code) = with_code(ClientType::Web).await;
    let tokens = client.redeem(&code).await.ok();
    let other = client.on(&server.another_node().await);
    other.redeem(&code).await.refused_json(400, Rejection::ReplayedCode);
    let access_token = tokens["access_token"].as_str().unwrap();
    client.userinfo(access_token).await.refused(401, Rejection::TokenOfEndedGrant);
    other.userinfo(access_token).await.refused(401, Rejection::TokenOfEndedGrant);
}

#[tokio::test]
async fn a_client_that_authenticates_by_form_gets_tokens_too() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.auth_method = AuthMethod::ClientSecretPost).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit(&client.authorization_url("")).await;
    let answer = browser.press(&page.form("#allow")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 900);
    assert_eq!(tokens["scope"], "email openid profile");
}
