//! What every form must carry: our own token for this browser, our own origin, and the sealed request it belongs to.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;

use crate::sources::routes;
use crate::support::{Browser, Client, Form, PASSWORD, Provider, Server};

const ANN: &str = "ann@example.org";

/// A server that knows Ann, and a provider that nobody has reached.
async fn start() -> Server {
    let fake = Provider::start().await;
    let server = Server::with_mail(|config| {
        fake.add_to(config, "fake", ProviderKind::Oidc, |_| {});
        config.registration.prove_address = false;
        config.sign_in.email = true;
    });
    let server = server.await;
    server.db_user(ANN).await;
    server
}

/// A browser signed in and asked for consent, with every form that it can send.
async fn every_form(server: &Server) -> (Browser, Vec<Form>) {
    let (browser, forms, _) = every_form_for_a_client(server).await;
    (browser, forms)
}

/// As [`every_form`], with the client that asks.
async fn every_form_for_a_client(server: &Server) -> (Browser, Vec<Form>, Client) {
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    let consent = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let account = browser.visit("/account").await;
    let login = login.form("#login-submit").with("email", ANN).with("password", PASSWORD);
    let register = register.form("#register-submit").with("email", "eve@example.org").with("name", "Eve");
    let register = register.with("password", PASSWORD);
    let end_sign_in = account.form("#sign-ins button");
    let end_app = end_sign_in.clone().without("id").with("client_id", &client.id);
    let end_app = end_app.to("/account/apps/end");
    let end_others = end_sign_in.clone().without("id").to("/account/sign-ins/end-others");
    let (allow, sign_out) = (consent.form("#allow"), account.form("#sign-out"));
    let link = account.form("#link-fake");
    let unlink = end_sign_in.clone().to("/account/identities/unlink");
    let change_password = end_sign_in.clone().without("id").to("/account/password");
    let change_password =
        change_password.with("current_password", PASSWORD).with("password", "another long enough phrase");
    let [first_password, no_password] =
        ["first", "remove"].map(|end| end_sign_in.clone().without("id").to(&format!("/account/password/{end}")));
    let keep_profile = end_sign_in.clone().without("id").to("/account/profile").with("name", "Another");
    let export = end_sign_in.clone().without("id").to("/account/data/export");
    let delete_account = end_sign_in.clone().without("id").to("/account/data/delete").with("word", "ann@example.org");
    let [make_key, begin_key, replace_key, end_key] = ["", "/begin", "/replace", "/end"]
        .map(|end| end_sign_in.clone().with("id", "dwk_000000000000").to(&format!("/account/api-keys{end}")));
    let leave = login.clone().to("/upstream/fake");
    let make_account = login.clone().to("/upstream/fake/account");
    let say_it_is_me = allow.clone().to("/upstream/fake/link");
    let recover = login.clone().without("password").to("/recover");
    let mail_link = recover.clone().with("ticket", "x").to("/mail");
    let code = recover.clone().with("code", "BCDF-GHJK").to("/mail/code");
    let new_password = register.clone().to("/mail/password");
    let [change, verify, take] =
        ["", "/verify", "/take"].map(|end| recover.clone().to(&format!("/account/emails{end}")));
    let proof = recover.clone().without("email").to("/account/proof");
    let by_mail = recover.clone().to("/login/email");
    let step = login.clone().without("email").without("password").with("code", "123456");
    let [second_step, recovery, lost, remove_lost, first_authenticator] =
        ["code", "recovery", "lost", "lost/remove", "authenticator"]
            .map(|end| step.clone().to(&format!("/login/{end}")));
    let own = end_sign_in.clone().without("id").with("code", "123456");
    let keep_factors = own.clone().to("/account/second-factor/keep");
    let [set_authenticator, begin_authenticator, no_authenticator] =
        ["", "/begin", "/remove"].map(|end| own.clone().to(&format!("/account/authenticator{end}")));
    let [make_codes, begin_codes, save_codes] =
        ["", "/begin", "/save"].map(|end| own.clone().to(&format!("/account/recovery-codes{end}")));
    let passkey = own.clone().without("code").with("id", "x");
    let [add_passkey, begin_passkey, rename_passkey, remove_passkey] =
        ["", "/begin", "/rename", "/remove"].map(|end| passkey.clone().to(&format!("/account/passkeys{end}")));
    let [add_security_key, begin_security_key, remove_security_key] =
        ["", "/begin", "/remove"].map(|end| passkey.clone().to(&format!("/account/security-keys{end}")));
    let end_device = passkey.clone().to("/account/devices/end");
    let show_passkey = step.clone().without("code").to("/login/passkey");
    let show_security_key = show_passkey.clone().to("/login/security-key");
    let [new_passkey, no_passkey] =
        ["", "/later"].map(|end| step.clone().without("code").to(&format!("/login/new-passkey{end}")));
    let passkey_account = register.clone().without("password").to("/register/passkey");
    let first_passkey = step.without("code").to("/register/passkey/new");
    let forms = vec![
        login,
        register,
        allow,
        sign_out,
        end_sign_in,
        end_others,
        end_app,
        link,
        unlink,
        change_password,
        first_password,
        no_password,
        keep_profile,
        export,
        delete_account,
        make_key,
        begin_key,
        replace_key,
        end_key,
        leave,
        make_account,
        say_it_is_me,
        recover,
        mail_link,
        code,
        new_password,
        change,
        verify,
        take,
        proof,
        by_mail,
        second_step,
        recovery,
        lost,
        remove_lost,
        keep_factors,
        first_authenticator,
        set_authenticator,
        begin_authenticator,
        no_authenticator,
        make_codes,
        begin_codes,
        save_codes,
        add_passkey,
        begin_passkey,
        rename_passkey,
        remove_passkey,
        show_passkey,
        add_security_key,
        begin_security_key,
        remove_security_key,
        show_security_key,
        new_passkey,
        no_passkey,
        passkey_account,
        first_passkey,
        end_device,
    ];
    (browser, forms, client)
}

#[tokio::test]
async fn these_tests_know_every_form_of_the_router() {
    let server = start().await;
    let (_, forms) = every_form(&server).await;
    let known: Vec<&str> = forms.iter().map(|form| form.action.as_str()).collect();
    // What other sites and machines post, without a form of ours.
    let foreign = ["/authorize", "/logout", "/token", "/revoke", "/introspect", "/userinfo", "/api-keys/leaked"];
    let upstream = ["/upstream/fake/callback", "/upstream/fake/backchannel-logout"];
    for (path, methods) in routes() {
        let path = path.replace("{id}", "fake");
        let is_form = methods.contains("post(") && !foreign.iter().chain(&upstream).any(|known| *known == path);
        assert_eq!(known.contains(&path.as_str()), is_form, "{path}: add its form to every_form()");
    }
}

/// What a refused form must not have done.
async fn nothing_happened(server: &Server) {
    let count = async |sql| server.database.db_number(sql).await;
    assert_eq!(count("SELECT count(*) FROM users").await, 1);
    assert_eq!(count("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 1);
    assert_eq!(count("SELECT count(*) FROM sign_ins").await, 1);
    assert_eq!(count("SELECT count(*) FROM consents").await, 0);
}

#[tokio::test]
async fn a_form_without_our_token_for_this_browser_is_refused() {
    let server = start().await;
    let (browser, forms) = every_form(&server).await;
    let mut other = server.browser();
    let foreign = other.visit("/login").await.form("#login-submit").field("csrf");
    for form in &forms {
        let own = form.field("csrf");
        for token in ["", "x", &foreign, &own[1..], &format!("{own}A"), &own.to_lowercase()] {
            let answer = browser.clone().submit(&form.clone().with("csrf", token)).await;
            answer.refused_page(403, Rejection::ForgedForm);
        }
        browser.clone().submit(&form.clone().without("csrf")).await.refused_page(403, Rejection::ForgedForm);
        // The right token without the cookie that it belongs to, and with another browser's.
        server.browser().submit(form).await.refused_page(403, Rejection::CookiesBlocked);
        other.submit(form).await.refused_page(403, Rejection::ForgedForm);
    }
    nothing_happened(&server).await;
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_even_with_our_token() {
    let server = start().await;
    let (browser, forms) = every_form(&server).await;
    for form in &forms {
        for headers in [
            &[("origin", "null")][..],
            &[("origin", "https://evil.test")],
            &[("origin", "http://localhost:8001")],
            &[("origin", "https://localhost:8000")],
            &[("origin", "http://localhost:8000"), ("origin", "https://evil.test")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://localhost:8000"), ("sec-fetch-site", "cross-site")],
        ] {
            let answer = browser.clone().submit_with(form, headers).await;
            answer.refused_page(403, Rejection::CrossOriginForm);
        }
    }
    nothing_happened(&server).await;
}

#[tokio::test]
async fn a_form_is_written_as_forms_are_and_no_longer_than_64_kib() {
    let server = start().await;
    let (_, forms) = every_form(&server).await;
    let kind = "application/x-www-form-urlencoded";
    for form in &forms {
        let path = form.action.as_str();
        for (kind, body, status, rejection) in [
            ("application/json", b"{\"email\":\"a\"}".to_vec(), 415, Rejection::WrongContentType),
            ("text/plain", form.body().into_bytes(), 415, Rejection::WrongContentType),
            ("", vec![], 415, Rejection::WrongContentType),
            (kind, vec![b'a'; 65_537], 413, Rejection::BodyTooLarge),
            (kind, vec![], 403, Rejection::CookiesBlocked),
            (kind, b"csrf=\xff".to_vec(), 400, Rejection::MalformedParameters),
            (kind, b"email=%00".to_vec(), 400, Rejection::MalformedParameters),
            (kind, b"email=\0".to_vec(), 400, Rejection::MalformedParameters),
            (kind, b"email=a&email=a".to_vec(), 400, Rejection::RepeatedParameter),
            (kind, b"csrf=a&csrf=a".to_vec(), 400, Rejection::RepeatedParameter),
        ] {
            server.post_as(path, kind, body).await.refused_page(status, rejection);
        }
    }
    nothing_happened(&server).await;
}

/// The pages that carry a pending request, by GET and by POST.
const CARRIERS: &[&str] = &[
    "/authorize/continue",
    "/login",
    "/login/code",
    "/login/lost",
    "/login/authenticator",
    "/login/new-passkey",
    "/register",
    "/consent",
    "/upstream/fake/account",
    "/upstream/fake/link",
];

/// Brings a sealed request to every page that takes one, and asserts the refusal.
async fn brought_everywhere(browser: &Browser, forms: &[Form], sealed: &str, rejection: Rejection) {
    let encoded: String = url::form_urlencoded::byte_serialize(sealed.as_bytes()).collect();
    for path in CARRIERS {
        let answer = browser.clone().get(&format!("{path}?request={encoded}")).await;
        answer.refused_page(400, rejection);
    }
    for form in forms.iter().filter(|form| CARRIERS.contains(&form.action.as_str())) {
        browser.clone().submit(&form.clone().with("request", sealed)).await.refused_page(400, rejection);
    }
}

#[tokio::test]
async fn a_request_that_we_did_not_seal_is_refused_on_every_page() {
    let server = start().await;
    let (browser, forms) = every_form(&server).await;
    let sealed = forms[0].field("request");
    let mut flipped = sealed.clone().into_bytes();
    flipped[40] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    let (csrf, ticket) = (forms[2].field("csrf"), forms[2].field("ticket"));
    let cut = &sealed[..sealed.len() - 4];
    for forged in [cut, &sealed[4..], &format!("{sealed}AAAA"), &flipped, &csrf, &ticket, "x", "====", "é", "AAAA"] {
        brought_everywhere(&browser, &forms, forged, Rejection::ForgedPendingRequest).await;
    }
    nothing_happened(&server).await;
}

#[tokio::test]
async fn a_request_that_was_started_in_another_browser_is_refused_on_every_page() {
    let server = start().await;
    let (_, forms) = every_form(&server).await;
    let sealed = forms[0].field("request");
    let mut other = server.browser();
    let csrf = other.visit("/login").await.form("#login-submit").field("csrf");
    let forms: Vec<Form> = forms.into_iter().map(|form| form.with("csrf", &csrf)).collect();
    brought_everywhere(&other, &forms, &sealed, Rejection::ForeignPendingRequest).await;
    // A browser that was given a cookie a moment ago and has none keeps none.
    for path in CARRIERS {
        let answer = server.browser().get(&format!("{path}?request={sealed}")).await;
        answer.refused_page(403, Rejection::CookiesBlocked);
    }
    server.turn(600);
    brought_everywhere(&other, &forms, &sealed, Rejection::ForeignPendingRequest).await;
    let without_cookies = server.browser().get(&format!("/login?request={sealed}")).await;
    without_cookies.refused_page(400, Rejection::ForeignPendingRequest);
    nothing_happened(&server).await;
}

#[tokio::test]
async fn a_request_is_worth_nothing_after_a_day() {
    let server = start().await;
    let (browser, forms) = every_form(&server).await;
    let sealed = forms[0].field("request");
    server.turn(86_399);
    let page = browser.clone().get(&format!("/consent?request={sealed}")).await;
    let anew = page.form("#allow").field("request");
    assert_ne!(anew, sealed);
    server.turn(1);
    // However late it has begun anew.
    for sealed in [sealed, anew] {
        brought_everywhere(&browser, &forms, &sealed, Rejection::ExpiredPendingRequest).await;
    }
    nothing_happened(&server).await;
}

#[tokio::test]
async fn a_request_has_one_code_however_often_it_is_brought() {
    let server = start().await;
    let (mut browser, forms, client) = every_form_for_a_client(&server).await;
    let (consent, sealed) = (&forms[2], forms[2].field("request"));
    let mut codes = Vec::new();
    // Back and pressed again, the other tab, the address copied: each takes the code before it back.
    codes.push(browser.press(consent).await.location_param("code").unwrap());
    codes.push(browser.press(consent).await.location_param("code").unwrap());
    let way = format!("/authorize/continue?request={sealed}");
    codes.push(browser.get(&way).await.location_param("code").unwrap());
    server.turn(601);
    codes.push(browser.get(&way).await.location_param("code").unwrap());
    assert_eq!(server.database.db_number("SELECT count(*) FROM codes").await, 1);
    assert_eq!(server.database.db_number("SELECT count(*) FROM grants").await, 1);
    let last = codes.pop().unwrap();
    for code in &codes {
        client.redeem(code).await.refused_json(400, Rejection::UnknownCode);
    }
    client.redeem(&last).await.ok();
    for _ in 0..2 {
        browser.get(&way).await.refused_page(400, Rejection::ReplayedPendingRequest);
        browser.press(consent).await.refused_page(400, Rejection::ReplayedPendingRequest);
        server.turn(601);
    }
    assert_eq!(server.database.db_number("SELECT count(*) FROM grants").await, 1);
}

#[tokio::test]
async fn the_pages_between_request_and_answer_need_a_request() {
    let server = start().await;
    let (mut browser, forms) = every_form(&server).await;
    browser.get("/authorize/continue").await.refused_page(400, Rejection::MissingPendingRequest);
    browser.get("/consent").await.refused_page(400, Rejection::MissingPendingRequest);
    let consent = forms[2].clone().without("request");
    browser.submit(&consent).await.refused_page(400, Rejection::MissingPendingRequest);
    for path in CARRIERS {
        let answer = browser.get(&format!("{path}?request=a&request=b")).await;
        answer.refused_page(400, Rejection::RepeatedParameter);
        browser.get(&format!("{path}?request=%ff")).await.refused_page(400, Rejection::MalformedParameters);
    }
}
