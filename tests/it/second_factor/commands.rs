//! Second factors on the command line, as an operator sees them and takes them away beside a running server.

use std::collections::BTreeSet;

use serde_json::json;

use super::ANN;
use crate::support::{Database, Live};

const BOB: &str = "bob@example.org";

#[tokio::test]
async fn an_operator_finds_whoever_has_none_and_takes_them_from_whoever_has_lost_them() {
    const WITHOUT: [&str; 3] = ["user", "list", "--without-second-factor"];
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let person = json!({ "email": ANN, "name": "Ann Lee", "totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" });
    server.command_with(&["user", "import", "-"], &person.to_string());
    let without = || server.say(&WITHOUT, "");
    // Of one second in no order of ours.
    let addresses = || -> BTreeSet<String> {
        let users = server.command(&WITHOUT);
        users.as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
    };
    let these = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(without(), "Every account has a second factor.\n");
    assert_eq!(addresses(), these(&[]));
    server.user(BOB);
    assert!(without().contains(BOB) && !without().contains(ANN), "{}", without());
    assert_eq!(addresses(), these(&[BOB]));
    let searched = server.say(&[&WITHOUT[..], &["--search", "ann@"]].concat(), "");
    assert_eq!(searched, "No account has that in its address or name, and no second factor.\n");

    let shown = || server.command(&["user", "show", ANN])["second_factors"].clone();
    let told = |user: &str| {
        let said = server.say(&["user", "show", user], "");
        let line = said.lines().find_map(|line| line.strip_prefix("second factors"));
        line.unwrap_or_else(|| panic!("{said}")).trim().to_owned()
    };
    let since = shown()[0]["created_at"].as_str().unwrap().to_owned();
    assert_eq!(told(ANN), format!("authenticator since {since}"));
    assert_eq!(told(BOB), "-");
    // Without a yes nothing is taken.
    let asked = server.refused_at_length(&["user", "reset-factors", ANN, "--json"]);
    assert!(asked.contains(&format!("It loses: authenticator since {since}.")), "{asked}");
    assert_eq!(shown().as_array().unwrap().len(), 1);
    let taken = server.command(&["user", "reset-factors", ANN, "--yes"]);
    assert_eq!((&taken["email"], &taken["second_factors"]), (&json!(ANN), &json!([])));
    assert_eq!((shown(), told(ANN)), (json!([]), "-".to_owned()));
    assert_eq!(addresses(), these(&[ANN, BOB]));
    let again = server.say(&["user", "reset-factors", ANN, "--yes"], "");
    assert_eq!(again, "The account has no second factor any more, and is signed out everywhere.\n");
}
