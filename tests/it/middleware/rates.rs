//! How often a network may ask the endpoints, and that it costs nobody else anything.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::config::LimitsConfig;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Server};

async fn server(change: impl FnOnce(&mut LimitsConfig)) -> Server {
    Server::with(|config| change(&mut config.limits)).await
}

/// Asks an endpoint for nothing that could be done, from an address.
async fn ask(server: &Server, from: &str, method: &str, path: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, "https://rp.test");
    server.send_from(from, request.body(Body::from("a=1")).unwrap()).await
}

#[tokio::test]
async fn each_endpoint_is_asked_so_often_by_a_network_and_says_so_in_the_form_of_its_audience() {
    let server = server(|limits| {
        (limits.tokens_per_minute, limits.introspections_per_minute) = (4, 2);
        (limits.userinfo_per_minute, limits.authorizations_per_minute) = (2, 2);
    })
    .await;
    server.db_client(ClientType::Spa, |_| {}).await;
    server.poll().await;
    // Two addresses each; those of one group share a bucket.
    for (paths, many) in [
        (&[("POST", "/token"), ("POST", "/revoke")][..], 2),
        (&[("POST", "/introspect")], 2),
        (&[("GET", "/userinfo"), ("POST", "/userinfo")], 1),
        (&[("GET", "/authorize"), ("POST", "/authorize")], 1),
    ] {
        for (method, path) in paths {
            for _ in 0..many {
                assert_ne!(ask(&server, "203.0.113.7", method, path).await.status, 429, "{method} {path}");
            }
        }
        for (method, path) in paths {
            let answer = ask(&server, "203.0.113.7", method, path).await;
            answer.refused(429, Rejection::TooOften);
            assert!((1..=30).contains(&answer.header("retry-after").parse::<u64>().unwrap()), "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            if *path == "/authorize" {
                assert_eq!(answer.error_code().as_deref(), Some("too_many_requests"));
            } else {
                assert_eq!(answer.json()["error"], "too_many_requests", "{path}");
                assert_eq!(answer.header("www-authenticate"), "", "{path}");
                let readable = *path != "/introspect";
                let allowed = answer.header("access-control-allow-origin");
                assert_eq!(allowed, if readable { "https://rp.test" } else { "" }, "{path}");
            }
            assert_ne!(ask(&server, "203.0.113.8", method, path).await.status, 429, "{method} {path}");
        }
    }
    server.turn(60);
    assert_ne!(ask(&server, "203.0.113.7", "POST", "/token").await.status, 429);
}

#[tokio::test]
async fn clients_that_fail_too_often_are_told_to_wait_and_a_right_secret_never_is() {
    let server = server(|limits| limits.failed_clients_per_minute = 3).await;
    let good = server.db_client(ClientType::Service, |_| {}).await;
    let (mut bad, mut nobody) = (good.clone(), good.clone());
    bad.secret = Some("wrong".to_owned());
    nobody.id = "nobody".to_owned();
    bad.credentials(&[]).await.refused(401, Rejection::WrongClientSecret);
    nobody.credentials(&[]).await.refused(401, Rejection::UnregisteredClient);
    server.post("/introspect", "").await.refused(401, Rejection::MissingClientAuthentication);
    for client in [&bad, &nobody] {
        for path in ["/token", "/revoke", "/introspect"] {
            let answer = client.post(path, &[("grant_type", "client_credentials")]).await;
            answer.refused_json(429, Rejection::TooManyClientFailures);
            assert_eq!(answer.header("retry-after"), "20", "{path}");
        }
    }
    // What is wrong otherwise is said as ever, and counts for nothing.
    server.post("/token", "a=1&a=2").await.refused(400, Rejection::RepeatedParameter);
    for _ in 0..5 {
        good.credentials(&[]).await.ok();
    }
    server.turn(20);
    bad.credentials(&[]).await.refused(401, Rejection::WrongClientSecret);
}
