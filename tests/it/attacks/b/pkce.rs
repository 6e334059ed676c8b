//! The challenge and its verifier.

use doorward::protocol::client::ClientType;
use doorward::protocol::pkce::PkceMode;
use doorward::protocol::rejection::Rejection;

use crate::attacks::{ANN, BOB, count, is_active, text};
use crate::support::{Server, VERIFIER, by_get_and_post, challenge};

/// A verifier without a challenge is refused, and burns the code.
#[tokio::test]
async fn b1_a_verifier_without_a_challenge_is_refused() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut nonce = server.db_client(ClientType::Web, |_| {}).await;
    nonce.pkce = false;
    let optional = server.db_client(ClientType::Web, |c| c.pkce = PkceMode::Optional).await;
    for (client, extra) in [(&nonce, "nonce=n-1"), (&optional, ""), (&optional, "code_challenge=")] {
        for verifier in [VERIFIER, &challenge(), "x", &"v".repeat(43), &"v".repeat(128)] {
            let code = server.browser().code(client, ANN, extra).await;
            let answer = client.redeem_with(&code, &[("code_verifier", verifier)]).await;
            answer.refused_json(400, Rejection::UnexpectedVerifier);
            client.redeem(&code).await.refused_json(400, Rejection::BurntCode);
        }
        let code = server.browser().code(client, ANN, extra).await;
        // Such a client sends no verifier.
        let mut plain = client.clone();
        plain.pkce = false;
        plain.redeem(&code).await.ok();
    }
    // Whoever must send a challenge gets no code without one.
    for client in [&server.db_client(ClientType::Spa, |_| {}).await, &nonce] {
        let url = client.authorization_url("code_challenge=&code_challenge_method=");
        for answer in by_get_and_post(&server, &url).await {
            answer.refused_in(303, &[Rejection::MissingCodeChallenge, Rejection::MissingChallengeAndNonce]);
        }
    }
    assert_eq!(count(&server, "SELECT count(*) FROM refresh_tokens").await, 0);
}

/// All three burn the code alike, for public and confidential clients: the right verifier afterwards comes too late.
#[tokio::test]
async fn b2_a_missing_an_empty_and_a_wrong_verifier_burn_the_code() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for kind in [ClientType::Spa, ClientType::Web] {
        let client = server.db_client(kind, |_| {}).await;
        let mut browser = server.browser();
        let (other_case, longer, too_long) = (VERIFIER.to_uppercase(), format!("{VERIFIER}v"), "v".repeat(129));
        for (verifier, rejection) in [
            (None, Rejection::MissingVerifier),
            (Some(""), Rejection::MissingVerifier),
            (Some("wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"), Rejection::WrongVerifier),
            (Some(&VERIFIER[1..]), Rejection::WrongVerifier),
            (Some(&VERIFIER[..42]), Rejection::WrongVerifier),
            (Some(&longer), Rejection::WrongVerifier),
            (Some(&too_long), Rejection::WrongVerifier),
            (Some(&other_case), Rejection::WrongVerifier),
            (Some(&challenge()), Rejection::WrongVerifier),
        ] {
            let code = browser.code(&client, ANN, "").await;
            let mut fields = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
            fields.push(("redirect_uri", &client.redirect_uri));
            fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
            client.token(&fields).await.refused_json(400, rejection);
            client.redeem(&code).await.refused_json(400, Rejection::BurntCode);
        }
        let code = browser.code(&client, ANN, "").await;
        client.redeem_with(&code, &[("code_verifier", VERIFIER)]).await.refused_json(400, Rejection::RepeatedParameter);
        client.redeem(&code).await.ok();
    }
}

/// Class: the downgrade: `plain`, no method, an unknown one, a challenge that is none; and a challenge that was sent binds even who may do
/// without.
#[tokio::test]
async fn b3_a_challenge_is_s256_and_cannot_be_weakened() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let modes = [PkceMode::Required, PkceMode::Nonce, PkceMode::Optional];
    for mode in modes {
        let mut client = server.db_client(ClientType::Web, |c| c.pkce = mode).await;
        client.pkce = true;
        let (short, long) = (&challenge()[1..], format!("{}A", challenge()));
        for (extra, rejection) in [
            ("code_challenge_method=plain".to_owned(), Rejection::WrongChallengeMethod),
            ("code_challenge_method=".to_owned(), Rejection::WrongChallengeMethod),
            ("code_challenge_method=s256".to_owned(), Rejection::WrongChallengeMethod),
            ("code_challenge_method=S256%20".to_owned(), Rejection::WrongChallengeMethod),
            ("code_challenge_method=S512".to_owned(), Rejection::WrongChallengeMethod),
            (format!("code_challenge={VERIFIER}&code_challenge_method=plain"), Rejection::WrongChallengeMethod),
            ("code_challenge=".to_owned(), Rejection::MethodWithoutChallenge),
            (format!("code_challenge={short}"), Rejection::MalformedCodeChallenge),
            (format!("code_challenge={long}"), Rejection::MalformedCodeChallenge),
            (format!("code_challenge={}", challenge().replace(|_| true, "=")), Rejection::MalformedCodeChallenge),
            (format!("code_challenge={}&code_challenge={}", challenge(), challenge()), Rejection::RepeatedParameter),
        ] {
            for answer in by_get_and_post(&server, &client.authorization_url(&format!("nonce=n&{extra}"))).await {
                answer.refused_redirect(rejection);
            }
        }
        let code = server.browser().code(&client, ANN, "nonce=n").await;
        client.pkce = false;
        client.redeem(&code).await.refused_json(400, Rejection::MissingVerifier);
    }
}

/// A stolen code does not open in a session whose challenge is another's: neither with the attacker's verifier nor with none.
#[tokio::test]
async fn b10_a_stolen_code_fails_in_the_session_of_another() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(BOB).await;
    for kind in [ClientType::Spa, ClientType::Web] {
        let client = server.db_client(kind, |_| {}).await;
        // The attacker's own client software sends this verifier for whatever code it is given.
        let attackers = "attacker-attacker-attacker-attacker-attacker-";
        let stolen = server.browser().code(&client, ANN, "").await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &stolen),
            ("redirect_uri", &client.redirect_uri),
            ("code_verifier", attackers),
        ];
        client.token(&fields).await.refused_json(400, Rejection::WrongVerifier);
        client.redeem(&stolen).await.refused_json(400, Rejection::BurntCode);
    }
    // A link that the attacker made with a challenge of theirs: its code is worth nothing to the application's own verifier.
    let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
    let challenge = doorward::secret::base64url(&doorward::secret::sha256(b"attacker"));
    let code = server.browser().code(&client, BOB, &format!("code_challenge={challenge}")).await;
    client.redeem(&code).await.refused_json(400, Rejection::WrongVerifier);
    // The nonce does the same for those who prove nothing else: it is the one of the browser that asked.
    let mut plain = server.db_client(ClientType::Web, |_| {}).await;
    plain.pkce = false;
    let code = server.browser().code(&plain, ANN, "nonce=of-the-victim").await;
    let tokens = plain.redeem(&code).await.ok();
    let claims = crate::support::unverified_claims(&text(&tokens, "id_token"));
    assert_eq!(claims["nonce"], "of-the-victim");
    assert!(is_active(&plain, &text(&tokens, "access_token")).await);
}
