//! PostgreSQL behind PgBouncer in transaction mode, with less sessions than connections: whatever stays in a session meets somebody else.

use doorward::protocol::client::ClientType;

use crate::support::{Bouncer, Client, Database, Live, Server, binary, eventually, is_postgres, parallel, refused};

const SCOPE: &str = "scope=openid+email+offline_access";
const SESSIONS: &str =
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Signs in on this node, and goes from code to tokens and on.
async fn flow(server: Server, web: Client, service: Client, person: String) {
    let (web, service) = (web.on(&server), service.on(&server));
    let code = server.browser().code(&web, &person, SCOPE).await;
    let mut tokens = web.redeem(&code).await.ok();
    for _ in 0..3 {
        let token = tokens["refresh_token"].as_str().unwrap().to_owned();
        tokens = web.token(&[("grant_type", "refresh_token"), ("refresh_token", &token)]).await.ok();
        web.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
        service.credentials(&[]).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_flows_on_two_nodes_at_once_need_no_session_of_their_own() {
    if !is_postgres() {
        return;
    }
    let bouncer = Bouncer::start(2, "");
    let server = Server::on(Database::copy().await.behind(&bouncer.address)).await;
    let other = server.another_node().await;
    for number in 0..16 {
        server.db_user(&format!("p{number}@example.org")).await;
    }
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let begin = |number: usize| {
        let node = if number.is_multiple_of(2) { &server } else { &other };
        flow(node.clone(), web.clone(), service.clone(), format!("p{number}@example.org"))
    };
    parallel(16, begin).await;
    let sessions = server.database.db_number(SESSIONS).await;
    assert!((1..=2).contains(&sessions), "{sessions} sessions");

    // News of another node.
    other.poll().await;
    service.on(&other).credentials(&[]).await.ok();
    server.db_change_client(&service.id, |client| client.disabled_at = Some(server.clock.now())).await;
    other.poll().await;
    assert_eq!(service.on(&other).credentials(&[]).await.status, 401);

    // What has had its day goes, on both at once.
    server.turn(400 * 86_400);
    let now = server.clock.now();
    let clean = |number: usize| {
        let storage = if number == 0 { &server } else { &other }.app.storage.clone();
        async move { storage.clean(86_400, now).await.unwrap() }
    };
    assert!(parallel(2, clean).await.iter().sum::<u64>() > 16 * 5);
    for table in ["codes", "refresh_tokens", "sign_ins"] {
        assert_eq!(server.database.db_number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn migrations_go_to_postgresql_itself_and_are_refused_when_it_is_not_named() {
    if !is_postgres() {
        return;
    }
    let bouncer = Bouncer::start(2, "");
    let database = Database::empty().await.behind(&bouncer.address);
    let environment = Live::environment(&database);
    let undirected: Vec<_> = environment.iter().filter(|(name, _)| !name.ends_with("DIRECT_URL")).cloned().collect();
    let elsewhere =
        ("DOORWARD__DATABASE__DIRECT_URL".to_owned(), "postgres://doorward@127.0.0.1:1/doorward".to_owned());
    let misdirected = [undirected.as_slice(), &[elsewhere]].concat();
    let refusals: [(&Vec<_>, &[&str]); 4] = [
        (&undirected, Live::SERVE),
        (&undirected, &["migrate"]),
        (&undirected, &["config", "check"]),
        (&misdirected, &["migrate"]),
    ];
    for (settings, command) in refusals {
        let said = refused(database.folder.path(), settings, command);
        assert!(said.contains("database.direct_url"), "{said}");
    }
    let server = Live::serve(&database);
    assert_eq!(server.browser().get("/readyz").await.status, 200);
    drop(server);
    // Nothing is left to be done.
    let server = Live::run(database.folder.path(), undirected, Live::SERVE);
    assert_eq!(server.browser().get("/readyz").await.status, 200);
    server.command(&["client", "create", "--type", "service", "--name", "Reports"]);
}

#[tokio::test]
async fn who_takes_pgbouncer_for_postgresql_is_told_of_the_setting() {
    if !is_postgres() {
        return;
    }
    let strict = Bouncer::start(1, "");
    let lenient = Bouncer::start(1, "ignore_startup_parameters = extra_float_digits, options");
    for bouncer in [&strict, &lenient] {
        let database = Database::copy().await.behind(&bouncer.address);
        let environment: Vec<_> = Live::environment(&database)
            .into_iter()
            .filter(|(name, _)| !name.ends_with("DIRECT_URL") && !name.ends_with("POOLED"))
            .collect();
        // The lenient one gives the session of the first to the second.
        let mut tries = 0;
        let said = eventually("it is refused", async || {
            tries += 1;
            let folder = database.folder.path();
            let output = binary()
                .args(["config", "check"])
                .current_dir(folder)
                .envs(environment.iter().cloned())
                .output()
                .unwrap();
            (!output.status.success()).then(|| String::from_utf8(output.stderr).unwrap())
        });
        let said = said.await;
        assert!(said.contains("this is PgBouncer") && said.contains("database.pooled = true"), "{said}");
        assert!(tries < 5, "{tries} tries");
        let said = refused(database.folder.path(), &environment, Live::SERVE);
        assert!(said.contains("database.pooled = true"), "{said}");
    }
}

#[tokio::test]
async fn requests_that_find_no_session_in_time_are_told_to_come_again() {
    if !is_postgres() {
        return;
    }
    let bouncer = Bouncer::start(1, "");
    let mut database = Database::copy().await.behind(&bouncer.address);
    database.config.acquire_timeout = 1;
    let server = Server::on(database).await;
    let held = server.app.storage.begin().await.unwrap();
    assert!(server.app.storage.read().await.is_err());
    drop(held);
    let reads = async || server.app.storage.read().await.ok().map(drop);
    eventually("the session is free", reads).await;
}
