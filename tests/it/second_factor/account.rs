//! Setting up an authenticator and recovery codes on the account's pages, and doing without.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;

use super::ANN;
use crate::support::{Authenticator, PASSWORD, Server, first_step, recovery_codes};

#[tokio::test]
async fn an_authenticator_is_set_up_by_a_right_code_and_by_nothing_else() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    // What happens to an account in its first minute is told to nobody.
    server.turn(61);
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/authenticator").await;
    let secret = page.text_of("#totp-secret").unwrap();
    assert_eq!(secret.len(), 32);
    let link = page.field("#totp-link", "href").unwrap();
    assert!(link.starts_with("otpauth://totp/") && link.contains(&format!("secret={secret}&")), "{link}");
    assert!(link.contains("algorithm=SHA1&digits=6&period=30") && link.contains("ann%40example.org"), "{link}");
    assert!(page.has("svg#qr path"));
    let authenticator = Authenticator::with(&secret);
    assert_eq!(authenticator.key().len(), 20);
    let form = page.form("#totp-submit");
    for wrong in [authenticator.wrong(&server), String::new(), "12345".to_owned()] {
        let answer = browser.submit(&form.clone().with("code", &wrong)).await;
        answer.refused_page(400, Rejection::WrongFirstCode);
        assert_eq!(answer.text_of("#totp-secret"), Some(secret.clone()), "the same key as before");
    }
    let foreign = browser.submit(&form.clone().with("offer", "x").with("code", &authenticator.code(&server))).await;
    foreign.refused_page(400, Rejection::StaleOffer);
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 0);
    let page = browser.press(&form.clone().with("code", &authenticator.code(&server))).await;
    assert_eq!(recovery_codes(&page).len(), 10, "{}", page.text());
    assert!(page.has("#codes-kept"));
    assert!(!server.database.db_holds(&secret).await, "the key lies sealed");
    // The code that set it up is used up.
    let mut other = server.browser();
    let step = first_step(&mut other, ANN).await.form("#totp-submit");
    let answer = other.submit(&step.with("code", &authenticator.code(&server))).await;
    answer.refused_page(400, Rejection::WrongSecondFactor);
    let page = browser.visit("/account").await;
    assert!(page.has("#sign-out") && page.text().contains("Asked for beside all others"), "{}", page.text());
    let page = browser.visit("/account/authenticator").await;
    assert!(!page.has("#totp-secret") && page.has("#begin-authenticator") && page.has("#remove-authenticator"));
    let alerts = server.mailbox().await.alerts_to(ANN);
    assert!(alerts.contains(&"authenticator_added".to_owned()), "{alerts:?}");
    assert!(!alerts.contains(&"recovery_codes_made".to_owned()), "those come with it: {alerts:?}");
    let added = format!("SELECT count(*) FROM audit WHERE event = 'authenticator.added' AND user_id = '{ann}'");
    assert_eq!(server.database.db_number(&added).await, 1);
    assert!(browser.visit("/account/history").await.text().contains("You set up an authenticator."));
}

#[tokio::test]
async fn the_codes_can_be_saved_as_a_file_by_the_browser_that_sees_them() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/authenticator").await;
    let authenticator = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    let shown = browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(shown.text_of("#codes-of").unwrap().contains(ANN), "whoever prints two sets knows whose each is");
    let codes = recovery_codes(&shown);
    let form = shown.form("#save-codes");
    let file = browser.submit(&form).await;
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert!(file.header("content-disposition").starts_with("attachment;"));
    assert!(codes.iter().all(|code| file.text().contains(code.as_str())), "{}", file.text());
    let mut other = server.browser();
    server.db_user("bob@example.org").await;
    other.sign_in("bob@example.org").await;
    let csrf = other.visit("/account").await.form("#sign-out").field("csrf");
    let foreign = other.submit(&form.with("csrf", &csrf)).await;
    assert!(!codes.iter().any(|code| foreign.text().contains(code.as_str())));
}

#[tokio::test]
async fn new_recovery_codes_end_the_old_ones() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    server.turn(61);
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/recovery-codes").await;
    assert!(page.has("#no-codes") && !page.has("#make-codes"), "there is nothing that they stand in for");
    let (_, old) = server.enrol(&mut browser).await;
    let page = browser.visit("/account/recovery-codes").await;
    let new = recovery_codes(&browser.press(&page.form("#make-codes")).await);
    assert!(new.len() == 10 && new.iter().all(|code| !old.contains(code)));
    for is_first in [true, false] {
        let made = format!(
            "SELECT count(*) FROM audit WHERE event = 'recovery_codes.made' AND user_id = '{ann}' \
             AND details LIKE '%\"first\":{is_first}%'"
        );
        assert_eq!(server.database.db_number(&made).await, 1, "{is_first}");
    }
    let history = browser.visit("/account/history").await.text();
    assert_eq!(history.matches("You made recovery codes.").count(), 2, "{history}");
    for (code, is_good) in [(&old[0], false), (&new[0], true)] {
        let mut other = server.browser();
        let form = first_step(&mut other, ANN).await.form("#recovery-submit");
        assert_eq!(other.press(&form.with("code", code)).await.has("#sign-out"), is_good);
    }
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"recovery_codes_made".to_owned()));
}

/// Whoever makes new ones has perhaps lost the old: what those have opened elsewhere closes.
#[tokio::test]
async fn new_recovery_codes_end_what_the_old_ones_have_signed_in_elsewhere() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut owner = server.browser();
    owner.sign_in(ANN).await;
    let (authenticator, old) = server.enrol(&mut owner).await;
    let (mut thief, mut other) = (server.browser(), server.browser());
    let page = first_step(&mut thief, ANN).await;
    assert!(thief.press(&page.form("#recovery-submit").with("code", &old[0])).await.has("#sign-out"));
    let answer = thief.visit(&client.authorization_url("scope=openid+offline_access")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    server.turn(30);
    let page = first_step(&mut other, ANN).await;
    assert!(other.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await.has("#sign-out"));
    let page = owner.visit("/account/recovery-codes").await;
    assert_eq!(recovery_codes(&owner.press(&page.form("#make-codes")).await).len(), 10);
    assert!(!thief.visit("/account").await.has("#sign-out"));
    let page = thief.visit("/account/authenticator").await;
    assert!(!page.has("#begin-authenticator"), "{}", page.text());
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    client.token(&refresh).await.refused_json(400, Rejection::EndedGrant);
    assert!(owner.visit("/account").await.has("#sign-out") && other.visit("/account").await.has("#sign-out"));
    let history = owner.visit("/account/history").await.text();
    assert!(history.contains("made with one of your former recovery codes"), "{history}");
    let ended = format!(
        "SELECT count(*) FROM sign_ins WHERE user_id = '{ann}' AND end_reason = 'new recovery codes' AND ended_at IS NOT NULL"
    );
    assert_eq!(server.database.db_number(&ended).await, 1);
}

/// What changes the factors wants both of them afresh, and asks for what is missing alone.
#[tokio::test]
async fn factors_are_changed_with_everything_proved_afresh() {
    let server = Server::with_mail(|config| config.limits.failures_per_minute = 1_000_000).await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (former, codes) = server.enrol(&mut browser).await;
    for (path, button) in [
        ("/account/authenticator", "#begin-authenticator"),
        ("/account/recovery-codes", "#begin-codes"),
        ("/account/authenticator", "#remove-authenticator"),
    ] {
        server.turn(601);
        let page = browser.visit(path).await;
        assert!(!page.has("#totp-secret") && !page.has("#make-codes"));
        let question = browser.press(&page.form(button)).await;
        let page = browser.press(&question.form("#confirm").with("password", PASSWORD)).await;
        assert!(page.has("#totp-submit") && !page.has("#totp-secret"), "{path}: {}", page.text());
        assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 2, "nothing is done yet");
        let page = browser.press(&page.form("#totp-submit").with("code", &former.code(&server))).await;
        match button {
            "#begin-authenticator" => {
                let secret = page.text_of("#totp-secret").unwrap_or_else(|| panic!("{}", page.text()));
                // Not kept: the former one stays.
                assert_ne!(Authenticator::with(&secret).key(), former.key());
            }
            "#begin-codes" => assert!(page.has("#make-codes"), "{}", page.text()),
            _ => assert_eq!(page.text_of("#done").as_deref(), Some("Your authenticator is removed.")),
        }
    }
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 0);
    assert_eq!(server.database.db_number("SELECT count(*) FROM recovery_codes").await, 0);
    let removed = format!("SELECT count(*) FROM audit WHERE event = 'authenticator.removed' AND user_id = '{ann}'");
    assert_eq!(server.database.db_number(&removed).await, 1);
    let alerts = server.mailbox().await.alerts_to(ANN);
    assert_eq!(alerts.iter().filter(|alert| *alert == "authenticator_removed").count(), 1, "{alerts:?}");
    assert!(browser.visit("/account/history").await.text().contains("Your authenticator was removed."));
    let mut other = server.browser();
    other.sign_in(ANN).await;
    assert_eq!(codes.len(), 10);
}

#[tokio::test]
async fn another_authenticator_takes_the_place_of_the_former_one() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    server.turn(61);
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (former, codes) = server.enrol(&mut browser).await;
    server.turn(30);
    let mut elsewhere = server.browser();
    let form = first_step(&mut elsewhere, ANN).await.form("#totp-submit");
    assert!(elsewhere.press(&form.with("code", &former.code(&server))).await.has("#sign-out"));
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut tokens = Vec::new();
    for browser in [&mut browser, &mut elsewhere] {
        let answer = browser.visit(&client.authorization_url("scope=openid+offline_access")).await;
        let granted = client.redeem(&answer.location_param("code").unwrap()).await.ok();
        tokens.push(granted["refresh_token"].as_str().unwrap().to_owned());
    }
    let page = browser.visit("/account/authenticator").await;
    let page = browser.press(&page.form("#begin-authenticator")).await;
    let new = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    let page = browser.press(&page.form("#totp-submit").with("code", &new.code(&server))).await;
    assert_eq!(page.text_of("#done").as_deref(), Some("Your account has the new authenticator."));
    let alerts = server.mailbox().await.alerts_to(ANN);
    let added = alerts.iter().filter(|alert| *alert == "authenticator_added").count();
    assert_eq!(added, 2, "the second may be somebody else's: {alerts:?}");
    for is_replaced in [false, true] {
        let added = format!(
            "SELECT count(*) FROM audit WHERE event = 'authenticator.added' AND user_id = '{ann}' \
             AND details LIKE '%\"replaced\":{is_replaced}%'"
        );
        assert_eq!(server.database.db_number(&added).await, 1, "{is_replaced}");
    }
    let history = browser.visit("/account/history").await.text();
    assert!(history.contains("You set up another authenticator in the place of the former one."), "{history}");
    server.turn(30);
    let mut other = server.browser();
    let form = first_step(&mut other, ANN).await.form("#totp-submit");
    let answer = other.submit(&form.clone().with("code", &former.code(&server))).await;
    answer.refused_page(400, Rejection::WrongSecondFactor);
    assert!(other.press(&form.with("code", &new.code(&server))).await.has("#sign-out"));
    // The recovery codes stay.
    let mut third = server.browser();
    let form = first_step(&mut third, ANN).await.form("#recovery-submit");
    assert!(third.press(&form.with("code", &codes[0])).await.has("#sign-out"));
    // What the former one has given ends, but where it was replaced.
    let goes_on =
        [browser.visit("/account").await, elsewhere.visit("/account").await].map(|page| page.has("#sign-out"));
    assert_eq!(goes_on, [true, false]);
    let mut go_on = Vec::new();
    for token in &tokens {
        let answer = client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
        go_on.push(answer.status == 200);
    }
    assert_eq!(go_on, [true, false]);
}

#[tokio::test]
async fn an_offer_is_for_one_person_in_one_browser() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user("bob@example.org").await;
    let (mut ann, mut bob) = (server.browser(), server.browser());
    ann.sign_in(ANN).await;
    bob.sign_in("bob@example.org").await;
    let page = ann.visit("/account/authenticator").await;
    let authenticator = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    let offer = page.form("#totp-submit").field("offer");
    let form = bob.visit("/account/authenticator").await.form("#totp-submit");
    let stolen = form.with("offer", &offer).with("code", &authenticator.code(&server));
    bob.submit(&stolen).await.refused_page(400, Rejection::StaleOffer);
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 0);
}

#[tokio::test]
async fn where_second_factors_are_off_there_is_no_page_and_nobody_is_asked() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.enrol(&mut browser).await;
    let off = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Off).await;
    let mut browser = off.browser();
    let page = browser.sign_in(ANN).await;
    assert!(!page.text().contains("/account/authenticator"));
    for path in ["/account/authenticator", "/account/recovery-codes"] {
        browser.get(path).await.refused_page(404, Rejection::NoSuchPage);
    }
    let classes = async |server: &Server| {
        let metadata = server.get("/.well-known/openid-configuration").await.json();
        metadata["acr_values_supported"].as_array().unwrap().len()
    };
    assert_eq!(classes(&off).await, 3, "a passkey is every class by itself");
    assert_eq!(classes(&server.without_factors().await).await, 1);
}
