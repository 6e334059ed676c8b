//! Each kind of caller at every route: with the credentials that they have, and without a form of ours.

use axum::body::Body;
use axum::http::{Request, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use doorward::protocol::client::ClientType;
use doorward::protocol::upstream::ProviderKind;
use doorward::registry::{Act, KeyOwner, NewKey};

use crate::sources::routes;
use crate::support::{Answer, Browser, Client, PASSWORD, Provider, Server};

const ANN: &str = "ann@example.org";
const BEN: &str = "ben@example.org";
const API: &str = "https://api.test";

/// What a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// Anybody, and everybody gets the same.
    Anybody,
    /// Whoever is signed in; all others are sent to sign in.
    Person,
    /// A browser on its way: a page of ours has led there, or nothing happens.
    Journey,
    /// A client that authenticates; all others are refused.
    Client,
    /// An access token for userinfo.
    Token,
    /// A form of ours: without one nothing happens, whoever sends it.
    Form,
}

/// What each route is for: by GET, and by POST.
const ROWS: &[(&str, Option<For>, Option<For>)] = &[
    ("/", Some(For::Anybody), None),
    ("/.well-known/jwks.json", Some(For::Anybody), None),
    ("/.well-known/oauth-authorization-server", Some(For::Anybody), None),
    ("/.well-known/openid-configuration", Some(For::Anybody), None),
    ("/account", Some(For::Person), None),
    ("/account/api-keys", Some(For::Person), Some(For::Form)),
    ("/account/api-keys/begin", None, Some(For::Form)),
    ("/account/api-keys/end", None, Some(For::Form)),
    ("/account/api-keys/new", Some(For::Person), None),
    ("/account/api-keys/replace", Some(For::Journey), Some(For::Form)),
    ("/account/applications", Some(For::Person), None),
    ("/account/apps/end", None, Some(For::Form)),
    ("/account/authenticator", Some(For::Person), Some(For::Form)),
    ("/account/authenticator/begin", None, Some(For::Form)),
    ("/account/authenticator/remove", None, Some(For::Form)),
    ("/account/data", Some(For::Person), None),
    ("/account/data/delete", None, Some(For::Form)),
    ("/account/data/export", None, Some(For::Form)),
    ("/account/devices/end", None, Some(For::Form)),
    ("/account/emails", Some(For::Person), Some(For::Form)),
    ("/account/emails/take", None, Some(For::Form)),
    ("/account/emails/verify", None, Some(For::Form)),
    ("/account/history", Some(For::Person), None),
    ("/account/identities/link", None, Some(For::Form)),
    ("/account/identities/unlink", None, Some(For::Form)),
    ("/account/passkeys", Some(For::Person), Some(For::Form)),
    ("/account/passkeys/begin", None, Some(For::Form)),
    ("/account/passkeys/remove", None, Some(For::Form)),
    ("/account/passkeys/rename", None, Some(For::Form)),
    ("/account/security-keys", None, Some(For::Form)),
    ("/account/security-keys/begin", None, Some(For::Form)),
    ("/account/security-keys/remove", None, Some(For::Form)),
    ("/account/password", Some(For::Person), Some(For::Form)),
    ("/account/password/first", None, Some(For::Form)),
    ("/account/password/remove", None, Some(For::Form)),
    ("/account/profile", Some(For::Person), Some(For::Form)),
    ("/account/proof", None, Some(For::Form)),
    ("/account/recovery-codes", Some(For::Person), Some(For::Form)),
    ("/account/recovery-codes/begin", None, Some(For::Form)),
    ("/account/recovery-codes/save", None, Some(For::Form)),
    ("/account/second-factor/keep", None, Some(For::Form)),
    ("/account/sign-ins", Some(For::Person), None),
    ("/account/sign-ins/end", None, Some(For::Form)),
    ("/account/sign-ins/end-others", None, Some(For::Form)),
    ("/api-keys/leaked", None, Some(For::Anybody)),
    ("/authorize", Some(For::Journey), Some(For::Journey)),
    ("/authorize/continue", Some(For::Journey), None),
    ("/consent", Some(For::Journey), Some(For::Form)),
    ("/healthz", Some(For::Anybody), None),
    ("/introspect", None, Some(For::Client)),
    ("/login", Some(For::Anybody), Some(For::Form)),
    ("/login/authenticator", Some(For::Journey), Some(For::Form)),
    ("/login/code", Some(For::Journey), Some(For::Form)),
    ("/login/email", Some(For::Anybody), Some(For::Form)),
    ("/login/lost", Some(For::Journey), Some(For::Form)),
    ("/login/lost/remove", None, Some(For::Form)),
    ("/login/new-passkey", Some(For::Journey), Some(For::Form)),
    ("/login/new-passkey/later", None, Some(For::Form)),
    ("/login/passkey", None, Some(For::Form)),
    ("/login/security-key", None, Some(For::Form)),
    ("/login/recovery", None, Some(For::Form)),
    ("/logout", Some(For::Anybody), Some(For::Anybody)),
    ("/logout/confirm", None, Some(For::Form)),
    ("/mail", Some(For::Journey), Some(For::Form)),
    ("/mail/code", Some(For::Journey), Some(For::Form)),
    ("/mail/password", Some(For::Journey), Some(For::Form)),
    ("/readyz", Some(For::Anybody), None),
    ("/recover", Some(For::Anybody), Some(For::Form)),
    ("/register", Some(For::Anybody), Some(For::Form)),
    ("/register/passkey", None, Some(For::Form)),
    ("/register/passkey/new", None, Some(For::Form)),
    ("/revoke", None, Some(For::Client)),
    ("/signed-out", Some(For::Anybody), None),
    ("/static/{file}", Some(For::Journey), None),
    ("/token", None, Some(For::Client)),
    ("/upstream/{id}", None, Some(For::Form)),
    ("/upstream/{id}/account", Some(For::Journey), Some(For::Form)),
    ("/upstream/{id}/backchannel-logout", None, Some(For::Journey)),
    ("/upstream/{id}/callback", Some(For::Journey), Some(For::Journey)),
    ("/upstream/{id}/link", Some(For::Journey), Some(For::Form)),
    ("/userinfo", Some(For::Token), Some(For::Token)),
];

/// Somebody, with what they show of themselves.
enum Caller {
    Nobody,
    Person(&'static str, Browser),
    /// A client, by Basic authentication.
    Service(Client),
    /// What stands in `Authorization: Bearer` and in `X-API-Key`.
    Shows(&'static str, String),
}

impl Caller {
    fn name(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Person(email, _) => email,
            Self::Service(_) => "a service",
            Self::Shows(what, _) => what,
        }
    }

    async fn ask(&self, server: &Server, method: &str, path: &str) -> Answer {
        let form = header::CONTENT_TYPE;
        let mut request = Request::builder().method(method).uri(path);
        if method == "POST" {
            request = request.header(form, "application/x-www-form-urlencoded");
        }
        match self {
            Self::Nobody => server.send(request.body(Body::empty()).unwrap()).await,
            Self::Person(_, browser) => browser.clone().send(request.body(Body::empty()).unwrap()).await,
            Self::Service(client) => {
                let pair = format!("{}:{}", client.id, client.secret.as_deref().unwrap());
                let basic = format!("Basic {}", STANDARD.encode(pair));
                server.send(request.header(header::AUTHORIZATION, basic).body(Body::empty()).unwrap()).await
            }
            Self::Shows(_, token) => {
                let request =
                    request.header(header::AUTHORIZATION, format!("Bearer {token}")).header("x-api-key", token);
                server.send(request.body(Body::empty()).unwrap()).await
            }
        }
    }
}

/// What must come of it.
fn must(what: For, method: &str, caller: &Caller, answer: &Answer) -> bool {
    let status = answer.status.as_u16();
    let leads_to_sign_in = || answer.status.is_redirection() && answer.location().contains("/login");
    match (what, caller) {
        (For::Person, Caller::Person(email, _)) => status == 200 && !answer.text().contains(other(email)),
        (For::Person, _) => leads_to_sign_in(),
        (For::Client, Caller::Service(_)) => status == 400,
        // Its own credentials are no token.
        (For::Token, Caller::Service(_)) => status == 400,
        (For::Client | For::Token, _) => status == 401,
        // Nothing that is somebody's, and nothing that was done.
        (For::Form, _) => (400..500).contains(&status) || leads_to_sign_in(),
        (For::Anybody | For::Journey, _) => {
            status < 500 && (method == "GET" || status >= 300 || !answer.text().contains(ANN))
        }
    }
}

fn other(email: &str) -> &'static str {
    if email == ANN { BEN } else { ANN }
}

#[tokio::test]
async fn every_route_is_for_whom_it_is_and_for_nobody_else() {
    let fake = Provider::start().await;
    let server = Server::with_mail(|config| {
        config.sign_in.email = true;
        fake.add_to(config, "fake", ProviderKind::Oidc, |_| {});
    })
    .await;
    let (ann, ben) = (server.db_user(ANN).await, server.db_user(BEN).await);
    server.db_resource(API, &["read", "write"]).await;
    let service = server.db_client(ClientType::Service, |client| {
        client.scopes = doorward::protocol::scope::ScopeSet::parse("read").unwrap();
    });
    let service = service.await;
    server.poll().await;
    let mut callers = vec![Caller::Nobody];
    for (email, _) in [(ANN, &ann), (BEN, &ben)] {
        let mut browser = server.browser();
        browser.sign_in(email).await;
        callers.push(Caller::Person(email, browser));
    }
    let own = service.credentials(&[("resource", API)]).await.ok()["access_token"].as_str().unwrap().to_owned();
    callers.push(Caller::Shows("a service's token", own));
    let act = Act::of_operator(server.clock.now());
    for (name, scope) in [("a key to read", "read"), ("a key to read and write", "read write")] {
        let new = NewKey { name: name.into(), resource: API.into(), scope: scope.into(), lifetime: None };
        let made = server.registry().create_api_key(KeyOwner::User(&ann), new, &act).await.unwrap().view;
        callers.push(Caller::Shows(name, made.secret.expose().to_owned()));
    }
    callers.push(Caller::Service(service));
    callers.push(Caller::Shows("a password", PASSWORD.replace(' ', "-")));

    let count = async || {
        let tables = [
            "users",
            "sign_ins",
            "identities",
            "clients",
            "consents",
            "grants",
            "codes",
            "tickets",
            "api_keys",
            "factors",
        ];
        let live = server.database.db_number("SELECT COUNT(*) FROM sign_ins WHERE ended_at IS NULL").await;
        (server.database.db_counts(&tables).await, live)
    };
    let before = count().await;
    for (path, methods) in routes() {
        let row = ROWS.iter().find(|(known, ..)| *known == path).unwrap_or_else(|| panic!("{path}: add its row"));
        for (method, mark, what) in [("GET", "get(", row.1), ("POST", "post(", row.2)] {
            assert_eq!(methods.contains(mark), what.is_some(), "{method} {path}");
            let Some(what) = what else { continue };
            let path = path.replace("{id}", "fake").replace("{file}", "nothing.css");
            for caller in &callers {
                let answer = caller.ask(&server, method, &path).await;
                let words = format!("{method} {path} by {}: {} {:?}", caller.name(), answer.status, answer.reason);
                assert!(must(what, method, caller, &answer), "{words}");
            }
        }
    }
    assert_eq!(count().await, before, "nothing was made, and nothing ended");
}
