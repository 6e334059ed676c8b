//! The public facts: both metadata documents and the key set, from memory alone; and what watches over the process.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use doorward::clock::Stopwatch;
use serde_json::Value;

use crate::support::{Answer, Server};

const DISCOVERY: &str = "/.well-known/openid-configuration";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const JWKS: &str = "/.well-known/jwks.json";

async fn with_header(server: &Server, path: &str, name: &str, value: &str) -> Answer {
    server.send(Request::get(path).header(name, value).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn both_documents_are_the_same_and_come_from_the_configuration() {
    let server = Server::start().await;
    let discovery = server.get(DISCOVERY).await;
    let metadata = server.get(METADATA).await;
    assert_eq!(discovery.ok()["issuer"], "http://localhost:8000");
    assert_eq!(discovery.body, metadata.body);
    for (name, value) in [
        ("host", "127.0.0.1:9"),
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.test;proto=https"),
        ("x-original-host", "evil.test"),
    ] {
        for path in [DISCOVERY, METADATA] {
            assert_eq!(with_header(&server, path, name, value).await.body, discovery.body, "{name}");
        }
    }
}

#[tokio::test]
async fn behind_https_the_host_of_a_request_changes_no_document() {
    let server = Server::with(|config| config.server.issuer = "https://as.test".to_owned()).await;
    let named = with_header(&server, DISCOVERY, "host", "as.test").await;
    assert_eq!(named.ok()["token_endpoint"], "https://as.test/token");
    assert_eq!(with_header(&server, DISCOVERY, "host", "evil.test").await.body, named.body);
    assert_eq!(named.header("strict-transport-security"), "max-age=63072000; includeSubDomains");
}

#[tokio::test]
async fn every_address_of_the_document_answers() {
    let server = Server::start().await;
    let document = server.get(DISCOVERY).await.ok();
    let addresses = document.as_object().unwrap().iter();
    let addresses: Vec<(&String, &str)> = addresses
        .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri")
        .map(|(name, address)| (name, address.as_str().unwrap()))
        .collect();
    assert!(addresses.len() >= 4);
    for (name, address) in addresses {
        let path = address.strip_prefix("http://localhost:8000").unwrap();
        assert_ne!(server.get(path).await.status, 404, "{name}");
        assert_ne!(server.post(path, "").await.status, 404, "{name}");
    }
}

#[tokio::test]
async fn the_key_set_has_public_keys_alone_and_a_tag_that_saves_the_answer() {
    let server = Server::start().await;
    let answer = server.get(JWKS).await;
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    let keys = answer.ok()["keys"].as_array().unwrap().clone();
    assert!(!keys.is_empty());
    for key in &keys {
        let names: Vec<&String> = key.as_object().unwrap().keys().collect();
        let is_public =
            |name: &&String| ["kty", "use", "alg", "kid", "n", "e", "x", "y", "crv"].contains(&name.as_str());
        assert!(names.iter().all(is_public), "{names:?}");
        assert!(key["kid"].as_str().is_some_and(|kid| kid.len() == 43));
    }
    let tag = answer.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10);
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = with_header(&server, JWKS, "if-none-match", &known).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), tag);
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
    }
    for unknown in ["\"x\"", "x", "", &tag[1..]] {
        assert_eq!(with_header(&server, JWKS, "if-none-match", unknown).await.status, 200, "{unknown}");
    }
}

#[tokio::test]
async fn any_site_may_read_the_public_facts_and_only_apps_may_call_for_tokens() {
    let server = Server::start().await;
    let spa = doorward::protocol::client::ClientType::Spa;
    server.db_client(spa, |c| c.redirect_uris = vec!["https://app.test/cb".to_owned()]).await;
    let off = server.db_client(spa, |c| c.redirect_uris = vec!["https://off.test/cb".to_owned()]).await;
    server.db_change_client(&off.id, |c| c.disabled_at = Some(c.created_at)).await;
    for path in [DISCOVERY, METADATA, JWKS] {
        let answer = with_header(&server, path, "origin", "https://anyone.test").await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let preflight = async |path: &str, origin: &str| {
        let request =
            Request::options(path).header(header::ORIGIN, origin).header("access-control-request-method", "POST");
        server.send(request.body(Body::empty()).unwrap()).await
    };
    for path in ["/token", "/userinfo"] {
        let answer = preflight(path, "https://app.test").await;
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.test");
        assert!(answer.headers.get("access-control-allow-credentials").is_none());
        for stranger in ["https://evil.test", "https://off.test", "null", "https://app.test:444", "http://app.test"] {
            assert_eq!(preflight(path, stranger).await.header("access-control-allow-origin"), "", "{stranger}");
        }
    }
    // What comes back can be read as well, by them alone; and whoever is no browser is told nothing of it.
    for (origin, may_read) in [("https://app.test", true), ("https://evil.test", false), ("https://off.test", false)] {
        for path in ["/token", "/revoke", "/userinfo"] {
            let request = Request::post(path).header(header::ORIGIN, origin);
            let answer = server.send(request.body(Body::empty()).unwrap()).await;
            assert!(answer.status.is_client_error(), "{path}");
            let readable =
                if may_read { (origin, "www-authenticate,retry-after,dpop-nonce,x-trace-id") } else { ("", "") };
            let named =
                ["access-control-allow-origin", "access-control-expose-headers"].map(|name| answer.header(name));
            assert_eq!((named[0], named[1]), readable, "{path} {origin}");
            assert_eq!(answer.header("vary"), "origin");
        }
    }
    let answer = server.send(Request::post("/token").body(Body::empty()).unwrap()).await;
    assert!(answer.headers.keys().all(|name| *name != header::VARY && !name.as_str().starts_with("access-control-")));
    for path in ["/authorize", "/login", "/register", "/consent", "/account", "/logout"] {
        assert_eq!(preflight(path, "https://app.test").await.header("access-control-allow-origin"), "", "{path}");
    }
}

/// What scripts send beside the headers that need no leave: MCP clients, DPoP, axios and jQuery, OpenTelemetry, Sentry, Datadog, and whatever
/// a developer's own `fetch` adds.
const HEADERS: &[&str] = &[
    "authorization",
    "mcp-protocol-version",
    "mcp-method,mcp-name",
    "dpop",
    "x-requested-with",
    "authorization,content-type,traceparent,tracestate,baggage",
    "baggage,sentry-trace",
    "x-datadog-trace-id,x-datadog-origin",
    "cache-control,if-none-match,pragma",
    "x-of-our-own",
];

#[tokio::test]
async fn a_preflight_passes_with_whatever_headers_a_script_sends() {
    let server = Server::start().await;
    let spa = doorward::protocol::client::ClientType::Spa;
    server.db_client(spa, |c| c.redirect_uris = vec!["https://app.test/cb".to_owned()]).await;
    server.poll().await;
    for (path, method, allowed) in [
        (DISCOVERY, "GET", "*"),
        (METADATA, "GET", "*"),
        (JWKS, "GET", "*"),
        ("/token", "POST", "https://app.test"),
        ("/revoke", "POST", "https://app.test"),
        ("/userinfo", "GET", "https://app.test"),
        ("/userinfo", "POST", "https://app.test"),
    ] {
        for headers in HEADERS {
            let request = Request::options(path)
                .header(header::ORIGIN, "https://app.test")
                .header("access-control-request-method", method)
                .header("access-control-request-headers", *headers);
            let answer = server.send(request.body(Body::empty()).unwrap()).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.status);
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{path}");
            // By name: `*` does not stand for Authorization.
            assert_eq!(answer.header("access-control-allow-headers"), *headers, "{path}");
            assert!(answer.header("access-control-allow-methods").split(',').any(|one| one == method), "{path}");
            assert!(answer.headers.get("access-control-allow-credentials").is_none(), "{path}");
        }
    }
}

#[tokio::test]
async fn a_script_may_read_what_an_answer_says_of_going_on() {
    let server = Server::start().await;
    let spa = doorward::protocol::client::ClientType::Spa;
    server.db_client(spa, |c| c.redirect_uris = vec!["https://app.test/cb".to_owned()]).await;
    server.poll().await;
    let answer = with_header(&server, "/userinfo", "origin", "https://app.test").await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (401, "https://app.test"));
    let exposed: Vec<&str> = answer.header("access-control-expose-headers").split(',').collect();
    for name in ["www-authenticate", "retry-after", "dpop-nonce", "x-trace-id"] {
        assert!(exposed.contains(&name), "{name}: {exposed:?}");
    }
}

#[tokio::test]
async fn what_comes_from_memory_touches_no_database() {
    let server = Server::start().await;
    let service = server.db_client(doorward::protocol::client::ClientType::Service, |_| {}).await;
    server.poll().await;
    let token = |answer: &Value| answer["access_token"].as_str().unwrap().to_owned();
    let mut seen = vec![token(&service.credentials(&[]).await.ok())];
    let mut rounds = 0;
    while rounds < 20 {
        // The look itself is no request's. Memory is believed for a second after it: a round that took longer proves nothing.
        let watch = Stopwatch::start();
        server.poll().await;
        let before = server.app.storage.connections_taken();
        seen.push(token(&service.credentials(&[]).await.ok()));
        for path in [DISCOVERY, METADATA, JWKS, "/healthz"] {
            assert_eq!(server.get(path).await.status, 200);
        }
        let taken = server.app.storage.connections_taken() - before;
        if watch.elapsed() < Duration::from_millis(900) {
            assert_eq!(taken, 0);
            rounds += 1;
        }
        assert!(seen.len() < 1000, "no round is done within a second");
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all, "each request gets a token of its own");
}

#[tokio::test]
async fn what_another_node_changed_counts_after_a_look() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let service = server.db_client(doorward::protocol::client::ClientType::Service, |_| {}).await;
    let there = service.on(&other);
    there.credentials(&[]).await.ok();
    server.db_change_client(&service.id, |c| c.disabled_at = Some(c.created_at)).await;
    other.poll().await;
    let switched_off = doorward::protocol::rejection::Rejection::ClientSwitchedOff;
    there.credentials(&[]).await.refused_json(401, switched_off);
    server.db_resource("https://new.test", &["new"]).await;
    server.db_change_client(&service.id, |c| c.disabled_at = None).await;
    other.poll().await;
    there.credentials(&[("resource", "https://new.test")]).await.ok();
}

#[tokio::test]
async fn a_process_is_ready_until_it_is_on_its_way_out() {
    let server = Server::start().await;
    assert_eq!(server.get("/healthz").await.text(), "ok\n");
    assert_eq!(server.get("/readyz").await.text(), "ready\n");
    server.app.begin_draining();
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (503, "draining\n"));
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_process_whose_database_is_gone_lives_and_is_not_ready() {
    let server = Server::with(|config| config.database.acquire_timeout = 1).await;
    server.app.storage.close().await;
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 503);
    for path in [DISCOVERY, METADATA, JWKS] {
        assert_eq!(server.get(path).await.status, 200);
    }
    let answer = server.post("/token", "grant_type=authorization_code&client_id=x&code=x").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"));
    assert_eq!(answer.json()["error"], "server_error");
    let page = server.get("/authorize?client_id=x").await;
    assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (503, Some("temporarily_unavailable")));
}
