//! A row is there exactly when that is which it records; a flood makes one row that counts it.

use doorward::protocol::audit::{Act, Actor, Event, Name, Noun, Origin, Outcome};
use doorward::protocol::device::Device;
use doorward::protocol::trace::TraceId;

use super::start;
use crate::support::Server;

const ROWS: &str = "SELECT COUNT(*) FROM audit";

async fn record(server: &Server, event: &Event) {
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.record(event).await.unwrap();
    transaction.commit().await.unwrap();
}

fn failure(server: &Server, address: &str) -> Event {
    let origin = Origin { address: address.parse().ok(), trace: TraceId::of([7; 16]), device: Device::default() };
    let act = Act::by(Actor::Nobody, origin, server.clock.now());
    Event::of(&act, Name::SignInFailed).ended_in(Outcome::Failure).counted()
}

#[tokio::test]
async fn a_transaction_that_is_not_committed_leaves_no_row_and_tells_nobody() {
    let server = start().await;
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hears = heard.clone();
    server.app.storage.tell_events_to(move |event| hears.lock().unwrap().push(event.name));
    let event = Event::of(&Act::of_operator(server.clock.now()), Name::ClientCreated).on(Noun::Client, "c");
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.record(&event).await.unwrap();
    drop(transaction);
    assert_eq!((server.database.db_number(ROWS).await, heard.lock().unwrap().len()), (0, 0));
    record(&server, &event).await;
    assert_eq!(server.database.db_number(ROWS).await, 1);
    assert_eq!(*heard.lock().unwrap(), [Name::ClientCreated]);
}

#[tokio::test]
async fn a_flood_of_failures_is_one_row_a_minute_for_each_network_and_person() {
    let server = start().await;
    for _ in 0..3 {
        record(&server, &failure(&server, "203.0.113.7").on(Noun::User, "u")).await;
    }
    record(&server, &failure(&server, "203.0.113.8").on(Noun::User, "u")).await;
    // Nobody's addresses are one row together, which names none of them.
    for hash in ["one", "one", "two", "one"] {
        record(&server, &failure(&server, "203.0.113.7").on(Noun::Address, hash)).await;
    }
    server.turn(60);
    record(&server, &failure(&server, "203.0.113.7").on(Noun::User, "u")).await;
    let count = async |sql: &str| server.database.db_number(&format!("{ROWS} WHERE {sql}")).await;
    assert_eq!(count("1 = 1").await, 4);
    assert_eq!(count("times = 3 AND subject = 'user:u' AND network = '203.0.113.7'").await, 1);
    assert_eq!(count("times = 4 AND subject IS NULL AND user_id IS NULL").await, 1);
    assert_eq!(count("times = 1 AND user_id = 'u' AND outcome = 'failure' AND actor = 'nobody'").await, 2);
}
