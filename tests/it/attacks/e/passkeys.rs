//! Passkeys: answers that are forged, belong elsewhere, or were given before (WebAuthn §7.1, §7.2 and §13.4.3). The device is not of the crate that
//! checks what it says.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::config::Config;
use doorward::protocol::passkey::Attestation;
use doorward::protocol::rejection::Rejection;
use serde_json::{Value, json};

use crate::attacks::{ANN, BOB, count, is_signed_in};
use crate::support::{Answer, Browser, Device, Form, Maker, Said, Server, Statement, first_step, parallel};

pub(super) fn unhurry(config: &mut Config) {
    config.limits.failures_per_minute = 1_000_000;
    config.limits.account_failures_per_minute = 1_000_000;
    config.limits.pause_after = 1_000_000;
    config.limits.long_pause_after = 2_000_000;
    config.limits.slow_after = 1_000_000;
    config.limits.close_after = 2_000_000;
}

/// Ann and Bob with a passkey each, in browsers that are signed in; nothing slows tries down.
async fn ann_and_bob() -> (Server, [(Browser, Device); 2]) {
    let server = Server::with(unhurry).await;
    let mut both = Vec::new();
    for email in [ANN, BOB] {
        server.db_user(email).await;
        let (mut browser, mut device) = (server.browser(), Device::new());
        browser.sign_in(email).await;
        server.add_passkey(&mut browser, &mut device, "Phone").await;
        both.push((browser, device));
    }
    (server, both.try_into().unwrap_or_else(|_| unreachable!()))
}

fn filled(page: &Answer, credential: &Value) -> Form {
    page.form("#passkey-submit").with("credential", &credential.to_string())
}

/// A member of an answer, changed.
pub(super) fn changed(credential: &Value, pointer: &str, value: Value) -> Value {
    let mut credential = credential.clone();
    *credential.pointer_mut(pointer).unwrap() = value;
    credential
}

/// Bytes of an answer, changed.
pub(super) fn bent(credential: &Value, pointer: &str, bend: impl FnOnce(&mut Vec<u8>)) -> Value {
    let mut bytes = URL_SAFE_NO_PAD.decode(credential.pointer(pointer).unwrap().as_str().unwrap()).unwrap();
    bend(&mut bytes);
    changed(credential, pointer, URL_SAFE_NO_PAD.encode(bytes).into())
}

/// Class: an answer of a passkey that was given to another site, for another challenge, ceremony, person or key, without its person being checked, or
/// broken in any part signs nobody in. A challenge is not used up by that.
#[tokio::test]
async fn e21_an_answer_that_is_not_exactly_ours_signs_nobody_in() {
    let (server, [(_, mut anns), (_, mut bobs)]) = ann_and_bob().await;
    let honest = Said::of(&server);
    let mut thief = server.browser();
    let page = thief.visit("/login").await;
    let options = page.passkey_options();
    let other = Said { challenge: Some(URL_SAFE_NO_PAD.encode([7; 32])), ..honest.clone() };
    let mut wrong = Vec::new();
    for said in [
        Said { origin: "https://evil.example".into(), ..honest.clone() },
        Said { origin: format!("{}.evil.example", honest.origin), ..honest.clone() },
        Said { origin: "http://localhost:1".into(), ..honest.clone() },
        Said { host: "evil.example".into(), ..honest.clone() },
        Said { kind: Some("webauthn.create"), ..honest.clone() },
        Said { kind: Some("payment.get"), ..honest.clone() },
        Said { is_in_frame: true, ..honest.clone() },
        other,
    ] {
        wrong.push((format!("{said:?}"), anns.get(&options, &said)));
    }
    let (right, of_bob) = (anns.get(&options, &honest), bobs.get(&options, &honest));
    let handle = |credential: &Value| credential["response"]["userHandle"].clone();
    wrong.push(("the handle of another".into(), changed(&right, "/response/userHandle", handle(&of_bob))));
    wrong.push(("no handle".into(), changed(&right, "/response/userHandle", Value::Null)));
    wrong.push(("a handle of nobody".into(), changed(&right, "/response/userHandle", json!("AAAA"))));
    wrong.push(("the id of another".into(), changed(&right, "/rawId", of_bob["rawId"].clone())));
    wrong.push(("an id of nobody".into(), changed(&right, "/rawId", json!("AAAA"))));
    wrong.push(("the signature of another".into(), {
        changed(&right, "/response/signature", of_bob["response"]["signature"].clone())
    }));
    wrong.push(("no signature".into(), changed(&right, "/response/signature", json!(""))));
    wrong.push(("a bent signature".into(), bent(&right, "/response/signature", |bytes| bytes[9] ^= 1)));
    wrong.push(("another counter".into(), bent(&right, "/response/authenticatorData", |bytes| bytes[36] ^= 64)));
    wrong.push(("cut data".into(), bent(&right, "/response/authenticatorData", |bytes| bytes.truncate(20))));
    wrong.push(("broken CBOR".into(), {
        bent(&right, "/response/authenticatorData", |bytes| {
            bytes[32] |= 0xc0;
            bytes.extend([0xff, 0x9f, 0x9f, 0xbf]);
        })
    }));
    wrong.push(("no client data".into(), changed(&right, "/response/clientDataJSON", json!("e30"))));
    wrong.push(("no object".into(), json!([])));
    for (what, credential) in &wrong {
        let answer = thief.submit(&filled(&page, credential)).await;
        answer.refused_page(400, Rejection::WrongPasskey);
        assert!(answer.has("#login-submit"), "{what}");
    }
    for text in ["{", "\"", &"[".repeat(20_000), "null"] {
        let answer = thief.submit(&page.form("#passkey-submit").with("credential", text)).await;
        answer.refused_page(400, Rejection::WrongPasskey);
    }
    let huge = page.form("#passkey-submit").with("credential", &"x".repeat(1 << 20));
    thief.submit(&huge).await.refused(413, Rejection::BodyTooLarge);
    anns.verify(false);
    let unchecked = anns.get(&options, &honest);
    thief.submit(&filled(&page, &unchecked)).await.refused_page(400, Rejection::UnverifiedPasskey);
    anns.verify(true);
    assert!(!is_signed_in(&mut thief).await);
    assert_eq!(count(&server, "SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 2);
    let right = anns.get(&options, &honest);
    assert!(thief.press(&filled(&page, &right)).await.has("#sign-out"), "and the true answer does");
}

/// Class: a challenge is answered once, in the browser that was given it, for what it was given for, by whom it was given for, and for ten minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn e21_a_challenge_is_for_one_browser_purpose_person_and_answer() {
    let (server, [(mut owner, mut anns), (_, mut bobs)]) = ann_and_bob().await;
    let honest = Said::of(&server);
    let stale = Rejection::StalePasskeyRequest;
    // Of another browser, with the answer that was given there.
    let mut browser = server.browser();
    let page = browser.visit("/login").await;
    let form = server.with_passkey(&page, &mut anns).await;
    let mut other = server.browser();
    let foreign = other.visit("/login").await.form("#passkey-submit");
    let stolen = foreign.with("challenge", &form.field("challenge")).with("credential", &form.field("credential"));
    other.submit(&stolen).await.refused_page(400, stale);
    // For another purpose: what was asked for adding one, and the other way round.
    let adding = owner.visit("/account/passkeys").await;
    let mut shown = adding.passkey_options();
    let answer = anns.get(&shown, &honest);
    let login = owner.visit("/login?as=another").await;
    let crossed = filled(&login, &answer).with("challenge", &adding.form("#passkey-submit").field("challenge"));
    owner.submit(&crossed).await.refused_page(400, stale);
    shown["challenge"] = login.passkey_options()["challenge"].clone();
    let made = Device::new().create(&shown, &honest);
    let crossed = filled(&adding, &made).with("challenge", &login.form("#passkey-submit").field("challenge"));
    owner.submit(&crossed).await.refused_page(400, stale);
    // For Ann, answered by Bob, who has no second step to do.
    let mut step = server.browser();
    let page = first_step(&mut step, ANN).await;
    let by_bob = server.with_passkey(&page, &mut bobs).await;
    step.submit(&by_bob).await.refused_page(400, Rejection::WrongPasskey);
    // Once, though it comes 32 times at once to two nodes.
    let node = server.another_node_with(unhurry).await;
    let answers = parallel(32, |at| {
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
    browser.submit(&form).await.refused_page(400, stale);
    let told = "SELECT count(*) FROM audit WHERE event = 'passkey.went_back'";
    assert_eq!(count(&server, told).await, 0, "an answer that comes again is no copy of the key");
    // Nor later.
    let mut late = server.browser();
    let page = late.visit("/login").await;
    let form = server.with_passkey(&page, &mut anns).await;
    server.turn(600);
    late.submit(&form).await.refused_page(400, stale);
    assert!(!is_signed_in(&mut late).await && !is_signed_in(&mut other).await);
    assert!(count(&server, "SELECT count(*) FROM used_challenges").await > 0);
    server.app.storage.clean(server.app.config.sign_in.idle, server.clock.now().plus(601 + 86_400)).await.unwrap();
    assert_eq!(count(&server, "SELECT count(*) FROM used_challenges").await, 0, "what is too old is not remembered");
}

/// Class: the counter of a passkey that has gone back, or stands still: it may be a copy, so nobody is signed in, and the owner is told.
#[tokio::test]
async fn e21_a_counter_that_goes_back_is_refused_and_told() {
    let server = Server::with_mail(unhurry).await;
    let ann = server.db_user(ANN).await;
    server.turn(61);
    let (mut browser, mut device) = (server.browser(), Device::new());
    browser.sign_in(ANN).await;
    server.add_passkey(&mut browser, &mut device, "Old phone").await;
    device.count(40);
    assert!(server.sign_in_with_passkey(&mut device).await.1.has("#sign-out"));
    for counter in [40, 39, 0] {
        // It counts up by one before it answers.
        device.count(counter);
        let (mut copy, answer) = server.sign_in_with_passkey(&mut device).await;
        answer.refused_page(400, Rejection::CopiedPasskey);
        assert!(!is_signed_in(&mut copy).await, "{counter}");
    }
    let recorded = format!("SELECT count(*) FROM audit WHERE event = 'passkey.went_back' AND user_id = '{ann}'");
    assert_eq!(count(&server, &recorded).await, 3);
    let mailbox = server.mailbox().await;
    assert!(mailbox.alerts_to(ANN).contains(&"passkey_went_back".to_owned()));
    assert!(mailbox.to(ANN).iter().any(|mail| mail.text.contains("Old phone")));
    assert!(browser.visit("/account/history").await.text().contains("A passkey was refused that may be a copy."));
    device.count(41);
    assert!(server.sign_in_with_passkey(&mut device).await.1.has("#sign-out"), "the one that went on does");
}

/// Class: a new passkey whose answer was given to another site or challenge, without its person being checked, is broken, or is somebody's already, is
/// not added.
#[tokio::test]
async fn e21_a_passkey_is_added_by_a_true_answer_alone_and_to_one_account() {
    let (server, [(mut ann, _), (mut bob, mut bobs)]) = ann_and_bob().await;
    let honest = Said::of(&server);
    let page = ann.visit("/account/passkeys").await;
    let options = page.passkey_options();
    let mut wrong = Vec::new();
    for said in [
        Said { origin: "https://evil.example".into(), ..honest.clone() },
        Said { host: "evil.example".into(), ..honest.clone() },
        Said { kind: Some("webauthn.get"), ..honest.clone() },
        Said { challenge: Some(URL_SAFE_NO_PAD.encode([7; 32])), ..honest.clone() },
        Said { is_in_frame: true, ..honest.clone() },
    ] {
        wrong.push(Device::new().create(&options, &said));
    }
    let made = Device::new().create(&options, &honest);
    wrong.push(bent(&made, "/response/attestationObject", |bytes| bytes.truncate(60)));
    wrong.push(bent(&made, "/response/attestationObject", |bytes| {
        bytes.iter_mut().take(3).for_each(|byte| *byte = 0x9f)
    }));
    wrong.push(changed(&made, "/response/attestationObject", json!("n5-fn5-f")));
    wrong.push(changed(&made, "/clientExtensionResults/credProps/rk", json!(false)));
    wrong.push(json!({}));
    for credential in &wrong {
        ann.submit(&filled(&page, credential)).await.refused_page(400, Rejection::MalformedPasskey);
    }
    let mut unchecked = Device::new();
    unchecked.verify(false);
    let made_unchecked = unchecked.create(&options, &honest);
    ann.submit(&filled(&page, &made_unchecked)).await.refused_page(400, Rejection::UnverifiedPasskey);
    let huge = page.form("#passkey-submit").with("credential", &"x".repeat(1 << 20));
    ann.submit(&huge).await.refused(413, Rejection::BodyTooLarge);
    // Nothing is signed there, so whoever has seen what another device says can say it too: but not for another account.
    let twice = bobs.create(&bob.visit("/account/passkeys").await.passkey_options(), &honest);
    let own = bob.visit("/account/passkeys").await;
    let first = changed(&twice, "/response/clientDataJSON", client_data(&own, &honest));
    assert!(bob.press(&filled(&own, &first)).await.has("#sign-out"), "Bob's second one");
    let stolen = changed(&twice, "/response/clientDataJSON", client_data(&page, &honest));
    ann.submit(&filled(&page, &stolen)).await.refused_page(400, Rejection::PasskeyTaken);
    assert_eq!(count(&server, "SELECT count(*) FROM passkeys").await, 3);
    // Used up is what was answered truly, and that once.
    let page = ann.visit("/account/passkeys").await;
    let form = filled(&page, &Device::new().create(&page.passkey_options(), &honest));
    ann.press(&form).await;
    let again = filled(&page, &Device::new().create(&page.passkey_options(), &honest));
    ann.submit(&again).await.refused_page(400, Rejection::StalePasskeyRequest);
    assert_eq!(count(&server, "SELECT count(*) FROM passkeys").await, 4);
}

/// What an honest browser says of the challenge of a page.
fn client_data(page: &Answer, said: &Said) -> Value {
    let challenge = page.passkey_options()["challenge"].clone();
    let data =
        json!({ "type": "webauthn.create", "challenge": challenge, "origin": said.origin, "crossOrigin": false });
    URL_SAFE_NO_PAD.encode(data.to_string()).into()
}

/// Class: enrolment by somebody who has only a stolen sign-in: on the way to anything, on the page of the account or where a passkey is demanded, none is
/// added without all that guards the account, afresh; nor in a browser with another's half of a journey.
#[tokio::test]
async fn e21_a_stolen_sign_in_gets_no_passkey_on_any_way() {
    let server = Server::with(unhurry).await;
    for email in [ANN, BOB] {
        server.db_user(email).await;
    }
    let honest = Said::of(&server);
    let (mut ann, mut bob) = (server.browser(), server.browser());
    ann.sign_in(ANN).await;
    bob.sign_in(BOB).await;
    let fresh = ann.visit("/login/new-passkey").await;
    assert!(fresh.has("#later"), "{}", fresh.text());
    let made = Device::new().create(&fresh.passkey_options(), &honest);
    // Ann's question in Bob's browser, with his own form.
    let bobs = bob.visit("/login/new-passkey").await.form("#passkey-submit");
    let crossed = bobs.with("challenge", &fresh.form("#passkey-submit").field("challenge"));
    let answer = bob.submit(&crossed.with("credential", &made.to_string())).await;
    answer.refused_page(400, Rejection::StalePasskeyRequest);
    server.turn(601);
    let late = ann.submit(&filled(&fresh, &made)).await;
    assert_eq!(late.status, 303, "{}", late.text());
    assert!(ann.visit("/login/new-passkey").await.has("#sign-out"), "nothing is offered");
    server.role_demands("user", Some("phr")).await;
    for path in ["/account", "/account/passkeys", "/login/new-passkey"] {
        let page = ann.visit(path).await;
        assert!(page.has("#password") && !page.text().contains("data-passkey=\"create\""), "{path}: {}", page.text());
    }
    let again = ann.submit(&filled(&fresh, &made)).await;
    assert_ne!(again.status, 200, "{}", again.text());
    assert_eq!(count(&server, "SELECT count(*) FROM passkeys").await, 0);
}

/// The byte at this place of what a device signs, which stands behind its name and a length of two bytes.
fn signed(statement: &mut [u8], place: usize) -> &mut u8 {
    let name = statement.windows(8).rposition(|name| name == b"authData").unwrap();
    &mut statement[name + 11 + place]
}

/// Class: what a maker attests is what its device says in this one answer. A statement of another answer, or of a device whose make, or whose word on
/// copies and on its person, was changed on the way, vouches for nothing, and where one is needed the passkey is not added.
#[tokio::test]
async fn e21_what_a_maker_attests_vouches_for_nothing_else() {
    const STATEMENT: &str = "/response/attestationObject";
    let (maker, folder) = (Maker::new("Keys and Sons"), tempfile::tempdir().unwrap());
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, maker.pem()).unwrap();
    let server = Server::with(|config| {
        unhurry(config);
        (config.passkeys.attestation, config.passkeys.attestation_roots) = (Attestation::Required, roots);
    })
    .await;
    server.db_user(ANN).await;
    let honest = Said::of(&server);
    let mut ann = server.browser();
    ann.sign_in(ANN).await;
    let attested = |device: Device| device.saying(Statement::Packed(maker.attesting(|_| {})));
    let before = ann.visit("/account/passkeys").await.passkey_options();
    let earlier = attested(Device::security_key()).create(&before, &honest);
    let page = ann.visit("/account/passkeys").await;
    let options = page.passkey_options();
    let right = attested(Device::security_key()).create(&options, &honest);
    let copies = attested(Device::new()).create(&options, &honest);
    let mut unchecked = attested(Device::security_key());
    unchecked.verify(false);
    let unchecked = unchecked.create(&options, &honest);
    for (what, credential) in [
        ("an earlier answer", changed(&earlier, "/response/clientDataJSON", client_data(&page, &honest))),
        ("a key that may be copied", bent(&copies, STATEMENT, |bytes| *signed(bytes, 32) &= !24)),
        ("a person who was not checked", bent(&unchecked, STATEMENT, |bytes| *signed(bytes, 32) |= 4)),
        ("another make", bent(&right, STATEMENT, |bytes| *signed(bytes, 37) ^= 1)),
        ("another counter", bent(&right, STATEMENT, |bytes| *signed(bytes, 36) ^= 1)),
    ] {
        let answer = ann.submit(&filled(&page, &credential)).await;
        answer.refused_page(403, Rejection::UnattestedPasskey);
        assert_eq!(count(&server, "SELECT count(*) FROM passkeys").await, 0, "{what}");
    }
    ann.press(&filled(&page, &right)).await;
    assert_eq!(
        count(&server, "SELECT count(*) FROM passkeys WHERE is_attested = 1").await,
        1,
        "and the true answer does"
    );
}
