//! The commands beside a running server: for people, and with `--json` for machines; what they change counts at once.

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS};
use serde_json::{Value, json};

use crate::support::{Database, Live, LiveClient, PASSWORD, eventually};

/// What a person sees holds every one of these.
#[track_caller]
fn says(server: &Live, arguments: &[&str], words: &[&str]) {
    let said = server.say(arguments, "");
    for word in words {
        assert!(said.contains(word), "'{word}' is not in what {arguments:?} says: {said}");
    }
    assert!(!said.starts_with('{') && !said.starts_with('['), "JSON for a person: {said}");
}

async fn server() -> (Database, Live) {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    (database, server)
}

#[tokio::test]
async fn client_commands_work_beside_the_server() {
    let (_database, server) = server().await;
    says(&server, &["client", "list"], &["There are no clients yet."]);
    let create = ["client", "create", "--type", "service", "--name", "Nightly job", "--scope", "jobs:run"];
    let service = server.command(&create);
    let (id, secret) = (service["client_id"].as_str().unwrap(), service["client_secret"].as_str().unwrap());
    assert_eq!(secret.len(), 43);
    assert_eq!(server.command(&["client", "show", id])["scope"], "jobs:run");
    assert_eq!(server.command(&["client", "show", id])["client_secret"], Value::Null, "a secret is shown once");

    let updated = server.command(&["client", "update", id, "--name", "Hourly job"]);
    assert_eq!((&updated["name"], &updated["type"]), (&json!("Hourly job"), &json!("service")));
    let renewed = server.command(&["client", "new-secret", id]);
    assert_ne!(renewed["client_secret"], service["client_secret"]);
    assert_eq!(server.command(&["client", "disable", id])["state"], "off");
    says(&server, &["client", "show", id], &["Hourly job", "off"]);
    assert_eq!(server.command(&["client", "enable", id])["state"], "on");
    says(&server, &["client", "list"], &[id, "Hourly job", "service"]);
    says(&server, &["client", "update", id, "--first-party", "true"], &[id]);
    says(&server, &["client", "new-secret", id], &[id, "client secret"]);
    says(&server, &["client", "disable", id], &["The application is off."]);
    says(&server, &["client", "enable", id], &["The application is on."]);
    says(&server, &create, &["client secret"]);
    assert_eq!(server.command(&["client", "list"]).as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_client_is_given_its_grant_types_by_command() {
    let (_database, server) = server().await;
    let web = server.client("web", &[]);
    assert_eq!(
        server.command(&["client", "show", &web.id])["grant_types"],
        json!(["authorization_code", "refresh_token"])
    );
    let more =
        ["client", "update", &web.id, "--grant-type", "client_credentials", "--grant-type", "authorization_code"];
    assert_eq!(server.command(&more)["grant_types"], json!(["authorization_code", "client_credentials"]));
    let service = server.client("service", &["--grant-type", "client_credentials"]);
    let refused = server.refused(&["client", "update", &service.id, "--grant-type", "authorization_code"]);
    assert!(refused.contains("a service client may not use authorization_code"), "{refused}");
}

#[tokio::test]
async fn a_client_is_given_another_method_and_another_type_by_command() {
    let (_database, server) = server().await;
    let web = server.client("web", &[]);
    let update = |options: &[&str]| server.command(&[&["client", "update", &web.id], options].concat());
    let status = async |secret: Option<&str>| {
        let mut client = LiveClient::new(&server.issuer, &json!({ "client_id": web.id }));
        client.secret = secret.map(str::to_owned);
        client.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).await.json()["error"].clone()
    };
    assert_eq!(status(web.secret.as_deref()).await, "invalid_grant");
    let pinned = update(&["--auth-method", "client_secret_post"]);
    assert_eq!((&pinned["auth_method"], &pinned["client_secret"]), (&json!("client_secret_post"), &Value::Null));
    eventually("the method counts", async || (status(web.secret.as_deref()).await == "invalid_client").then_some(()))
        .await;
    let public = update(&["--type", "spa"]);
    assert_eq!(
        (&public["type"], &public["auth_method"], &public["pkce"]),
        (&json!("spa"), &json!("none"), &json!("required"))
    );
    eventually("it is public", async || (status(None).await == "invalid_grant").then_some(())).await;
    assert!(
        server
            .refused(&["client", "update", &web.id, "--auth-method", "client_secret"])
            .contains("cannot keep a secret")
    );
    assert!(
        server.refused(&["client", "update", &web.id, "--type", "service"]).contains("a service client may not use")
    );
    // The former secret does not come back.
    let again = update(&["--type", "web", "--auth-method", "client_secret", "--pkce", "nonce"]);
    let secret = again["client_secret"].as_str().unwrap();
    assert_ne!(Some(secret), web.secret.as_deref());
    eventually("the new secret counts", async || (status(Some(secret)).await == "invalid_grant").then_some(())).await;
    assert_eq!(status(web.secret.as_deref()).await, "invalid_client");
    assert_eq!(server.command(&["client", "show", &web.id])["client_secret"], Value::Null);
}

#[tokio::test]
async fn what_a_client_needs_of_pkce_is_named_by_command() {
    let (_database, server) = server().await;
    for (kind, options, mode) in [
        ("web", vec![], "nonce"),
        ("web", vec!["--no-pkce"], "optional"),
        ("web", vec!["--pkce", "required"], "required"),
        ("web", vec!["--auth-method", "none"], "required"),
        ("spa", vec![], "required"),
    ] {
        let client = server.client(kind, &options);
        assert_eq!(server.command(&["client", "show", &client.id])["pkce"], mode, "{kind} {options:?}");
        if kind == "spa" {
            let refused = server.refused(&["client", "update", &client.id, "--pkce", "nonce"]);
            assert!(refused.contains("only a client that authenticates can do without PKCE"), "{refused}");
            continue;
        }
        assert_eq!(server.command(&["client", "update", &client.id, "--pkce", "required"])["pkce"], "required");
    }
}

#[tokio::test]
async fn what_the_id_tokens_of_a_client_carry_is_named_by_command() {
    let (_database, server) = server().await;
    let client = server.client("web", &["--id-token-claims", "off"]);
    assert_eq!(server.command(&["client", "show", &client.id])["id_token_claims"], "off");
    for to in ["on", "default"] {
        let updated = server.command(&["client", "update", &client.id, "--id-token-claims", to]);
        assert_eq!(updated["id_token_claims"], to);
    }
    assert_eq!(server.command(&["client", "update", &client.id, "--name", "N"])["id_token_claims"], "default");
}

#[tokio::test]
async fn the_class_that_people_need_to_go_to_a_client_is_named_by_command() {
    let (_database, server) = server().await;
    let client = server.client("web", &["--acr", PASSWORD_CLASS]);
    let shown = || server.command(&["client", "show", &client.id])["acr"].clone();
    let update = |acr| server.command(&["client", "update", &client.id, "--acr", acr])["acr"].clone();
    assert_eq!(shown(), PASSWORD_CLASS);
    assert_eq!(update(MFA_CLASS), MFA_CLASS);
    assert_eq!(server.command(&["client", "update", &client.id, "--name", "N"])["acr"], MFA_CLASS);
    assert!(server.refused(&["client", "update", &client.id, "--acr", "gold"]).contains(MFA_CLASS));
    assert_eq!(shown(), MFA_CLASS);
    assert_eq!((update(""), shown()), (Value::Null, Value::Null));
}

#[tokio::test]
async fn user_commands_work_beside_the_server() {
    let (_database, server) = server().await;
    says(&server, &["user", "list"], &["There are no accounts yet."]);
    let id = server.user("ann@example.org");
    let shown = server.command(&["user", "show", "Ann@Example.org"]);
    assert_eq!((&shown["id"], &shown["email_verified"], &shown["state"]), (&json!(id), &json!(false), &json!("on")));
    let update = ["user", "update", &id, "--name", "Ann Smith", "--role", "editor", "--claim", "given_name=Ann"];
    let updated = server.command(&[update.as_slice(), &["--email-verified"]].concat());
    assert_eq!((&updated["name"], &updated["roles"]), (&json!("Ann Smith"), &json!(["editor"])));
    assert_eq!((&updated["claims"]["given_name"], &updated["email_verified"]), (&json!("Ann"), &json!(true)));
    says(&server, &["user", "show", &id], &["Ann Smith", "editor", "ann@example.org"]);
    says(&server, &["user", "list"], &[&id, "ann@example.org"]);
    says(&server, &["user", "disable", &id], &["The account is off"]);
    assert_eq!(server.command(&["user", "list"])[0]["state"], "off");
    says(&server, &["user", "enable", &id], &["The account is on."]);

    let create = ["user", "create", "--email", "bob@example.org", "--name", "Bob", "--password-stdin"];
    let said = server.say(&create, &format!("{PASSWORD}\n"));
    assert!(said.contains("bob@example.org") && !said.contains(PASSWORD), "{said}");
    let taken = server.refused(&create[..6]);
    assert!(taken.contains("bob@example.org already"), "{taken}");
    let nobody = server.refused(&["user", "show", "cyd@example.org"]);
    assert!(nobody.contains("there is no account 'cyd@example.org'"), "{nobody}");
}

#[tokio::test]
async fn resource_commands_work_beside_the_server() {
    let (_database, server) = server().await;
    says(&server, &["resource", "list"], &["There are no resources yet."]);
    let api = "https://api.example.org/notes";
    let create =
        ["resource", "create", "--identifier", api, "--name", "Notes", "--scope", "notes:read=Read your notes"];
    let created = server.command(&create);
    assert_eq!(
        (&created["scopes"], &created["scope_words"]["notes:read"]),
        (&json!(["notes:read"]), &json!("Read your notes"))
    );
    assert!(server.refused(&create).contains("already"));
    let client = server.client("service", &["--scope", "notes:read"]);
    let updated = server.command(&["resource", "update", api, "--introspector", &client.id]);
    assert_eq!(updated["introspectors"], json!([client.id]));
    says(&server, &["resource", "show", api], &["Notes", "notes:read", &client.id]);
    says(&server, &["resource", "list"], &[api, "notes:read"]);
    says(&server, &["resource", "update", api, "--name", "Diary"], &["Diary"]);
    assert_eq!(created["token_type"], "at+jwt");
    assert_eq!(server.command(&["resource", "update", api, "--token-type", "jwt"])["token_type"], "jwt");
    assert_eq!(server.command(&["resource", "show", api])["token_type"], "jwt");
    let other = ["resource", "create", "--identifier", "https://b.example.org", "--name", "B", "--token-type", "jwt"];
    assert_eq!(server.command(&other)["token_type"], "jwt");
    assert_eq!(server.command(&["resource", "update", api, "--token-type", "at+jwt"])["token_type"], "at+jwt");
    assert_eq!(server.command(&["resource", "list"])[0]["name"], "Diary");
}

#[tokio::test]
async fn key_config_and_migrate_commands_work_beside_the_server() {
    let (database, server) = server().await;
    let keys = server.command(&["key", "list"]);
    assert_eq!((&keys[0]["algorithm"], &keys[0]["state"]), (&json!("RS256"), &json!("active")));
    assert!(keys[0].get("private_key").is_none(), "{keys}");
    says(&server, &["key", "list"], &[keys[0]["kid"].as_str().unwrap(), "active"]);

    let settings = server.command(&["config", "check"]);
    assert_eq!(settings["keys"]["master_key"], "...");
    assert_eq!(settings["server"]["notice"], 0);
    says(&server, &["config", "check"], &["The configuration is right.", "[server]", "notice = 0"]);
    assert!(server.say(&["config", "keys"], "").contains("master_key_file"));

    let newest = database.db_number("SELECT CAST(max(version) AS BIGINT) FROM _sqlx_migrations").await;
    assert_eq!(server.command(&["migrate"]), json!({ "applied": [], "version": newest }));
    says(&server, &["migrate"], &["The database is up to date"]);
}

#[tokio::test]
async fn health_tells_whether_the_server_is_ready() {
    let database = Database::copy().await;
    let mut server = Live::serve(&database);
    server.set("DOORWARD__SERVER__LISTEN", &server.address());
    assert_eq!(server.command(&["health"]), json!({ "ready": true }));
    says(&server, &["health"], &["ready"]);
    server.kill();
    assert!(server.refused(&["health"]).contains("no server answers"));
}

#[tokio::test]
async fn ending_a_session_counts_at_once_in_the_running_server() {
    let (_database, server) = server().await;
    server.user("ann@example.org");
    let client = server.client("spa", &[]);
    says(&server, &["session", "list"], &["Nobody is signed in."]);
    let (mut here, mut there) = (server.browser(), server.browser());
    there.sign_in("ann@example.org").await;
    let first = server.command(&["session", "list"])[0]["id"].as_str().unwrap().to_owned();
    let redirect = here.authorize(&client.authorization_path("scope=openid"), "ann@example.org").await;
    let tokens = client.redeem(&redirect).await.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    client.userinfo(access_token).await.ok();

    let sessions = server.command(&["session", "list"]);
    assert_eq!(sessions.as_array().unwrap().len(), 2, "{sessions}");
    says(&server, &["session", "list", "--user", "ann@example.org"], &["ann@example.org", "live", "127.0.0.1"]);
    let mut ids = sessions.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap());
    let second = ids.find(|id| *id != first).unwrap();
    assert_eq!(server.command(&["session", "end", second]), json!({ "id": second, "ended": true }));
    assert!(!here.is_signed_in().await, "the ended sign-in");
    assert!(there.is_signed_in().await, "the other sign-in");
    assert_eq!(client.userinfo(access_token).await.status, 401, "what hung on the ended sign-in");

    let left = server.command(&["session", "list"]);
    assert_eq!((left.as_array().unwrap().len(), &left[0]["id"]), (1, &json!(first)));
    assert!(server.refused(&["session", "end", second]).contains("there is no live sign-in"));
    says(
        &server,
        &["session", "end", "--user", "ann@example.org"],
        &["All sign-ins and grants of the person are ended."],
    );
    assert!(!there.is_signed_in().await, "all sign-ins of the person");
    let all = server.command(&["session", "list", "--all"]);
    assert!(all.as_array().unwrap().iter().all(|session| session["state"] == "ended"), "{all}");
}

#[tokio::test]
async fn every_command_has_help_with_an_example() {
    let server = tempfile::tempdir().unwrap();
    let help = |path: &[String]| {
        let output = crate::support::binary().args(path).arg("--help").current_dir(server.path()).output().unwrap();
        assert!(output.status.success(), "{path:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let mut open = vec![Vec::<String>::new()];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        let text = help(&path);
        assert!(text.contains("Example"), "doorward {} --help has no example: {text}", path.join(" "));
        seen += 1;
        let commands = text.split("Commands:\n").nth(1).unwrap_or_default();
        for line in commands.lines().take_while(|line| !line.is_empty()) {
            let indent = line.len() - line.trim_start().len();
            let name = line.split_whitespace().next().unwrap();
            if indent == 2 && name != "help" {
                open.push([path.clone(), vec![name.to_owned()]].concat());
            }
        }
    }
    assert!(seen > 30, "only {seen} commands were found");
}

/// What a command that works says on stderr.
fn warned(server: &Live, arguments: &[&str]) -> String {
    let output = server.begin(arguments).wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_scope_that_nothing_owns_or_that_two_apis_own_is_registered_with_a_warning() {
    let (_database, server) = server().await;
    let create = |scope: &'static str| {
        ["client", "create", "--type", "web", "--name", "A", "--redirect-uri", "https://rp.test/cb", "--scope", scope]
    };
    let unowned = "doorward: warning: no API that the client may ask for owns the scope 'notes:read'\n";
    let said = warned(&server, &create("openid notes:read"));
    assert!(said.ends_with(unowned), "{said}");
    let api = |identifier: &'static str| {
        ["resource", "create", "--identifier", identifier, "--name", "N", "--scope", "notes:read"]
    };
    assert_eq!(warned(&server, &api("https://a.test")), "");
    assert!(!warned(&server, &create("openid notes:read")).contains("warning"));
    let id = server.command(&["client", "list"])[0]["client_id"].as_str().unwrap().to_owned();
    let said = warned(&server, &["client", "update", &id, "--scope", "openid notes:raed"]);
    assert_eq!(said, unowned.replace("read", "raed"));
    assert_eq!(warned(&server, &["client", "update", &id, "--name", "B"]), "", "the scopes were not touched");
    let said = warned(&server, &api("https://b.test"));
    assert!(said.contains("https://a.test has the scope 'notes:read' too"), "{said}");
    assert_eq!(warned(&server, &["resource", "update", "https://b.test", "--scope", "other"]), "");
}

#[tokio::test]
async fn a_native_app_is_registered_with_localhost_a_scheme_of_its_own_and_an_origin() {
    let (_database, server) = server().await;
    let create = ["client", "create", "--type", "native", "--name", "Tool"];
    let uris = ["--redirect-uri", "http://localhost/cb", "--redirect-uri", "cursor://tool/cb"];
    let app = server.command(&[&create[..], &uris, &["--allow-origin", "capacitor://localhost"]].concat());
    assert_eq!(app["allowed_origins"], json!(["capacitor://localhost"]));
    let id = app["client_id"].as_str().unwrap();
    let more = ["--allow-origin", "capacitor://localhost", "--allow-origin", "http://localhost"];
    let updated = server.command(&[&["client", "update", id][..], &more].concat());
    assert_eq!(updated["allowed_origins"], json!(["capacitor://localhost", "http://localhost"]));
    for scheme in ["javascript", "data", "chrome-extension", "ms-settings", "intent"] {
        let refused = server.refused(&[&create[..], &["--redirect-uri", &format!("{scheme}://x/cb")]].concat());
        assert!(refused.contains("no application has to itself"), "{refused}");
    }
    let refused = server.refused(&["client", "update", id, "--allow-origin", "https://app.test/"]);
    assert!(refused.contains("as browsers send it"), "{refused}");
}
