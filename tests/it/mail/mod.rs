//! Mails: what they say, how they wait, and how they leave.

mod alerts;
mod commands;
mod killed;
mod look;
mod outbox;
mod smtp;

use doorward::protocol::message::{About, Carried, Message, Occasion};
use doorward::protocol::network::ClientNetwork;
use doorward::protocol::ticket::Purpose;
use doorward::storage::NewMail;

use crate::support::Server;

/// A message about this to an address, decided on now.
pub fn message(server: &Server, to: &str, about: About) -> Message {
    let occasion = Occasion {
        at: server.app.now(),
        network: Some("203.0.113.7".to_owned()),
        device: Some("Firefox on Linux".to_owned()),
    };
    Message { to: to.to_owned(), about, occasion, ticket: None }
}

/// What a mail is about that carries a ticket, with a link that can be told from others.
pub fn carrying(purpose: Purpose, link: &str, of: Option<&str>) -> About {
    let code = purpose.has_code().then(|| "BCDF-GHJK".to_owned());
    let link = format!("http://localhost:8000{link}");
    About::Ticket(Carried { purpose, link, code, of: of.map(str::to_owned) })
}

/// A reset of a password.
pub fn reset(mark: &str) -> About {
    carrying(Purpose::Reset, &format!("/recover/link?ticket={mark}"), None)
}

/// Enqueues a message that nobody asked for; whether it will be sent.
pub async fn enqueue(server: &Server, message: &Message) -> bool {
    enqueue_for(server, message, None).await
}

/// Enqueues a message that somebody at this address asked for; whether it will be sent.
pub async fn enqueue_from(server: &Server, message: &Message, address: &str) -> bool {
    enqueue_for(server, message, Some(ClientNetwork::of(address.parse().ok()))).await
}

async fn enqueue_for(server: &Server, message: &Message, asked_from: Option<ClientNetwork>) -> bool {
    let mut transaction = server.app.storage.begin().await.unwrap();
    let now = server.app.now();
    let mail = NewMail { message, user_id: None, asked_from, language: "en", expires_at: None, now };
    let done = transaction.enqueue(&mail).await.unwrap();
    transaction.commit().await.unwrap();
    done
}
