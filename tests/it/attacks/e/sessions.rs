//! The cookie of a sign-in: whose it is, from where, and for how long.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, State, UserChange};
use doorward::secret::Secret;

use crate::attacks::{ANN, EVE, is_signed_in};
use crate::support::{PASSWORD, Server, filled, login_form};

const COOKIE: &str = "doorward_sign_in";

/// Whatever cookie was there before, signing in gives another; the planted one is worth nothing afterwards, and the attacker's own sign-in that was
/// planted has ended.
#[tokio::test]
async fn e1_a_planted_session_cookie_is_not_taken_over() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(EVE).await;
    let mut eve = server.browser();
    eve.sign_in(EVE).await;
    let eves = eve.cookies[COOKIE].clone();
    for planted in ["planted-by-an-attacker", &eves, &"A".repeat(43), ""] {
        let (mut victim, form) = login_form(&server).await;
        victim.cookies.insert(COOKIE.to_owned(), planted.to_owned());
        assert!(victim.press(&filled(&form, ANN, PASSWORD)).await.has("#sign-out"));
        let given = victim.cookies[COOKIE].clone();
        assert_ne!(given, planted);
        assert_eq!(doorward::secret::from_base64url(&given).unwrap().len(), 32);
        let mut attacker = server.browser();
        attacker.cookies.insert(COOKIE.to_owned(), planted.to_owned());
        assert!(!is_signed_in(&mut attacker).await, "{planted}");
        // Signing in again changes it again.
        let page = victim.visit("/login?as=another").await;
        victim.sign_in_on(&page, ANN, PASSWORD).await;
        let mut old = victim.clone();
        old.cookies.insert(COOKIE.to_owned(), given.clone());
        assert_ne!(victim.cookies[COOKIE], given);
        assert!(is_signed_in(&mut victim).await && !is_signed_in(&mut old).await);
    }
    assert!(!is_signed_in(&mut eve).await);
    // The cookie of the forms, planted, signs nobody in either: the attacker knows the form token, and not the password.
    let (attacker, form) = login_form(&server).await;
    let mut victim = attacker.clone();
    victim.press(&filled(&form, ANN, PASSWORD)).await;
    assert!(is_signed_in(&mut victim).await && !is_signed_in(&mut attacker.clone()).await);
}

/// After signing out, a new password, an end by the operator, switching off and deletion, the old cookie is worth nothing on any node, at any door,
/// `prompt=none` included.
#[tokio::test]
async fn e2_an_ended_session_opens_no_door() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let registry = server.registry();
    let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
    for end in [
        "signed out",
        "elsewhere",
        "password",
        "own password",
        "operator",
        "operator, all",
        "off",
        "deleted",
        "expired",
    ] {
        let ann = server.db_user(ANN).await;
        let act = Act::of_operator(server.clock.now());
        let mut browser = server.browser();
        browser.sign_in(ANN).await;
        let account = browser.visit("/account").await;
        let old = browser.clone();
        match end {
            "signed out" => drop(browser.press(&account.form("#sign-out")).await),
            "elsewhere" => {
                let mut there = server.browser();
                there.sign_in(ANN).await;
                let form = there.visit("/account").await.form("#sign-ins button").without("id");
                there.press(&form.to("/account/sign-ins/end-others")).await;
            }
            "password" => {
                let password = Some(Secret::presented("another quiet river at noon"));
                let change = UserChange { password, ..UserChange::default() };
                registry.change_user(&ann, change, &act).await.unwrap();
            }
            "own password" => {
                let mut there = server.browser();
                there.sign_in(ANN).await;
                let form = there.visit("/account/password").await.form("#change-password");
                let form = form.with("current_password", PASSWORD).with("password", "another quiet river at noon");
                assert!(there.press(&form).await.has("#sign-out"));
            }
            "operator" => {
                let id = account.form("#sign-ins button").field("id");
                registry.end_sign_in(&id, &act).await.unwrap();
            }
            "operator, all" => drop(registry.end_sign_ins_of_user(&ann, &act).await.unwrap()),
            "off" => drop(registry.switch_user(&ann, State::Off, &act).await.unwrap()),
            "deleted" => drop(registry.delete_user(&ann, &act).await.unwrap()),
            _ => server.turn(86_400),
        }
        for node in [&server, &other] {
            let mut old = old.at(node);
            assert!(!is_signed_in(&mut old).await, "{end}");
            assert!(!old.visit("/logout").await.has("#confirm"), "{end}");
            for prompt in ["none", "consent", ""] {
                let answer = old.get(&client.authorization_url(&format!("prompt={prompt}"))).await;
                if prompt == "none" {
                    answer.refused_redirect(Rejection::SignInNeeded);
                } else {
                    assert!(answer.location().starts_with("/login?request="), "{end}");
                }
            }
            let form = account.form("#sign-ins button");
            let app = form.clone().with("client_id", &client.id).to("/account/apps/end");
            for form in [form, app] {
                let answer = old.clone().submit(&form).await;
                assert_eq!(answer.location(), "/login", "{end}");
            }
        }
        if end != "deleted" {
            registry.delete_user(&ann, &act).await.unwrap();
        }
    }
}

/// Class: the cookie itself: out of reach of scripts, other sites and other hosts' cookies by its attributes; a session id is taken from its cookie
/// alone, not from the address, a form or a header, and its kept hash is no cookie.
#[tokio::test]
async fn e3_a_session_is_carried_by_its_own_cookie_alone() {
    let secure = Server::with(|config| config.server.issuer = "https://as.test".to_owned()).await;
    secure.db_user(ANN).await;
    let mut browser = secure.browser();
    let page = browser.visit("https://as.test/login").await;
    let answer = browser.submit(&filled(&page.form("#login-submit"), ANN, PASSWORD)).await;
    for cookies in [&page, &answer] {
        for cookie in cookies.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-doorward_"), "{cookie}");
            for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
                assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
            }
            assert!(!cookie.to_lowercase().contains("domain"), "{cookie}");
        }
    }
    // What a neighbouring host can plant has no such name.
    let own = browser.cookies["__Host-doorward_sign_in"].clone();
    for planted in
        ["doorward_sign_in", "__Secure-doorward_sign_in", "__host-doorward_sign_in", "__Host-doorward_sign_in2"]
    {
        let mut other = secure.browser();
        other.cookies.insert(planted.to_owned(), own.clone());
        assert!(!other.visit("https://as.test/account").await.has("#sign-out"), "{planted}");
    }

    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let own = browser.cookies[COOKIE].clone();
    for path in [
        format!("/account?{COOKIE}={own}"),
        format!("/account?sid={own}"),
        format!("/account;jsessionid={own}"),
        format!("/account?request={own}"),
    ] {
        let page = server.browser().visit(&path).await;
        assert!(!page.has("#sign-out"), "{path}");
    }
    for name in
        ["authorization", "x-session", "x-auth-token", "cookie2", "x-forwarded-user", "remote-user", "x-remote-user"]
    {
        let value = if name == "authorization" { format!("Bearer {own}") } else { format!("{COOKIE}={own}") };
        let request = Request::get("/account").header(name, value).body(Body::empty()).unwrap();
        assert_eq!(server.send(request).await.location(), "/login", "{name}");
    }
    let (mut other, form) = login_form(&server).await;
    other.submit(&form.with(COOKIE, &own).with("email", ANN)).await.refused_page(400, Rejection::MissingPassword);
    let hashed = doorward::secret::base64url(&doorward::secret::sha256(own.as_bytes()));
    let account = browser.visit("/account").await;
    let id = account.form("#sign-ins button").field("id");
    for wrong in [
        hashed,
        id,
        own.to_lowercase(),
        own[1..].to_owned(),
        format!("{own}="),
        format!("\"{own}\""),
        format!("{own}%00"),
    ] {
        let request = Request::get("/account").header(header::COOKIE, format!("{COOKIE}={wrong}"));
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        // Quotes are no part of a value (RFC 6265 §5.4): all others are other values.
        assert!(answer.status == 303 || wrong.starts_with('"'), "{wrong}");
    }
    assert!(!server.database.db_holds(&own).await, "the cookie lies open in the database");
    assert!(!account.text().contains(&own), "no page shows the cookie");
}
