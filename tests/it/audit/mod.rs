//! The audit record: what is written of what happens, when, and by whom.

mod commands;
mod flows;
mod providers;
mod recording;
mod sealing;

use std::ops::Index;

use serde_json::Value;

use crate::support::Server;

/// A row as it stands in the database.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    event: String,
    actor: String,
    subject: Option<String>,
    user_id: Option<String>,
    client_id: Option<String>,
    network: Option<String>,
    trace: Option<String>,
    outcome: String,
    times: i64,
    #[sqlx(try_from = "String")]
    details: Details,
}

/// The JSON of a row's details.
#[derive(Debug)]
struct Details(Value);

impl TryFrom<String> for Details {
    type Error = serde_json::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        serde_json::from_str(&text).map(Self)
    }
}

impl Index<&str> for Details {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        &self.0[name]
    }
}

impl Row {
    fn what(&self) -> &str {
        &self.event
    }
}

/// A server whose record is empty: the key that it signs with was made before.
async fn start() -> Server {
    let server = Server::start().await;
    let before = take(&server).await;
    assert_eq!(before.iter().map(Row::what).collect::<Vec<_>>(), ["key.created"]);
    server
}

/// All rows, in their order.
async fn rows(server: &Server) -> Vec<Row> {
    const ALL: &str = "SELECT event, actor, subject, user_id, client_id, network, trace, outcome, times, details FROM audit ORDER BY id";
    server.database.db_rows(ALL).await
}

/// All rows, which are gone then: what comes next is all that there is.
async fn take(server: &Server) -> Vec<Row> {
    let rows = rows(server).await;
    server.database.db_execute("DELETE FROM audit").await;
    rows
}
