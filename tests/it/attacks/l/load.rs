//! Many at once, and rows that nobody needs any more.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;

use super::{of, rows};
use crate::attacks::{ANN, encoded, refresh, text, tokens};
use crate::support::{PASSWORD, Server, filled, login_form, parallel, rounds};

/// Of five hundred sign-ins at once, a hundred of them from one office, as many are hashed at a time as there are cores; the rest waits in a queue of a fixed
/// length, in which the office has its share and no more, or gets 503 with `Retry-After`; and tokens are given out meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l1_five_hundred_sign_ins_at_once_wait_in_a_bounded_queue() {
    const OFFICE: &str = "192.0.2.1";
    let server = Server::with(|config| {
        (config.password.queue, config.password.queue_share) = (64, 4);
        // So that a hash takes longer than an arrival.
        (config.password.memory_kib, config.password.iterations) = (1024, 16);
        // What is counted of an office is each account, so that its people wait for the queue alone.
        config.limits.trusted_networks = vec![OFFICE.parse().unwrap()];
        config.limits.tokens_per_minute = 0;
    })
    .await;
    server.db_user(ANN).await;
    let scopes = ScopeSet::parse("job").unwrap();
    let service = server.db_client(ClientType::Service, |c| c.scopes = scopes).await;
    let (browser, form) = login_form(&server).await;
    let hasher = &server.app.hasher;
    let before = hasher.hashes_computed();
    let (arriving, empty) = (browser.clone(), form.clone());
    let people = tokio::spawn(parallel(500, move |at| {
        let (mut browser, name) = (arriving.clone(), format!("nobody-{at}@example.org"));
        let form = filled(&empty, &name, "wrong wrong wrong wrong");
        browser.address = if at % 5 == 0 { OFFICE.to_owned() } else { format!("10.0.{}.{}", at / 250, at % 250) };
        async move { browser.submit(&form).await }
    }));
    let (cores, mut meanwhile) = (std::thread::available_parallelism().unwrap().get(), 0);
    while !people.is_finished() {
        let (running, waiting) = hasher.under_way();
        assert!(running <= cores && waiting <= 64, "{running} {waiting}");
        service.credentials(&[]).await.ok();
        meanwhile += usize::from(waiting > 0);
    }
    assert!(meanwhile >= 1, "no token was asked for while passwords waited");
    let people = people.await.unwrap();
    let told = |words: &str| people.iter().filter(|answer| format!("{:?}", answer.reason).contains(words)).count();
    let (of_all, of_one) =
        (told("too many passwords wait to be hashed"), told("too many passwords from one network wait to be hashed"));
    assert!(of_all >= 1 && of_one >= 1, "no place: {of_all}, no place for the office: {of_one}");
    let mut wrong = 0;
    for answer in &people {
        if answer.status == 400 {
            answer.refused_page(400, Rejection::WrongCredentials);
            wrong += 1;
        } else {
            assert_eq!(answer.status, 503);
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
    }
    assert_eq!(hasher.hashes_computed() - before, wrong);
    // The queue is empty again: the next one is served.
    let mut next = browser;
    next.address = "10.9.9.9".to_owned();
    assert_eq!(next.submit(&filled(&form, ANN, PASSWORD)).await.status, 303);
}

/// Requests of strangers leave no row, however many there are: what is pending travels sealed with the browser.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l5_requests_without_a_sign_in_leave_no_row() {
    // As many from one address as a network may not ask for.
    let server = Server::with(|config| config.limits.authorizations_per_minute = 0).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let before = rows(&server).await;
    let each = rounds(100, 10_000);
    parallel(100, |at| {
        let (mut browser, url) = (server.browser(), client.authorization_url(""));
        browser.address = format!("10.1.0.{at}");
        async move {
            let mut last = String::new();
            for _ in 0..each {
                browser.cookies.clear();
                last = browser.get(&url).await.location();
                assert!(last.starts_with("/login?request="), "{last}");
            }
            assert!(browser.visit(&last).await.has("#login-submit"));
        }
    })
    .await;
    assert_eq!(rows(&server).await, before);
}

/// Class: what strangers leave behind: refused requests of every kind write nothing but what counts failures, which is bounded; accounts that a network makes
/// are limited in number.
#[tokio::test]
async fn l9_strangers_leave_nothing_but_bounded_counters() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let before = rows(&server).await;
    let (mut browser, form) = login_form(&server).await;
    for at in 0..60 {
        let mut stranger = client.clone();
        stranger.secret = Some(format!("wrong-{at}"));
        stranger.redeem("x").await;
        stranger.id = format!("nobody-{at}");
        stranger.credentials(&[]).await;
        client.redeem(&format!("code-{at}")).await;
        refresh(&client, &format!("token-{at}")).await;
        client.post("/revoke", &[("token", &format!("x-{at}"))]).await;
        client.post("/introspect", &[("token", &format!("x-{at}"))]).await;
        server.get(&format!("/userinfo?x={at}")).await;
        server.get(&format!("/nowhere/{at}")).await;
        server.get(&format!("/authorize?client_id={at}")).await;
        server.get(&format!("/logout?client_id={at}&post_logout_redirect_uri=x")).await;
        server.get(&client.authorization_url(&format!("state={at}&scope=nothing"))).await;
        browser.get(&format!("/authorize/continue?request={at}")).await;
        browser.submit(&filled(&form, &format!("nobody-{at}@example.org"), "wrong wrong wrong wrong")).await;
        let mut cookie = server.browser();
        cookie.cookies.insert("doorward_sign_in".to_owned(), format!("x{at}"));
        cookie.get("/account").await;
    }
    let after = rows(&server).await;
    for ((table, before), (_, after)) in before.iter().zip(&after) {
        // Failures are counted, and told: by network and account, and folded to a row a minute.
        let counts =
            ["attempt_counters", "sign_in_failures", "events", "audit", "audit_events"].contains(&table.as_str());
        assert!(before == after || (counts && after - before <= 60), "{table}: {before} to {after}");
    }
    let limits = doorward::config::Config::load(None, []).unwrap().limits;
    let most = limits.registrations_per_hour;
    let node = server.another_node_with(|config| config.limits.registrations_per_hour = most).await;
    let mut made = 0;
    for at in 0..30 {
        let mut browser = node.browser();
        let page = browser.visit("/register").await;
        let form = page.form("#register-submit").with("name", "New").with("email", &format!("new-{at}@example.org"));
        let answer = browser.submit(&form.with("password", PASSWORD)).await;
        made += i64::from(answer.status == 303);
        if answer.status != 303 {
            answer.refused_in(429, &[Rejection::TooManyRegistrations]);
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
    }
    assert!((1..=10).contains(&made), "{made} accounts from one network at once");
    assert_eq!(of(&rows(&server).await, "users") - of(&after, "users"), made);
}

/// What has expired is removed while the server is in use, again and again: after ten days of the same traffic there is no more than after two.
#[tokio::test]
async fn l10_what_has_expired_goes_away() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Native, |_| {}).await;
    let mut sizes = Vec::new();
    // A person who comes each quarter of a year, signs in, refreshes, mistypes, revokes and signs out.
    for _ in 0..8 {
        let mut browser = server.browser();
        let (mut stranger, form) = login_form(&server).await;
        stranger.submit(&filled(&form, ANN, "wrong wrong wrong wrong")).await;
        let given = tokens(&mut browser, &client).await;
        browser.code(&client, ANN, "").await;
        let next = refresh(&client, &text(&given, "refresh_token")).await.ok();
        refresh(&client, &text(&next, "refresh_token")).await.ok();
        client.post("/revoke", &[("token", &text(&next, "access_token"))]).await;
        let denied = browser.visit(&client.authorization_url("state=denied")).await;
        browser.press(&denied.form("#deny")).await;
        let account = browser.visit("/account").await;
        browser.press(&account.form("#sign-out")).await;
        server.turn(91 * 86_400);
        server.poll().await;
        for _ in 0..5 {
            server.app.storage.clean(server.app.config.sign_in.idle, server.clock.now()).await.unwrap();
        }
        let mut rows = rows(&server).await;
        // The record of what happened is kept for longer, by its own setting.
        rows.retain(|(table, _)| !table.contains("audit") && table != "events");
        sizes.push(rows);
    }
    assert_eq!(sizes[1], sizes[7], "a table only grows");
    assert_eq!(of(&sizes[7], "codes") + of(&sizes[7], "refresh_tokens") + of(&sizes[7], "revoked_tokens"), 0);
    assert_eq!(of(&sizes[7], "sign_ins"), 0);
}

/// Rows that no version of ours wrote, as a broken or hostile database would give them: the request fails, with a page or JSON that tells nothing, and the
/// process goes on serving what it can.
#[tokio::test]
async fn l11_a_damaged_database_is_a_failure_and_no_panic() {
    let damages = [
        "UPDATE clients SET redirect_uris = 'not json'",
        "UPDATE clients SET scopes = 'a\"b'",
        "UPDATE clients SET client_type = 'of tomorrow'",
        "UPDATE clients SET metadata = '[]'",
        "UPDATE users SET roles = '{'",
        "UPDATE users SET claims = 'null'",
        "UPDATE users SET password_hash = 'not a hash'",
        "UPDATE users SET password_hash = '$argon2id$v=19$m=4294967295,t=4294967295,p=16777215$c29tZXNhbHQ$aGFzaA'",
        "UPDATE users SET created_at = 9223372036854775807",
        "UPDATE sign_ins SET proofs = 'x'",
        "UPDATE sign_ins SET created_at = -9223372036854775807",
        "UPDATE grants SET scopes = 'a\"b'",
        "UPDATE grants SET cnf = '['",
        "UPDATE refresh_tokens SET expires_at = 9223372036854775807",
    ];
    for damage in damages {
        let server = Server::start().await;
        server.db_user(ANN).await;
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let mut browser = server.browser();
        let given = tokens(&mut browser, &client).await;
        let code = browser.code(&client, ANN, "").await;
        assert!(server.database.db_execute(damage).await >= 1, "{damage}");
        // A node that has read nothing of it yet.
        let node = server.another_node().await;
        let (mut there, client) = (browser.at(&node), client.on(&node));
        let (mut stranger, form) = login_form(&node).await;
        for (what, answer) in [
            ("account", there.get("/account").await),
            ("a request", there.get(&client.authorization_url("")).await),
            ("a sign-in", stranger.submit(&filled(&form, ANN, PASSWORD)).await),
            ("a code", client.redeem(&code).await),
            ("a refresh", refresh(&client, &text(&given, "refresh_token")).await),
            ("userinfo", client.userinfo(&text(&given, "access_token")).await),
            ("introspection", client.post("/introspect", &[("token", &text(&given, "access_token"))]).await),
            ("a hint", node.get(&format!("/logout?id_token_hint={}", encoded(&text(&given, "id_token")))).await),
        ] {
            let reason = format!("{:?}", answer.reason);
            assert!(!reason.contains("panic"), "{damage}: {what}: {reason}");
            for word in ["not json", "a\"b", "of tomorrow", "SELECT", "column", "serde"] {
                assert!(!answer.text().contains(word), "{damage}: {what} says {word}");
            }
        }
        assert_eq!(node.get("/healthz").await.status, 200, "{damage}");
        assert_eq!(node.get("/.well-known/jwks.json").await.status, 200, "{damage}");
    }
}
