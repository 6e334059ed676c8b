//! The audit record in words that a layman reads, by their keys in `locales/`. Rows that say nothing to the person are left out, and failed sign-ins in a row are one
//! line: what counts is how often, and when last.

use serde_json::Value;

use super::audit::SECURITY_KEY;
use super::audit::seal::Row;
use crate::clock::Timestamp;

/// A line of a person's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When; of several, the last time.
    pub at: Timestamp,
    /// What happened, by the key of its words: a sentence, before which stands the name of the application when there is one.
    pub key: &'static str,
    /// How often, for words that say so.
    pub times: i64,
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
        let Some((key, is_grave)) = words(row, times) else { continue };
        lines.push(Told {
            at: Timestamp::from_seconds(row.at),
            key,
            times,
            client_id: row.client_id.clone(),
            network: row.network.clone().filter(|_| row.actor != "operator"),
            is_grave,
        });
    }
    lines
}

const FAILED: &str = "sign_in.failed";

/// The key of what a row says to its person, and whether that is grave.
fn words(row: &Row, times: i64) -> Option<(&'static str, bool)> {
    let details: Value = serde_json::from_str(&row.details).unwrap_or_default();
    let by_operator = row.actor == "operator";
    Some(match row.event.as_str() {
        "sign_in.succeeded" if details["renewed"] == Value::Bool(true) => ("history-proved-once-more", false),
        "sign_in.succeeded" if details["methods"] == serde_json::json!(["mail"]) => {
            ("history-signed-in-by-mail", false)
        }
        "sign_in.succeeded" if details["methods"] == serde_json::json!(["passkey"]) => {
            ("history-signed-in-by-passkey", false)
        }
        "sign_in.succeeded" => ("history-signed-in", false),
        FAILED if times > 1 => ("history-failed-times", true),
        FAILED => ("history-failed", true),
        "sign_in.ended" => (ended(details["reason"].as_str().unwrap_or_default()), false),
        "sign_in.sprayed" => ("history-sprayed", true),
        "lockout.began" => ("history-locked-out", true),
        "consent.given" => ("history-allowed", false),
        "consent.denied" => ("history-refused", false),
        "consent.withdrawn" => ("history-withdrawn", false),
        "code.replayed" => ("history-code-replayed", true),
        "refresh_token.reused" => ("history-key-reused", true),
        "user.registered" => ("history-registered", false),
        "user.created" => ("history-created", false),
        "user.password_changed" if details["first"] == Value::Bool(true) => ("history-password-set", true),
        "user.password_removed" => ("history-password-removed", true),
        "user.password_changed" => ("history-password-changed", true),
        "authenticator.added" if details["replaced"] == Value::Bool(true) => ("history-authenticator-replaced", true),
        "authenticator.added" if details["imported"] == Value::Bool(true) => ("history-authenticator-imported", true),
        "authenticator.added" => ("history-authenticator-added", true),
        "authenticator.removed" => ("history-authenticator-removed", true),
        "passkey.added" if details[SECURITY_KEY] == Value::Bool(true) => ("history-security-key-added", true),
        "passkey.removed" if details[SECURITY_KEY] == Value::Bool(true) => ("history-security-key-removed", true),
        "passkey.went_back" if details[SECURITY_KEY] == Value::Bool(true) => ("history-security-key-went-back", true),
        "passkey.added" => ("history-passkey-added", true),
        "passkey.removed" => ("history-passkey-removed", true),
        "passkey.went_back" => ("history-passkey-went-back", true),
        "device.kept" => ("history-device-kept", false),
        "device.ended" => ("history-device-ended", false),
        "recovery_codes.made" => ("history-recovery-codes-made", false),
        "recovery_code.used" => ("history-recovery-code-used", true),
        "user.factors_reset" if by_operator => ("history-factors-reset", true),
        "user.factors_reset" => ("history-lost-factors-removed", true),
        "factor_reset.asked" => ("history-factor-reset-asked", true),
        "factor_reset.began" => ("history-factor-reset-began", true),
        "factor_reset.ended" => ("history-factor-reset-ended", true),
        "user.changed" if by_operator => ("history-changed-by-operator", false),
        "user.changed" if details.get("provider").is_none() => ("history-changed-by-you", false),
        "user.changed" => ("history-changed", false),
        "api_key.created" => ("history-key-made", true),
        "api_key.rotated" => ("history-key-rotated", false),
        "api_key.ended" => ("history-key-ended", false),
        "api_key.reported" => ("history-key-leaked", true),
        "api_key.used" => ("history-key-used", false),
        "user.disabled" => ("history-disabled", true),
        "user.enabled" => ("history-enabled", false),
        "user.deletion_requested" if by_operator => ("history-deletion-by-operator", true),
        "user.deletion_requested" => ("history-deletion-requested", true),
        "user.deletion_withdrawn" => ("history-deletion-withdrawn", true),
        "user.signed_out" => ("history-signed-out-by-operator", true),
        "user.unlocked" => ("history-unlocked", false),
        "identity.linked" => ("history-linked", true),
        "identity.unlinked" => ("history-unlinked", true),
        _ => return None,
    })
}

/// That a sign-in ended, for this reason.
fn ended(reason: &str) -> &'static str {
    match reason {
        "signed out" => "history-signed-out",
        "ended by the person" => "history-ended-by-you",
        "new password" => "history-ended-by-password",
        "password removed" => "history-ended-with-password",
        "another sign-in" => "history-ended-by-another",
        "second factor" => "history-ended-by-second-factor",
        "authenticator replaced or removed" => "history-ended-with-authenticator",
        "recovery codes removed" => "history-ended-with-recovery-codes",
        "passkey removed" => "history-ended-with-passkey",
        "security key removed" => "history-ended-with-security-key",
        "new recovery codes" => "history-ended-with-recovery-codes",
        "second factors reset" => "history-ended-with-second-factors",
        "too many sign-ins" => "history-ended-as-oldest",
        _ => "history-ended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

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
        let words = |line: &Told| Language::default().say(line.key).with("count", line.times).plain();
        let lines: Vec<_> =
            told(&rows).into_iter().map(|line| (line.at.seconds() - 1_800_000_000, words(&line))).collect();
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
