//! Forms that another site sends with the browser of the victim (RFC 6749 §10.12), and forms with more than they have.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::attacks::{ANN, BOB, EVE, count};
use crate::federation::{counted, federated, through};
use crate::support::{PASSWORD, Server, filled, login_form};

/// An API.
const API: &str = "https://notes.test";

/// What a page of another site sends along, as browsers do.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[("origin", "null")],
    &[("origin", "https://evil.test")],
    &[("origin", "http://localhost:8001")],
    &[("origin", "https://localhost:8000")],
    &[("origin", "http://localhost:8000.evil.test")],
    &[("origin", "http://localhost")],
    &[("origin", "http://LOCALHOST:8000/")],
    &[("origin", "http://localhost:8000"), ("origin", "https://evil.test")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("origin", "http://localhost:8000"), ("sec-fetch-site", "cross-site")],
];

/// 403 and no session, without our token, with another browser's, and from every foreign origin: nobody is signed in to the attacker's account.
#[tokio::test]
async fn e4_nobody_is_signed_in_by_another_site() {
    let server = Server::start().await;
    server.db_user(EVE).await;
    let (mut attacker, attackers) = login_form(&server).await;
    let (victim, form) = login_form(&server).await;
    let evil = filled(&form, EVE, PASSWORD);
    let own = form.field("csrf");
    let swapped: String = own.chars().rev().collect();
    for token in ["", "x", &attackers.field("csrf"), &own[1..], &format!("{own}A"), &own.to_lowercase(), &swapped] {
        let answer = victim.clone().submit(&evil.clone().with("csrf", token)).await;
        answer.refused_page(403, Rejection::ForgedForm);
        assert!(!answer.header("set-cookie").contains("sign_in"), "{token}");
    }
    victim.clone().submit(&evil.clone().without("csrf")).await.refused_page(403, Rejection::ForgedForm);
    for headers in FOREIGN {
        let answer = victim.clone().submit_with(&evil, headers).await;
        answer.refused_page(403, Rejection::CrossOriginForm);
        assert!(!answer.header("set-cookie").contains("sign_in"), "{headers:?}");
    }
    // A form of another site has none of our cookies (SameSite=Lax).
    let attackers = filled(&attackers, EVE, PASSWORD);
    server.browser().submit(&attackers).await.refused_page(403, Rejection::CookiesBlocked);
    victim.clone().submit(&attackers).await.refused_page(403, Rejection::ForgedForm);
    // By GET nobody signs in.
    let query = evil.body();
    let page = victim.clone().get(&format!("/login?{query}")).await;
    assert!(!page.header("set-cookie").contains("sign_in"));
    let kind = Request::post("/login").header(header::CONTENT_TYPE, "text/plain");
    let answer = victim.clone().send(kind.body(Body::from(evil.body())).unwrap()).await;
    answer.refused_page(415, Rejection::WrongContentType);
    assert_eq!(count(&server, "SELECT count(*) FROM sign_ins").await, 0);
    assert!(attacker.press(&attackers).await.has("#sign-out"), "the form itself is right");
}

/// Registering, consenting, ending sign-ins and applications' access, and signing out: each is refused without our token and from another site, and
/// nothing of it has happened.
#[tokio::test]
async fn e5_no_other_form_is_taken_from_another_site() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    let consent = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let account = browser.visit("/account").await;
    let register = register.form("#register-submit").with("email", EVE).with("name", "Eve").with("password", PASSWORD);
    let end = account.form("#sign-ins button");
    let others = end.clone().without("id").to("/account/sign-ins/end-others");
    let app = end.clone().without("id").with("client_id", &client.id).to("/account/apps/end");
    let forms = [register, consent.form("#allow"), consent.form("#deny"), end, others, app, account.form("#sign-out")];
    let (_, foreign) = login_form(&server).await;
    for form in &forms {
        for token in ["", "x", &foreign.field("csrf")] {
            let answer = browser.clone().submit(&form.clone().with("csrf", token)).await;
            answer.refused_page(403, Rejection::ForgedForm);
        }
        browser.clone().submit(&form.clone().without("csrf")).await.refused_page(403, Rejection::ForgedForm);
        for headers in FOREIGN {
            let answer = browser.clone().submit_with(form, headers).await;
            answer.refused_page(403, Rejection::CrossOriginForm);
        }
        // As a link or a picture.
        let answer = browser.clone().get(&format!("{}?{}", form.action, form.body())).await;
        assert!(!answer.status.is_server_error(), "{}: {}", form.action, answer.status);
    }
    assert_eq!(count(&server, "SELECT count(*) FROM users").await, 1);
    assert_eq!(count(&server, "SELECT count(*) FROM consents").await, 0);
    assert_eq!(count(&server, "SELECT count(*) FROM codes").await, 0);
    assert_eq!(count(&server, "SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 1);
}

/// What is nobody's to say of themselves is not said by putting it into the form of the profile: roles, addresses, proofs, claims of others, another account.
#[tokio::test]
async fn e16_a_profile_gives_no_role_no_address_and_nobody_elses_account() {
    let server = Server::start().await;
    let (ann, bob) = (server.db_user(ANN).await, server.db_user(BOB).await);
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut form = browser.visit("/account/profile").await.form("#save-profile").with("name", "Ann");
    for (field, value) in [
        ("role", "admin"),
        ("roles", "[\"admin\"]"),
        ("email", EVE),
        ("email_verified", "false"),
        ("email_authority", "operator"),
        ("phone_number", "1"),
        ("phone_number_verified", "true"),
        ("preferred_username", "admin"),
        ("given_name", "The Admin"),
        ("birthdate", "1990"),
        ("claims", "{\"preferred_username\":\"admin\"}"),
        ("user_id", &bob),
        ("id", &bob),
        ("sub", &bob),
        ("updated_at", "0"),
        ("disabled_at", "1"),
        ("password", "a quiet river at dusk"),
        ("password_hash", "x"),
    ] {
        form = form.with(field, value);
    }
    assert!(browser.press(&form).await.has("#done"));
    let only = format!(
        "SELECT count(*) FROM users WHERE id = '{ann}' AND name = 'Ann' AND email = '{ANN}' AND email_verified = 1 \
         AND roles = '[\"editor\"]' AND claims = '{{}}' AND disabled_at IS NULL AND email_authority = 'nobody'"
    );
    assert_eq!(count(&server, &only).await, 1);
    let other = format!("SELECT count(*) FROM users WHERE id = '{bob}' AND name = 'Ann Lee' AND claims = '{{}}'");
    assert_eq!(count(&server, &other).await, 1);
    assert!(server.browser().sign_in(ANN).await.has("#sign-out"), "the password is the same");
}

/// Fields that a form does not have are ignored, a body of JSON is refused: a newcomer is a newcomer, and a sign-in is of whoever knows the password.
#[tokio::test]
async fn e16_a_form_gives_nothing_that_it_does_not_have() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let extra = [
        ("role", "admin"),
        ("roles", "[\"admin\"]"),
        ("roles[]", "admin"),
        ("is_admin", "true"),
        ("admin", "1"),
        ("email_verified", "true"),
        ("id", &ann),
        ("sub", &ann),
        ("user_id", &ann),
        ("userId", &ann),
        ("user[id]", &ann),
        ("org_id", "theirs"),
        ("claims", "{\"roles\":[\"admin\"]}"),
        ("disabled_at", ""),
        ("created_at", "0"),
        ("password_hash", "x"),
        ("__proto__", "x"),
        ("auth_time", "9999999999"),
        ("acr", "gold"),
    ];
    let mut browser = server.browser();
    let page = browser.visit("/register").await;
    let mut form = page.form("#register-submit").with("name", "Eve").with("email", EVE).with("password", PASSWORD);
    for (name, value) in extra {
        form = form.with(name, value);
    }
    assert!(browser.press(&form).await.has("#sign-out"));
    let plain = format!(
        "SELECT count(*) FROM users WHERE email = '{EVE}' AND roles = '[]' AND claims = '{{}}' AND email_verified = 0 \
         AND created_at > 0 AND id <> '{ann}' AND disabled_at IS NULL"
    );
    assert_eq!(count(&server, &plain).await, 1);
    let (mut browser, mut form) = login_form(&server).await;
    for (name, value) in extra {
        form = form.with(name, value);
    }
    browser.press(&filled(&form, EVE, PASSWORD)).await;
    let account = browser.visit("/account").await;
    assert!(account.text().contains(EVE) && !account.text().contains(ANN));
    for path in ["/register", "/login", "/consent", "/account/apps/end"] {
        let body = br#"{"email":"x@example.org","password":"a quiet river at dawn","name":"X","role":"admin"}"#;
        for kind in ["application/json", "application/json; charset=utf-8", "text/json", "application/x-ndjson"] {
            let answer = server.post_as(path, kind, body.to_vec()).await;
            answer.refused_page(415, Rejection::WrongContentType);
        }
    }
    // Nor does a client get more by what it sends.
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let fields = [("roles", "admin"), ("sub", ann.as_str()), ("client_id", &service.id), ("user_id", &ann)];
    let given = service.credentials(&[fields[0], fields[1], fields[3]]).await.ok();
    let claims = crate::support::unverified_claims(given["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], service.id);
    assert!(claims.get("roles").is_none());
}

/// Going to a provider, making an account by one, linking and unlinking: as the other forms.
#[tokio::test]
async fn e5_no_form_of_a_provider_is_taken_from_another_site() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(EVE).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let page = through(&mut browser, &fake, &login).await;
    let mut signed_in = server.browser();
    signed_in.sign_in(EVE).await;
    let account = signed_in.visit("/account").await;
    let link = account.form("#link-fake");
    let forms = [
        (&browser, login.form("#upstream-fake")),
        (&browser, page.form("#create-account")),
        (&signed_in, link.clone()),
        (&signed_in, link.to("/account/identities/unlink").with("id", "x")),
    ];
    let (_, foreign) = login_form(&server).await;
    for (browser, form) in &forms {
        for token in ["", "x", &foreign.field("csrf")] {
            let answer = (*browser).clone().submit(&form.clone().with("csrf", token)).await;
            answer.refused_page(403, Rejection::ForgedForm);
        }
        for headers in FOREIGN {
            let answer = (*browser).clone().submit_with(form, headers).await;
            answer.refused_page(403, Rejection::CrossOriginForm);
        }
        let answer = (*browser).clone().get(&format!("{}?{}", form.action, form.body())).await;
        assert!(!answer.status.is_server_error(), "{}: {}", form.action, answer.status);
    }
    assert_eq!(counted(&server).await, (1, 0));
    assert_eq!((fake.asked("/authorize"), fake.asked("/token")), (1, 1));
}

/// Making a key, beginning to, replacing one and ending one: refused without our token and from another site, as a link too; there is no key more, and the one that
/// there was goes on.
#[tokio::test]
async fn e5_no_key_is_made_or_ended_by_another_site() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource(API, &["notes:read"]).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = browser.visit("/account/api-keys/new").await.form("#create-key").with("name", "Backup");
    let made = browser.submit(&form).await;
    let id = made.text_of("#key").unwrap()[..16].to_owned();
    let forms = [form.clone()].into_iter().chain(
        ["/begin", "/replace", "/end"].map(|end| form.clone().with("id", &id).to(&format!("/account/api-keys{end}"))),
    );
    let (_, foreign) = login_form(&server).await;
    for form in forms {
        for token in ["", "x", &foreign.field("csrf")] {
            let answer = browser.clone().submit(&form.clone().with("csrf", token)).await;
            answer.refused_page(403, Rejection::ForgedForm);
        }
        for headers in FOREIGN {
            let answer = browser.clone().submit_with(&form, headers).await;
            answer.refused_page(403, Rejection::CrossOriginForm);
        }
        let answer = browser.clone().get(&format!("{}?{}", form.action, form.body())).await;
        assert!(!answer.status.is_server_error() && !answer.has("#key"), "{}: {}", form.action, answer.status);
    }
    let live = "SELECT count(*) FROM api_keys WHERE ended_at IS NULL AND successor IS NULL";
    assert_eq!((count(&server, "SELECT count(*) FROM api_keys").await, count(&server, live).await), (1, 1));
}

/// Whose a key is, what it may do and how it is kept is not said by the form: with another's id, a role, a secret or a client in it, the key is that of who is
/// signed in, for what was ticked. A body of JSON is refused.
#[tokio::test]
async fn e16_a_key_is_of_who_is_signed_in_whatever_the_form_says() {
    let server = Server::start().await;
    let (ann, bob) = (server.db_user(ANN).await, server.db_user(BOB).await);
    server.db_resource(API, &["notes:read", "notes:write"]).await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/api-keys/new").await;
    let mut form = page.form("#create-key").with("name", "Backup").without("scope.1");
    for (field, value) in [
        ("user_id", bob.as_str()),
        ("userId", &bob),
        ("user", BOB),
        ("owner", &bob),
        ("sub", &bob),
        ("client_id", &service.id),
        ("id", "dwk_000000000000"),
        ("key", "dwk_known"),
        ("key_hash", "x"),
        ("secret", "known"),
        ("role", "admin"),
        ("roles", "[\"admin\"]"),
        ("scope", "notes:write"),
        ("scopes", "notes:write"),
        ("scopes[]", "notes:write"),
        ("created_at", "0"),
        ("expires_at", "9999999999"),
        ("lifetime", "9999999999"),
        ("successor", "x"),
        ("ended_at", "1"),
    ] {
        form = form.with(field, value);
    }
    assert!(browser.submit(&form).await.has("#key"));
    let now = server.clock.now().seconds();
    let plain = format!(
        "SELECT count(*) FROM api_keys WHERE user_id = '{ann}' AND client_id IS NULL AND scopes = 'notes:read' AND created_at = {now} \
         AND expires_at = {now} + 7776000 AND id <> 'dwk_000000000000' AND ended_at IS NULL AND successor IS NULL"
    );
    assert_eq!((count(&server, "SELECT count(*) FROM api_keys").await, count(&server, &plain).await), (1, 1));
    let body = format!(r#"{{"name":"X","resource":"{API}","scope.0":"notes:read","user_id":"{bob}"}}"#);
    for kind in ["application/json", "text/json"] {
        let answer = server.post_as("/account/api-keys", kind, body.clone().into_bytes()).await;
        answer.refused_page(415, Rejection::WrongContentType);
    }
    // An admin has no more than their own on their page, either.
    server.db_change_user(&ann, |account| account.user.roles = vec!["admin".to_owned()]).await;
    let mut other = server.browser();
    other.sign_in(BOB).await;
    let his =
        other.submit(&other.clone().visit("/account/api-keys/new").await.form("#create-key").with("name", "His")).await;
    let id = his.text_of("#key").unwrap()[..16].to_owned();
    let end = browser.visit("/account/api-keys").await.form("#make-key").with("id", &id).to("/account/api-keys/end");
    browser.submit(&end).await.location();
    assert_eq!(count(&server, "SELECT count(*) FROM api_keys WHERE ended_at IS NULL").await, 2);
}
