//! Mails: what they say, how they wait, and how they leave.

mod alerts;
mod commands;
mod killed;
mod look;
mod outbox;
mod smtp;

use doorward::protocol::message::{About, Message, Occasion};
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

/// A reset of a password with a link that can be told from others.
pub fn reset(mark: &str) -> About {
    let link = format!("http://localhost:8000/recover/link?ticket={mark}");
    About::Reset { link, code: Some("BCDF-GHJK".to_owned()), minutes: 30 }
}

/// Enqueues a message; whether it will be sent.
pub async fn enqueue(server: &Server, message: &Message) -> bool {
    let mut transaction = server.app.storage.begin().await.unwrap();
    let now = server.app.now();
    let mail = NewMail { message, user_id: None, language: "en", expires_at: None, now };
    let done = transaction.enqueue(&mail).await.unwrap();
    transaction.commit().await.unwrap();
    done
}
