//! What is decided of a sign-in, and carried out when it has ended: a request waits for the account like anybody, and meanwhile its owner may have ended
//! everything.

use doorward::failure::Error;
use doorward::protocol::assurance::PHISHING_RESISTANT_CLASS;
use doorward::protocol::client::ClientType;
use doorward::protocol::journey::{Action, Goal};
use doorward::protocol::next_step::NextStep;
use doorward::protocol::rejection::Rejection;
use doorward::secret::Secret;
use doorward::signin::PasswordChange;

use super::ANN;
use crate::registry::operator;
use crate::support::{Answer, Authenticator, Browser, Device, PASSWORD, Said, Server, first_step};

const OTHER: &str = "another quiet river at noon";

/// Ann with an authenticator, where she is signed in by it, and her recovery codes.
async fn guarded() -> (Server, String, Browser, Authenticator, Vec<String>) {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (authenticator, codes) = server.enrol(&mut browser).await;
    (server, ann, browser, authenticator, codes)
}

fn is_needed(error: &Error) -> bool {
    matches!(error, Error::Rejected(refusal) if refusal.rejection == Rejection::SignInNeeded)
}

#[tokio::test]
async fn a_sign_in_that_ended_while_the_password_was_hashed_lends_its_second_factor_to_no_other() {
    let (server, ann, browser, ..) = guarded().await;
    let (at, now) = (browser.presented(), server.app.now());
    let sign_in = server.app.sign_ins.current(at.cookie.as_ref(), now).await.unwrap().unwrap();
    server.registry().end_sign_ins_of_user(&ann, &operator()).await.unwrap();
    for _ in 0..10 {
        let change = PasswordChange {
            current: Some(Secret::presented(PASSWORD)),
            new: Some(Secret::presented(OTHER)),
            ends_all: false,
        };
        let refused = server.app.sign_ins.change_password(&sign_in, change, &at, now).await.unwrap_err();
        assert!(is_needed(&refused.error), "the right password is no guess, however often: {refused:?}");
    }
    assert!(first_step(&mut server.browser(), ANN).await.has("#totp-submit"), "the password is what it was");
}

#[tokio::test]
async fn what_was_asked_for_before_the_sign_in_ended_is_not_done() {
    let (server, ann, browser, ..) = guarded().await;
    let (at, now, sign_ins) = (browser.presented(), server.app.now(), &server.app.sign_ins);
    let goal = Goal::Confirm { user_id: ann.clone(), action: Action::RemoveAuthenticator };
    let journey = sign_ins.journeys.begin(goal, now);
    let standing = sign_ins.standing(&journey, at.cookie.as_ref(), now).await.unwrap();
    assert_eq!(standing.step, NextStep::Finish);
    server.registry().end_sign_ins_of_user(&ann, &operator()).await.unwrap();
    let refused = sign_ins.go_on(&journey, standing, &at, now).await.unwrap_err();
    assert!(is_needed(&refused), "{refused:?}");
    assert!(first_step(&mut server.browser(), ANN).await.has("#totp-submit"), "the authenticator is there");
}

/// How an owner hears of somebody and puts an end to it, in a browser of theirs.
async fn ends_all_others(browser: &mut Browser) {
    let account = browser.visit("/account").await;
    assert!(browser.press(&account.form("#end-others")).await.has("#sign-out"));
}

#[tokio::test]
async fn what_was_proved_before_everything_was_ended_opens_nothing() {
    let (server, ann, mut owner, authenticator, _) = guarded().await;
    for round in 0..3 {
        let mut stranger = server.browser();
        let page = first_step(&mut stranger, ANN).await;
        match round {
            0 => {
                let page = owner.visit("/account/recovery-codes").await;
                assert!(owner.press(&page.form("#make-codes")).await.has("#codes"));
            }
            // There is one now, of the round before.
            1 => ends_all_others(&mut owner).await,
            _ => drop(server.registry().end_sign_ins_of_user(&ann, &operator()).await.unwrap()),
        }
        server.turn(30);
        let form = page.form("#totp-submit").with("code", &authenticator.code(&server));
        let answer = stranger.press(&form).await;
        assert!(answer.has("#login-submit") && !answer.has("#sign-out"), "round {round}: {}", answer.text());
        // The code was looked at by nobody, and is good for whoever begins anew.
        let page = first_step(&mut stranger, ANN).await;
        let form = page.form("#totp-submit").with("code", &authenticator.code(&server));
        assert!(stranger.press(&form).await.has("#sign-out"), "round {round}");
        server.turn(30);
    }
}

/// On the way to a first passkey of theirs, by all that was asked of them.
async fn on_the_way_to_a_passkey(
    server: &Server,
    proving: impl AsyncFnOnce(&mut Browser, Answer) -> Answer,
) -> (Browser, Answer) {
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{PHISHING_RESISTANT_CLASS}"}}}}}}"#);
    let claims: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url(&format!("scope=openid&claims={claims}"))).await;
    let page = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let page = proving(&mut browser, page).await;
    assert!(page.has("[data-passkey=create]"), "{}", page.text());
    (browser, page)
}

#[tokio::test]
async fn what_was_shown_opens_nothing_once_it_is_replaced_or_removed() {
    for button in ["#begin-authenticator", "#remove-authenticator"] {
        let (server, _, mut owner, authenticator, _) = guarded().await;
        server.turn(30);
        // Somebody has the password and has read a code.
        let code = authenticator.code(&server);
        let (mut thief, page) = on_the_way_to_a_passkey(&server, async |browser, page| {
            browser.press(&page.form("#totp-submit").with("code", &code)).await
        })
        .await;
        let form = page.form("#passkey-submit");
        let made = Device::new().create(&page.passkey_options(), &Said::of(&server)).to_string();
        let page = owner.visit("/account/authenticator").await;
        let page = owner.press(&page.form(button)).await;
        if button == "#begin-authenticator" {
            let other = Authenticator::with(&page.text_of("#totp-secret").unwrap());
            let page = owner.press(&page.form("#totp-submit").with("code", &other.code(&server))).await;
            assert!(page.has("#done"), "{}", page.text());
        } else {
            assert!(page.has("#done"), "{}", page.text());
        }
        let answer = thief.press(&form.with("credential", &made)).await;
        assert!(answer.has("#login-submit"), "{button}: {}", answer.text());
        assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 0, "{button}");
    }
}

/// Where somebody else began to sign in, and what they had proved counts no more, they prove it anew: nothing goes on in the name of who is signed in.
#[tokio::test]
async fn what_counts_no_more_is_proved_anew_though_somebody_else_is_signed_in() {
    let (server, _, mut browser, _, _) = guarded().await;
    let bob = server.db_user("bob@example.org").await;
    let mut elsewhere = server.browser();
    elsewhere.sign_in("bob@example.org").await;
    server.enrol(&mut elsewhere).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.client_demands(&client.id, Some(PHISHING_RESISTANT_CLASS)).await;
    // Her code was shown too long ago to add a passkey.
    server.turn(601);
    let login = browser.visit(&format!("{}&as=another", client.authorization_url("scope=openid"))).await;
    let login = match login.field("#another", "href") {
        Some(another) => browser.visit(&another).await,
        None => login,
    };
    let page = browser.sign_in_on(&login, "bob@example.org", PASSWORD).await;
    let form = page.form("#totp-submit");
    server.registry().end_sign_ins_of_user(&bob, &operator()).await.unwrap();
    let address = format!("/login/code?request={}", form.field("request"));
    for turn in 0..2 {
        // Reloaded, and sent.
        let page = match turn {
            0 => browser.visit(&address).await,
            _ => browser.press(&form.clone().with("code", "000000")).await,
        };
        assert!(page.has("#login-submit"), "{}", page.text());
        assert!(!page.text().contains(ANN), "{}", page.text());
        let step = browser.clone().sign_in_on(&page, "bob@example.org", PASSWORD).await;
        assert!(step.has("#totp-submit"), "{}", step.text());
    }
}

#[tokio::test]
async fn a_password_that_is_typed_again_makes_nothing_good_that_was_ended() {
    let (server, ann, _, _, codes) = guarded().await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    // Somebody knows the password, has come by a recovery code, and is where a first passkey is set up.
    let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{PHISHING_RESISTANT_CLASS}"}}}}}}"#);
    let claims: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
    let mut stranger = server.browser();
    let login = stranger.visit(&client.authorization_url(&format!("scope=openid&claims={claims}"))).await;
    let page = stranger.sign_in_on(&login, ANN, PASSWORD).await;
    let page = stranger.press(&page.form("#recovery-submit").with("code", &codes[0])).await;
    assert!(page.has("[data-passkey=create]"), "{}", page.text());
    server.registry().end_sign_ins_of_user(&ann, &operator()).await.unwrap();
    let again = page.form("#passkey-submit").to("/login").with("email", ANN).with("password", PASSWORD);
    let answer = stranger.press(&again).await;
    assert!(answer.has("#totp-submit") && !answer.has("[data-passkey=create]"), "{}", answer.text());
}
