//! What is found out by comparing answers, and what is guessed that is no password.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, Renewal};

use super::{Guesser, WRONG, network};
use crate::attacks::{ANN, encoded, text};
use crate::federation::{federated, newcomer, through};
use crate::support::{PASSWORD, Server, unverified_claims};

/// Unknown, wrong, switched off, without a password: the same bytes but for what was typed, the same headers, and the same number of hashes, connections and
/// statements. An authorization request says nothing of whom it names.
#[tokio::test]
async fn j7_nobody_finds_out_who_has_an_account() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let off = server.db_user("off@example.org").await;
    server.db_change_user(&off, |account| account.user.disabled_at = Some(account.user.created_at)).await;
    let federated = server.db_user("hub@example.org").await;
    server.db_change_user(&federated, |account| account.password_hash = None).await;
    let guesser = Guesser::at(&server).await;
    let mut seen = Vec::new();
    for (at, (email, password)) in [
        (ANN, WRONG),
        ("nobody@example.org", PASSWORD),
        ("nobody@example.org", WRONG),
        ("off@example.org", PASSWORD),
        ("off@example.org", WRONG),
        ("hub@example.org", PASSWORD),
        ("hub@example.org", WRONG),
    ]
    .into_iter()
    .enumerate()
    {
        let storage = &server.app.storage;
        let work = || [server.app.hasher.hashes_computed(), storage.connections_taken(), storage.statements_run()];
        let before = work();
        let mut answer = guesser.tries(&network(at), email, password).await;
        let after = work();
        answer.refused_page(400, Rejection::WrongCredentials);
        for of_its_own in ["x-trace-id", "content-length", "traceparent"] {
            answer.headers.remove(of_its_own);
        }
        let trace = answer.text_of(".hint code").unwrap_or_default();
        let text = answer.text_but_for_passkeys().replace(email, "ADDRESS").replace(&trace, "TRACE");
        let did: Vec<u64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        seen.push((email, answer.headers, text, did));
    }
    let (_, headers, text, did) = &seen[0];
    for (email, other_headers, other_text, other_did) in &seen {
        assert_eq!((other_headers, other_text, other_did), (headers, text, did), "{email}");
    }
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut pages = Vec::new();
    for email in [ANN, "nobody@example.org", "off@example.org", "hub@example.org"] {
        let hint = format!("login_hint={}", encoded(email));
        let silent = server.get(&client.authorization_url(&format!("{hint}&prompt=none"))).await;
        silent.refused_redirect(Rejection::SignInNeeded);
        let mut browser = server.browser();
        let page = browser.visit(&client.authorization_url(&hint)).await;
        let sealed = page.form("#login-submit");
        let mut text = page.text_but_for_passkeys().replace(email, "ADDRESS").replace(&encoded(email), "ADDRESS");
        for secret in [sealed.field("request"), sealed.field("csrf")] {
            text = text.replace(&secret, "SECRET").replace(&encoded(&secret), "SECRET");
        }
        pages.push((page.status, text.len(), silent.location()));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
}

/// Known or not, with one secret, with two, or with one whose time is over, the status, the code and the challenge are the same; secrets are compared by their
/// hashes in constant time, and each place of one costs the same. That a secret has expired hears who holds it, and nobody else. The words tell a wrong secret
/// from an unknown client, which the list does not want: a client's id is public (RFC 6749 §2.2), and whoever sets one up reads them.
#[tokio::test]
async fn j8_a_clients_secret_is_not_found_out() {
    let server = Server::start().await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let secret = web.secret.clone().unwrap();
    let mut answers = Vec::new();
    let act = Act::of_operator(server.clock.now());
    let two = server.db_client(ClientType::Web, |_| {}).await;
    let beside = Renewal { overlap: Some(60), ..Renewal::default() };
    server.registry().renew_client_secret(&two.id, beside, &act).await.unwrap();
    let expired = server.db_client(ClientType::Web, |_| {}).await;
    server.registry().renew_client_secret(&expired.id, beside, &act).await.unwrap();
    let brief = Renewal { life: Some(1), ..Renewal::default() };
    let held = server.registry().renew_client_secret(&expired.id, brief, &act).await.unwrap().view.secret;
    server.turn(1);
    server.poll().await;
    let mut holder = expired.clone();
    holder.secret = Some(held.expose().to_owned());
    let mut told = holder.credentials(&[]).await;
    told.refused_json(401, Rejection::ExpiredClientSecret);
    told.headers.remove("x-trace-id");
    told.headers.remove("content-length");
    answers.push((told.status, told.json()["error"].clone(), told.headers));
    for id in [web.id.as_str(), &two.id, &expired.id, "nobody", "another-that-is-not-there"] {
        for secret in ["wrong", &secret[..42], &format!("{secret}A"), &secret.to_uppercase(), "x"] {
            let mut guess = web.clone();
            (guess.id, guess.secret) = (id.to_owned(), Some(secret.to_owned()));
            let mut answer = guess.credentials(&[]).await;
            answer.refused_in(401, &[Rejection::WrongClientSecret, Rejection::UnregisteredClient]);
            answer.headers.remove("x-trace-id");
            answer.headers.remove("content-length");
            answers.push((answer.status, answer.json()["error"].clone(), answer.headers));
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    // Of all secrets their hashes alone can be compared, and those in constant time.
    let source = crate::sources::text("src/secret.rs");
    let (_, equality) = source.split_once("impl PartialEq for SecretHash {").unwrap();
    let (equality, _) = equality.split_once("\n}\n").unwrap();
    assert!(equality.contains("self.0.ct_eq(&other.0).into()"), "{equality}");
    assert_eq!(source.matches("PartialEq").count(), 1, "no secret is compared by a derived equality");
    let source = crate::sources::text("src/protocol/client_secrets.rs");
    let (_, matching) = source.split_once("pub fn matching(").unwrap();
    let (matching, _) = matching.split_once("\n    }\n").unwrap();
    assert!(matching.contains("for (place, secret) in self.places()"), "{matching}");
    assert!(!matching.contains("return") && !matching.contains("break"), "it ends early: {matching}");
}

/// A key whose name is known, which is no secret, and one that nobody has: one answer, after one look; and what is compared is a hash.
#[tokio::test]
async fn j8_an_api_keys_secret_is_not_found_out() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    server.db_resource("https://api.test", &["read"]).await;
    server.poll().await;
    let new = doorward::registry::NewKey {
        name: "Backup".into(),
        resource: "https://api.test".into(),
        scope: "read".into(),
        lifetime: None,
    };
    let act = doorward::registry::Act::of_operator(server.clock.now());
    let owner = doorward::registry::KeyOwner::User(&ann);
    let made = server.registry().create_api_key(owner, new, &act).await.unwrap().view;
    let fixed = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
        &subject_token_type=urn%3Adoorward%3Aparams%3Aoauth%3Atoken-type%3Aapi-key";
    let mut answers = Vec::new();
    for name in [&made.key.id[4..], "aaaaaaaaaaaa"] {
        let (_, guess) = doorward::protocol::api_key::assemble(name, &doorward::random::secret_digits());
        let before = server.app.storage.statements_run();
        let mut answer = server.post("/token", &format!("{fixed}&subject_token={}", guess.expose())).await;
        answer.refused_json(400, Rejection::UnknownApiKey);
        answer.headers.remove("x-trace-id");
        answers.push((answer.status, answer.json(), answer.headers, server.app.storage.statements_run() - before));
    }
    assert_eq!(answers[0], answers[1]);
}

/// Class: what is guessed beside passwords: codes, tokens, cookies and client secrets have 256 bits, ids of tokens and grants 128, none is a counter; and
/// whoever guesses at clients is turned away after sixty in a minute, while the right secret passes.
#[tokio::test]
async fn j9_what_is_not_a_password_is_too_long_to_guess() {
    // The limit as it is by default: the other tests do without.
    let limits = doorward::config::Config::load(None, []).unwrap().limits;
    let server =
        Server::with(|config| config.limits.failed_clients_per_minute = limits.failed_clients_per_minute).await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
    let mut browser = server.browser();
    let mut seen = std::collections::BTreeSet::new();
    let mut bytes = |what: &str, value: &str, least: usize| {
        let length = doorward::secret::from_base64url(value).map_or(0, |bytes| bytes.len());
        assert!(length >= least, "{what}: {value} has {length} bytes");
        assert!(seen.insert(value.to_owned()), "{what} comes twice");
    };
    for _ in 0..10 {
        let code = browser.code(&client, ANN, crate::attacks::OFFLINE).await;
        bytes("code", &code, 32);
        let given = client.redeem(&code).await.ok();
        bytes("refresh token", &text(&given, "refresh_token"), 32);
        let claims = unverified_claims(&text(&given, "access_token"));
        bytes("jti", claims["jti"].as_str().unwrap(), 16);
        bytes("gid", claims["gid"].as_str().unwrap(), 16);
    }
    for (name, value) in &browser.cookies {
        // Of the cookie of known devices it is the seal that nobody can guess.
        let secret = value.rsplit('.').next().unwrap();
        assert!(doorward::secret::from_base64url(secret).is_some_and(|bytes| bytes.len() >= 32), "{name}");
    }
    let other = server.db_client(ClientType::Service, |_| {}).await;
    for client in [&client, &other] {
        bytes("client secret", client.secret.as_ref().unwrap(), 32);
        bytes("client id", &client.id, 16);
    }
    let mut refused = 0;
    for at in 0..90 {
        let mut guess = other.clone();
        guess.secret = Some(format!("wrong-{at}"));
        refused += usize::from(guess.credentials(&[]).await.status == 429);
    }
    assert_eq!(refused, 30);
    assert_ne!(other.credentials(&[]).await.status, 429, "the right secret passes");
    assert_eq!(server.get("/login").await.status, 200, "and people of that network are not locked out");
}

/// An account that signs in through a provider alone: at the sign-in page it is as one that is not there. At its own door, whoever comes with its address
/// unverified sees the page that everybody sees who is new.
#[tokio::test]
async fn j7_whoever_comes_through_a_provider_alone_is_not_found_out() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    let guesser = Guesser::at(&server).await;
    let mut seen = Vec::new();
    for (at, email) in [ANN, "nobody@example.org"].into_iter().enumerate() {
        let storage = &server.app.storage;
        let work = || [server.app.hasher.hashes_computed(), storage.connections_taken(), storage.statements_run()];
        let before = work();
        let answer = guesser.tries(&network(at), email, WRONG).await;
        let after = work();
        answer.refused_page(400, Rejection::WrongCredentials);
        let trace = answer.text_of(".hint code").unwrap_or_default();
        let text = answer.text_but_for_passkeys().replace(email, "ADDRESS").replace(&trace, "TRACE");
        seen.push((text, after.iter().zip(before).map(|(after, before)| after - before).collect::<Vec<_>>()));
    }
    assert_eq!(seen[0], seen[1]);
    let mut pages = Vec::new();
    for email in [ANN, "not@example.org"] {
        fake.person(serde_json::json!({ "sub": email, "name": "Eve", "email": email, "email_verified": false }));
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        let page = through(&mut browser, &fake, &login).await;
        let form = page.form("#create-account");
        let mut text = page.text_but_for_passkeys().replace(email, "ADDRESS");
        for secret in [form.field("request"), form.field("csrf")] {
            text = text.replace(&secret, "SECRET").replace(&encoded(&secret), "SECRET");
        }
        pages.push((page.status, text.len()));
    }
    assert_eq!(pages[0].0, pages[1].0);
    assert!(pages[0].1.abs_diff(pages[1].1) < 64, "{pages:?}");
}

/// Asking for a mail is the same for every address: the same page and headers, and the same hashes, connections, statements and mails that wait.
#[tokio::test]
async fn j7_nobody_finds_out_who_has_an_account_by_asking_for_a_mail() {
    let server = Server::with_mail(|config| config.sign_in.email = true).await;
    server.db_user(ANN).await;
    let off = server.db_user("off@example.org").await;
    server.db_change_user(&off, |account| account.user.disabled_at = Some(account.user.created_at)).await;
    let federated = server.db_user("hub@example.org").await;
    server.db_change_user(&federated, |account| account.password_hash = None).await;
    for (path, button) in
        [("/recover", "#recover-submit"), ("/register", "#register-submit"), ("/login", "#email-sign-in")]
    {
        let mut seen = Vec::new();
        for email in [ANN, "nobody@example.org", "off@example.org", "hub@example.org"] {
            let mut browser = server.browser();
            let form = browser.visit(path).await.form(button).with("email", email);
            let storage = &server.app.storage;
            let work = || [server.app.hasher.hashes_computed(), storage.connections_taken(), storage.statements_run()];
            let (before, waiting) = (work(), server.db_mails_waiting().await);
            let mut answer = browser.submit(&form).await;
            let did: Vec<u64> = work().iter().zip(before).map(|(after, before)| after - before).collect();
            assert_eq!(server.db_mails_waiting().await, waiting + 1, "{email}");
            assert_eq!(answer.status, 303);
            let page = browser.visit(&answer.location()).await;
            let sealed = page.form("#code-submit");
            let mut text = page.text_but_for_passkeys().replace(email, "ADDRESS");
            for secret in [sealed.field("request"), sealed.field("csrf")] {
                text = text.replace(&secret, "SECRET").replace(&encoded(&secret), "SECRET");
            }
            for of_its_own in ["x-trace-id", "location", "traceparent"] {
                answer.headers.remove(of_its_own);
            }
            seen.push((email, answer.headers, text, did));
        }
        let (_, headers, text, did) = &seen[0];
        for (email, other_headers, other_text, other_did) in &seen {
            assert_eq!((other_headers, other_text, other_did), (headers, text, did), "{email}");
        }
    }
}
