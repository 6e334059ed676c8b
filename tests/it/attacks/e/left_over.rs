//! What somebody keeps who once had a code of the owner's, or stood halfway: nothing once that was replaced, and no more guesses and no more time than others.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use serde_json::json;

use crate::attacks::{ANN, BOB, is_signed_in};
use crate::federation::{answer_of, federated_with_mail};
use crate::support::{PASSWORD, Server, asked, filled, first_step, parallel, rounds};

const DEVICE: &str = "doorward_device";
const SIGN_IN: &str = "doorward_sign_in";

/// Whoever has used a recovery code of somebody else's is out once the codes have ended, whichever way that was: their sign-in, and what applications got by it.
#[tokio::test]
async fn e23_who_came_by_a_recovery_code_is_out_once_there_are_others() {
    for anew in [false, true] {
        let server = Server::start().await;
        server.db_user(ANN).await;
        let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
        let mut owner = server.browser();
        owner.sign_in(ANN).await;
        let (_, codes) = server.enrol(&mut owner).await;
        let mut thief = server.browser();
        let page = first_step(&mut thief, ANN).await;
        assert!(thief.press(&page.form("#recovery-submit").with("code", &codes[0])).await.has("#sign-out"));
        let answer = thief.visit(&client.authorization_url("scope=openid+offline_access")).await;
        let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
        if anew {
            let page = owner.visit("/account/authenticator").await;
            owner.press(&page.form("#remove-authenticator")).await;
            server.turn(30);
            server.enrol(&mut owner).await;
        } else {
            let page = owner.visit("/account/recovery-codes").await;
            assert!(owner.press(&page.form("#make-codes")).await.has("#codes"));
        }
        assert!(!is_signed_in(&mut thief).await && is_signed_in(&mut owner).await, "{anew}");
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        client.token(&refresh).await.refused_json(400, Rejection::EndedGrant);
    }
}

/// A code that is typed while the sign-in ends that it was to stand beside: it waits for no password in the browser, where it would outlive whatever replaced it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn e23_a_second_factor_beside_which_nothing_stands_counts_for_nothing() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut owner = server.browser();
    owner.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut owner).await;
    for round in 0..rounds(20, 200) {
        server.turn(100);
        let mut thief = server.browser();
        let page = first_step(&mut thief, ANN).await;
        let form = page.form("#totp-submit").with("code", &authenticator.code(&server));
        assert!(thief.press(&form).await.has("#sign-out"));
        // The code grows old, and the password not: the code alone is asked for.
        server.turn(100);
        assert!(first_step(&mut thief, ANN).await.has("#sign-out"));
        let page = thief.visit(&client.authorization_url("scope=openid&max_age=60")).await;
        let code = page.form("#totp-submit").with("code", &authenticator.code(&server));
        let leave = thief.visit("/account").await.form("#sign-out");
        let answers = parallel(2, |at| {
            let (mut thief, form) = (thief.clone(), if at == 0 { code.clone() } else { leave.clone() });
            async move { thief.submit(&form).await }
        })
        .await;
        thief.cookies.remove(SIGN_IN);
        let page = thief.follow(answers.into_iter().next().unwrap()).await;
        if page.has("#login-submit") {
            let page = thief.press(&filled(&page.form("#login-submit"), ANN, PASSWORD)).await;
            assert!(page.has("#totp-submit"), "round {round}: {}", page.text());
        }
    }
}

/// Whoever has a sign-in and the password of somebody makes the account know as many browsers as they like, each of which has guesses of its own. At the code
/// all of them together have as many as one.
#[tokio::test]
async fn e23_many_known_browsers_have_no_more_guesses_at_the_code_than_one() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut owner = server.browser();
    owner.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut owner).await;
    let (mut copy, mut names) = (owner.clone(), Vec::new());
    for _ in 0..40 {
        copy.cookies.remove(DEVICE);
        assert!(first_step(&mut copy, ANN).await.has("#sign-out"));
        names.push(copy.cookies[DEVICE].clone());
    }
    let mut thief = server.browser();
    thief.address = "198.51.100.9".to_owned();
    let form = first_step(&mut thief, ANN).await.form("#totp-submit").with("code", &authenticator.wrong(&server));
    let mut evaluated = 0;
    for name in names {
        thief.cookies.insert(DEVICE.to_owned(), name);
        evaluated += usize::from(thief.submit(&form).await.status == 400);
    }
    assert_eq!(evaluated, 20 + 5, "those of a known browser, and those of a stranger in a minute");
}

/// Nor does whoever changes the password again and again by that sign-in, which lends the second factor to the browser: none was shown there.
#[tokio::test]
async fn e23_whoever_changes_the_password_has_no_more_guesses_at_the_code_either() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut owner = server.browser();
    owner.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut owner).await;
    let (mut thief, mut evaluated, mut current) = (owner.clone(), 0, PASSWORD.to_owned());
    for turn in 0..28 {
        thief.cookies.remove(DEVICE);
        let new = format!("a louder river at dusk {turn}");
        let form = thief.visit("/account/password").await.form("#change-password");
        let form = form.without("end_all").with("current_password", &current).with("password", &new);
        let changed = thief.press(&form).await;
        assert!(changed.has("#sign-out"), "{turn}: {}", changed.text());
        let mut guessing = server.browser();
        guessing.address = "198.51.100.9".to_owned();
        guessing.cookies.insert(DEVICE.to_owned(), thief.cookies[DEVICE].clone());
        let login = guessing.visit("/login").await.form("#login-submit");
        let step = guessing.press(&filled(&login, ANN, &new)).await;
        if step.has("#totp-submit") {
            let wrong = step.form("#totp-submit").with("code", &authenticator.wrong(&server));
            evaluated += usize::from(guessing.submit(&wrong).await.status == 400);
        }
        current = new;
    }
    assert_eq!(evaluated, 20 + 5, "those of a known browser, and those of a stranger in a minute");
}

/// The same thief has used all of these guesses up, and has made strangers wait: the owner, who has shown a code in this browser, types another there.
#[tokio::test]
async fn e23_guesses_in_other_browsers_keep_nobody_from_their_own() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut owner, mut thief) = (server.browser(), server.browser());
    owner.sign_in(ANN).await;
    // The browser of the thief is known from before there was a second factor.
    thief.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut owner).await;
    for guess in 0..20 {
        if guess % 5 == 0 {
            server.turn(3600);
        }
        let page = first_step(&mut thief, ANN).await;
        let wrong = page.form("#totp-submit").with("code", &authenticator.wrong(&server));
        thief.submit(&wrong).await.refused_page(400, Rejection::WrongSecondFactor);
    }
    for network in 0..25 {
        let mut stranger = server.browser();
        stranger.address = format!("203.0.113.{network}");
        let login = stranger.visit("/login").await;
        stranger.submit(&filled(&login.form("#login-submit"), ANN, "not the password")).await;
    }
    let mut elsewhere = server.browser();
    let refused = first_step(&mut elsewhere, ANN).await;
    assert_eq!(refused.status, 429, "strangers wait: {}", refused.text());
    owner.cookies.remove(SIGN_IN);
    let page = first_step(&mut owner, ANN).await;
    let right = page.form("#totp-submit").with("code", &authenticator.code(&server));
    assert!(owner.press(&right).await.has("#sign-out"));
}

/// Asking for a mail keeps the way open for as long as a mail may take, and going to a provider for as long as that takes: what was proved on it lasts no longer.
#[tokio::test]
async fn e23_waiting_elsewhere_makes_no_proof_last_longer() {
    for by_mail in [true, false] {
        let (server, fake) = federated_with_mail(ProviderKind::Oidc, |config| config.sign_in.email = true).await;
        fake.callback(json!({ "error": "access_denied", "code": null }));
        server.db_user(ANN).await;
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let button = if by_mail { "#email-sign-in" } else { "#upstream-fake" };
        let (mut thief, consent) = asked(&server, &client, ANN, "scope=openid&max_age=60").await;
        let allow = consent.form("#allow");
        let leave = server.browser().visit("/login").await.form(button);
        let leave = leave.with("csrf", &allow.field("csrf")).with("email", "nobody@example.org");
        let mut sealed = allow.field("request");
        for _ in 0..4 {
            server.turn(300);
            let away = thief.submit(&leave.clone().with("request", &sealed)).await;
            let onward = if by_mail {
                away.location()
            } else {
                let callback = answer_of(&fake, &away.onward().unwrap().parse().unwrap()).await;
                thief.visit(&callback).await.field("#again", "href").unwrap()
            };
            sealed = onward.split_once("request=").unwrap().1.to_owned();
        }
        let page = thief.visit(&format!("/consent?request={sealed}")).await;
        assert!(page.has("#login-submit") && !page.has("#allow"), "{by_mail}: {}", page.text());
        let answer = thief.submit(&allow.with("request", &sealed)).await;
        assert!(answer.location_param("code").is_none(), "{by_mail}: {}", answer.text());
    }
}

/// The second step of somebody else, begun in the browser on the way that its sign-in was made on, gives that sign-in no more time than it had.
#[tokio::test]
async fn e23_a_second_step_of_somebody_else_makes_no_proof_last_longer() {
    for with_cookie in [true, false] {
        let server = Server::start().await;
        server.db_user(ANN).await;
        server.db_user(BOB).await;
        let mut bobs = server.browser();
        bobs.sign_in(BOB).await;
        server.enrol(&mut bobs).await;
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let (mut thief, consent) = asked(&server, &client, ANN, "scope=openid&max_age=60").await;
        let allow = consent.form("#allow");
        let password = server.browser().visit("/login").await.form("#login-submit").with("csrf", &allow.field("csrf"));
        let (mut sealed, sign_in) = (allow.field("request"), thief.cookies[SIGN_IN].clone());
        for _ in 0..4 {
            server.turn(300);
            if !with_cookie {
                thief.cookies.remove(SIGN_IN);
            }
            let step = thief.submit(&filled(&password.clone().with("request", &sealed), BOB, PASSWORD)).await;
            sealed = step.location().split_once("/login/code?request=").unwrap().1.to_owned();
        }
        thief.cookies.insert(SIGN_IN.to_owned(), sign_in);
        let page = thief.visit(&format!("/consent?request={sealed}")).await;
        assert!(!page.has("#allow"), "{with_cookie}: {}", page.text());
        let answer = thief.submit(&allow.with("request", &sealed)).await;
        assert!(answer.location_param("code").is_none(), "{with_cookie}: {}", answer.text());
    }
}

/// Whoever has a sign-in of somebody and their password, and nothing beside it, is lent the second factor by that sign-in for as long as it has, and no longer;
/// and the owner is told of the browser.
#[tokio::test]
async fn e23_a_second_factor_that_was_lent_gives_no_new_time_and_is_told() {
    const DAY: i64 = 86_400;
    let server = Server::with_mail(|_| {}).await;
    server.db_user(ANN).await;
    server.turn(61);
    let mut owner = server.browser();
    owner.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut owner).await;
    let told = async || {
        let alerts = server.mailbox().await.alerts_to(ANN);
        alerts.iter().filter(|alert| *alert == "new_device").count()
    };
    let before = told().await;
    // Whoever adds a code to their own sign-in is no news, in whatever browser.
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    // Beyond the hour in which nothing is told twice.
    server.turn(3700);
    assert!(first_step(&mut owner, ANN).await.has("#sign-out"));
    owner.cookies.remove(DEVICE);
    let page = owner.visit(&client.authorization_url("scope=openid&max_age=60")).await;
    let answer = owner.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
    assert_eq!(told().await, before);
    let mut thief = server.browser();
    thief.cookies.insert(SIGN_IN.to_owned(), owner.cookies[SIGN_IN].clone());
    for day in 1..=30 {
        server.turn(DAY - 240);
        assert!(first_step(&mut thief, ANN).await.has("#sign-out"), "day {day}");
    }
    assert_eq!(told().await, before + 1, "once, and then the browser is known");
    // Within the day that a sign-in may rest.
    server.turn(3600);
    assert!(!is_signed_in(&mut thief).await, "30 days after the code was shown");
    assert!(first_step(&mut thief, ANN).await.has("#totp-submit"));
}

/// Nor does changing the password, though all other sign-ins end with it and this one begins anew.
#[tokio::test]
async fn e23_another_password_gives_a_lent_second_factor_no_new_time() {
    const DAY: i64 = 86_400;
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.enrol(&mut browser).await;
    for day in 1..=30 {
        server.turn(DAY - 60);
        let page = browser.visit("/account/password").await;
        assert!(page.has("#change-password"), "day {day}: {}", page.text());
        if day == 15 {
            let form = page.form("#change-password").with("current_password", PASSWORD).with("end_all", "yes");
            assert!(browser.press(&form.with("password", "a louder river at dusk")).await.has("#sign-out"));
        }
    }
    // Within the day that a sign-in may rest.
    server.turn(3600);
    assert!(!is_signed_in(&mut browser).await, "30 days after the code was shown");
}
