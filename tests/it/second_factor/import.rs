//! Authenticators that come with accounts from another server (`user import`).

use doorward::protocol::audit::Act;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Error, Importing, Registry};
use serde_json::{Value, json};

use super::ANN;
use crate::support::{Authenticator, Database, Live, Server};

/// 160 bits, as most servers give apps.
const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const NEW_PASSWORD: &str = "another quiet river at noon";

fn line(email: &str, totp: &str) -> String {
    format!("{}\n", json!({ "email": email, "name": "Ann Lee", "email_verified": true, "totp": totp }))
}

async fn wrong(server: &Server, file: &str) -> Vec<String> {
    let act = Act::of_operator(server.clock.now());
    match server.registry().import_users(file, Importing::Earnest, &act).await {
        Err(Error::Invalid(problems)) => {
            assert!(!problems.to_string().contains("GEZD"), "{problems}");
            problems.iter().map(|problem| problem.field.clone()).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_imported_authenticator_is_asked_for_and_signs_in_beside_a_password_that_was_chosen_by_mail() {
    let server = Server::with_mail(|_| {}).await;
    let long = SEED.repeat(3) + "GEZDGNA";
    let people = [("ten@example.org", "GEZDGNBVGY3TQOJQ"), (ANN, SEED), ("long@example.org", long.as_str())];
    let file: String = people.iter().map(|(email, seed)| line(email, seed)).collect();
    let act = Act::of_operator(server.clock.now());
    let imported = server.registry().import_users(&file, Importing::Earnest, &act).await.unwrap();
    assert_eq!((imported.accounts.len(), imported.authenticators, imported.written), (3, 3, true));
    assert!(matches!(&imported.warnings[..], [short] if short.contains("line 1:") && short.contains("128 bits")));
    server.turn(61);
    for (email, seed) in people {
        let authenticator = Authenticator::with(seed);
        let mut browser = server.browser();
        let page = browser.visit("/recover").await;
        let waiting = browser.press(&page.form("#recover-submit").with("email", email)).await;
        let code = server.mailbox().await.latest_to(email).code();
        let page = browser.press(&waiting.form("#code-submit").with("code", &code)).await;
        let page = browser.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await;
        assert!(page.has("#totp-submit") && !page.has("#sign-out"), "{email}: {}", page.text());
        let form = page.form("#totp-submit");
        let answer = browser.submit(&form.clone().with("code", &authenticator.wrong(&server))).await;
        answer.refused_page(400, Rejection::WrongSecondFactor);
        let page = browser.press(&form.with("code", &authenticator.code(&server))).await;
        assert!(page.has("#sign-out"), "{email}: {}", page.text());
        let history = browser.visit("/account/history").await;
        assert!(history.text().contains("came along from another server"), "{}", history.text());
        assert!(!server.mailbox().await.alerts_to(email).contains(&"authenticator_added".to_owned()));
        for plain in [seed, std::str::from_utf8(authenticator.key()).unwrap()] {
            assert!(!server.database.db_holds(plain).await, "the seed lies sealed, and in no record");
        }
    }
    let recorded = "SELECT count(*) FROM audit WHERE event = 'authenticator.added' AND actor = 'operator'";
    assert_eq!(server.database.db_number(recorded).await, 3);
}

#[tokio::test]
async fn a_file_with_anything_wrong_in_it_imports_nobody() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let before = server.database.db_counts(&["users", "factors", "roles", "audit"]).await;
    let good =
        line("ben@example.org", SEED) + r#"{"email":"eve@example.org","name":"Eve","roles":["brand-new"]}"# + "\n";
    for (bad, fields) in [
        (line("eli@example.org", &SEED[..15]), &["line 3, totp"][..]),
        (line("eli@example.org", &format!("otpauth://totp/x?secret={SEED}&digits=8")), &["line 3, totp"]),
        (line("no address", SEED), &["line 3, email"]),
        (line(ANN, SEED), &["line 3, email"]),
        (line("Ben@example.org", SEED), &["line 3, email"]),
        (format!("\n{SEED}\n{{}}"), &["line 4", "line 5, email", "line 5, name"]),
        (r#"{"email":"eli@example.org","name":"Eli","roles":["a b"]}"#.to_owned(), &["line 3, roles[0]"]),
        (r#"{"email":"eli@example.org","name":"Eli","roles":["Of Ä"],"sub":"4711"}"#.to_owned(), &["line 3, sub"]),
        (r#"{"email":"eli@example.org","name":"Eli","claims":{"iban":"x"}}"#.to_owned(), &["line 3, claims.iban"]),
    ] {
        assert_eq!(wrong(&server, &format!("{good}{bad}")).await, fields, "{bad}");
        assert_eq!(server.database.db_counts(&["users", "factors", "roles", "audit"]).await, before, "{bad}");
    }
    assert_eq!(wrong(&server, "\n \n").await, ["file"]);
    let many: String = (0..=10_000).map(|at| line(&format!("a{at}@example.org"), "")).collect();
    assert_eq!(wrong(&server, &many.replace("\"totp\":\"\"", "\"totp\":null")).await, ["file"]);
    // Without the master key nothing can be sealed; accounts alone can be made.
    let act = Act::of_operator(server.clock.now());
    let keyless = Registry::new(server.app.storage.clone(), &server.app.config).unwrap();
    let refused = keyless.import_users(&good, Importing::Earnest, &act).await.unwrap_err().to_string();
    assert!(refused.starts_with("line 1, totp: no seed can be kept without the master key"), "{refused}");
    assert_eq!(server.database.db_counts(&["users", "factors", "roles", "audit"]).await, before);
    let without = good.lines().nth(1).unwrap();
    assert_eq!(keyless.import_users(without, Importing::Earnest, &act).await.unwrap().accounts.len(), 1);
}

#[tokio::test]
async fn the_command_tries_a_file_and_imports_it_and_says_what_is_wrong_by_line_and_member() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let file = database.folder.path().join("people.jsonl");
    let import = |more: &'static [&'static str]| [&["user", "import", "people.jsonl"], more].concat();
    std::fs::write(&file, line(ANN, SEED) + &line("ben@example.org", "GEZDGNBVGY3TQOJ") + "{\"name\":7}").unwrap();
    for arguments in [import(&[]), import(&["--dry-run"])] {
        let said = server.refused_at_length(&arguments);
        let begins =
            ["line 2, totp: the seed has 72 bits", "line 3, email: is missing", "line 3, name: must be a text"];
        assert_eq!(said.lines().count(), 3, "{said}");
        for begin in begins {
            assert!(said.lines().any(|line| line.starts_with(&format!("doorward: {begin}"))), "{said}");
        }
        assert!(!said.contains("GEZD"), "{said}");
        assert_eq!(server.command(&["user", "list"]), json!([]));
    }
    std::fs::write(&file, line(ANN, SEED) + "\n{\"email\":\"ben@example.org\",\"name\":\"Ben\"}").unwrap();
    let tried = server.command(&import(&["--dry-run"]));
    assert_eq!((&tried["written"], &tried["authenticators"]), (&json!(false), &json!(1)));
    assert_eq!(tried["accounts"][1], json!({ "line": 3, "email": "ben@example.org", "authenticator": false }));
    assert_eq!(server.command(&["user", "list"]), json!([]));
    let imported = server.command(&import(&[]));
    assert_eq!(imported["written"], true);
    let shown = server.command(&["user", "show", ANN]);
    assert_eq!((&shown["id"], &shown["email_verified"]), (&imported["accounts"][0]["id"], &json!(true)));
    assert_eq!(shown["second_factors"][0]["kind"], "authenticator");
    assert_eq!(server.command(&["user", "show", "ben@example.org"])["second_factors"], json!([]));
    let again = server.refused_at_length(&import(&[]));
    assert!(again.starts_with("doorward: line 1, email: there is an account with the address"), "{again}");
    let events = server.command(&["audit", "list", "--limit", "50"]);
    let imported = |event: &&Value| event["details"]["imported"] == true;
    assert_eq!(events.as_array().unwrap().iter().filter(imported).count(), 3, "{events}");
    assert!(!events.to_string().contains("GEZD"));
    let by_pipe = line("eve@example.org", SEED);
    assert_eq!(server.command_with(&["user", "import", "-"], &by_pipe)["authenticators"], 1);
}
