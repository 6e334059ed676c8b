//! Each kind of actor at every function of the registry. What only who runs the server may do is refused to all others before anything is looked up, so
//! most rows name what is not there.

use doorward::protocol::api_key::{Owner as KeyOf, PresentedKey};
use doorward::protocol::audit::{Act, Actor, Origin};
use doorward::protocol::client::ClientType;
use doorward::protocol::device::Device;
use doorward::protocol::page::Page;
use doorward::protocol::trace::TraceId;
use doorward::registry::{
    ClientChange, Delivery, Error, Giving, Importing, Invitation, KeyOwner, NewClient, NewIdentity, NewKey,
    NewResource, NewUser, Recipient, Registry, Renewal, ResourceChange, RoleChange, SignedIn, State, UserChange,
    WhichIdentity,
};
use doorward::secret::Secret;

use crate::sources::sources;
use crate::support::Server;

const ANN: &str = "ann@example.org";
const API: &str = "https://api.test";
const NOT_THERE: &str = "nobody@example.org";

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Operator,
    /// A person with the role `admin`.
    Admin,
    /// Ann, whose things they are.
    Owner,
    /// Another person.
    Other,
    /// A client that acts for itself.
    Service,
    /// An API key of Ann's, as the client that it is.
    Key,
    Nobody,
}

use Who::{Admin, Key, Nobody, Operator, Other, Owner, Service};

const EVERYBODY: [Who; 7] = [Operator, Admin, Owner, Other, Service, Key, Nobody];

/// Who may.
fn may(function: &str) -> &'static [Who] {
    match function {
        // A person's own keys, which an operator has as well.
        "create_api_key" | "rotate_api_key" | "revoke_api_key" | "api_keys" | "api_key" => &[Operator, Owner],
        // Whoever holds a key shows that by it.
        "end_leaked_api_keys" => &EVERYBODY,
        // Nobody gives what they do not have: the operator has all roles, the admin that one, and the role is another.
        "give_role" => &[Operator],
        _ => &[Operator, Admin],
    }
}

/// What a face decides by itself before it shows it: views, which take nobody who acts.
const VIEWS: &[&str] = &[
    "client",
    "client_belongings",
    "client_secrets",
    "clients",
    "identities",
    "known_api_keys",
    "lockouts",
    "lockouts_beside",
    "recorded_user",
    "resource",
    "resource_belongings",
    "resource_secrets",
    "resources",
    "role",
    "role_use",
    "roles",
    "sign_ins",
    "user",
    "user_belongings",
    "users",
];

/// What a page of the account does for whoever is signed in, whom it is told in place of an actor: it reaches what is theirs alone.
const OWN: &[&str] = &["create_own_api_key", "own_api_key", "own_api_keys", "revoke_own_api_key", "rotate_own_api_key"];

struct Place {
    server: Server,
    people: [(Who, String); 3],
    service: String,
    key: String,
}

impl Place {
    async fn new() -> Self {
        let server = Server::start().await;
        let ann = server.db_user(ANN).await;
        let other = server.db_user("ben@example.org").await;
        let admin = server.db_user("chief@example.org").await;
        for (id, roles) in [(&ann, ""), (&other, ""), (&admin, "admin")] {
            let roles = roles.split_whitespace().map(str::to_owned).collect();
            server.db_change_user(id, |account| account.user.roles = roles).await;
        }
        server.db_resource(API, &["read"]).await;
        let service = server.db_client(ClientType::Service, |_| {}).await.id;
        let act = Act::of_operator(server.clock.now());
        let made = server.registry().create_api_key(KeyOwner::User(ANN), key(), &act).await.unwrap();
        server.registry().create_role("clerk", RoleChange::default(), &act).await.unwrap();
        let key = made.view.key.id;
        Self { server, people: [(Owner, ann), (Other, other), (Admin, admin)], service, key }
    }

    fn act(&self, who: Who) -> Act {
        let now = self.server.clock.now();
        let origin = Origin { address: None, trace: TraceId::of([7; 16]), device: Device::default() };
        let person = self.people.iter().find(|(one, _)| *one == who);
        let actor = match who {
            Operator => return Act::of_operator(now),
            Admin | Owner | Other => Actor::User(person.unwrap().1.clone()),
            Service => Actor::Client(self.service.clone()),
            Key => Actor::Client(self.key.clone()),
            Nobody => Actor::Nobody,
        };
        Act::by(actor, origin, now)
    }
}

fn key() -> NewKey {
    NewKey { name: "Backup".into(), resource: API.into(), scope: "read".into(), lifetime: None }
}

/// What came of it, whatever that is.
type Came = Result<(), Error>;

fn came<T>(outcome: Result<T, Error>) -> Came {
    outcome.map(drop)
}

async fn call(function: &str, registry: &Registry, act: &Act, place: &Place) -> Option<Came> {
    if let Some(came) = on_clients_and_apis(function, registry, act).await {
        return Some(came);
    }
    if let Some(came) = on_people(function, registry, act).await {
        return Some(came);
    }
    on_keys_and_roles(function, registry, act, place).await
}

async fn on_clients_and_apis(function: &str, registry: &Registry, act: &Act) -> Option<Came> {
    let id = "not-there";
    Some(match function {
        "create_client" => {
            let new = NewClient { client_id: None, client_type: ClientType::Web, details: ClientChange::default() };
            came(registry.create_client(new, act).await)
        }
        "change_client" => came(registry.change_client(id, ClientChange::default(), act).await),
        "renew_client_secret" => came(registry.renew_client_secret(id, Renewal::default(), act).await),
        "revoke_client_secret" => came(registry.revoke_client_secret(id, "not-there", act).await),
        "switch_client" => came(registry.switch_client(id, State::Off, act).await),
        "delete_client" => came(registry.delete_client(id, act).await),
        "create_resource" => {
            let new = NewResource { identifier: "no URI".into(), details: ResourceChange::default() };
            came(registry.create_resource(new, act).await)
        }
        "change_resource" => came(registry.change_resource(id, ResourceChange::default(), act).await),
        "delete_resource" => came(registry.delete_resource(id, act).await),
        "renew_resource_secret" => came(registry.renew_resource_secret(id, None, 0, act).await),
        _ => return None,
    })
}

async fn on_people(function: &str, registry: &Registry, act: &Act) -> Option<Came> {
    let nobody = NOT_THERE;
    Some(match function {
        "create_user" => {
            let new = NewUser { email: "no address".into(), details: UserChange::default() };
            came(registry.create_user(new, act).await)
        }
        "import_users" => came(registry.import_users("no line", Importing::Earnest, act).await),
        "change_user" => came(registry.change_user(nobody, UserChange::default(), act).await),
        "switch_user" => came(registry.switch_user(nobody, State::Off, act).await),
        "delete_user" => came(registry.delete_user(nobody, act).await),
        "leave_user" => came(registry.leave_user(nobody, 60, act).await),
        "return_user" => came(registry.return_user(nobody, act).await),
        "export_user" => came(registry.export_user(nobody, act).await),
        "unlock_user" => came(registry.unlock_user(nobody, act).await),
        "reset_factors" => came(registry.reset_factors(nobody, act).await),
        "invite" => {
            let invitation = Invitation { email: "no address".into(), ..Invitation::default() };
            came(registry.invite(invitation, Delivery::Told, act).await)
        }
        "reset_password" => came(registry.reset_password(nobody, Delivery::Told, act).await),
        "link_identity" => {
            let new = NewIdentity { provider: "p".into(), issuer: "https://p.test".into(), subject: "s".into() };
            came(registry.link_identity(nobody, &new, act).await)
        }
        "unlink_identity" => came(registry.unlink_identity(nobody, &WhichIdentity::default(), false, act).await),
        "end_sign_in" => came(registry.end_sign_in("not-there", act).await),
        "end_sign_ins_of_user" => came(registry.end_sign_ins_of_user(nobody, act).await),
        "end_everything" => came(registry.end_everything(act).await),
        _ => return None,
    })
}

async fn on_keys_and_roles(function: &str, registry: &Registry, act: &Act, place: &Place) -> Option<Came> {
    let page = || Page { after: None, limit: 1 };
    Some(match function {
        "create_api_key" => came(registry.create_api_key(KeyOwner::User(ANN), key(), act).await),
        "api_keys" => came(registry.api_keys(Some(KeyOwner::User(ANN)), page(), act).await),
        "api_key" => came(registry.api_key(&place.key, act).await),
        "rotate_api_key" => came(registry.rotate_api_key(&place.key, 60, act).await),
        "revoke_api_key" => came(registry.revoke_api_key(&place.key, act).await),
        "end_leaked_api_keys" => {
            let none: [PresentedKey; 0] = [];
            came(registry.end_leaked_api_keys(&none, act).await.map_err(Error::from))
        }
        "create_role" => came(registry.create_role("no name", RoleChange::default(), act).await),
        "change_role" => came(registry.change_role("not-there", RoleChange::default(), act).await),
        "delete_role" => came(registry.delete_role("not-there", act).await),
        "give_role" => came(registry.give_role(Recipient::User(ANN), "clerk", Giving::Grant, act).await),
        _ => return None,
    })
}

/// Whether they were turned away for who they are: told so, or that there is nothing of the kind.
fn is_turned_away(came: &Came) -> bool {
    const FOR_WHOM: [&str; 3] =
        ["only who runs this server", "whoever has the role 'admin'", "whoever does not have it"];
    match came {
        Err(Error::Invalid(problems)) => FOR_WHOM.iter().any(|words| problems.to_string().contains(words)),
        _ => false,
    }
}

/// Whom a function is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    WhoActs,
    WhoIsSignedIn,
    Nobody,
}

/// Every public function of the registry, and whom it is told.
fn functions() -> Vec<(String, Told)> {
    let mut functions = Vec::new();
    for (path, text) in sources("src/registry") {
        for rest in text.split("    pub async fn ").skip(1) {
            let (name, rest) = rest.split_once('(').unwrap();
            let (parameters, _) = rest.split_once(") ->").unwrap();
            // Those of values beside the registry take a reader.
            if parameters.trim_start().starts_with("&self") || parameters.trim_start().starts_with("\n        &self") {
                let told = match (parameters.contains("act: &Act"), parameters.contains("who: &SignedIn")) {
                    (true, _) => Told::WhoActs,
                    (false, true) => Told::WhoIsSignedIn,
                    (false, false) => Told::Nobody,
                };
                functions.push((name.to_owned(), told));
            } else {
                assert!(parameters.contains("reader"), "{path}: {name}");
            }
        }
    }
    assert!(functions.len() > 40, "{}", functions.len());
    functions
}

#[tokio::test]
async fn every_function_is_for_whom_it_is_and_for_nobody_else() {
    for (function, told) in functions() {
        let is_view = VIEWS.contains(&function.as_str());
        assert_eq!(is_view, told == Told::Nobody, "{function}: a view, or one that is told who acts?");
        assert_eq!(OWN.contains(&function.as_str()), told == Told::WhoIsSignedIn, "{function}: add it to OWN");
        if told != Told::WhoActs {
            continue;
        }
        // What one has done is in nobody's way.
        let place = Place::new().await;
        for who in EVERYBODY.into_iter().rev() {
            let act = place.act(who);
            let came = call(&function, &place.server.registry(), &act, &place).await;
            let came = came.unwrap_or_else(|| panic!("{function}: add its row"));
            let own = matches!(&came, Err(Error::Missing(..))) && may(&function) == [Operator, Owner];
            assert_eq!(!is_turned_away(&came) && !own, may(&function).contains(&who), "{function}, {who:?}: {came:?}");
        }
    }
}

#[tokio::test]
async fn whoever_is_signed_in_reaches_their_own_keys_alone_as_an_admin_too() {
    let place = Place::new().await;
    let registry = place.server.registry();
    for (who, email) in [(Other, "ben@example.org"), (Admin, "chief@example.org")] {
        let mut browser = place.server.browser();
        browser.sign_in(email).await;
        let (now, cookie) = (place.server.clock.now(), Secret::presented(&browser.cookies["doorward_sign_in"]));
        let sign_in = place.server.app.sign_ins.current(Some(&cookie), now).await.unwrap().unwrap();
        let origin = Origin { address: None, trace: TraceId::of([7; 16]), device: Device::default() };
        let signed_in = SignedIn { sign_in: &sign_in, origin, at: now };
        let missing = |came: Came| assert!(matches!(came, Err(Error::Missing(..))), "{who:?}: {came:?}");
        missing(came(registry.own_api_key(&signed_in, &place.key).await));
        missing(came(registry.rotate_own_api_key(&signed_in, &place.key, 60).await));
        missing(came(registry.revoke_own_api_key(&signed_in, &place.key).await));
        assert!(registry.own_api_keys(&signed_in).await.unwrap().keys.is_empty());
        let made = registry.create_own_api_key(&signed_in, key()).await.unwrap().key;
        assert_eq!(made.owner, KeyOf::User(sign_in.user_id.clone()));
        let own = registry.own_api_keys(&signed_in).await.unwrap().keys;
        assert_eq!(own.iter().map(|key| &key.id).collect::<Vec<_>>(), [&made.id]);
    }
}

#[tokio::test]
async fn an_admin_who_loses_the_role_or_the_account_may_no_more() {
    let place = Place::new().await;
    let registry = place.server.registry();
    let act = place.act(Admin);
    let admin = &place.people[2].1;
    let make = || registry.create_role("no name", RoleChange::default(), &act);
    let change = || registry.change_client("not-there", ClientChange::default(), &act);
    assert!(!is_turned_away(&came(change().await)) && !is_turned_away(&came(make().await)));
    place.server.db_change_user(admin, |account| account.user.roles.clear()).await;
    assert!(is_turned_away(&came(change().await)) && is_turned_away(&came(make().await)));
    place.server.db_change_user(admin, |account| account.user.roles = vec!["admin".into()]).await;
    place.server.db_change_user(&place.people[0].1, |account| account.user.roles = vec!["admin".into()]).await;
    registry.switch_user(admin, State::Off, &place.act(Operator)).await.unwrap();
    assert!(is_turned_away(&came(change().await)));
}
