//! Mails that strangers ask for.

use doorward::protocol::message::About;
use doorward::protocol::ticket::Purpose;

use crate::attacks::ANN;
use crate::mail::{carrying, enqueue, enqueue_from, message};
use crate::support::Server;

/// Of a hundred asked for at one address within an hour, as many are sent as the settings say, whichever node is asked; a day of asking sends no
/// more than a day's number; and neither what another address gets, nor what its owner asks for from elsewhere, is touched by it.
#[tokio::test]
async fn l8_a_hundred_asked_for_at_one_address_are_a_few() {
    let server = Server::with_mail(|_| {}).await;
    let nodes = [server.clone(), server.another_node().await];
    let test = |to: &str| message(&server, to, About::Test);
    for hour in 0..24 {
        let mut sent = 0;
        for at in 0..100 {
            sent += i32::from(enqueue_from(&nodes[at % 2], &test(ANN), "203.0.113.7").await);
        }
        assert_eq!(sent, if hour < 2 { 5 } else { 0 }, "hour {hour}");
        assert!(enqueue_from(&server, &test(&format!("b{hour}@example.org")), "203.0.113.7").await);
        server.turn(3600);
    }
    assert!(enqueue_from(&server, &test(ANN), "203.0.113.7").await);
    assert_eq!(server.db_mails_waiting().await, 10 + 24 + 1);
}

/// Whoever asks for very many, from one network or one customer's /48, leaves the owner theirs. From all networks together there is an end, too.
#[tokio::test]
async fn l8_who_asks_for_many_uses_up_nothing_of_what_the_owner_may_ask_for() {
    let server = Server::with_mail(|_| {}).await;
    let test = message(&server, ANN, About::Test);
    let mut sent = 0;
    for at in 0..30 {
        sent += i32::from(enqueue_from(&server, &test, &format!("2001:db8:1:{at:x}::1")).await);
    }
    assert_eq!(sent, 5);
    for at in 0..30 {
        sent += i32::from(enqueue_from(&server, &test, &format!("203.0.113.{}", at % 3)).await);
    }
    assert_eq!(sent, 20);
    assert!(enqueue_from(&server, &test, "198.51.100.7").await);
    for at in 0..100 {
        sent += i32::from(enqueue_from(&server, &test, &format!("203.0.113.{at}")).await);
    }
    assert_eq!(sent + 1, 40);
    let own = message(&server, ANN, carrying(Purpose::Confirm, "/mail?ticket=x", None));
    assert!(enqueue_from(&server, &own, "198.51.100.8").await, "whoever is signed in is counted by themselves");
    assert!(enqueue(&server, &test).await, "what an operator sends is counted with nothing");
}
