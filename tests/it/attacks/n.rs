//! Group N: mix-up, metadata, and the names of APIs (RFC 8414, RFC 8707, RFC 9207).

use axum::body::Body;
use axum::http::Request;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::protocol::upstream::ProviderKind::Oidc;
use serde_json::json;

use super::{ANN, count, encoded, refresh, text};
use crate::federation::{federated, through};
use crate::support::{PASSWORD, Provider, Server, by_get_and_post, unverified_claims};

/// Every form of the address gives the same bytes, whose issuer is the configured one to the byte, whatever Host and forwarded headers say.
#[tokio::test]
async fn n1_the_metadata_is_the_same_for_every_host() {
    for (issuer, paths) in [
        ("https://as.test", &["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"][..]),
        (
            "https://as.test/auth/people",
            &[
                "/auth/people/.well-known/openid-configuration",
                "/auth/people/.well-known/oauth-authorization-server",
                "/.well-known/oauth-authorization-server/auth/people",
                "/.well-known/openid-configuration/auth/people",
            ],
        ),
    ] {
        let server = Server::with(|config| {
            config.server.issuer = issuer.to_owned();
            config.server.trusted_proxies = vec!["203.0.113.7".parse().unwrap()];
        })
        .await;
        let document = server.get(paths[0]).await;
        assert_eq!(document.ok()["issuer"], issuer);
        for (name, value) in document.ok().as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                assert!(value.as_str().unwrap().starts_with(&format!("{issuer}/")), "{name}: {value}");
            }
        }
        for path in paths {
            for host in ["as.test", "evil.test", "as.test:8443", "AS.TEST", "as.test.evil.test"] {
                let request = Request::get(*path)
                    .header("host", host)
                    .header("x-forwarded-host", "evil.test")
                    .header("x-forwarded-proto", "http")
                    .header("x-forwarded-prefix", "/evil")
                    .header("forwarded", "host=evil.test;proto=http")
                    .header("x-original-url", "/evil");
                let answer = server.send(request.body(Body::empty()).unwrap()).await;
                assert_eq!((answer.status.as_u16(), &answer.body), (200, &document.body), "{path} {host}");
            }
        }
        // Nor do redirects, links and tokens follow it.
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let request = Request::get(client.authorization_url("")).header("host", "evil.test");
        let request = request.header("x-forwarded-host", "evil.test").body(Body::empty()).unwrap();
        let answer = server.send(request).await;
        assert!(!answer.location().contains("evil.test") && answer.location().starts_with('/'));
    }
}

/// The token is for the API that was named, and for no other; unknown, foreign and malformed ones are `invalid_target` everywhere; a token
/// request chooses among what was granted.
#[tokio::test]
async fn n2_a_resource_that_is_named_is_the_audience() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    for name in ["notes", "other", "third"] {
        server.db_resource(&format!("https://{name}.test"), &[name]).await;
    }
    let scopes = ScopeSet::parse("openid offline_access notes other third").unwrap();
    let resources = vec!["https://notes.test".to_owned(), "https://other.test".to_owned()];
    let client =
        server.db_client(ClientType::Web, |c| (c.scopes, c.resources) = (scopes.clone(), resources.clone())).await;
    for (resource, error) in [
        ("https://nowhere.test", Rejection::UnknownResource),
        ("https://third.test", Rejection::ResourceNotAllowed),
        ("https://notes.test/", Rejection::UnknownResource),
        ("https://NOTES.test", Rejection::UnknownResource),
        ("https://notes.test:443", Rejection::UnknownResource),
        ("https://notes.test#x", Rejection::MalformedResource),
        ("notes", Rejection::MalformedResource),
        ("", Rejection::UnknownResource),
    ] {
        if !resource.is_empty() {
            let url = client.authorization_url(&format!("resource={}", encoded(resource)));
            for answer in by_get_and_post(&server, &url).await {
                answer.refused_redirect(error);
                assert_eq!(answer.location_param("error").as_deref(), Some("invalid_target"));
            }
        }
    }
    let mut browser = server.browser();
    let extra = "scope=openid+offline_access+notes+other&resource=https://notes.test&resource=https://other.test";
    let code = browser.code(&client, ANN, extra).await;
    for named in ["https://third.test", "https://nowhere.test"] {
        let code = browser.code(&client, ANN, extra).await;
        let answer = client.redeem_with(&code, &[("resource", named)]).await;
        assert_eq!(answer.json()["error"], "invalid_target", "{named}");
    }
    let given = client.redeem_with(&code, &[("resource", "https://notes.test")]).await;
    let given = if given.status == 200 {
        given.ok()
    } else {
        // The codes of one request are one grant's: the newest counts.
        let code = browser.code(&client, ANN, extra).await;
        client.redeem_with(&code, &[("resource", "https://notes.test")]).await.ok()
    };
    let access = text(&given, "access_token");
    let claims = unverified_claims(&access);
    assert_eq!(claims["aud"], "https://notes.test");
    assert!(!claims["scope"].as_str().unwrap().split(' ').any(|scope| scope == "other"));
    client.userinfo(&access).await.refused(401, Rejection::WrongAudience);
    let fields = |resource| {
        [
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", text(&given, "refresh_token")),
            ("resource", resource),
        ]
    };
    for outside in ["https://third.test", "https://nowhere.test"] {
        let fields = fields(outside.to_owned());
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(client.token(&fields).await.json()["error"], "invalid_target");
    }
    let fields = fields("https://other.test".to_owned());
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let moved = client.token(&fields).await.ok();
    assert_eq!(unverified_claims(&text(&moved, "access_token"))["aud"], "https://other.test");
    refresh(&client, &text(&moved, "refresh_token")).await.refused_json(400, Rejection::SeveralResources);

    let service = server.db_client(ClientType::Service, |c| {
        (c.scopes, c.resources) = (ScopeSet::parse("notes other").unwrap(), resources.clone());
    });
    let service = service.await;
    for named in ["https://third.test", "https://nowhere.test", "notes", "https://notes.test#x"] {
        let answer = service.credentials(&[("resource", named)]).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &"invalid_target".into()), "{named}");
    }
    let both = [("resource", "https://notes.test"), ("resource", "https://other.test")];
    service.credentials(&both).await.refused_json(400, Rejection::SeveralResources);
    let given = service.credentials(&[("resource", "https://other.test")]).await.ok();
    assert_eq!(unverified_claims(&text(&given, "access_token"))["aud"], "https://other.test");
}

/// Class: a token passed on: what one API holds is told to no other API, is not taken at userinfo, and an API that asks under its own name learns
/// only of what is for it.
#[tokio::test]
async fn n3_a_token_of_one_api_is_nothing_to_another() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut apis, names) = (Vec::new(), ["one", "two"]);
    for name in names {
        let api = server.db_client(ClientType::Service, |_| {}).await;
        server.db_resource(&format!("https://{name}.test"), &[name]).await;
        let own = vec![api.id.clone()];
        server.db_change_resource(&format!("https://{name}.test"), |r| r.introspectors = own).await;
        apis.push(api);
    }
    let scopes = ScopeSet::parse("openid one two").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    for (at, name) in names.iter().enumerate() {
        let extra = format!("scope=openid+{name}&resource=https://{name}.test");
        let code = server.browser().code(&client, ANN, &extra).await;
        let access = text(&client.redeem(&code).await.ok(), "access_token");
        for (asking, api) in apis.iter().enumerate() {
            assert_eq!(super::is_active(api, &access).await, asking == at, "{name}");
        }
        client.userinfo(&access).await.refused(401, Rejection::WrongAudience);
        // What an API holds it can neither exchange nor refresh nor end.
        refresh(&apis[at], &access).await.refused_json(400, Rejection::GrantTypeNotAllowed);
        assert_eq!(apis[at].post("/revoke", &[("token", &access)]).await.status, 200);
        assert!(super::is_active(&apis[at], &access).await);
    }
    // An API that is asked for no more learns no more.
    server.db_change_resource("https://one.test", |r| r.introspectors.clear()).await;
    let code = server.browser().code(&client, ANN, "scope=openid+one&resource=https://one.test").await;
    let access = text(&client.redeem(&code).await.ok(), "access_token");
    assert!(!super::is_active(&apis[0], &access).await);
}

/// At the first request, at every page in between and at the last form it is the one that was sealed: fields of forms and parameters of the
/// pages change nothing, and one that was taken back meanwhile gets no code.
#[tokio::test]
async fn n5_the_redirect_uri_cannot_be_changed_on_the_way() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let uris = vec!["https://rp.test/cb".to_owned(), "https://rp.test/other".to_owned()];
    let client = server.db_client(ClientType::Spa, |c| c.redirect_uris = uris).await;
    for target in ["https://evil.test/cb", "https://rp.test/other"] {
        let evil = encoded(target);
        let mut browser = server.browser();
        let page = browser.visit(&client.authorization_url("prompt=consent")).await;
        let sealed = encoded(&page.form("#login-submit").field("request"));
        let page = browser.visit(&format!("/login?request={sealed}&redirect_uri={evil}&client_id=other")).await;
        let form = page.form("#login-submit").with("email", ANN).with("password", PASSWORD);
        let answer = browser.submit(&form.with("redirect_uri", target).with("client_id", "other")).await;
        assert!(answer.location().starts_with("/authorize/continue?request="));
        let onward = format!("{}&redirect_uri={evil}", answer.location());
        let consent = browser.visit(&onward).await;
        assert!(!consent.text().contains("evil.test"));
        let form = consent.form("#allow").with("redirect_uri", target).with("state", "changed").with("scope", "openid");
        let answer = browser.submit(&form).await;
        let answer = if answer.location().starts_with('/') { browser.follow(answer).await } else { answer };
        assert!(answer.location().starts_with("https://rp.test/cb?code="), "{}", answer.location());
        assert_eq!(answer.location_param("state").as_deref(), Some("st-1"));
        let given = client.redeem(&answer.location_param("code").unwrap()).await.ok();
        assert_eq!(given["scope"], "email openid profile");
    }
    for url in [format!("{}&redirect_uri=x", client.authorization_url("")), client.authorization_url("redirect_uri=x")]
    {
        for answer in by_get_and_post(&server, &url).await {
            answer.refused_in(400, &[Rejection::RepeatedParameter, Rejection::UnregisteredRedirectUri]);
        }
    }
    let codes = count(&server, "SELECT count(*) FROM codes").await;
    for end in ["allow", "deny"] {
        let mut browser = server.browser();
        let page = browser.visit(&client.authorization_url("prompt=consent")).await;
        let consent = browser.sign_in_on(&page, ANN, PASSWORD).await;
        server.db_change_client(&client.id, |c| c.redirect_uris = vec!["https://rp.test/new".to_owned()]).await;
        let answer = browser.submit(&consent.form(&format!("#{end}"))).await;
        let answer = browser.follow(answer).await;
        answer.refused_page(400, Rejection::UnregisteredRedirectUri);
        server.db_change_client(&client.id, |c| c.redirect_uris = vec!["https://rp.test/cb".to_owned()]).await;
    }
    assert_eq!(count(&server, "SELECT count(*) FROM codes").await, codes);
}

/// Discovery of another issuer, an authorization endpoint that is a script, has shell characters or is elsewhere, token and key endpoints on another host:
/// nothing of it is believed, no browser is sent there, and neither code nor secret goes there. What was known before goes on.
#[tokio::test]
async fn n4_a_hostile_discovery_moves_nobody_and_no_secret() {
    let evil = Provider::start().await;
    let (server, fake) = federated(|_| {}).await;
    let elsewhere = |path: &str| format!("{}{path}", evil.issuer());
    for changes in [
        json!({ "issuer": evil.issuer() }),
        json!({ "issuer": format!("{}/", fake.issuer()) }),
        json!({ "issuer": null }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "authorization_endpoint": "data:text/html,x" }),
        json!({ "authorization_endpoint": "$(touch /tmp/x)" }),
        json!({ "authorization_endpoint": "a:$(open evil.app)" }),
        json!({ "authorization_endpoint": elsewhere("/authorize") }),
        json!({ "authorization_endpoint": fake.issuer().replace("127.0.0.1", "user@127.0.0.1") }),
        json!({ "token_endpoint": elsewhere("/token") }),
        json!({ "token_endpoint": fake.issuer().replace("127.0.0.1", "localhost") }),
        json!({ "jwks_uri": elsewhere("/keys") }),
        json!({ "issuer": evil.issuer(), "authorization_endpoint": elsewhere("/authorize"), "token_endpoint": elsewhere("/token"), "jwks_uri": elsewhere("/keys") }),
    ] {
        fake.discovery(changes.clone());
        // A node that has just begun, and one that knew the provider before.
        let begun = server.another_node_with(|config| fake.add_to(config, "fake", Oidc, |_| {})).await;
        begun.app.providers.discover().await;
        let mut browser = begun.browser();
        let login = browser.visit("/login").await;
        let answer = browser.submit(&login.form("#upstream-fake")).await;
        answer.refused_page(400, Rejection::UpstreamUnavailable);
        for address in ["evil", "javascript", "data:text", &evil.issuer()] {
            assert!(!answer.text().contains(address) && !login.header("content-security-policy").contains(address));
        }
        server.app.providers.discover().await;
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        assert!(through(&mut browser, &fake, &login).await.has("#create-account"), "{changes}");
        assert!(server.app.providers.get("fake").unwrap().trouble().is_some(), "{changes}");
    }
    // What would only be used later, and is elsewhere, is not used.
    fake.discovery(
        json!({ "userinfo_endpoint": elsewhere("/userinfo"), "end_session_endpoint": elsewhere("/logout") }),
    );
    server.app.providers.discover().await;
    fake.person(json!({ "sub": "ann" }));
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    assert!(through(&mut browser, &fake, &login).await.has("#create-account"));
    assert_eq!(server.app.providers.get("fake").unwrap().end_session_endpoint(), None);
    for path in ["/authorize", "/token", "/keys", "/userinfo", "/.well-known/openid-configuration"] {
        assert_eq!(evil.asked(path), 0, "{path}");
    }
}
