//! Many requests at once: one code is redeemed once, small pools starve nobody, and strangers leave nothing behind.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::audit::Act;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::protocol::upstream::ProviderKind;

use crate::sources::routes;
use crate::support::{Answer, Browser, Client, PASSWORD, Provider, Server, parallel, redeem_at_once, rounds};

const ANN: &str = "ann@example.org";
const API: &str = "https://notes.test";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_the_codes_of_thirty_two_answers_to_one_request_one_is_worth_something() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let other = server.another_node().await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let form = browser.sign_in_on(&login, ANN, PASSWORD).await.form("#allow");
    let answers = parallel(32, |at| {
        let mut browser = browser.at(if at % 2 == 0 { &server } else { &other });
        let form = form.clone();
        async move { browser.press(&form).await }
    })
    .await;
    // Nobody knows which of them has reached the application: each is answered, and takes the code of the one before back.
    assert_eq!(server.database.db_number("SELECT count(*) FROM codes").await, 1);
    assert_eq!(server.database.db_number("SELECT count(*) FROM grants").await, 1);
    let mut won = 0;
    for answer in &answers {
        let redeemed = client.redeem(&answer.location_param("code").unwrap()).await;
        if redeemed.status == 200 {
            won += 1;
        } else {
            redeemed.refused_json(400, Rejection::UnknownCode);
        }
    }
    assert_eq!(won, 1);
    browser.press(&form).await.refused_page(400, Rejection::ReplayedPendingRequest);
}

/// What a request is sent with: a browser with its cookies, or a machine.
#[derive(Clone)]
enum Sent {
    Browser(Browser, Request<()>, String),
    Client(Client, &'static str, Vec<(&'static str, String)>),
    Bearer(Client, String),
}

impl Sent {
    fn get(browser: &Browser, path: &str) -> Self {
        Self::Browser(browser.clone(), Request::get(path).body(()).unwrap(), String::new())
    }

    fn form(browser: &Browser, form: &crate::support::Form) -> Self {
        let request = Request::post(&form.action).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Self::Browser(browser.clone(), request.body(()).unwrap(), form.body())
    }

    /// The path that it goes to.
    fn path(&self) -> String {
        match self {
            Self::Browser(_, request, _) => request.uri().path().to_owned(),
            Self::Client(_, path, _) => (*path).to_owned(),
            Self::Bearer(..) => "/userinfo".to_owned(),
        }
    }

    async fn send(self) -> Answer {
        match self {
            Self::Browser(mut browser, request, body) => {
                let (parts, ()) = request.into_parts();
                browser.send(Request::from_parts(parts, Body::from(body))).await
            }
            Self::Client(client, path, fields) => {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                client.post(path, &fields).await
            }
            Self::Bearer(client, token) => client.userinfo(&token).await,
        }
    }
}

/// What the answers to equal requests must be, however many come at once.
#[derive(Clone, Copy)]
enum Must {
    /// All have this status.
    Be(u16),
    /// All are refused with 400.
    Refuse(Rejection),
    /// One has this status, and never one again; all others are refused with 400.
    BeOnce(u16, Rejection),
    /// Those that come in time are 200; all others are refused with 401.
    BeUntil(Rejection),
}

/// A request with what must come of it.
#[derive(Clone)]
struct Asked {
    name: &'static str,
    sent: Sent,
    must: Must,
}

impl Asked {
    /// Holds the answers against what they must be; `first` when none of these requests was sent before.
    #[track_caller]
    fn holds(&self, answers: &[&Answer], first: bool) {
        let (status, refused, wins) = match self.must {
            Must::Be(status) => (status, None, answers.len()),
            Must::Refuse(rejection) => (200, Some((400, rejection)), 0),
            Must::BeOnce(status, rejection) => (status, Some((400, rejection)), usize::from(first)),
            Must::BeUntil(rejection) => (200, Some((401, rejection)), 0),
        };
        let (won, lost): (Vec<&Answer>, Vec<&Answer>) =
            answers.iter().partition(|answer| answer.status == status && answer.reason.is_none());
        for answer in &lost {
            let Some((status, rejection)) = refused else {
                panic!("{}: {} {:?} {}", self.name, answer.status, answer.reason, answer.text())
            };
            assert!(answer.reason.is_some(), "{}: {} instead of {rejection:?}", self.name, answer.status);
            answer.refused(status, rejection);
        }
        let in_time = first && matches!(self.must, Must::BeUntil(_));
        assert!(in_time || won.len() == wins, "{}: {} of {}", self.name, won.len(), answers.len());
    }
}

/// One request for every endpoint and page, as far into it as a single request gets.
async fn every_endpoint(server: &Server) -> Vec<Asked> {
    server.db_resource(API, &["notes:read"]).await;
    server.db_user(ANN).await;
    let scopes = ScopeSet::parse("openid profile email offline_access").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid+offline_access")).await;
    let (stranger, login_page) = (browser.clone(), login.clone());
    let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    let consent = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let account = browser.visit("/account").await;
    let silent = client.authorization_url("scope=openid+offline_access&prompt=none");

    // Two who have forgotten their passwords: one looks at the mail, the other chooses a new one.
    let mut forgetful = Vec::new();
    for email in ["cleo@example.org", "dora@example.org"] {
        server.db_user(email).await;
        let mut browser = server.browser();
        let page = browser.visit("/recover").await.form("#recover-submit").with("email", email);
        let code = browser.press(&page).await;
        let mail = server.mailbox().await.latest_to(email);
        let code = code.form("#code-submit").with("code", &mail.code());
        let link = browser.visit(&mail.path()).await.form("#confirm");
        forgetful.push((browser, page, code, link, mail.path()));
    }
    let (mut dora, _, dora_code, ..) = forgetful.remove(1);
    let (cleo, recover, cleo_code, cleo_link, mail_path) = forgetful.remove(0);
    let chosen = dora.press(&dora_code).await.form("#reset-submit").with("password", "a louder river at dusk");
    let new_password_path = format!("/mail/password?request={}", chosen.field("request"));
    let change = account.form("#sign-out").with("email", "new@elsewhere.example").to("/account/emails");

    // Bea has a browser of her own, whose other sign-ins end.
    let id = server.db_user("bea@example.org").await;
    // Her address is no way in, so that her password stays.
    server.db_change_user(&id, |account| account.user.email_verified = false).await;
    let mut bea = server.browser();
    let bea_form = bea.sign_in("bea@example.org").await.form("#sign-out");
    // Whoever signs in again or out does so in another browser: the other requests stay signed in.
    let (mut renewing, mut leaving) = (server.browser(), server.browser());
    renewing.sign_in(ANN).await;
    let again =
        renewing.visit("/login?as=another").await.form("#login-submit").with("email", ANN).with("password", PASSWORD);
    let sign_out = leaving.sign_in(ANN).await.form("#sign-out");
    server.db_user("fay@example.org").await;
    let mut fay = server.browser();
    fay.sign_in("fay@example.org").await;
    let give_up = fay.visit("/account/data").await.form("#delete-account").with("word", "fay@example.org");
    let mut other = browser.clone();
    let page = other.visit(&client.authorization_url("scope=openid+offline_access&state=other")).await;
    let code = other.press(&page.form("#allow")).await.location_param("code").unwrap();
    let tokens = client.redeem(&code).await.ok();
    let (access, refresh) = (tokens["access_token"].to_string(), tokens["refresh_token"].to_string());
    let (access, refresh) = (access.trim_matches('"').to_owned(), refresh.trim_matches('"').to_owned());
    let code = browser.get(&silent).await.location_param("code").unwrap();
    let (away, link) = (login_page.form("#upstream-fake"), account.form("#link-fake"));
    let unlink = bea_form.clone().to("/account/identities/unlink").with("id", "another");
    let first_password = bea_form.clone().to("/account/password/first");
    let no_password = bea_form.clone().to("/account/password/remove");
    let end_others = bea_form.to("/account/sign-ins/end-others");
    let end_app = account.form("#sign-ins button").without("id").with("client_id", "another");
    let end_app = end_app.to("/account/apps/end");
    let export = end_app.clone().to("/account/data/export");
    let end_key = export.clone().with("id", "dwk_000000000000").to("/account/api-keys/end");
    let replace_key = end_key.clone().to("/account/api-keys/replace");
    let begin_key = end_key.clone().without("id").to("/account/api-keys/begin");
    let make_key = export.clone().with("name", "Backup").with("resource", API).with("scope.0", "notes:read");
    let make_key = make_key.to("/account/api-keys");
    let sealed = format!("?request={}", login.form("#login-submit").field("request"));
    let login = login.form("#login-submit").with("email", ANN).with("password", PASSWORD);
    let register = register.form("#register-submit").with("email", "new@example.org").with("name", "New");
    let grant = |kind: &str| ("grant_type", kind.to_owned());
    let redemption = vec![
        grant("authorization_code"),
        ("code", code),
        ("redirect_uri", client.redirect_uri.clone()),
        ("code_verifier", crate::support::VERIFIER.to_owned()),
    ];
    let code = export.clone().without("client_id").with("code", "123456");
    let report = Sent::Browser(
        stranger.clone(),
        Request::post("/api-keys/leaked").header(header::CONTENT_TYPE, "application/json").body(()).unwrap(),
        "[{\"token\":\"dwk_nothing\"}]".to_owned(),
    );
    let with_passkey = register.clone().with("email", "another@example.org").to("/register/passkey");
    let all = vec![
        ("authorize", Must::Be(303), Sent::get(&stranger, &client.authorization_url(""))),
        ("authorize silently", Must::Be(303), Sent::get(&browser, &silent)),
        ("continue", Must::Be(303), Sent::get(&browser, &format!("/authorize/continue{sealed}"))),
        ("login page", Must::Be(303), Sent::get(&browser, &format!("/login{sealed}"))),
        ("login", Must::Be(303), Sent::form(&stranger, &login)),
        (
            "a wrong login",
            Must::Refuse(Rejection::WrongCredentials),
            Sent::form(&stranger, &login.clone().with("password", "a wrong password of some length")),
        ),
        ("second step page", Must::Be(303), Sent::get(&browser, &format!("/login/code{sealed}"))),
        ("second step", Must::Be(303), Sent::form(&browser, &code.clone().to("/login/code"))),
        ("recovery code", Must::Be(303), Sent::form(&browser, &code.clone().to("/login/recovery"))),
        ("page of who has lost all", Must::Be(303), Sent::get(&browser, &format!("/login/lost{sealed}"))),
        ("to have lost all", Must::Be(303), Sent::form(&browser, &code.clone().to("/login/lost"))),
        ("remove what is lost", Must::Be(303), Sent::form(&browser, &code.clone().to("/login/lost/remove"))),
        ("keep what is not lost", Must::Be(303), Sent::form(&browser, &code.clone().to("/account/second-factor/keep"))),
        ("first authenticator page", Must::Be(303), Sent::get(&browser, &format!("/login/authenticator{sealed}"))),
        ("first authenticator", Must::Be(303), Sent::form(&browser, &code.clone().to("/login/authenticator"))),
        (
            "show a passkey",
            Must::Refuse(Rejection::NoPasskeyShown),
            Sent::form(&browser, &code.clone().to("/login/passkey")),
        ),
        ("show a security key", Must::Be(303), Sent::form(&browser, &code.clone().to("/login/security-key"))),
        ("new passkey page", Must::Be(303), Sent::get(&browser, &format!("/login/new-passkey{sealed}"))),
        (
            "new passkey",
            Must::Refuse(Rejection::NoPasskeyShown),
            Sent::form(&browser, &code.clone().to("/login/new-passkey")),
        ),
        ("no new passkey", Must::Be(303), Sent::form(&browser, &code.clone().to("/login/new-passkey/later"))),
        ("account with a passkey", Must::Be(200), Sent::form(&stranger, &with_passkey)),
        (
            "no account with a passkey",
            Must::Refuse(Rejection::NoPasskeyShown),
            Sent::form(&stranger, &register.clone().to("/register/passkey/new")),
        ),
        ("login again", Must::Be(303), Sent::form(&renewing, &again)),
        ("register page", Must::Be(200), Sent::get(&stranger, &format!("/register{sealed}"))),
        (
            "register",
            Must::BeOnce(303, Rejection::EmailTaken),
            Sent::form(&stranger, &register.with("password", PASSWORD)),
        ),
        ("consent page", Must::Be(303), Sent::get(&browser, &format!("/consent{sealed}"))),
        ("consent", Must::Be(303), Sent::form(&browser, &consent.form("#allow"))),
        ("account", Must::Be(200), Sent::get(&browser, "/account")),
        ("authenticator", Must::Be(200), Sent::get(&browser, "/account/authenticator")),
        (
            "set up an authenticator",
            Must::Refuse(Rejection::StaleOffer),
            Sent::form(&browser, &code.clone().to("/account/authenticator")),
        ),
        ("to an authenticator", Must::Be(303), Sent::form(&browser, &code.clone().to("/account/authenticator/begin"))),
        ("no authenticator", Must::Be(303), Sent::form(&browser, &code.clone().to("/account/authenticator/remove"))),
        ("passkeys", Must::Be(200), Sent::get(&browser, "/account/passkeys")),
        (
            "add a passkey",
            Must::Refuse(Rejection::NoPasskeyShown),
            Sent::form(&browser, &code.clone().to("/account/passkeys")),
        ),
        ("to a passkey", Must::Be(303), Sent::form(&browser, &code.clone().to("/account/passkeys/begin"))),
        (
            "call a passkey",
            Must::Be(303),
            Sent::form(&browser, &code.clone().with("id", "x").to("/account/passkeys/rename")),
        ),
        (
            "no passkey",
            Must::Be(303),
            Sent::form(&browser, &code.clone().with("id", "x").to("/account/passkeys/remove")),
        ),
        (
            "add a security key",
            Must::Refuse(Rejection::NoSecurityKeyShown),
            Sent::form(&browser, &code.clone().to("/account/security-keys")),
        ),
        ("to a security key", Must::Be(303), Sent::form(&browser, &code.clone().to("/account/security-keys/begin"))),
        (
            "no security key",
            Must::Be(303),
            Sent::form(&browser, &code.clone().with("id", "x").to("/account/security-keys/remove")),
        ),
        ("end a device", Must::Be(303), Sent::form(&browser, &code.clone().with("id", "x").to("/account/devices/end"))),
        ("recovery codes", Must::Be(200), Sent::get(&browser, "/account/recovery-codes")),
        ("make recovery codes", Must::Be(303), Sent::form(&browser, &code.clone().to("/account/recovery-codes"))),
        ("to recovery codes", Must::Be(303), Sent::form(&browser, &code.clone().to("/account/recovery-codes/begin"))),
        ("save recovery codes", Must::Be(303), Sent::form(&browser, &code.to("/account/recovery-codes/save"))),
        ("sign-ins", Must::Be(200), Sent::get(&browser, "/account/sign-ins")),
        ("applications", Must::Be(200), Sent::get(&browser, "/account/applications")),
        ("history", Must::Be(200), Sent::get(&browser, "/account/history")),
        ("password", Must::Be(200), Sent::get(&browser, "/account/password")),
        ("a first password", Must::Be(303), Sent::form(&bea, &first_password)),
        ("no password", Must::Refuse(Rejection::LastWayIn), Sent::form(&bea, &no_password)),
        ("data", Must::Be(200), Sent::get(&browser, "/account/data")),
        ("export", Must::Be(200), Sent::form(&browser, &export)),
        ("keys", Must::Be(200), Sent::get(&browser, "/account/api-keys")),
        ("page of a new key", Must::Be(200), Sent::get(&browser, "/account/api-keys/new")),
        ("make a key", Must::Be(200), Sent::form(&browser, &make_key)),
        ("to a key", Must::Be(303), Sent::form(&browser, &begin_key)),
        ("replace a key", Must::Be(303), Sent::form(&browser, &replace_key)),
        ("end a key", Must::Be(303), Sent::form(&browser, &end_key)),
        ("delete an account", Must::Be(303), Sent::form(&fay, &give_up)),
        ("profile", Must::Be(200), Sent::get(&browser, "/account/profile")),
        ("front door", Must::Be(303), Sent::get(&browser, "/")),
        ("end a sign-in", Must::Be(303), Sent::form(&browser, &account.form("#sign-ins button").with("id", "another"))),
        ("end the other sign-ins", Must::Be(303), Sent::form(&bea, &end_others)),
        ("end an app", Must::Be(303), Sent::form(&browser, &end_app)),
        ("to a provider", Must::Be(200), Sent::form(&stranger, &away)),
        ("to a provider to link", Must::Be(200), Sent::form(&browser, &link)),
        ("unlink", Must::Be(303), Sent::form(&bea, &unlink)),
        ("page of a sign-in by mail", Must::Be(200), Sent::get(&cleo, "/login/email")),
        ("sign-in by mail", Must::Be(303), Sent::form(&cleo, &recover.clone().to("/login/email"))),
        ("recover page", Must::Be(200), Sent::get(&cleo, "/recover")),
        (
            "recover",
            Must::Be(303),
            Sent::form(&stranger, &recover.with("email", "nobody@example.org").with("csrf", &login.field("csrf"))),
        ),
        ("a mail's link", Must::Be(200), Sent::get(&cleo, &mail_path)),
        ("a mail's button", Must::Be(303), Sent::form(&cleo, &cleo_link)),
        (
            "page for a code",
            Must::Be(200),
            Sent::get(&cleo, &format!("/mail/code?request={}", cleo_code.field("request"))),
        ),
        ("a code", Must::Be(303), Sent::form(&cleo, &cleo_code)),
        ("page for a new password", Must::Be(200), Sent::get(&dora, &new_password_path)),
        ("a new password", Must::BeOnce(303, Rejection::UnknownTicket), Sent::form(&dora, &chosen)),
        ("address", Must::Be(200), Sent::get(&browser, "/account/emails")),
        ("another address", Must::Be(303), Sent::form(&browser, &change)),
        ("prove the address", Must::Be(303), Sent::form(&browser, &change.clone().to("/account/emails/verify"))),
        ("have a code to prove it", Must::Be(303), Sent::form(&browser, &change.clone().to("/account/proof"))),
        ("take the address", Must::Be(303), Sent::form(&browser, &change.clone().to("/account/emails/take"))),
        ("logout", Must::Be(200), Sent::get(&browser, "/logout")),
        ("signed out", Must::Be(200), Sent::get(&stranger, "/signed-out")),
        ("stylesheet", Must::Be(200), Sent::get(&stranger, &login_page.field("link[rel=stylesheet]", "href").unwrap())),
        ("code", Must::BeOnce(200, Rejection::ReplayedCode), Sent::Client(client.clone(), "/token", redemption)),
        (
            "refresh",
            Must::Be(200),
            Sent::Client(client.clone(), "/token", vec![grant("refresh_token"), ("refresh_token", refresh)]),
        ),
        ("credentials", Must::Be(200), Sent::Client(service, "/token", vec![grant("client_credentials")])),
        ("introspect", Must::Be(200), Sent::Client(client.clone(), "/introspect", vec![("token", access.clone())])),
        ("userinfo", Must::BeUntil(Rejection::RevokedToken), Sent::Bearer(client.clone(), access.clone())),
        ("revoke", Must::Be(200), Sent::Client(client, "/revoke", vec![("token", access)])),
        ("keys", Must::Be(200), Sent::get(&stranger, "/.well-known/jwks.json")),
        ("discovery", Must::Be(200), Sent::get(&stranger, "/.well-known/openid-configuration")),
        ("metadata", Must::Be(200), Sent::get(&stranger, "/.well-known/oauth-authorization-server")),
        ("a report of a leak", Must::Be(202), report),
        ("readiness", Must::Be(200), Sent::get(&stranger, "/readyz")),
        ("health", Must::Be(200), Sent::get(&stranger, "/healthz")),
        ("sign out", Must::Be(303), Sent::form(&leaving, &sign_out)),
    ];
    all.into_iter().map(|(name, must, sent)| Asked { name, sent, must }).collect()
}

async fn with_a_pool_of(size: u32) {
    let fake = Provider::start().await;
    let server = Server::with_mail(|config| {
        config.sign_in.email = true;
        config.registration.prove_address = false;
        fake.add_to(config, "fake", ProviderKind::Oidc, |_| {});
        // All of them come from one address.
        config.limits.trusted_networks = vec!["203.0.113.0/24".parse().unwrap()];
        config.database.max_connections = size;
        config.database.acquire_timeout = 60;
        config.api_keys.per_owner = 10_000;
        config.limits.failures_per_minute = 1_000_000;
        config.limits.account_failures_per_minute = 1_000_000;
        config.limits.pause_after = 1_000_000;
        config.limits.slow_after = 1_000_000;
        // More at once than a person has browsers.
        config.sign_in.per_person = 1_000;
    })
    .await;
    server.app.providers.discover().await;
    let all = every_endpoint(&server).await;
    // All of them at once, some times each, and then each alone: the queue must stay shorter than what one waits in it.
    let answers = parallel(all.len() * 8, |at| all[at % all.len()].sent.clone().send()).await;
    for (at, asked) in all.iter().enumerate() {
        asked.holds(&answers.iter().skip(at).step_by(all.len()).collect::<Vec<_>>(), true);
    }
    for asked in &all {
        let answers = parallel(64, |_| asked.sent.clone().send()).await;
        asked.holds(&answers.iter().collect::<Vec<_>>(), false);
    }
    // Whoever authenticated long ago is asked again before anything ends.
    server.turn(3600);
    server.poll().await;
    // Who has left is signed in no more.
    // Nor does it take a proof to end a key, or to find that there is none.
    let keys = ["/account/api-keys/end", "/account/api-keys/replace"];
    let factors = ["/account/authenticator", "/account/recovery-codes", "/account/passkeys", "/account/second-factor"];
    let factors = factors.into_iter().chain(["/account/security-keys", "/account/devices"]);
    let others = ["/account/emails", "/account/proof", "/account/data/delete"];
    let others: Vec<&str> = others.into_iter().chain(keys).chain(factors).collect();
    let acts = |path: &str| path.starts_with("/account") && !others.iter().any(|own| path.starts_with(own));
    for asked in all.iter().filter(|asked| acts(&asked.sent.path())) {
        for answer in parallel(64, |_| asked.sent.clone().send()).await {
            assert_eq!((answer.status.as_u16(), answer.reason.is_some()), (200, false), "{}", asked.name);
        }
    }
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn these_tests_know_every_route() {
    let fake = Provider::start().await;
    let server = Server::with_mail(|config| {
        config.sign_in.email = true;
        config.registration.prove_address = false;
        fake.add_to(config, "fake", ProviderKind::Oidc, |_| {});
    });
    let server = server.await;
    let sent: Vec<String> = every_endpoint(&server).await.iter().map(|asked| asked.sent.path()).collect();
    for (path, _) in routes() {
        let fixed = path.split('{').next().unwrap();
        let known = sent.iter().any(|sent| *sent == path || (path.contains('{') && sent.starts_with(fixed)));
        assert!(known, "{path}: add a request to every_endpoint()");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_of_one_connection_answers_sixty_four_requests_at_once_everywhere() {
    with_a_pool_of(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_of_two_connections_answers_sixty_four_requests_at_once_everywhere() {
    with_a_pool_of(2).await;
}

/// A code that is given while everything of its user ends is worth nothing afterwards, and neither is a sign-in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_that_is_given_meanwhile_outlives_the_end_of_all() {
    let server = Server::start().await;
    let user = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
    for _ in 0..rounds(20, 1000) {
        let mut browser = server.browser();
        browser.sign_in(ANN).await;
        let (mut asking, app) = (browser.clone(), client.clone());
        let asked = tokio::spawn(async move { asking.get(&app.authorization_url("")).await });
        let mut arriving = server.browser();
        let page = arriving.visit("/login").await;
        let form = page.form("#login-submit").with("email", ANN).with("password", PASSWORD);
        let arrived = tokio::spawn(async move {
            arriving.submit(&form).await;
            arriving
        });
        let mut transaction = server.app.storage.begin().await.unwrap();
        transaction.end_everything_of_user(&user, "test", &Act::of_operator(server.clock.now())).await.unwrap();
        transaction.commit().await.unwrap();
        // Whoever came later than the end holds; whoever came before it does not, and nothing lies between.
        let orphans = "SELECT COUNT(*) FROM grants g JOIN sign_ins s ON s.id = g.sign_in_id \
             WHERE g.ended_at IS NULL AND s.ended_at IS NOT NULL";
        let answer = asked.await.unwrap();
        arrived.await.unwrap().visit("/account").await;
        assert_eq!(server.database.db_number(orphans).await, 0);
        if let Some(code) = answer.location_param("code") {
            client.redeem(&code).await.refused_json(400, Rejection::EndedGrant);
        }
    }
}

/// Under a stricter isolation PostgreSQL would refuse the losers of a race with an error of its own (40001).
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stricter_default_of_the_database_changes_nothing() {
    let server = Server::start().await;
    if crate::support::is_postgres() {
        let name = server.database.config.url.rsplit('/').next().unwrap().to_owned();
        let strict = format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'");
        server.database.db_execute(&strict).await;
    }
    // Its connections are made after the change.
    let node = server.another_node().await;
    node.db_user(ANN).await;
    let client = node.db_client(ClientType::Web, |c| c.first_party = true).await;
    let mut browser = node.browser();
    browser.sign_in(ANN).await;
    for _ in 0..5 {
        let code = browser.code(&client, ANN, "").await;
        redeem_at_once(std::slice::from_ref(&client), &code).await;
    }
}
