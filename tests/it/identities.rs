//! Identities as rows: to whom each belongs, the roles that come of them, what ends when one is unlinked, and an address that its owner takes
//! over.

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
    let account = Account { user, password_hash: None };
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
    assert!(held(&server, &bob, async |t| t.use_identity(&identity, &said, now).await.unwrap()).await);
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
    assert!(!held(&server, &bob, async |t| t.use_identity(&identity, &said, now).await.unwrap()).await);
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
    let now = server.clock.now();
    held(&server, &ann, async |t| t.use_identity(&one, &vouched(GOOGLE, "7", &[]), now).await.unwrap()).await;
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

/// Makes an account as somebody does for themselves, with an address that is not proved.
async fn typed(server: &Server, email: &str, change: impl FnOnce(&mut Account)) -> String {
    let user = User {
        email: Some(email.to_owned()),
        name: "Mallory".to_owned(),
        ..User::new(random::row_id(server.clock.now()), MadeBy::Person, server.clock.now())
    };
    let mut account = Account { user, password_hash: Some("hash".to_owned()) };
    change(&mut account);
    let mut transaction = server.app.storage.begin().await.unwrap();
    assert!(transaction.insert_user(&account).await.unwrap());
    transaction.commit().await.unwrap();
    account.user.id
}

async fn release(server: &Server, user: &str, address: &str) -> bool {
    let mut transaction = server.app.storage.begin().await.unwrap();
    let is_released = transaction.release_address(user, address, &act(server)).await.unwrap();
    transaction.commit().await.unwrap();
    is_released
}

/// Row F4, at its rows: an account that somebody made with an address that was not theirs.
#[tokio::test]
async fn an_address_goes_to_its_owner_and_nothing_of_the_account_that_was_made_with_it_holds() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    // Through the form, as whoever comes first does it.
    let mut browser = server.browser();
    let page = browser.visit("/register").await;
    let form = page
        .form("#register-submit")
        .with("name", "Mallory")
        .with("email", ANN)
        .with("password", crate::support::PASSWORD);
    assert!(browser.submit(&form).await.status.is_redirection());
    let mallory = server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user.id;
    let own = link(&server, &mallory, &vouched(GOOGLE, "666", &[])).await.unwrap();
    let given = tokens(&server, &client).await;
    assert!(release(&server, &mallory, ANN).await);

    let left = account(&server, &mallory).await;
    assert_eq!((left.user.email, left.password_hash, left.user.disabled_at), (None, None, Some(server.clock.now())));
    client.userinfo(text(&given, "access_token")).await.refused(401, Rejection::TokenOfEndedGrant);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&given, "refresh_token"))];
    client.token(&fields).await.refused_json(400, Rejection::EndedGrant);
    assert!(browser.visit("/account").await.has("#login-submit"), "the browser is signed out");
    assert_eq!(find(&server, GOOGLE, &own.subject).await, None, "nor can the maker come back by a way of their own");
    for table in ["consents", "identities", "attempt_counters"] {
        let column = if table == "attempt_counters" { "account" } else { "user_id" };
        let rows = format!("SELECT COUNT(*) FROM {table} WHERE {column} = '{mallory}'");
        assert_eq!(server.database.db_number(&rows).await, 0, "{table}");
    }
    assert_eq!(events(&server, Name::UserDisplaced).await, 1);
    // The owner is somebody else, and the former password is nobody's.
    let owner = typed(&server, ANN, |account| account.password_hash = None).await;
    assert_ne!(owner, mallory);
    let page = browser.visit("/login").await;
    let form = page.form("#login-submit").with("email", ANN).with("password", crate::support::PASSWORD);
    browser.submit(&form).await.refused(400, Rejection::WrongCredentials);
    assert!(!release(&server, &mallory, ANN).await, "the address is not its any more");
}

#[tokio::test]
async fn an_account_that_was_given_anything_or_has_proved_its_address_keeps_it() {
    let server = Server::start().await;
    type Case = (&'static str, fn(&mut Account));
    let cases: [Case; 7] = [
        ("proved", |account| account.user.email_verified = true),
        ("operator", |account| account.user.made_by = MadeBy::Operator),
        ("upstream", |account| account.user.made_by = MadeBy::Upstream),
        ("unknown", |account| account.user.made_by = MadeBy::Unknown),
        ("role", |account| account.user.roles = vec!["editor".to_owned()]),
        ("upstream-role", |account| account.user.upstream_roles = vec!["developer".to_owned()]),
        ("another", |_| {}),
    ];
    for (name, change) in cases {
        let email = format!("{name}@example.org");
        let id = typed(&server, &email, change).await;
        let before = account(&server, &id).await;
        let address = if name == "another" { ANN } else { email.as_str() };
        assert!(!release(&server, &id, address).await, "{name}");
        let after = account(&server, &id).await;
        assert_eq!(format!("{:?}", after.user), format!("{:?}", before.user), "{name}");
        assert_eq!(after.password_hash, before.password_hash, "{name}");
    }
    let plain = typed(&server, ANN, |_| {}).await;
    assert!(release(&server, &plain, ANN).await);
    assert_eq!(events(&server, Name::UserDisplaced).await, 1);
}

#[tokio::test]
async fn whoever_proves_the_address_first_keeps_it_whatever_else_happens_at_once() {
    let server = Server::start().await;
    let other = server.another_node().await;
    for round in 0..10 {
        let email = format!("ann{round}@example.org");
        let id = typed(&server, &email, |_| {}).await;
        let now = server.clock.now();
        let proves = held(&other, &id, async |t| t.verify_address(&id, &email, now).await.unwrap());
        let (is_released, is_proved) = tokio::join!(release(&server, &id, &email), proves);
        assert!(is_released != is_proved, "round {round}: {is_released} {is_proved}");
        let user = account(&server, &id).await.user;
        assert_eq!(
            (user.email.is_none(), user.disabled_at.is_some(), user.email_verified),
            (is_released, is_released, is_proved)
        );
    }
    assert!(
        !held(&server, "nobody", async |t| t.verify_address("nobody", ANN, server.clock.now()).await.unwrap()).await
    );
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
