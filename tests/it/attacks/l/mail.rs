//! Mails that strangers ask for.

use doorward::protocol::message::{About, Message, Occasion};
use doorward::storage::NewMail;

use crate::attacks::ANN;
use crate::support::Server;

/// Of a hundred asked for at one address within an hour, as many are sent as the settings say, whichever node is asked; what another address gets, and
/// what the person is to be told whatever else is sent, is not touched by it; and a day of asking sends no more than a day's number.
#[tokio::test]
async fn l8_a_hundred_asked_for_at_one_address_are_a_few() {
    let server = Server::with_mail(|_| {}).await;
    let nodes = [server.clone(), server.another_node().await];
    for hour in 0..24 {
        let mut sent = 0;
        for at in 0..100 {
            sent += i32::from(enqueue(&nodes[at % 2], ANN).await);
        }
        assert_eq!(sent, if hour < 3 { 10 } else { 0 }, "hour {hour}");
        assert!(enqueue(&server, &format!("b{hour}@example.org")).await);
        server.turn(3600);
    }
    assert!(enqueue(&server, ANN).await);
    assert_eq!(server.db_mails_waiting().await, 30 + 24 + 1);
}

async fn enqueue(server: &Server, to: &str) -> bool {
    let now = server.app.now();
    let message = Message { to: to.to_owned(), about: About::Test, occasion: Occasion::here(now), ticket: None };
    let mail = NewMail { message: &message, user_id: None, language: "en", expires_at: None, now };
    let mut transaction = server.app.storage.begin().await.unwrap();
    let done = transaction.enqueue(&mail).await.unwrap();
    transaction.commit().await.unwrap();
    done
}
