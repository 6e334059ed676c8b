//! The audit record in words that a layman reads. Rows that say nothing to the person are left out, and failed sign-ins in a row are one
//! line: what counts is how often, and when last.

use serde_json::Value;

use super::audit::seal::Row;
use crate::clock::Timestamp;

/// A line of a person's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When; of several, the last time.
    pub at: Timestamp,
    /// What happened: a sentence, before which stands the name of the application when there is one.
    pub words: String,
    /// The `client_id` of the application that it is about.
    pub client_id: Option<String>,
    /// From which network.
    pub network: Option<String>,
    /// Whether the person ought to look at it twice.
    pub is_grave: bool,
}

/// The lines that these rows make, in their order.
pub fn told(rows: &[Row]) -> Vec<Told> {
    let mut lines = Vec::new();
    let mut rows = rows.iter().peekable();
    while let Some(row) = rows.next() {
        let mut times = row.times;
        while row.event == FAILED
            && let Some(before) = rows.next_if(|before| before.event == FAILED && before.network == row.network)
        {
            times = times.saturating_add(before.times);
        }
        let Some((words, is_grave)) = words(row, times) else { continue };
        lines.push(Told {
            at: Timestamp::from_seconds(row.at),
            words,
            client_id: row.client_id.clone(),
            network: row.network.clone().filter(|_| row.actor != "operator"),
            is_grave,
        });
    }
    lines
}

const FAILED: &str = "sign_in.failed";

/// What a row says to its person, and whether that is grave.
fn words(row: &Row, times: i64) -> Option<(String, bool)> {
    let details: Value = serde_json::from_str(&row.details).unwrap_or_default();
    let by_operator = row.actor == "operator";
    let (words, is_grave) = match row.event.as_str() {
        "sign_in.succeeded" if details["renewed"] == Value::Bool(true) => {
            ("You proved once more that it is you.", false)
        }
        "sign_in.succeeded" => ("You signed in.", false),
        FAILED if times > 1 => return Some((format!("Somebody failed {times} times to sign in as you."), true)),
        FAILED => ("Somebody failed to sign in as you.", true),
        "sign_in.ended" => (ended(details["reason"].as_str().unwrap_or_default()), false),
        "sign_in.sprayed" => ("Failed attempts to sign in as you came from many networks.", true),
        "lockout.began" => {
            ("After failed attempts, sign-in was closed to browsers that your account does not know.", true)
        }
        "consent.given" => ("You allowed it access.", false),
        "consent.denied" => ("You refused it access.", false),
        "consent.withdrawn" => ("Its access was taken back.", false),
        "code.replayed" => ("A key to your account was used twice. What it had opened was closed.", true),
        "refresh_token.reused" => (
            "A key that had been replaced was used again: somebody may have copied it. What it opened was closed.",
            true,
        ),
        "user.registered" => ("You made this account.", false),
        "user.created" => ("This account was made.", false),
        "user.password_changed" => ("Your password was changed.", true),
        "user.changed" if by_operator => ("Whoever runs this server changed your account.", false),
        "user.changed" => ("What is known of you was brought up to date.", false),
        "user.disabled" => ("Your account was switched off.", true),
        "user.enabled" => ("Your account was switched on again.", false),
        "user.signed_out" => ("Whoever runs this server ended all your sign-ins.", true),
        "user.unlocked" => ("Whoever runs this server opened your account again.", false),
        "identity.linked" => ("An account at a provider was linked: it signs you in.", true),
        "identity.unlinked" => ("An account at a provider was unlinked.", true),
        _ => return None,
    };
    Some((words.to_owned(), is_grave))
}

/// That a sign-in ended, for this reason.
fn ended(reason: &str) -> &'static str {
    match reason {
        "signed out" => "You signed out.",
        "ended by the person" => "You ended a sign-in.",
        "new password" => "A sign-in ended, because your password was changed.",
        "another sign-in" => "A sign-in ended, because somebody else signed in in that browser.",
        "too many sign-ins" => "Your oldest sign-in ended, because there were too many.",
        _ => "A sign-in ended.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, event: &str, network: &str, details: &str, times: i64) -> Row {
        Row {
            id,
            at: 1_800_000_000 + id,
            event: event.to_owned(),
            actor: "user:u".to_owned(),
            subject: None,
            user_id: Some("u".to_owned()),
            client_id: None,
            network: Some(network.to_owned()),
            trace: None,
            outcome: "success".to_owned(),
            details: details.to_owned(),
            times,
        }
    }

    #[test]
    fn failed_sign_ins_in_a_row_are_one_line_for_each_network() {
        let rows = [
            row(6, "sign_in.succeeded", "a", "{}", 1),
            row(5, FAILED, "b", "{}", 2),
            row(4, FAILED, "b", "{}", 3),
            row(3, FAILED, "c", "{}", 1),
            row(2, "sign_in.succeeded", "a", "{\"renewed\":true}", 1),
            row(1, FAILED, "b", "not json", 1),
        ];
        let lines: Vec<_> =
            told(&rows).into_iter().map(|line| (line.at.seconds() - 1_800_000_000, line.words)).collect();
        let words: Vec<_> = lines.iter().map(|(id, words)| (*id, words.as_str())).collect();
        assert_eq!(
            words,
            [
                (6, "You signed in."),
                (5, "Somebody failed 5 times to sign in as you."),
                (3, "Somebody failed to sign in as you."),
                (2, "You proved once more that it is you."),
                (1, "Somebody failed to sign in as you."),
            ]
        );
    }

    #[test]
    fn what_says_nothing_to_the_person_is_left_out() {
        assert_eq!(told(&[row(1, "client.created", "a", "{}", 1), row(2, "some.thing", "a", "{}", 1)]), []);
    }
}
