//! The registry: what is changed at once by several, what is wrong field by field, lists page by page, and what every change leaves.

mod at_once;
mod by_command;
mod client_secrets;
mod deletion;
mod faces;
mod identities;

use doorward::clock::Timestamp;
use doorward::protocol::audit::Act;
use doorward::protocol::client::ClientType;
use doorward::registry::{ClientChange, Error, NewClient, NewUser, UserChange};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub fn operator() -> Act {
    Act::of_operator(NOW)
}

fn web(name: &str) -> NewClient {
    NewClient {
        client_id: None,
        client_type: ClientType::Web,
        details: ClientChange {
            name: Some(name.to_owned()),
            redirect_uris: Some(vec!["https://rp.test/cb".to_owned()]),
            ..ClientChange::default()
        },
    }
}

fn person(email: &str) -> NewUser {
    NewUser {
        email: email.to_owned(),
        details: UserChange { name: Some("Ann Lee".to_owned()), ..UserChange::default() },
    }
}

/// The fields with which something is wrong.
#[track_caller]
fn wrong_fields<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<String> {
    match result {
        Err(Error::Invalid(problems)) => problems.iter().map(|problem| problem.field.clone()).collect(),
        other => panic!("not a matter of fields: {other:?}"),
    }
}
