//! What an authorization request is answered with, and where that goes (RFC 9700 §4.11 and §4.12, RFC 9207).

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;
use doorward::protocol::upstream::ProviderKind;
use serde_json::json;
use url::{Url, form_urlencoded};

use crate::attacks::{ANN, BOB, EVE, count, encoded};
use crate::sources::routes;
use crate::support::{
    Answer, Authenticator, Device, PASSWORD, Provider, Said, Server, by_get_and_post, filled, first_step,
    recovery_codes,
};

/// Nobody is sent anywhere, by header, link or form, in any response mode and in silence.
#[tokio::test]
async fn a7_a_foreign_client_or_target_is_an_error_page_in_every_mode() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let off = server.db_client(ClientType::Web, |_| {}).await;
    server.db_change_client(&off.id, |c| c.disabled_at = Some(c.created_at)).await;
    let evil = format!("redirect_uri={}", encoded("https://evil.test/cb"));
    let modes = ["", "query", "fragment", "form_post", "form_post.jwt", "query.jwt", "jwt", "web_message"];
    for mode in modes {
        for more in ["", "&prompt=none", "&prompt=none&response_type=id_token", "&scope=%22", "&request=e30.e30."] {
            let extra = format!("{evil}&response_mode={mode}{more}");
            for (extra, owner, rejection) in [
                (format!("{extra}&client_id=nobody"), &client, Rejection::UnknownClient),
                (format!("{extra}&client_id=%27%20OR%201%3D1"), &client, Rejection::UnknownClient),
                (extra.clone(), &client, Rejection::UnregisteredRedirectUri),
                (extra.clone(), &off, Rejection::DisabledClient),
            ] {
                for answer in by_get_and_post(&server, &owner.authorization_url(&extra)).await {
                    answer.refused_page(400, rejection);
                    assert!(!answer.headers.contains_key("location"), "{extra}");
                    assert!(!answer.text().contains("evil.test") && !answer.has("form"), "{extra}");
                    assert!(!answer.header("content-security-policy").contains("evil.test"), "{extra}");
                }
            }
        }
    }
    assert_eq!(count(&server, "SELECT count(*) FROM codes").await, 0);
}

/// The error goes to the registered URI with state and iss, and its words hold nothing that was sent but the name of a scope, which is one
/// word and neither markup nor an address.
#[tokio::test]
async fn a11_an_error_goes_to_the_registered_uri_in_our_own_words() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mark = "Call-0900-123456";
    for (extra, error) in [
        (format!("scope=email+{}", encoded("<b>call</b>")), "invalid_scope"),
        (format!("scope=email+{}", encoded("https://evil.test/call")), "invalid_scope"),
        (format!("scope=email+{}", encoded("'onmouseover='call")), "invalid_scope"),
        (format!("scope=email+{}", encoded("call{{7*7}}")), "invalid_scope"),
        (format!("scope=email+{}", encoded("\"Call-0900-123456\"")), "invalid_scope"),
        (format!("response_type={mark}"), "unsupported_response_type"),
        (format!("response_mode={mark}"), "invalid_request"),
        (format!("code_challenge={mark}"), "invalid_request"),
        (format!("code_challenge_method={mark}"), "invalid_request"),
        (format!("max_age={mark}"), "invalid_request"),
        (format!("prompt=none+login&login_hint={mark}"), "invalid_request"),
        (format!("resource={mark}"), "invalid_target"),
        (format!("resource=https%3A%2F%2F{mark}.test"), "invalid_target"),
        (format!("id_token_hint={mark}"), "invalid_request"),
        (format!("claims={mark}"), "invalid_request"),
        (format!("request={mark}"), "request_not_supported"),
        (format!("request_uri=https%3A%2F%2F{mark}.test"), "request_uri_not_supported"),
        (format!("registration={mark}"), "registration_not_supported"),
        (format!("{mark}=1&{mark}=2"), "invalid_request"),
        (format!("error={mark}&error_description={mark}&error_uri={mark}&prompt=none"), "login_required"),
    ] {
        for answer in by_get_and_post(&server, &client.authorization_url(&extra)).await {
            let url = Url::parse(&answer.location()).unwrap();
            assert!(answer.location().starts_with("https://rp.test/cb?error="), "{extra}");
            assert_eq!(answer.location_param("error").as_deref(), Some(error), "{extra}");
            assert_eq!(answer.location_param("state").as_deref(), Some("st-1"));
            assert_eq!(answer.location_param("iss").as_deref(), Some("http://localhost:8000"));
            assert!(answer.location_param("error_uri").is_none() && answer.location_param("code").is_none());
            assert!(!url.as_str().contains(mark) && !url.as_str().contains("call"), "{url}");
        }
    }
    // A scope's name is said, to whoever mistyped it: as one word that is neither markup nor an address.
    let answer = server.get(&client.authorization_url("scope=email+notes:raed")).await;
    assert!(answer.location_param("error_description").unwrap().ends_with(" notes:raed."));
    let long = format!("scope=email+{}", "s".repeat(500));
    let answer = server.get(&client.authorization_url(&long)).await;
    assert!(answer.location_param("error_description").unwrap().len() < 100);
}

/// The names of the parameters that an answer has, in their order.
fn names(answer: &Answer) -> Vec<String> {
    let url = Url::parse(&answer.location()).unwrap();
    url.query_pairs().map(|(name, _)| name.into_owned()).collect()
}

/// Class: parameters of the answer smuggled in by the request: `state` comes back as one value whatever it holds, and a query that was
/// registered stays in front of ours.
#[tokio::test]
async fn a12_state_comes_back_as_one_value_and_adds_no_parameter() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    for state in [
        "a&code=stolen",
        "a&iss=https://evil.test",
        "a#code=stolen",
        "a;code=stolen",
        "a%26code%3Dstolen",
        "&error=access_denied&",
        "a\u{2028}b",
        "?&=#%",
        "+ +",
        "\u{fffd}\u{1F511}",
    ] {
        let answer = browser.get(&client.authorization_url(&format!("state={}", encoded(state)))).await;
        assert_eq!(names(&answer), ["code", "state", "iss"], "{state}");
        assert_eq!(answer.location_param("state").as_deref(), Some(state));
        assert_eq!(Url::parse(&answer.location()).unwrap().fragment(), None);
        let answer = server.get(&client.authorization_url(&format!("prompt=none&state={}", encoded(state)))).await;
        assert_eq!(names(&answer), ["error", "error_description", "state", "iss"], "{state}");
    }
    let split = "a\r\nSet-Cookie: x=1\r\n\r\n<script>";
    let answer = browser.get(&client.authorization_url(&format!("state={}", encoded(split)))).await;
    assert_eq!(names(&answer), ["code", "state", "iss"]);
    assert_eq!((answer.location_param("state").as_deref(), answer.header("set-cookie")), (Some(split), ""));
    for control in ["a\0b", "a\u{7}b", "a\u{85}b"] {
        let answer = server.get(&client.authorization_url(&format!("state={}", encoded(control)))).await;
        answer.refused_page(400, Rejection::MalformedParameters);
    }
    let with_query = "https://rp.test/cb?tenant=7";
    let client = server
        .db_client(ClientType::Web, |c| {
            c.redirect_uris = vec![with_query.to_owned()];
            c.first_party = true;
        })
        .await;
    let answer = browser.get(&client.authorization_url(&format!("redirect_uri={}", encoded(with_query)))).await;
    assert_eq!(names(&answer), ["tenant", "code", "state", "iss"]);
}

/// Every form of every page is answered with a page or with 303, which becomes a GET: the password is sent on to nobody.
#[tokio::test]
async fn a13_no_form_is_answered_with_a_redirect_that_repeats_it() {
    let fake = Provider::start().await;
    let server = Server::with(|config| fake.add_to(config, "fake", ProviderKind::Oidc, |_| {})).await;
    server.app.providers.discover().await;
    server.db_user(ANN).await;
    server.db_resource("https://notes.test", &["notes:read"]).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let mut seen = Vec::new();
    let login = browser.visit(&client.authorization_url("")).await;
    let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    let newcomer = register.form("#register-submit").with("name", "New").with("email", "new@example.org");
    seen.push(("/register", browser.clone().submit(&newcomer.with("password", PASSWORD)).await));
    seen.push(("/login", browser.submit(&filled(&login.form("#login-submit"), ANN, PASSWORD)).await));
    let consent = browser.follow(seen[1].1.clone()).await;
    let again = browser.visit(&client.authorization_url("state=other")).await;
    seen.push(("/consent", browser.submit(&again.form("#deny")).await));
    seen.push(("/consent", browser.submit(&consent.form("#allow")).await));
    let query = client.authorization_url("").split_once('?').unwrap().1.to_owned();
    seen.push(("/authorize", server.post("/authorize", &query).await));
    seen.push(("/logout", server.post("/logout", "state=x").await));
    let question = browser.visit("/logout").await;
    let account = browser.visit("/account").await;
    // Whoever comes from the provider is led on by a page, and so is whoever goes there.
    let leaving = browser.submit(&account.form("#link-fake")).await;
    let sent_to: Url = leaving.onward().unwrap().parse().unwrap();
    let mut stranger = server.browser();
    let login = stranger.visit("/login").await;
    let away = stranger.submit(&login.form("#upstream-fake")).await;
    let brought = fake.visit(&away.onward().unwrap().parse().unwrap()).await;
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&brought).finish();
    seen.push(("/upstream/{id}/callback", server.post("/upstream/fake/callback", &query).await));
    let exists = stranger.visit(&format!("/upstream/fake/callback?{query}")).await;
    let request = exists.field("#sign-in-instead", "href").unwrap().split_once("request=").unwrap().1.to_owned();
    let login = stranger.visit(&format!("/login?request={request}")).await;
    let asked = stranger.sign_in_on(&login, ANN, PASSWORD).await;
    seen.push(("/upstream/{id}/link", stranger.submit(&asked.form("#link")).await));
    fake.person(json!({ "sub": "another", "name": "Another" }));
    let mut another = server.browser();
    let login = another.visit("/login").await;
    let away = another.submit(&login.form("#upstream-fake")).await;
    let brought = fake.visit(&away.onward().unwrap().parse().unwrap()).await;
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&brought).finish();
    let first = another.visit(&format!("/upstream/fake/callback?{query}")).await;
    seen.push(("/upstream/{id}/account", another.submit(&first.form("#create-account")).await));
    let bare = another.visit("/account").await.form("#sign-out").to("/account/password/remove");
    seen.push(("/account/password/remove", another.submit(&bare).await));
    let by_page = [("/account/identities/link", leaving), ("/upstream/{id}", away)];
    let unlink = browser.visit("/account").await.form("#unlink-fake");
    seen.push(("/account/identities/unlink", browser.submit(&unlink).await));
    assert!(sent_to.as_str().starts_with(&fake.issuer()));
    let end = account.form("#sign-ins button").without("id");
    let change = end.clone().with("current_password", PASSWORD).with("password", "another long enough phrase");
    for (path, form) in [
        ("/account/profile", end.clone().with("name", "Ann")),
        ("/account/password", change),
        ("/account/password/first", end.clone()),
        ("/account/sign-ins/end", end.clone().with("id", "another")),
        ("/account/sign-ins/end-others", end.clone()),
        ("/account/apps/end", end.clone().with("client_id", &client.id)),
        ("/account/api-keys/begin", end.clone()),
        ("/account/api-keys/replace", end.clone().with("id", "dwk_000000000000")),
        ("/account/api-keys/end", end.clone().with("id", "dwk_000000000000")),
    ] {
        seen.push((path, browser.submit(&form.to(path)).await));
    }
    let key = end.to("/account/api-keys").with("name", "Backup").with("resource", "https://notes.test");
    let made = browser.submit(&key.with("scope.0", "notes:read")).await;
    assert!(made.status == 200 && made.has("#key"), "{}", made.text());
    server.db_user(EVE).await;
    let mut leaving = server.browser();
    leaving.sign_in(EVE).await;
    let data = leaving.visit("/account/data").await;
    let exported = leaving.submit(&data.form("#export")).await;
    assert_eq!(exported.status, 200);
    let given_up = leaving.submit(&data.form("#delete-account").with("word", EVE)).await;
    seen.push(("/account/data/delete", given_up));
    seen.push(("/logout/confirm", browser.submit(&question.form("#confirm")).await));
    forms_of_mail(&mut seen).await;
    let by_page_too = forms_of_factors(&mut seen).await;
    for (path, answer) in &seen {
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
    }
    for (path, answer) in by_page.iter().chain(&by_page_too) {
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    seen.extend(by_page.into_iter().chain(by_page_too));
    seen.push(("/account/data/export", exported));
    seen.push(("/account/api-keys", made));
    let machines =
        ["/token", "/revoke", "/introspect", "/userinfo", "/upstream/{id}/backchannel-logout", "/api-keys/leaked"];
    for (path, methods) in routes() {
        let is_form = methods.contains("post(") && !machines.contains(&path.as_str());
        assert!(!is_form || seen.iter().any(|(known, _)| *known == path), "{path}: send its form here");
        let answer = server.post(&path.replace("{id}", "fake"), "").await;
        assert!(![301, 302, 307, 308].contains(&answer.status.as_u16()), "{path}: {}", answer.status);
    }
}

/// The forms that there are where mail is sent.
async fn forms_of_mail(seen: &mut Vec<(&'static str, Answer)>) {
    let server = Server::with_mail(|config| config.sign_in.email = true).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let by_mail = browser.visit("/login").await.form("#email-sign-in").with("email", ANN);
    seen.push(("/login/email", browser.submit(&by_mail).await));
    // Two that are sent together have no order.
    server.mailbox().await;
    let page = browser.visit("/recover").await;
    let asked = browser.submit(&page.form("#recover-submit").with("email", ANN)).await;
    let code = browser.visit(&asked.location()).await.form("#code-submit");
    seen.push(("/recover", asked));
    let mail = server.mailbox().await.latest_to(ANN);
    seen.push(("/mail/code", browser.submit(&code.with("code", &mail.code())).await));
    let link = browser.visit(&mail.link()).await.form("#confirm");
    let shown = browser.submit(&link).await;
    let chosen = browser.visit(&shown.location()).await.form("#reset-submit");
    seen.push(("/mail", shown));
    seen.push(("/mail/password", browser.submit(&chosen.with("password", "a louder river at dusk")).await));
    let page = browser.visit("/account/emails").await;
    let change = page.form("#change-email").with("email", "ann@elsewhere.example");
    seen.push(("/account/emails", browser.submit(&change).await));
    seen.push(("/account/proof", browser.submit(&change.clone().to("/account/proof")).await));
    seen.push(("/account/emails/verify", browser.submit(&change.clone().to("/account/emails/verify")).await));
    seen.push(("/account/emails/take", browser.submit(&change.to("/account/emails/take")).await));
}

/// The forms of whoever has lost them; the page that comes of asking for the mail is given back.
async fn forms_of_lost_factors(server: &Server, seen: &mut Vec<(&'static str, Answer)>) -> Answer {
    let bob = server.db_user(BOB).await;
    let mut browser = server.browser();
    let page = first_step(&mut browser, BOB).await;
    let own = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    browser.press(&page.form("#totp-submit").with("code", &own.code(server))).await;
    let mut lost = server.browser();
    let step = first_step(&mut lost, BOB).await.form("#totp-submit");
    let asked = lost.submit(&step.clone().to("/login/lost")).await;
    let now = server.clock.now().seconds();
    server.database.db_execute(&format!("INSERT INTO factor_resets VALUES ('{bob}', 0, {now})")).await;
    seen.push(("/login/lost/remove", lost.submit(&step.to("/login/lost/remove")).await));
    asked
}

/// The forms of second factors; those that are answered by a page come back.
async fn forms_of_factors(seen: &mut Vec<(&'static str, Answer)>) -> Vec<(&'static str, Answer)> {
    let server = Server::with(|config| config.sign_in.second_factor = SecondFactor::Required).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let page = first_step(&mut browser, ANN).await;
    let own = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    let shown = browser.submit(&page.form("#totp-submit").with("code", &own.code(&server))).await;
    let saved = browser.submit(&shown.form("#save-codes")).await;
    let codes = recovery_codes(&shown);
    let page = browser.visit("/account/authenticator").await;
    let begun = browser.submit(&page.form("#begin-authenticator")).await;
    let page = browser.visit(&begun.location()).await;
    seen.push(("/account/authenticator/begin", begun));
    let other = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    seen.push((
        "/account/authenticator",
        browser.submit(&page.form("#totp-submit").with("code", &other.code(&server))).await,
    ));
    let page = browser.visit("/account/recovery-codes").await;
    let begin = page.form("#make-codes").to("/account/recovery-codes/begin");
    seen.push(("/account/recovery-codes/begin", browser.submit(&begin).await));
    let mut device = Device::new();
    let page = browser.visit("/account/passkeys").await;
    let made = device.create(&page.passkey_options(), &Said::of(&server)).to_string();
    let removal = page.form("#passkey-submit").with("id", "x").without("request");
    seen.push(("/account/passkeys", browser.submit(&page.form("#passkey-submit").with("credential", &made)).await));
    let (mut key, page) = (Device::touch_key(), browser.visit("/account/passkeys").await);
    let made = key.create(&page.security_key_options(), &Said::of(&server)).to_string();
    let form = page.form("#security-key-submit").with("credential", &made);
    seen.push(("/account/security-keys", browser.submit(&form).await));
    for path in [
        "/account/passkeys/begin",
        "/account/passkeys/rename",
        "/account/passkeys/remove",
        "/account/security-keys/begin",
        "/account/security-keys/remove",
    ] {
        seen.push((path, browser.submit(&removal.clone().to(path)).await));
    }
    seen.push(("/account/devices/end", browser.submit(&removal.to("/account/devices/end")).await));
    let offering = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Offered).await;
    let passkeys = forms_of_new_passkeys(&offering, seen).await;
    let mut other_browser = server.browser();
    let form = server.with_passkey(&other_browser.visit("/login").await, &mut device).await;
    seen.push(("/login/passkey", other_browser.submit(&form).await));
    let mut keys = server.browser();
    let step = first_step(&mut keys, ANN).await;
    let form = server.with_security_key(&step, &mut key).await;
    seen.push(("/login/security-key", keys.submit(&form).await));
    server.turn(30);
    let page = browser.visit("/account/recovery-codes").await;
    let mut third = server.browser();
    let step = first_step(&mut third, ANN).await;
    seen.push(("/login/recovery", third.submit(&step.form("#recovery-submit").with("code", &codes[0])).await));
    let asked = forms_of_lost_factors(&server, seen).await;
    let keep = page.form("#make-codes").without("request").to("/account/second-factor/keep");
    seen.push(("/account/second-factor/keep", browser.submit(&keep).await));
    let mut second = server.browser();
    let step = first_step(&mut second, ANN).await;
    seen.push(("/login/code", second.submit(&step.form("#totp-submit").with("code", &other.code(&server))).await));
    let made = browser.submit(&page.form("#make-codes")).await;
    let remove = page.form("#make-codes").without("request").to("/account/authenticator/remove");
    seen.push(("/account/authenticator/remove", browser.at(&offering).submit(&remove).await));
    let own = vec![
        ("/login/lost", asked),
        ("/login/authenticator", shown),
        ("/account/recovery-codes", made),
        ("/account/recovery-codes/save", saved),
    ];
    own.into_iter().chain(passkeys).collect()
}

/// The forms of passkeys that people get on the way; those that are answered by a page come back.
async fn forms_of_new_passkeys(server: &Server, seen: &mut Vec<(&'static str, Answer)>) -> Vec<(&'static str, Answer)> {
    let made = |page: &Answer| Device::new().create(&page.passkey_options(), &Said::of(server)).to_string();
    server.db_user("pat@example.org").await;
    let mut browser = server.browser();
    browser.sign_in("pat@example.org").await;
    let page = browser.visit("/login/new-passkey").await;
    seen.push(("/login/new-passkey/later", browser.submit(&page.form("#later")).await));
    let added = browser.submit(&page.form("#passkey-submit").with("credential", &made(&page))).await;
    let mut newcomer = server.browser();
    let form = newcomer.visit("/register").await.form("#register-passkey").without("password");
    let asked = newcomer.submit(&form.with("name", "New").with("email", "new-passkey@example.org")).await;
    let created = newcomer.submit(&asked.form("#passkey-submit").with("credential", &made(&asked))).await;
    vec![("/login/new-passkey", added), ("/register/passkey", asked), ("/register/passkey/new", created)]
}
