//! Security keys: shown where nothing but a passkey signs in, forged, of somebody else, given before, or copied; and put on an account by whoever has only a
//! stolen sign-in.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::protocol::rejection::Rejection;
use serde_json::{Value, json};

use super::passkeys::{bent, changed, unhurry};
use crate::attacks::{ANN, BOB, count, is_signed_in};
use crate::support::{Answer, Browser, Device, Form, PASSWORD, Said, Server, first_step, parallel};

/// Ann and Bob with a security key each, in browsers that are signed in; nothing slows tries down.
async fn ann_and_bob() -> (Server, [(Browser, Device); 2]) {
    let server = Server::with_mail(unhurry).await;
    let mut both = Vec::new();
    for email in [ANN, BOB] {
        server.db_user(email).await;
        let (mut browser, mut key) = (server.browser(), Device::touch_key());
        browser.sign_in(email).await;
        server.add_security_key(&mut browser, &mut key, "Ring").await;
        both.push((browser, key));
    }
    server.turn(61);
    (server, both.try_into().unwrap_or_else(|_| unreachable!()))
}

fn filled(page: &Answer, credential: &Value) -> Form {
    page.form("#security-key-submit").with("credential", &credential.to_string())
}

/// Class: a security key signs nobody in by itself, though its device had checked its person and found the key without a name: neither as a passkey, with a
/// name or without, nor before the password.
#[tokio::test]
async fn e21_a_security_key_signs_nobody_in_alone() {
    let (server, [(mut owner, _), _]) = ann_and_bob().await;
    let honest = Said::of(&server);
    // One that could be a passkey, but for what it was added as.
    let mut able = Device::security_key();
    server.add_security_key(&mut owner, &mut able, "Able").await;
    assert_eq!(count(&server, "SELECT count(*) FROM passkeys WHERE is_security_key = 1").await, 3);
    let mut thief = server.browser();
    let login = thief.visit("/login").await;
    let right = able.get(&login.passkey_options(), &honest);
    for credential in [right.clone(), changed(&right, "/response/userHandle", Value::Null)] {
        let form = login.form("#passkey-submit").with("credential", &credential.to_string());
        thief.submit(&form).await.refused_page(400, Rejection::WrongPasskey);
    }
    // Where the name is known: on the way to something sensitive, of whoever has a passkey too.
    server.add_passkey(&mut owner, &mut Device::new(), "Phone").await;
    server.turn(601);
    let page = owner.visit("/account/passkeys").await;
    let question = owner.press(&page.form("#remove-passkey-1")).await;
    let answer = able.get(&question.passkey_options(), &honest);
    let form = question.form("#passkey-submit").with("credential", &answer.to_string());
    owner.submit(&form).await.refused_page(400, Rejection::WrongPasskey);
    // Before the password there is nothing beside which it could stand.
    let step = first_step(&mut server.browser(), ANN).await;
    let early = filled(&step, &able.get(&step.security_key_options(), &honest));
    let blank = login.form("#passkey-submit").to("/login/security-key");
    let early = blank.with("challenge", &early.field("challenge")).with("credential", &early.field("credential"));
    assert_eq!(thief.submit(&early).await.status, 303, "the way begins anew");
    assert!(!is_signed_in(&mut thief).await);
    assert_eq!(count(&server, "SELECT count(*) FROM passkeys WHERE is_security_key = 0").await, 1);
}

/// Class: an answer of a security key that was given to another site, challenge, ceremony or person, without a touch, or broken in any part, is no second
/// factor; and one of a passkey is none of a security key.
#[tokio::test]
async fn e21_an_answer_of_a_security_key_that_is_not_exactly_ours_is_no_second_factor() {
    let (server, [(mut owner, mut anns), (_, mut bobs)]) = ann_and_bob().await;
    let honest = Said::of(&server);
    let mut phone = Device::new();
    server.add_passkey(&mut owner, &mut phone, "Phone").await;
    let mut thief = server.browser();
    let page = first_step(&mut thief, ANN).await;
    let options = page.security_key_options();
    let other = Said { challenge: Some(URL_SAFE_NO_PAD.encode([7; 32])), ..honest.clone() };
    let mut wrong = Vec::new();
    for said in [
        Said { origin: "https://evil.example".into(), ..honest.clone() },
        Said { host: "evil.example".into(), ..honest.clone() },
        Said { kind: Some("webauthn.create"), ..honest.clone() },
        Said { is_in_frame: true, ..honest.clone() },
        other,
    ] {
        wrong.push((format!("{said:?}"), anns.get(&options, &said)));
    }
    let (right, of_bob) = (anns.get(&options, &honest), bobs.get(&options, &honest));
    wrong.push(("Bob's".into(), of_bob.clone()));
    wrong.push(("the id of another".into(), changed(&right, "/rawId", of_bob["rawId"].clone())));
    wrong.push(("the handle of nobody".into(), changed(&right, "/response/userHandle", json!("AAAA"))));
    wrong.push(("a passkey".into(), phone.get(&options, &honest)));
    wrong.push(("no touch".into(), bent(&right, "/response/authenticatorData", |bytes| bytes[32] &= !1)));
    wrong.push(("a bent signature".into(), bent(&right, "/response/signature", |bytes| bytes[9] ^= 1)));
    wrong.push(("another counter".into(), bent(&right, "/response/authenticatorData", |bytes| bytes[36] ^= 64)));
    wrong.push(("no object".into(), json!([])));
    for (what, credential) in &wrong {
        let answer = thief.submit(&filled(&page, credential)).await;
        answer.refused_page(400, Rejection::WrongSecurityKey);
        assert!(answer.has("#recovery-submit"), "{what}");
    }
    let huge = page.form("#security-key-submit").with("credential", &"x".repeat(1 << 20));
    thief.submit(&huge).await.refused(413, Rejection::BodyTooLarge);
    assert!(!is_signed_in(&mut thief).await);
    let right = anns.get(&options, &honest);
    assert!(thief.press(&filled(&page, &right)).await.has("#sign-out"), "and the true answer does");
}

/// Class: a challenge of a security key is answered once, in the browser that was given it, for what it was given for, by whom it was given for, and for ten
/// minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn e21_a_challenge_of_a_security_key_is_for_one_browser_purpose_person_and_answer() {
    let (server, [(mut owner, mut anns), (_, mut bobs)]) = ann_and_bob().await;
    let honest = Said::of(&server);
    let stale = Rejection::StalePasskeyRequest;
    let mut browser = server.browser();
    let page = first_step(&mut browser, ANN).await;
    let form = server.with_security_key(&page, &mut anns).await;
    let stolen = |into: &Form| {
        into.clone().with("challenge", &form.field("challenge")).with("credential", &form.field("credential"))
    };
    // Of another browser, and of another person in their own.
    for email in [ANN, BOB] {
        let mut other = server.browser();
        let foreign = first_step(&mut other, email).await.form("#security-key-submit");
        other.submit(&stolen(&foreign)).await.refused_page(400, stale);
    }
    // In the same browser, by whoever types another password there: it was Ann who was asked.
    let mut shared = browser.clone();
    let bobs_step = first_step(&mut shared, BOB).await;
    let by_bob = bobs.get(&page.security_key_options(), &honest);
    let crossed = filled(&bobs_step, &by_bob).with("challenge", &form.field("challenge"));
    shared.submit(&crossed).await.refused_page(400, stale);
    // For another purpose: what was asked for signing in by a passkey, and for adding a key.
    let login = browser.visit("/login?as=another").await;
    let mut options = page.security_key_options();
    options["challenge"] = login.passkey_options()["challenge"].clone();
    let crossed = filled(&page, &anns.get(&options, &honest));
    let crossed = crossed.with("challenge", &login.form("#passkey-submit").field("challenge"));
    browser.submit(&crossed).await.refused_page(400, stale);
    let adding = owner.visit("/account/passkeys").await;
    let mut asked = adding.security_key_options();
    asked["challenge"] = adding.passkey_options()["challenge"].clone();
    let made = Device::touch_key().create(&asked, &honest);
    let crossed = filled(&adding, &made).with("challenge", &adding.form("#passkey-submit").field("challenge"));
    owner.submit(&crossed).await.refused_page(400, stale);
    let mut asked = adding.passkey_options();
    asked["challenge"] = adding.security_key_options()["challenge"].clone();
    let made = Device::new().create(&asked, &honest).to_string();
    let crossed = adding.form("#passkey-submit").with("credential", &made);
    let crossed = crossed.with("challenge", &adding.form("#security-key-submit").field("challenge"));
    owner.submit(&crossed).await.refused_page(400, stale);
    // Once, though it comes 16 times at once to two nodes.
    let form = server.with_security_key(&page, &mut anns).await;
    let node = server.another_node_with(unhurry).await;
    let answers = parallel(16, |at| {
        let mut browser = if at % 2 == 0 { browser.clone() } else { browser.at(&node) };
        let form = form.clone();
        async move { browser.submit(&form).await }
    })
    .await;
    let (through, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 303);
    assert_eq!(through.len(), 1);
    for answer in refused {
        answer.refused_page(400, stale);
    }
    let told = "SELECT count(*) FROM audit WHERE event = 'passkey.went_back'";
    assert_eq!(count(&server, told).await, 0, "an answer that comes again is no copy of the key");
    // Nor later, though the password was typed once more.
    let mut late = server.browser();
    let page = first_step(&mut late, ANN).await;
    let old = server.with_security_key(&page, &mut anns).await;
    server.turn(600);
    let step = first_step(&mut late, ANN).await.form("#security-key-submit");
    let form = step.with("challenge", &old.field("challenge")).with("credential", &old.field("credential"));
    late.submit(&form).await.refused_page(400, stale);
    assert!(!is_signed_in(&mut late).await);
}

/// Class: the counter of a security key that has gone back, or stands still: it may be a copy, so nobody is signed in, and the owner is told.
#[tokio::test]
async fn e21_a_security_key_whose_counter_goes_back_is_refused_and_told() {
    let (server, [(mut owner, mut key), _]) = ann_and_bob().await;
    key.count(40);
    for (counter, does) in [(40, true), (40, false), (39, false), (0, false), (41, true)] {
        // It counts up by one before it answers.
        key.count(counter);
        let mut browser = server.browser();
        let page = first_step(&mut browser, ANN).await;
        let form = server.with_security_key(&page, &mut key).await;
        let answer = browser.submit(&form).await;
        if does {
            assert_eq!(answer.status, 303, "{counter}: {}", answer.text());
        } else {
            answer.refused_page(400, Rejection::CopiedSecurityKey);
        }
        assert_eq!(is_signed_in(&mut browser).await, does, "{counter}");
    }
    assert_eq!(count(&server, "SELECT count(*) FROM audit WHERE event = 'passkey.went_back'").await, 3);
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"security_key_went_back".to_owned()));
    let history = owner.visit("/account/history").await;
    assert!(history.text().contains("A security key was refused that may be a copy."), "{}", history.text());
}

/// Class: a new security key whose answer was given to another site or challenge, is broken, or is somebody's already, is not added; nor is any by somebody
/// who has only a stolen sign-in, or the password with it.
#[tokio::test]
async fn e21_a_security_key_is_added_by_a_true_answer_of_whoever_has_shown_all_that_guards_the_account() {
    let (server, [(mut ann, mut anns), (_, _)]) = ann_and_bob().await;
    let honest = Said::of(&server);
    let page = ann.visit("/account/passkeys").await;
    let options = page.security_key_options();
    let mut wrong = Vec::new();
    for said in [
        Said { origin: "https://evil.example".into(), ..honest.clone() },
        Said { host: "evil.example".into(), ..honest.clone() },
        Said { kind: Some("webauthn.get"), ..honest.clone() },
        Said { challenge: Some(URL_SAFE_NO_PAD.encode([7; 32])), ..honest.clone() },
        Said { is_in_frame: true, ..honest.clone() },
    ] {
        wrong.push(Device::touch_key().create(&options, &said));
    }
    let made = Device::touch_key().create(&options, &honest);
    wrong.push(bent(&made, "/response/attestationObject", |bytes| bytes.truncate(60)));
    wrong.push(json!({}));
    for credential in &wrong {
        ann.submit(&filled(&page, credential)).await.refused_page(400, Rejection::MalformedSecurityKey);
    }
    let fresh = filled(&page, &made);
    server.turn(601);
    let late = ann.visit("/account/passkeys").await;
    assert!(late.has("#begin-security-key") && !late.has("#security-key-submit"), "{}", late.text());
    let page = ann.press(&fresh).await;
    assert!(page.has("#begin-security-key"), "{}", page.text());
    // The password is not enough: the second factor too must be fresh.
    let question = ann.press(&late.form("#begin-security-key")).await;
    let step = ann.press(&question.form("#confirm").with("password", PASSWORD)).await;
    assert!(step.has("#security-key-submit") && !step.text().contains("data-passkey=\"create\""), "{}", step.text());
    assert_eq!(count(&server, "SELECT count(*) FROM passkeys").await, 2);
    let shown = server.with_security_key(&step, &mut anns).await;
    let page = ann.press(&shown).await;
    let form = filled(&page, &Device::touch_key().create(&page.security_key_options(), &honest));
    let page = ann.press(&form).await;
    assert!(page.text().contains("Your account has the new security key."), "{}", page.text());
    assert_eq!(count(&server, "SELECT count(*) FROM passkeys").await, 3);
}
