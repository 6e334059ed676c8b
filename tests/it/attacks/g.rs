//! Group G: consent, clickjacking, and who a client is (RFC 6749 §10, RFC 8252 §8.6, RFC 9700 §4.15 and §4.16).

use doorward::protocol::client::{AuthMethod, ClientType};
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::registry::{Act, ClientChange, Error, NewClient, Renewal};

use super::{ANN, BOB, OFFLINE, count, is_active, refresh, text, tokens};
use crate::support::{Client, PASSWORD, Server, asked, parallel, unverified_claims};

/// Every page and every refusal refuses to be framed, by both headers; its forms go to us and to the one application that it is about.
#[tokio::test]
async fn g1_no_page_can_be_framed() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    let wrong = browser.submit(&login.form("#login-submit")).await;
    let consent = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let again = browser.visit(&client.authorization_url("prompt=login")).await;
    let account = browser.visit("/account").await;
    let logout = browser.visit(&format!("/logout?client_id={}", client.id)).await;
    let posted = browser.clone().get(&client.authorization_url("response_mode=form_post&prompt=none")).await;
    let refusals = [browser.get("/authorize").await, browser.get("/nowhere").await, browser.get("/token").await];
    let signed_out = browser.get("/signed-out").await;
    let redirect = browser.get("/").await;
    let pages = [&login, &register, &wrong, &consent, &again, &account, &logout, &posted, &signed_out, &redirect];
    for page in pages.into_iter().chain(&refusals) {
        let policy = page.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-frame-options"), "DENY");
        let directive =
            policy.split(';').map(str::trim).find_map(|d| d.strip_prefix("form-action ")).unwrap_or("'none'");
        assert!(
            directive.split(' ').all(|source| ["'self'", "'none'", "https://rp.test"].contains(&source)),
            "{directive}"
        );
    }
    for page in [&login, &consent] {
        // The redirect that follows the form must get through.
        assert!(page.header("content-security-policy").contains("form-action 'self' https://rp.test"));
    }
}

/// Asked each time, whatever was agreed before and whoever says that it is ours; in silence there is `consent_required`. A client on the device is
/// one by its redirect URI.
#[tokio::test]
async fn g2_an_application_on_a_device_is_never_let_in_in_silence() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let device: &[(ClientType, &[&str], &str)] = &[
        (ClientType::Native, &["http://127.0.0.1/callback"], "http://127.0.0.1:41001/callback"),
        (ClientType::Native, &["http://[::1]/callback"], "http://[::1]:41001/callback"),
        (ClientType::Native, &["http://localhost/callback"], "http://localhost:41001/callback"),
        (ClientType::Native, &["com.example.app:/cb"], "com.example.app:/cb"),
        (ClientType::Native, &["https://rp.test/app"], "https://rp.test/app"),
        (ClientType::Spa, &["http://localhost:5173/cb"], "http://localhost:5173/cb"),
        (ClientType::Spa, &["http://127.0.0.1:5173/cb"], "http://127.0.0.1:5173/cb"),
    ];
    for (kind, registered, uri) in device {
        for first_party in [false, true] {
            let uris = registered.iter().map(|uri| (*uri).to_owned()).collect();
            let mut client = server
                .db_client(*kind, |c| {
                    c.redirect_uris = uris;
                    c.first_party = first_party;
                })
                .await;
            client.redirect_uri = (*uri).to_owned();
            let (mut browser, page) = asked(&server, &client, ANN, OFFLINE).await;
            let code = browser.press(&page.form("#allow")).await.location_param("code").unwrap();
            client.redeem(&code).await.ok();
            for _ in 0..2 {
                let again = browser.visit(&client.authorization_url(OFFLINE)).await;
                assert!(again.has("#allow"), "{uri} {first_party}");
                let narrower = browser.visit(&client.authorization_url("scope=openid")).await;
                assert!(narrower.has("#allow"), "{uri} {first_party}");
                let silent = browser.get(&client.authorization_url("scope=openid&prompt=none")).await;
                silent.refused_redirect(Rejection::ConsentNeeded);
            }
        }
    }
}

/// Class: a consent stretched: more scopes, another API, lasting access, another client, another person; and what the operator allows the client
/// later was not agreed to by anybody.
#[tokio::test]
async fn g3_a_consent_covers_what_was_agreed_and_nothing_else() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(BOB).await;
    server.db_resource("https://one.test", &["one"]).await;
    server.db_resource("https://two.test", &["two", "one"]).await;
    let scopes = |words: &str| ScopeSet::parse(words).unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes("openid email one offline_access")).await;
    let other = server.db_client(ClientType::Web, |c| c.scopes = scopes("openid email one two")).await;
    let agreed = "scope=openid+one&resource=https://one.test";
    let (mut browser, page) = asked(&server, &client, ANN, agreed).await;
    browser.press(&page.form("#allow")).await;
    browser.get(&client.authorization_url(&format!("{agreed}&prompt=none"))).await.location_param("code").unwrap();
    server.db_change_client(&client.id, |c| c.scopes = scopes("openid email profile one two offline_access")).await;
    for wider in [
        "scope=openid+one+email&resource=https://one.test",
        "scope=openid+one+offline_access&resource=https://one.test",
        "scope=openid+one&resource=https://two.test",
        "scope=openid+two&resource=https://two.test",
        "scope=openid+profile",
        "scope=openid+one+two&resource=https://one.test&resource=https://two.test",
    ] {
        let silent = browser.get(&client.authorization_url(&format!("{wider}&prompt=none"))).await;
        silent.refused_redirect(Rejection::ConsentNeeded);
        assert!(browser.visit(&client.authorization_url(wider)).await.has("#allow"), "{wider}");
    }
    let silent = browser.get(&other.authorization_url(&format!("{agreed}&prompt=none"))).await;
    silent.refused_redirect(Rejection::ConsentNeeded);
    let mut bobs = server.browser();
    bobs.sign_in(BOB).await;
    let silent = bobs.get(&client.authorization_url(&format!("{agreed}&prompt=none"))).await;
    silent.refused_redirect(Rejection::ConsentNeeded);
    // What was denied is not agreed, and what was taken back is asked for again.
    let page = browser.visit(&client.authorization_url("scope=openid+email&prompt=consent")).await;
    browser.press(&page.form("#deny")).await;
    let silent = browser.get(&client.authorization_url("scope=openid+email&prompt=none")).await;
    silent.refused_redirect(Rejection::ConsentNeeded);
}

/// A name is text of at most 200 characters, isolated in its direction, beside the host that the browser will go to; whoever would register one that
/// turns text around or is endless is refused.
#[tokio::test]
async fn g4_a_clients_name_is_text_beside_where_it_leads() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let registry = server.registry();
    let act = Act::of_operator(server.clock.now());
    let long = "n".repeat(10_000);
    for name in ["Good\u{202e}elgooG", "a\u{2066}b", "a\0b", "a\nb", "a\u{7}b", "", "   ", &long] {
        let new = NewClient {
            client_id: None,
            client_type: ClientType::Web,
            details: ClientChange {
                name: Some(name.to_owned()),
                redirect_uris: Some(vec!["https://rp.test/cb".to_owned()]),
                ..ClientChange::default()
            },
        };
        let Err(Error::Invalid(problems)) = registry.create_client(new, &act).await else { panic!("{name:.20?}") };
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["name"], "{name:.20?}");
    }
    // As it would stand in the database of somebody who checks less.
    for name in
        ["<b>Google</b>", "Google</h1><script>", "Notes\u{202e}elgooG", "Gооgle", "&lt;b&gt;", "Google Inc. \u{2028}x"]
    {
        let client = server.db_client(ClientType::Spa, |c| c.name = name.to_owned()).await;
        let (_, page) = asked(&server, &client, ANN, "").await;
        assert_eq!(page.text_of("h1 .name").as_deref(), Some(name));
        assert!(!page.has("h1 b") && !page.has("script:not([src])"));
        assert!(page.text_of("main").unwrap().contains("rp.test"), "the host is told");
    }
    let stylesheet = crate::sources::text("static/doorward.css");
    assert!(stylesheet.contains(".name { unicode-bidi: isolate; }"));
}

/// One request has one code that is worth something, however often its form is sent and by how many at once; two tabs have a code each, each for
/// its own request.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g5_a_form_that_is_sent_twice_gives_no_second_code() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let other = server.another_node().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let (mut browser, first) = asked(&server, &client, ANN, "state=first&scope=openid&nonce=n-first").await;
    let second = browser.visit(&client.authorization_url("state=second&scope=openid+email&nonce=n-second")).await;
    for (page, state, scope) in [(&second, "second", "email openid"), (&first, "first", "openid")] {
        let form = page.form("#allow");
        let answers = parallel(8, |at| {
            let mut browser = browser.at(if at % 2 == 0 { &server } else { &other });
            let form = form.clone();
            async move { browser.press(&form).await }
        })
        .await;
        let mut won = 0;
        for answer in &answers {
            assert_eq!(answer.location_param("state").as_deref(), Some(state));
            let answer = client.redeem(&answer.location_param("code").unwrap()).await;
            if answer.status == 200 {
                won += 1;
                let tokens = answer.ok();
                assert_eq!(tokens["scope"], scope);
                assert_eq!(unverified_claims(&text(&tokens, "id_token"))["nonce"], format!("n-{state}"));
            } else {
                answer.refused_json(400, Rejection::UnknownCode);
            }
        }
        assert_eq!(won, 1, "{state}");
        browser.press(&form).await.refused_page(400, Rejection::ReplayedPendingRequest);
    }
    assert_eq!(count(&server, "SELECT count(*) FROM grants").await, 2);
}

/// Class: somebody else's yes: the answer is bound to the browser, the person and the request that the page was shown for; a mixed-up form is refused
/// and writes nothing.
#[tokio::test]
async fn g6_a_consent_is_of_the_person_who_was_asked() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(BOB).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let evil = server.db_client(ClientType::Web, |c| c.name = "Evil".to_owned()).await;
    let (mut browser, page) = asked(&server, &client, ANN, "").await;
    let evils = browser.visit(&evil.authorization_url("")).await;
    let (form, evil_form) = (page.form("#allow"), evils.form("#allow"));
    // The attacker's own page, in the attacker's own browser.
    let mut bobs = server.browser();
    let login = bobs.visit(&evil.authorization_url("")).await;
    let bobs_page = bobs.sign_in_on(&login, BOB, PASSWORD).await;
    let bobs_form = bobs_page.form("#allow");
    for (mixed, what) in [
        (evil_form.clone().with("ticket", &form.field("ticket")), "the ticket of another request"),
        (form.clone().with("request", &evil_form.field("request")), "another request"),
        (evil_form.clone().with("ticket", &bobs_form.field("ticket")), "the ticket of another person"),
        (form.clone().without("ticket"), "no ticket"),
        (form.clone().with("ticket", &form.field("csrf")), "another secret"),
    ] {
        let answer = browser.submit(&mixed).await;
        assert_eq!(answer.status, 403, "{what}");
        answer.refused_in(403, &[Rejection::ConsentOfAnother, Rejection::ForgedForm]);
    }
    for (mixed, what) in [
        (bobs_form.clone(), "another browser's form"),
        (form.clone().with("request", &bobs_form.field("request")), "another browser's request"),
        (form.clone().with("csrf", &bobs_form.field("csrf")), "another browser's token"),
    ] {
        let answer = browser.submit(&mixed).await;
        assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
    }
    for decision in ["", "Allow", "allow ", "yes", "true", "1", "deny allow"] {
        let answer = browser.submit(&form.clone().with("decision", decision)).await;
        answer.refused_page(400, Rejection::MissingDecision);
        assert!(answer.has("#allow") && answer.has("#deny"), "it asks again");
    }
    browser.submit(&form.clone().without("decision")).await.refused_page(400, Rejection::MissingDecision);
    assert_eq!(count(&server, "SELECT count(*) FROM consents").await, 0);
    assert_eq!(count(&server, "SELECT count(*) FROM codes").await, 0);
    browser.press(&form).await.location_param("code").unwrap();
}

/// Brings the client into the memory of these nodes.
async fn remember(client: &Client, nodes: &[&Server]) {
    for node in nodes {
        refresh(&client.on(node), "x").await.refused_json(400, Rejection::UnknownRefreshToken);
    }
}

/// Class: a client's past: made anew under a deleted one's name it has neither its consents nor its tokens, on a node that knew the former one too; a new
/// secret ends the old one; one that became public keeps no secret.
#[tokio::test]
async fn g9_a_client_that_was_made_anew_inherits_nothing() {
    let server = Server::start().await;
    let other = server.another_node().await;
    server.db_user(ANN).await;
    let registry = server.registry();
    let act = Act::of_operator(server.clock.now());
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let given = tokens(&mut browser, &client).await;
    let code = browser.code(&client, ANN, OFFLINE).await;
    remember(&client, &[&server, &other]).await;
    registry.delete_client(&client.id, &act).await.unwrap();
    let again = NewClient {
        client_id: Some(client.id.clone()),
        client_type: ClientType::Web,
        details: ClientChange {
            name: Some("Another".to_owned()),
            redirect_uris: Some(vec!["https://rp.test/cb".to_owned()]),
            ..ClientChange::default()
        },
    };
    let made = registry.create_client(again, &act).await.unwrap();
    let mut heir = client.clone();
    heir.secret = made.view.secret.as_ref().map(|secret| secret.expose().to_owned());
    for node in [&server, &other] {
        node.poll().await;
        let (heir, former) = (heir.on(node), client.on(node));
        former.credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);
        heir.redeem(&code).await.refused_json(400, Rejection::UnknownCode);
        refresh(&heir, &text(&given, "refresh_token")).await.refused_json(400, Rejection::UnknownRefreshToken);
        assert!(!is_active(&heir, &text(&given, "access_token")).await);
        heir.userinfo(&text(&given, "access_token")).await.refused(401, Rejection::TokenOfEndedGrant);
    }
    assert!(browser.visit(&heir.authorization_url(OFFLINE)).await.has("#allow"), "consent is asked anew");
    let client = server.db_client(ClientType::Web, |_| {}).await;
    remember(&client, &[&server, &other]).await;
    let renewed = registry.renew_client_secret(&client.id, Renewal::default(), &act).await.unwrap().view.secret;
    for node in [&server, &other] {
        node.poll().await;
        let mut client = client.on(node);
        refresh(&client, "x").await.refused_json(401, Rejection::WrongClientSecret);
        client.secret = Some(renewed.expose().to_owned());
        refresh(&client, "x").await.refused_json(400, Rejection::UnknownRefreshToken);
    }
    let public = ClientChange { auth_method: Some(AuthMethod::None), ..ClientChange::default() };
    registry.change_client(&client.id, public, &act).await.unwrap();
    server.poll().await;
    let mut client = client.clone();
    client.secret = Some(renewed.expose().to_owned());
    refresh(&client, "x").await.refused_json(401, Rejection::SecretOfPublicClient);
}

/// A client cannot have the id of a person; what one gets for itself that is named in the same form is about nobody, and opens no person's door.
#[tokio::test]
async fn g11_a_client_cannot_be_named_like_a_person() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let registry = server.registry();
    let act = Act::of_operator(server.clock.now());
    let new = |id: &str| NewClient {
        client_id: Some(id.to_owned()),
        client_type: ClientType::Service,
        details: ClientChange {
            name: Some("Batch".to_owned()),
            scope: Some("job".to_owned()),
            ..ClientChange::default()
        },
    };
    for id in [ann.clone(), ann.to_uppercase()] {
        let Err(Error::Invalid(problems)) = registry.create_client(new(&id), &act).await else { panic!("{id}") };
        assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), ["client_id"]);
    }
    // Ids of the same form come from elsewhere, when clients move in from another server.
    let moved = "0192f0c1-7000-7000-8000-0123456789ab";
    let made = registry.create_client(new(moved), &act).await.unwrap();
    server.poll().await;
    let secret = made.view.secret.unwrap().expose().to_owned();
    let service = Client::new(&server, moved.to_owned(), Some(secret), "client_secret_basic", "");
    let access = text(&service.credentials(&[]).await.ok(), "access_token");
    let claims = unverified_claims(&access);
    assert_eq!((&claims["sub"], &claims["client_id"]), (&moved.into(), &moved.into()));
    assert!(claims.get("gid").is_none() && claims.get("auth_time").is_none() && claims.get("roles").is_none());
    service.userinfo(&access).await.refused(403, Rejection::TokenWithoutOpenid);
    let hint = server.get(&format!("/logout?id_token_hint={access}")).await;
    hint.refused_page(400, Rejection::ForeignHint);
    service.credentials(&[("scope", "openid")]).await.refused_json(400, Rejection::ScopeNotAllowed);
}
