//! Sealing: what is changed, removed, added or moved afterwards shows, row by row; what is removed for its age leaves the rest verifiable.

use doorward::jobs::audit::{AuditRecord, Verified};
use doorward::jobs::signing_keys::SigningKeys;
use doorward::protocol::audit::{Act, Actor, Event, Name, Noun, Origin, Outcome};
use doorward::protocol::device::Device;
use doorward::protocol::trace::TraceId;
use doorward::sealing::MasterKey;

use super::start;
use crate::support::{MASTER_KEY, Server, parallel};

/// Records so many changes of clients.
async fn record(server: &Server, count: usize) {
    let mut transaction = server.app.storage.begin().await.unwrap();
    for number in 0..count {
        let act = Act::of_operator(server.clock.now());
        let event = Event::of(&act, Name::ClientChanged).on(Noun::Client, &format!("c{number}"));
        transaction.record(&event).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

async fn seal(server: &Server) -> usize {
    server.app.audit.seal(server.clock.now()).await.unwrap()
}

async fn verify(server: &Server) -> Verified {
    server.app.audit.verify(None).await.unwrap()
}

async fn number(server: &Server, sql: &str) -> i64 {
    server.database.db_number(sql).await
}

/// Three batches of three rows.
async fn sealed() -> Server {
    let server = start().await;
    for _ in 0..3 {
        record(&server, 3).await;
        assert_eq!(seal(&server).await, 3);
        server.turn(10);
    }
    let found = verify(&server).await;
    assert_eq!((found.batches, found.sealed, found.unsealed, found.faults.len()), (3, 9, 0, 0));
    server
}

#[tokio::test]
async fn whatever_is_done_to_a_sealed_row_or_batch_shows() {
    let cases: &[(&str, &str)] = &[
        ("UPDATE audit SET outcome = 'failure' WHERE id = (SELECT MIN(id) FROM audit WHERE batch = 2)", "was changed"),
        ("UPDATE audit SET times = 2 WHERE id = (SELECT MIN(id) FROM audit WHERE batch = 1)", "was changed"),
        (
            "UPDATE audit SET details = '{\"a\":1}' WHERE id = (SELECT MAX(id) FROM audit WHERE batch = 3)",
            "was changed",
        ),
        ("UPDATE audit SET network = '' WHERE id = (SELECT MAX(id) FROM audit WHERE batch = 3)", "was changed"),
        ("DELETE FROM audit WHERE id = (SELECT MIN(id) FROM audit WHERE batch = 2)", "was removed"),
        ("UPDATE audit SET batch = 3 WHERE id = (SELECT MIN(id) FROM audit WHERE batch = 2)", "was added"),
        ("UPDATE audit SET batch = NULL WHERE batch = 1", "was removed"),
        (
            "INSERT INTO audit (at, event, actor, outcome, details, batch) VALUES (0, 'x', 'x', 'success', '{}', 2)",
            "added",
        ),
        // The contents of two rows change places.
        (
            "UPDATE audit SET subject = CASE subject WHEN 'client:c0' THEN 'client:c1' ELSE 'client:c0' END WHERE batch = 2 \
          AND subject IN ('client:c0', 'client:c1')",
            "was changed",
        ),
        ("DELETE FROM audit WHERE batch = 2", "was removed"),
        ("DELETE FROM audit_batches WHERE batch = 2", "batch 2 was removed"),
        ("DELETE FROM audit_batches WHERE batch = 1", "batch 1 was removed"),
        ("UPDATE audit_batches SET seals = '[]' WHERE batch = 2", "batch 2: it was changed"),
        ("UPDATE audit_batches SET anchor = hash WHERE batch = 1", "and not by the clean-up"),
        ("UPDATE audit_batches SET hash = 'x' WHERE batch = 3", "batch 3: it was changed"),
        ("UPDATE audit SET batch = 9 WHERE batch = 3", "is of a batch that is not there"),
    ];
    for (sql, expected) in cases {
        let server = sealed().await;
        assert!(server.database.db_execute(sql).await > 0, "{sql}");
        let found = verify(&server).await;
        assert!(found.faults.iter().any(|fault| fault.contains(expected)), "{sql}: {:?}", found.faults);
    }
}

#[tokio::test]
async fn the_newest_batches_can_go_unseen_only_by_whoever_did_not_note_the_head() {
    let server = sealed().await;
    let noted = verify(&server).await.head.unwrap();
    server.database.db_execute("DELETE FROM audit WHERE batch = 3").await;
    server.database.db_execute("DELETE FROM audit_batches WHERE batch = 3").await;
    assert_eq!(verify(&server).await.faults, Vec::<String>::new());
    let found = server.app.audit.verify(Some(&noted)).await.unwrap();
    assert_eq!(found.faults, ["batch 3 is not the one that was noted"]);
    record(&server, 3).await;
    seal(&server).await;
    let found = server.app.audit.verify(Some(&noted)).await.unwrap();
    assert_eq!(found.faults, ["batch 3 is not the one that was noted"]);
}

#[tokio::test]
async fn a_row_that_counts_a_flood_is_sealed_when_its_minute_is_over_and_counts_no_more_then() {
    let server = start().await;
    let failure = |server: &Server| {
        let origin =
            Origin { address: "203.0.113.7".parse().ok(), trace: TraceId::of([7; 16]), device: Device::default() };
        let act = Act::by(Actor::Nobody, origin, server.clock.now());
        Event::of(&act, Name::SignInFailed).ended_in(Outcome::Failure).on(Noun::User, "u").counted()
    };
    let fail = async |event: &Event| {
        let mut transaction = server.app.storage.begin().await.unwrap();
        transaction.record(event).await.unwrap();
        transaction.commit().await.unwrap();
    };
    let early = failure(&server);
    fail(&early).await;
    assert_eq!(seal(&server).await, 0);
    fail(&early).await;
    server.turn(300);
    assert_eq!(seal(&server).await, 1);
    // From a node whose clock is far behind.
    fail(&early).await;
    assert_eq!(number(&server, "SELECT COUNT(*) FROM audit WHERE times = 2 AND batch = 1").await, 1);
    assert_eq!(number(&server, "SELECT COUNT(*) FROM audit WHERE times = 1 AND batch IS NULL").await, 1);
    assert_eq!(verify(&server).await.faults, Vec::<String>::new());
}

#[tokio::test]
async fn old_batches_go_whole_and_the_rest_stays_verifiable() {
    let server = sealed().await;
    let year = server.app.config.audit.retention;
    assert_eq!(server.app.audit.prune(server.clock.now()).await.unwrap(), 0);
    server.turn(year - 20);
    record(&server, 2).await;
    seal(&server).await;
    // By now the first batch is older than a year, and the second one is in ten seconds.
    assert_eq!(server.app.audit.prune(server.clock.now()).await.unwrap(), 3);
    let found = verify(&server).await;
    assert_eq!((found.removed_through, found.batches, found.sealed), (Some(1), 3, 8));
    assert_eq!(found.faults, Vec::<String>::new());
    // Everything but an unsealed row.
    server.turn(year + 1);
    record(&server, 1).await;
    assert_eq!(server.app.audit.prune(server.clock.now()).await.unwrap(), 8);
    assert_eq!(number(&server, "SELECT COUNT(*) FROM audit_batches").await, 1);
    assert_eq!(seal(&server).await, 1);
    let found = verify(&server).await;
    assert_eq!((found.removed_through, found.sealed, found.head.unwrap().0), (Some(4), 1, 5));
    assert_eq!(found.faults, Vec::<String>::new());
    // The anchor says which ones we have removed, and no others.
    server.database.db_execute("DELETE FROM audit WHERE batch = 5").await;
    server
        .database
        .db_execute(
            "UPDATE audit_batches SET anchor = (SELECT anchor FROM audit_batches WHERE batch = 4) WHERE batch = 5",
        )
        .await;
    server.database.db_execute("DELETE FROM audit_batches WHERE batch = 4").await;
    assert_eq!(verify(&server).await.faults.len(), 2);
}

#[tokio::test]
async fn what_is_not_as_it_was_written_is_not_removed_however_old_it_says_it_is() {
    let year = 366 * 86_400;
    let cases: &[(i64, &str, &str)] = &[
        (0, "UPDATE audit_batches SET newest_at = 0", "batch 1: the time of its newest row was changed"),
        (
            0,
            "UPDATE audit_batches SET newest_at = 0 WHERE batch = 1",
            "batch 1: the time of its newest row was changed",
        ),
        (year, "UPDATE audit SET outcome = 'failure' WHERE batch = 1", "was changed"),
        (0, "UPDATE audit SET at = 0 WHERE batch = 1", "was changed"),
        (year, "DELETE FROM audit WHERE id = (SELECT MIN(id) FROM audit WHERE batch = 1)", "was removed"),
        (year, "UPDATE audit SET batch = 1 WHERE batch = 3", "was added"),
        (year, "UPDATE audit_batches SET seals = '[]' WHERE batch = 1", "batch 1: it was changed"),
        (year, "UPDATE audit_batches SET hash = 'x' WHERE batch = 1", "batch 1: it was changed"),
        (year, "UPDATE audit_batches SET anchor = hash WHERE batch = 1", "and not by the clean-up"),
        (year, "DELETE FROM audit_batches WHERE batch = 1", "batch 1 was removed"),
    ];
    for (age, sql, expected) in cases {
        let server = sealed().await;
        server.turn(*age);
        assert!(server.database.db_execute(sql).await > 0, "{sql}");
        let before = number(&server, "SELECT COUNT(*) FROM audit").await;
        for _ in 0..2 {
            server.app.audit.prune(server.clock.now()).await.unwrap();
        }
        let found = verify(&server).await;
        assert!(found.faults.iter().any(|fault| fault.contains(expected)), "{sql}: {:?}", found.faults);
        assert_eq!(number(&server, "SELECT COUNT(*) FROM audit").await, before, "{sql}");
    }
    // What is older than the one that was changed goes, and nothing from that on.
    let later =
        ["UPDATE audit SET actor = 'x' WHERE batch = 2", "UPDATE audit_batches SET anchor = hash WHERE batch = 2"];
    for sql in later {
        let server = sealed().await;
        server.turn(year);
        server.database.db_execute(sql).await;
        assert_eq!(server.app.audit.prune(server.clock.now()).await.unwrap(), 3, "{sql}");
        let found = verify(&server).await;
        assert_eq!((found.removed_through, found.faults.is_empty()), (Some(1), false), "{sql}");
        assert_eq!(number(&server, "SELECT COUNT(*) FROM audit").await, 6, "{sql}");
    }
}

#[tokio::test]
async fn batches_before_the_first_one_are_none_of_ours() {
    let server = sealed().await;
    let added = "INSERT INTO audit_batches (batch, sealed_at, newest_at, seals, hash) VALUES (0, 0, 0, '[]', 'x')";
    server.database.db_execute(added).await;
    let row = "INSERT INTO audit (at, event, actor, outcome, details, batch) VALUES (0, 'x', 'x', 'success', '{}', 0)";
    server.database.db_execute(row).await;
    let found = verify(&server).await;
    assert!(found.faults.iter().any(|fault| fault.contains("is of a batch that is not there")), "{:?}", found.faults);
    server.turn(366 * 86_400);
    assert_eq!(server.app.audit.prune(server.clock.now()).await.unwrap(), 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_check_beside_the_clean_up_finds_nothing_wrong() {
    let server = start().await;
    for _ in 0..60 {
        record(&server, 1).await;
        seal(&server).await;
    }
    server.turn(366 * 86_400);
    let is_done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let faults = parallel(5, |at| {
        let (server, is_done) = (server.clone(), is_done.clone());
        async move {
            if at == 0 {
                let gone = server.app.audit.prune(server.clock.now()).await;
                is_done.store(true, std::sync::atomic::Ordering::SeqCst);
                assert_eq!(gone.unwrap(), 60);
            }
            let mut faults = Vec::new();
            while !is_done.load(std::sync::atomic::Ordering::SeqCst) {
                faults.extend(verify(&server).await.faults);
            }
            faults
        }
    })
    .await;
    assert_eq!(faults.concat(), Vec::<String>::new());
}

#[tokio::test]
async fn rows_are_kept_for_ever_when_the_settings_say_so() {
    let server = Server::with(|config| config.audit.retention = 0).await;
    seal(&server).await;
    server.turn(100 * 366 * 86_400);
    assert_eq!(server.app.audit.prune(server.clock.now()).await.unwrap(), 0);
}

#[tokio::test]
async fn two_nodes_that_seal_at_once_seal_each_row_once() {
    let server = start().await;
    let other = server.another_node().await;
    record(&server, 1000).await;
    let nodes = [server.clone(), other.clone(), server.clone(), other];
    let counts = parallel(8, |turn| {
        let node = nodes[turn % nodes.len()].clone();
        async move { seal(&node).await }
    })
    .await;
    assert_eq!(counts.iter().sum::<usize>(), 1000, "{counts:?}");
    let found = verify(&server).await;
    assert_eq!((found.batches, found.sealed, found.unsealed), (5, 1000, 0));
    assert_eq!(found.faults, Vec::<String>::new());
}

#[tokio::test]
async fn one_node_at_a_time_has_the_turn() {
    let server = start().await;
    let other = server.another_node().await;
    record(&server, 450).await;
    assert_eq!(server.app.audit.run(server.clock.now()).await.unwrap(), 450);
    record(&server, 1).await;
    assert_eq!(other.app.audit.run(server.clock.now()).await.unwrap(), 0);
    server.turn(10);
    assert_eq!(other.app.audit.run(server.clock.now()).await.unwrap(), 1);
}

#[tokio::test]
async fn another_master_key_leaves_the_record_verifiable_and_a_wrong_one_does_not() {
    let server = sealed().await;
    let (own, new) = (MasterKey::parse(MASTER_KEY).unwrap(), MasterKey::generate());
    let storage = server.app.storage.clone();
    let with = |master: &MasterKey| AuditRecord::new(storage.clone(), master, 0);
    assert!(with(&new).verify(None).await.is_err());
    let both = new.clone().accepting(&own);
    let keys = SigningKeys::open(storage.clone(), &both, &server.app.config).await.unwrap();
    keys.rewrap(server.clock.now()).await.unwrap();
    let found = with(&new).verify(None).await.unwrap();
    assert_eq!((found.batches, found.faults), (3, Vec::new()));
    assert!(with(&own).verify(None).await.is_err());
    assert_eq!(with(&new).seal(server.clock.now()).await.unwrap(), 1, "the change itself");
    assert_eq!(with(&new).verify(None).await.unwrap().faults, Vec::<String>::new());
}

#[tokio::test]
async fn without_its_key_nothing_more_is_sealed() {
    let server = sealed().await;
    server.database.db_execute("DELETE FROM meta WHERE name = 'audit_key'").await;
    record(&server, 1).await;
    let other = server.another_node().await;
    assert!(other.app.audit.seal(server.clock.now()).await.is_err());
    assert!(other.app.audit.verify(None).await.is_err());
}
