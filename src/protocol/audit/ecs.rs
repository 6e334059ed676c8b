//! An event with the field names of the Elastic Common Schema (ECS 8.17), dotted as its logging libraries write them. What has no name there
//! stands under `doorward.`.

use serde_json::{Map, Value, json};

use super::{Actor, Event, Outcome};

/// The version of the schema.
const VERSION: &str = "8.17.0";

/// One JSON object.
pub fn object(event: &Event) -> Value {
    let (category, kinds) = categories(event.name.as_str());
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("@timestamp", json!(event.at.to_string()));
    put("ecs.version", json!(VERSION));
    put("service.name", json!("doorward"));
    put("service.version", json!(env!("CARGO_PKG_VERSION")));
    put("event.kind", json!("event"));
    put("event.dataset", json!("doorward.audit"));
    put("event.action", json!(event.name));
    put("event.category", json!([category]));
    put("event.type", json!(kinds));
    put("event.outcome", json!(if event.outcome == Outcome::Success { "success" } else { "failure" }));
    put("event.reason", event.details.get("reason").cloned().unwrap_or_default());
    put("trace.id", json!(event.trace.map(|trace| trace.to_string())));
    put("source.address", json!(event.network));
    let ip = event.network.as_deref().filter(|network| network.parse::<std::net::IpAddr>().is_ok());
    put("source.ip", json!(ip));
    // Whose account it is acts, or it is tried in their name; or somebody else acts on it.
    let is_target = matches!(event.actor, Actor::Operator | Actor::System | Actor::Client(_));
    put(if is_target { "user.target.id" } else { "user.id" }, json!(event.user_id));
    put("doorward.actor", json!(event.actor.to_string()));
    put("doorward.subject", json!(event.subject.as_ref().map(ToString::to_string)));
    put("doorward.client_id", json!(event.client_id));
    put("doorward.outcome", json!(event.outcome));
    for (name, value) in &event.details {
        put(&format!("doorward.{name}"), value.clone());
    }
    Value::Object(fields)
}

/// Category and types, both from the closed lists of the schema.
fn categories(name: &str) -> (&'static str, Vec<&'static str>) {
    let (noun, verb) = name.split_once('.').unwrap_or((name, ""));
    let change = match verb {
        "created" | "registered" | "linked" => "creation",
        "deleted" | "removed" | "unlinked" => "deletion",
        _ => "change",
    };
    match (noun, verb) {
        ("sign_in", "sprayed") => ("intrusion_detection", vec!["info"]),
        ("sign_in", "ended") => ("session", vec!["end"]),
        ("sign_in", _) => ("authentication", vec!["start"]),
        ("grant", "began") => ("session", vec!["start"]),
        ("grant", _) => ("session", vec!["end"]),
        ("lockout", _) => ("authentication", vec!["denied"]),
        ("code" | "refresh_token", _) => ("intrusion_detection", vec!["denied"]),
        ("consent", "denied") => ("iam", vec!["denied"]),
        ("user" | "identity" | "consent", _) => ("iam", vec!["user", change]),
        ("client", "authentication_failed") => ("authentication", vec!["start"]),
        ("server", "started") => ("process", vec!["start"]),
        ("server", _) => ("process", vec!["end"]),
        _ => ("configuration", vec![change]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::protocol::audit::{Act, Name, Noun, Origin};
    use crate::protocol::device::Device;
    use crate::protocol::trace::TraceId;

    #[test]
    fn an_event_has_the_fields_of_the_schema() {
        let at = Timestamp::from_seconds(1_800_000_000);
        let origin =
            Origin { address: "203.0.113.7".parse().ok(), trace: TraceId::of([7; 16]), device: Device::default() };
        let act = Act::by(Actor::User("u".into()), origin, at);
        let ended = object(&Event::of(&act, Name::SignInEnded).on(Noun::SignIn, "s").with("reason", "signed out"));
        for (name, value) in [
            ("@timestamp", json!("2027-01-15T08:00:00Z")),
            ("event.action", json!("sign_in.ended")),
            ("event.category", json!(["session"])),
            ("event.type", json!(["end"])),
            ("event.outcome", json!("success")),
            ("event.reason", json!("signed out")),
            ("source.ip", json!("203.0.113.7")),
            ("trace.id", json!("07".repeat(16))),
            ("user.id", json!("u")),
            ("doorward.subject", json!("sign_in:s")),
        ] {
            assert_eq!(ended[name], value, "{name}");
        }
        let by_operator = object(&Event::of(&Act::of_operator(at), Name::UserDisabled).on(Noun::User, "u"));
        assert_eq!((&by_operator["user.target.id"], by_operator.get("user.id")), (&json!("u"), None));
    }
}
