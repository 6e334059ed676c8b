//! What a provider, or somebody in its place, answers.

use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::{Github, Oidc};
use serde_json::{Value, json};

use super::*;
use crate::support::{Instead, Receiver, Signing, UPSTREAM_CLIENT, unverified_claims};

/// Without state, with that of another browser, a second time, after ten minutes, and at the callback of another provider: no session, and the
/// other provider is not asked.
#[tokio::test]
async fn f7_a_callback_is_of_one_browser_one_provider_and_one_time() {
    let second = Provider::start().await;
    let of = second.clone();
    let (server, fake) = federated_with(Oidc, |_| {}, move |config| of.add_to(config, "other", Oidc, |_| {})).await;
    second.follow(&server.clock);
    newcomer(&server, &fake).await;
    let before = signed_in(&server).await;
    let (mut browser, mut victim) = (server.browser(), server.browser());
    let login = browser.visit("/login").await;
    victim.visit("/login").await;
    let callback = answer_of(&fake, &leave(&mut browser, &login).await).await;
    let (path, query) = callback.split_once('?').unwrap();
    let without_state: Vec<&str> = query.split('&').filter(|part| !part.starts_with("state=")).collect();
    for (is_victim, path) in [
        (true, callback.clone()),
        (false, format!("{path}?{}", without_state.join("&"))),
        (false, format!("{path}?{}&state=", without_state.join("&"))),
        (false, format!("{path}?{}&state=x", without_state.join("&"))),
        (false, format!("{callback}&state=x")),
        (false, callback.replace("/fake/", "/other/")),
    ] {
        let refused = if is_victim { &mut victim } else { &mut browser }.get(&path).await;
        refused.refused_in(400, &[Rejection::UnknownErrand, Rejection::RepeatedParameter]);
    }
    assert_eq!((signed_in(&server).await, second.asked("/token"), fake.asked("/token")), (before, 0, 1));
    let login = browser.visit("/login").await;
    let late = answer_of(&fake, &leave(&mut browser, &login).await).await;
    assert!(browser.visit(&callback).await.has("#sign-out"));
    browser.get(&callback).await.refused(400, Rejection::UsedErrand);
    server.turn(600);
    browser.get(&late).await.refused(400, Rejection::ExpiredErrand);
    assert_eq!(signed_in(&server).await, before + 1);
}

/// Every claim, algorithm and key that is wrong, and an answer of another provider: a page that says so and leads on, no session and no account.
/// Unknown keys are looked up once a minute.
#[tokio::test]
async fn f8_a_wrong_id_token_signs_nobody_in() {
    let (server, fake) = federated(|_| {}).await;
    let now = server.clock.now().seconds();
    let refused = async |what: &str, rejection: Rejection| {
        let (mut browser, page) = come(&server, &fake).await;
        page.refused_page(400, rejection);
        let again = browser.visit(&page.field("#again", "href").unwrap()).await;
        assert!(again.has("#upstream-fake"), "{what}: {}", again.text());
    };
    for (claims, rejection) in [
        (json!({ "iss": "https://evil.test" }), Rejection::UpstreamWrongIssuer),
        (json!({ "iss": null }), Rejection::UpstreamWrongIssuer),
        (json!({ "aud": "another" }), Rejection::UpstreamWrongAudience),
        (json!({ "aud": [UPSTREAM_CLIENT, "another"], "azp": UPSTREAM_CLIENT }), Rejection::UpstreamWrongAudience),
        (json!({ "azp": "another" }), Rejection::UpstreamWrongParty),
        (json!({ "nonce": "another" }), Rejection::UpstreamWrongNonce),
        (json!({ "nonce": null }), Rejection::UpstreamWrongNonce),
        (json!({ "exp": now - 61 }), Rejection::UpstreamExpiredToken),
        (json!({ "exp": null }), Rejection::UpstreamExpiredToken),
        (json!({ "iat": now + 3600 }), Rejection::UpstreamFutureToken),
        (json!({ "sub": null }), Rejection::UpstreamNoSubject),
        (json!({ "sub": "" }), Rejection::UpstreamNoSubject),
    ] {
        fake.claims(claims.clone());
        refused(&claims.to_string(), rejection).await;
    }
    fake.claims(json!({}));
    for (signing, rejection) in [
        (Signing::Unsigned, Rejection::UpstreamWrongAlgorithm),
        (Signing::HmacWithPublicKey, Rejection::UpstreamWrongAlgorithm),
        (Signing::ForgedKey, Rejection::UpstreamWrongSignature),
        (Signing::UnpublishedKey, Rejection::UpstreamUnknownKey),
        (Signing::UnpublishedKey, Rejection::UpstreamUnknownKey),
    ] {
        fake.sign(signing);
        refused(&format!("{signing:?}"), rejection).await;
    }
    assert_eq!(fake.asked("/keys"), 2, "once at discovery, once for the key that is unknown");
    fake.sign(Signing::Rs256);
    for (callback, rejection) in [
        (json!({ "iss": "https://evil.test" }), Rejection::UpstreamWrongIss),
        (json!({ "iss": null }), Rejection::UpstreamMissingIss),
    ] {
        fake.callback(callback.clone());
        refused(&callback.to_string(), rejection).await;
    }
    assert_eq!((signed_in(&server).await, counted(&server).await), (0, (0, 0)));
}

/// A code of the attacker's in the victim's callback, and the victim's in the attacker's: PKCE refuses it at the provider, and where the provider does not
/// look, the nonce refuses it here. A code counts once.
#[tokio::test]
async fn f9_a_code_of_another_sign_in_is_worth_nothing() {
    let (server, fake) = federated(|_| {}).await;
    for rejection in [Rejection::UpstreamCodeRefused, Rejection::UpstreamWrongNonce] {
        let (mut victim, mut attacker) = (server.browser(), server.browser());
        let (login, other) = (victim.visit("/login").await, attacker.visit("/login").await);
        let of_victim = answer_of(&fake, &leave(&mut victim, &login).await).await;
        let of_attacker = answer_of(&fake, &leave(&mut attacker, &other).await).await;
        let code = |callback: &str| {
            let query = callback.split_once('?').unwrap().1;
            query.split('&').find(|part| part.starts_with("code=")).unwrap().to_owned()
        };
        let injected = of_victim.replace(&code(&of_victim), &code(&of_attacker));
        victim.get(&injected).await.refused_page(400, rejection);
        let stolen = of_attacker.replace(&code(&of_attacker), &code(&of_victim));
        attacker.get(&stolen).await.refused_page(400, rejection);
        fake.ignore_pkce();
    }
    assert_eq!(signed_in(&server).await, 0);
}

/// Ten megabytes, a drip, silence, HTML, broken UTF-8, and a redirect to this machine, at each endpoint that is asked: a page within the ten seconds that are
/// allowed, nobody is called who was not to be, others are served meanwhile, and the next sign-in works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f13_a_hostile_provider_costs_its_own_button_for_a_moment() {
    let (server, fake) = federated(|_| {}).await;
    // So that userinfo is asked.
    fake.person(json!({ "sub": "ann-at-the-provider" }));
    fake.userinfo(json!({ "sub": "ann-at-the-provider", "name": "Ann" }));
    let inner = Receiver::start().await;
    let odd = [Rejection::UpstreamUnavailable, Rejection::UpstreamMalformed];
    for path in ["/token", "/userinfo"] {
        for instead in [
            Instead::TenMegabytes,
            Instead::Drip,
            Instead::Silence,
            Instead::Html,
            Instead::InvalidUtf8,
            Instead::Redirect(inner.uri()),
            Instead::Status(500),
            Instead::Json(200, json!({ "access_token": ["x"] })),
            Instead::Json(200, json!("text")),
        ] {
            fake.answer(path, instead.clone());
            let (coming, others) = tokio::join!(come(&server, &fake), async {
                for _ in 0..20 {
                    assert_eq!(server.get("/login").await.status, 200);
                }
            });
            let () = others;
            // An answer of userinfo that says nothing is none: then there is no name, and no more.
            if path == "/token" || !matches!(instead, Instead::Json(..)) {
                coming.1.refused_in(400, &odd);
            }
        }
        fake.mend(path);
    }
    assert!(inner.tokens().await.is_empty(), "a redirect was followed");
    assert!(come(&server, &fake).await.1.has("#create-account"));
}

/// Discovery of another issuer, endpoints elsewhere, no keys, nobody there, a wrong secret: that provider fails closed, is named for the operator, and the other
/// one, the password and the page itself go on.
#[tokio::test]
async fn f14_a_provider_whose_settings_are_wrong_is_out_alone() {
    let (broken, gone) = (Provider::start().await, Provider::start().await);
    let (first, fake) = federated(|_| {}).await;
    gone.answer("/.well-known/openid-configuration", Instead::Status(404));
    for changes in [
        json!({ "issuer": fake.issuer() }),
        json!({ "token_endpoint": format!("{}/token", fake.issuer()) }),
        json!({ "jwks_uri": "https://evil.test/keys" }),
        json!({ "id_token_signing_alg_values_supported": ["none"] }),
    ] {
        broken.discovery(changes.clone());
        // As after a start, when nothing is known of anybody.
        let server = first.another_node_with(|config| {
            for (id, provider) in [("fake", &fake), ("broken", &broken), ("gone", &gone)] {
                provider.add_to(config, id, Oidc, |_| {});
            }
        });
        let server = server.await;
        server.app.providers.discover().await;
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        for id in ["broken", "gone"] {
            let answer = browser.submit(&login.form(&format!("#upstream-{id}"))).await;
            answer.refused_page(400, Rejection::UpstreamUnavailable);
        }
        let ready = server.get("/readyz?verbose").await;
        assert_eq!(ready.status, 200);
        for (id, is_named) in [("broken", true), ("gone", true), ("fake", false)] {
            assert_eq!(ready.text().contains(&format!("upstream {id} ")), is_named, "{changes}: {}", ready.text());
        }
        assert_eq!(server.get("/readyz").await.text(), "ready\n");
        assert!(through(&mut browser, &fake, &login).await.has("#create-account"), "{changes}");
    }
    assert_eq!((broken.asked("/token"), broken.asked("/authorize")), (0, 0));
    fake.answer("/token", Instead::Json(401, json!({ "error": "invalid_client" })));
    come(&first, &fake).await.1.refused_page(400, Rejection::UpstreamClientRefused);
}

/// Errors, descriptions and addresses that come with the callback are text that is not shown, and lead nowhere; neither does what a token says.
#[tokio::test]
async fn f15_what_a_provider_writes_is_not_shown_and_leads_nowhere() {
    let (server, fake) = federated(|_| {}).await;
    let evil = "https://evil.test/<script>alert(1)</script>";
    for error in ["access_denied", "server_error", "invalid_request", evil, "a\u{202e}b", "\"><b>"] {
        fake.callback(json!({
            "error": error, "error_description": evil, "error_uri": evil, "redirect_uri": evil, "return_to": evil, "code": null,
        }));
        let (_, page) = come(&server, &fake).await;
        page.refused_in(400, &[Rejection::UpstreamCancelled, Rejection::UpstreamError]);
        assert!(!page.text().contains("evil.test") && !page.text().contains("<b>\""), "{error}: {}", page.text());
        assert_eq!(page.header("location"), "");
    }
    fake.callback(json!({}));
    fake.person(json!({
        "sub": "x", "name": "<script>alert(1)</script>", "preferred_username": "{{7*7}}", "picture": "javascript:alert(1)",
        "email": "\"><b>@evil.test", "email_verified": true, "profile": evil, "website": evil,
    }));
    let (mut browser, page) = come(&server, &fake).await;
    assert!(!page.text().contains("<script>alert") && !page.text().contains("javascript:"), "{}", page.text());
    let account = browser.press(&page.form("#create-account")).await;
    assert!(account.has("#sign-out") && !account.text().contains("<script>alert"), "{}", account.text());
}

/// The provider's tokens, its code and our secret there are in no database, no page, and no token or answer of ours.
#[tokio::test]
async fn f16_tokens_of_the_provider_stay_between_it_and_us() {
    for kind in [Oidc, Github] {
        let (server, fake) = federated_with(kind, |_| {}, |_| {}).await;
        fake.person(json!({ "sub": "ann", "id": 7, "login": "ann", "name": "Ann" }));
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url("scope=openid+profile+email+offline_access")).await;
        let page = through(&mut browser, &fake, &login).await;
        let consent = browser.press(&page.form("#create-account")).await;
        let answer = browser.press(&consent.form("#allow")).await;
        let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
        let of = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let account = browser.visit("/account").await;
        let told: Vec<Value> = vec![
            unverified_claims(&of("id_token")),
            unverified_claims(&of("access_token")),
            client.userinfo(&of("access_token")).await.ok(),
            client.post("/introspect", &[("token", &of("access_token"))]).await.ok(),
        ];
        let asked = fake.last_posted(if kind == Oidc { "/token" } else { "/login/oauth/access_token" });
        for secret in ["fake-access-token", &asked["code"], &asked["code_verifier"], "the-secret-of-the-fake"] {
            assert!(!server.database.db_holds(secret).await, "{kind:?}: the database holds {secret}");
            for text in [page.text(), consent.text(), account.text(), serde_json::to_string(&told).unwrap()] {
                assert!(!text.contains(secret), "{kind:?}: {secret} is in {text}");
            }
        }
    }
}
