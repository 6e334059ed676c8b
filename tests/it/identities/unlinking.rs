//! What ends with a link beside its sign-ins, and the roles of providers that are out.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use serde_json::Value;

use super::{ANN, GOOGLE, account, act, by_identity, held, link, text, tokens, unlink, vouched};
use crate::support::Server;

/// Whoever came by a linked account may have been somebody else: nothing that they took along outlives the link.
#[tokio::test]
async fn unlinking_ends_grants_that_no_sign_in_holds_and_a_session_that_ended_there_leaves_them() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let google = link(&server, &ann, &vouched(GOOGLE, "7", &[])).await.unwrap();
    let (of_live, _) = by_identity(&server, &client, &google.id, Some("x")).await;
    let (of_ended, sign_in) = by_identity(&server, &client, &google.id, Some("x")).await;
    // One whose sign-in is long gone is known by how it was proved.
    let (of_gone, gone) = by_identity(&server, &client, &google.id, None).await;
    let proved = format!(r#"[{{"kind":"upstream","at":1,"identity":{{"id":"{}"}}}}]"#, google.id);
    let known = format!("UPDATE grants SET proofs = '{proved}' WHERE sign_in_id = '{gone}'");
    assert_eq!(server.database.db_execute(&known).await, 1);
    assert_eq!(server.database.db_execute(&format!("DELETE FROM sign_ins WHERE id = '{gone}'")).await, 1);
    let by_password = tokens(&server, &client).await;
    let end = async |id: &str| {
        let act = act(&server);
        held(&server, &ann, async |t| t.end_sign_in(id, "signed out", &act).await.unwrap()).await
    };
    assert!(end(&sign_in).await);
    let there = (google.id.as_str(), Some("x"));
    let act = act(&server);
    let ended = held(&server, &ann, async |t| t.end_sign_ins_of_identity(there, "there", &act).await.unwrap()).await;
    assert_eq!(ended, 1);
    let holds = async |given: &Value| client.userinfo(text(given, "access_token")).await.status == 200;
    for given in [&of_live, &of_ended, &of_gone, &by_password] {
        assert!(holds(given).await, "what does not end with its sign-in");
    }
    assert!(unlink(&server, &google).await.is_some());
    for (given, is_live) in [(&of_live, false), (&of_ended, false), (&of_gone, false), (&by_password, true)] {
        assert_eq!(holds(given).await, is_live);
    }
    let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&of_live, "refresh_token"))];
    client.token(&fields).await.refused_json(400, Rejection::EndedGrant);
}

#[tokio::test]
async fn roles_of_a_provider_that_is_out_go_with_the_next_sign_in_in_any_way() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let storage = &server.app.storage;
    storage.roles_come_of(["google".to_owned(), "work".to_owned()]);
    link(&server, &ann, &vouched(GOOGLE, "7", &["developer"])).await.unwrap();
    let work = doorward::protocol::upstream::Vouched {
        provider: "work".to_owned(),
        ..vouched("https://login.example.com", "7", &["reader"])
    };
    link(&server, &ann, &work).await.unwrap();
    let roles = async || account(&server, &ann).await.user.upstream_roles;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    assert_eq!(roles().await, ["developer", "reader"]);
    // Switched off, or not in the settings any more.
    storage.roles_come_of(["work".to_owned()]);
    assert_eq!(roles().await, ["developer", "reader"], "until they come again");
    server.browser().sign_in(ANN).await;
    assert_eq!(roles().await, ["reader"]);
    // It is back, and so are they: the identity was there all the time.
    storage.roles_come_of(["google".to_owned(), "work".to_owned()]);
    server.browser().sign_in(ANN).await;
    assert_eq!(roles().await, ["developer", "reader"]);
    // A server without any provider.
    storage.roles_come_of([]);
    server.browser().sign_in(ANN).await;
    assert_eq!(roles().await, Vec::<String>::new());
}
