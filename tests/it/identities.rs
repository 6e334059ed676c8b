//! Identities as rows: to whom each belongs, the roles that come of them, what ends when one is unlinked, and an address that its owner takes
//! over.

mod addresses;
mod unlinking;

use doorward::protocol::audit::{Act, Name};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::protocol::upstream::{Identity, Vouched, VouchedAddress};
use doorward::protocol::user::{MadeBy, User};
use doorward::random;
use doorward::storage::{Account, Transaction};
use serde_json::{Value, json};

use crate::support::{Client, Receiver, Server, unverified_claims};

const ANN: &str = "ann@example.org";
const GOOGLE: &str = "https://accounts.google.com";

/// What a provider says of somebody.
fn vouched(issuer: &str, subject: &str, roles: &[&str]) -> Vouched {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    Vouched { roles, ..Vouched::of("google", issuer, subject) }
}

fn act(server: &Server) -> Act {
    Act::of_operator(server.clock.now())
}

/// What a transaction that holds this user comes to.
async fn held<T>(server: &Server, user: &str, done: impl AsyncFnOnce(&mut Transaction) -> T) -> T {
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.hold_user(user).await.unwrap();
    let outcome = done(&mut transaction).await;
    transaction.commit().await.unwrap();
    outcome
}

/// Links what a provider says to a person; `None` when it is somebody's.
async fn link(server: &Server, user: &str, said: &Vouched) -> Option<Identity> {
    let identity = said.identity(random::row_id(server.clock.now()), user, server.clock.now());
    let act = act(server);
    let is_linked = held(server, user, async |t| t.insert_identity(&identity, &act).await.unwrap()).await;
    is_linked.then_some(identity)
}

async fn find(server: &Server, issuer: &str, subject: &str) -> Option<Identity> {
    server.app.storage.read().await.unwrap().identity(issuer, subject).await.unwrap()
}

async fn unlink(server: &Server, identity: &Identity) -> Option<Identity> {
    let (user, act) = (identity.user_id.as_str(), act(server));
    held(server, user, async |t| t.delete_identity(&identity.id, user, &act).await.unwrap()).await
}

async fn account(server: &Server, id: &str) -> Account {
    server.app.storage.read().await.unwrap().user(id).await.unwrap().unwrap()
}

async fn events(server: &Server, name: Name) -> i64 {
    server.database.db_number(&format!("SELECT COUNT(*) FROM audit WHERE event = '{name}'")).await
}

/// Makes a person without an address or a password, as one does who comes through a provider.
async fn newcomer(server: &Server) -> String {
    let user = User {
        name: "Bob Ray".to_owned(),
        ..User::new(random::row_id(server.clock.now()), MadeBy::Upstream, server.clock.now())
    };
    let account = Account::new(user, None);
    let mut transaction = server.app.storage.begin().await.unwrap();
    assert!(transaction.insert_user(&account).await.unwrap());
    transaction.commit().await.unwrap();
    account.user.id
}

async fn tokens(server: &Server, client: &Client) -> Value {
    let code = server.browser().code(client, ANN, "scope=openid+offline_access+roles").await;
    client.redeem(&code).await.ok()
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

#[tokio::test]
async fn an_identity_is_found_by_issuer_and_subject_and_belongs_to_one_person() {
    let server = Server::start().await;
    let (ann, bob) = (server.db_user(ANN).await, newcomer(&server).await);
    let mut said = vouched(GOOGLE, "7", &[]);
    said.email = Some(VouchedAddress { address: ANN.to_owned(), verified: true, trusted: true });
    let anns = link(&server, &ann, &said).await.unwrap();
    assert_eq!(find(&server, GOOGLE, "7").await.as_ref(), Some(&anns));
    assert!(link(&server, &bob, &said).await.is_none(), "it is another's");
    assert!(link(&server, &ann, &said).await.is_none(), "it is theirs already");
    // Neither the address nor the subject alone is anybody.
    let elsewhere = Vouched { issuer: "https://login.example.com".to_owned(), ..said.clone() };
    assert!(find(&server, &elsewhere.issuer, "7").await.is_none());
    let bobs = link(&server, &bob, &elsewhere).await.unwrap();
    assert_eq!((bobs.user_id.as_str(), bobs.email.as_deref()), (bob.as_str(), Some(ANN)));
    assert_eq!(find(&server, GOOGLE, "7").await.unwrap().user_id, ann);
    assert!(find(&server, GOOGLE, "07").await.is_none() && find(&server, GOOGLE, ANN).await.is_none());
    assert_eq!(server.app.storage.read().await.unwrap().identities_of_user(&ann).await.unwrap(), [anns]);
    assert_eq!(events(&server, Name::IdentityLinked).await, 2);
    let personal =
        "SELECT COUNT(*) FROM audit WHERE details LIKE '%@%' OR subject LIKE '%@%' OR details LIKE '%\"7\"%'";
    assert_eq!(server.database.db_number(personal).await, 0);
}

#[tokio::test]
async fn of_two_people_who_link_one_identity_at_once_one_has_it() {
    let server = Server::start().await;
    let other = server.another_node().await;
    for round in 0..10 {
        let (ann, bob) = (newcomer(&server).await, newcomer(&server).await);
        let said = vouched(GOOGLE, &round.to_string(), &[]);
        let (one, two) = tokio::join!(link(&server, &ann, &said), link(&other, &bob, &said));
        assert!(one.is_some() != two.is_some(), "round {round}: {one:?} {two:?}");
        assert_eq!(find(&server, GOOGLE, &said.subject).await, one.or(two));
    }
}

#[tokio::test]
async fn a_sign_in_by_an_identity_keeps_what_the_provider_says_now_unless_it_was_unlinked() {
    let server = Server::start().await;
    server.app.storage.roles_come_of(["google".to_owned(), "work".to_owned()]);
    let bob = newcomer(&server).await;
    let identity = link(&server, &bob, &vouched(GOOGLE, "7", &["eng"])).await.unwrap();
    server.turn(60);
    let now = server.clock.now();
    let mut said = Vouched { provider: "work".to_owned(), ..vouched(GOOGLE, "7", &["ops"]) };
    said.email = Some(VouchedAddress { address: ANN.to_owned(), verified: false, trusted: false });
    assert!(held(&server, &bob, async |t| t.use_identity(&identity, &said, &act(&server)).await.unwrap()).await);
    let expected = Identity {
        provider: "work".to_owned(),
        email: Some(ANN.to_owned()),
        roles: vec!["ops".to_owned()],
        last_used_at: now,
        ..identity.clone()
    };
    assert_eq!(find(&server, GOOGLE, "7").await, Some(expected));
    // What the provider says of an address changes no account.
    let user = account(&server, &bob).await.user;
    assert_eq!((user.email, user.email_verified, user.upstream_roles), (None, false, vec!["ops".to_owned()]));
    assert!(unlink(&server, &identity).await.is_some());
    assert!(!held(&server, &bob, async |t| t.use_identity(&identity, &said, &act(&server)).await.unwrap()).await);
    assert_eq!(account(&server, &bob).await.user.upstream_roles, Vec::<String>::new());
}

#[tokio::test]
async fn roles_of_providers_stand_beside_those_given_here_and_one_that_is_gone_is_gone_from_tokens() {
    let server = Server::start().await;
    server.app.storage.roles_come_of(["google".to_owned(), "work".to_owned()]);
    let ann = server.db_user(ANN).await;
    let scopes = ScopeSet::parse("openid offline_access roles").unwrap();
    let client = server.db_client(ClientType::Web, |client| client.scopes = scopes).await;
    let one = link(&server, &ann, &vouched(GOOGLE, "7", &["developer", "editor"])).await.unwrap();
    link(&server, &ann, &vouched("https://login.example.com", "7", &["reader"])).await.unwrap();
    let given = tokens(&server, &client).await;
    let of = |tokens: &Value, name: &str| unverified_claims(text(tokens, name))["roles"].clone();
    let all = json!(["editor", "developer", "reader"]);
    assert_eq!(of(&given, "access_token"), all);
    assert_eq!(client.userinfo(text(&given, "access_token")).await.ok()["roles"], all);
    // The provider takes one back; that given here of the same name stays.
    held(&server, &ann, async |t| t.use_identity(&one, &vouched(GOOGLE, "7", &[]), &act(&server)).await.unwrap()).await;
    let introspected = client.post("/introspect", &[("token", text(&given, "access_token"))]).await.ok();
    assert_eq!(introspected["roles"], json!(["editor", "reader"]));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&given, "refresh_token"))];
    let refreshed = client.token(&fields).await.ok();
    assert_eq!(of(&refreshed, "access_token"), json!(["editor", "reader"]));
    assert_eq!(account(&server, &ann).await.user.roles, ["editor"]);
}

/// Signs a person in, in a browser with an application, and says that it was by this identity.
async fn by_identity(server: &Server, client: &Client, identity: &str, sid: Option<&str>) -> (Value, String) {
    let given = tokens(server, client).await;
    let id = unverified_claims(text(&given, "id_token"))["sid"].as_str().unwrap().to_owned();
    let sid = sid.map_or("NULL".to_owned(), |sid| format!("'{sid}'"));
    let sql = format!("UPDATE sign_ins SET identity_id = '{identity}', upstream_sid = {sid} WHERE id = '{id}'");
    assert_eq!(server.database.db_execute(&sql).await, 1);
    (given, id)
}

/// Row F10, what hangs on an identity: its sign-ins and what is bound to them, and no others. Applications are told.
#[tokio::test]
async fn unlinking_ends_the_sign_ins_that_came_by_the_identity_and_no_others() {
    let receiver = Receiver::start().await;
    let allowed = receiver.address.to_string();
    let server = Server::with(|config| config.outgoing.allow = vec![allowed]).await;
    let ann = server.db_user(ANN).await;
    let bound = |client: &mut doorward::protocol::client::Client| {
        client.backchannel_logout_uri = Some(receiver.uri());
    };
    let client = server.db_client(ClientType::Spa, bound).await;
    server.poll().await;
    let google = link(&server, &ann, &vouched(GOOGLE, "7", &[])).await.unwrap();
    let work = link(&server, &ann, &vouched("https://login.example.com", "7", &[])).await.unwrap();
    let (one, _) = by_identity(&server, &client, &google.id, None).await;
    let (two, _) = by_identity(&server, &client, &google.id, Some("x")).await;
    let (three, _) = by_identity(&server, &client, &work.id, Some("x")).await;
    let four = tokens(&server, &client).await;
    let holds = async |given: &Value| client.userinfo(text(given, "access_token")).await.status == 200;
    // Nobody else's hand reaches it.
    let stranger = newcomer(&server).await;
    let strange = Identity { user_id: stranger, ..google.clone() };
    assert!(unlink(&server, &strange).await.is_none());
    assert!(holds(&one).await);
    assert_eq!(unlink(&server, &google).await.as_ref(), Some(&google));
    for (given, is_live) in [(&one, false), (&two, false), (&three, true), (&four, true)] {
        assert_eq!(holds(given).await, is_live);
    }
    let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&one, "refresh_token"))];
    client.token(&fields).await.refused_json(400, Rejection::EndedGrant);
    while server.app.deliver_logouts().await.unwrap() > 0 {}
    assert_eq!(receiver.tokens().await.len(), 2);
    assert!(unlink(&server, &google).await.is_none(), "once");
    assert_eq!((events(&server, Name::IdentityUnlinked).await, events(&server, Name::SignInEnded).await), (1, 2));
    let reasons = "SELECT COUNT(*) FROM sign_ins WHERE end_reason = 'unlinked'";
    assert_eq!(server.database.db_number(reasons).await, 2);
}

#[tokio::test]
async fn the_end_of_one_session_at_a_provider_ends_what_came_of_that_one() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let google = link(&server, &ann, &vouched(GOOGLE, "7", &[])).await.unwrap();
    let work = link(&server, &ann, &vouched("https://login.example.com", "7", &[])).await.unwrap();
    let (_, one) = by_identity(&server, &client, &google.id, Some("x")).await;
    let (_, two) = by_identity(&server, &client, &google.id, Some("y")).await;
    let (_, three) = by_identity(&server, &client, &work.id, Some("x")).await;
    let live = async || -> Vec<String> {
        let mut reader = server.app.storage.read().await.unwrap();
        let mut ids: Vec<String> =
            reader.sign_ins_of_user(&ann).await.unwrap().into_iter().map(|entry| entry.id).collect();
        ids.sort();
        ids
    };
    let end = async |sid: Option<&str>| {
        let mut transaction = server.app.storage.begin().await.unwrap();
        let ended = transaction.end_sign_ins_of_identity((&google.id, sid), "signed out there", &act(&server)).await;
        transaction.commit().await.unwrap();
        ended.unwrap()
    };
    assert_eq!((end(Some("z")).await, live().await.len()), (0, 3));
    assert_eq!(end(Some("x")).await, 1);
    let mut rest = vec![two, three.clone()];
    rest.sort();
    assert_eq!(live().await, rest);
    assert!(!rest.contains(&one));
    assert_eq!((end(None).await, live().await), (1, vec![three]));
}

#[tokio::test]
async fn a_deleted_person_leaves_no_identity_and_whoever_comes_by_it_then_is_somebody_new() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    link(&server, &ann, &vouched(GOOGLE, "7", &[])).await.unwrap();
    let mut transaction = server.app.storage.begin().await.unwrap();
    assert!(transaction.delete_user(&ann).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(find(&server, GOOGLE, "7").await, None);
    let bob = newcomer(&server).await;
    assert!(link(&server, &bob, &vouched(GOOGLE, "7", &[])).await.is_some());
}
